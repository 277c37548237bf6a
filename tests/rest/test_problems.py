"""Whatever goes wrong under /api/ is a problem; nothing there is a page, a redirect or a traceback."""

import json
import threading

import pytest
from django.db import OperationalError, connection
from django.test import Client

from athletes.models import Athlete

pytestmark = pytest.mark.usefixtures("valkey")
FIELDS = {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"}


def problem(answer) -> tuple[int, str]:
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == FIELDS | ({"limits"} if body["code"] == "body_too_large" else set())
    assert body["status"] == answer.status_code
    assert answer["Cache-Control"] == "no-store"
    return answer.status_code, body["code"]


@pytest.mark.parametrize("path", ["v1/nothing/", "v2/me/", "nothing", "v1/me", "v1/me/x", "v1/%00/", "v1/%ff/"])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_an_unknown_url(db, path, method):
    assert problem(Client().generic(method, f"/api/{path}", "{}", "application/json")) == (404, "not_found")


def test_a_body_names_what_it_is_about(db):
    body = Client().get("/api/v1/nothing/?email=alice@example.org").json()
    assert body.pop("request_id")
    assert body == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such URL.",
        "instance": "/api/v1/nothing/",
        "code": "not_found",
        "errors": [],
    }


@pytest.mark.parametrize("method", ["DELETE", "PUT", "OPTIONS", "TRACE", "BREW"])
def test_a_wrong_method(api, alice, method):
    answer = api(alice).generic(method, "/api/v1/me/", "{}", "application/json")
    assert problem(answer) == (405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) <= {"GET", "PATCH", "HEAD", "OPTIONS"}


def patch_me(client, body=b'{"display_name": "A"}', content_type="application/json", **extra):
    return client.generic("PATCH", "/api/v1/me/", body, content_type, **extra)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_wrong_content_type(api, alice, content_type):
    assert problem(patch_me(api(alice), content_type=content_type)) == (415, "unsupported_media_type")


def test_a_compressed_body(api, alice):
    assert problem(patch_me(api(alice), HTTP_CONTENT_ENCODING="gzip")) == (415, "unsupported_content_encoding")


def test_a_body_that_is_too_large(api, alice):
    body = json.dumps({"display_name": "x" * 70_000}).encode()
    assert problem(patch_me(api(alice), body)) == (413, "body_too_large")


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "٣", "9" * 30])
def test_a_malformed_content_length(api, alice, length):
    assert problem(patch_me(api(alice), CONTENT_LENGTH=length)) == (400, "malformed_content_length")


def test_a_body_without_a_content_length_is_no_body(api, alice):
    assert problem(patch_me(api(alice), CONTENT_LENGTH="")) == (400, "validation_failed")


def test_a_content_length_over_the_limit_is_refused_unread(api, alice):
    assert problem(patch_me(api(alice), CONTENT_LENGTH="999999999999")) == (413, "body_too_large")


def test_a_chunked_body_needs_a_length(api, alice):
    answer = patch_me(api(alice), CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")
    assert problem(answer) == (411, "length_required")


@pytest.mark.parametrize("host", ["evil.example", "localhost:x", "a b", ""])
def test_a_forged_host(db, host):
    answer = Client().get("/api/v1/me/", headers={"Host": host})
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?x=1", "unknown_parameter"),
        ("?format=json", "unknown_parameter"),
        ("?limit=1&limit=2", "repeated_parameter"),
        ("?limit=0", "invalid_parameter"),
        ("?limit=-1", "invalid_parameter"),
        ("?limit=501", "invalid_parameter"),
        ("?limit=abc", "invalid_parameter"),
        ("?limit=", "invalid_parameter"),
        ("?limit=%00", "invalid_parameter"),
        ("?limit=1" + "0" * 20, "invalid_parameter"),
        ("?limit=٣", "invalid_parameter"),
        ("?cursor=", "invalid_parameter"),
        ("?cursor=x", "invalid_parameter"),
        ("?cursor=%00", "invalid_parameter"),
        ("?cursor=ü", "invalid_parameter"),
        ("?cursor=bz0xJnI9MCZwPTIwMjYtMTEtMjI", "invalid_parameter"),
    ],
)
def test_a_bad_query_string(api, alice, query, code):
    answer = api(alice).get(f"/api/v1/squads/{query}")
    assert problem(answer) == (400, code)
    assert answer.json()["errors"][0]["parameter"] in ("x", "format", "limit", "cursor")


