"""One athlete sends what is large, broken or a bomb: it is bounded, said, and nobody else waits for it."""

import gzip
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from athletes.models import HrvReading, Upload, UploadDay
from athletes.reports import intake, records
from athletes.sync import sync
from athletes.wearables import ingest, spools, uploads
from athletes.wearables.readers import READERS
from athletes.wearables.readings import Reader, Reading, ReadingProfile, Tally, record_id
from tests.athletes.wearables.payload_files import raw

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def uploads_dir(settings, tmp_path):
    settings.UPLOADS_DIR = tmp_path / "uploads"


@pytest.fixture
def now():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def hrv(name: object, at: datetime, value_ms: float = 50.0) -> dict:
    return {
        "client_record_id": record_id(name), "source": {"provider": "other"}, "measured_at": at.isoformat(),
        "metric": "rmssd", "context": "morning_supine", "value_ms": value_ms,
    }  # fmt: skip


def counted_lines(payload, tally, profile):
    """As many readings as the body says, one an hour."""
    content = payload if isinstance(payload, bytes) else payload.read()
    for n in range(int(content.split(b",")[0])):
        yield Reading("hrv_reading", hrv(n, NOW - timedelta(days=200) + timedelta(hours=n)))


@pytest.fixture(autouse=True)
def counting(monkeypatch):
    monkeypatch.setitem(READERS, "counted", Reader("counted", "", "other", ("fit",), counted_lines, (), "", ""))


def post(client, body, provider="garmin", **headers):
    return client.generic("POST", f"/api/v1/ingest/{provider}/", body, "application/octet-stream", **headers)


def waiting(athlete, body: bytes, size_bytes: int | None = None) -> Upload:
    received = uploads.Body(10**9)
    received.receive(iter([body]))
    upload = uploads.keep(received, athlete, "counted", "application/octet-stream")[0]
    Upload.objects.filter(pk=upload.pk).update(size_bytes=size_bytes or len(body))
    return upload


# --- bytes a day -----------------------------------------------------------------------------------------------------


def test_so_many_bytes_a_day_then_429_that_says_the_limit_and_when_it_ends(api, alice, bob, settings, now):
    settings.INGEST_BYTES_PER_DAY = 2 * MIB
    client = api(alice)
    assert post(client, b"1," + b"x" * MIB, "counted").status_code == 202
    answer = post(client, b"2," + b"y" * MIB, "counted")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(4 * 3600))
    told = answer.json()
    assert (told["code"], told["limits"], told["ends_at"]) == (
        "daily_bytes_used_up", {"bytes_per_day": 2 * MIB}, "2026-11-23T00:00:00Z",
    )  # fmt: skip
    assert told["detail"] == "You may send 2 MiB a day, unpacked; more is taken from 2026-11-23T00:00:00Z on."
    assert (Upload.objects.count(), len(list(uploads.directory().iterdir()))) == (1, 1)
    assert post(api(bob), b"2," + b"y" * MIB, "counted").status_code == 202, "another athlete's day is her own"
    now.shift(timedelta(hours=4))
    assert post(api(alice), b"2," + b"y" * MIB, "counted").status_code == 202


def test_what_was_refused_counts_and_what_a_gzip_holds_counts_unpacked(
    api, alice, settings, now, django_capture_on_commit_callbacks
):
    settings.INGEST_BYTES_PER_DAY = 2 * MIB
    client, bomb = api(alice), gzip.compress(b"\0" * 3 * MIB)
    with django_capture_on_commit_callbacks(execute=True):
        refused = client.generic("POST", "/api/v1/ingest/garmin/", b"no json", "application/json")
    assert (refused.status_code, UploadDay.objects.get().size_bytes) == (400, 7)
    answer = post(client, bomb, "counted", HTTP_CONTENT_ENCODING="gzip")
    assert (answer.status_code, answer.json()["code"]) == (429, "daily_bytes_used_up")
    assert UploadDay.objects.get().size_bytes <= 2 * MIB
    assert list(uploads.directory().iterdir()) == []


def test_what_was_reserved_and_not_sent_is_free_again(alice, settings, now):
    settings.INGEST_BYTES_PER_DAY = 20 * MIB
    body = uploads.Body(10**9, uploads.Allowance(alice, NOW))
    body.receive(iter([b"x" * 100]))
    assert UploadDay.objects.get().size_bytes == 100


# --- bodies ----------------------------------------------------------------------------------------------------------


def test_the_body_of_a_refused_upload_goes_at_once_and_sent_again_it_is_read_again(api, alice):
    client, garbage = api(alice), b"\x93" * 400_000
    for _ in range(2):
        assert post(client, garbage, "apple_export").status_code == 202
        ingest.work()
        upload = Upload.objects.get()
        assert (upload.state, upload.result["code"], upload.body_dropped_at is None) == ("failed", "not_xml", False)
        assert list(uploads.directory().iterdir()) == []


