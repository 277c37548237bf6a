"""SDNN and rMSSD: whatever door a value comes in by, it keeps its metric, and no baseline holds both.

All rMSSD lie between 40 and 69 ms here and all SDNN between 140 and 169: a value on the wrong side was relabelled, and
a mean between the two was mixed.
"""

import itertools
import random
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.contrib.admin import site
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from athletes.days import hrv_baselines
from athletes.models import CheckIn, Day, HrvReading
from athletes.reports import intake, season_logs
from athletes.sync import sync
from athletes.wearables import ingest
from athletes.wearables.readers import READERS
from recommendations.inputs import frames
from recommendations.inputs.frames import Asked
from tests import factories

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


def told(metric, value):
    low, high = RANGES[metric]
    assert low - 1e-6 <= value <= high + 1e-6, (metric, value)


def nothing_is_mixed(athlete):
    for reading in HrvReading.objects.filter(athlete=athlete):
        told(reading.metric, reading.value_ms)
    for check_in in CheckIn.objects.filter(athlete=athlete, hrv_value_ms__isnull=False):
        told(check_in.hrv_metric, check_in.hrv_value_ms)
    for era in hrv_baselines.eras(athlete, TODAY):
        if era["baseline_ms"] is not None:
            told(era["metric"], era["baseline_ms"])
    for day in Day.objects.filter(athlete=athlete):
        hrv = day.provenance.get("hrv", {"rejected": []})
        if day.hrv_ms is not None:
            told(day.hrv_era.split("/")[0] or "rmssd", day.hrv_ms)
        for rejected in hrv["rejected"]:
            told(rejected["era"].split("/")[0] or "rmssd", rejected["value"])
    for row in season_logs.season_rows(athlete):
        if row["hrv_rmssd_ms"] is not None:
            told("rmssd", row["hrv_rmssd_ms"])
    for era in {*Day.objects.filter(athlete=athlete).values_list("hrv_era", flat=True), ""}:
        metric = era.split("/")[0] or "rmssd"
        this_morning = frames.NOTHING | {"hrv_era": era, "hrv_ms": RANGES[metric][0]}
        seen = frames.stand([Asked(athlete, TODAY + timedelta(days=1), this_morning)]).observation.row(0)
        for name in ("hrv_baseline_ms", "hrv_mean_7d_ms"):
            if seen[name] is not None and era:
                told(metric, seen[name])


@pytest.mark.django_db
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)  # fmt: skip
@given(seed=st.integers(0, 2**32 - 1))
def test_no_door_relabels_a_value_and_no_baseline_holds_both(db, seed):
    rng = random.Random(seed)
    with time_machine.travel(NOW, tick=False):
        athlete = factories.make_athlete(f"a{next(TAGS)}@example.org")
        for _ in range(80):
            rng.choice(DOORS)(rng, athlete, TODAY - timedelta(days=rng.randint(0, 13)))
        for _ in range(40):
            older = a_reading(rng, TODAY - timedelta(days=rng.randint(14, 70)))
            entry = {"kind": "hrv_reading", "data": older | {"client_record_id": f"old{rng.randint(0, 60)}"}}
            sync.sync(athlete, [entry], [], now=NOW)
        nothing_is_mixed(athlete)


@pytest.mark.django_db
def test_the_admin_changes_no_value_and_no_metric(admin_user, rf):
    request = rf.get("/")
    request.user = admin_user
    for model in (HrvReading, CheckIn, Day):
        model_admin = site._registry[model]
        assert not model_admin.has_add_permission(request)
        assert not model_admin.has_change_permission(request)
