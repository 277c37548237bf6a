"""Which HRV era the days stand on: changes have a reason, and come out the same in whatever order readings come."""

import itertools
import random
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from athletes.days import hrv_choice, resolving
from athletes.days.hrv_choice import choose
from athletes.models import Day, HrvReading
from athletes.reports import intake, profile
from tests import factories

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
ON = date(2026, 11, 22)
START = date(2026, 3, 1)
WATCH, RING, STRAP = "rmssd/garmin/overnight_mean", "rmssd/oura/overnight_mean", "rmssd/manual/morning_supine"
SPOT, PEAK = "sdnn/apple/spot", "rmssd/garmin/overnight_5min_high"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def preferring(*order):
    def preference(day, era):
        metric, provider, context = era.split("/")
        place = order.index(provider) if provider in order else len(order)
        return place, metric != "rmssd", context in hrv_choice.UNSTEADY

    return preference


def turns(calendar, *, order=(), before="", named=lambda day, era: False):
    """`calendar`: era -> the day numbers on which it was read. The days on which the choice changed, and why."""
    read = {}
    for era, numbers in calendar.items():
        for number in numbers:
            read.setdefault(START + timedelta(days=number), set()).add(era)
    chosen = choose({d: frozenset(e) for d, e in read.items()}, START, before, preferring(*order), named)
    return [((day - START).days, c.era, c.because) for day, c in chosen if c.because != "same_as_before"]


def test_two_devices_worn_every_night_do_not_take_turns():
    assert turns({WATCH: range(100), RING: range(100)}) == [(0, RING, "first")]


def test_the_device_that_was_there_first_stays():
    assert turns({WATCH: range(100), RING: range(40, 100)}) == [(0, WATCH, "first")]


def test_a_forgotten_night_changes_nothing():
    assert turns({WATCH: set(range(100)) - {50, 51, 52}, RING: range(100)}, order=("garmin",)) == [(0, WATCH, "first")]


def test_a_device_that_is_put_away_is_followed_by_the_other_after_three_days():
    assert turns({WATCH: range(50), RING: range(30, 100)}) == [(0, WATCH, "first"), (53, RING, "unread")]


def test_a_source_put_first_takes_over_once_it_is_established():
    worn = {WATCH: range(100), RING: range(40, 100)}
    assert turns(worn, order=("oura", "garmin")) == [(0, WATCH, "first"), (53, RING, "your_priority")]


def test_one_that_comes_back_needs_three_days_of_seven():
    worn = {WATCH: range(100), RING: set(range(100)) - set(range(50, 60))}
    assert turns(worn, order=("oura",)) == [
        (0, RING, "first"), (53, WATCH, "unread"), (62, RING, "your_priority"),
    ]  # fmt: skip


def test_a_strap_worn_every_other_day_neither_enters_nor_leaves_at_the_line():
    """13 to 15 of 28 days: half is where it may enter, a third where it has to leave."""
    days_worn = [d for d in range(200) if d % 2 or d % 29 == 0]
    assert turns({RING: range(200), STRAP: days_worn}, order=("manual",)) == [(0, STRAP, "first")]
    assert turns({RING: range(200), STRAP: [d for d in days_worn if d > 60]}, order=("manual",))[1:] == [
        (87, STRAP, "your_priority")
    ]


def test_one_that_is_seldom_read_makes_way():
    assert turns({RING: range(100), STRAP: [*range(30), *range(30, 100, 4)]}, order=("manual",)) == [
        (0, STRAP, "first"), (55, RING, "seldom_read"),
    ]  # fmt: skip


def test_rmssd_comes_before_sdnn_and_a_night_before_its_peak():
    assert turns({SPOT: range(60), STRAP: range(30, 60)}) == [(0, SPOT, "first"), (43, STRAP, "rmssd_first")]
    assert turns({PEAK: range(60), WATCH: range(1, 60)}) == [(0, PEAK, "first"), (3, WATCH, "steady_first")]