def test_writes_take_no_query_string(api, alice):
    assert problem(api(alice).patch("/api/v1/me/?x=1", {"display_name": "A"})) == (400, "unknown_parameter")


def test_more_writes_than_allowed(api, alice, settings):
    settings.WRITES_PER_MINUTE = 3
    client = api(alice)
    answers = [client.patch("/api/v1/me/", {"display_name": f"A{n}"}) for n in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 2  # a minute may have ended in between
    assert problem(refused[0]) == (429, "throttled")
    assert 1 <= int(refused[0]["Retry-After"]) <= 60
    assert client.get("/api/v1/me/").status_code == 200


def test_sixteen_threads_get_exactly_what_is_allowed(valkey, settings, monkeypatch):
    from rest.throttling import WriteThrottle

    class Request:
        method = "PUT"

        class user:
            pk = 1
            is_authenticated = True

    monkeypatch.setattr("rest.throttling.time.time", lambda: 1_800_000_000.0)
    settings.WRITES_PER_MINUTE = 20
    allowed: list[bool] = []

    def send():
        for _ in range(12):
            allowed.append(WriteThrottle().allow_request(Request(), None))

    threads = [threading.Thread(target=send) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(allowed), sum(allowed)) == (192, 20)


@pytest.fixture
def broken(monkeypatch):
    """The profile cannot be read, for a reason whose text holds what must not get out."""

    def fail_with(failure: Exception):
        def fail(*args, **kwargs):
            raise failure

        monkeypatch.setattr("athletes.views.me.Profile.to_representation", fail)

    return fail_with


def test_a_crash(api, alice, broken):
    broken(RuntimeError("hrv 62.5 of alice@example.org"))
    client = api(alice)
    client.raise_request_exception = False
    answer = client.get("/api/v1/me/")
    assert problem(answer) == (500, "server_error")
    assert b"62.5" not in answer.content
    assert b"alice" not in answer.content


def test_a_database_that_is_away_is_503_and_worth_another_try(api, alice, broken):
    broken(OperationalError("connection to server at 10.1.2.3 failed"))
    answer = api(alice).get("/api/v1/me/")
    assert problem(answer) == (503, "database_unavailable")
    assert answer["Retry-After"] == "2"
    assert b"10.1.2.3" not in answer.content


def test_what_was_sent_is_never_repeated(api, alice):
    secret = "canary-7319"
    sent = {"sex": secret, "timezone": secret, "event": secret, "locale": secret, "birth_date": secret, "hold": secret}
    answer = api(alice).patch("/api/v1/me/", sent | {"source_priority": {"hrv": [secret]}, "wants_push": secret})
    assert problem(answer) == (400, "validation_failed")
    assert len(answer.json()["errors"]) == 8
    assert secret.encode() not in answer.content


def test_pages_outside_the_api_stay_pages(db):
    answer = Client().get("/nothing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert Client().get("/accounts/login").status_code == 301


def test_a_failed_request_stores_nothing(api, alice, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr("athletes.reports.profile.ask_again", fail)
    before = Athlete.objects.values().get(pk=alice.pk)
    assert problem(api(alice).patch("/api/v1/me/", {"timezone": "Asia/Tokyo"})) == (503, "database_unavailable")
    assert Athlete.objects.values().get(pk=alice.pk) == before
    assert connection.in_atomic_block  # the test's own
