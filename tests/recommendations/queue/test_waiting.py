"""The queue, the hint that wakes the worker, and the bells of the morning."""

import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import redis
import time_machine
from django.db import connection, transaction
from kombu import Connection

from athletes.models import Athlete
from athletes.signals import day_revised
from recommendations.models import WaitingDay
from recommendations.queue import deadlines, waiting
from storage import bell
from tests import factories
from tests.recommendations.seasons import AFTER_DEADLINE, MORNING, TODAY

pytestmark = pytest.mark.django_db


# --- rows -------------------------------------------------------------------------------------------------------------


def test_a_revised_day_waits_once_since_its_first_revision(alice):
    with time_machine.travel(MORNING, tick=False):
        day_revised.send(None, athlete_id=alice.pk, dates={TODAY}, rings=False)
    with time_machine.travel(AFTER_DEADLINE, tick=False):
        day_revised.send(None, athlete_id=alice.pk, dates={TODAY}, rings=False)
    assert list(WaitingDay.objects.values_list("athlete", "date", "since", "rings")) == [
        (alice.pk, TODAY, MORNING, False)
    ]


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_a_row_that_rings_goes_on_ringing_whatever_comes_after_it(alice, order):
    for rings in order:
        waiting.enqueue(alice.pk, [TODAY], rings=rings)
    assert WaitingDay.objects.get().rings is True


def test_a_new_report_ends_the_pause_after_a_failure(alice):
    waiting.enqueue(alice.pk, [TODAY], rings=True)
    waiting.put_off(alice.pk, "ZeroDivisionError", MORNING)
    assert not waiting.claim_athletes(MORNING)
    waiting.enqueue(alice.pk, [TODAY], rings=True)
    row = WaitingDay.objects.get()
    assert (row.attempts, row.not_before, row.error) == (0, None, "")
    assert list(waiting.claim_athletes(MORNING)) == [alice]


def test_who_reports_is_claimed_before_those_whose_deadline_rang_and_of_these_few_at_once(db, monkeypatch):
    monkeypatch.setattr(waiting, "BESIDE", 1)
    monkeypatch.setattr(waiting, "ALONE", 2)
    asleep = [factories.make_athlete(f"asleep{n}@example.org") for n in range(3)]
    imported, *awake = [factories.make_athlete(f"awake{n}@example.org") for n in range(4)]
    for athlete in asleep:
        waiting.enqueue(athlete.pk, [TODAY], rings=True, reason=WaitingDay.Reason.DEADLINE)
    waiting.enqueue(imported.pk, [TODAY - timedelta(days=n) for n in range(3)], rings=False)
    for athlete in awake:
        waiting.enqueue(athlete.pk, [TODAY], rings=True)
    claimed = set(waiting.claim_athletes(MORNING))
    assert claimed >= set(awake)
    assert len(claimed & {*asleep, imported}) == 1
    WaitingDay.objects.filter(athlete__in=claimed).delete()
    assert len(waiting.claim_athletes(MORNING)) == 2


def test_who_reports_comes_first_also_where_the_deadlines_rang_before(db):
    asleep = [factories.make_athlete(f"asleep{n}@example.org") for n in range(3)]
    awake = [factories.make_athlete(f"awake{n}@example.org") for n in range(3)]
    for athlete in asleep:
        waiting.enqueue(athlete.pk, [TODAY], rings=True, reason=WaitingDay.Reason.DEADLINE)
    for athlete in awake:
        waiting.enqueue(athlete.pk, [TODAY], rings=True)
    assert set(list(waiting.claim_athletes(MORNING))[:3]) == set(awake)


def test_a_full_batch_of_reporters_leaves_room_for_a_few_others(db, monkeypatch):
    monkeypatch.setattr(waiting, "BESIDE", 1)
    monkeypatch.setattr(waiting, "BATCH", 3)
    asleep, *awake = [factories.make_athlete(f"a{n}@example.org") for n in range(5)]
    waiting.enqueue(asleep.pk, [TODAY], rings=True, reason=WaitingDay.Reason.DEADLINE)
    for athlete in awake:
        waiting.enqueue(athlete.pk, [TODAY], rings=True)
    claimed = waiting.claim_athletes(MORNING)
    assert len(claimed) == 3 and asleep in claimed


