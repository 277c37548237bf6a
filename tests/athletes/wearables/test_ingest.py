"""Vendors' payloads over HTTP and through the worker: nothing lost, nothing doubled, nobody else's."""

import gzip
import io
import json
import sys
import time
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from athletes.models import HrvReading, SleepSession, Upload, VendorAccount
from athletes.wearables import ingest, spools, uploads
from athletes.wearables.readers import READERS
from athletes.wearables.readings import Reader, Reading, Unreadable, record_id
from rest.problems import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
NOW = "2026-11-22T20:00:00Z"
NIGHT = {
    "userId": "sub-1", "summaryId": "x473db21-6295abc4", "calendarDate": "2022-05-31", "lastNightAvg": 44,
    "startTimeOffsetInSeconds": -18000, "durationInSeconds": 3820, "startTimeInSeconds": 1653976004,
}  # fmt: skip


@pytest.fixture(autouse=True)
def uploads_dir(settings, tmp_path):
    settings.UPLOADS_DIR = tmp_path / "uploads"
    return settings.UPLOADS_DIR


@pytest.fixture
def now():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def line_reader(payload, tally, profile):
    """`user;measured_at;value_ms` a line: a vendor small enough to write a test against."""
    file = io.BytesIO(payload) if isinstance(payload, bytes) else payload
    if file.read(4) != b"HRV\n":
        raise Unreadable("not_hrv_lines", "Not such a file.")
    for number, line in enumerate(file, 2):
        user, at, value = line.decode().strip().split(";")
        tally.belongs_to(user)
        if value == "crash":
            raise ZeroDivisionError
        if value == "?":
            tally.find(f"line {number}", "not_a_number", "Must be a number.")
            continue
        yield Reading(
            "hrv_reading",
            {"client_record_id": record_id(at.replace(":", "")), "source": {"provider": "other"}, "measured_at": at,
             "metric": "rmssd", "context": "morning_supine", "value_ms": float(value) * SCALE["factor"]},
        )  # fmt: skip


SCALE = {"factor": 1.0}


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    reader = Reader(
        name="lines", title="Lines", provider="other", formats=("csv", "fit"), function=line_reader, table=(),
        day_rule="", identity="",
    )  # fmt: skip
    monkeypatch.setitem(READERS, "lines", reader)
    monkeypatch.setitem(SCALE, "factor", 1.0)


def file_of(count: int, user: str = "a", first: str = "2026-06-01") -> bytes:
    from datetime import date

    start = date.fromisoformat(first)
    rows = [f"{user};{start + timedelta(days=i)}T06:00:00+00:00;{50 + i % 7}" for i in range(count)]
    return ("HRV\n" + "\n".join(rows) + "\n").encode()


def post(client, provider, body, content_type="text/csv", **headers):
    return client.generic("POST", f"/api/v1/ingest/{provider}/", body, content_type, **headers)


def test_a_vendors_night_is_stored_and_the_answer_says_what_became_of_it(api, alice, now):
    answer = post(api(alice), "garmin", json.dumps({"hrv": [{**NIGHT, "unknownField": 1}]}), "application/json")
    stored = HrvReading.objects.get()
    assert answer.status_code == 200
    assert answer.json() == {
        "summary": {"created": 1},
        "results": [
            {"index": 0, "kind": "hrv_reading", "client_record_id": stored.client_record_id, "status": "created",
             "id": str(stored.pk), "date": "2022-05-31", "quality": {"status": "ok", "reasons": []},
             "retryable": False, "errors": []}
        ],
        "affected_dates": ["2022-05-31"], "findings": [], "findings_total": 0,
        "ignored": {"hrv[].unknownField": 1}, "server_time": "2026-11-22T20:00:00Z",
        "upload": str(Upload.objects.get().pk), "next_cursor": answer.json()["next_cursor"],
    }  # fmt: skip
    since = api(alice).get("/api/v1/sync/changes/", {"cursor": answer.json()["next_cursor"]}).json()["changes"]
    assert [(change["kind"], change["date"]) for change in since] == [
        ("hrv_reading", "2022-05-31"),
        ("day", "2022-05-31"),
    ]
    assert (stored.value_ms, stored.metric, stored.context, stored.provider) == (
        44,
        "rmssd",
        "overnight_mean",
        "garmin",
    )


