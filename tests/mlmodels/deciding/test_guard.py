"""Every guard by its line, and the properties that hold for any input whatever."""

import os
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from measures import risk
from measures.actions import Action
from measures.answers import (
    HOLD_CLINICIAN,
    HOLD_HEART,
    HOLD_PREGNANCY,
    HOLD_REDS,
    ILLNESS_ABOVE_NECK,
    ILLNESS_BELOW_NECK,
    ILLNESS_FEVER,
)
from measures.guards import BODY, Effect
from mlmodels.deciding.guard import GUARD_CODES, RULES, _reads, acwr_after, apply
from mlmodels.state.actions import dose
from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.observation import Observation
from mlmodels.state.tracker import Tracker

INTENSITY, VOLUME, RECOVERY, PLAN = Action
CASES = int(os.environ.get("HOMESTRETCH_GUARD_CASES", "100000"))


def rested(n=1):
    """Alice on a good morning: 60 days of everything measured, an easy week behind her, nothing to hold her back."""
    tracker = Tracker(n, Profiles.of(n, seed_load_au=np.full(n, 300.0), age_years=np.full(n, 24.0)))
    for day in range(60):
        known = {"hrv_rmssd_ms": 60 + 3 * (-1) ** day, "sleep_score": 75 + 4 * (-1) ** day, "sleep_h": 8.0}
        report = {"pain_0_10": 0, "soreness_1_5": 4, "readiness": 4, "fatigue_1_5": 4, "planned_load_au": 300.0}
        load = 260.0 if day > 52 else 300.0
        morning = Morning.of(n, **{name: np.full(n, float(value)) for name, value in (known | report).items()})
        tracker.evening(morning, Evening.of(n, load_au=np.full(n, load), action_taken=np.full(n, 3.0)))
    return tracker.morning(morning)


GOOD = rested()


def alice(**values):
    return replace(GOOD, **{name: np.array([float(value)]) for name, value in values.items()})


STEEP_PLAN = {"acute_au": 360.0, "chronic_au": 300.0, "acwr": 1.2, "planned_load_au": 1000.0}


def guarded(action=INTENSITY, **values):
    return apply(np.array([action]), alice(**values))


def test_on_a_good_morning_every_action_passes_and_nothing_fires():
    for action in Action:
        result = guarded(action)
        assert result.action.tolist() == [action]
        assert result.trace(0) == ()
        assert result.withheld.tolist() == [""]
        assert result.load_cap_au.tolist() == [np.inf]


