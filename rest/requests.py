"""What happens around every request: one log line without values, strict query strings, no caching of answers."""

import logging
import re
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

import structlog
from allauth.usersessions.middleware import UserSessionsMiddleware
from csp.constants import HEADER, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.utils.translation import gettext as _
from django_prometheus.middleware import PrometheusAfterMiddleware
from django_structlog.middlewares.request import RequestMiddleware, logger

from rest.filters import PAGE_PARAMETERS, RecordFilter, filter_parameters, strict_query
from rest.problems import Problem, problem_response

API_PREFIX = "/api/"
PROBES = ("/healthz", "/readyz")  # say no more than how the server is
LARGEST_ID = 2**63 - 1  # above it SQLite raises
REQUEST_ID = re.compile("[0-9A-Za-z_-]{8,64}", re.ASCII)  # anything else would be the client's own text in the log
CONTENT_LENGTH = re.compile("[0-9]{1,18}", re.ASCII)


class RequestLog(RequestMiddleware):
    """Logs the route, not the path: an unknown path or a query string is the client's own text.

    One line a request, the one that knows the answer. The library's way to it took 90 us of web CPU, this takes 15.
    """

    level_of = logging.getLogger(RequestMiddleware.__module__)

    def prepare(self, request: HttpRequest) -> None:
        known = {"request_id": id_in(request, "HTTP_X_REQUEST_ID") or str(uuid.uuid4())}
        if correlation_id := id_in(request, "HTTP_X_CORRELATION_ID"):
            known["correlation_id"] = correlation_id
        structlog.contextvars.bind_contextvars(**known)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        if hasattr(request, "_raised_exception") or response.streaming:
            super().handle_response(request, response)
            return
        level = self._log_level_for_status_code(response.status_code)
        if self.level_of.isEnabledFor(level):
            logger.log(level, "request_finished", code=response.status_code, request=self.format_request(request))
        structlog.contextvars.clear_contextvars()

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        match = request.resolver_match
        return f"{request.method} {match.route if match else '(no such URL)'}"


def id_in(request: HttpRequest, header: str) -> str:
    given = request.META.get(header, "")
    return given if REQUEST_ID.fullmatch(given) else ""


class SlashesOfPages(CommonMiddleware):
    """A page without its slash is redirected to; an API call is not: clients repeat a redirected PUT as a GET."""

    def process_request(self, request: HttpRequest) -> Any:
        """A probe names the machine as it likes: with a Host refused, each container was unhealthy for ever."""
        return None if request.path_info in PROBES else super().process_request(request)

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return not request.path_info.startswith(API_PREFIX) and super().should_redirect_with_slash(request)


class OfPages:
    """What only pages need, and the API, whose callers sign every request with a token, does not."""

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(API_PREFIX):
            return self.get_response(request)  # type: ignore[attr-defined]
        return super().__call__(request)  # type: ignore[misc]


class SessionsOfPages(OfPages, SessionMiddleware):
    pass


class UsersOfPages(OfPages, AuthenticationMiddleware):
    pass


class MessagesOfPages(OfPages, MessageMiddleware):
    pass


class OwnSessionsOfPages(OfPages, UserSessionsMiddleware):
    pass


class Metrics(PrometheusAfterMiddleware):
    """Looks a label up once: prometheus_client sorts and locks each time, nine times a request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.labelled: dict[tuple[Any, ...], Any] = {}

    def label_metric(self, metric: Any, request: HttpRequest, response: Any = None, **labels: Any) -> Any:
        if not labels:
            return metric
        key = (metric, *labels.values())
        if key not in self.labelled:
            self.labelled[key] = super().label_metric(metric, request, response, **labels)
        return self.labelled[key]


CSP_OF_ITS_OWN = frozenset(
    {"_csp_config", "_csp_update", "_csp_replace", "_csp_exempt", "_csp_config_ro", "_csp_update_ro", "_csp_replace_ro"}
)


@cache
def usual_policy() -> str:
    return build_policy()


class ContentSecurityPolicy(CSPMiddleware):
    """unfold's Alpine evaluates expressions, so the admin needs unsafe-eval; nothing else does."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Putting the policy together costs 80 us; what the API answers always has the same one."""
        alike = request.path_info.startswith(API_PREFIX) and not hasattr(request, "_csp_nonce")
        if not alike or settings.DEBUG or not CSP_OF_ITS_OWN.isdisjoint(vars(response)):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, usual_policy())
        return response

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
            problem = Problem(400, "malformed_content_length", _("Content-Length is no number."))
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
        raise Problem(404, "not_found", _("Not found."))
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower() and not request.META.get("CONTENT_LENGTH"):
        raise Problem(411, "length_required", _("Send a Content-Length."))


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
