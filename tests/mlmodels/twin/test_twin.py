"""The twin: it answers to the action, forecasts better than persistence, and says what it could not fit."""

from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from measures.actions import Action
from mlmodels.twin import model
from mlmodels.twin.checking import forecast, forecast_check
from mlmodels.twin.environment import SEASON_D, SeasonEnv
from mlmodels.twin.fitting import TooLittleData, ar1_plus_noise, fit_twin, seats
from mlmodels.twin.history import SeasonHistory, fingerprint
from mlmodels.twin.model import Twin, TwinWorld, gate
from mlmodels.worlds.delayed import DelayedWorld
from mlmodels.worlds.simulator import World, make_cohort


@pytest.fixture(scope="module")
def log():
    return make_cohort(25, 168, 1)


@pytest.fixture(scope="module")
def twin(log):
    return fit_twin(log)


def season(twin, action, n=200, days=120, seed=4):
    world = TwinWorld(twin, n, seed)
    for _ in range(days):
        world.step(np.full(n, action))
    return world


def test_different_actions_lead_to_different_mornings(twin):
    worlds = {action: season(twin, action, days=2) for action in Action}
    planned = worlds[Action.AS_PLANNED]
    for action in (Action.INCREASE_INTENSITY, Action.INCREASE_VOLUME, Action.ACTIVE_RECOVERY):
        assert (worlds[action].readiness() != planned.readiness()).mean() > 0.9
        assert (worlds[action].true_t400() != planned.true_t400()).mean() > 0.9


def test_recovery_raises_readiness_and_costs_fitness(twin):
    planned, rested = season(twin, Action.AS_PLANNED), season(twin, Action.ACTIVE_RECOVERY)
    assert rested.readiness().mean() > planned.readiness().mean()
    assert rested.true_t400().mean() > planned.true_t400().mean()


def test_the_same_seed_gives_the_same_season(twin):
    np.testing.assert_array_equal(
        season(twin, Action.INCREASE_VOLUME).true_t400(), season(twin, Action.INCREASE_VOLUME).true_t400()
    )


def test_suppressed_hrv_reduces_what_is_absorbed_by_those_who_believe_in_it():
    hrv, usual = np.array([-4.0, -1.0, 0.0, 3.0]), np.ones(4)
    by_hrv, by_load = (1.0, 0.0, -1.0, 0.4, 0.2), (0.0, 1.0, -1.0, 0.4, 0.2)
    absorbed = gate(hrv, usual, usual, np.array([by_hrv, by_load]))
    assert absorbed[:, 0] == pytest.approx([0.2004, 0.6, 0.939, 1.0], abs=1e-3)
    assert absorbed[:, 1] == pytest.approx([0.939] * 4, abs=1e-3)


def test_a_load_above_what_is_tolerated_counts_less_whatever_hrv_says():
    by_load = np.array([(0.0, 1.0, -1.0, 0.4, 0.2)])
    rested, usual, overdone, grown = (
        gate(np.array([0.0]), np.array([effort]), np.array([chronic]), by_load)[0, 0]
        for effort, chronic in ((0.6, 1.0), (1.0, 1.0), (1.4, 1.0), (1.4, 1.4))
    )
    assert overdone < grown < usual < rested


def test_draws_are_dealt_by_evidence_and_equally_without_any():
    assert seats(np.zeros(8)).tolist() == [1] * 8
    dealt = seats(np.array([0.0, -40.0, -1.0, -1.0]))
    assert dealt.sum() == 8
    assert dealt[1] == 0
    assert dealt[0] >= dealt[2] >= dealt[3] > 0


def test_a_squad_whose_hrv_knows_fatigue_and_one_whose_does_not_are_believed_differently(twin):
    blind = fit_twin(make_cohort(25, 168, 1, make_world=DelayedWorld))
    assert twin.gates[:, 0].sum() > blind.gates[:, 0].sum()