def test_the_same_payload_again_changes_nothing(api, alice, now):
    body = json.dumps({"hrv": [NIGHT]})
    post(api(alice), "garmin", body, "application/json")
    now.shift(60)
    again = post(api(alice), "garmin", body, "application/json").json()
    assert again["summary"] == {"unchanged": 1}
    assert (HrvReading.objects.count(), Upload.objects.count()) == (1, 1)
    assert len(list(uploads.directory().iterdir())) == 1


def test_gzip_is_unpacked_and_the_raw_body_is_kept_with_the_hash_of_what_was_inside(api, alice):
    from hashlib import sha256

    body = file_of(3)
    answer = post(api(alice), "lines", gzip.compress(body), HTTP_CONTENT_ENCODING="gzip").json()
    upload = Upload.objects.get()
    assert answer["summary"] == {"created": 3}
    assert upload.sha256 == sha256(body).hexdigest()
    assert uploads.path_of(upload.pk).read_bytes() == body


def test_a_line_that_cannot_be_read_is_named_and_keeps_no_other_out(api, alice):
    body = file_of(2) + b"a;2026-07-01T06:00:00+00:00;?\na;2026-07-02T06:00:00+00:00;9000\n"
    answer = post(api(alice), "lines", body).json()
    assert answer["summary"] == {"created": 2, "rejected": 1}
    assert answer["findings"] == [{"where": "line 4", "code": "not_a_number", "message": "Must be a number."}]
    assert [error["pointer"] for error in answer["results"][2]["errors"]] == ["#/value_ms"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"no such file", "not_hrv_lines"),
        (file_of(2) + b"b;2026-07-01T06:00:00+00:00;55\n", "two_athletes"),
    ],
    ids=["wrong format", "two people"],
)
def test_what_cannot_be_read_as_a_whole_is_refused_and_leaves_nothing(
    api, alice, body, code, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(api(alice), "lines", body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert (HrvReading.objects.count(), Upload.objects.count()) == (0, 0)
    assert list(uploads.directory().iterdir()) == []


@pytest.mark.parametrize(
    ("provider", "body", "content_type", "headers", "status", "code"),
    [
        ("nobody", b"x", "text/csv", {}, 404, "not_found"),
        ("lines", b"x", "text/plain", {}, 415, "unsupported_media_type"),
        ("lines", b"{}", "application/json", {}, 415, "unsupported_media_type"),
        ("lines", b"", "text/csv", {}, 400, "empty_body"),
        ("lines", b"no gzip", "text/csv", {"HTTP_CONTENT_ENCODING": "gzip"}, 400, "malformed_gzip"),
        (
            "lines",
            gzip.compress(b"x" * 100, mtime=0)[:-5],
            "text/csv",
            {"HTTP_CONTENT_ENCODING": "gzip"},
            400,
            "malformed_gzip",
        ),
        ("lines", b"x", "text/csv", {"HTTP_CONTENT_ENCODING": "br"}, 415, "unsupported_content_encoding"),
        ("lines", b"x" * 2000, "text/csv", {}, 413, "body_too_large"),
        (
            "lines",
            gzip.compress(b"x" * 10**6, mtime=0),
            "text/csv",
            {"HTTP_CONTENT_ENCODING": "gzip"},
            413,
            "body_too_large",
        ),
    ],
)
def test_a_bad_request_is_a_documented_problem_and_stores_nothing(
    api, alice, settings, provider, body, content_type, headers, status, code
):
    settings.INGEST_FILE_BYTES = 1500
    answer = post(api(alice), provider, body, content_type, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Upload.objects.count() == 0
    assert list(uploads.directory().glob("*")) == []


def test_a_line_that_breaks_off_is_a_refusal_and_leaves_no_file():
    body = uploads.Body(1000)
    with pytest.raises(Problem) as refusal:
        body.receive(uploads.chunks_of(io.BytesIO(b"x" * 20), 500))
    assert (refusal.value.status_code, refusal.value.code, body.path.exists()) == (400, "incomplete_body", False)


def test_many_readings_wait_for_the_worker_and_the_upload_shows_how_far_it_is(api, alice, settings, now):
    settings.INGEST_AT_ONCE_READINGS = 10
    client, body = api(alice), file_of(170)
    answer = post(client, "lines", body)
    upload = Upload.objects.get()
    assert answer.status_code == 202
    assert answer.headers["Location"].endswith(f"/api/v1/uploads/{upload.pk}/")
    assert answer.json() | {"id": "", "sha256": ""} == {
        "id": "", "provider": "lines", "state": "waiting", "sha256": "", "size_bytes": len(body),
        "progress": {"readings_done": 0, "readings_total": None, "pct": 0.0}, "problem": None,
        "summary": {}, "results": [], "affected_dates": [], "findings": [], "findings_total": 0, "ignored": {},
        "created_at": "2026-11-22T20:00:00Z", "finished_at": None,
    }  # fmt: skip
    assert HrvReading.objects.count() == 0
    ingest.work()
    told = client.get(f"/api/v1/uploads/{upload.pk}/").json()
    assert (told["state"], told["summary"], told["progress"]) == (
        "done", {"created": 170}, {"readings_done": 170, "readings_total": 170, "pct": 100.0},
    )  # fmt: skip
    assert len(told["affected_dates"]) == 170
    assert post(client, "lines", body).json()["state"] == "done"


def test_another_athletes_upload_is_not_there(api, alice, bob):
    upload = post(api(alice), "lines", file_of(1)).json()["upload"]
    assert api(bob).get(f"/api/v1/uploads/{upload}/").status_code == 404


def test_a_file_goes_to_the_worker_whatever_its_size(api, alice):
    assert post(api(alice), "lines", file_of(1), "application/octet-stream").status_code == 202


def waiting(alice, body: bytes) -> Upload:
    received = uploads.Body(10**9)
    received.receive(iter([body]))
    return uploads.keep(received, alice, "lines", "application/octet-stream")[0]


def test_two_people_in_a_file_for_the_worker_leave_nothing_imported(alice):
    upload = waiting(alice, file_of(300) + b"b;2027-07-01T06:00:00+00:00;55\n")
    ingest.work()
    upload.refresh_from_db()
    assert (upload.state, upload.result["code"], HrvReading.objects.count()) == ("failed", "two_athletes", 0)


CRASHES = b"a;2026-09-01T06:00:00+00:00;crash\n"


def test_a_readers_bug_puts_its_upload_off_and_the_queue_goes_on(api, alice, now):
    broken, good = waiting(alice, file_of(1) + CRASHES), waiting(alice, file_of(2))
    assert ingest.work() == 1
    broken.refresh_from_db(), good.refresh_from_db()
    assert (broken.state, broken.attempts, good.state) == ("waiting", 1, "done")
    assert api(alice).get(f"/api/v1/uploads/{broken.pk}/").json()["problem"] == {
        "code": "reader_failed",
        "message": "Reading it failed; it is tried again after 2026-11-22T20:01:00Z. 0 of its readings are stored.",
    }
    assert ingest.work() == 0, "not yet due"
    assert uploads.claim_upload(timezone.now()) is None


def test_what_fails_every_time_fails_for_good_after_hours_and_says_what_to_do(alice, now):
    broken, tried = waiting(alice, file_of(1) + CRASHES), []
    for _ in range(uploads.MOST_ATTEMPTS):
        assert ingest.work() == 0
        broken.refresh_from_db()
        tried.append(broken.leased_until and round((broken.leased_until - timezone.now()).total_seconds() / 60))
        now.shift(timedelta(minutes=tried[-1] or 0, seconds=1))
    assert tried == [1, 5, 25, 125, None]
    assert (broken.state, broken.result["code"]) == ("failed", "reader_failed")
    assert broken.result["message"] == (
        "The payload could not be read in 5 attempts: the fault is the reader's, not yours. 0 of its readings are "
        "stored. It is kept for 30 days: once the reader is corrected an operator reads it again"
        " (./homestretch manage reread), or you send it again; what is stored is not stored twice."
    )
    assert ingest.work() == 0


def test_a_failure_that_passes_goes_on_where_the_last_chunk_ended_and_leaves_no_problem(alice, now, monkeypatch):
    monkeypatch.setattr(ingest, "CHUNK", 10)
    upload, store, calls = waiting(alice, file_of(25)), ingest.store, []

    def fails_once(*arguments, **options):
        calls.append(1)
        if len(calls) == 2:
            raise ArithmeticError
        return store(*arguments, **options)

    monkeypatch.setattr(ingest, "store", fails_once)
    ingest.work()
    upload.refresh_from_db()
    assert (upload.state, upload.readings_done, HrvReading.objects.count()) == ("waiting", 10, 10)
    assert upload.result["message"].endswith("10 of its readings are stored.")
    now.shift(timedelta(minutes=2))
    assert ingest.work() == 1
    upload.refresh_from_db()
    assert (upload.state, upload.result["summary"], HrvReading.objects.count()) == ("done", {"created": 25}, 25)
    assert "code" not in upload.result


def test_a_readers_bug_in_a_request_is_no_500(api, alice):
    answer = post(api(alice), "lines", file_of(1) + b"a;2026-09-01T06:00:00+00:00;crash\n")
    assert answer.status_code == 202
    assert HrvReading.objects.count() == 0


def test_a_killed_workers_upload_is_taken_up_where_its_last_chunk_ended(alice, monkeypatch):
    monkeypatch.setattr(ingest, "CHUNK", 10)
    upload, stored = waiting(alice, file_of(35)), []

    def dies(athlete, chunk, **options):
        if len(stored) == 2:
            raise SystemExit  # as the pool child's end looks from inside
        stored.append(chunk)
        return store(athlete, chunk, **options)

    store = ingest.store
    monkeypatch.setattr(ingest, "store", dies)
    with pytest.raises(SystemExit):
        ingest.work()
    monkeypatch.setattr(ingest, "store", store)
    upload.refresh_from_db()
    assert (upload.state, upload.readings_done, HrvReading.objects.count()) == ("working", 20, 20)
    assert ingest.work() == 0, "the lease still runs"
    with time_machine.travel(timezone.now() + uploads.LEASE + timedelta(seconds=1)):
        assert ingest.work() == 1
    upload.refresh_from_db()
    assert (upload.state, upload.result["summary"], HrvReading.objects.count()) == ("done", {"created": 35}, 35)


def test_whoever_was_given_up_on_stores_nothing_any_more(alice):
    upload = waiting(alice, file_of(5))
    slow = uploads.claim_upload(timezone.now())
    with time_machine.travel(timezone.now() + uploads.LEASE + timedelta(seconds=1)):
        assert ingest.work() == 1
    with pytest.raises(uploads.Lost):
        ingest.work_off(slow, 0)
    upload.refresh_from_db()
    assert (upload.state, HrvReading.objects.count()) == ("done", 5)


def test_an_upload_longer_than_a_turn_goes_on_in_the_next(alice, monkeypatch):
    monkeypatch.setattr(ingest, "CHUNK", 10)
    upload = waiting(alice, file_of(25))
    rounds = 0
    while upload.state != "done" and rounds < 10:
        claimed = uploads.claim_upload(timezone.now())
        ingest.work_off(claimed, 0)
        upload.refresh_from_db()
        rounds += 1
    assert (rounds, upload.result["summary"], upload.attempts) == (3, {"created": 25}, 1)


@pytest.fixture
def read_by(monkeypatch):
    """read_by(code): whatever its size, a body is read by this program in a process of its own."""

    def choose(code):
        monkeypatch.setattr(spools, "APART_FROM_BYTES", 0)
        monkeypatch.setattr(spools, "command", lambda *arguments: [sys.executable, "-c", code, *arguments])

    return choose


SLOW = 'import time; time.sleep(1.5); print(\'{"refused": ["slow", "Slow."]}\')'


def test_the_lease_is_renewed_by_a_timer_while_a_body_is_read_and_whoever_lost_it_stops_at_once(
    alice, monkeypatch, read_by
):
    monkeypatch.setattr(spools, "ALIVE_EVERY_S", 0.1)
    read_by(SLOW)
    lost, renewed, still_here = [], [], ingest.still_here

    def watched(upload):
        if lost:
            Upload.objects.filter(pk=upload.pk).update(attempts=9)  # as if another worker had it
        still_here(upload)
        renewed.append(upload.leased_until)

    monkeypatch.setattr(ingest, "still_here", watched)
    upload = waiting(alice, b"x" * 5)
    ingest.work()
    upload.refresh_from_db()
    assert (upload.state, upload.result["code"]) == ("failed", "slow")
    assert len(renewed) >= 5 and sorted(set(renewed)) == renewed
    lost.append(True)
    renewed.clear()
    taken, began_s = waiting(alice, b"y" * 5), time.monotonic()
    assert ingest.work() == 0
    taken.refresh_from_db()
    assert (taken.state, taken.attempts, renewed, time.monotonic() - began_s < 1) == ("working", 9, [], True)


@pytest.mark.parametrize(
    ("code", "state", "said"),
    [
        ("import os; os.abort()", "failed", "too_much_memory"),
        ("import os; os.kill(os.getpid(), 24)", "failed", "too_much_time"),
        ("import os; os.kill(os.getpid(), 9)", "waiting", "reader_failed"),
        ("raise SystemExit(3)", "waiting", "reader_failed"),
        ("""print('{"crashed": "KeyError"}')""", "waiting", "reader_failed"),
    ],
    ids=["no memory left", "no time left", "killed by somebody", "does not start", "crashes"],
)
def test_however_the_process_that_reads_ends_the_worker_goes_on_and_the_row_says_why(alice, read_by, code, state, said):
    read_by(code)
    upload = waiting(alice, b"x")
    ingest.work()
    upload.refresh_from_db()
    assert (upload.state, upload.result["code"]) == (state, said)


def test_an_upload_that_kills_every_worker_is_given_up(alice):
    upload = waiting(alice, file_of(1))
    Upload.objects.update(attempts=uploads.MOST_ATTEMPTS)
    ingest.work()
    upload.refresh_from_db()
    assert (upload.state, upload.result["code"]) == ("failed", "gave_up")


def test_a_corrected_reader_reads_the_kept_bodies_again(api, alice, monkeypatch, capsys):
    monkeypatch.setitem(SCALE, "factor", 0.5)
    upload = post(api(alice), "lines", file_of(2)).json()["upload"]
    monkeypatch.setitem(SCALE, "factor", 1.0)
    call_command("reread", "--dry-run")
    assert set(HrvReading.objects.values_list("value_ms", flat=True)) == {25.0, 25.5}
    call_command("reread", "--provider", "lines")
    assert set(HrvReading.objects.values_list("value_ms", flat=True)) == {50.0, 51.0}
    call_command("reread")
    assert capsys.readouterr().out.splitlines() == [
        f"{upload} lines: 2 updated (dry run)", f"{upload} lines: 2 updated", f"{upload} lines: 2 unchanged",
    ]  # fmt: skip


def test_bodies_are_kept_30_days_and_what_never_got_a_row_one(alice, django_capture_on_commit_callbacks):
    waiting(alice, file_of(1))
    stray = uploads.Body(10)
    stray.receive(iter([b"x"]))
    ingest.work()
    assert uploads.tidy_up(timezone.now()) == 0
    assert len(list(uploads.directory().iterdir())) == 2
    with django_capture_on_commit_callbacks(execute=True):
        assert uploads.tidy_up(timezone.now() + timedelta(days=31)) == 1
    assert list(uploads.directory().iterdir()) == []


def test_an_erased_athletes_bodies_go_too(alice, django_capture_on_commit_callbacks):
    waiting(alice, file_of(1))
    with django_capture_on_commit_callbacks(execute=True):
        alice.user.delete()
    assert list(uploads.directory().iterdir()) == []


# --- said so that a person understands it ----------------------------------------------------------------------------


def test_an_unknown_name_is_answered_with_the_names_there_are(api, alice):
    answer = post(api(alice), "samsung_health", b"x").json()
    assert (answer["code"], answer["providers"]) == ("not_found", sorted(READERS))
    assert answer["detail"] == f"There is no reader of this name. The names are: {', '.join(sorted(READERS))}."


def test_the_same_finding_at_many_places_is_told_once_with_its_count_in_the_reader_s_language(api, alice):
    alice.locale = "de"
    alice.save()
    nights = [{**NIGHT, "summaryId": None} for _ in range(613)]
    answer = post(api(alice), "garmin", json.dumps({"hrv": nights}), "application/json", HTTP_ACCEPT_LANGUAGE="de")
    told = answer.json()
    assert (told["findings"], told["findings_total"]) == ([{
        "where": "hrv[0]", "code": "no_client_record_id", "count": 613,
        "message": "Ausgelassen: hat weder eine Kennung noch eine Zeit, an der es wiederzuerkennen wäre.",
    }], 613)  # fmt: skip


def test_the_same_bytes_again_are_answered_as_unchanged_also_where_the_worker_read_them(api, alice, settings):
    settings.INGEST_AT_ONCE_READINGS = 10
    client, body = api(alice), file_of(170) + b"a;2027-07-02T06:00:00+00:00;9000\n"
    post(client, "lines", body)
    ingest.work()
    again = post(client, "lines", body).json()
    assert (again["state"], again["summary"]) == ("done", {"unchanged": 170, "rejected": 1})
    first = client.get(f"/api/v1/uploads/{again['id']}/").json()
    assert first["summary"] == {"created": 170, "rejected": 1}


def test_of_a_batch_of_garmin_s_the_linked_account_s_part_is_the_athlete_s(api, alice):
    VendorAccount.objects.create(athlete=alice, provider="garmin", vendor_user_id=NIGHT["userId"])
    batch = {"hrv": [NIGHT, {**NIGHT, "userId": "somebody-else", "summaryId": "theirs", "lastNightAvg": 99}]}
    answer = post(api(alice), "garmin", json.dumps(batch), "application/json").json()
    assert (answer["summary"], answer["ignored"]) == ({"created": 1}, {"summaries of other people": 1})
    assert [reading.value_ms for reading in HrvReading.objects.all()] == [44]


def test_of_a_batch_without_a_linked_account_nothing_is_taken(api, alice):
    batch = {"hrv": [NIGHT, {**NIGHT, "userId": "somebody-else", "summaryId": "theirs"}]}
    answer = post(api(alice), "garmin", json.dumps(batch), "application/json")
    assert (answer.status_code, answer.json()["code"], HrvReading.objects.count()) == (400, "two_athletes", 0)


# --- on its day ------------------------------------------------------------------------------------------------------


def test_a_night_in_auckland_has_its_hrv_on_its_own_day(api, alice):
    night = {"calendarDate": "2026-11-20", "sleepTimeSeconds": 27000, "sleepStartTimestampGMT": 1795082400000,
             "sleepEndTimestampGMT": 1795111200000, "sleepStartTimestampLocal": 1795129200000,
             "sleepEndTimestampLocal": 1795158000000}  # fmt: skip
    hrv = {
        "hrvSummary": {"calendarDate": "2026-11-20", "lastNightAvg": 61},
        "sleepEndTimestampGMT": "2026-11-19T18:00:00.0",
        "sleepEndTimestampLocal": "2026-11-20T07:00:00.0",
    }
    body = json.dumps([{"dailySleepDTO": night}, hrv])
    answer = post(api(alice), "garmin_connect", body, "application/json").json()
    assert [(result["kind"], result["date"], result["quality"]["reasons"]) for result in answer["results"]] == [
        ("sleep_session", "2026-11-20", []), ("hrv_reading", "2026-11-20", []),
    ]  # fmt: skip


CYCLES = (
    "Cycle start time,Cycle timezone,Heart rate variability (ms),Sleep onset,Wake onset,Asleep duration (min)\n"
    "2026-05-24 22:30:00,UTC-04:00,68,2026-05-25 14:00:00,2026-05-25 14:40:00,30\n"
)
SLEEPS = (
    "Cycle start time,Cycle timezone,Sleep onset,Wake onset,Asleep duration (min),Nap\n"
    "2026-05-24 22:30:00,UTC-04:00,2026-05-24 22:30:00,2026-05-25 06:30:00,456,false\n"
    "2026-05-24 22:30:00,UTC-04:00,2026-05-25 14:00:00,2026-05-25 14:40:00,30,true\n"
)


@pytest.mark.parametrize("sheets", [(CYCLES, SLEEPS), (SLEEPS, CYCLES)], ids=["cycles first", "sleeps first"])
def test_a_whoop_cycle_with_a_nap_s_window_gives_the_same_day_in_either_order(api, alice, sheets):
    for sheet in sheets:
        post(api(alice), "whoop", sheet)
    assert [(str(r.date), r.value_ms, r.context) for r in HrvReading.objects.all()] == [
        ("2026-05-25", 68, "overnight_mean")
    ]
    nights = SleepSession.objects.order_by("start_at")
    assert [(str(night.date), night.is_nap, night.duration_s) for night in nights] == [
        ("2026-05-25", False, 27360), ("2026-05-25", True, 1800),
    ]  # fmt: skip


def test_a_phone_s_time_in_bed_is_no_night_and_the_answer_says_why(api, alice):
    in_bed = {"uuid": "S1", "type": "HKCategoryTypeIdentifierSleepAnalysis", "value": 0,
              "startDate": "2026-11-20T05:00:00+01:00", "endDate": "2026-11-20T06:21:00+01:00"}  # fmt: skip
    answer = post(api(alice), "apple", json.dumps({"samples": [in_bed]}), "application/json").json()
    assert (answer["summary"], SleepSession.objects.count()) == ({}, 0)
    assert answer["findings"] == [{
        "where": "samples[0]", "code": "no_sleep_told",
        "message": "A time in bed without a length of sleep: it is not counted as sleep.",
    }]  # fmt: skip
