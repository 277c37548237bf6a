"""From a season log to one action, and why."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from measures.actions import Action
from measures.answers import ILLNESS_FEVER, ILLNESS_WARNING_SIGN
from mlmodels.deciding.decision import decide, decide_observed, observe, replay, resolve, stages, would_change_if
from mlmodels.deciding.guard import GUARD_VERSION
from mlmodels.policies.policy import RulePolicy
from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.observation import Observation
from mlmodels.state.table import STATE_VERSION
from mlmodels.state.tracker import Tracker

START = dt.date(2026, 1, 5)


class Always:
    """A learned policy that always prefers one action; silent (NaN) where told so."""

    name = "always"
    sha256 = "a" * 64
    feature_set = "paper-6"

    def __init__(self, action, silent=()):
        self.action, self.silent = action, list(silent)

    def q_values(self, obs):
        q = np.zeros((len(obs), 4), dtype=np.float32)
        q[:, self.action] = 0.5
        q[self.silent] = np.nan
        return q


def season(days=60, athletes=("alice", "bob"), seed=1):
    """A calm season: everything measured every day, load about 300, a test a week."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "athlete": athlete,
            "date": pd.Timestamp(START) + pd.Timedelta(days=day),
            "hrv_rmssd_ms": 60.0 * np.exp(0.05 * rng.standard_normal()),
            "sleep_score": 75.0 + 4 * rng.standard_normal(),
            "sleep_h": 8.0,
            "load_au": 300.0 + 60 * rng.standard_normal(),
            "high_intensity_share": 0.3,
            "t400_s": 50.0 + 0.2 * rng.standard_normal() if day % 7 == 6 else np.nan,
            "timing": "fat",
            "ill": 0.0,
            "injured": 0.0,
            "planned_load_au": 300.0,
            "planned_high_intensity_share": 0.3,
            "action": 3.0,
        }
        for athlete in athletes
        for day in range(days)
    ]
    return pd.DataFrame(rows)


def on(day):
    return START + dt.timedelta(days=day)


MORNING_COLUMNS = ["hrv_rmssd_ms", "sleep_score", "sleep_h", "ill", "injured", "planned_load_au"]


@settings(max_examples=10, deadline=None)
@given(cut=st.integers(0, 59), seed=st.integers(0, 1000))
def test_nothing_after_the_morning_is_looked_at(cut, seed):
    days = season()
    spoiled = days.copy()
    rng = np.random.default_rng(seed)
    later = spoiled["date"] > pd.Timestamp(on(cut))
    tonight = spoiled["date"] == pd.Timestamp(on(cut))
    spoiled.loc[later, MORNING_COLUMNS] = rng.uniform(1, 100, (later.sum(), len(MORNING_COLUMNS)))
    spoiled.loc[later | tonight, "load_au"] = 5000.0
    spoiled.loc[later | tonight, "t400_s"] = 60.0
    policy = Always(Action.INCREASE_VOLUME)
    truth = decide(days, on=on(cut), policy=policy)
    assert decide(spoiled, on=on(cut), policy=policy) == truth
    assert decide(days[days["date"] <= pd.Timestamp(on(cut))], on=on(cut), policy=policy) == truth
    assert decide(days.sample(frac=1, random_state=seed), on=on(cut), policy=policy) == truth


def test_an_athlete_reads_the_same_alone_as_in_the_squad_whenever_the_others_began():
    days = season()
    days = days[(days["athlete"] == "alice") | (days["date"] >= pd.Timestamp(on(20)))]
    together = {v.athlete: v for v in decide(days, on=on(55), policy=Always(0))}
    for athlete in ("alice", "bob"):
        alone = decide(days[days["athlete"] == athlete], on=on(55), policy=Always(0))
        assert alone == [together[athlete]]


def test_the_stages_run_from_profile_to_learned_and_back_when_coverage_falls():
    days = season(120, athletes=("alice",))
    off = (days["date"] >= pd.Timestamp(on(60))) & (days["date"] < pd.Timestamp(on(80)))
    days.loc[off, ["load_au"]] = np.nan
    seen = [(v.stage, v.policy_name, v.withheld_reason) for _, (v,) in replay(days, Always(0), until=on(100))]
    assert seen[0] == ("profile", "rule", "insufficient_history")
    assert seen[7] == ("provisional", "rule", "")
    assert seen[27] == ("provisional", "rule", "")
    assert seen[28] == ("learned", "always", "")
    assert seen[75] == ("provisional", "rule", "stale_data")
    assert seen[99][0] == "provisional"
    assert seen[100][0] == "learned"


