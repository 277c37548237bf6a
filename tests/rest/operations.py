"""Every operation of the API, read from the URLconf: one that is added is tested without anybody remembering it."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLPattern, get_resolver
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")
WITH_BODY = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Operation:
    method: str
    path: str  # /api/v1/check-ins/{date}/
    view: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path.removeprefix('/api/v1')}"

    @property
    def described(self) -> dict[str, Any]:
        """What the OpenAPI document says of it."""
        return document()["paths"][self.path][self.method.lower()]

    @property
    def takes_a_body(self) -> bool:
        return "requestBody" in self.described

    @property
    def example(self) -> dict[str, Any]:
        content = self.described["requestBody"]["content"]["application/json"]
        return next(iter(content["examples"].values()))["value"]

    @property
    def parameters(self) -> list[str]:
        return [p["name"] for p in self.described.get("parameters", []) if p["in"] == "query"]


@cache
def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def walk(patterns, prefix=""):
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path, pattern.callback
        else:
            yield from walk(pattern.url_patterns, path)


def answers(view: Any, method: str) -> bool:
    return hasattr(view, method) and method in view.http_method_names


@cache
def operations() -> list[Operation]:
    found = []
    for path, callback in walk(get_resolver().url_patterns):
        view = getattr(callback, "cls", None)
        if view is None or not path.startswith("api/v1/") or path == "api/v1/":
            continue
        template = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
        found += [Operation(method.upper(), template, view) for method in METHODS if answers(view, method)]
    return found


def writes() -> list[Operation]:
    """What takes a body of ours. A vendor's own is taken as leniently: tests/athletes/wearables/test_ingest.py."""
    ours = [o for o in operations() if not getattr(o.view, "takes_a_vendors_body", False)]
    return [operation for operation in ours if operation.method in WITH_BODY and operation.takes_a_body]