LINES = [
    # values of the morning, code, effect, applied instead of more intensity, of more volume
    ({"red_flag": 1}, "G01", "suspended", RECOVERY, RECOVERY),
    ({"illness": ILLNESS_FEVER}, "G02", "rest", RECOVERY, RECOVERY),
    ({"illness": ILLNESS_BELOW_NECK}, "G02", "rest", RECOVERY, RECOVERY),
    ({"ill": 1}, "G02", "rest", RECOVERY, RECOVERY),
    ({"days_since_illness": 1}, "G02", "rest", RECOVERY, RECOVERY),
    ({"days_since_illness": 2}, "G02", "load_capped", PLAN, PLAN),
    ({"days_since_illness": 4}, "G02", "no_increase", PLAN, PLAN),
    ({"illness": ILLNESS_ABOVE_NECK}, "G03", "active_recovery", RECOVERY, RECOVERY),
    ({"injured": 1}, "G04", "suspended", RECOVERY, RECOVERY),
    ({"advice_hold": HOLD_CLINICIAN}, "G04", "suspended", RECOVERY, RECOVERY),
    ({"pain_0_10": 6}, "G05", "rest", RECOVERY, RECOVERY),
    ({"pain_0_10": 4}, "G05", "active_recovery", RECOVERY, RECOVERY),
    ({"pain_0_10": 2}, "G05", "no_increase", PLAN, PLAN),
    ({"niggle": 1}, "G05", "no_increase", PLAN, PLAN),
    ({"note_asks": 1}, "G01", "no_increase", PLAN, PLAN),
    ({"acwr": 1.51, "week_load_au": 2750}, "G06", "active_recovery", RECOVERY, RECOVERY),
    ({"acwr": 1.51}, "G06", "no_increase", PLAN, PLAN),
    (STEEP_PLAN, "G06", "load_capped", PLAN, PLAN),
    ({"acwr": 1.3}, "G06", "no_increase", PLAN, PLAN),
    ({"week_load_au": 3400}, "G07", "active_recovery", RECOVERY, RECOVERY),
    ({"week_load_au": 2800}, "G07", "no_increase", PLAN, PLAN),
    ({"six_day_load_au": 2450}, "G07", "no_volume", INTENSITY, PLAN),
    ({"largest_load_28d_au": 280}, "G07", "no_volume", INTENSITY, PLAN),  # 345 AU would be above 1.2 times it
    ({"largest_load_28d_au": 274}, "G07", "no_increase", PLAN, PLAN),
    ({"hrv_today_z": -2.1}, "G08", "no_increase", PLAN, PLAN),
    ({"hrv_today_z": -3.1}, "G08", "active_recovery", RECOVERY, RECOVERY),
    ({"hrv_today_z": 3.1}, "G08", "no_increase", PLAN, PLAN),
    ({"hrv_doubted_z": -2.1, "hrv_age_days": 1}, "G08", "active_recovery", RECOVERY, RECOVERY),
    ({"hrv_low_days": 3}, "G08", "no_increase", PLAN, PLAN),
    ({"hrv_low_days": 5}, "G08", "no_increase", PLAN, PLAN),
    ({"hrv_very_low_days": 3}, "G08", "no_increase", PLAN, PLAN),
    ({"hrv_very_low_days": 7}, "G08", "active_recovery", RECOVERY, RECOVERY),
    ({"sleep_h": 5.0}, "G09", "no_increase", PLAN, PLAN),
    ({"sleep_h": 3.9}, "G09", "active_recovery", RECOVERY, RECOVERY),
    ({"sleep_short_nights": 2}, "G09", "no_increase", PLAN, PLAN),
    ({"sleep_mean_3d_h": 5.4}, "G09", "active_recovery", RECOVERY, RECOVERY),
    ({"readiness_1_5": 2}, "G10", "no_increase", PLAN, PLAN),
    ({"readiness_1_5": 1.5}, "G10", "active_recovery", RECOVERY, RECOVERY),
    ({"worst_item_1_5": 1}, "G10", "no_increase", PLAN, PLAN),
    ({"soreness_1_5": 1}, "G10", "no_increase", PLAN, PLAN),
    ({"readiness_worst_days": 2}, "G10", "no_increase", PLAN, PLAN),
    ({"soreness_worst_days": 2}, "G10", "no_increase", PLAN, PLAN),
    ({"monotonous": 1}, "G11", "no_increase", PLAN, PLAN),
    ({"return_week": 1}, "G12", "load_capped", PLAN, PLAN),
    ({"return_week": 2}, "G12", "load_capped", PLAN, PLAN),
    ({"return_week": 2, "six_day_load_au": 900}, "G12", "no_increase", PLAN, PLAN),
    ({"age_years": 15.9}, "G13", "no_increase", PLAN, PLAN),
    ({"age_years": 17, "hard_run_days": 2}, "G13", "no_increase", PLAN, PLAN),
    ({"hrv_age_days": 1}, "G14", "no_increase", PLAN, PLAN),
    ({"hrv_age_days": 8}, "G14", "no_increase", PLAN, PLAN),
    ({"load_unlogged_days": 3}, "G14", "no_increase", PLAN, PLAN),
    ({"sleep_age_days": 1}, "G14", "no_increase", PLAN, PLAN),
    ({"check_in_age_days": 1}, "G14", "no_increase", PLAN, PLAN),
    ({"chronic_au": np.nan}, "G15", "no_increase", PLAN, PLAN),
    ({"days_to_main_race": 3}, "G16", "no_increase", PLAN, PLAN),
    ({"days_to_main_race": -1}, "G16", "no_increase", PLAN, PLAN),
    ({"intensity_run": 2}, "G17", "no_intensity", PLAN, VOLUME),
    ({"intensity_6d": 4}, "G17", "no_intensity", PLAN, VOLUME),
    ({"hard_days_6d": 3}, "G17", "no_intensity", PLAN, VOLUME),
    ({"hours_since_top_speed_h": 47}, "G17", "no_intensity", PLAN, VOLUME),
    ({"advice_hold": HOLD_PREGNANCY}, "G18", "suspended", RECOVERY, RECOVERY),
    ({"advice_hold": HOLD_HEART}, "G18", "suspended", RECOVERY, RECOVERY),
    ({"advice_hold": HOLD_REDS}, "G18", "suspended", RECOVERY, RECOVERY),
    ({"resting_hr_delta_bpm": 10}, "G19", "no_increase", PLAN, PLAN),
    ({"zones_to_settle": 3}, "G19", "no_increase", PLAN, PLAN),
    ({"illness_signal_days": 2}, "G19", "active_recovery", RECOVERY, RECOVERY),
    ({"zones_to_settle": 9, "sleep_h": 4.8}, "G19", "active_recovery", RECOVERY, RECOVERY),
    ({"resting_hr_delta_bpm": 20, "hrv_today_z": -2.4}, "G19", "active_recovery", RECOVERY, RECOVERY),
    ({"readiness_1_5": 2, "sleep_h": 5}, "G19", "active_recovery", RECOVERY, RECOVERY),
]


