"""Every door a value of HRV may come in by, or be taken back."""

import itertools
from datetime import UTC, date, datetime, time

from athletes.models import CheckIn, HrvReading
from athletes.reports import intake, season_logs
from athletes.sync import sync
from athletes.wearables import ingest
from athletes.wearables.readers import READERS

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
TAGS = itertools.count()
CONTEXTS = ("overnight_mean", "morning_supine", "spot")
PROVIDERS = ("apple", "garmin", "manual", "intervals_icu")
RANGES = {"rmssd": (40, 69), "sdnn": (140, 169)}


def a_value(rng, metric):
    low, high = RANGES[metric]
    return float(rng.randint(low, high))


def a_reading(rng, on):
    metric = rng.choice(["rmssd", "sdnn"])
    return {
        "client_record_id": f"r{rng.randint(0, 15)}", "client_record_version": rng.randint(0, 3),
        "source": {"provider": rng.choice(PROVIDERS)}, "metric": metric, "context": rng.choice(CONTEXTS),
        "value_ms": a_value(rng, metric), "measured_at": datetime.combine(on, time(6), UTC).isoformat(),
    }  # fmt: skip


def by_check_in(rng, athlete, on):
    metric = rng.choice(["rmssd", "sdnn"])
    hrv = {"metric": metric, "value_ms": a_value(rng, metric), "context": rng.choice(CONTEXTS),
           "confirmed": rng.random() < 0.5}  # fmt: skip
    before = CheckIn.objects.filter(athlete=athlete, date=on).exists()
    intake.record_check_in(athlete, on, {"hrv": hrv}, keep_rest=before and rng.random() < 0.5, now=NOW)


def by_taking_an_answer_back(rng, athlete, on):
    if CheckIn.objects.filter(athlete=athlete, date=on).exists():
        intake.record_check_in(athlete, on, {"hrv": None, "fatigue": 3}, keep_rest=True, now=NOW)


def by_sync(rng, athlete, on):
    """Also the same record again with the other metric: a new version replaces it, the same one is a conflict."""
    entries = [{"kind": "hrv_reading", "data": a_reading(rng, on)} for _ in range(rng.randint(1, 4))]
    sync.sync(athlete, entries, [], now=NOW)


def by_healthkit(rng, athlete, on):
    sample = {
        "uuid": f"u{rng.randint(0, 9)}", "type": "HKQuantityTypeIdentifierHeartRateVariabilitySDNN", "unit": "s",
        "value": a_value(rng, "sdnn") / 1000, "startDate": f"{on}T06:00:00Z", "endDate": f"{on}T06:01:00Z",
    }  # fmt: skip
    store(athlete, "apple", {"samples": [sample]})


def by_intervals(rng, athlete, on):
    wellness = {"id": str(on), "hrv": a_value(rng, "rmssd"), "hrvSDNN": a_value(rng, "sdnn")}
    store(athlete, "intervals_icu", [wellness])


def by_hrv4training(rng, athlete, on):
    row = f"{on} 06:00:00,{a_value(rng, 'rmssd')},{a_value(rng, 'sdnn')}"
    store(athlete, "hrv4training", f"date,rMSSD,SDNN\n{row}\n".encode())


def store(athlete, reader, payload):
    result = READERS[reader].read(payload)
    assert result.readings
    ingest.store(athlete, ingest.prepared(result.readings), anew=True)


def by_season_log(rng, athlete, on):
    rows = [{"date": on, "hrv_rmssd_ms": a_value(rng, "rmssd")}]
    season_logs.import_season(athlete, rows, file_sha256="0" * 64, now=NOW)


def by_confirming(rng, athlete, on):
    for reading in HrvReading.objects.filter(athlete=athlete, quality_status="quarantined", deleted_at=None)[:2]:
        intake.confirm_record(reading, now=NOW)


def by_deleting(rng, athlete, on):
    for reading in HrvReading.objects.filter(athlete=athlete, deleted_at=None, date=on)[:1]:
        intake.delete_record(reading, now=NOW)


def by_deriving_again(rng, athlete, on):
    intake.refile(athlete, now=NOW)


DOORS = [by_check_in, by_taking_an_answer_back, *[by_sync] * 4, by_healthkit, by_intervals, by_hrv4training,
         by_season_log, by_confirming, by_deleting, by_deriving_again]  # fmt: skip
