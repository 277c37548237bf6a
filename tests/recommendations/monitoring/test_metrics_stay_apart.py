"""SDNN and rMSSD: whatever door a value comes in by, it keeps its metric, and no baseline holds both.

All rMSSD lie between 40 and 69 ms here and all SDNN between 140 and 169: a value on the wrong side was relabelled, and
a mean between the two was mixed.
"""

import random
from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin import site
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from athletes.days import hrv_baselines
from athletes.models import CheckIn, Day, HrvReading
from athletes.reports import season_logs
from athletes.sync import sync
from recommendations.inputs import frames
from recommendations.inputs.frames import Asked
from tests import factories
from tests.recommendations.doors import DOORS, NOW, RANGES, TAGS, TODAY, a_reading


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
