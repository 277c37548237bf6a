from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from recommendations.announcing import deliveries
from recommendations.models import Delivery, Override
from tests.factories import make_advice, make_device

TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def announced(delivery):
    return {name: getattr(delivery, name) for name in ("device_id", "advice_id", "override_id", "kind", "state")}


def test_every_active_device_of_the_athlete_gets_a_delivery_and_nobody_elses_does(alice, bob):
    phone, tablet = make_device(alice.user, "token-1"), make_device(alice.user, "token-2")
    make_device(alice.user, "token-3", active=False)
    make_device(bob.user, "token-4")
    advice = make_advice(alice, TODAY)
    assert deliveries.announce([advice], now=NOON) == 2
    rows = Delivery.objects.order_by("created_at", "pk")
    assert sorted(map(announced, rows), key=str) == sorted(
        (
            {"device_id": device.pk, "advice_id": advice.pk, "override_id": None, "kind": "advice", "state": "waiting"}
            for device in (phone, tablet)
        ),
        key=str,
    )
    assert {row.next_attempt_at for row in rows} == {NOON}
    assert {row.valid_until for row in rows} == {advice.valid_until}


def test_who_wants_no_push_gets_none(alice):
    make_device(alice.user, "token-1")
    alice.wants_push = False
    alice.save()
    assert deliveries.announce([make_advice(alice, TODAY)], now=NOON) == 0
    assert not Delivery.objects.exists()


def test_announcing_twice_writes_one_row(alice):
    make_device(alice.user, "token-1")
    advice = make_advice(alice, TODAY)
    deliveries.announce([advice], now=NOON)
    deliveries.announce([advice], now=NOON)
    assert [row.state for row in Delivery.objects.all()] == ["waiting"]


def test_a_newer_revision_makes_the_waiting_message_obsolete_and_leaves_other_days_and_athletes_alone(alice, bob):
    for athlete in (alice, bob):
        make_device(athlete.user, f"token-{athlete.pk}")
    first = make_advice(alice, TODAY, current=False)
    yesterday = make_advice(alice, date(2026, 11, 21))
    bobs = make_advice(bob, TODAY)
    deliveries.announce([first, yesterday, bobs], now=NOON)
    second = make_advice(alice, TODAY, revision=2)
    bobs_yesterday = make_advice(bob, date(2026, 11, 21))
    deliveries.announce([second, bobs_yesterday], now=NOON)
    states = {row.advice_id: row.state for row in Delivery.objects.all()}
    assert states == {
        first.pk: "obsolete",
        yesterday.pk: "waiting",
        bobs.pk: "waiting",
        second.pk: "waiting",
        bobs_yesterday.pk: "waiting",
    }


def test_a_message_that_was_sent_stays_sent(alice):
    make_device(alice.user, "token-1")
    first = make_advice(alice, TODAY, current=False)
    deliveries.announce([first], now=NOON)
    Delivery.objects.update(state=Delivery.State.SENT)
    deliveries.announce([make_advice(alice, TODAY, revision=2)], now=NOON)
    assert Delivery.objects.get(advice=first).state == "sent"


def test_an_override_is_announced_and_takes_the_place_of_the_advice(alice, charlie):
    phone = make_device(alice.user, "token-1")
    advice = make_advice(alice, TODAY)
    deliveries.announce([advice], now=NOON)
    override = Override.objects.create(
        advice=advice, action="active_recovery", reason_code="seen_at_training", by=charlie, created_at=timezone.now()
    )
    assert deliveries.announce([], overrides=[override], now=NOON) == 1
    assert deliveries.announce([], overrides=[override], now=NOON) == 1
    assert {(row.kind, row.override_id, row.state) for row in phone.deliveries.all()} == {
        ("advice", None, "obsolete"),
        ("override", override.pk, "waiting"),
    }


def test_many_athletes_are_announced_in_a_bounded_number_of_queries(alice, bob, django_assert_max_num_queries):
    rows = []
    for athlete in (alice, bob):
        make_device(athlete.user, f"token-{athlete.pk}")
        rows.append(make_advice(athlete, TODAY))
    with django_assert_max_num_queries(4):
        deliveries.announce(rows, now=NOON)


@pytest.mark.parametrize(
    ("start", "end", "local", "expected"),
    [
        ("21:30", "06:00", "2026-11-22 07:00", "2026-11-22 07:00"),
        ("21:30", "06:00", "2026-11-22 05:59", "2026-11-22 06:00"),
        ("21:30", "06:00", "2026-11-22 06:00", "2026-11-22 06:00"),
        ("21:30", "06:00", "2026-11-22 21:30", "2026-11-23 06:00"),
        ("21:30", "06:00", "2026-11-22 23:00", "2026-11-23 06:00"),
        ("00:30", "06:00", "2026-11-22 00:29", "2026-11-22 00:29"),
        ("00:30", "06:00", "2026-11-22 03:00", "2026-11-22 06:00"),
        ("06:00", "06:00", "2026-11-22 03:00", "2026-11-22 03:00"),
        ("21:30", "02:30", "2026-03-29 01:59", "2026-03-29 03:30"),  # clocks go from 02:00 to 03:00 that night
        ("21:30", "06:00", "2026-10-24 23:00", "2026-10-25 06:00"),  # and back, so the night is an hour longer
    ],
)
def test_quiet_hours_end_by_the_athletes_own_clock(alice, start, end, local, expected):
    alice.quiet_hours_start, alice.quiet_hours_end = time.fromisoformat(start), time.fromisoformat(end)
    berlin = ZoneInfo("Europe/Berlin")
    at = datetime.fromisoformat(local).replace(tzinfo=berlin).astimezone(UTC)
    later = deliveries.after_quiet_hours(alice, at)
    assert later.astimezone(berlin).strftime("%Y-%m-%d %H:%M") == expected


def test_what_is_announced_at_night_waits_for_the_morning(alice):
    make_device(alice.user, "token-1")
    deliveries.announce([make_advice(alice, TODAY)], now=datetime(2026, 11, 22, 3, 0, tzinfo=UTC))
    assert Delivery.objects.get().next_attempt_at == datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