@pytest.mark.parametrize(("values", "code", "effect", "for_intensity", "for_volume"), LINES)
def test_each_line_has_its_effect(values, code, effect, for_intensity, for_volume):
    for proposed, expected in ((INTENSITY, for_intensity), (VOLUME, for_volume)):
        result = guarded(proposed, **values)
        assert (code, effect) in result.trace(0)
        assert result.action.tolist() == [expected]
    assert guarded(RECOVERY, **values).action.tolist() == [RECOVERY]


def test_every_guard_of_the_table_has_a_line_above():
    assert {line[1] for line in LINES} == set(GUARD_CODES) == {f"G{i:02d}" for i in range(1, 20)}
    assert len(LINES) >= len(RULES)


def test_a_sign_of_the_body_holds_both_increases_back_and_load_alone_may_hold_one():
    one_kind = {rule.code for rule in RULES if rule.effect in (Effect.NO_VOLUME, Effect.NO_INTENSITY)}
    assert one_kind == {"G06", "G07", "G17"}  # how much and how hard the last days were
    assert not one_kind & {*BODY, "G01", "G04"}


JUST_INSIDE = [
    {"acwr": 1.299}, {"week_load_au": 2300}, {"hrv_low_days": 2}, {"hrv_very_low_days": 2}, {"sleep_h": 5.1},
    {"sleep_mean_3d_h": 5.5}, {"sleep_short_nights": 1}, {"pain_0_10": 1}, {"worst_item_1_5": 2},
    {"resting_hr_delta_bpm": 9}, {"zones_to_settle": 2}, {"illness_signal_days": 1}, {"hrv_today_z": 3},
    {"hrv_doubted_z": -2}, {"readiness_worst_days": 1},
    {"readiness_1_5": 2.2}, {"soreness_1_5": 2}, {"hrv_today_z": -2},
    {"age_years": 18}, {"age_years": np.nan}, {"load_unlogged_days": 2},
    {"check_in_age_days": risk.NEVER_DAYS}, {"days_to_main_race": 4}, {"days_to_main_race": -2}, {"intensity_run": 1},
    {"intensity_6d": 3}, {"hard_days_6d": 2}, {"hours_since_top_speed_h": 48}, {"days_since_illness": 5},
]  # fmt: skip


@pytest.mark.parametrize("values", JUST_INSIDE)
def test_just_inside_a_line_nothing_fires(values):
    assert guarded(INTENSITY, **values).trace(0) == ()


def test_more_is_vetoed_where_todays_dose_would_project_acwr_above_the_line():
    steep = {"acute_au": 380.0, "chronic_au": 300.0, "acwr": 380 / 300, "planned_load_au": 500.0}
    assert acwr_after(alice(**steep), 550.0)[0] > risk.ACWR_WARNING
    result = guarded(INTENSITY, **steep)
    assert result.action.tolist() == [PLAN]
    assert dict(result.trace(0))["G06"] == "no_increase"


