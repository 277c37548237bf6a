"""Every error of the API is an RFC 9457 problem. A body says what is wrong and where, never which value was sent."""

import errno
import math
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from rest_framework import exceptions
from rest_framework.response import Response

CONTENT_TYPE = "application/problem+json"
DATABASE_RETRY_AFTER_S = 2
DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)
DISK_RETRY_AFTER_S = 60  # somebody has to make room

# Of a refused choice where the message lists our own allowed codes; answered as invalid_choice.
LISTED_CHOICE = "listed_choice"
# Django's and DRF's own wording for these repeats what the client sent.
SILENT_MESSAGES = {
    "invalid_choice": gettext_lazy("Not one of the allowed values."),
    "does_not_exist": gettext_lazy("Does not exist."),
    "incorrect_type": gettext_lazy("Of the wrong type."),
    "unsupported_media_type": gettext_lazy("This content type is not accepted; send application/json."),
    "method_not_allowed": gettext_lazy("This method is not allowed here."),
    "not_found": gettext_lazy("Not found."),
}

PHRASES = (  # of HTTPStatus, for those that we answer; two have another name from Python 3.13 on
    gettext_noop("Bad Request"), gettext_noop("Unauthorized"), gettext_noop("Forbidden"), gettext_noop("Not Found"),
    gettext_noop("Method Not Allowed"), gettext_noop("Not Acceptable"), gettext_noop("Conflict"), gettext_noop("Gone"),
    gettext_noop("Length Required"), gettext_noop("Precondition Failed"), gettext_noop("Request Entity Too Large"),
    gettext_noop("Content Too Large"), gettext_noop("Unsupported Media Type"), gettext_noop("Unprocessable Entity"),
    gettext_noop("Unprocessable Content"), gettext_noop("Too Many Requests"), gettext_noop("Internal Server Error"),
    gettext_noop("Service Unavailable"),
)  # fmt: skip

logger = structlog.get_logger(__name__)


class Problem(exceptions.APIException):
    """Raise it anywhere below a view. `code` is stable and documented; `detail` must not repeat what was sent."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Iterable[dict[str, str]] = (),
        *,
        retry_after_s: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.errors = list(errors)
        self.retry_after_s = retry_after_s
        self.extra = extra or {}


def error(code: str, message: str, *, pointer: str = "", parameter: str = "") -> dict[str, str]:
    """One entry of `errors`: a JSON pointer into the body, or the name of a query parameter."""
    where = {"parameter": parameter} if parameter else {"pointer": f"#{pointer}"}
    return {**where, "code": code, "message": message}


def errors_of(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """Flatten the detail of a ValidationError: `{"hrv": {"value_ms": [ErrorDetail]}}` -> `#/hrv/value_ms`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            at = pointer if name == "non_field_errors" else f"{pointer}/{escaped(str(name))}"
            yield from errors_of(inner, at)
    elif isinstance(detail, list):
        leaves = all(isinstance(inner, str) for inner in detail)
        for index, inner in enumerate(detail):
            yield from errors_of(inner, pointer if leaves else f"{pointer}/{index}")
    else:
        code = getattr(detail, "code", "invalid")
        if code == LISTED_CHOICE:
            yield error("invalid_choice", str(detail), pointer=pointer)
        else:
            yield error(code, str(SILENT_MESSAGES.get(code, detail)), pointer=pointer)


def escaped(name: str) -> str:
    """RFC 6901. An unknown field's name is the client's own text: kept short."""
    return name[:64].replace("~", "~0").replace("/", "~1")


def body_of(
    status: int, code: str, detail: str, instance: str, errors: Sequence[dict[str, str]] = ()
) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": _(HTTPStatus(status).phrase),
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
        "errors": list(errors),
    }


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook. What it does not know is left to Django, which logs it and asks `server_error` for the body."""
    problem = problem_of(exc)
    if problem is None:
        return None
    path = context["request"].path
    body = body_of(problem.status_code, problem.code, str(problem.detail), path, problem.errors) | problem.extra
    response = Response(body, status=problem.status_code, content_type=CONTENT_TYPE)
    if problem.retry_after_s is not None:
        response["Retry-After"] = str(problem.retry_after_s)
    if problem.status_code == HTTPStatus.UNAUTHORIZED and getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = exc.auth_header  # type: ignore[attr-defined]
    return response


def problem_of(exc: Exception) -> Problem | None:
    match exc:
        case Problem():
            return exc
        case exceptions.ValidationError():
            return Problem(400, "validation_failed", _("Some fields cannot be accepted."), errors_of(exc.detail))
        case exceptions.Throttled():
            wait_s = max(1, math.ceil(getattr(exc, "wait", None) or 1))
            return Problem(429, "throttled", _("Too many requests."), retry_after_s=wait_s)
        case Http404():
            return Problem(404, "not_found", str(SILENT_MESSAGES["not_found"]))
        case PermissionDenied():
            return Problem(403, "permission_denied", _("You may not do this."))
        case exceptions.APIException():
            code = str(exc.get_codes())
            return Problem(exc.status_code, code, str(SILENT_MESSAGES.get(code, exc.detail)))
        case OperationalError() | InterfaceError():
            logger.error("database_unavailable", kind=type(exc).__name__)
            detail = _("The server cannot store or read right now; nothing was stored.")
            return Problem(503, "database_unavailable", detail, retry_after_s=DATABASE_RETRY_AFTER_S)
        case OSError(errno=number) if number in DISK_IS_FULL:
            logger.error("disk_full")
            detail = "The server has no room left; nothing was stored."
            return Problem(503, "disk_full", detail, retry_after_s=DISK_RETRY_AFTER_S)
    return None


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """For what happens outside DRF's views: unknown URLs, bad hosts, crashes, middleware."""
    body = body_of(problem.status_code, problem.code, str(problem.detail), request.path, problem.errors)
    response = HttpResponse(orjson.dumps(body | problem.extra), content_type=CONTENT_TYPE, status=problem.status_code)
    if problem.retry_after_s is not None:
        response["Retry-After"] = str(problem.retry_after_s)
    return response
