"""One contract for every policy that is compared, and what each rule says in the state it is about."""

import numpy as np
import pytest

from mlmodels.actions import Action
from mlmodels.baselines import BASELINES, Squad
from mlmodels.baselines.acwr_rule import AcwrRule
from mlmodels.baselines.chance import Mix, coach_mix
from mlmodels.baselines.constant import PlanUnchanged
from mlmodels.baselines.hrv_rule import HrvRule
from mlmodels.baselines.static import StaticProgressive
from mlmodels.baselines.tabular_q import STATES, TabularQ, state_index
from mlmodels.baselines.threshold import cross_entropy, searched
from mlmodels.evaluation.rollouts import evening_of, morning_of
from mlmodels.simulator import World, make_cohort
from mlmodels.state import Observation, Tracker
from mlmodels.twin.environment import SeasonEnv
from mlmodels.twin.fitting import fit_twin


@pytest.fixture(scope="module")
def squad():
    log = make_cohort(10, 120, 5)
    return Squad(log, fit_twin(log), seed=1)


@pytest.fixture(scope="module")
def mornings():
    """Observations of 60 athletes from the first day on, through illness, missing days and camps."""
    world, tracker, seen = World(60, 6), Tracker(60), []
    for day in range(70):
        morning = morning_of(world, 60, day)
        seen.append(tracker.morning(morning))
        action = np.full(60, Action.AS_PLANNED)
        tracker.evening(morning, evening_of(world.step(action), action))
    return seen


def with_nan(obs: Observation) -> Observation:
    row = obs.row(0)
    return Observation.from_rows([dict.fromkeys(row), row])


@pytest.fixture(scope="module")
def fast_tabular():
    """The tabular policy on few days: the contract does not ask that it is good."""

    def fit(squad):
        return TabularQ.fit(SeasonEnv(squad.twin, 24, squad.seed, feature_set="observable"), days=60, seed=squad.seed)

    return fit


def fast_search(squad):
    return searched(squad.twin, squad.seed, rounds=1, candidates=4, athletes=6)


def test_the_search_climbs_a_hill_and_finds_the_same_top_again():
    top = np.array([1.0, -2.0])
    found = [
        cross_entropy(lambda x, turn: -((x - top) ** 2).sum(1), np.zeros(2), np.ones(2), rounds=25) for _ in range(2)
    ]
    assert found[0].numbers == pytest.approx(top, abs=0.15)
    assert np.array_equal(found[0].numbers, found[1].numbers)


@pytest.mark.parametrize("name", BASELINES)
def test_every_policy_keeps_the_contract(name, squad, mornings, fast_tabular):
    quick = {"tabular Q": fast_tabular, "threshold rule": fast_search}
    make = quick.get(name, BASELINES[name])
    one, same = make(squad), make(squad)
    assert one.name == name
    for obs in mornings:
        chosen = one.choose(obs)
        assert chosen.shape == (60,)
        assert np.issubdtype(chosen.dtype, np.integer)
        assert set(chosen.tolist()) <= set(Action)
        np.testing.assert_array_equal(same.choose(obs), chosen)
    assert set(one.choose(with_nan(mornings[40])).tolist()) <= set(Action)


def test_the_acwr_rule_adds_below_one_and_rests_above_the_warning(mornings):
    obs = mornings[60]
    chosen = AcwrRule().choose(obs)
    assert set(chosen[obs.acwr < 1.0]) == {Action.INCREASE_VOLUME}
    assert set(chosen[obs.acwr > 1.3]) <= {Action.ACTIVE_RECOVERY}
    assert set(chosen[(obs.acwr >= 1.0) & (obs.acwr <= 1.3)]) == {Action.AS_PLANNED}


def test_the_hrv_rule_rests_below_the_range_and_goes_hard_on_hard_days_only(mornings):
    for obs in mornings[56:63]:
        chosen = HrvRule().choose(obs)
        low = obs.hrv_z < -0.5
        assert set(chosen[low]) <= {Action.ACTIVE_RECOVERY}
        hard = Action.INCREASE_INTENSITY if obs.planned_share[0] >= 0.2 else Action.AS_PLANNED
        assert set(chosen[~low & np.isfinite(obs.hrv_z)]) <= {hard}


def test_the_static_plan_builds_three_weeks_and_holds_the_fourth(mornings):
    weeks = [StaticProgressive().choose(obs)[0] for obs in mornings[:28]]
    assert weeks[:7] == weeks[7:14] == weeks[14:21]
    assert weeks[:7].count(Action.INCREASE_INTENSITY) == 2
    assert set(weeks[21:]) == {Action.AS_PLANNED}


def test_the_coach_mix_has_the_shares_of_the_log(squad, mornings):
    mix = coach_mix(squad.twin.action_share)
    chosen = np.concatenate([mix.choose(obs) for obs in mornings])
    np.testing.assert_allclose(np.bincount(chosen, minlength=4) / len(chosen), squad.twin.action_share, atol=0.03)


@pytest.mark.parametrize("weights", [[1, 1, 1], [0, 0, 0, 0], [1, -1, 1, 1]])
def test_a_mix_without_four_weights_is_refused(weights):
    with pytest.raises(ValueError, match="a mix is 4 non-negative weights"):
        Mix("odd", weights)


def test_the_plan_unchanged_is_the_plan(mornings):
    assert set(PlanUnchanged().choose(mornings[30])) == {Action.AS_PLANNED}


def test_every_morning_has_one_of_the_tabular_states(mornings):
    for obs in mornings:
        state = state_index(obs)
        assert ((state >= 0) & (state < STATES)).all()
