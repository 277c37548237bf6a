"""A day's HRV is the night's: a nap's value and a sample taken by day do not take its place."""

from datetime import UTC, date, datetime
from itertools import permutations

import pytest

from athletes.local_days.local_time import OFFSET_UNKNOWN
from athletes.models import Day, EraReading, HrvReading, SleepSession
from athletes.reports import intake

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ON = date(2026, 11, 20)


def at(text):
    return datetime.fromisoformat(f"2026-11-{text}:00+01:00")


def reading(when, value_ms, context="spot", provider="apple", metric="sdnn"):
    return "hrv_reading", {
        "client_record_id": f"{provider}-{when}", "source": {"provider": provider}, "measured_at": at(when),
        "metric": metric, "context": context, "value_ms": value_ms,
    }  # fmt: skip


def asleep(start, end, provider="apple", **values):
    return "sleep_session", {
        "client_record_id": f"{provider}-{start}", "source": {"provider": provider}, "start_at": at(start),
        "end_at": at(end), "duration_s": (at(end) - at(start)).total_seconds(), **values,
    }  # fmt: skip


def in_bed(start, end, provider="apple", **values):
    return asleep(start, end, provider, duration_s=None, **values)


def day_after(athlete, *records):
    for kind, data in records:
        intake.record_one(athlete, kind, data, now=NOW)
    return Day.objects.get(athlete=athlete, date=ON)


def told(day):
    hrv = day.provenance["hrv"]
    return hrv["value"], sorted((entry["value"], entry["why"]) for entry in hrv["rejected"])


NIGHT = asleep("19T23:00", "20T06:30")


@pytest.mark.parametrize("night_first", [True, False])
def test_a_sample_of_the_evening_does_not_take_the_place_of_the_nights(alice, night_first):
    records = [NIGHT, reading("20T05:50", 61.0), reading("20T18:30", 25.0)]
    day = day_after(alice, *(records if night_first else reversed(records)))
    assert told(day) == (61.0, [(25.0, "by_day")])
    assert HrvReading.objects.filter(value_ms=25.0).exists()
    assert list(EraReading.objects.values_list("date", "value_ms")) == [(ON, 61.0)]


@pytest.mark.parametrize("when", ["20T06:40", "20T08:59", "20T16:00", "20T22:00"])
def test_a_value_shown_on_waking_stays_through_the_day(alice, when):
    morning = told(day_after(alice, NIGHT, reading("20T05:50", 61.0)))
    assert morning == (61.0, [])
    later, _ = told(day_after(alice, reading(when, 25.0)))
    assert later == 61.0


def test_a_sample_by_day_alone_is_no_value_of_a_day_whose_night_is_known(alice):
    day = day_after(alice, NIGHT, reading("20T18:30", 25.0))
    assert (day.hrv_ms, day.hrv_era, told(day)) == (None, "", (None, [(25.0, "by_day")]))
    assert not EraReading.objects.exists()


def test_without_a_known_night_the_morning_by_the_clock_comes_first(alice):
    day = day_after(alice, reading("20T07:10", 61.0), reading("20T18:30", 25.0))
    assert told(day) == (61.0, [(25.0, "by_day")])


def test_without_a_known_night_a_sample_by_day_is_better_than_none(alice):
    assert told(day_after(alice, reading("20T18:30", 25.0))) == (25.0, [])


def test_the_clock_is_that_of_the_place(alice):
    """07:10 in Auckland, of an athlete whose profile is still in Berlin, where it is 19:10."""
    kind, data = reading("20T18:30", 61.0)
    data["measured_at"] = datetime.fromisoformat("2026-11-20T07:10:00+13:00")
    evening = data | {"client_record_id": "evening", "value_ms": 25.0}
    evening["measured_at"] = datetime.fromisoformat("2026-11-20T21:10:00+13:00")
    assert told(day_after(alice, (kind, data), (kind, evening))) == (61.0, [(25.0, "by_day")])


@pytest.mark.parametrize("night_first", [True, False])
def test_a_naps_value_is_not_the_nights(alice, night_first):
    """Some vendors call a nap's mean overnight, too."""
    ring = {"context": "overnight_mean", "provider": "oura", "metric": "rmssd"}
    records = [
        asleep("19T23:00", "20T06:30", "oura"), asleep("20T14:00", "20T15:10", "oura", is_nap=True),
        reading("20T06:30", 61.0, **ring), reading("20T15:10", 40.0, **ring),
    ]  # fmt: skip
    day = day_after(alice, *(records if night_first else reversed(records)))
    assert told(day) == (61.0, [(40.0, "by_day")])


def test_who_measures_twice_on_waking_means_the_second_value(alice):
    app = {"context": "morning_supine", "provider": "hrv4training", "metric": "rmssd"}
    first, second = reading("20T06:40", 48.0, **app), reading("20T06:50", 61.0, **app)
    assert told(day_after(alice, NIGHT, first, second)) == (61.0, [(48.0, "lower_priority")])


def test_a_guided_reading_in_the_evening_does_not_replace_the_mornings(alice):
    app = {"context": "morning_supine", "provider": "hrv4training", "metric": "rmssd"}
    day = day_after(alice, NIGHT, reading("20T06:40", 61.0, **app), reading("20T22:00", 80.0, **app))
    assert told(day) == (61.0, [(80.0, "by_day")])


