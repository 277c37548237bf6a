"""The guards' caps reach every world: as a load where it takes one, as the nearest action where it does not."""

import numpy as np
import pytest

from measures.actions import Action
from mlmodels.baselines.constant import PlanUnchanged
from mlmodels.deciding.capping import Capped, as_actions, takes_load_cap
from mlmodels.evaluation.ceiling import Practice
from mlmodels.evaluation.rollouts import SideBySide, play
from mlmodels.state.days import Morning, Profiles
from mlmodels.state.observation import Observation
from mlmodels.state.tracker import Tracker
from mlmodels.twin.environment import SeasonEnv, guarded, guarded_and_capped
from mlmodels.twin.fitting import fit_twin
from mlmodels.worlds import WORLDS
from mlmodels.worlds.simulator import World, make_cohort

PLAN = np.int64(Action.AS_PLANNED)


class ActionsOnly:
    """A world of somebody else: ``step`` takes an action and nothing more."""

    def __init__(self, n, seed):
        self.inner = World(n, seed)

    def morning(self):
        return self.inner.morning()

    def step(self, action):
        self.done = action
        return self.inner.step(action)

    def true_t400(self):
        return self.inner.true_t400()


def planned(n, load_au) -> Observation:
    tracker = Tracker(n, Profiles.of(n, seed_load_au=np.full(n, 300.0)))
    return tracker.morning(Morning.of(n, planned_load_au=load_au))


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_prescribes_the_cap_and_keeps_the_share(name):
    free, capped = WORLDS[name](200, 1), WORLDS[name](200, 1)
    assert takes_load_cap(free)
    plan = np.full(200, PLAN)
    half = 0.5 * free.morning()["planned_load_au"]
    whole, less = free.step(plan), capped.step(plan, load_cap_au=half)
    done = (whole["load_au"] > 0) & (less["load_au"] > 0)
    assert (less["load_au"][done] / whole["load_au"][done]).mean() == pytest.approx(0.5, abs=0.02)
    assert np.array_equal(less["high_intensity_share"][done], whole["high_intensity_share"][done])


def test_no_cap_changes_nothing():
    plan = np.full(50, PLAN)
    evenings = [World(50, 2).step(plan, cap) for cap in (None, np.full(50, np.inf), np.full(50, np.nan))]
    for other in evenings[1:]:
        assert all(np.array_equal(evenings[0][name], other[name], equal_nan=True) for name in evenings[0])


def test_worlds_side_by_side_take_a_cap_where_each_of_them_does():
    assert takes_load_cap(SideBySide.cohorts(World, 5, [1, 2]))
    assert not takes_load_cap(SideBySide.cohorts(ActionsOnly, 5, [1, 2]))
    assert takes_load_cap(Practice.copied(World, 5, 2, 1))
    assert not takes_load_cap(SideBySide([World(5, 1), ActionsOnly(5, 1)], [np.arange(5), np.arange(5, 10)]))


def test_each_world_side_by_side_gets_its_own_athletes_caps():
    cap = np.repeat([np.inf, 0.0], 20)
    evening = SideBySide.cohorts(World, 20, [1, 1]).step(np.full(40, PLAN), load_cap_au=cap)
    assert np.nansum(evening["load_au"][:20]) > 0
    assert np.nansum(evening["load_au"][20:]) == 0


def test_where_a_world_knows_actions_alone_a_cap_near_recovery_is_recovery():
    obs = planned(4, 400.0)  # recovery would be 140
    cap = np.array([np.inf, 300.0, 200.0, 0.0])
    assert as_actions(np.full(4, PLAN), cap, obs).tolist() == [3, 3, 2, 2]
    world = ActionsOnly(4, 1)
    lived = Capped(world)
    lived.step(lived.done(np.full(4, PLAN), cap, obs), cap)
    assert world.done.tolist() == [3, 3, 2, 2]


def test_a_season_inside_the_guards_is_lived_under_their_caps():
    caps = []

    class Noting(World):
        def step(self, action, load_cap_au=None):
            caps.append(load_cap_au)
            return super().step(action, load_cap_au)

    play(Noting, PlanUnchanged(), athletes=40, seed=3, days=100)
    assert len(caps) == 100
    assert all(np.isinf(cap).all() for cap in caps[:28])
    lowest = np.min(caps[28:], axis=0)
    assert (lowest == 0).any()  # rest on the days of an illness
    assert any(((cap > 0) & (cap < np.inf)).any() for cap in caps)


def test_learning_is_lived_under_the_caps_too():
    env = SeasonEnv(fit_twin(make_cohort(8, 100, 2)), 60, 1, feature_set="observable", staggered=False)
    caps = []
    step = env.world.step
    env._capped._world = type("Noting", (), {"step": lambda _, a, load_cap_au: caps.append(load_cap_au) or step(a)})()
    for _ in range(80):
        env.step(np.full(60, PLAN))
    assert any(((cap > 0) & (cap < np.inf)).any() for cap in caps)


def test_who_is_told_nothing_is_not_capped():
    obs = planned(1, 2000.0)
    action, cap = guarded_and_capped(np.array([PLAN]), obs)
    assert cap[0] < 2000.0
    unknown = Tracker(1).morning(Morning.of(1, planned_load_au=2000.0))
    action, cap = guarded_and_capped(np.array([PLAN]), unknown)
    assert (action.tolist(), cap.tolist()) == ([PLAN], [np.inf])
    assert guarded(np.array([PLAN]), unknown).tolist() == [PLAN]