def test_a_source_named_for_the_dates_is_taken_at_once_when_the_former_is_not_named():
    def named(day, era):
        return day >= START + timedelta(days=50) and "/oura/" in era

    worn = {WATCH: range(100), RING: range(51, 100)}
    assert turns(worn, named=named) == [(0, WATCH, "first"), (51, RING, "your_period")]


def test_what_was_before_the_window_decides_nothing():
    assert turns({WATCH: [0], RING: [40]}) == [(0, WATCH, "first"), (40, RING, "first")]


TAGS = itertools.count()
worn = st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]), min_size=12, max_size=12)  # chance a week


@settings(max_examples=60, deadline=None)
@given(st.lists(worn, min_size=2, max_size=3), st.integers(0, 2**32 - 1), st.permutations(["garmin", "oura", "manual"]))
def test_a_part_of_the_days_comes_out_as_the_whole(chances, seed, order):
    """From any day on, the 28 days before it and the choice before it are all that counts."""
    rng = random.Random(seed)
    read = {}
    for era, weeks in zip((WATCH, RING, STRAP), chances, strict=False):
        for number in range(84):
            if rng.random() < weeks[number // 7]:
                read.setdefault(START + timedelta(days=number), set()).add(era)
    read = {day: frozenset(eras) for day, eras in read.items()}
    whole = dict(choose(read, START, "", preferring(*order)))
    for day in list(whole)[1::5]:
        recent = {d: eras for d, eras in read.items() if d > day - hrv_choice.WINDOW}
        before = [c.era for d, c in whole.items() if day - hrv_choice.WINDOW <= d < day]
        part = dict(choose(recent, day, before[-1] if before else "", preferring(*order)))
        assert part == {d: c for d, c in whole.items() if d >= day}


# --- the athlete's days -----------------------------------------------------------------------------------------------


def reading(on, era, value_ms=60.0, version=0):
    metric, provider, context = era.split("/")
    return "hrv_reading", {
        "client_record_id": f"{metric}-{context}-{on}", "client_record_version": version,
        "source": {"provider": provider}, "measured_at": datetime(on.year, on.month, on.day, 5, tzinfo=UTC),
        "metric": metric, "context": context, "value_ms": value_ms,
    }  # fmt: skip


def ago(n):
    return ON - timedelta(days=n)


def chosen(athlete):
    rows = Day.objects.filter(athlete=athlete).order_by("date").values_list("date", "hrv_ms", "hrv_era", "provenance")
    found = {}
    for day, ms, era, provenance in rows:
        hrv = provenance.get("hrv", {"rejected": []})
        found[day] = (ms, era, hrv.get("because"), [(r["value"], r["era"], r["why"]) for r in hrv["rejected"]])
    return found


def test_the_day_shows_the_chosen_the_rejected_and_why(alice):
    intake.record_batch(alice, [reading(ago(n), WATCH, 60.0) for n in range(20, -1, -1) if n != 1], now=NOW)
    intake.record_batch(alice, [reading(ago(n), RING, 80.0) for n in range(3)], now=NOW)
    seen = chosen(alice)
    assert seen[ago(20)] == (60.0, WATCH, "first", [])
    assert seen[ago(2)] == (60.0, WATCH, "same_as_before", [(80.0, RING, "other_era")])
    assert seen[ago(1)] == (None, WATCH, "same_as_before", [(80.0, RING, "other_era")])


def test_a_late_reading_moves_the_days_after_it_and_no_others(alice):
    alice.source_priority = {"hrv": ["oura"]}
    alice.save()
    intake.record_batch(alice, [reading(ago(n), WATCH) for n in range(60)], now=NOW)
    intake.record_batch(alice, [reading(ago(n), RING, 80.0) for n in range(12)], now=NOW)
    assert {era for _, era, _, _ in chosen(alice).values()} == {WATCH}
    _, touched = intake.store(alice, [intake.Sent(*reading(ago(n), RING, 80.0)) for n in (12, 13)], now=NOW)
    assert touched == {ago(12), ago(13)}
    after = chosen(alice)
    assert (after[ago(1)][1], after[ago(0)][1:3]) == (WATCH, (RING, "your_priority"))
    assert after[ago(20)] == (60.0, WATCH, "same_as_before", [])


def test_a_check_in_of_an_earlier_day_moves_the_days_after_it_too(alice):
    alice.source_priority = {"hrv": ["manual"]}
    alice.save()
    intake.record_batch(alice, [reading(ago(n), WATCH) for n in range(7)], now=NOW)
    hrv = {"hrv": {"metric": "rmssd", "value_ms": 50.0, "context": "morning_supine"}}
    for n in (4, 0, 2):
        intake.record_check_in(alice, ago(n), hrv, now=NOW)
    assert [c[1] for c in chosen(alice).values()] == [WATCH] * 7
    intake.record_check_in(alice, ago(3), hrv, now=NOW)
    assert [c[1:3] for c in chosen(alice).values()][4:] == [(STRAP, "your_priority"), *[(STRAP, "same_as_before")] * 2]
    intake.delete_check_in(alice, ago(3), now=NOW)
    assert [c[1] for c in chosen(alice).values()] == [WATCH] * 7


@pytest.mark.django_db
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)  # fmt: skip
@given(chances=st.lists(worn, min_size=3, max_size=3), seed=st.integers(0, 2**32 - 1))
def test_any_order_of_arrival_leaves_the_same_choices(db, chances, seed):
    rng = random.Random(seed)
    with time_machine.travel(NOW, tick=False):
        tag = next(TAGS)
        plain, shaken = (factories.make_athlete(f"{name}{tag}@example.org") for name in ("plain", "shaken"))
        for athlete in (plain, shaken):
            athlete.source_priority = {"hrv": ["oura"]}
            athlete.save()
        kept, gone, check_ins = [], [], []
        for era, weeks in zip((WATCH, RING, PEAK), chances, strict=True):
            for n in range(70):
                if rng.random() < weeks[n // 7]:
                    (gone if rng.random() < 0.1 else kept).append(reading(ago(n), era, rng.choice([55.0, 60.0])))
        for n in range(14):
            if rng.random() < 0.5:
                check_ins.append(ago(n))
        hrv = {"hrv": {"metric": "rmssd", "value_ms": 50.0, "context": "morning_supine"}}
        intake.record_batch(plain, kept, now=NOW)
        for on in check_ins:
            intake.record_check_in(plain, on, hrv, now=NOW)
        work = [*((r, False) for r in kept), *((r, True) for r in gone), *((on, None) for on in check_ins)]
        rng.shuffle(work)
        while work:
            size = rng.choice([5, 40])
            batch, work = work[:size], work[size:]
            intake.record_batch(shaken, [r for r, known in batch if known is not None], now=NOW)
            for on, known in batch:
                if known is None:
                    intake.record_check_in(shaken, on, hrv, now=NOW)
        for _, data in gone:
            row = HrvReading.objects.get(athlete=shaken, client_record_id=data["client_record_id"],
                                         provider=data["source"]["provider"])  # fmt: skip
            intake.delete_record(row, now=NOW)
        expected = chosen(plain)
        empty = (None, "", None, [])
        assert {day: c for day, c in chosen(shaken).items() if c != empty} == expected
        stored = chosen(shaken)
        everything = Day.objects.filter(athlete=shaken).values_list("date", flat=True)
        assert resolving.resolve_days(shaken, everything, eras_again=True, now=NOW) == set()
        assert chosen(shaken) == stored


def test_a_period_of_the_profile_concerns_its_dates_and_what_follows_from_them(alice, django_assert_max_num_queries):
    intake.record_batch(alice, [reading(ago(n), WATCH) for n in range(100)], now=NOW)
    intake.record_batch(alice, [reading(ago(n), RING, 80.0) for n in range(100)], now=NOW)
    Day.objects.update(revised_at=NOW - timedelta(days=1))
    stretch = {"date_from": ago(60).isoformat(), "date_to": ago(41).isoformat(), "providers": ["garmin"]}
    alice = profile.change_profile(alice.user, {"source_periods": {"hrv": [stretch]}})
    eras = {ago(n): RING for n in range(100)} | {ago(n): WATCH for n in range(61)}
    assert {day: c[1] for day, c in chosen(alice).items()} == eras  # nothing says "back to the ring"
    assert set(Day.objects.filter(revised_at=NOW).values_list("date", flat=True)) == {ago(n) for n in range(61)}
    from_then = {"date_from": ago(40).isoformat(), "date_to": None, "providers": ["oura"]}
    alice = profile.change_profile(alice.user, {"source_periods": {"hrv": [stretch, from_then]}})
    assert {day: c[1] for day, c in chosen(alice).items()} == eras | {ago(n): RING for n in range(41)}
    assert chosen(alice)[ago(40)][2] == "your_period"
    with django_assert_max_num_queries(40):
        profile.change_profile(alice.user, {"source_periods": {}})
    assert {c[1] for c in chosen(alice).values()} == {RING}


def test_periods_hold_for_sleep_and_training_too(alice):
    def night(provider, hours):
        end = datetime(ago(1).year, ago(1).month, ago(1).day, 6, tzinfo=UTC)
        return "sleep_session", {
            "client_record_id": provider, "source": {"provider": provider}, "start_at": end - timedelta(hours=hours),
            "end_at": end, "is_nap": False, "duration_s": hours * 3600,
        }  # fmt: skip

    intake.record_batch(alice, [night("oura", 8), night("garmin", 7)], now=NOW)
    assert Day.objects.get(date=ago(1)).sleep_duration_min == 480
    period = {"date_from": None, "date_to": ago(1).isoformat(), "providers": ["garmin"]}
    profile.change_profile(alice.user, {"source_periods": {"sleep": [period]}})
    assert Day.objects.get(date=ago(1)).sleep_duration_min == 420
    profile.change_profile(alice.user, {"source_periods": {"sleep": [period | {"date_to": ago(2).isoformat()}]}})
    assert Day.objects.get(date=ago(1)).sleep_duration_min == 480


def test_a_doubted_reading_decides_nothing_until_somebody_confirms_it(alice):
    intake.record_batch(alice, [reading(ago(n), WATCH) for n in range(20, 4, -1)], now=NOW)
    intake.record_batch(alice, [reading(ago(n), RING, 300.0) for n in range(5)], now=NOW)
    assert {c[1] for day, c in chosen(alice).items() if day >= ago(4)} == {""}
    assert chosen(alice)[ago(0)][3] == [(300.0, RING, "quarantined")]
    for row in HrvReading.objects.filter(provider="oura"):
        intake.confirm_record(row, now=NOW)
    assert [c[:3] for day, c in chosen(alice).items() if day >= ago(4)] == [
        (None, WATCH, "same_as_before"), (None, WATCH, "same_as_before"), (None, WATCH, "same_as_before"),
        (300.0, RING, "unread"), (300.0, RING, "same_as_before"),
    ]  # fmt: skip


@pytest.mark.usefixtures("valkey")
def test_a_day_says_in_words_what_counts_and_what_does_not(api, alice):
    batch = [reading(ago(1), WATCH), reading(ago(0), RING, 80.0), reading(ago(0), SPOT, 90.0)]
    intake.record_batch(alice, batch, now=NOW)
    ids = dict(HrvReading.objects.filter(date=ON).values_list("provider", "pk"))

    def rejected(value, provider, era):
        source = {"kind": "hrv_reading", "provider": provider, "id": str(ids[provider])}
        text = "Of another device or way of measuring, which has a baseline of its own."
        return {"value": value, "source": source, "why": "other_era", "era": era, "text": text}

    assert api(alice).get(f"/api/v1/days/{ON}/").json()["hrv"] == {
        "value": None, "unit": "ms", "source": None, "era": WATCH, "because": "same_as_before",
        "text": "The source of the days before. Another one would bring another baseline. "
        "It has no reading of this day; after more than 3 such days another source takes over.",
        "rejected": [rejected(80.0, "oura", RING), rejected(90.0, "apple", SPOT)],
    }  # fmt: skip
