"""Every address of the URLconf, the API's and everybody else's: one that is added needs a row in access.csv."""

import re
from functools import cache

from django.contrib import admin
from django.urls import get_resolver

from tests.rest.operations import operations, walk

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FORMS = ("GET", "POST")  # of Django's pages: PUT is their other name for POST
SAFE_ALONE = {"/", "/healthz", "/readyz", "/metrics", "/api/", "/admin/password_change/done/", "/admin/jsi18n/"}
READ_ALONE = ("/history/", "/{object_id}/")  # of the admin, which answers a POST there as it does a GET
ANY_MODEL = "/admin/{app}/{model}/"


def template_of(pattern: str) -> str:
    """/admin/athletes/day/{object_id}/change/, whether Django holds it as a route or as a regular expression."""
    history = pattern.replace("^([^/]+)/history/([^/]+)/$", "{object_id}/history/{version}/")
    named = re.sub(r"\^?\(\?P<(\w+)>.*?\)(?=/|\$)", r"{\1}", history)
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", named).rstrip("$")


@cache
def routes() -> dict[str, tuple[str, ...]]:
    """Address -> the methods that it answers."""
    found: dict[str, tuple[str, ...]] = {}
    for operation in operations():
        found[operation.path] = (*found.get(operation.path, ()), operation.method)
    for pattern, view in walk(get_resolver().url_patterns):
        path = template_of(pattern)
        if path not in found:
            found[path] = methods_of(path, view)
    return found


def methods_of(path: str, view: object) -> tuple[str, ...]:
    if path in SAFE_ALONE:
        return ("GET",)
    resource = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if path.startswith("/admin/"):
        return ("GET",) if path.endswith(READ_ALONE) else FORMS
    if resource is None:
        return FORMS
    answered = tuple(m for m in METHODS if hasattr(resource, m.lower()) and m.lower() in resource.http_method_names)
    return answered if path.startswith(("/_allauth/", "/api/")) else tuple(m for m in FORMS if m in answered)


@cache
def models() -> dict[str, type]:
    """/admin/athletes/day/ -> the model."""
    return {f"/admin/{m._meta.app_label}/{m._meta.model_name}/": m for m in admin.site._registry}


def model_of(path: str) -> type | None:
    return models().get("/".join(path.split("/")[:4]) + "/")


def any_model(path: str) -> str:
    """The row that holds for every model without one of its own."""
    return re.sub("^/admin/[^/{]+/[^/{]+/", ANY_MODEL, path) if model_of(path) else path
