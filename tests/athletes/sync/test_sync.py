"""POST /sync/: many records at once, each with its own result."""

import gzip
import json
from datetime import date

import pytest
import time_machine

from athletes.models import Absence, Day, Deletion, HrvReading, RestDay, SleepSession, TrainingSession
from athletes.signals import day_revised
from athletes.views.records import EXAMPLES

pytestmark = [pytest.mark.usefixtures("valkey")]
URL = "/api/v1/sync/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-11-22T20:00:00Z", tick=False):
        yield


def entry(kind, deleted=None, **values):
    found = {"kind": kind, "data": EXAMPLES[kind] | values}
    return found if deleted is None else found | {"deleted": deleted}


def statuses(response):
    assert response.status_code == 200, response.json()
    return [result["status"] for result in response.json()["results"]]


def sent(client, *entries, **more):
    return client.post(URL, {"records": list(entries), **more})


def test_one_of_every_kind_is_stored_and_its_days_are_named(api, alice):
    response = sent(api(alice), *[entry(kind) for kind in EXAMPLES])
    body = response.json()
    assert statuses(response) == ["created"] * 6
    assert body["summary"] == {
        "created": 6, "updated": 0, "unchanged": 0, "conflict": 0, "stale": 0, "deleted": 0, "rejected": 0,
    }  # fmt: skip
    assert body["affected_dates"] == ["2026-11-20", "2026-11-21", "2026-11-22"]
    assert body["server_time"] == "2026-11-22T20:00:00Z"
    assert body["results"][0] == {
        "index": 0,
        "kind": "hrv_reading",
        "client_record_id": "hrv-2026-11-22",
        "status": "created",
        "id": str(HrvReading.objects.get().pk),
        "date": "2026-11-22",
        "quality": {"status": "ok", "reasons": []},
        "record": None,
        "retryable": False,
        "errors": [],
    }
    assert Day.objects.get(date=date(2026, 11, 22)).hrv_ms == 61.0


def test_all_days_are_announced_once(api, alice):
    heard = []

    def listen(sender, *, dates, rings, **kwargs):
        heard.append((sorted(dates), rings))

    day_revised.connect(listen)
    try:
        sent(api(alice), *[entry(kind) for kind in EXAMPLES])
        sent(api(alice), *[entry(kind) for kind in EXAMPLES])
    finally:
        day_revised.disconnect(listen)
    assert heard == [([date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)], True)]


def test_a_poison_record_is_rejected_with_pointers_and_keeps_no_other_back(api, alice):
    response = sent(
        api(alice),
        entry("hrv_reading", value_ms=0),
        entry("training_session", started_at="2026-11-23T09:00:00Z"),
        {"kind": "mood", "data": {}},
        {"kind": "rest_day", "data": []},
        entry("rest_day", deleted="yes"),
        {**entry("rest_day"), "x": 1},
        "garbage",
        entry("hrv_reading", metric=None),
        entry("sleep_session"),
    )
    assert statuses(response) == ["rejected"] * 8 + ["created"]
    results = response.json()["results"]
    assert [[(e["pointer"], e["code"]) for e in r["errors"]] for r in results[:8]] == [
        [("#/records/0/data/value_ms", "missing_sentinel")],
        [("#/records/1/data/started_at", "in_future")],
        [("#/records/2/kind", "unknown_kind")],
        [("#/records/3/data", "not_an_object")],
        [("#/records/4/deleted", "not_a_boolean")],
        [("#/records/5/x", "unknown_field")],
        [("#/records/6", "not_an_object")],
        [("#/records/7/data/metric", "null")],
    ]
    assert not any(result["retryable"] for result in results)
    assert results[0]["client_record_id"] == "hrv-2026-11-22"
    assert (SleepSession.objects.count(), HrvReading.objects.count()) == (1, 0)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_the_same_record_twice_in_a_batch_leaves_its_highest_version(api, alice, order):
    versions = [entry("training_session", client_record_version=v, duration_min=60 + v) for v in range(3)]
    response = sent(api(alice), *[versions[v] for v in order])
    highest = [max(order[: n + 1]) == v for n, v in enumerate(order)]
    expected = ["stale" if not top else "updated" if n else "created" for n, top in enumerate(highest)]
    assert statuses(response) == expected
    assert TrainingSession.objects.get().duration_min == 62
    assert Day.objects.get().load_au == 62 * 7


def test_conflict_and_stale_answer_the_servers_copy(api, alice):
    client = api(alice)
    sent(client, entry("training_session", client_record_version=1))
    response = sent(
        client,
        entry("training_session", client_record_version=1, duration_min=10),
        entry("training_session", client_record_version=0, duration_min=10),
        entry("training_session", client_record_version=1),
    )
    assert statuses(response) == ["conflict", "stale", "unchanged"]
    records = [result["record"] and result["record"]["duration_min"] for result in response.json()["results"]]
    assert records == [75.0, 75.0, None]