def test_a_twin_reads_back_as_it_was_saved(twin, tmp_path):
    twin.save(tmp_path / "twin.json")
    again = Twin.load(tmp_path / "twin.json")
    again.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "twin.json").read_bytes()
    np.testing.assert_allclose(again.performance, twin.performance, rtol=1e-4)
    assert again.fingerprint == twin.fingerprint


def test_a_file_of_another_version_is_no_twin(tmp_path):
    (tmp_path / "twin.json").write_text('{"fingerprint": "x"}')
    with pytest.raises(ValueError, match=r"is not a twin of this version: .*usual_load_au"):
        Twin.load(tmp_path / "twin.json")


def test_the_fit_finds_the_signs_and_sizes_it_was_made_with(twin):
    assert (twin.hrv.coef[:, 1] < 0).all()  # more load, lower HRV
    assert (twin.performance > 0).all()
    assert twin.ln_rmssd_sd.mean() == pytest.approx(0.17, abs=0.03)
    assert twin.trial_noise_pct == pytest.approx(1.3, abs=0.25)
    assert 0.05 < twin.load_missing < 0.09


def test_ar1_plus_noise_is_recovered_from_a_long_gappy_series():
    rng = np.random.default_rng(0)
    slow = np.zeros((40, 600))
    for t in range(1, 600):
        slow[:, t] = 0.9 * slow[:, t - 1] + 0.6 * np.sqrt(1 - 0.81) * rng.standard_normal(40)
    seen = slow + 0.8 * rng.standard_normal(slow.shape)
    seen[rng.random(seen.shape) < 0.3] = np.nan
    phi, slow_sd, noise_sd = ar1_plus_noise(seen)
    assert phi == pytest.approx(0.9, abs=0.04)
    assert [slow_sd, noise_sd] == pytest.approx([0.6, 0.8], abs=0.05)


def test_four_week_forecasts_beat_persistence_by_the_agreed_margins(log):
    ratios = [float(error.split()[0]) for _, error, _ in forecast_check(log)]
    assert ratios[0] <= 0.85
    assert ratios[1] <= 0.65
    assert ratios[2] <= 0.50


def test_one_athlete_and_three_weeks_are_refused_with_what_is_missing():
    with pytest.raises(TooLittleData) as refused:
        fit_twin(make_cohort(1, 21, 1))
    message = str(refused.value)
    assert message.startswith("1 athlete(s): ")
    assert "at least 56 are needed" in message
    assert "at least 120 are needed" in message
    assert message.endswith("Until then use the plan and the rule policy.")


def test_one_athletes_whole_season_is_fitted_and_leans_on_the_literature():
    twin = fit_twin(make_cohort(1, 168, 1))
    assert np.isfinite(twin.performance).all()
    assert twin.levels["illness and injury"] == "literature"


def test_a_log_without_plans_actions_sleep_or_tests_says_so_and_still_fits(log):
    plan = ["planned_load_au", "planned_high_intensity_share"]
    twin = fit_twin(log.drop(columns=[*plan, "action", "sleep_score", "t400_s", "ill"]))
    assert twin.levels["plan"] == "load done taken as the plan"
    assert [twin.levels[part] for part in ("load from action", "sleep", "performance")] == ["literature"] * 3
    world = TwinWorld(twin, 50, 1)
    world.step(np.full(50, Action.AS_PLANNED))
    assert np.isfinite(world.true_t400()).all()


def test_the_fingerprint_is_that_of_the_rows_not_of_their_order_or_file(log):
    assert fingerprint(log.sample(frac=1, random_state=1)) == fingerprint(log)
    changed = log.copy()
    changed.loc[7, "load_au"] = 123.0
    assert fingerprint(changed) != fingerprint(log)


def test_days_that_are_not_in_the_log_are_unknown_not_rest(log):
    history = SeasonHistory.of(log[log["date"] != log["date"].iloc[10]])
    assert np.isnan(history.load_au[:, 10]).all()


