"""Lists are read in pages: `limit` says how many, `cursor` where to go on."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib import parse

from django.core import signing
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from rest.problems import Problem, error

DEFAULT_LIMIT, MAX_LIMIT = 100, 500


class RecordCursorPagination(CursorPagination):
    """A view's `ordering` (default: newest date first) orders the list. Cursors are signed, so none can be forged."""

    cursor_query_param = "cursor"
    page_size = DEFAULT_LIMIT
    max_page_size = MAX_LIMIT
    page_size_query_param = "limit"
    ordering = ("-date", "-id")
    cursor_query_description = "Where to go on: `next_cursor` or `previous_cursor` of an earlier answer."
    page_size_query_description = f"How many, 1-{MAX_LIMIT}; {DEFAULT_LIMIT} unless given."

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        return tuple(getattr(view, "ordering", self.ordering))

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        self.signer = signing.Signer(salt=f"cursor {request.path}")
        return super().paginate_queryset(queryset, request, view)

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("limit", str(DEFAULT_LIMIT))
        if not re.fullmatch("[0-9]{1,3}", text, re.ASCII) or not 1 <= int(text) <= MAX_LIMIT:
            raise invalid_parameter(
                "limit", "out_of_range", _("Must be a whole number from 1 to %(most)d.") % {"most": MAX_LIMIT}
            )
        return int(text)

    def decode_cursor(self, request: Request) -> Cursor | None:
        text = request.query_params.get("cursor")
        if text is None:
            return None
        try:
            pairs = self.signer.unsign(urlsafe_b64decode(text.encode() + b"==").decode())
        except (signing.BadSignature, ValueError):
            raise invalid_parameter("cursor", "invalid_cursor", _("Not a cursor of this list.")) from None
        tokens = parse.parse_qs(pairs, keep_blank_values=True)
        position: Any = tokens["p"][0] or None
        return Cursor(int(tokens["o"][0]), tokens["r"][0] == "1", position)

    def encode_cursor(self, cursor: Cursor) -> str:
        pairs = parse.urlencode({"o": cursor.offset, "r": int(cursor.reverse), "p": cursor.position or ""})
        return urlsafe_b64encode(self.signer.sign(pairs).encode()).rstrip(b"=").decode()

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {"results": data, "next_cursor": self.get_next_link(), "previous_cursor": self.get_previous_link()}
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        cursor = {"type": ["string", "null"], "description": "Give it as `cursor`; null at the end of the list."}
        properties = {"results": schema, "next_cursor": cursor, "previous_cursor": cursor}
        return {"type": "object", "required": list(properties), "properties": properties}


def invalid_parameter(name: str, code: str, message: str) -> Problem:
    return Problem(
        400, "invalid_parameter", _("A query parameter cannot be accepted."), [error(code, message, parameter=name)]
    )