def test_of_what_was_read_an_athletes_newest_bodies_stay(alice, bob, settings):
    settings.INGEST_KEPT_BYTES = 25
    others = waiting(bob, b"1,0", size_bytes=20)
    mine = [waiting(alice, b"1,%d" % n, size_bytes=10) for n in range(4)]
    while ingest.work():
        pass
    kept = [uploads.path_of(upload.pk).exists() for upload in (others, *mine)]
    assert kept == [True, False, False, True, True]
    assert set(Upload.objects.values_list("state", flat=True)) == {"done"}


# --- what a body holds -----------------------------------------------------------------------------------------------


def test_a_bomb_of_empty_objects_is_refused_before_it_is_parsed(api, alice):
    body = b'{"hrv": [' + b"{}," * 4_000_000 + b"{}]}"
    sent = gzip.compress(body, 9)
    answer = api(alice).generic(
        "POST", "/api/v1/ingest/garmin/", sent, "application/json", HTTP_CONTENT_ENCODING="gzip"
    )
    assert answer.status_code == 202
    ingest.work()
    upload = Upload.objects.get()
    assert (upload.state, upload.result["code"]) == ("failed", "too_many_values")


def test_what_needs_more_memory_than_it_may_have_ends_its_own_process_and_says_so(alice, monkeypatch):
    monkeypatch.setenv("HOMESTRETCH_INGEST_READER_BYTES", str(150 * MIB))
    body = json.dumps({"hrv": [{"summaryId": f"n{n}", "a": {"b": [n]}} for n in range(300_000)]}).encode()
    received = uploads.Body(10**9)
    received.receive(iter([body]))
    upload = uploads.keep(received, alice, "garmin", "application/json")[0]
    ingest.work()
    upload.refresh_from_db()
    assert (upload.state, upload.result["code"]) == ("failed", "too_much_memory")


def test_more_readings_than_an_upload_may_have_are_a_finding_and_those_before_are_stored(alice, monkeypatch):
    monkeypatch.setattr(spools, "MOST_READINGS", 30)
    upload = waiting(alice, b"31,")
    ingest.work()
    upload.refresh_from_db()
    assert (upload.state, upload.readings_total, HrvReading.objects.count()) == ("done", 30, 30)
    assert upload.result["findings"] == [
        {"where": "", "code": "too_many_readings",
         "message": "At most 30 readings are taken of one upload: send the rest in another."}
    ]  # fmt: skip


def test_more_of_a_kind_on_one_day_than_any_watch_measures_are_a_finding(alice, monkeypatch):
    monkeypatch.setattr(spools, "MOST_OF_A_KIND_A_DAY", 10)
    upload = waiting(alice, b"48,")
    ingest.work()
    upload.refresh_from_db()
    assert upload.result["findings_total"] >= 2
    assert {finding["code"] for finding in upload.result["findings"]} == {"too_many_on_a_day"}
    assert HrvReading.objects.count() < 35


@pytest.mark.parametrize("name", ["garmin"])
def test_a_spool_gives_back_what_the_reader_said(tmp_path, name):
    reader, profile = READERS[name], ReadingProfile("Europe/Berlin", NOW)
    body, tally = raw(f"{name}.json"), Tally()
    said = list(reader.stream(body, profile=profile, tally=tally))
    told = spools.write(reader, io.BytesIO(body), tmp_path / "x.readings", profile)
    with spools.opened(tmp_path / "x.readings", after=1) as readings:
        assert list(readings) == said[1:]
    assert (told.total, told.result) == (len(said), spools.told_of(tally))
    apart = spools.write_apart(name, write(tmp_path, body), tmp_path / "y.readings", profile, lambda: None)
    assert apart == told
    assert (tmp_path / "x.readings").read_bytes() == (tmp_path / "y.readings").read_bytes()


def write(tmp_path, body):
    (tmp_path / "body").write_bytes(body)
    return tmp_path / "body"


# --- turns -----------------------------------------------------------------------------------------------------------


def test_nobodys_second_upload_comes_before_anothers_first(alice, bob):
    of_alice = [waiting(alice, b"1,%d" % n) for n in range(3)]
    of_bob = [waiting(bob, b"1,%d" % n) for n in range(2)]
    order = []
    for minute in range(5):
        now = timezone.now() + timedelta(minutes=minute)
        upload = uploads.claim_upload(now)
        order.append(upload.pk)
        uploads.finish(upload, Upload.State.DONE, now)
    expected = [of_alice[0], of_bob[0], of_alice[1], of_bob[1], of_alice[2]]
    assert order == [upload.pk for upload in expected]


