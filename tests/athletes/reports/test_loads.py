"""What a session's load probably was, from its heart rate or the plan. Plain functions."""

import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures import loads
from measures.loads import Effort, Heart, Plan

MAN, WOMAN, NOBODY = (Heart(50.0, 190.0, sex) for sex in ("male", "female", "undisclosed"))


def at_share(share):
    """The heart rate of someone who rests at 50 and goes up to 190."""
    return 50 + 140 * share


def estimate(minutes=60.0, share=0.65, kind="endurance", heart=MAN, pairs=(), plan=None, zones=()):
    hr = None if share is None else at_share(share)
    return loads.estimated(Effort(minutes, hr, zones), kind, heart, pairs, plan)


def test_trimp_is_banisters_sum_by_hand():
    """60 min at 120 bpm, 40-200: share 0.5; 60 x 0.5 x 0.64 e^0.96 = 50.1 for a man, 60 x 0.5 x 0.86 e^0.835 = 59.5."""
    for sex, expected in (("male", 50.14), ("female", 59.46)):
        rate = loads.trimp_per_min(Effort(60.0, 120.0), Heart(40.0, 200.0, sex))
        assert 60 * rate == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("heart", [MAN, WOMAN, NOBODY], ids=lambda heart: heart.sex)
@pytest.mark.parametrize(("share", "rpe"), loads.ANCHORS)
def test_without_own_ratings_the_thresholds_are_felt_as_4_and_7_by_everybody(heart, share, rpe):
    load = estimate(share=share, heart=heart)
    assert (load.basis, load.estimated_rpe, load.load_au) == ("heart_rate", rpe, 60 * rpe)
    assert load.grounds == ("group_convention",)


def test_five_own_ratings_set_the_level_and_four_do_not():
    pairs = [(Effort(40.0, at_share(0.65)), 6.0)] * 4
    assert estimate(pairs=pairs).estimated_rpe == 4.0
    calibrated = estimate(pairs=[*pairs, pairs[0]])
    assert (calibrated.estimated_rpe, calibrated.grounds) == (6.0, ("own_ratings",))
    assert calibrated.error_pct < estimate().error_pct


def test_who_rates_everything_alike_is_believed_and_who_rates_by_intensity_too():
    hard_and_easy = [0.5, 0.6, 0.7, 0.8, 0.9] * 6
    always_six = [(Effort(40.0, at_share(share)), 6.0) for share in hard_and_easy]
    assert estimate(share=0.9, pairs=always_six).estimated_rpe == pytest.approx(6.0, abs=0.35)
    doubling = [(Effort(40.0, at_share(s)), 2.0 * loads.weighted(s, "male")) for s in hard_and_easy]
    expected = 2.0 * loads.weighted(0.9, "male")
    assert estimate(share=0.9, pairs=doubling).estimated_rpe == pytest.approx(expected, rel=0.03)


def test_an_easy_session_among_hard_ones_is_estimated_easier():
    pairs = [(Effort(40.0, at_share(0.85)), 7.0)] * 6
    assert estimate(share=0.5, pairs=pairs).estimated_rpe < 4.0


def test_intervals_count_by_their_zones_where_the_device_tells_them():
    """Half at 50 %, half at 90 %: harder than an hour at 70 %, which is what the mean says."""
    zones = [{"low_bpm": at_share(s) - 1, "high_bpm": at_share(s) + 1, "duration_s": 1800} for s in (0.5, 0.9)]
    assert estimate(share=0.7, zones=zones).estimated_rpe > estimate(share=0.7).estimated_rpe
    half_told = [{**zones[0], "duration_s": 600}]
    assert estimate(share=0.7, zones=half_told) == estimate(share=0.7)


def test_open_ended_zones_end_at_the_own_maximum_and_begin_at_rest():
    zone = {"low_bpm": 0, "high_bpm": 250, "duration_s": 3600}
    assert loads.middle_of(zone, MAN) == (50 + 190) / 2


def test_without_heart_rate_the_plans_effort_counts_over_the_minutes_it_took():
    load = estimate(minutes=30.0, share=None, plan=Plan(load_au=540.0, minutes=90.0))
    assert (load.basis, load.load_au, load.estimated_rpe) == ("plan", 180.0, 6.0)
    assert load.grounds == ("planned_effort",)


@pytest.mark.parametrize("kind", sorted(loads.HR_UNDERESTIMATES))
def test_of_sprints_and_weights_the_plan_knows_more_and_without_one_the_estimate_says_so(kind):
    planned = estimate(kind=kind, share=0.4, plan=Plan(420.0, 60.0))
    assert (planned.basis, planned.estimated_rpe) == ("plan", 7.0)
    unplanned = estimate(kind=kind, share=0.4)
    assert (unplanned.basis, unplanned.grounds) == ("heart_rate", ("group_convention", "hr_underestimates"))


