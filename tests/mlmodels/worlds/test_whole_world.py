"""The world in which a usual day is absorbed whole: what pays there, what costs, and what its watch shows."""

import numpy as np
import pytest

from measures.actions import Action
from mlmodels.baselines.chance import at_random
from mlmodels.baselines.constant import AllHard, AllRest, PlanUnchanged
from mlmodels.evaluation.rollouts import morning_of, play
from mlmodels.twin.fitting import fit_twin
from mlmodels.worlds.simulator import make_cohort
from mlmodels.worlds.whole import TRIAL_WEEKDAY, USUAL_FITNESS, WholeWorld, hill

N = 150


def lived(n=N, seed=3, days=168, action=Action.AS_PLANNED):
    world, rows = WholeWorld(n, seed), []
    for _ in range(days):
        row = world.morning() | {"caught": world._caught, "overreached": world._overreached, "stress": world._stress}
        rows.append(row | {"sick_days": world._sick_days} | world.step(np.full(n, action)))
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


@pytest.fixture(scope="module")
def season():
    return lived()


def after(hurt, days, n=N):
    """Mean latent % of athletes who were ``hurt(world)`` on day 20, over those of the same luck who were not."""
    one, other = WholeWorld(n, 4), WholeWorld(n, 4)
    for day in range(20 + days):
        if day == 20:
            hurt(one)
        for world in (one, other):
            world.step(np.full(n, Action.AS_PLANNED))
    return one, other


def test_a_usual_day_is_absorbed_whole_however_low_readiness_is():
    def stressed(world):
        world._stress += 4.0

    one, other = after(stressed, 1)
    assert one.readiness().mean() < other.readiness().mean() - 1.0
    np.testing.assert_array_equal(one._speed, other._speed)
    np.testing.assert_array_equal(one._endurance, other._endurance)


def test_the_plan_overreaches_in_camps_alone(season):
    assert np.median(season["overreached"]) < 0.005
    assert 0.02 < (season["overreached"] > 0.05).mean() < 0.15


def test_sustained_overload_loses_training_and_time():
    world, plain = WholeWorld(N, 5), WholeWorld(N, 5)
    for _ in range(28):
        world._plan_au = 1.5 * world._plan_au
        world.step(np.full(N, Action.AS_PLANNED))
        plain.step(np.full(N, Action.AS_PLANNED))
    assert world._overreached.mean() > 0.2
    assert world.performance_pct().mean() < plain.performance_pct().mean()


def test_a_session_of_rest_costs_where_nothing_is_wrong():
    rested, trained = WholeWorld(N, 6), WholeWorld(N, 6)
    for day in range(40):
        rested.step(np.full(N, Action.ACTIVE_RECOVERY if day < 7 else Action.AS_PLANNED))
        trained.step(np.full(N, Action.AS_PLANNED))
    assert (rested.performance_pct() < trained.performance_pct()).mean() > 0.8


def test_fixed_programmes_come_out_in_the_known_order():
    def gain(policy):
        own = play(WholeWorld, policy, athletes=N, seed=9, guarded=False)
        return 100 * (1 - own.t400_s / plan.t400_s).mean()

    plan = play(WholeWorld, PlanUnchanged(), athletes=N, seed=9, guarded=False)
    assert gain(AllRest()) < -2.0
    assert gain(AllHard()) < -0.1
    assert gain(at_random()) < -0.1


def test_the_response_saturates_and_its_slope_is_one_at_the_usual_fitness():
    steps = np.diff(hill(np.array([0.4, 0.8, 1.2, 1.6, 2.0]), 0.8))
    assert (np.diff(steps) < 0).all() and (steps > 0).all()
    ahead = hill(np.array([USUAL_FITNESS, USUAL_FITNESS + 1e-6]), 0.8)
    assert ahead[0] == 0
    assert ahead[1] == pytest.approx(1e-6, rel=1e-3)


