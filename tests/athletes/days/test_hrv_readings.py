"""What each HRV era read on a day stands in rows of its own, also for days of before there were any."""

import importlib
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from athletes.models import Day, EraReading
from athletes.reports import intake, season_logs
from tests import factories

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
ON = date(2026, 11, 22)
WATCH, RING, APPLE = "rmssd/garmin/overnight_mean", "rmssd/oura/overnight_mean", "sdnn/apple/spot"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def read(era, value_ms, ago=0, name=""):
    metric, provider, context = era.split("/")
    return "hrv_reading", {
        "client_record_id": f"{era}-{ago}-{name}",
        "source": {"provider": provider},
        "measured_at": NOW - timedelta(days=ago, hours=14 if name else 13),
        "metric": metric,
        "context": context,
        "value_ms": value_ms,
    }


def rows(athlete, on=ON):
    kept = EraReading.objects.filter(athlete=athlete, date=on).order_by("era")
    return list(kept.values_list("era", "value_ms", "doubted", "logged"))


def test_every_era_of_a_day_is_kept_and_the_day_stands_on_one(alice):
    intake.record_batch(alice, [read(WATCH, 61.0), read(RING, 48.0), read(APPLE, 44.0)], now=NOW)
    assert rows(alice) == [(WATCH, 61.0, False, False), (RING, 48.0, False, False), (APPLE, 44.0, False, False)]
    day = Day.objects.get()
    assert (day.hrv_era, day.hrv_ms, day.hrv_because) == (RING, 48.0, "first")


def test_of_two_readings_of_an_era_the_one_that_counts_is_kept(alice):
    intake.record_batch(alice, [read(WATCH, 55.0, name="earlier"), read(WATCH, 61.0)], now=NOW)
    assert rows(alice) == [(WATCH, 61.0, False, False)]
    assert Day.objects.get().hrv_ms == 61.0


def test_a_doubted_reading_is_kept_as_one_until_somebody_is_believed(alice):
    intake.record_batch(alice, [read(WATCH, 300.0)], now=NOW)
    assert rows(alice) == [(WATCH, 300.0, True, False)]
    intake.record_batch(alice, [read(WATCH, 61.0, name="earlier")], now=NOW)
    assert rows(alice) == [(WATCH, 61.0, False, False)]


def test_what_is_taken_back_leaves_no_row(alice):
    intake.record_batch(alice, [read(WATCH, 61.0), read(RING, 48.0)], now=NOW)
    intake.record_check_in(alice, ON, {"hrv": {"value_ms": 50.0, "metric": "rmssd", "context": "spot"}}, now=NOW)
    assert (("rmssd/manual/spot", 50.0, False, False)) in rows(alice)
    intake.record_check_in(alice, ON, {"fatigue": 3}, now=NOW)
    assert [era for era, *_ in rows(alice)] == [WATCH, RING]


def test_a_day_far_from_the_one_that_changed_is_chosen_with_all_its_days_before(alice):
    """The ring, which comes first by rank, is new; the watch was read all the time. Day 300 is touched beside day 0."""
    records = [read(WATCH, 60.0 + n % 3, n) for n in range(301)] + [read(RING, 70.0, n) for n in range(5)]
    intake.record_batch(alice, records, now=NOW)
    assert (Day.objects.get(date=ON).hrv_era, Day.objects.get(date=ON).hrv_because) == (WATCH, "same_as_before")
    pulse = {"client_record_id": "p", "source": {"provider": "garmin"}, "value_bpm": 50.0}
    pulse["measured_at"] = NOW - timedelta(hours=13)
    intake.record_batch(alice, [read(RING, 70.0, 300), ("resting_hr_reading", pulse)], now=NOW)
    day = Day.objects.get(date=ON)
    assert (day.resting_hr_bpm, day.hrv_era, day.hrv_because) == (50.0, WATCH, "same_as_before")


def season(athlete):
    """A log, then a watch and a ring, doubts, a phone's spots and what she typed in."""
    log = [
        {"date": ON - timedelta(days=n), "hrv_rmssd_ms": 50.0 + n % 5, "hrv_era": WATCH if n % 2 else "",
         "hrv_readings": f"{WATCH}={50.0 + n % 5!r} {APPLE}=40.5" if n % 2 else ""}
        for n in range(60, 30, -1)
    ]  # fmt: skip
    season_logs.import_season(athlete, log, file_sha256="0" * 64, now=NOW)
    records = [read(WATCH, 52.0 + n % 4, n) for n in range(40) if n % 7]
    records += [read(RING, 70.0 + n % 3, n) for n in range(25)]
    records += [read(RING, 320.0, n, "doubted") for n in (3, 30)]
    records += [read(APPLE, 41.0, n) for n in range(0, 40, 3)]
    intake.record_batch(athlete, records, now=NOW)
    intake.record_check_in(
        athlete, ON, {"hrv": {"value_ms": 66.0, "metric": "rmssd", "context": "morning_supine"}}, now=NOW
    )


def test_days_of_before_there_were_rows_get_the_same_rows(migrate, capfd):
    alice = factories.make_athlete("alice@example.org")
    season(alice)
    kept = list(EraReading.objects.order_by("date", "era").values_list("date", "era", "value_ms", "doubted", "logged"))
    because = dict(Day.objects.values_list("date", "hrv_because"))
    assert len(kept) > 90 and {*because.values()} >= {"", "first", "same_as_before"}
    assert {doubted for *_, doubted, _ in kept} == {logged for *_, logged in kept} == {False, True}
    migrate(("athletes", "0021_medical_detail_is_encrypted"))
    migrate(("athletes", "0022_era_readings"))
    again = EraReading.objects.order_by("date", "era").values_list("date", "era", "value_ms", "doubted", "logged")
    assert list(again) == kept
    assert dict(Day.objects.values_list("date", "hrv_because")) == because


def test_a_day_whose_rows_would_say_something_else_ends_the_migration(migrate, monkeypatch):
    season(factories.make_athlete("alice@example.org"))
    migrate(("athletes", "0021_medical_detail_is_encrypted"))
    migration = importlib.import_module("athletes.migrations.0022_era_readings")
    right = migration.readings_of
    monkeypatch.setattr(migration, "readings_of", lambda day: {**right(day), RING: (1.0, False, False)})
    with pytest.raises(ValueError, match="its rows are"):
        migrate(("athletes", "0022_era_readings"))
    monkeypatch.undo()