def test_who_reports_while_her_deadline_rings_is_one_who_reports(alice):
    for reason in (WaitingDay.Reason.DEADLINE, WaitingDay.Reason.REVISED, WaitingDay.Reason.DEADLINE):
        waiting.enqueue(alice.pk, [TODAY], rings=True, reason=reason)
    assert WaitingDay.objects.get().reason == WaitingDay.Reason.REVISED


def test_the_pause_after_a_failure_doubles(alice):
    waiting.enqueue(alice.pk, [TODAY], rings=True)
    pauses = []
    for _ in range(3):
        waiting.put_off(alice.pk, "ZeroDivisionError", MORNING)
        pauses.append((WaitingDay.objects.get().not_before - MORNING).total_seconds())
        WaitingDay.objects.update(not_before=None)
    assert pauses == [10, 20, 40]


def test_the_age_of_the_oldest_row_is_what_the_metric_says(alice, bob):
    assert waiting.oldest_age_s(MORNING) == 0
    for athlete, minutes in ((alice, 3), (bob, 1)):
        waiting.enqueue(athlete.pk, [TODAY], rings=True)
        WaitingDay.objects.filter(athlete=athlete).update(since=MORNING - timedelta(minutes=minutes))
    assert waiting.oldest_age_s(MORNING) == 180


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_two_workers_never_hold_the_same_athlete():
    athletes = [factories.make_athlete(f"a{n}@example.org") for n in range(4)]
    for athlete in athletes:
        waiting.enqueue(athlete.pk, [TODAY], rings=True)
    other = []
    with transaction.atomic():
        mine = waiting.claim_athletes(MORNING, only=[a.pk for a in athletes[:3]])

        def second_worker():
            with transaction.atomic():
                other.extend(waiting.claim_athletes(MORNING))
            connection.close()

        thread = threading.Thread(target=second_worker)
        thread.start()
        thread.join(10)
    assert set(mine) == set(athletes[:3])
    assert other == [athletes[3]]


# --- the hint ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def broker(valkey, settings):
    """A clean Valkey, and a wake that has not failed yet."""
    bell.client.cache_clear()
    bell.breaker.open_until_s = 0.0
    client = redis.Redis.from_url(valkey)
    client.flushall()
    yield client
    bell.client.cache_clear()
    bell.breaker.open_until_s = 0.0


def hints(broker):
    return broker.llen("advice")


def test_a_hundred_check_ins_at_once_send_one_hint(broker):
    for _ in range(100):
        bell.ring()
    assert hints(broker) == 1


def test_once_the_drain_has_begun_the_next_check_in_rings_again(broker):
    bell.ring()
    bell.heard()
    bell.ring()
    assert hints(broker) == 2


def test_the_hint_is_a_task_that_celery_can_run(broker):
    from config.celery import app

    app.loader.import_default_modules()
    bell.ring()
    with Connection(app.conf.broker_url) as channel:
        message = channel.SimpleQueue("advice").get(timeout=2)
    assert message.headers["task"] in app.tasks
    assert message.payload[:2] == [[], {}]
    assert message.headers["expires"] > datetime.now(UTC).isoformat()
    message.ack()


