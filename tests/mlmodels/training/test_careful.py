"""The careful recipe: common luck, doubt about the effect of deviating, a network that no worse sign makes harder."""

from dataclasses import replace

import numpy as np
import pytest

from measures.actions import Action
from mlmodels.baselines.two_lines import NEVER, PARAMETERS, START, TwoLines, search
from mlmodels.state.features import FEATURE_SETS
from mlmodels.twin.doubt import Doubt, DoubtfulWorld
from mlmodels.twin.environment import guarded
from mlmodels.twin.fitting import fit_twin
from mlmodels.twin.habits import Habits
from mlmodels.worlds.simulator import make_cohort

torch = pytest.importorskip("torch", reason="training needs the train extra")

from mlmodels.training.careful import MARGIN, Effort, careful_q, learn_carefully  # noqa: E402
from mlmodels.training.look_ahead import collect, env_of, look_ahead  # noqa: E402
from mlmodels.training.monotone import SIGNS, MonotoneQ, repeating  # noqa: E402

HARD, LONG, REST, PLAN = (int(action) for action in Action)
TINY = Effort(search_athletes=8, search_rounds=2, search_candidates=6, seasons=32, days=60, head_steps=60,
              network_steps=60)  # fmt: skip


@pytest.fixture(scope="module")
def doubt():
    return Doubt.of(fit_twin(make_cohort(8, 120, 3), seed=1))


@pytest.fixture(scope="module")
def careful(doubt):
    return learn_carefully(fit_twin(make_cohort(8, 120, 3), seed=1), 2, effort=TINY)


def lived(env, days, policy=lambda obs: np.full(len(obs), PLAN)):
    for _ in range(days):
        env.live(policy(env.obs))
    return env


# --- The doubtful twin ----------------------------------------------------------------------------------------------


def test_the_fitted_draws_come_first_and_carry_four_fifths(doubt):
    assert doubt.names[:8] == ("fitted",) * 8
    assert doubt.weight.sum() == pytest.approx(1.0)
    assert doubt.weight[:8].sum() == pytest.approx(0.8)
    assert doubt.twin.gates.shape == (len(doubt.names), 5)
    assert set(doubt.names) == {"fitted", "mild", "late", "no gate"}
    late = doubt.twin.usual_fitness[[name == "late" for name in doubt.names]]
    assert (late > doubt.twin.usual_fitness[:8].mean()).all()  # a usual day is absorbed almost whole there


def test_what_the_coach_calls_intense_changes_no_training(doubt):
    worlds = [DoubtfulWorld(doubt, 40, 5, habits=Habits.of_the_log(40)) for _ in range(2)]
    worlds[1]._state["label"][:] = 1.6
    worlds[1]._dawn(None)
    worlds[0]._dawn(None)
    for _ in range(30):
        planned = [world.morning()["planned_high_intensity_share"] for world in worlds]
        np.testing.assert_allclose(planned[1], np.minimum(1.6 * planned[0], 0.9))
        done = [world.step(np.full(40, PLAN))["load_au"] for world in worlds]
        np.testing.assert_array_equal(*done)
    np.testing.assert_allclose(worlds[0].fitness(), worlds[1].fitness(), rtol=1e-6)


def test_copies_that_do_the_same_stay_the_same_and_one_that_rests_does_not(doubt):
    env = lived(env_of(doubt, 24, 4), 40).copied(3, seed=9)
    actions = np.concatenate([np.full(24, PLAN), np.full(24, PLAN), np.full(24, REST)])
    env.live(actions)
    lived(env, 5)
    first, second, rested = np.split(env.world.faster_pct(), 3, axis=1)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, rested)
    observed = env.obs.table.reshape(len(env.obs.table), 3, 24)
    np.testing.assert_array_equal(observed[:, 0], observed[:, 1])


def test_what_strikes_one_copy_strikes_all_and_is_told_the_same_morning(doubt):
    env = lived(env_of(doubt, 300, 4), 40).copied(2, seed=9)
    env.world.share_events(300)
    fallen_ill = 0
    for _ in range(20):
        env.live(np.concatenate([np.full(300, LONG), np.full(300, PLAN)]))
        for name in ("ill", "injured"):
            told = env.world.morning()[name]
            np.testing.assert_array_equal(told[:300], told[300:])
            np.testing.assert_array_equal(getattr(env.obs, name) > 0, told)
            fallen_ill += told.sum()
    assert fallen_ill > 0