def test_learning_seasons_are_cut_after_168_days_and_start_staggered(twin):
    env = SeasonEnv(twin, 24, 1, feature_set="observable")
    cuts = np.array([env.step(np.full(24, 3))[1] for _ in range(2 * SEASON_D)])
    assert (cuts.sum(0) == 2).all()
    assert (cuts.sum(1) == 2).sum() == 24  # two of 24 seasons at a time
    first, second = (np.flatnonzero(column) for column in cuts.T[:2])
    assert first[1] - first[0] == SEASON_D
    assert first[0] != second[0]


def test_new_athletes_leave_the_others_as_they_were(twin):
    world = TwinWorld(twin, 10, 1)
    world.step(np.full(10, Action.AS_PLANNED))
    before, morning = world.true_t400(), world.morning()
    world.fresh(np.array([2, 5]))
    others = np.setdiff1d(np.arange(10), [2, 5])
    np.testing.assert_array_equal(world.true_t400()[others], before[others])
    for name, values in world.morning().items():
        np.testing.assert_array_equal(values[others], morning[name][others])


def test_the_command_prints_what_was_fitted_and_refuses_a_thin_log(tmp_path, capsys):
    call_command("make_cohort", athletes=6, days=120, seed=2, out=tmp_path / "squad.csv")
    call_command("fit_twin", tmp_path / "squad.csv", out=tmp_path / "twin.json")
    printed = capsys.readouterr().out
    assert "28-day forecast" in printed
    assert "sha256" in printed
    call_command("make_cohort", athletes=1, days=21, seed=2, out=tmp_path / "thin.csv")
    with pytest.raises(CommandError, match="1 athlete"):
        call_command("fit_twin", tmp_path / "thin.csv", out=tmp_path / "thin.json")
    assert not (tmp_path / "thin.json").exists()


def test_the_twin_orders_policies_as_the_simulator_does(twin):
    """Six policies far apart; the full check of over thirty is an evaluation, not a test."""

    def gains(make):
        def run(actions):
            world = make(300, 8)
            rng = np.random.default_rng(0)
            for _ in range(140):
                world.step(rng.choice(4, size=300, p=actions))
            return -world.true_t400().mean()

        mixes = ("0001", "0100", "1111", "0010", "0011", "1405")
        return np.array([run(np.array([*map(int, mix)]) / sum(map(int, mix))) for mix in mixes])

    here, there = gains(lambda n, seed: TwinWorld(twin, n, seed)), gains(World)
    ranks = [np.argsort(np.argsort(values)) for values in (here, there)]
    assert np.corrcoef(*ranks)[0, 1] >= 0.75


def test_a_tired_athlete_is_slower_on_the_twin_and_a_fitter_one_faster(twin):
    usual = model.performance_features(np.array([1.0]), np.array([1.0]), np.array([1.0])) @ twin.performance.mean(0).T
    for fitter in ((1.2, 1.0, 1.0), (1.0, 1.2, 1.0), (1.0, 1.0, 0.8)):
        features = model.performance_features(*(np.array([value]) for value in fitter))
        assert (features @ twin.performance.mean(0).T > usual).all()


def test_a_forecast_week_of_fewer_than_three_mornings_is_unknown_and_not_an_average_one(log):
    history = SeasonHistory.of(log)
    twin = replace(fit_twin(log), hrv_off_stay=1.0, hrv_off_start=1.0)
    ahead = forecast(twin, history, 100)["HRV, 7-day mean"]
    assert np.isnan(ahead[:, :, 6:]).all()
    assert np.isfinite(ahead[:, :, 0]).any()


def test_a_forecast_is_the_same_every_time(log, twin):
    history = SeasonHistory.of(log)
    one, again = forecast(twin, history, 100, seed=3), forecast(twin, history, 100, seed=3)
    for name in one:
        np.testing.assert_array_equal(one[name], again[name])