def test_the_hint_is_only_sent_when_the_writer_has_committed(alice, broker, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        day_revised.send(None, athlete_id=alice.pk, dates={TODAY}, rings=True)
        assert hints(broker) == 0
    callbacks[0]()
    assert hints(broker) == 1


def test_an_import_wakes_nobody(alice, broker, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        day_revised.send(None, athlete_id=alice.pk, dates={TODAY}, rings=False)
    assert callbacks == []


def test_a_broker_that_is_down_is_asked_once_and_then_left_alone(broker, settings, tmp_path):
    settings.VALKEY_URL = f"unix://{tmp_path}/nobody.sock"
    bell.client.cache_clear()
    before = bell.WAKE_ERRORS._value.get()
    for _ in range(10):
        bell.ring()
    assert bell.WAKE_ERRORS._value.get() - before == 1


def test_after_a_broker_was_frozen_or_closed_hints_come_again(broker):
    broker.client_pause(3_000)
    for _ in range(20):
        bell.ring()
    broker.client_unpause()
    for _ in range(2):
        bell.breaker.open_until_s = 0.0
        broker.flushall()
        bell.ring()
        assert hints(broker) == 1
        broker.client_kill_filter(_type="normal", skipme=True)


def test_a_frozen_broker_costs_one_short_time_out(broker):
    before = bell.WAKE_ERRORS._value.get()
    broker.client_pause(3_000)
    for _ in range(20):
        bell.ring()
    broker.client_unpause()
    assert bell.WAKE_ERRORS._value.get() - before == 1


# --- mornings ---------------------------------------------------------------------------------------------------------

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati",
         "Pacific/Pago_Pago", "Africa/Casablanca", "America/St_Johns", "Antarctica/Troll"]  # fmt: skip


def bells(athlete, start, days, every=timedelta(hours=3)):
    """Ring as beat does; which local days rang, in order."""
    rung = []
    at = start
    while at < start + timedelta(days=days):
        deadlines.ring_due(at)
        for row in WaitingDay.objects.filter(athlete=athlete):
            rung.append((row.date, at.astimezone(ZoneInfo(athlete.timezone)).replace(tzinfo=None)))
        WaitingDay.objects.all().delete()
        at += every
    return rung


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("start", [datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC)])
def test_every_local_day_rings_exactly_once_over_each_clock_change(db, zone, start):
    athlete = factories.make_athlete("zoe@example.org", timezone=zone)
    rung = bells(athlete, start, 37)
    dates = [day for day, _ in rung]
    assert dates == [dates[0] + timedelta(days=n) for n in range(len(dates))]
    assert len(dates) in (37, 38)
    for day, wall in rung[1:]:
        assert wall.date() == day
        assert timedelta(hours=9) <= wall - datetime.combine(day, datetime.min.time()) <= timedelta(hours=12)


def test_a_deadline_that_the_clock_change_skips_or_repeats_rings_once(db):
    athlete = factories.make_athlete("zoe@example.org", morning_deadline=datetime(2026, 1, 1, 2, 30).time())
    for start in (datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)):
        Athlete.objects.update(next_morning_at=None)
        dates = [day for day, _ in bells(athlete, start, 5, every=timedelta(minutes=30))]
        assert dates == sorted(set(dates))
        assert len(dates) >= 5


def test_the_day_that_samoa_skipped_does_not_ring(db):
    athlete = factories.make_athlete("zoe@example.org", timezone="Pacific/Apia")
    dates = [day for day, _ in bells(athlete, datetime(2011, 12, 28, tzinfo=UTC), 5)]
    assert date(2011, 12, 30) not in dates
    assert date(2011, 12, 31) in dates
    assert dates == sorted(set(dates))


def test_after_an_outage_of_days_only_today_rings(alice):
    deadlines.ring_due(MORNING)
    deadlines.ring_due(AFTER_DEADLINE + timedelta(days=4))
    assert [row.date for row in WaitingDay.objects.all()] == [TODAY + timedelta(days=4)]


def test_a_move_to_another_zone_sets_the_next_morning_anew(alice):
    with time_machine.travel(MORNING, tick=False):
        deadlines.ring_due(MORNING)
        assert Athlete.objects.get().next_morning_at == datetime(2026, 5, 20, 7, 0, tzinfo=UTC)
        alice.timezone = "Asia/Tokyo"
        alice.save()
        WaitingDay.objects.all().delete()
        deadlines.ring_due(MORNING)
    assert WaitingDay.objects.get().date == TODAY  # 14:00 in Tokyo: its deadline has passed
    assert Athlete.objects.get().next_morning_at == datetime(2026, 5, 21, 0, 0, tzinfo=UTC)


def test_a_thousand_athletes_ring_in_chunks(db, monkeypatch):
    monkeypatch.setattr(deadlines, "CHUNK", 4)
    for n in range(10):
        factories.make_athlete(f"a{n}@example.org")
    assert deadlines.ring_due(AFTER_DEADLINE) == 10
    assert deadlines.ring_due(AFTER_DEADLINE) == 0