def test_a_verdict_tells_everything_needed_to_say_why():
    (verdict,) = decide(season(athletes=("alice",)), on=on(59), policy=Always(Action.INCREASE_VOLUME))
    assert (verdict.athlete, verdict.stage, verdict.withheld_reason) == ("alice", "learned", "")
    assert verdict.policy_action == Action.INCREASE_VOLUME
    assert verdict.q_values == (0.0, 0.5, 0.0, 0.0)
    assert verdict.margin == 0.5
    assert (verdict.policy_name, verdict.policy_sha256, verdict.used_fallback) == ("always", "a" * 64, False)
    assert (verdict.guard_version, verdict.state_version) == (GUARD_VERSION, STATE_VERSION)
    assert verdict.planned_load_au == 300.0
    replayed = Observation.from_rows([json.loads(json.dumps(verdict.observation))])
    assert decide_observed(replayed, Always(Action.INCREASE_VOLUME), athletes=["alice"]) == [verdict]


@pytest.mark.parametrize(
    ("action", "load", "change", "share"),
    [
        (Action.INCREASE_INTENSITY, 330.0, 10.0, 0.4 / 1.1),
        (Action.INCREASE_VOLUME, 345.0, 15.0, 0.3 / 1.15),
        (Action.ACTIVE_RECOVERY, 105.0, -65.0, 0.0),
        (Action.AS_PLANNED, 300.0, 0.0, 0.3),
    ],
)
def test_the_dose_is_relative_to_the_plan(action, load, change, share):
    _, obs = observe(season(athletes=("alice",)), on=on(59))
    calm = replace(obs, six_day_load_au=np.array([1500.0]))
    (verdict,) = decide_observed(calm, Always(action))
    assert (verdict.action, verdict.guards) == (action, ())
    assert (verdict.load_au, verdict.load_change_pct) == (pytest.approx(load), pytest.approx(change))
    assert verdict.share == pytest.approx(share)


def test_a_guard_outranks_the_policy_and_the_verdict_says_what_was_wanted():
    days = season(athletes=("alice",))
    days.loc[days["date"] > pd.Timestamp(on(46)), "hrv_rmssd_ms"] = 45.0
    (verdict,) = decide(days, on=on(59), policy=Always(Action.INCREASE_INTENSITY))
    assert verdict.policy_action == Action.INCREASE_INTENSITY
    assert verdict.action == Action.ACTIVE_RECOVERY
    assert verdict.guards[0] == ("G08", "active_recovery")
    assert verdict.coach_alert
    assert "hrv_below_range" in [warning.kind for warning in verdict.warnings]


def test_an_injury_withholds_the_advice():
    days = season(athletes=("alice",))
    days.loc[days["date"] == pd.Timestamp(on(59)), "injured"] = 1.0
    (verdict,) = decide(days, on=on(59), policy=Always(0))
    assert (verdict.action, verdict.withheld_reason) == (None, "injury")
    assert (verdict.load_au, verdict.load_change_pct, verdict.share) == (None, None, None)


def test_where_the_learned_policy_has_no_answer_the_rule_answers_and_says_so():
    verdicts = decide(season(), on=on(59), policy=Always(Action.INCREASE_VOLUME, silent=[1]))
    assert [v.used_fallback for v in verdicts] == [False, True]
    assert [v.policy_name for v in verdicts] == ["always", "rule"]
    assert verdicts[1].policy_action == Action.AS_PLANNED
    assert verdicts[1].q_values is None
    assert ("G15", "rule_policy") in verdicts[1].guards


def test_hrv_older_than_a_week_hands_over_to_the_rule():
    days = season(athletes=("alice",))
    days.loc[days["date"] > pd.Timestamp(on(51)), "hrv_rmssd_ms"] = np.nan
    (verdict,) = decide(days, on=on(59), policy=Always(Action.INCREASE_VOLUME))
    assert (verdict.action, verdict.policy_name, verdict.used_fallback) == (Action.AS_PLANNED, "rule", True)
    assert ("G14", "no_increase") in verdict.guards


