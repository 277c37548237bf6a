"""A webhook is believed for its signature alone, and worked off in the worker."""

import base64
import hashlib
import hmac
import json
import socket
from datetime import UTC, datetime

import pytest
import time_machine

from athletes.models import HrvReading, Upload, VendorAccount
from athletes.wearables import ingest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECRETS = {
    "whoop": "whoop-secret",
    "oura": "oura-secret",
    "open_wearables": "whsec_" + base64.b64encode(b"sixteen bytes ok").decode(),
}
OURA_NIGHT = {
    "user_id": "7", "id": "8f9a5221-0000-4000-8000-000000000001", "day": "2026-11-22", "type": "long_sleep",
    "bedtime_start": "2026-11-21T23:05:14+01:00", "bedtime_end": "2026-11-22T07:25:14+01:00", "average_hrv": 61,
    "time_in_bed": 30000,
}  # fmt: skip


@pytest.fixture(autouse=True)
def server(settings, tmp_path):
    settings.WEBHOOK_SECRETS, settings.UPLOADS_DIR = SECRETS, tmp_path
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def linked(alice):
    for provider in SECRETS:
        VendorAccount.objects.create(athlete=alice, provider=provider, vendor_user_id="7")


def event_of(provider: str) -> bytes:
    event = {"type": "sleep.created", "data": {"user_id": "7"}} if provider == "open_wearables" else OURA_NIGHT
    return json.dumps(event).encode()


def signed(provider: str, body: bytes, *, at: datetime = NOW, secret: str | None = None) -> dict[str, str]:
    """As the vendors' own documentation has it, written down a second time."""
    secret = secret or SECRETS[provider]
    stamp = str(int(at.timestamp()) * (1000 if provider == "whoop" else 1))
    if provider == "open_wearables":
        key = base64.b64decode(secret.removeprefix("whsec_"))
        digest = hmac.new(key, b"msg_1." + stamp.encode() + b"." + body, hashlib.sha256).digest()
        wrong = "v1," + base64.b64encode(b"0" * 32).decode()
        signature = f"{wrong} v1,{base64.b64encode(digest).decode()}"
        return {"HTTP_SVIX_ID": "msg_1", "HTTP_SVIX_TIMESTAMP": stamp, "HTTP_SVIX_SIGNATURE": signature}
    digest = hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
    if provider == "whoop":
        signature = base64.b64encode(digest).decode()
        return {"HTTP_X_WHOOP_SIGNATURE": signature, "HTTP_X_WHOOP_SIGNATURE_TIMESTAMP": stamp}
    return {"HTTP_X_OURA_SIGNATURE": digest.hex(), "HTTP_X_OURA_TIMESTAMP": stamp}


def call(client, provider: str, body: bytes, headers: dict[str, str]):
    return client.generic("POST", f"/api/v1/webhooks/{provider}/", body, "application/json", **headers)


@pytest.mark.parametrize("provider", SECRETS)
def test_a_signed_event_waits_for_the_worker_under_the_linked_athlete(api, alice, linked, provider):
    body = event_of(provider)
    answer = call(api(None), provider, body, signed(provider, body))
    assert (answer.status_code, answer.content) == (204, b"")
    upload = Upload.objects.get()
    assert (upload.athlete, upload.provider, upload.state, upload.by_webhook) == (alice, provider, "waiting", True)


def test_the_same_event_three_times_is_one_upload(api, linked):
    body = event_of("whoop")
    for _ in range(3):
        assert call(api(None), "whoop", body, signed("whoop", body)).status_code == 204
    assert Upload.objects.count() == 1


def test_the_worker_stores_what_the_event_holds(api, alice, linked):
    body = event_of("oura")
    call(api(None), "oura", body, signed("oura", body))
    assert HrvReading.objects.count() == 0
    ingest.work()
    stored = HrvReading.objects.get()
    assert (stored.athlete, stored.value_ms, str(stored.date)) == (alice, 61, "2026-11-22")