def test_a_plan_that_would_take_acwr_to_the_danger_line_is_capped_not_replaced():
    assert alice(**STEEP_PLAN).acwr[0] < risk.ACWR_WARNING
    result = guarded(PLAN, **STEEP_PLAN)
    assert result.action.tolist() == [PLAN]
    assert result.trace(0) == (("G06", "load_capped"), ("G07", "no_increase"))
    heavier = risk.SESSION_HEAVIER * result.load_cap_au
    assert acwr_after(alice(**STEEP_PLAN), heavier).tolist() == [pytest.approx(risk.ACWR_DANGER)]
    fitting = STEEP_PLAN | {"planned_load_au": float(result.load_cap_au[0])}
    assert guarded(PLAN, **fitting).load_cap_au.tolist() == [np.inf]


def test_a_cap_is_never_less_than_recovery():
    steep = STEEP_PLAN | {"acute_au": 600.0, "acwr": 2.0}
    assert guarded(PLAN, **steep).load_cap_au.tolist() == [pytest.approx(0.5 * 300)]


def test_the_floor_of_the_chronic_load_counts_in_the_cap_too():
    new = {"acute_au": 5.0, "chronic_au": 5.0, "acwr": 5 / 45, "planned_load_au": 500.0}
    cap = guarded(PLAN, **new).load_cap_au
    assert acwr_after(alice(**new), risk.SESSION_HEAVIER * cap).tolist() == [pytest.approx(risk.ACWR_DANGER)]


FOUR_SESSIONS = np.array([1.75, 0.0, 1.75, 0.0, 1.75, 1.75, 0.0])


def lived(days, plan, ill=()):
    """Alice's loads, what the plan said and what was capped, where she does what is left of the plan."""
    tracker = Tracker(1, Profiles.of(1, seed_load_au=np.array([300.0]), age_years=np.array([24.0])))
    loads, planned, capped = [], [], []
    for day in range(days):
        sick = float(day in ill)
        morning = Morning.of(
            1, planned_load_au=300.0 * plan(day), weekday=float(day % 7), ill=sick, illness=2 * sick,
            hrv_rmssd_ms=60.0 + 3 * (-1) ** day, sleep_score=75.0 + 4 * (-1) ** day, sleep_h=8.0,
        )  # fmt: skip
        obs = tracker.morning(morning)
        result = apply(np.array([PLAN]), obs)
        wanted, _ = dose(result.action, obs.planned_load_au, 0.2, obs.chronic_au)
        load = np.minimum(wanted, result.load_cap_au)
        tracker.evening(morning, Evening.of(1, load_au=load, action_taken=result.action))
        loads.append(load[0])
        planned.append(300.0 * plan(day))
        capped.append(result.trace(0))
    return np.array(loads), np.array(planned), capped


def test_a_four_session_week_is_not_a_rise_of_load():
    loads, planned, seen = lived(112, lambda day: FOUR_SESSIONS[day % 7])
    assert loads[56:].sum() == pytest.approx(planned[56:].sum())
    assert not any(effect in ("active_recovery", "load_capped") for trace in seen[56:] for _, effect in trace)


def test_a_camp_on_top_of_four_sessions_is_capped_and_the_days_stay_below_the_danger_line():
    loads, planned, seen = lived(77, lambda day: FOUR_SESSIONS[day % 7] * (1.9 if day >= 70 else 1.0))
    assert ("G06", "load_capped") in {pair for trace in seen[70:] for pair in trace}
    assert ("G06", "active_recovery") not in {pair for trace in seen for pair in trace}
    assert loads[70:].sum() > planned[63:70].sum()


def test_a_session_after_a_fortnight_off_is_capped_not_replaced():
    loads, planned, seen = lived(100, lambda day: 0.0 if 70 <= day < 84 else FOUR_SESSIONS[day % 7])
    assert seen[84] == (("G12", "load_capped"),)
    assert loads[84] == pytest.approx(0.5 * planned[84])


def test_nobody_is_capped_below_nine_tenths_of_the_usual_load_week_after_week():
    loads, planned, _ = lived(168, lambda day: FOUR_SESSIONS[day % 7], ill=range(60, 66))
    weeks = loads.reshape(-1, 7).sum(axis=1) / planned.reshape(-1, 7).sum(axis=1)
    assert (weeks[:8] > 0.9).all()
    assert (weeks[13:] > 0.9).all()  # illness, its three steps and two weeks of return lie behind her


