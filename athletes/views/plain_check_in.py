"""A morning's check-in that is plainly fine goes past REST framework, to the same answer.

PUT /check-ins/{date}/ is what every phone sends every morning. The framework's request, negotiation, parsers, throttle
and renderer, and an account read with every column, cost more web CPU than storing the check-in. Whatever is out of the
ordinary (a program's token, another content type, an error in the body, a caller over the limit) is left to the view:
None says so, before anything is counted or stored.
"""

from collections.abc import Callable
from typing import Any

import orjson
import structlog
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from athletes.models import Athlete
from athletes.people.languages import speak_to
from athletes.serializers import CheckInBody
from athletes.sign_in.authentication import payload_of, user_of
from rest.json import MAX_BODY_BYTES, JSONRenderer, plain_object
from rest.plain import plainly
from rest.problems import problem_of, problem_response
from rest.throttling import WriteThrottle

Store = Callable[[Athlete, dict[str, Any]], tuple[int, dict[str, Any]]]  # -> status, body

take = plainly(CheckInBody())
limit = WriteThrottle()
JSON = JSONRenderer.media_type


def answer(request: HttpRequest, store: Store, allowed: str) -> HttpResponse | None:
    """`store` may raise what a view may raise; `allowed`: the Allow header, which the framework puts on all answers."""
    data = sent(request)
    if data is None:
        return None
    try:
        payload = token_payload(request)
        if payload is None:
            return None
        admitted = limit.admits(int(payload["sub"]))
        user = user_of(payload, narrow=True)
        athlete: Athlete | None = getattr(user, "athlete", None)
        if user is None or athlete is None or not admitted:
            return None
        structlog.contextvars.bind_contextvars(user_id=user.pk)
        speak_to(user)
        status, body = store(athlete, data)
    except Exception as failure:
        if (problem := problem_of(failure)) is None:
            raise
        response = problem_response(request, problem)
    else:
        content = orjson.dumps(body, default=JSONRenderer.default, option=JSONRenderer.options)
        response = HttpResponse(content, status=status, content_type=JSON)
    response.headers["Allow"] = allowed
    return response


def sent(request: HttpRequest) -> dict[str, Any] | None:
    """The validated body, where headers and body are plainly fine. The view can read the body again."""
    headers = request.META
    if headers.get("CONTENT_TYPE") != JSON or "HTTP_CONTENT_ENCODING" in headers:
        return None
    if headers.get("HTTP_ACCEPT", "*/*") not in ("*/*", JSON) or "." not in headers.get("HTTP_AUTHORIZATION", ""):
        return None
    announced_bytes = int(headers.get("CONTENT_LENGTH") or 0)
    if not 0 < announced_bytes <= MAX_BODY_BYTES:
        return None
    try:
        body = request.body
    except UnreadablePostError:  # the line broke: nobody is there to read an answer, and the view would say so again
        request._body = b""
        return None
    value = plain_object(body) if len(body) == announced_bytes else None
    return take(value) if value else None


def token_payload(request: HttpRequest) -> dict[str, Any] | None:
    scheme, _, token = request.META["HTTP_AUTHORIZATION"].partition(" ")
    return payload_of(token) if scheme == "Bearer" and token.count(".") == 2 else None
