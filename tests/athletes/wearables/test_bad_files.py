"""Files that cannot be what they say, over HTTP and through the worker: a clear problem, and nothing is stored."""

import gzip
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from athletes.models import CheckIn, Day, Upload
from athletes.reports.records import RECORDS
from athletes.wearables import ingest, uploads
from athletes.wearables.readers import READERS
from athletes.wearables.readings import Reader, Reading, record_id
from benchmarks.apple_export import HEAD, day_of_records
from tests import factories
from tests.athletes.wearables import fit_files
from tests.athletes.wearables.payload_files import BOMB, OUTSIDE, raw, zipped

pytestmark = pytest.mark.usefixtures("valkey")


@pytest.fixture(autouse=True)
def uploads_dir(settings, tmp_path):
    settings.UPLOADS_DIR = tmp_path / "uploads"


def export_of(days: int) -> bytes:
    """Apple's XML of so many days, four HRV readings and a night each."""
    first = datetime(2026, 1, 1, tzinfo=UTC)
    return HEAD + "".join("".join(day_of_records(first + timedelta(days=n))) for n in range(days)).encode()


WHOLE = export_of(120) + b"</HealthData>\n"
CUT = export_of(120)[:-7]  # in the middle of the last record
GARMIN = json.loads(raw("garmin.json"))
TWO_PEOPLE = {
    "hrv": [
        {**GARMIN["hrv"][0], "summaryId": f"s{n}", "startTimeInSeconds": 1_760_000_000 + 86_400 * n,
         "userId": "one" if n < 800 else "two"}
        for n in range(801)
    ]
}  # fmt: skip
FILES = {
    "cut off XML": ("apple_export", CUT, "not_xml"),
    "cut off XML in a whole zip": ("apple_export", zipped(export_xml=CUT), "not_xml"),
    "cut off zip": ("apple_export", zipped(export_xml=WHOLE)[:-100], "not_a_zip"),
    "spoiled zip": ("apple_export", zipped(export_xml=WHOLE).replace(b"PK\x01\x02", b"PK\x09\x09"), "not_a_zip"),
    "zip bomb": ("apple_export", zipped(export_xml=b"<HealthData>" + b" " * 30_000_000), "zip_bomb"),
    "entity bomb after a good start": ("apple_export", zipped(export_xml=BOMB.encode()), "forbidden_xml"),
    "external entity": ("apple_export", OUTSIDE.encode(), "forbidden_xml"),
    "somebody's photos": ("apple_export", zipped(photos__cat_jpg=b"x"), "wrong_zip"),
    "another vendor's zip": ("apple_export", zipped(Fitbit__sleep_json="[]"), "wrong_zip"),
    "Apple's zip as Fitbit's": ("fitbit", zipped(apple_health_export__export_xml=WHOLE), "wrong_zip"),
    "cut off FIT": ("fit", fit_files.TRACK[: len(fit_files.TRACK) // 2], None),
    "a FIT that is XML": ("fit", WHOLE, None),
    "an export.zip that is JSON": ("apple_export", json.dumps(TWO_PEOPLE).encode(), None),
}  # fmt: skip


def nothing_is_stored():
    counts = {model.__name__: model.objects.count() for model in (*RECORDS.values(), CheckIn, Day)}
    return counts == dict.fromkeys(counts, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(("provider", "body", "code"), FILES.values(), ids=FILES)
def test_a_file_that_is_not_what_it_says_is_a_clear_problem_and_nothing_of_it_is_stored(
    api, alice, provider, body, code
):
    client = api(alice)
    answer = client.generic("POST", f"/api/v1/ingest/{provider}/", body, "application/octet-stream")
    assert answer.status_code == 202
    ingest.work()
    told = client.get(f"/api/v1/uploads/{answer.json()['id']}/").json()
    assert told["state"] == "failed"
    assert told["problem"]["code"] == (code or told["problem"]["code"]) != "reader_failed"
    assert told["problem"]["message"].endswith(".")
    assert (told["summary"], told["affected_dates"], nothing_is_stored()) == ({}, [], True)
    assert client.get("/api/v1/sync/changes/").json()["changes"] == []


@pytest.mark.django_db
def test_the_same_export_whole_is_stored_in_several_chunks(api, alice):
    """So the files above would have left something, had they been stored as they were read."""
    answer = api(alice).generic(
        "POST", "/api/v1/ingest/apple_export/", zipped(export_xml=WHOLE), "application/octet-stream"
    )
    ingest.work()
    upload = Upload.objects.get(pk=answer.json()["id"])
    assert (upload.state, upload.readings_done > 2 * ingest.CHUNK) == ("done", True)


@pytest.mark.django_db
def test_two_peoples_data_in_a_large_payload_is_refused_before_the_first_of_it_is_stored(api, alice):
    client = api(alice)
    answer = client.generic("POST", "/api/v1/ingest/garmin/", json.dumps(TWO_PEOPLE), "application/json")
    assert answer.status_code == 202  # more readings than a request waits for
    ingest.work()
    told = client.get(f"/api/v1/uploads/{answer.json()['id']}/").json()
    assert (told["state"], told["problem"]["code"], nothing_is_stored()) == ("failed", "two_athletes", True)


@pytest.mark.django_db
@pytest.mark.parametrize("provider", sorted(name for name, reader in READERS.items() if "json" in reader.formats))
@pytest.mark.parametrize(
    "body", [b'{"hrv": [', b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}', b"{}", b"[]", b"null", b"0"],
    ids=["cut off", "no UTF-8", "deep", "NaN", "empty object", "empty list", "null", "a number"],
)  # fmt: skip
def test_json_that_is_no_payload_is_no_500_and_stores_nothing(api, alice, provider, body):
    for sent, headers in ((body, {}), (gzip.compress(body), {"HTTP_CONTENT_ENCODING": "gzip"})):
        answer = api(alice).generic("POST", f"/api/v1/ingest/{provider}/", sent, "application/json", **headers)
        assert answer.status_code in (200, 400), answer.content
        assert answer.status_code == 400 or answer.json()["results"] == []
    assert nothing_is_stored()


# --- two workers ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_read_each_upload_once(monkeypatch):
    read, lock, together = [], threading.Lock(), threading.Barrier(2)

    def lines(payload, tally, profile):
        name = (payload if isinstance(payload, bytes) else payload.read()).decode()
        with lock:
            read.append(name)
        for n in range(5):
            at = datetime(2026, 6, 1 + n, 6, tzinfo=UTC).isoformat()
            yield Reading(
                "hrv_reading",
                {"client_record_id": record_id(name, n), "source": {"provider": "other"}, "measured_at": at,
                 "metric": "rmssd", "context": "morning_supine", "value_ms": 50.0 + n},
            )  # fmt: skip

    reader = Reader("lines", "Lines", "other", ("fit",), lines, (), "", "")
    monkeypatch.setitem(READERS, "lines", reader)
    athlete, names = factories.make_athlete("alice@example.org"), [f"file{n}" for n in range(12)]
    for name in names:
        body = uploads.Body(1000)
        body.receive(iter([name.encode()]))
        uploads.keep(body, athlete, "lines", "application/octet-stream")
    finished, failures = [], []

    def work():
        try:
            together.wait(10)
            while Upload.objects.exclude(state="done").exists() and not failures:
                finished.append(ingest.work())
        except BaseException as failure:
            failures.append(failure)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert failures == []
    assert sorted(read) == sorted(names)
    assert sum(finished) == len(names)
    assert set(Upload.objects.values_list("state", "attempts")) == {("done", 1)}
    assert RECORDS["hrv_reading"].objects.count() == 5 * len(names)