def test_the_week_after_a_week_of_illness_is_compared_with_the_usual_week():
    usual = 7 * float(GOOD.lref_au[0])
    back = {"week_load_au": 1.2 * usual, "previous_week_load_au": 0.3 * usual}
    assert guarded(VOLUME, **back).trace(0) == ()
    built_up = {"week_load_au": 1.7 * usual, "previous_week_load_au": 1.5 * usual}
    assert guarded(VOLUME, **built_up).trace(0) == ()
    assert guarded(VOLUME, **back | {"week_load_au": 1.7 * usual}).trace(0) == (("G07", "active_recovery"),)


def test_the_strictest_guard_decides_and_all_are_logged():
    result = guarded(INTENSITY, acwr=1.4, hrv_very_low_days=7, pain_0_10=6, age_years=15)
    assert result.trace(0) == (
        ("G05", "rest"),
        ("G08", "active_recovery"),
        ("G06", "no_increase"),
        ("G13", "no_increase"),
    )
    assert result.load_cap_au.tolist() == [0.0]
    assert result.coach_alert.tolist() == [True]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"red_flag": 1, "injured": 1}, "red_flag"),
        ({"injured": 1}, "injury"),
        ({"advice_hold": HOLD_CLINICIAN}, "medical_hold"),
        ({"advice_hold": HOLD_REDS}, "medical_hold"),
        ({"load_unlogged_days": 8}, "stale_data"),
        ({"chronic_au": np.nan}, "insufficient_history"),
        ({"pain_0_10": 7}, ""),
        ({"illness": ILLNESS_FEVER}, ""),
    ],
)
def test_advice_is_withheld_with_its_reason(values, reason):
    assert guarded(INTENSITY, **values).withheld.tolist() == [reason]


@pytest.mark.parametrize(
    ("values", "cap"),
    [
        ({"return_week": 1, "former_chronic_au": 320}, 160.0),
        ({"return_week": 2, "former_chronic_au": 320}, 240.0),
        ({"days_since_illness": 0}, 0.0),
        ({"days_since_illness": 1}, 0.0),
        ({"days_since_illness": 2}, 150.0),
        ({"days_since_illness": 3}, 225.0),
        ({"days_since_illness": 4}, np.inf),
        ({"days_since_illness": 2, "return_week": 1, "former_chronic_au": 100}, 150.0),
        ({"days_since_illness": 3, "return_week": 1, "former_chronic_au": 100}, 150.0),
        ({"return_week": 2, "former_chronic_au": 320, "six_day_load_au": 1300}, np.inf),
    ],
)
def test_returns_from_layoff_and_illness_cap_the_load(values, cap):
    assert guarded(PLAN, **values).load_cap_au.tolist() == [pytest.approx(cap)]


def test_the_coach_hears_of_the_third_recovery_in_four_days():
    assert guarded(RECOVERY, recovery_3d=2).third_recovery_of_four.tolist() == [True]
    assert guarded(RECOVERY, recovery_3d=1).third_recovery_of_four.tolist() == [False]
    assert guarded(PLAN, recovery_3d=2).third_recovery_of_four.tolist() == [False]


@pytest.mark.parametrize("proposed", [-1, 4, 99, np.nan, np.inf, 1.5])
def test_what_is_no_action_becomes_the_plan_and_fires_g15(proposed):
    result = apply(np.array([proposed]), GOOD)
    assert result.action.tolist() == [PLAN]
    assert result.trace(0) == (("G15", "no_increase"),)


def test_a_row_the_rule_answered_is_marked():
    assert apply(np.array([PLAN]), GOOD, rule_policy=np.array([True])).trace(0) == (("G15", "rule_policy"),)


# --- Properties, in bulk -------------------------------------------------------------------------------------------