def test_resolve_is_the_array_twin_of_the_verdicts():
    _, obs = observe(season(), on=on(59))
    arrays, verdicts = resolve(obs, Always(0)), decide_observed(obs, Always(0))
    assert arrays.action.tolist() == [int(v.action) for v in verdicts]
    assert arrays.load_au.tolist() == [v.load_au for v in verdicts]
    assert arrays.stage.tolist() == [v.stage for v in verdicts] == stages(obs).tolist()


def test_profiles_seed_the_averages_from_the_first_day():
    days = season(days=3, athletes=("alice",))
    assert decide(days, on=on(1), policy=RulePolicy())[0].withheld_reason == "insufficient_history"
    (verdict,) = decide(days, on=on(1), policy=RulePolicy(), profiles={"alice": {"seed_load_au": 300.0}})
    assert (verdict.withheld_reason, verdict.stage, verdict.action) == ("", "profile", Action.AS_PLANNED)


def test_a_day_before_every_row_has_no_verdicts():
    assert decide(season(), on=START - dt.timedelta(days=1), policy=RulePolicy()) == []


def test_long_after_the_last_row_advice_is_withheld():
    assert {v.withheld_reason for v in decide(season(), on=on(75), policy=RulePolicy())} == {"stale_data"}


# --- What would change it ------------------------------------------------------------------------------------------


def tired_morning():
    """Alice slept badly last night and her HRV is a little low."""
    tracker = Tracker(1, Profiles.of(1, seed_load_au=[300.0]))
    rng = np.random.default_rng(2)
    for day in range(60):
        hrv = 60.0 * np.exp(0.05 * rng.standard_normal()) if day < 58 else 55.0
        known = {"hrv_rmssd_ms": [hrv], "sleep_h": [8.0], "planned_load_au": [300.0]}
        test = [50.0] if day % 7 == 6 else [np.nan]
        tracker.evening(Morning.of(1, **known), Evening.of(1, load_au=[290.0], t400_s=test))
    return tracker, Morning.of(1, hrv_rmssd_ms=[55.0], sleep_h=[4.5], planned_load_au=[300.0])


def test_the_smallest_change_that_changes_the_action_is_real():
    tracker, morning = tired_morning()
    packed, policy = tracker.pack(), Always(Action.INCREASE_VOLUME)
    before = resolve(tracker.morning(morning), policy).action[0]
    changes = would_change_if(tracker, morning, policy)
    assert [(c.feature, c.op, c.value, c.then) for c in changes if c.feature == "sleep_h"] == [
        ("sleep_h", "<=", 3.75, Action.ACTIVE_RECOVERY),
        ("sleep_h", ">=", 5.25, Action.INCREASE_VOLUME),
    ]
    for change in changes:
        now = float(getattr(morning, change.feature)[0])
        assert change.op == (">=" if change.value > now else "<=")
        moved = replace(morning, **{change.feature: np.array([change.value])})
        assert resolve(tracker.morning(moved), policy).action[0] == change.then != before
    assert tracker.pack() == packed


def test_what_was_not_measured_is_not_named_and_withheld_advice_has_no_way_out():
    tracker, morning = tired_morning()
    names = {change.feature for change in would_change_if(tracker, morning, Always(1))}
    assert names <= {"hrv_rmssd_ms", "sleep_h"}
    injured = replace(morning, injured=np.array([1.0]))
    assert would_change_if(tracker, injured, Always(1)) == []
    assert would_change_if(tracker, Morning.of(1, planned_load_au=[300.0]), Always(1)) == []


def test_no_answer_about_illness_is_a_way_around_a_warning_sign():
    tracker, morning = tired_morning()
    said = {"sleep_h": np.array([8.0]), "pain_0_10": np.array([0.0]), "ill": np.array([1.0])}

    def ways_out(illness):
        ill = replace(morning, **said, illness=np.array([float(illness)]))
        return {change.feature for change in would_change_if(tracker, ill, Always(Action.INCREASE_VOLUME))}

    assert "illness" in ways_out(ILLNESS_FEVER)
    assert "illness" not in ways_out(ILLNESS_WARNING_SIGN)


