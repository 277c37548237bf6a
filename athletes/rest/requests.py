"""What happens around every request: one log line without values, strict query strings, no caching of answers."""

import re
from collections.abc import Callable
from typing import Any

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.common import CommonMiddleware
from django_structlog.middlewares import RequestMiddleware

from athletes.rest.filters import PAGE_PARAMETERS, RecordFilter, filter_parameters, strict_query
from athletes.rest.problems import Problem, problem_response

API_PREFIX = "/api/"
LARGEST_ID = 2**63 - 1  # above it SQLite raises
CONTENT_LENGTH = re.compile("[0-9]{1,18}", re.ASCII)


class RequestLog(RequestMiddleware):
    """Logs the route, not the path: an unknown path or a query string is the client's own text."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        match = request.resolver_match
        return f"{request.method} {match.route if match else '(no such URL)'}"


class SlashesOfPages(CommonMiddleware):
    """A page without its slash is redirected to; an API call is not: clients repeat a redirected PUT as a GET."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return not request.path_info.startswith(API_PREFIX) and super().should_redirect_with_slash(request)


class ContentSecurityPolicy(CSPMiddleware):
    """unfold's Alpine evaluates expressions, so the admin needs unsafe-eval; nothing else does."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith("/admin/"):
            parts.update = {"script-src": [UNSAFE_INLINE, UNSAFE_EVAL]}
        return parts


class ApiRules:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Refused before anybody converts it: Django takes a malformed one for 0, django-prometheus answers 500.
        if not CONTENT_LENGTH.fullmatch(request.META.get("CONTENT_LENGTH") or "0"):
            problem = Problem(400, "malformed_content_length", "Content-Length is no number.")
            response = problem_response(request, problem)
        else:
            response = self.get_response(request)
        if request.path_info.startswith(API_PREFIX) and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        resource = getattr(view, "cls", None)
        if not (request.path_info.startswith(API_PREFIX) and answers(resource, request.method)):
            return None
        try:
            refuse_unreadable(request, kwargs)
            strict_query(request, query_parameters(resource, request.method))
        except Problem as problem:
            return problem_response(request, problem)
        return None


def answers(resource: Any, method: str | None) -> bool:
    """Whether this is a view of the API that has the method; else it is the view's own 405."""
    name = "get" if method == "HEAD" else (method or "").lower()
    return hasattr(resource, name) and name in resource.http_method_names


def refuse_unreadable(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    too_large = any(isinstance(value, int) and value > LARGEST_ID for value in kwargs.values())
    if too_large or "\x00" in request.path_info:
        raise Problem(404, "not_found", "Not found.")
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower() and not request.META.get("CONTENT_LENGTH"):
        raise Problem(411, "length_required", "Send a Content-Length.")


def query_parameters(resource: Any, method: str | None) -> tuple[str, ...]:
    """What a view declares as `query_parameters`, and what its filters and pages take. Writes: `write_parameters`."""
    if method not in ("GET", "HEAD"):
        return tuple(getattr(resource, "write_parameters", ()))
    names = tuple(getattr(resource, "query_parameters", ()))
    if RecordFilter in getattr(resource, "filter_backends", ()):
        names += filter_parameters(resource)
    if getattr(resource, "lists", RecordFilter in getattr(resource, "filter_backends", ())):
        names += PAGE_PARAMETERS
    return names