_RANGES = {
    "red_flag": [0] * 30 + [1], "ill": [0] * 20 + [1], "injured": [0] * 20 + [1], "illness": [0] * 20 + [1, 2, 3],
    "pain_0_10": [np.nan, *range(11)] + [0] * 30, "pain_rising": [0, 0, 1], "acwr": (0.5, 1.7),
    "week_load_au": (800, 3500), "previous_week_load_au": (800, 3000), "six_day_load_au": (700, 2600),
    "week_before_load_au": (900, 3000), "hrv_low_days": [0] * 9 + [1, 2, 3, 4, 5, 6],
    "hrv_very_low_days": [0] * 9 + [1, 2, 3, 4], "sleep_h": (4.5, 9.5), "sleep_mean_3d_h": (5, 9),
    "sleep_short_nights": [0] * 6 + [1, 2, 3], "readiness_worst_days": [0] * 8 + [1, 2], "acute_au": (150, 500),
    "soreness_worst_days": [0] * 8 + [1, 2, 3], "monotonous": [0] * 9 + [1], "return_week": [0] * 9 + [1, 2],
    "age_years": [14, 16, 17, *[25] * 9, np.nan], "hard_run_days": [0, 1, 2, 3], "hrv_age_days": [0] * 9 + [1, 3, 4, 8],
    "load_unlogged_days": [0] * 9 + [1, 2, 3, 8], "sleep_age_days": [0] * 9 + [3, 4, 9],
    "check_in_age_days": [0] * 9 + [1, 29, risk.NEVER_DAYS], "days_to_main_race": [np.nan] * 9 + [-2, -1, 0, 3, 4],
    "intensity_run": [0] * 5 + [1, 2, 3], "intensity_6d": [0] * 5 + [1, 3, 4], "hard_days_6d": [0, 1, 2, 2, 3, 4],
    "hours_since_top_speed_h": [np.nan] * 5 + [20, 47, 48, 90], "advice_hold": [0] * 30 + [1, 2, 3, 4],
    "days_since_illness": [risk.NEVER_DAYS] * 9 + [0, 1, 2, 4, 5], "chronic_au": (150, 450), "lref_au": (100, 500),
    "planned_load_au": (0, 700), "former_chronic_au": [np.nan, 200, 400], "recovery_3d": [0, 1, 2, 3],
    "hrv_today_z": (-2.5, 2.5), "hrv_doubted_z": [np.nan] * 20 + [-9, -2, 4], "note_asks": [0] * 20 + [1],
    "worst_item_1_5": [3] * 20 + [1, 2, np.nan], "readiness_1_5": [4] * 20 + [1, 2, np.nan], "niggle": [0] * 20 + [1],
    "zones_to_settle": [0] * 20 + [2, 3, 9], "resting_hr_delta_bpm": [np.nan, 0, 6] * 7 + [9, 10, 20],
    "illness_signal_days": [0] * 20 + [1, 2], "largest_load_28d_au": (300, 900),
}  # fmt: skip


def drawn(rng, n):
    """n mornings that mix good and bad signs."""
    columns = {f.name: np.repeat(getattr(GOOD, f.name), n) for f in fields(Observation)}
    for name, values in _RANGES.items():
        columns[name] = rng.uniform(*values, n) if isinstance(values, tuple) else rng.choice(np.array(values, float), n)
    return Observation(**columns)


def batches(seed):
    rng, left = np.random.default_rng(seed), CASES
    while left > 0:
        n = min(left, 20_000)
        yield rng, drawn(rng, n), rng.integers(0, 4, n)
        left -= n


HARDNESS = np.array([2, 2, 0, 1])  # an increase, an increase, recovery, the plan


def is_increase(actions):
    return actions <= VOLUME


def test_no_increase_passes_any_danger_line():
    increases = 0
    for _, obs, proposed in batches(1):
        result = apply(proposed, obs)
        more = is_increase(result.action)
        increases += more.sum()
        o = obs.select(np.flatnonzero(more))
        dangers = {
            "red flag": o.red_flag > 0, "ill": (o.ill > 0) | (o.illness > 0), "injured": o.injured > 0,
            "pain": o.pain_0_10 >= 2, "niggle": o.niggle > 0,
            "answers": (o.worst_item_1_5 <= 1) | (o.readiness_1_5 <= 2),
            "note": o.note_asks > 0, "zones": o.zones_to_settle >= 3,
            "resting heart rate": o.resting_hr_delta_bpm >= 10,
            "doubted": o.hrv_doubted_z < -2, "today": np.abs(o.hrv_today_z) > 3, "acwr": o.acwr >= 1.3,
            "hrv": (o.hrv_low_days >= 3) | (o.hrv_very_low_days >= 3), "short sleep": o.sleep_h <= 5,
            "sleep debt": (o.sleep_mean_3d_h < 5.5) | (o.sleep_short_nights >= 2), "return": o.return_week > 0,
            "worst": (o.readiness_worst_days >= 2) | (o.soreness_worst_days >= 2), "monotonous": o.monotonous > 0,
            "child": o.age_years < 16, "no hrv": o.hrv_age_days > 0, "unlogged": o.load_unlogged_days > 2,
            "race": (o.days_to_main_race >= -1) & (o.days_to_main_race <= 3), "hold": o.advice_hold > 0,
            "after illness": o.days_since_illness <= 4, "withheld": result.withheld[more] != "",
        }  # fmt: skip
        assert [name for name, there in dangers.items() if there.any()] == []
        harder = obs.select(np.flatnonzero(result.action == INTENSITY))
        held = (harder.intensity_run >= 2) | (harder.hours_since_top_speed_h < 48)
        assert not held.any()
        assert not (is_increase(result.action) & (result.action != proposed)).any()
    assert increases > CASES / 1000  # the property is not empty


