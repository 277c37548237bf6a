"""One workout, one night, told by two sources: it counts once, on one date, though the sources' clocks show two."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from athletes.local_days.local_time import OFFSET_UNKNOWN
from athletes.local_days.spans import are_one, told_again
from athletes.models import Day, SleepSession, TrainingSession
from athletes.reports import intake

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def instant(text):
    """`Z` says that nobody knows the offset, as phones write it."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=OFFSET_UNKNOWN) if text.endswith("Z") else at


def workout(started_at, provider, minutes=60.0, **values):
    return "training_session", {
        "client_record_id": provider, "source": {"provider": provider}, "started_at": instant(started_at),
        "duration_min": minutes, **values,
    }  # fmt: skip


def night(start_at, end_at, provider, **values):
    start, end = instant(start_at), instant(end_at)
    return "sleep_session", {
        "client_record_id": provider, "source": {"provider": provider}, "start_at": start, "end_at": end,
        "duration_s": (end - start).total_seconds(), **values,
    }  # fmt: skip


def record(athlete, *records):
    for kind, data in records:
        intake.record_one(athlete, kind, data, now=NOW)


def loads(athlete):
    return dict(Day.objects.filter(athlete=athlete).exclude(load_au=None).values_list("date", "load_au"))


TOKYO = workout("2026-11-20T07:00:00+09:00", "garmin", rpe=5.0)
SAME_IN_UTC = workout("2026-11-19T22:00:00Z", "other", minutes=61.0, rpe=5.0)


@pytest.mark.parametrize("records", list(permutations([TOKYO, SAME_IN_UTC])))
def test_a_workout_in_tokyo_and_the_same_in_utc_count_once(alice, records):
    record(alice, *records)
    assert loads(alice) == {date(2026, 11, 20): 300.0}
    assert set(TrainingSession.objects.values_list("date", flat=True)) == {date(2026, 11, 20)}
    assert sorted(TrainingSession.objects.values_list("provider", "same_session_as")) == [
        ("garmin", ""), ("other", "garmin/garmin"),
    ]  # fmt: skip


AROUND_MIDNIGHT = [
    workout("2026-11-19T23:58:00+01:00", "garmin", rpe=5.0), workout("2026-11-20T00:01:00+01:00", "polar", rpe=5.0),
]  # fmt: skip


@pytest.mark.parametrize("records", list(permutations(AROUND_MIDNIGHT)))
def test_two_watches_that_start_around_midnight_count_once_on_the_evening(alice, records):
    record(alice, *records)
    assert loads(alice) == {date(2026, 11, 19): 300.0}


def test_two_workouts_after_each_other_around_midnight_are_two(alice):
    record(
        alice,
        workout("2026-11-19T23:00:00+01:00", "garmin", 58, rpe=5.0),
        workout("2026-11-20T00:01:00+01:00", "polar", rpe=5.0),
    )
    assert loads(alice) == {date(2026, 11, 19): 290.0, date(2026, 11, 20): 300.0}


def test_what_is_left_of_a_workout_told_twice_goes_back_to_its_own_date(alice):
    record(alice, TOKYO, SAME_IN_UTC)
    intake.delete_record(TrainingSession.objects.get(provider="garmin"), now=NOW)
    assert loads(alice) == {date(2026, 11, 19): 305.0}
    assert TrainingSession.objects.get(provider="other").same_session_as == ""


@pytest.mark.parametrize("dry_run", [True, False])
def test_deriving_all_dates_again_moves_nothing(alice, dry_run):
    record(alice, TOKYO, SAME_IN_UTC, *AROUND_MIDNIGHT[:1])
    assert intake.refile(alice, dry_run=dry_run, now=NOW) == ([], [])


IN_AUCKLAND = night("2026-11-19T22:30:00+13:00", "2026-11-20T06:30:00+13:00", "oura", score=80)
BY_AN_APP_AT_HOME = night("2026-11-19T09:40:00Z", "2026-11-19T17:20:00Z", "health_connect")


@pytest.mark.parametrize("records", list(permutations([IN_AUCKLAND, BY_AN_APP_AT_HOME])))
def test_a_night_that_an_app_without_a_zone_tells_too_lies_where_the_ring_says(alice, records):
    """17:20Z is 18:20 at home in Berlin: a night that ended on the 19th, were there no ring."""
    record(alice, *records)
    assert set(SleepSession.objects.values_list("date", flat=True)) == {date(2026, 11, 20)}
    slept = Day.objects.exclude(sleep_duration_min=None).values_list("date", "sleep_duration_min")
    assert list(slept) == [(date(2026, 11, 20), 480.0)]


minutes = st.integers(0, 600)
spans = st.tuples(minutes, st.integers(1, 120)).map(
    lambda s: (NOW + timedelta(minutes=s[0]), NOW + timedelta(minutes=s[0] + s[1]))
)


@settings(max_examples=300, deadline=None)
@given(st.lists(spans, max_size=10), st.randoms())
def test_what_is_one_thing_does_not_depend_on_the_order(spans, random):
    found = {frozenset(group) for group in told_again(set(spans), lambda span: span)}
    shuffled = list(set(spans))
    random.shuffle(shuffled)
    assert {frozenset(group) for group in told_again(shuffled, lambda span: span)} == found
    group_of = {span: group for group in found for span in group}
    for one in spans:
        for other in spans:
            assert not are_one(one, other) or group_of[one] == group_of[other]
