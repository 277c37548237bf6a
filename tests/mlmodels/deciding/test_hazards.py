"""Warnings: their lines, their evidence, and when they open, close and push."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.risk import NEVER_DAYS
from mlmodels.deciding.hazards import KIND_CODES, KINDS, Level, hazards_of, may_push, step, warning_levels
from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.observation import Observation
from mlmodels.state.tracker import Tracker


def calm(n=1):
    """Alice after 60 days in which nothing happened."""
    tracker = Tracker(n, Profiles.of(n, seed_load_au=np.full(n, 300.0)))
    for day in range(60):
        today = Morning.of(
            n,
            hrv_rmssd_ms=np.full(n, 60.0 + 3 * (-1) ** day),
            sleep_score=np.full(n, 75.0),
            sleep_h=np.full(n, 8.0),
            planned_load_au=np.full(n, 300.0),
        )
        tracker.evening(today, Evening.of(n, load_au=np.full(n, 50.0 + 500 * (day % 2))))
    return tracker.morning(today)


def alice(**values):
    return replace(calm(), **{name: np.array([float(value)]) for name, value in values.items()})


def levels(**values):
    """The kinds that are raised, with their levels."""
    found = warning_levels(alice(**values))[0]
    return {kind: Level(int(level)).name for kind, level in zip(KIND_CODES, found, strict=True) if level}


def test_a_calm_morning_raises_nothing():
    assert levels() == {}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"acwr": 1.19}, {}),
        ({"acwr": 1.2}, {"load_rising": "CAUTION"}),
        ({"acwr": 1.3}, {"load_doubled": "WARNING"}),
        ({"acwr": 1.5}, {"load_doubled": "WARNING"}),
        ({"acwr": 1.51}, {"load_spike": "DANGER"}),
        ({"acwr_low_days": 7}, {"load_dropping": "INFO"}),
        ({"hrv_low_days": 2}, {}),
        ({"hrv_low_days": 3}, {"hrv_below_range": "CAUTION"}),
        ({"hrv_low_days": 5}, {"hrv_below_range": "WARNING"}),
        ({"hrv_low_days": 3, "hrv_very_low_days": 3}, {"hrv_below_range": "WARNING"}),
        ({"illness_signal_days": 2}, {"possible_illness": "WARNING"}),
        ({"sleep_h": 4.5}, {"sleep_debt": "CAUTION"}),
        ({"sleep_mean_3d_h": 5.4}, {"sleep_debt": "WARNING"}),
        ({"monotony": 2.1}, {"monotony": "INFO"}),
        ({"monotony": 2.1, "strain_rank": 0.96}, {"monotony": "CAUTION"}),
        ({"load_unlogged_days": 3}, {"missing_data": "INFO"}),
        ({"load_unlogged_days": 8}, {"missing_data": "CAUTION"}),
        ({"hrv_age_days": 3}, {"missing_data": "INFO"}),
        ({"hrv_age_days": NEVER_DAYS}, {}),
        ({"test_count": 2, "test_age_days": 29}, {"test_overdue": "INFO"}),
        ({"test_count": 0, "test_age_days": NEVER_DAYS}, {}),
        ({"hrv_era_changes": 1, "hrv_era_days": 5, "hrv_baseline_days": 13}, {"device_changed": "INFO"}),
        ({"hrv_era_changes": 1, "hrv_era_days": 20, "hrv_baseline_days": 13}, {"device_changed": "INFO"}),
        ({"hrv_era_changes": 1, "hrv_era_days": 21, "hrv_baseline_days": 13}, {}),
        ({"hrv_era_changes": 1, "hrv_era_days": 5, "hrv_baseline_days": 14}, {}),
        ({"hrv_era_changes": 0, "hrv_era_days": 5, "hrv_baseline_days": 13}, {}),
        (
            {"tests_down": 2, "hrv_low_days": 14},
            {"hrv_below_range": "WARNING", "possible_under_recovery": "WARNING"},
        ),
        ({"unavailable_28d": 6}, {"low_availability": "CAUTION"}),
        ({"unavailable_28d": 5}, {}),
    ],
)
def test_each_line_raises_its_kind(values, expected):
    assert levels(**values) == expected


def test_a_warning_carries_its_evidence_and_source():
    ((hazard,),) = hazards_of(alice(acwr=1.6, acute_au=480.0, chronic_au=300.0))
    assert (hazard.kind, hazard.level) == ("load_spike", Level.DANGER)
    assert hazard.inputs == {"acwr": 1.6, "acute_au": 480, "chronic_au": 300}
    assert "10.1007/s40279-020-01378-6" in hazard.citation  # the other side is cited too


def test_what_is_not_known_raises_nothing():
    blank = replace(calm(), **{f.name: np.array([np.nan]) for f in fields(Observation)})
    assert not warning_levels(blank).any()


def test_every_input_named_is_a_value_of_the_observation():
    names = {f.name for f in fields(Observation)}
    assert all(set(kind.inputs) <= names for kind in KINDS)


@pytest.mark.parametrize(
    ("values", "pushes"),
    [
        ({"acwr": 1.35}, []),
        ({"acwr": 1.35, "hrv_low_days": 3}, ["load_doubled"]),
        ({"acwr": 1.35, "load_unlogged_days": 8}, []),
        ({"hrv_low_days": 3}, []),
        ({"hrv_low_days": 5}, ["hrv_below_range"]),
        ({"illness_signal_days": 2}, ["possible_illness"]),
        ({"monotony": 2.1, "acwr": 1.6}, []),
    ],
)
def test_a_push_needs_persistence_or_a_second_independent_signal(values, pushes):
    allowed = may_push(warning_levels(alice(**values)))[0]
    assert [kind for kind, may in zip(KIND_CODES, allowed, strict=True) if may] == pushes


def test_a_warning_rises_at_once_and_closes_after_two_days_under_the_line():
    level, below, shown = np.array([0]), np.array([0]), []
    for now in [2, 3, 0, 3, 0, 0, 0]:
        level, below = step(level, np.array([now]), below)
        shown.append(int(level[0]))
    assert shown == [2, 3, 3, 3, 3, 0, 0]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_what_is_shown_is_never_below_today(sequence):
    level, below = np.zeros(1, dtype=int), np.zeros(1, dtype=int)
    for now in sequence:
        level, below = step(level, now, below)
        assert level[0] >= now
        assert level[0] in (now, *sequence)