def test_applying_the_guard_twice_changes_nothing():
    for _, obs, proposed in batches(2):
        once = apply(proposed, obs)
        twice = apply(once.action, obs)
        assert np.array_equal(once.action, twice.action)
        assert np.array_equal(once.effects, twice.effects)
        assert np.array_equal(once.load_cap_au, twice.load_cap_au)


WORSE = {
    "red_flag": 1, "illness": 1, "injured": 1, "pain_0_10": 2, "pain_rising": 1, "acwr": 0.2, "week_load_au": 400,
    "six_day_load_au": 300, "hrv_low_days": 2, "hrv_very_low_days": 1, "sleep_h": -1.5, "sleep_mean_3d_h": -1.0,
    "sleep_short_nights": 1, "readiness_worst_days": 1, "soreness_worst_days": 1, "monotonous": 1, "hrv_age_days": 3,
    "load_unlogged_days": 2, "sleep_age_days": 3, "intensity_run": 1, "intensity_6d": 2, "hard_days_6d": 1,
    "largest_load_28d_au": -150,
    "niggle": 1, "note_asks": 1, "worst_item_1_5": -1, "readiness_1_5": -1, "zones_to_settle": 2, "hrv_today_z": -1,
    "hrv_doubted_z": -7, "resting_hr_delta_bpm": 9, "illness_signal_days": 1,
    "hours_since_top_speed_h": -30, "days_since_illness": -2, "hard_run_days": 1, "age_years": -3, "advice_hold": 1,
}  # fmt: skip