def test_who_always_measures_late_keeps_that_value(alice):
    """With a watch that knows the night: the athlete's own hour is a habit, and the baseline is of that hour."""
    app = {"context": "morning_supine", "provider": "hrv4training", "metric": "rmssd"}
    assert told(day_after(alice, NIGHT, reading("20T11:00", 61.0, **app))) == (61.0, [])


def test_of_two_nights_on_one_date_hrv_and_sleep_are_of_the_same(alice):
    """East over the date line: asleep until Friday 06:30 in Auckland, and again until Friday 09:00 in Los Angeles."""
    ring = {"context": "overnight_mean", "provider": "oura", "metric": "rmssd"}

    def west(data):
        names = [name for name in ("start_at", "end_at", "measured_at") if name in data]
        return data | {name: datetime.fromisoformat(str(data[name])[:19] + "-08:00") for name in names}

    def east(data):
        names = [name for name in ("start_at", "end_at", "measured_at") if name in data]
        return data | {name: datetime.fromisoformat(str(data[name])[:19] + "+13:00") for name in names}

    long, short = asleep("19T22:30", "20T06:30", "oura"), asleep("20T04:00", "20T09:00", "oura")
    records = [
        (long[0], east(long[1])), ("hrv_reading", east(reading("20T06:30", 61.0, **ring)[1])),
        (short[0], west(short[1])), ("hrv_reading", west(reading("20T09:00", 44.0, **ring)[1])),
    ]  # fmt: skip
    day = day_after(alice, *records)
    assert (day.sleep_duration_min, day.hrv_ms) == (480.0, 61.0)
    assert told(day) == (61.0, [(44.0, "lower_priority")])


# --- a reading that carries the id of its night -----------------------------------------------------------------------


def recovery(sleep_id, created_at, kind="hrv_reading", **values):
    """As WHOOP sends it: no clock of the place, made when the strap was read, the id of the sleep."""
    value = {"metric": "rmssd", "context": "overnight_mean", "value_ms": 61.0} if kind == "hrv_reading" else {}
    return kind, {
        "client_record_id": sleep_id, "source": {"provider": "whoop"},
        "measured_at": datetime.fromisoformat(created_at).replace(tzinfo=OFFSET_UNKNOWN), **value, **values,
    }  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_recovery_lies_on_the_day_of_the_sleep_with_its_id(alice, order):
    """In Auckland, of an athlete at home in Berlin, where it is still the evening before; read hours after waking."""
    start, end = (datetime.fromisoformat(f"2026-11-{clock}:00+13:00") for clock in ("19T23:00", "20T07:00"))
    sleep = "sleep_session", {
        "client_record_id": "s-1", "source": {"provider": "whoop"}, "start_at": start, "end_at": end,
        "duration_s": 28_800,
    }  # fmt: skip
    records = [
        sleep, recovery("s-1", "2026-11-19T22:40:00+00:00"),
        recovery("s-1", "2026-11-19T22:40:00+00:00", "resting_hr_reading", value_bpm=48.0),
    ]  # fmt: skip
    day = day_after(alice, *(records[place] for place in order))
    assert (day.hrv_ms, day.resting_hr_bpm, day.sleep_duration_min) == (61.0, 48.0, 480.0)
    assert set(HrvReading.objects.values_list("date", flat=True)) == {ON}


def test_a_recovery_whose_sleep_is_deleted_lies_where_its_own_clock_says(alice):
    start, end = (datetime.fromisoformat(f"2026-11-{clock}:00+13:00") for clock in ("19T23:00", "20T07:00"))
    sleep = "sleep_session", {
        "client_record_id": "s-1", "source": {"provider": "whoop"}, "start_at": start, "end_at": end,
        "duration_s": 28_800,
    }  # fmt: skip
    pulse = recovery("s-1", "2026-11-19T18:40:00+00:00", "resting_hr_reading", value_bpm=48.0)
    day_after(alice, sleep, pulse)
    intake.delete_record(SleepSession.objects.get(), now=NOW)
    assert dict(Day.objects.values_list("date", "resting_hr_bpm")) == {ON: None, date(2026, 11, 19): 48.0}


# --- time in bed is not sleep -----------------------------------------------------------------------------------------


def slept(day):
    sleep = day.provenance["sleep_duration"]
    return day.sleep_duration_min, sorted((entry["value"], entry["why"]) for entry in sleep["rejected"])


def test_time_in_bed_alone_is_no_sleep(alice):
    day = day_after(alice, in_bed("20T05:09", "20T06:30"))
    assert (slept(day), day.sleep_score) == ((None, [(81.0, "time_in_bed")]), None)


def test_time_in_bed_beside_a_night_does_not_lengthen_it(alice):
    day = day_after(alice, asleep("19T22:30", "20T06:30"), in_bed("19T22:00", "20T08:00"))
    assert slept(day) == (480.0, [(600.0, "time_in_bed")])


@pytest.mark.parametrize(
    ("told", "expected_min"),
    [
        ({"light_s": 14_400, "deep_s": 3_600, "rem_s": 7_200}, 420.0),
        ({"light_s": 14_400}, 240.0),
        ({"awake_s": 1_800}, 450.0),
        ({"time_in_bed_s": 27_000, "awake_s": 1_800}, 420.0),
        ({"time_in_bed_s": 27_000}, None),
    ],
)
def test_sleep_is_known_by_its_stages_or_by_the_time_awake(alice, told, expected_min):
    day = day_after(alice, in_bed("19T22:30", "20T06:30", **told))
    assert day.sleep_duration_min == expected_min
