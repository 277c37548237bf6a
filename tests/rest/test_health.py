import signal
import subprocess
import time
from pathlib import Path

import pytest
import redis
import time_machine
from django.core.cache import cache, caches
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.test.utils import override_settings

from rest import pages
from storage import valkey as product_valkey
from tests.conftest import valkey_binary


def test_the_process_is_alive_without_looking_at_anything_else():
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_ready(db, valkey):
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"database": "ok", "valkey": "ok", "disk": "ok"}}


def test_a_probe_is_answered_by_whatever_name_it_calls_the_server_and_nobody_else_is(db, valkey, settings):
    settings.ALLOWED_HOSTS = ["homestretch.example.org"]
    asked = Client(headers={"Host": "127.0.0.1:8000"})  # as the container's health check and `up` do
    assert [asked.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
    assert [asked.get(path).status_code for path in ("/metrics", "/", "/admin/login/")] == [400, 400, 400]


def test_without_valkey_it_is_degraded_and_still_answers(db, no_valkey):
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "checks": {"database": "ok", "valkey": "down", "disk": "ok"}}


def test_not_ready_before_the_migrations_are_applied(db, valkey, monkeypatch):
    from django.db.migrations.recorder import MigrationRecorder

    pages.migrations_are_applied.cache_clear()
    MigrationRecorder.Migration.objects.filter(app="athletes").delete()
    for _ in range(2):
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


def caches_at(settings, path) -> dict:
    """Valkey is to be found there; the rows that stand in for it stay where they are."""
    return {**settings.CACHES, "default": settings.CACHES["default"] | {"LOCATION": f"unix://{path}"}}


@pytest.fixture
def no_valkey(settings, tmp_path, monkeypatch):
    """The cache is configured, and nobody listens there."""
    monkeypatch.setattr(product_valkey.breaker, "open_until_s", 0.0)
    with override_settings(CACHES=caches_at(settings, tmp_path / "none.sock")):
        yield
    product_valkey.breaker.open_until_s = 0.0


def test_requests_go_on_without_valkey(api, alice, no_valkey):
    client = api(alice)
    assert [client.patch("/api/v1/me/", {"display_name": f"A{n}"}).status_code for n in range(5)] == [200] * 5


def test_signing_in_goes_on_without_valkey(alice, no_valkey):
    body = {"email": "alice@example.org", "password": "homestretch-demo"}
    answer = Client().post("/_allauth/app/v1/auth/login", body, content_type="application/json")
    assert answer.status_code == 200
    wrong = Client().post("/_allauth/app/v1/auth/login", body | {"password": "x"}, content_type="application/json")
    assert wrong.status_code == 400


@pytest.fixture
def refusing_database(db):
    """It still reads, and stores nothing: a full disk."""
    with connection.cursor() as cursor, transaction.atomic():
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA query_only = ON")
        else:
            cursor.execute("SET TRANSACTION READ ONLY")  # until the savepoint is rolled back
        yield
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA query_only = OFF")
        transaction.set_rollback(True)


def test_without_valkey_and_with_a_full_disk_signing_in_says_come_again(alice, no_valkey, refusing_database):
    body = {"email": "alice@example.org", "password": "homestretch-demo"}
    client = Client(raise_request_exception=False)
    answer = client.post("/_allauth/app/v1/auth/login", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer["Retry-After"]) > 0


def test_what_is_kept_without_valkey_is_kept_or_the_caller_hears_of_it(db, request):
    rows = caches["without_valkey"]
    rows.set("guesses", [1])
    rows.set("guesses", [2, 1], timeout=0)  # allauth forgets so: no failure
    assert rows.get("guesses") is None
    rows.set("guesses", [1])
    request.getfixturevalue("refusing_database")
    for refused in (lambda: rows.set("guesses", [2, 1]), lambda: rows.add("lock", True)):
        with pytest.raises(OperationalError, match="stores no row"):
            refused()
    assert rows.get("guesses") == [1]
    assert rows.add("guesses", [3]) is False  # somebody has it: that is no failure


def test_a_lock_that_ends_this_second_is_taken_over(db):
    rows = caches["without_valkey"]
    with time_machine.travel(1_796_000_000, tick=False) as clock:
        assert rows.add("lock", True, timeout=10)
        clock.shift(10.5)  # Django rounds the end to the second when it stores, and not when it reads
        assert rows.add("lock", True, timeout=10)


@pytest.fixture
def frozen_valkey(settings, tmp_path, monkeypatch):
    """It takes connections, and answers nothing: SIGSTOP."""
    path = tmp_path / "v.sock"
    server = subprocess.Popen(
        [str(valkey_binary()), "--port", "0", "--unixsocket", str(path), "--save", ""], stdout=subprocess.DEVNULL
    )
    while not Path(path).exists() or not redis.Redis(unix_socket_path=str(path)).ping():
        time.sleep(0.02)
    server.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(product_valkey.breaker, "open_until_s", 0.0)
    with override_settings(CACHES=caches_at(settings, path)):
        yield
    product_valkey.breaker.open_until_s = 0.0
    server.kill()
    server.wait()


def test_a_frozen_valkey_is_asked_once_and_then_left_alone(api, alice, frozen_valkey):
    asked = product_valkey.failures._value.get()
    client = api(alice)
    assert [client.patch("/api/v1/me/", {"display_name": f"A{n}"}).status_code for n in range(5)] == [200] * 5
    assert product_valkey.breaker.open
    assert product_valkey.failures._value.get() - asked == 5
    assert cache.get("anything", "nothing") == "nothing"


def test_a_breaker_closes_again_by_itself(monkeypatch):
    now = 100.0
    monkeypatch.setattr(product_valkey.time, "monotonic", lambda: now)
    breaker = product_valkey.Breaker(pause_s=2)
    assert not breaker.open
    breaker.trip()
    now = 101.9
    assert breaker.open
    now = 102.1
    assert not breaker.open


def test_metrics_are_for_the_internal_network(db, valkey):
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    assert b"homestretch_cache_failures_total" in answer.content
    assert b"django_http_requests_total_by_method" in answer.content
    for outside in ("203.0.113.9", "2001:db8::1", "", "x"):
        assert Client(REMOTE_ADDR=outside).get("/metrics").status_code == 404
    assert Client(REMOTE_ADDR="10.3.2.1").get("/metrics").status_code == 200
    for header in ("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"):
        assert Client().get("/metrics", headers={header: "127.0.0.1"}).status_code == 404


def test_metrics_with_a_token_are_for_who_has_it(db, valkey, settings):
    settings.METRICS_TOKEN = "s3cret"
    assert Client().get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    outside = Client(REMOTE_ADDR="203.0.113.9")
    assert outside.get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200


def test_the_front_page_shows_where_to_go(db):
    page = Client().get("/").content.decode()
    for link in ("/admin/", "/api/docs/", "/api/openapi.yaml", "/readyz"):
        assert f'href="{link}"' in page
