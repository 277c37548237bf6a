"""The invented athletes: they answer to what they are told, and their figures are those of real squads."""

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from measures.actions import Action
from mlmodels.season_log import read_season_log
from mlmodels.worlds.simulator import World, make_cohort


def lived(action, *, days=168, n=150, seed=3):
    world = World(n, seed)
    mornings, evenings, times = [], [], []
    for _ in range(days):
        mornings.append(world.morning())
        times.append(world.true_t400())
        evenings.append(world.step(np.full(n, action)))
    columns = {name: np.array([m[name] for m in mornings]) for name in mornings[0]}
    columns |= {name: np.array([e[name] for e in evenings]) for name in evenings[0]}
    return columns | {"true_t400": np.array(times)}


@pytest.fixture(scope="module")
def as_planned():
    return lived(Action.AS_PLANNED)


def test_the_same_seed_and_actions_give_the_same_season(as_planned):
    again = lived(Action.AS_PLANNED)
    for name, values in as_planned.items():
        np.testing.assert_array_equal(values, again[name])


def test_another_seed_gives_other_athletes(as_planned):
    assert not np.array_equal(as_planned["true_t400"], lived(Action.AS_PLANNED, seed=4)["true_t400"])


@pytest.mark.parametrize("action", [Action.INCREASE_INTENSITY, Action.INCREASE_VOLUME, Action.ACTIVE_RECOVERY])
def test_tomorrow_depends_on_todays_action(action):
    one, other = World(40, 5), World(40, 5)
    for _ in range(3):
        planned, changed = one.step(np.full(40, Action.AS_PLANNED)), other.step(np.full(40, action))
    assert not np.array_equal(planned["load_au"], changed["load_au"], equal_nan=True)
    assert (one.true_t400() != other.true_t400()).all()


def test_asking_for_the_morning_twice_changes_nothing():
    world = World(10, 1)
    first = world.morning()
    for name, values in world.morning().items():
        np.testing.assert_array_equal(values, first[name])


def test_half_a_year_of_the_plan_brings_half_to_nine_tenths_of_a_percent(as_planned):
    t400 = as_planned["true_t400"]
    gain_pct = 100 * (1 - t400[-14:].mean(0) / t400[:14].mean(0))
    assert 0.4 < gain_pct.mean() < 1.0


def test_a_trial_carries_about_one_and_three_tenths_percent_of_noise(as_planned):
    error = np.log(as_planned["t400_s"] / np.vstack([as_planned["true_t400"][1:], as_planned["true_t400"][-1:]]))
    assert np.nanstd(error) == pytest.approx(0.013, rel=0.1)


def test_hrv_and_sleep_vary_and_are_missing_as_on_real_mornings(as_planned):
    ln = np.log(as_planned["hrv_rmssd_ms"])
    assert np.nanstd(ln, axis=0).mean() == pytest.approx(0.17, abs=0.02)
    assert 0.25 < np.isnan(ln).mean() < 0.34
    assert np.nanstd(as_planned["sleep_score"], axis=0).mean() == pytest.approx(7.0, abs=1.0)


def test_camps_holidays_and_spells_take_acwr_from_four_tenths_to_nearly_two():
    world = World(400, 2)
    seen = []
    for _ in range(168):
        world.step(np.full(400, Action.AS_PLANNED))
        seen.append(world._acute / world._chronic)
    low, high = np.quantile(seen, [0.003, 0.9995])
    assert low < 0.42
    assert high > 1.65


def test_resting_all_season_makes_slower_and_training_hard_all_season_makes_ill(as_planned):
    rested, hard = lived(Action.ACTIVE_RECOVERY), lived(Action.INCREASE_INTENSITY)
    assert (rested["true_t400"][-1] > as_planned["true_t400"][-1]).mean() > 0.95
    assert hard["new_ill"].sum() > as_planned["new_ill"].sum()


def test_a_cohort_is_a_season_log_that_reads_back_as_it_was_written(tmp_path):
    call_command("make_cohort", athletes=3, days=30, seed=9, out=tmp_path / "squad.csv", verbosity=0)
    log = read_season_log(tmp_path / "squad.csv")
    made = make_cohort(3, 30, 9)
    assert len(log) == 90
    for name in ("hrv_rmssd_ms", "load_au", "t400_s", "planned_load_au", "action"):
        np.testing.assert_allclose(log[name].to_numpy(float), made[name].to_numpy(float), equal_nan=True)


def test_csv_and_parquet_hold_the_same_season(tmp_path):
    for kind in ("csv", "parquet"):
        call_command("make_cohort", athletes=2, days=20, seed=9, out=tmp_path / f"squad.{kind}", verbosity=0)
    one, other = (read_season_log(tmp_path / f"squad.{kind}") for kind in ("csv", "parquet"))
    assert one.equals(other)


def test_a_cohort_of_nobody_is_refused(tmp_path):
    with pytest.raises(CommandError, match=r"1-10,000 athletes and 1-559 days, not 0 and 168"):
        call_command("make_cohort", athletes=0, out=tmp_path / "x.csv")


BEFORE = {  # athletes 0-2, or all 20, after 60 days of seed 11: drawn before plan, stress and HRV had hooks
    "true_t400": [57.75809424656812, 50.3596810418612, 51.974272211674084],
    "hrv_rmssd_ms": 1012.9999999999999,
    "sleep_h": 146.42,
    "load_au": [0.0, 205.0, 25.0],
    "hazard": 0.257891716853271,
}


def test_a_season_of_the_true_world_is_what_it_was_before_variants_could_change_its_plan_stress_and_hrv():
    world, rng = World(20, 11), np.random.default_rng(1)
    for _ in range(60):
        morning, evening = world.morning(), world.step(rng.integers(0, 4, 20))
    found = {
        "true_t400": world.true_t400()[:3].tolist(),
        "hrv_rmssd_ms": np.nansum(morning["hrv_rmssd_ms"]),
        "sleep_h": np.nansum(morning["sleep_h"]),
        "load_au": evening["load_au"][:3].tolist(),
        "hazard": world.hazard().sum(),
    }
    assert found == {name: pytest.approx(value, rel=1e-12) for name, value in BEFORE.items()}
