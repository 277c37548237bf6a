"""JSON in, strictly; JSON out, always valid."""

import json
import math
import re
import zlib
from typing import Any, NoReturn

import orjson
from django.http import UnreadablePostError
from django.utils.translation import gettext as _
from drf_orjson_renderer.renderers import ORJSONRenderer
from rest_framework.parsers import BaseParser

from rest.problems import Problem, error, escaped

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 16
FORBIDDEN_TEXT = re.compile("[\x00\ud800-\udfff]")
STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')


class StrictJSONParser(BaseParser):
    """Takes one JSON object in UTF-8. A view may raise its own limit with `max_body_bytes`."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        context = parser_context or {}
        view = context.get("view")
        limit_bytes = getattr(view, "max_body_bytes", MAX_BODY_BYTES)
        too_large = Problem(
            413, "body_too_large", _("The body may have at most %(most)d bytes.") % {"most": limit_bytes},
            extra={"limits": getattr(view, "body_limits", {"bytes_inflated": limit_bytes})},
        )  # fmt: skip
        headers = context["request"].META
        encoding = headers.get("HTTP_CONTENT_ENCODING", "").lower()
        zipped = encoding == "gzip" and getattr(view, "accepts_gzip", False)
        if encoding not in ("identity", "") and not zipped:
            raise Problem(415, "unsupported_content_encoding", _("Bodies in this encoding are not accepted here."))
        body = read_at_most(stream, limit_bytes, headers, too_large)
        return strict_object(inflated(body, limit_bytes, too_large) if zipped else body)


def inflated(body: bytes, limit_bytes: int, too_large: Problem) -> bytes:
    """gzip. A bomb meets the limit before it meets the memory."""
    malformed = Problem(400, "malformed_gzip", _("The body is not valid gzip."))
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        unpacked = unpacker.decompress(body, limit_bytes + 1)
    except zlib.error:
        raise malformed from None
    if len(unpacked) > limit_bytes:
        raise too_large
    if not unpacker.eof or unpacker.unused_data:
        raise malformed
    return unpacked


def read_at_most(stream: Any, limit_bytes: int, headers: dict[str, Any], too_large: Problem) -> bytes:
    announced_bytes = int(headers.get("CONTENT_LENGTH") or 0)
    if announced_bytes > limit_bytes:
        raise too_large
    incomplete = Problem(400, "incomplete_body", _("The body ended early."))
    try:
        body: bytes = stream.read(limit_bytes + 1)
    except UnreadablePostError:
        raise incomplete from None
    if len(body) > limit_bytes:
        raise too_large
    if len(body) < announced_bytes:  # the line broke; what arrived may be whole JSON by chance
        raise incomplete
    return body


def strict_object(body: bytes) -> dict[str, Any]:
    value = plain_object(body)
    return read_strictly(body) if value is None else value


class NotPlain(ValueError):
    pass


def plain_object(body: bytes) -> dict[str, Any] | None:
    """What `read_strictly` would answer, five times as fast; None: let that one say what is wrong, if anything is."""
    if b"\\" in body:  # escapes may spell NUL, half a surrogate pair, or a colon
        return None
    try:
        value = orjson.loads(body)
        if type(value) is not dict or colons_of(value, MAX_DEPTH) != body.count(b":"):
            return None
    except (NotPlain, ValueError):
        return None
    return value


def colons_of(value: Any, levels: int) -> int:
    """As many as the text of this value has, unless a key is given twice: then the text has more."""
    kind = type(value)
    if kind is str:
        return int(value.count(":"))
    if kind is float:
        # orjson makes a float of an integer that is too large, and of -0
        if not -(2**53) < value < 2**53 or (value == 0 and math.copysign(1, value) < 0):
            raise NotPlain
        return 0
    if kind is dict or kind is list:
        if not levels:
            raise NotPlain
        count = 0
        if kind is dict:
            count = len(value) + "".join(value).count(":")
            value = value.values()
        for member in value:
            if type(member) is not int:
                count += colons_of(member, levels - 1)
        return count
    return 0


def read_strictly(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Problem(400, "not_utf8", _("The body is not UTF-8.")) from None
    if depth_of(text) > MAX_DEPTH:
        raise Problem(400, "too_deep", _("The body is nested more than %(most)d deep.") % {"most": MAX_DEPTH})
    try:
        value = DECODER.decode(text)
    except (ValueError, RecursionError):  # ValueError: also an integer of more than 4,300 digits
        raise Problem(400, "malformed_json", _("The body is not valid JSON.")) from None
    if not isinstance(value, dict):
        raise Problem(400, "not_an_object", _("The body must be a JSON object."))
    return value


def depth_of(text: str) -> int:
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for token in STRING_OR_BRACKET.finditer(text):
        mark = token[0]
        if mark in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "}]":
            depth -= 1
    return deepest


def checked_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        where = error(
            "duplicate_key", _("This key is given twice."), pointer=f"/{escaped(FORBIDDEN_TEXT.sub('?', twice))}"
        )
        raise Problem(400, "duplicate_key", _("A key is given twice in one object."), [where])
    for name, member in pairs:
        refuse_forbidden_text(name)
        refuse_forbidden_text(member)
    return value


def refuse_forbidden_text(value: Any) -> None:
    if isinstance(value, str):
        if FORBIDDEN_TEXT.search(value):
            raise Problem(400, "forbidden_character", _("Text may not hold NUL or half a surrogate pair."))
    elif isinstance(value, list):
        for member in value:
            refuse_forbidden_text(member)


def finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise Problem(400, "number_too_large", _("A number is too large."))
    return value


def refuse_constant(name: str) -> NoReturn:
    raise Problem(400, "not_a_number", _("NaN and Infinity are not JSON; send null for what was not measured."))


DECODER = json.JSONDecoder(object_pairs_hook=checked_object, parse_float=finite, parse_constant=refuse_constant)


class JSONRenderer(ORJSONRenderer):
    """NaN becomes null; a type that JSON does not know is a bug, not a silent null."""

    options = orjson.OPT_NON_STR_KEYS

    @staticmethod
    def default(obj: Any) -> Any:
        if isinstance(obj, dict):
            return dict(obj)
        if isinstance(obj, list):
            return list(obj)
        if isinstance(obj, str) or type(obj).__name__ == "__proxy__":  # str subclasses, lazy translations
            return str(obj)
        raise TypeError(type(obj).__name__)