@pytest.mark.parametrize("name", WORSE)
def test_worsening_one_value_never_makes_the_advice_harder(name):
    rng = np.random.default_rng(3)
    n = max(CASES // len(WORSE), 1000)
    obs, proposed = drawn(rng, n), rng.integers(0, 4, n)
    if name == "illness":
        obs = replace(obs, ill=np.zeros(n))  # with ill set, 0 means unspecified, which counts as below the neck
    worse = replace(obs, **{name: getattr(obs, name) + WORSE[name]})
    before, after = apply(proposed, obs), apply(proposed, worse)
    assert (HARDNESS[after.action] <= HARDNESS[before.action]).all()
    assert (after.load_cap_au <= before.load_cap_au).all()
    assert (prescribed(after, worse) <= prescribed(before, obs)).all()


def prescribed(result, obs):
    load, _ = dose(result.action, obs.planned_load_au, 0.2, obs.chronic_au, under_18=obs.under_18)
    return np.minimum(load, result.load_cap_au)


MISSING = {
    "hrv": {"hrv_rmssd_ms": np.nan, "hrv_z": np.nan, "hrv_today_z": np.nan, "hrv_age_days": risk.NEVER_DAYS},
    "sleep": {"sleep_h": np.nan, "sleep_mean_3d_h": np.nan, "sleep_z": np.nan, "sleep_age_days": risk.NEVER_DAYS},
    "load": {"week_load_au": np.nan, "six_day_load_au": np.nan, "monotony": np.nan, "load_unlogged_days": 3.0},
    "weeks": {"previous_week_load_au": np.nan, "week_before_load_au": np.nan},
    "check-in": {"pain_0_10": np.nan, "pain_rising": 0.0, "readiness_1_5": np.nan, "check_in_age_days": 1.0},
    "acwr": {"acwr": np.nan},
    "strain": {"monotony": np.nan, "strain": np.nan, "strain_rank": np.nan},
}


@pytest.mark.parametrize("signal", MISSING)
def test_a_missing_signal_never_turns_hold_or_recovery_into_an_increase(signal):
    rng = np.random.default_rng(4)
    n = max(CASES // len(MISSING), 1000)
    obs, proposed = drawn(rng, n), rng.integers(0, 4, n)
    blind = replace(obs, **{name: np.full(n, value) for name, value in MISSING[signal].items()})
    before, after = apply(proposed, obs).action, apply(proposed, blind).action
    assert not (is_increase(after) & ~is_increase(before)).any()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_garbage_in_any_value_gives_an_action_and_never_an_increase_on_a_damaged_row(seed):
    rng = np.random.default_rng(seed)
    n = 300
    obs = drawn(rng, n)
    garbage = np.array([np.nan, np.inf, -np.inf, 1e300, -1e300, -0.0, 5e-324])
    for name in rng.choice([f.name for f in fields(Observation)], 5):
        spoiled = getattr(obs, name).copy()
        rows = rng.random(n) < 0.3
        spoiled[rows] = rng.choice(garbage, rows.sum())
        setattr(obs, name, spoiled)
    with np.errstate(all="raise", under="ignore"):
        result = apply(rng.choice([0.0, 1.0, 2.0, 3.0, np.nan, -7.0], n), obs)
    assert np.isin(result.action, list(Action)).all()
    damaged = ~np.isfinite(obs.acwr) | ~np.isfinite(obs.chronic_au) | np.isinf(obs.hrv_z) | ~np.isfinite(obs.acute_au)
    assert not (is_increase(result.action) & damaged).any()
    assert not np.isnan(result.load_cap_au[result.withheld == ""]).any()


EVERYBODY = [
    {}, {"red_flag": 1.0}, {"pain_0_10": 5.0}, {"niggle": 1.0}, {"soreness_1_5": 1.0, "readiness": 4.0},
    {"illness": float(ILLNESS_ABOVE_NECK)}, {"days_to_main_race": 2.0}, {"hours_since_top_speed_h": 10.0},
    {"sleep_h": 4.0}, {"resting_hr_bpm": 50.0},
]  # fmt: skip


@pytest.mark.parametrize("values", EVERYBODY)
@pytest.mark.parametrize("age_years", [None, 15.0, 17.0])
def test_a_rule_asked_once_for_everybody_answers_as_it_does_athlete_by_athlete(values, age_years):
    n, dice = 30, np.random.default_rng(3)
    tracker = Tracker(n, Profiles.of(n, seed_load_au=np.full(n, 300.0), age_years=age_years))
    for _ in range(30):
        measured = {"hrv_rmssd_ms": dice.normal(60, 8, n), "planned_load_au": dice.uniform(0, 500, n)}
        once = Morning.of(n, **measured, **values)
        tracker.evening(once, Evening.of(n, load_au=dice.uniform(0, 600, n)))
    one_by_one = Morning.of(n, **{name: np.array(getattr(once, name)) for name in Morning.__slots__})
    tracker.profiles = Profiles.of(n, age_years=age_years)
    shared = tracker.morning(once)
    tracker.profiles = Profiles.of(n, age_years=None if age_years is None else np.full(n, age_years))
    alone = tracker.morning(one_by_one)
    assert set(alone.shared) < {"weekday", "pain_rising", "age_years", "advice_hold"} and values.keys() <= {
        "readiness" if name == "readiness_1_5" else name for name in shared.shared
    }
    assert shared.rows() == alone.rows()
    for proposed in Action:
        first, second = (apply(np.full(n, int(proposed)), obs) for obs in (shared, alone))
        assert np.array_equal(first.effects, second.effects)
        for name in ("action", "withheld", "load_cap_au", "coach_alert", "third_recovery_of_four"):
            assert np.array_equal(getattr(first, name), getattr(second, name)), name


def test_a_rule_reads_what_it_says():
    lines = {rule.code: _reads(rule) for rule in RULES if rule.effect in (Effect.SUSPENDED, Effect.NO_VOLUME)}
    assert lines == {
        "G01": {"red_flag"},
        "G04": {"injured", "advice_hold"},
        "G06": {"planned_load_au", "age_years", "acute_au", "chronic_au", "lref_au"},
        "G07": {"planned_load_au", "age_years", "six_day_load_au", "week_before_load_au", "lref_au"},
        "G18": {"advice_hold"},
    }
    assert all("unusable" in _reads(rule) for rule in RULES if rule.code == "G15")
