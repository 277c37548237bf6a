"""GET /sync/changes/: everything that changed, nothing skipped, also not what commits late."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction

from athletes.models import CheckIn, TrainingSession
from athletes.reports import intake
from athletes.sync import changes
from athletes.views.records import EXAMPLES
from recommendations.advice import overriding
from tests import factories

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
ON = date(2026, 11, 22)
URL = "/api/v1/sync/changes/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def pull(client, cursor=None, **query):
    response = client.get(URL, {**({"cursor": cursor} if cursor else {}), **query})
    assert response.status_code == 200, response.json()
    return response.json()


def told(body):
    return [(c["kind"], c["date"], c["deleted"]) for c in body["changes"]]


@pytest.mark.usefixtures("valkey")
def test_one_pull_tells_all_and_the_next_only_what_changed_since(api, alice, bob, charlie):
    client = api(alice)
    for path, kind in (("hrv-readings", "hrv_reading"), ("training-sessions", "training_session")):
        client.post(f"/api/v1/{path}/", EXAMPLES[kind])
    client.put(f"/api/v1/check-ins/{ON}/", {"fatigue": 4})
    client.put(f"/api/v1/planned-sessions/{ON}/", {"load_au": 300, "kind": "tempo"})
    intake.record_check_in(bob, ON, {"fatigue": 1}, now=NOW)
    first = pull(client)
    on = str(ON)
    assert told(first) == [
        ("hrv_reading", on, False), ("training_session", on, False), ("check_in", on, False),
        ("planned_session", on, False), ("day", on, False),
    ]  # fmt: skip
    assert first["has_more"] is False
    again = pull(client, first["next_cursor"])
    assert (again["changes"], again["has_more"]) == ([], False)

    session = TrainingSession.objects.get()
    client.delete(f"/api/v1/training-sessions/{session.pk}/")
    client.delete(f"/api/v1/check-ins/{ON}/")
    client.delete(f"/api/v1/planned-sessions/{ON}/")
    second = pull(client, first["next_cursor"])
    assert told(second) == [
        ("training_session", on, True), ("check_in", on, True), ("planned_session", on, True), ("day", on, False),
    ]  # fmt: skip
    assert second["changes"][0] == {
        "kind": "training_session", "id": str(session.pk), "date": on, "client_record_id": "2026-11-22-track",
        "provider": "manual",
        "deleted": True, "data": None,
    }  # fmt: skip
    assert told(pull(client)) == [("hrv_reading", on, False), ("day", on, False)]


@pytest.mark.usefixtures("valkey")
def test_advice_overrides_feedback_and_warnings_are_among_them(api, alice, charlie, squad):
    from athletes import one_writer
    from tests.rest.world import make_warning

    client = api(alice)
    advice = factories.make_advice(alice, ON, current=True)
    one_writer.number([advice])
    advice.save()
    since = pull(client)
    assert [(c["kind"], c["data"]["id"]) for c in since["changes"]] == [("advice", str(advice.pk))]
    overriding.override(advice, by=charlie, action="active_recovery", reason_code="other", now=NOW)
    client.put(f"/api/v1/advice/{advice.pk}/feedback/", {"followed": "yes"})
    client.post(f"/api/v1/warnings/{make_warning(alice, ON).pk}/acknowledge/")
    since = pull(client, since["next_cursor"])
    assert [c["kind"] for c in since["changes"]] == ["override", "feedback", "warning"]
    assert since["changes"][0]["data"]["advice_id"] == str(advice.pk)


@pytest.mark.usefixtures("valkey")
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_of_any_size_tell_the_same(api, alice, limit):
    client = api(alice)
    for n in range(6):
        intake.record_check_in(alice, ON - timedelta(days=n), {"fatigue": 3}, now=NOW)
    whole, cursor, pages = told(pull(client)), None, []
    for _ in range(20):
        body = pull(client, cursor, limit=limit)
        pages += told(body)
        cursor = body["next_cursor"]
        if not body["has_more"]:
            break
    assert pages == whole
    assert len(whole) == 12


@pytest.mark.usefixtures("valkey")
def test_the_cursor_of_a_sync_tells_what_that_sync_changed(api, alice):
    client = api(alice)
    intake.record_check_in(alice, ON - timedelta(days=3), {"fatigue": 3}, now=NOW)
    answer = client.post("/api/v1/sync/", {"records": [{"kind": "rest_day", "data": EXAMPLES["rest_day"]}]}).json()
    assert told(pull(client, answer["next_cursor"])) == [
        ("rest_day", "2026-11-20", False), ("day", "2026-11-20", False),
    ]  # fmt: skip


@pytest.mark.usefixtures("valkey")
def test_a_cursor_is_ones_own_and_lives_as_long_as_tombstones(api, alice, bob):
    cursor = pull(api(alice))["next_cursor"]
    assert api(bob).get(URL, {"cursor": cursor}).status_code == 400
    with time_machine.travel(NOW + timedelta(days=91), tick=False):
        answer = api(alice).get(URL, {"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor_too_old")


def concurrently(*writers):
    threads = [threading.Thread(target=closing(write)) for write in writers]
    for thread in threads:
        thread.start()
    return threads


def closing(write):
    def run():
        try:
            write()
        finally:
            connection.close()

    return run


@pytest.mark.django_db(transaction=True)
def test_a_row_that_commits_late_is_not_skipped():
    """Two writers of one athlete: the first holds its transaction open while the second wants to pass."""
    alice = factories.make_athlete("alice@example.org")
    wrote, go_on = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            intake.record_check_in(alice, ON, {"fatigue": 2}, now=NOW)
            wrote.set()
            go_on.wait(5)

    def quick():
        wrote.wait(5)
        intake.record_check_in(alice, ON - timedelta(days=1), {"fatigue": 3}, now=NOW)

    threads = concurrently(slow, quick)
    wrote.wait(5)
    between = changes.page(alice, changes.START, 100) if connection.vendor == "postgresql" else None
    go_on.set()
    for thread in threads:
        thread.join()
    seen = {(item.kind, item.date) for item in between.items} if between else set()
    after = changes.page(alice, between.position if between else changes.START, 100)
    assert seen == set()  # the quick one waits for the slow one: nothing overtakes
    assert {(item.kind, item.date) for item in after.items} == {
        (kind, ON - timedelta(days=ago)) for kind in ("check_in", "day") for ago in (0, 1)
    }


@pytest.mark.django_db(transaction=True)
def test_a_phone_that_pulls_all_the_time_while_others_write_misses_nothing():
    alice = factories.make_athlete("alice@example.org")
    done = threading.Event()
    known, position = {}, changes.START

    def writer(first):
        def write():
            for n in range(first, 15, 3):
                intake.record_check_in(alice, ON - timedelta(days=n % 14), {"fatigue": n % 5 + 1}, now=NOW)

        return write

    threads = concurrently(*[writer(n) for n in range(3)])
    threading.Thread(target=lambda: ([t.join() for t in threads], done.set())).start()
    last = False
    while not last:
        last = done.is_set()
        while True:
            page = changes.page(alice, position, 2)
            position = page.position
            known |= {item.date: item.data["fatigue"] for item in page.items if item.kind == "check_in"}
            if not page.has_more:
                break
    assert known == dict(CheckIn.objects.values_list("date", "fatigue"))
