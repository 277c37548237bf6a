"""A watch that no longer synchronises: known within two days, to the athlete and the coach, once, with what to do."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from athletes.models import Athlete
from athletes.reports import intake
from recommendations.models import Delivery, Notice
from recommendations.push.messages import message_of
from recommendations.tasks import slow_silence
from tests.factories import make_device

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 5, 18)
MORNING = datetime(2026, 5, 18, 5, 0, tzinfo=UTC)


def synchronise(athlete, provider="garmin", *, back_days=range(20)):
    """A reading of each of these mornings, counted back from Monday, each on its own morning."""
    for back in sorted(back_days, reverse=True):
        at = MORNING - timedelta(days=back)
        with time_machine.travel(at + timedelta(minutes=5), tick=False):
            reading = {
                "client_record_id": f"{provider}-{back}", "source": {"provider": provider}, "measured_at": at,
                "metric": "rmssd", "context": "overnight_mean", "value_ms": 60.0,
            }  # fmt: skip
            intake.record_one(athlete, "hrv_reading", reading)


def at(hours):
    return time_machine.travel(MORNING + timedelta(minutes=5, hours=hours), tick=False)


def told():
    rows = Notice.objects.order_by("coach__email").values_list("coach__email", "athlete__display_name", "kind", "date")
    return list(rows)


def test_a_daily_watch_is_known_to_have_stopped_after_two_days_and_told_once(alice, charlie, squad):
    synchronise(alice)
    check_in(alice, 1)
    with at(hours=47.9):
        assert (slow_silence(), told()) == (0, [])
    with at(hours=48):
        assert slow_silence() == 2
        assert slow_silence() == 0
    assert told() == [
        ("alice@example.org", "Alice", "source_stopped", date(2026, 5, 20)),
        ("charlie@example.org", "Alice", "source_stopped", date(2026, 5, 20)),
    ]
    with at(hours=24 * 9):
        assert slow_silence() == 1  # all are silent by now: that is another news, and the coach's alone
    assert Notice.objects.get(kind="source_silent").coach == charlie


def check_in(athlete, day):
    """So that the athlete is not silent: only the watch is."""
    with at(hours=24 * day):
        intake.record_check_in(athlete, MONDAY + timedelta(days=day), {"fatigue": 4})


def test_a_watch_that_was_heard_again_may_stop_again(alice, charlie, squad):
    synchronise(alice)
    check_in(alice, 1)
    with at(hours=48):
        slow_silence()
    synchronise(alice, back_days=[-4])
    check_in(alice, 5)
    with at(hours=24 * 6):
        assert slow_silence() == 2


@pytest.mark.parametrize(("every_days", "stopped_after_days"), [(1, 2), (2, 3), (3, 4)])
def test_a_source_with_a_slower_rhythm_is_waited_for_longer(alice, every_days, stopped_after_days):
    synchronise(alice, back_days=range(0, 27, every_days))
    with at(hours=24 * stopped_after_days - 1):
        assert slow_silence() == 0
    with at(hours=24 * stopped_after_days):
        assert slow_silence() == 1


def test_a_source_used_now_and_then_is_no_habit_that_could_stop(alice):
    synchronise(alice, back_days=[0, 4, 8, 12, 20])
    with at(hours=24 * 8):
        assert slow_silence() == 0


def test_a_file_of_the_past_is_no_source_that_could_stop(alice):
    with at(hours=0):
        for back in range(10, 40):
            moment = MORNING - timedelta(days=back)
            reading = {
                "client_record_id": f"old-{back}", "source": {"provider": "oura"}, "measured_at": moment,
                "metric": "rmssd", "context": "overnight_mean", "value_ms": 60.0,
            }  # fmt: skip
            intake.record_one(alice, "hrv_reading", reading)
    with at(hours=72):
        assert slow_silence() == 0


def test_the_athletes_phone_says_what_to_do_and_no_value(alice, push_service):
    make_device(alice.user, push_service.subscribe())
    synchronise(alice)
    with at(hours=51):
        slow_silence()
        message = message_of(Delivery.objects.get())
    assert {name: message.data[name] for name in ("title", "body", "kind", "level")} == {
        "title": "A device has gone quiet", "body": "Open its app and let it synchronise", "kind": "notice",
        "level": "silent",
    }  # fmt: skip


def test_who_wants_no_pushes_gets_none(alice, push_service):
    from recommendations.announcing import notices

    make_device(alice.user, push_service.subscribe())
    Athlete.objects.filter(pk=alice.pk).update(wants_push=False)
    synchronise(alice)
    with at(hours=51):
        slow_silence()
    assert notices.why_not(Notice.objects.get()) == "the athlete wants no pushes"


def test_the_athlete_reads_when_each_source_was_heard(alice, api):
    synchronise(alice)
    synchronise(alice, "oura", back_days=range(40, 60))
    with at(hours=72):
        body = api(alice).get("/api/v1/me/sources/").json()
    assert body == {
        "sources": [
            {
                "provider": "garmin", "name": "Garmin", "last_heard_at": "2026-05-18T05:05:00Z",
                "last_date": "2026-05-18", "usual_gap_days": 1, "state": "stopped",
                "text": (
                    "Nothing has come from Garmin since 18 May; until then every day. Open its app and let it "
                    "synchronise. If that does not help, connect it anew. If you no longer use it, there is nothing "
                    "to do."
                ),
            },
            {
                "provider": "oura", "name": "Oura", "last_heard_at": "2026-04-08T05:05:00Z",
                "last_date": "2026-04-08", "usual_gap_days": 1, "state": "former", "text": "",
            },
        ]
    }  # fmt: skip


def test_a_coach_reads_of_no_own_notice_of_another(alice, charlie, squad, api):
    """The athlete's own row is not in the list of a coach, nor is the coach's in hers."""
    synchronise(alice)
    check_in(alice, 1)
    with at(hours=48):
        slow_silence()
        listed = api(charlie).get("/api/v1/notices/").json()["results"]
    assert [(row["title"], row["level"], row["display_name"]) for row in listed] == [
        ("A device has gone quiet", "silent", "Alice")
    ]
