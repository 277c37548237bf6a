"""What the phone polls is answered with 304 while it has not changed."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import orjson
from django.utils.http import parse_etags
from django.utils.translation import get_language
from rest_framework.request import Request
from rest_framework.response import Response


def conditional(
    request: Request, payload: dict[str, Any] | Callable[[], dict[str, Any]], *key_parts: object
) -> Response:
    """The answer with its ETag, or 304. With `key_parts` (ids, revisions) a callable payload is built if needed;
    its words depend on the reader's language too."""
    if callable(payload) and not key_parts:
        payload = payload()
    content = repr((*key_parts, get_language())).encode() if key_parts else orjson.dumps(payload, default=str)
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if etag in known or f"W/{etag}" in known or "*" in known:
        response = Response(status=304)
    else:
        response = Response(payload() if callable(payload) else payload)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response