@pytest.fixture
def frozen_broker(settings, tmp_path):
    """A Valkey that takes connections and answers none; nobody works behind it."""
    from storage import bell, valkey

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "frozen.sock"))
        listening.listen(8)
        settings.VALKEY_URL = f"unix://{tmp_path / 'frozen.sock'}"
        for breaker in (bell.breaker, valkey.breaker):
            breaker.open_until_s = 0.0
        bell.client.cache_clear()
        yield
    bell.client.cache_clear()
    bell.breaker.open_until_s = 0.0


@pytest.mark.parametrize("provider", SECRETS)
def test_with_worker_and_broker_frozen_an_event_is_answered_and_waits_in_its_row(
    api, linked, provider, frozen_broker, django_capture_on_commit_callbacks
):
    """How long the answer takes is measured in benchmarks/large_upload.py --webhook."""
    from storage import bell

    body = event_of(provider)
    with django_capture_on_commit_callbacks(execute=True):
        answer = call(api(None), provider, body, signed(provider, body))
    assert (answer.status_code, Upload.objects.get().state) == (204, "waiting")
    assert bell.breaker.open  # it was asked, once
    ingest.work()
    assert Upload.objects.get().state in ("done", "failed")  # the next sweep finds the row without any hint


@pytest.mark.parametrize("provider", SECRETS)
@pytest.mark.parametrize(
    "forge",
    [
        lambda p, body: {},
        lambda p, body: signed(p, body + b" "),
        lambda p, body: signed(p, body, at=datetime(2026, 11, 22, 7, 54, tzinfo=UTC)),
        lambda p, body: signed(p, body, at=datetime(2026, 11, 22, 8, 6, tzinfo=UTC)),
        lambda p, body: signed(p, body, secret="whsec_" + base64.b64encode(b"another").decode()),
        lambda p, body: dict.fromkeys(signed(p, body), ""),
        lambda p, body: dict.fromkeys(signed(p, body), "ünbelievable"),
        lambda p, body: signed(p, body) | {name: "9" * 40 for name in signed(p, body) if "TIMESTAMP" in name},
    ],
    ids=["none", "other body", "too old", "from the future", "other secret", "empty", "not ASCII", "absurd time"],
)
def test_what_is_not_signed_as_it_should_be_is_refused_and_stored_nowhere(api, linked, provider, forge):
    body = event_of(provider)
    answer = call(api(None), provider, body, forge(provider, body))
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signature")
    assert Upload.objects.count() == 0


@pytest.mark.parametrize(
    "body", [b'{"user_id": "8"}', b"{}", b"[]", b"no JSON", b"[" * 5000, b'{"user_id": {"x": 1}}', b"\xff"]
)
def test_an_event_about_nobody_we_know_is_taken_and_forgotten(api, linked, body):
    assert call(api(None), "whoop", body, signed("whoop", body)).status_code == 204
    assert Upload.objects.count() == 0


def test_a_vendor_without_a_secret_has_no_webhook(api, settings):
    settings.WEBHOOK_SECRETS = {"whoop": ""}
    body = event_of("whoop")
    assert call(api(None), "whoop", body, signed("whoop", body, secret="x")).status_code == 404
    assert call(api(None), "garmin", body, {}).status_code == 404


def test_a_body_over_the_limit_is_not_read(api, settings):
    settings.INGEST_AT_ONCE_BYTES = 100
    body = b"x" * 101
    assert call(api(None), "whoop", body, signed("whoop", body)).status_code == 413


def test_oura_is_told_its_challenge_for_the_right_token_only(api, settings):
    settings.OURA_VERIFICATION_TOKEN = "agreed"
    url = "/api/v1/webhooks/oura/?verification_token={}&challenge=abc"
    assert api(None).get(url.format("agreed")).json() == {"challenge": "abc"}
    assert api(None).get(url.format("guessed")).status_code == 404
