"""Whatever is sent to a write endpoint of the URLconf, however broken, is a documented 4xx and stores nothing."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from tests.rest.operations import Operation, operations, writes
from tests.rest.world import NOW, World, snapshot

pytestmark = pytest.mark.usefixtures("valkey")

INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
ACCEPTS_NOTHING = ("/training-sessions/{id}/confirm/",)  # where an empty body has a meaning: the estimate is accepted
NOTHING = ("empty", "empty object")
RAW = "@@raw@@"  # stands for text that json.dumps would not write


@pytest.fixture
def world(api, settings):
    settings.WRITES_PER_MINUTE = settings.JOIN_TRIES_PER_10_MINUTES = 1_000_000
    with time_machine.travel(NOW, tick=False):
        yield World(api)


def whole_bodies(example: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    good = json.dumps(example).encode()
    name, value = next(iter(example.items()))
    pair = json.dumps({name: value}).encode()[1:-1]
    yield "empty", b""
    yield "blank", b" \n"
    yield "truncated", good[: len(good) // 2]
    yield "one byte short", good[:-1]
    yield "two documents", good + good
    yield "not UTF-8", good[:-1] + b', "x": "\xff\xfe"}'
    yield "UTF-16", good.decode().encode("utf-16")
    yield "byte order mark", b"\xef\xbb\xbf" + good
    yield "array", b"[" + good + b"]"
    yield "string", json.dumps(good.decode()).encode()
    yield "null", b"null"
    yield "empty object", b"{}"
    yield "nested 1,000 deep", b'{"x":' * 1000 + b"1" + b"}" * 1000
    yield "nested 100,000 deep", b"[" * 100_000
    yield "duplicate key", b"{" + pair + b"," + good[1:]
    yield "unknown field", b'{"no_such_field": 1, ' + good[1:]
    yield "unknown field of 60 kB", b'{"' + b"x" * 60_000 + b'": 1, ' + good[1:]
    yield "NUL in a key", b'{"x\\u0000": 1, ' + good[1:]
    yield "half a surrogate in a key", b'{"\\ud800": 1, ' + good[1:]
    yield "single quotes", good.replace(b'"', b"'")
    yield "trailing comma", good[:-1] + b",}"
    yield "comment", good[:-1] + b" /* */}"
    yield "string of 1 MB", b'{"notes": "' + b"x" * 1_000_000 + b'"}'


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list) and value:
        yield from leaves(value[0], (*path, 0))
    yield path, value


def wrong_values(value: Any) -> Iterator[Any]:
    """Never acceptable where `value` is; `RAW...` is written into the body as it is."""
    match value:
        case bool():
            yield from ("true", 1, 0, [], {}, f"{RAW}True")
        case int() | float():
            yield from (str(value), f"{value}e0", True, False, [], {}, [value], "", " ", -1e9, 1e9, 10**30)
            yield from (
                f"{RAW}{spelling}" for spelling in ("NaN", "Infinity", "-Infinity", "nan", "inf", "1e999", "0x10")
            )
            yield f"{RAW}{'9' * 5000}"
            yield f"{RAW}01"
        case str():
            yield from (5, 1.5, True, [], {}, [value], "x" * 3000)
            yield f'{RAW}"x\\u0000"'
            yield f'{RAW}"\\ud800"'
            yield f'{RAW}"\\udc00x"'
            if DATE.match(value):
                yield from (
                    "2026-02-30",
                    "2026-W45-1",
                    "20261122",
                    "2026-326",
                    "22.11.2026",
                    "",
                    "today",
                    "-0001-01-01",
                )
            if INSTANT.match(value):
                yield from ("2026-11-22T06:52:10", "2026-11-22T06:52:10+25:00", "2026-11-22T06:52:10+15:00", "now", "")
                yield from (
                    "0001-01-01T00:00:00+14:00",
                    "9999-12-31T23:59:59-14:00",
                    "2026-02-30T06:00:00Z",
                    "2026-11-22",
                )
                yield from ("2199-11-22T06:52:10Z", "2026-11-22T24:52:10Z", "2026-11-22T06:52:10+08", "1700000000")
        case dict():
            yield from ("x", 5, True, [], [value])
        case list():
            yield from ("x", 5, True, {}, [[]], [{}] if value and not isinstance(value[0], dict) else "")


def with_value(example: dict[str, Any], path: tuple[Any, ...], value: Any) -> bytes:
    body = copy.deepcopy(example)
    inner: Any = body
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = RAW if isinstance(value, str) and value.startswith(RAW) else value
    text = json.dumps(body)
    if isinstance(value, str) and value.startswith(RAW):
        text = text.replace(json.dumps(RAW), value.removeprefix(RAW))
    return text.encode()


def fault_of(answer: Any) -> str:
    """Why this is not a documented refusal; empty when it is one."""
    if answer.status_code == 200 and refused_in_part(answer.json()):
        return ""
    if not 400 <= answer.status_code < 500:
        return f"answered {answer.status_code}"
    if answer["Content-Type"] != "application/problem+json":
        return f"{answer.status_code} is no problem document"
    return "" if answer.json()["code"] else "has no code"


def refused_in_part(body: Any) -> bool:
    """A batch is answered entry by entry."""
    entries = [*body.get("results", ()), *body.get("absences", ())] if "summary" in body else []
    return any(entry["status"] == "rejected" and entry["errors"] for entry in entries)


@pytest.mark.parametrize("operation", writes(), ids=str)
def test_a_broken_body_is_refused_and_stores_nothing(world, operation: Operation):
    client, url, before = world.client_for(operation), world.url(operation), snapshot()
    faults = []
    for name, body in whole_bodies(operation.example):
        if name in NOTHING and str(operation).endswith(ACCEPTS_NOTHING):
            continue
        answer = client.generic(operation.method, url, body, "application/json")
        faults += [(name, fault)] if (fault := fault_of(answer)) else []
    for content_type in ("text/plain", "application/xml", "multipart/form-data; boundary=x", ""):
        answer = client.generic(operation.method, url, json.dumps(operation.example), content_type)
        faults += [(content_type, answer.status_code)] if answer.status_code != 415 else []
    answer = client.generic(
        operation.method, url, json.dumps(operation.example), "application/json", HTTP_CONTENT_ENCODING="gzip"
    )
    not_zipped = 400 if getattr(operation.view, "accepts_gzip", False) else 415
    faults += [("gzip", answer.status_code)] if answer.status_code != not_zipped else []
    assert faults == []
    assert snapshot() == before


@pytest.mark.parametrize("operation", writes(), ids=str)
def test_a_wrong_value_in_any_field_is_refused_and_stores_nothing(world, operation: Operation):
    client, url, before = world.client_for(operation), world.url(operation), snapshot()
    faults = []
    for path, value in leaves(operation.example):
        for wrong in wrong_values(value) if path else ():
            body = with_value(operation.example, path, wrong)
            if fault := fault_of(client.generic(operation.method, url, body, "application/json")):
                faults.append((path, str(wrong)[:40], fault))
    assert faults == []
    assert snapshot() == before


@pytest.mark.parametrize("operation", writes(), ids=str)
def test_what_the_server_derives_cannot_be_written(world, operation: Operation):
    """Every field that the answers of this URL have and its body does not."""
    client, url, before = world.client_for(operation), world.url(operation), snapshot()
    faults = []
    for name in ("id", "load_au", "created_at", "updated_at", "athlete", "athlete_id", "date_basis", "quality", "user"):
        if name in properties_of_body(operation):
            continue
        answer = client.generic(operation.method, url, json.dumps({**operation.example, name: 1}), "application/json")
        codes = [error["code"] for error in answer.json().get("errors", [])]
        if answer.status_code != 400 or not {"unknown_field", "read_only_field"} & set(codes):
            faults.append((name, answer.status_code, codes))
    assert faults == []
    assert snapshot() == before


def properties_of_body(operation: Operation) -> set[str]:
    from tests.rest.operations import document

    schema = operation.described["requestBody"]["content"]["application/json"]["schema"]
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    options = schema.get("oneOf", [schema])
    return {name for option in options for name in option.get("properties", {})}


@pytest.mark.parametrize("operation", writes(), ids=str)
def test_null_zero_and_minus_one_never_crash(world, operation: Operation):
    client, url = world.client_for(operation), world.url(operation)
    crashes = []
    for path, _ in leaves(operation.example):
        for value in (None, 0, -1, "", "-1", "null") if path else ():
            body = with_value(operation.example, path, value)
            answer = client.generic(operation.method, url, body, "application/json")
            crashes += [(path, value)] if answer.status_code >= 500 else []
    assert crashes == []


def bad_queries(operation: Operation) -> Iterator[str]:
    yield from ("nonsense=1", "nonsense", "%00=1", "format=json", "page=2", "limit[]=5", "user__password__startswith=x")
    if "limit" in operation.parameters:
        yield from (f"limit={bad}" for bad in ("0", "-1", "501", "abc", "", "1" + "0" * 20, "%00", "1.0", "+5", "٣"))
        yield from (f"cursor={bad}" for bad in ("", "x", "%00", "bz0x", "ü", "A" * 3000))
        yield "limit=5&limit=5"
    if "date_from" in operation.parameters:
        yield from (f"date_from={bad}" for bad in ("x", "2026-02-30", "2026-W45-1", "%00", "", "2026-11-22T00:00"))
        yield from ("date_from=2026-11-22&date_to=2026-11-21", "date_from=1900-01-01&date_to=2026-01-01")
    if "updated_since" in operation.parameters:
        bad_instants = ("x", "2026-11-22", "2026-11-22T00:00:00", "0001-01-01T00:00:00Z")
        yield from (f"updated_since={bad}" for bad in bad_instants)


def test_query_strings_are_taken_as_strictly_as_bodies(world):
    before, faults = snapshot(), []
    for operation in operations():
        client, url = world.client_for(operation), world.url(operation)
        for query in bad_queries(operation):
            answer = client.generic(operation.method, f"{url}?{query}")
            if answer.status_code != 400 or fault_of(answer):
                faults.append((str(operation), query, answer.status_code))
    assert faults == []
    assert snapshot() == before


NO_IDS = [
    "x",
    "%00",
    "-1",
    "0",
    "1e3",
    "9" * 18,
    "9" * 30,
    "2026-W45-1",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "..",
]
NO_IDS += ["00000000-0000-0000-0000-000000000000", "%F0%9F%98%80", "x" * 3000, "' OR 1=1 --"]


def test_an_id_that_is_none_is_refused(world):
    before, faults = snapshot(), []
    for operation in [operation for operation in operations() if "{" in operation.path]:
        client = world.client_for(operation)
        body = json.dumps(operation.example) if operation.takes_a_body else ""
        for value in NO_IDS:
            url = re.sub(r"\{\w+\}", value, operation.path)
            answer = client.generic(operation.method, url, body, "application/json")
            nothing_there = DATE.match(value) and (operation.method, answer.status_code) in {
                ("GET", 200),
                ("DELETE", 204),
            }
            if not nothing_there and (fault := fault_of(answer)):
                faults.append((str(operation), value[:40], fault))
    assert faults == []
    assert snapshot() == before


def test_only_methods_that_are_documented_are_answered(world):
    faults = []
    for operation in operations():
        implemented = {o.method for o in operations() if o.path == operation.path}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} - implemented:
            answer = world.client_for(operation).generic(method, world.url(operation), "{}", "application/json")
            faults += [(str(operation), method)] if answer.status_code != 405 else []
    assert faults == []


def test_every_operation_is_in_the_document_and_every_body_has_an_example():
    undocumented, without_example = [], []
    for operation in operations():
        try:
            operation.described  # noqa: B018
            operation.example if operation.takes_a_body else None  # noqa: B018
        except KeyError as missing:
            (without_example if missing.args == ("examples",) else undocumented).append(str(operation))
    assert (undocumented, without_example) == ([], [])