def test_without_heart_rate_and_plan_the_load_is_unknown_not_zero():
    assert estimate(share=None) == loads.UNKNOWN == loads.Load("none", None)
    assert estimate(share=None, plan=Plan(0.0, 60.0)) == loads.UNKNOWN  # a planned rest
    assert estimate(share=0.02) == loads.UNKNOWN  # asleep, or the strap lay on the table


def test_a_rating_is_minutes_times_rpe():
    assert loads.rated(60.0, 7.0, confirmed=False) == loads.Load("rpe", 420.0)
    assert loads.rated(60.0, 0.0, confirmed=True) == loads.Load("confirmed", 0.0)


def test_the_hearts_limits_are_the_athletes_own_where_known_and_named_where_not():
    def heart(**known):
        nothing = {"sex": "male", "age_years": None, "stated_max_bpm": None, "seen_max_bpm": (), "resting_bpm": ()}
        return loads.heart_of(**{**nothing, **known})

    assert heart() == Heart(60.0, 195.0, "male", ("resting_hr_assumed", "max_hr_assumed"))
    assert heart(age_years=20, resting_bpm=(48.0, 50.0, 70.0)) == Heart(50.0, 194.0, "male", ("max_hr_by_age",))
    assert heart(stated_max_bpm=188.0, age_years=20, seen_max_bpm=(199.0, 199.0)).max_bpm == 188.0
    assert heart(age_years=20, seen_max_bpm=(203.0,)).max_bpm == 194.0  # one spike is a strap's slip
    assert heart(age_years=20, seen_max_bpm=(203.0, 201.0, 238.0)).max_bpm == 201.0
    assert heart(age_years=20, seen_max_bpm=(150.0, 151.0)).max_bpm == 194.0  # easy runs show no maximum


DATA = Path(os.environ.get("HOMESTRETCH_REAL_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))


@pytest.mark.skipif(not (DATA / "pmdata" / "p01" / "fitbit" / "exercise.json").exists(), reason="no PMData beside us")
def test_on_the_one_person_whose_workouts_and_ratings_are_known_own_ratings_beat_the_plain_ratio():
    from benchmarks import load_estimate

    pairs, heart = (of(DATA / "pmdata" / "p01") for of in (load_estimate.pairs_of, load_estimate.heart_of))
    rows = {name: load_estimate.judged(pairs, how, 5) for name, how in load_estimate.estimators(heart).items()}
    assert len(pairs) == 34
    own, ratio = rows["estimate, own ratings"], rows["TRIMP x median ratio of own pairs"]
    assert own["typical_error_pct"] < 20 < ratio["typical_error_pct"]
    assert abs(own["bias_pct"]) < 5


numbers = st.floats(0, 300, allow_nan=False)
zones = st.lists(
    st.fixed_dictionaries({"low_bpm": numbers, "high_bpm": numbers, "duration_s": st.floats(0, 36_000)}), max_size=4
)
efforts = st.builds(Effort, st.floats(1, 600), st.none() | st.floats(30, 240), zones)


@given(
    effort=efforts,
    kind=st.sampled_from(["endurance", "track_sprint", "other"]),
    heart=st.builds(
        loads.heart_of, sex=st.sampled_from(["male", "female", "undisclosed"]), age_years=st.none() | st.floats(8, 100),
        stated_max_bpm=st.none() | st.floats(120, 230), seen_max_bpm=st.lists(st.floats(30, 240), max_size=4),
        resting_bpm=st.lists(st.floats(20, 150), max_size=4),
    ),
    pairs=st.lists(st.tuples(efforts, st.integers(0, 20).map(lambda n: n / 2)), max_size=8),
    plan=st.none() | st.builds(Plan, st.floats(0, 6000), st.floats(0, 600)),
)  # fmt: skip
def test_whatever_a_device_says_an_estimate_is_a_possible_rating_or_nothing(effort, kind, heart, pairs, plan):
    load = loads.estimated(effort, kind, heart, pairs, plan)
    assert load.basis in loads.WAITING
    if load.basis == "none":
        assert load.load_au is load.estimated_rpe is load.error_pct is None
    else:
        assert 0.5 <= load.estimated_rpe <= 10
        assert load.load_au == round(effort.minutes * load.estimated_rpe, 1)
        assert math.isfinite(load.error_pct)
        assert load.error_pct > 0
        assert load.grounds