def test_illness_is_announced_by_hrv_and_resting_heart_rate_on_the_morning_before(season):
    caught = season["caught"] > 0
    hrv = np.log(season["hrv_rmssd_ms"]) - np.nanmean(np.log(season["hrv_rmssd_ms"]), axis=0)
    rate = season["resting_hr_bpm"] - np.nanmean(season["resting_hr_bpm"], axis=0)
    assert np.nanmean(hrv[caught]) < -0.1
    assert np.nanmean(rate[caught]) > 4.0
    assert not (season["ill"][caught] > 0).any()
    np.testing.assert_array_equal(season["new_ill"] > 0, caught)
    assert (season["ill"][1:][caught[:-1]] > 0).all()


def test_training_hard_on_the_day_before_makes_the_illness_longer():
    hard, easy = WholeWorld(2000, 7), WholeWorld(2000, 7)
    for world, action in ((hard, Action.INCREASE_VOLUME), (easy, Action.ACTIVE_RECOVERY)):
        world._caught[:] = True
        world.step(np.full(2000, action))
    assert hard._sick_days.mean() > easy._sick_days.mean() + 0.8


def test_hrv_follows_volume_and_stress_and_knows_nothing_of_intensity():
    def hrv_after(x, share, stress=0.0):
        world = WholeWorld(400, 8)
        for _ in range(5):
            world._train(np.full(400, x), np.full(400, share))
        world._stress = world._stress + stress
        world._dawn()
        return np.nanmean(np.log(world.morning()["hrv_rmssd_ms"]))

    usual = hrv_after(1.0, 0.19)
    same_volume_more_high = hrv_after(1.0 * 0.81 / 0.6, 0.4)
    assert same_volume_more_high == pytest.approx(usual, abs=0.002)
    assert hrv_after(1.6, 0.19) < usual - 0.08
    assert hrv_after(1.0, 0.19, stress=1.0) == pytest.approx(usual - 0.075, abs=0.01)


def test_coaches_differ_in_their_week_their_labels_and_their_season(season):
    coach = WholeWorld(N, 3).coach
    assert len(np.unique(np.argmax(coach.week_load, axis=0))) == 7
    assert (coach.week_load.sum(0) == pytest.approx(7.0, abs=0.03)) and 0.2 < np.log(coach.label).std() < 0.45
    done = (coach.week_load * coach.week_share).sum(0) / coach.week_load.sum(0)
    assert done == pytest.approx(0.19, abs=0.002)
    built = coach.season[140:168].mean(0) / coach.season[:28].mean(0)
    assert np.quantile(built, 0.9) - np.quantile(built, 0.1) > 0.15
    hard = season["planned_high_intensity_share"] > 0
    written = season["high_intensity_share"][hard] / season["planned_high_intensity_share"][hard]
    assert np.nanmedian(written) == pytest.approx(1.0)


def test_gaps_are_accidents(season):
    missing, ill = np.isnan(season["hrv_rmssd_ms"]), season["ill"] > 0
    assert missing[ill].mean() == pytest.approx(missing[~ill].mean(), abs=0.06)
    assert missing.mean() == pytest.approx(0.24, abs=0.01)
    assert np.isnan(season["load_au"]).mean() == pytest.approx(0.06, abs=0.01)


def test_trials_are_run_on_one_weekday_by_the_well(season):
    run = np.isfinite(season["t400_s"])
    assert set(np.flatnonzero(run.any(1)) % 7) == {TRIAL_WEEKDAY}
    assert not (run & ((season["ill"] > 0) | (season["injured"] > 0))).any()


def test_a_cap_holds_the_dose_down_and_no_cap_is_none():
    free, capped, none = (WholeWorld(N, 2) for _ in range(3))
    plan = np.full(N, Action.AS_PLANNED)
    loads = [world.step(plan, cap)["load_au"] for world, cap in
             ((free, None), (capped, np.full(N, 100.0)), (none, np.full(N, np.nan)))]  # fmt: skip
    np.testing.assert_array_equal(loads[0], loads[2])
    assert np.nanmax(loads[1]) < 160 < np.nanmax(loads[0])


def test_its_log_can_be_learned_from_and_its_morning_is_a_trackers():
    world = WholeWorld(6, 1)
    assert np.isfinite(morning_of(world, 6, 0).resting_hr_bpm).any()
    assert len(fit_twin(make_cohort(8, 100, 2, make_world=WholeWorld)).fingerprint) > 8