def test_without_a_plan_the_twin_plans_as_the_service_does_also_after_illness(doubt):
    world = DoubtfulWorld(doubt, 60, 5, habits=replace(Habits.of_the_log(60), automatic=np.full(60, True)))
    world._state["chronic"][:] = 0.5
    world._state["injured_left"][:30] = 3.0
    following = []
    for _ in range(33):
        world._state["chronic"][:] = 0.5
        world._dawn(None)
        following.append(world.morning()["planned_load_au"] / world.usual_load_au)
        world._state["injured_left"] = np.maximum(world._state["injured_left"] - 1, 0)
        world._state["elapsed"] += 1
    highest = np.max(following[3:31], axis=0)  # 28 days from the first well one
    assert highest[:30] == pytest.approx(1.2 * 0.5 + 0.1)
    assert (highest[30:] > 1.1).all()
    assert following[32][:30] == pytest.approx(following[32][30:])


def test_looking_ahead_leaves_the_season_as_it_was(doubt):
    env = lived(env_of(doubt, 16, 4), 40)
    before = env.obs.table.copy(), env.world.faster_pct().copy()
    look_ahead(env, np.tile([[HARD], [LONG], [REST], [PLAN]], (1, 16)), TwoLines(START), 1, days=6)
    np.testing.assert_array_equal(env.obs.table, before[0])
    np.testing.assert_array_equal(env.world.faster_pct(), before[1])


def test_an_action_that_the_guard_turns_into_the_plan_is_worth_what_the_plan_is(doubt):
    env = lived(env_of(doubt, 64, 4), 40)
    wanted = np.tile([[HARD], [LONG], [REST], [PLAN]], (1, 64))
    applied = np.stack([guarded(row, env.obs) for row in wanted])
    worth = look_ahead(env, applied, TwoLines(START), 1, days=6)
    assert worth.shape == (64, 4, len(doubt.names))
    np.testing.assert_array_equal(worth[:, PLAN], 0.0)
    held = applied[HARD] == PLAN
    assert held.any()
    np.testing.assert_array_equal(worth[held, HARD], 0.0)
    rested = (applied[REST] == REST) & (env.obs.planned_load_au > 0)
    differs = np.abs(worth[rested, REST]).max(axis=1) > 0
    assert differs.mean() > 0.7  # some miss their session whatever it was to be, some had been capped to that dose


# --- The rule -------------------------------------------------------------------------------------------------------


def test_the_numbers_that_never_deviate_live_by_the_plan(doubt):
    env = lived(env_of(doubt, 50, 3), 60)
    assert (TwoLines(NEVER).choose(env.obs) == PLAN).all()
    assert len(PARAMETERS) == len(NEVER) == len(START) == 24


def test_a_search_says_how_far_it_is_and_finds_no_less_than_it_began_with(doubt):
    told = []
    found = search(doubt, 1, athletes=16, rounds=3, candidates=8, tick=told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]
    assert found.numbers.shape == (24,)
    assert np.isfinite(found.value)


# --- The careful choice ---------------------------------------------------------------------------------------------


def choice(worth, base, doubt=0.5):
    """``worth``: of intensity, volume, recovery over the plan under each of the structures."""
    weight = np.full(len(worth[0]), 1.0 / len(worth[0]))
    q = careful_q(np.array([worth], dtype=np.float32), weight, np.array([base]), doubt)
    return int(q[0].argmax())


def test_what_every_structure_pays_for_is_done():
    assert choice([[0.02, 0.02], [0.05, 0.05], [0.0, 0.0]], PLAN) == LONG


def test_what_the_structures_disagree_about_is_left_to_the_rule():
    assert choice([[0.0, 0.0], [0.20, -0.12], [-0.1, -0.1]], PLAN, doubt=0.5) == PLAN
    assert choice([[0.0, 0.0], [0.20, -0.12], [-0.1, -0.1]], PLAN, doubt=0.0) == LONG


