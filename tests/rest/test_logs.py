"""Logs carry ids only: what people report, and who they are, stays out of them on every path."""

import io
import json
import logging

import pytest
import structlog
from django.conf import settings
from django.test import Client

from tests.factories import PASSWORD

pytestmark = pytest.mark.usefixtures("valkey")
VALUES = ("62.51", "canary-notes", "alice@example.org", "2001-02-28", PASSWORD)
HRV = {"metric": "rmssd", "value_ms": 62.51, "context": "morning_supine"}


@pytest.fixture
def lines():
    """What production would write, as it would be written: JSON, one object a line."""
    formatter = structlog.stdlib.ProcessorFormatter(
        processor=structlog.processors.JSONRenderer(), foreign_pre_chain=settings.SHARED_PROCESSORS
    )
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(handler)


def check_in(**values):
    return {"fatigue": 4, "notes": "canary-notes", "hrv": HRV} | values


def test_a_request_is_one_line_with_ids(api, alice, lines):
    api(alice).patch("/api/v1/me/", {"birth_date": "2001-02-28"}, headers={"User-Agent": "alice@example.org"})
    (line,) = [line for line in lines() if line["event"] == "request_finished"]
    assert set(line) == {"event", "level", "logger", "timestamp", "request_id", "user_id", "request", "code"}
    assert (line["request"], line["code"], line["user_id"]) == ("PATCH api/v1/me/", 200, alice.user_id)
    assert not [value for value in VALUES if value in json.dumps(lines())]


def test_an_id_of_the_client_is_taken_where_it_is_one(api, alice, lines):
    theirs = "0af7651916cd43dd8448eb211c80319c"
    for given in (theirs, "x" * 65, "alice@example.org", "a b", "evil\nrequest_finished", "short", ""):
        api(alice).get("/api/v1/me/", headers={"X-Request-ID": given, "X-Correlation-ID": given})
    seen = [line for line in lines() if line["event"] == "request_finished"]
    assert seen[0]["request_id"] == seen[0]["correlation_id"] == theirs
    assert all(len(line["request_id"]) == 36 and "correlation_id" not in line for line in seen[1:])


def everything_that_can_happen(api, alice):
    """Success, refusal, unknown URL, bad host, crash: each with values in the body, the path, the query and headers."""
    client = api(alice)
    client.raise_request_exception = False
    today = client.get("/api/v1/me/").json()["today"]
    yield client.put(f"/api/v1/check-ins/{today}/", check_in(fatigue="canary-notes")), 400
    yield client.put(f"/api/v1/check-ins/{today}/", check_in()), 201
    yield client.get("/api/v1/check-ins/?notes=canary-notes&hrv=62.51"), 400
    yield client.get("/api/v1/check-ins/alice@example.org/"), 400
    yield client.get("/api/v1/athletes/alice@example.org/canary-notes/"), 404
    yield client.get("/alice@example.org/"), 404
    yield client.get("/api/v1/me/", headers={"Host": "alice@example.org"}), 400
    yield client.generic("PUT", "/api/v1/me/", json.dumps(check_in()), "application/json"), 405
    yield client.generic("PATCH", "/api/v1/me/", '{"canary-notes": 62.51,}', "application/json"), 400
    credentials = {"email": "alice@example.org", "password": PASSWORD}
    sign_in = "/_allauth/app/v1/auth/login"
    yield Client().post(sign_in, credentials, content_type="application/json"), 200
    yield Client().post(sign_in, credentials | {"password": "canary-notes"}, content_type="application/json"), 400


def test_no_value_reaches_the_logs(api, alice, lines, monkeypatch):
    statuses = [(answer.status_code, expected) for answer, expected in everything_that_can_happen(api, alice)]
    assert [status for status, _ in statuses] == [expected for _, expected in statuses]
    assert [line["code"] for line in lines() if line["event"] == "request_finished"][1:] == [s for s, _ in statuses]
    assert not [(value, line) for line in lines() for value in VALUES if value in json.dumps(line)]


def test_a_crash_is_logged_with_its_lines_and_without_its_text(api, alice, lines, monkeypatch):
    def crash(*args, **kwargs):
        note = "canary-notes"
        try:
            float(note + " 62.51")
        except ValueError as failure:
            raise RuntimeError(f"row of alice@example.org contains {note}") from failure

    monkeypatch.setattr("athletes.reports.intake.record_check_in", crash)
    client = api(alice)
    client.raise_request_exception = False
    today = client.get("/api/v1/me/").json()["today"]
    answer = client.put(f"/api/v1/check-ins/{today}/", check_in())
    assert answer.status_code == 500
    (line,) = [line for line in lines() if line["event"] == "request_failed"]
    assert line["request_id"] == answer.json()["request_id"]
    assert line["traceback"][0] == "builtins.RuntimeError"
    assert "builtins.ValueError" in line["traceback"]
    assert any("athletes/views/records.py" in frame for frame in line["traceback"])
    assert not [(value, line) for line in lines() for value in VALUES if value in json.dumps(line)]


def test_a_failed_task_is_logged_without_its_text(lines):
    from rest.tracebacks import WithoutException

    assert settings.LOGGING["loggers"]["celery.app.trace"]["filters"] == ["without_exception"]
    logger = logging.getLogger("celery.app.trace")
    assert {type(installed) for installed in logger.filters} == {WithoutException}
    try:
        raise ValueError("canary-notes 62.51")
    except ValueError as failure:
        data = {
            "name": "drain",
            "id": "1",
            "description": "raised unexpected",
            "exc": repr(failure),
            "traceback": "62.51",
        }
        logger.error("Task %(name)s[%(id)s] %(description)s: %(exc)s\n%(traceback)s", data, exc_info=True)
    (line,) = lines()
    assert line["event"].startswith("Task drain[1] raised unexpected")
    assert not [value for value in VALUES if value in json.dumps(line)]