def test_a_large_ones_turn_ends_and_the_other_athlete_is_next(alice, bob, monkeypatch):
    monkeypatch.setattr(ingest, "CHUNK", 10)
    large, small = waiting(alice, b"40,"), waiting(bob, b"1,")
    assert ingest.work(0) == 0
    assert ingest.work(0) == 1
    large.refresh_from_db(), small.refresh_from_db()
    assert (large.state, large.readings_done, small.state) == ("waiting", 10, "done")


def test_a_small_one_is_taken_up_beside_a_large_one_but_no_third_and_no_second_large_one(alice, bob):
    giant, second = (waiting(alice, b"1,%d" % n, size_bytes=uploads.SMALL_BYTES + 1) for n in range(2))
    now = timezone.now()
    assert uploads.claim_upload(now).pk == giant.pk
    assert uploads.claim_upload(now) is None
    small, another = waiting(bob, b"1,1"), waiting(bob, b"1,2")
    assert uploads.claim_upload(now).pk == small.pk
    assert uploads.claim_upload(now) is None
    assert {second.state, another.state} == {"waiting"}


def test_beside_another_worker_one_turn_is_worked_and_the_rest_is_announced(alice, bob, monkeypatch):
    waiting(alice, b"1,", size_bytes=uploads.SMALL_BYTES + 1)
    uploads.claim_upload(timezone.now())
    rung = []
    monkeypatch.setattr(ingest.bell, "ring", rung.append)
    for n in range(2):
        waiting(bob, b"1,%d" % n)
    assert (ingest.work(), len(rung)) == (1, 1)
    assert (ingest.work(), len(rung)) == (1, 1)


# --- short writes ----------------------------------------------------------------------------------------------------


def test_a_write_that_took_long_makes_the_next_ones_smaller():
    sizes, size = [], ingest.CHUNK
    for took_s in (0.3, 0.3, 0.1, 0.01, 0.3, 9.0, 9.0, 9.0, 9.0, 9.0):
        size = ingest.next_size(size, took_s)
        sizes.append(size)
    assert sizes == [100, 50, 50, 100, 50, 25, 12, 10, 10, 10]


def test_nothing_is_validated_while_sqlites_writers_wait(alice, monkeypatch):
    inside, validated = [], ingest.validated

    def watched(reading):
        inside.append(len(ingest.transaction.get_connection().savepoint_ids))
        return validated(reading)

    monkeypatch.setattr(ingest, "validated", watched)
    depth = len(ingest.transaction.get_connection().savepoint_ids)
    waiting(alice, b"5,")
    ingest.work()
    assert inside == [depth] * 5


def test_a_sync_of_many_is_stored_in_chunks_and_says_the_same(alice, bob, monkeypatch, now):
    entries = [{"kind": "hrv_reading", "data": hrv(n, NOW - timedelta(days=n % 40))} for n in range(50)]
    whole = sync.sync(alice, entries, [])
    calls, store = [], intake.store
    monkeypatch.setattr(sync, "CHUNK", 20)
    monkeypatch.setattr(sync.intake, "store", lambda *a, **o: calls.append(len(a[1])) or store(*a, **o))
    chunked = sync.sync(bob, entries, [])
    assert calls == [20, 20, 10]
    for same in ("summary", "affected_dates", "absences"):
        assert chunked[same] == whole[same]
    assert [r["status"] for r in chunked["results"]] == [r["status"] for r in whole["results"]]
    assert sync.sync(bob, entries, [])["summary"]["unchanged"] == 50


def test_readings_in_any_order_are_doubted_alike_also_far_beyond_the_change(alice, bob, now):
    """The judgement stops 60 days beyond the last change; one that was turned is a change."""
    first = datetime(2025, 6, 1, 6, tzinfo=UTC)
    days = [(n, 50.0 + n % 5) for n in range(0, 400, 5)] + [(402, 300.0), (132, 120.0), (133, 118.0), (201, 90.0)]
    forward = [records.Sent("hrv_reading", ingest.VALIDATORS["hrv_reading"].run_validation(
        hrv(n, first + timedelta(days=n), ms))) for n, ms in days]  # fmt: skip
    for athlete, order in ((alice, sorted(forward, key=lambda s: s.data["measured_at"])), (bob, forward[::-1])):
        for start in range(0, len(order), 7):
            intake.store(athlete, order[start : start + 7])
    told = [
        list(
            HrvReading.objects.filter(athlete=who).order_by("measured_at").values_list("measured_at", "quality_status")
        )
        for who in (alice, bob)
    ]
    assert told[0] == told[1]
    assert "quarantined" in {status for _, status in told[0]}