# --- Doubt, and the spiral brake ------------------------------------------------------------------------------------


def seen_with(**values):
    """One ordinary morning, with some values otherwise."""
    _, obs = observe(season(), on=START + dt.timedelta(days=59))
    return Observation.from_rows([obs.row(0) | values])


FALLEN = {"lref_au": 300.0, "chronic_au": 230.0, "acute_au": 230.0, "acwr": 1.0, "eased_au": 40.0}


def test_recovery_without_a_sign_ends_once_advised_recovery_has_taken_the_load_down():
    resolution = resolve(seen_with(**FALLEN), Always(Action.ACTIVE_RECOVERY))
    assert (resolution.braked[0], resolution.action[0]) == (True, Action.AS_PLANNED)
    (verdict,) = decide_observed(seen_with(**FALLEN), Always(Action.ACTIVE_RECOVERY))
    assert (verdict.braked, verdict.action, verdict.policy_action) == (True, Action.AS_PLANNED, Action.AS_PLANNED)


@pytest.mark.parametrize(
    "sign",
    [
        {"hrv_z": -0.6}, {"hrv_today_z": -1.1}, {"sleep_z": -0.6}, {"sleep_today_z": -1.1}, {"sleep_h": 5.9},
        {"soreness_1_5": 2.0}, {"fatigue_1_5": 2.0}, {"readiness_1_5": 2.0}, {"pain_0_10": 2.0}, {"niggle": 1},
        {"resting_hr_delta_bpm": 5.1}, {"days_since_illness": 4}, {"return_week": 2},
    ],
    ids=lambda sign: next(iter(sign)),
)  # fmt: skip
def test_with_a_sign_of_the_body_recovery_stays_recovery(sign):
    resolution = resolve(seen_with(**FALLEN | sign), Always(Action.ACTIVE_RECOVERY))
    assert (resolution.braked[0], resolution.action[0]) == (False, Action.ACTIVE_RECOVERY)


@pytest.mark.parametrize("silent", [{"hrv_age_days": 1}, {"sleep_age_days": 1}, {"check_in_age_days": 1}],
                         ids=lambda silent: next(iter(silent)))  # fmt: skip
def test_silence_is_no_good_sign(silent):
    resolution = resolve(seen_with(**FALLEN | silent), Always(Action.ACTIVE_RECOVERY))
    assert (resolution.braked[0], resolution.action[0]) == (False, Action.ACTIVE_RECOVERY)


def test_the_brake_is_for_load_that_our_own_advice_took_down():
    for values in ({"chronic_au": 245.0}, {"eased_au": 30.0}):  # not below 0.8; less than half of what is missing
        resolution = resolve(seen_with(**FALLEN | values), Always(Action.ACTIVE_RECOVERY))
        assert (resolution.braked[0], resolution.action[0]) == (False, Action.ACTIVE_RECOVERY)


def test_a_guards_recovery_is_not_braked():
    resolution = resolve(seen_with(**FALLEN, illness=1), Always(Action.AS_PLANNED))
    assert (resolution.braked[0], resolution.action[0]) == (False, Action.ACTIVE_RECOVERY)


@pytest.mark.parametrize(("doubt", "unclear"), [(0.0, False), (0.49, False), (0.51, True)])
def test_what_stands_above_the_plan_by_less_than_the_policy_may_err_is_the_plan(doubt, unclear):
    policy = Always(Action.INCREASE_VOLUME)  # 0.5 above the plan
    policy.doubt = doubt
    (verdict,) = decide_observed(seen_with(), policy)
    assert verdict.unclear is unclear
    assert verdict.policy_action == (Action.AS_PLANNED if unclear else Action.INCREASE_VOLUME)
    assert verdict.q_values == (0.0, 0.5, 0.0, 0.0)


def test_the_plan_itself_is_never_unclear():
    policy = Always(Action.AS_PLANNED)
    policy.doubt = 9.0
    (verdict,) = decide_observed(seen_with(), policy)
    assert (verdict.unclear, verdict.action) == (False, Action.AS_PLANNED)