def test_a_deletion_needs_a_higher_version_and_stays(api, alice):
    client = api(alice)
    sent(client, entry("training_session", client_record_version=1))
    assert statuses(sent(client, entry("training_session", True, client_record_version=1))) == ["conflict"]
    assert statuses(sent(client, entry("training_session", True, client_record_version=0))) == ["stale"]
    assert statuses(sent(client, entry("training_session", True, client_record_version=2))) == ["deleted"]
    assert statuses(sent(client, entry("training_session", True, client_record_version=2))) == ["unchanged"]
    assert Day.objects.get().load_au is None
    assert statuses(sent(client, entry("training_session", client_record_version=1))) == ["stale"]
    assert statuses(sent(client, entry("training_session", client_record_version=2))) == ["conflict"]
    assert statuses(sent(client, entry("training_session", client_record_version=3))) == ["updated"]
    assert Day.objects.get().load_au == 525.0


def test_a_deletion_that_overtakes_its_record_keeps_it_out(api, alice):
    client = api(alice)
    assert statuses(sent(client, entry("rest_day", True, client_record_version=2))) == ["deleted"]
    assert statuses(sent(client, entry("rest_day", True, client_record_version=2))) == ["unchanged"]
    assert statuses(sent(client, entry("rest_day", client_record_version=1))) == ["stale"]
    assert not RestDay.objects.exists()
    assert statuses(sent(client, entry("rest_day", client_record_version=3))) == ["created"]
    assert not Deletion.objects.exists()


def test_doubts_do_not_depend_on_the_order_in_which_readings_came(alice, api, bob):
    usual = [
        entry("hrv_reading", client_record_id=f"h{n}", measured_at=f"2026-11-{n:02}T06:40:00Z", value_ms=60.0 + n % 3)
        for n in range(1, 20)
    ]  # fmt: skip
    odd = entry("hrv_reading", client_record_id="odd", measured_at="2026-11-20T06:40:00+01:00", value_ms=190.0)
    sent(api(alice), *usual, odd)
    for late in (odd, *reversed(usual)):
        sent(api(bob), late)
    for athlete in (alice, bob):
        doubted = HrvReading.objects.filter(athlete=athlete, quality_status="quarantined")
        assert [reading.client_record_id for reading in doubted] == ["odd"]
    assert list(Day.objects.filter(athlete=alice).values_list("date", "hrv_ms").order_by("date")) == list(
        Day.objects.filter(athlete=bob).values_list("date", "hrv_ms").order_by("date")
    )


def test_an_overnight_reading_lies_on_the_day_of_its_night_whichever_comes_first(api, alice, bob):
    reading = entry("hrv_reading", measured_at="2026-11-21T17:30:00+01:00")
    night = entry(
        "sleep_session", source={"provider": "oura"},
        start_at="2026-11-21T14:29:00+01:00", end_at="2026-11-22T02:20:00+01:00", duration_s=None,
    )  # fmt: skip
    for client, order in ((api(alice), (reading, night)), (api(bob), (night, reading))):
        for each in order:
            assert statuses(sent(client, each)) == ["created"]
    assert set(HrvReading.objects.values_list("date", flat=True)) == {date(2026, 11, 22)}


def test_absences_are_kept_and_refused_one_by_one(api, alice):
    absences = [
        {"kind": "hrv_reading", "date": "2026-11-22", "reason": "not_worn"},
        {"kind": "hrv_reading", "date": "2026-11-22", "reason": "low_battery"},
        {"kind": "hrv_reading", "date": "22.11.2026", "reason": "not_worn"},
    ]
    body = api(alice).post(URL, {"absences": absences}).json()
    assert [each["status"] for each in body["absences"]] == ["created", "updated", "rejected"]
    assert body["absences"][2]["errors"][0]["pointer"] == "#/absences/2/date"
    assert list(Absence.objects.values_list("kind", "reason")) == [("hrv_reading", "low_battery")]
    again = api(alice).post(URL, {"absences": absences[1:2]}).json()
    assert [each["status"] for each in again["absences"]] == ["unchanged"]


def zipped(client, body, **headers):
    return client.generic("POST", URL, body, "application/json", HTTP_CONTENT_ENCODING="gzip", **headers)


def test_gzip_is_taken_and_a_bomb_is_not(api, alice):
    client = api(alice)
    body = json.dumps({"records": [entry("rest_day")]}).encode()
    assert statuses(zipped(client, gzip.compress(body))) == ["created"]
    bomb = zipped(client, gzip.compress(b'{"records": [' + b" " * 400_000_000))
    assert (bomb.status_code, bomb.json()["code"]) == (413, "body_too_large")
    limits = {"records": 5000, "absences": 5000, "bytes_inflated": 1048576}
    assert bomb.json()["limits"] == limits
    for broken in (body, gzip.compress(body)[:-9], gzip.compress(body) + b"x"):
        answer = zipped(client, broken)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_gzip")
    many = client.post(URL, {"records": [0] * 5001})
    assert (many.status_code, many.json()["code"], many.json()["limits"]) == (413, "too_many_records", limits)


def test_a_thousand_records_take_few_statements(api, alice, django_assert_max_num_queries):
    from athletes.sync import sync

    batch = [
        entry(
            "training_session", client_record_id=f"s{n}", started_at=f"2026-{1 + n // 100:02}-{1 + n % 28:02}T05:00:00Z"
        )
        for n in range(1000)
    ]
    with django_assert_max_num_queries(40):
        body = sync.sync(alice, batch, [])
    assert body["summary"]["created"] == 1000
    assert TrainingSession.objects.count() == 1000