def test_rest_is_never_added_to_the_rules():
    assert choice([[0.0, 0.0], [0.0, 0.0], [0.3, 0.3]], PLAN) == PLAN
    assert choice([[0.0, 0.0], [0.0, 0.0], [0.3, 0.3]], REST) == REST


def test_a_rest_of_the_rule_that_does_not_pay_becomes_the_plan():
    assert choice([[-0.1, -0.1], [-0.1, -0.1], [-0.02, -0.02]], REST) == PLAN


def test_the_choice_stands_apart_from_the_others():
    rng = np.random.default_rng(1)
    worth = rng.normal(0, 0.05, (500, 3, 16)).astype(np.float32)
    q = np.sort(careful_q(worth, np.full(16, 1 / 16), rng.integers(4, size=500)), axis=1)
    assert (q[:, -1] - q[:, -2] >= MARGIN - 1e-6).all()


# --- The network ----------------------------------------------------------------------------------------------------


def hardness_gaps(q):
    more = np.maximum(q[:, HARD], q[:, LONG])
    return np.stack([more - q[:, PLAN], q[:, PLAN] - q[:, REST], more - q[:, REST]])


def test_no_worse_sign_makes_the_answer_harder_in_a_hundred_thousand_states(careful):
    rng, names = np.random.default_rng(3), FEATURE_SETS["observable"]
    wild = MonotoneQ("observable", 64)
    for network in (careful.network, wild):
        states = rng.uniform(-1, 2, (100_000, len(names))).astype(np.float32)
        worse = states.copy()
        for sign in SIGNS:
            worse[:, names.index(sign)] -= rng.uniform(0, 1.5, len(states)).astype(np.float32)
        assert (hardness_gaps(network.q(worse)) <= hardness_gaps(network.q(states)) + 1e-6).all()
    assert (hardness_gaps(careful.network.q(worse)) < hardness_gaps(careful.network.q(states)) - 1e-4).any()


def test_which_increase_is_the_better_one_depends_on_no_sign(careful):
    rng, names = np.random.default_rng(3), FEATURE_SETS["observable"]
    states = rng.uniform(-1, 2, (10_000, len(names))).astype(np.float32)
    other = states.copy()
    other[:, [names.index(sign) for sign in SIGNS]] = rng.uniform(-1, 1, (len(states), len(SIGNS)))
    for network in (careful.network, MonotoneQ("observable", 64)):
        apart = [q[:, HARD] - q[:, LONG] for q in map(network.q, (states, other))]
        np.testing.assert_allclose(*apart, atol=1e-5)
        assert np.ptp(apart[0]) > 1e-3


def test_a_monotone_network_learns_a_rule_of_thumb():
    rng, names = np.random.default_rng(3), FEATURE_SETS["observable"]
    states = rng.uniform(-1, 1, (20_000, len(names))).astype(np.float32)
    ready = states[:, names.index("hrv")] + states[:, names.index("sleep_today")] - states[:, names.index("acwr")]
    wanted = np.zeros((len(states), 4), dtype=np.float32)
    wanted[:, LONG], wanted[:, REST] = 0.05 * (ready - 0.5), -0.05 * (ready + 0.5)
    wanted[:, HARD] = wanted[:, LONG] - 0.03
    network = repeating(states, wanted, feature_set="observable", hidden=32, seed=1, steps=600)
    assert (network.q(states).argmax(1) == wanted.argmax(1)).mean() > 0.93


def test_the_same_network_comes_out_of_one_process_and_of_two(careful):
    again = learn_carefully(fit_twin(make_cohort(8, 120, 3), seed=1), 2, effort=TINY, processes=2)
    for one, other in zip(careful.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)
    np.testing.assert_array_equal(careful.rule.numbers, again.rule.numbers)


def test_looking_around_says_how_far_it_is(doubt):
    told = []
    found = collect(doubt, TwoLines(START), 1, seasons=16, days=40, tick=told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]
    assert found.worth.shape == (len(found.states), 3, len(doubt.names))


def test_less_effort_keeps_every_step(doubt):
    little = Effort().times(0.01)
    assert min(little.search_rounds, little.seasons, little.network_steps) >= 4
    assert little.days > 28
    assert replace(little, hidden=64) == little
