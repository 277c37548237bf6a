"""One contract for every policy that is compared, and what each rule says in the state it is about."""

from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from measures.actions import Action
from mlmodels.baselines import BASELINES, Squad
from mlmodels.baselines.acwr_rule import AcwrRule
from mlmodels.baselines.chance import Mix, coach_mix
from mlmodels.baselines.constant import PlanUnchanged
from mlmodels.baselines.hrv_rule import HrvRule
from mlmodels.baselines.static import StaticProgressive
from mlmodels.baselines.tabular_q import STATES, TabularQ, state_index
from mlmodels.baselines.threshold import cross_entropy, on_the_twin
from mlmodels.baselines.tuning import FAMILIES, Tuning, row_of, search, tune
from mlmodels.evaluation.rollouts import evening_of, morning_of
from mlmodels.state.observation import Observation
from mlmodels.state.tracker import Tracker
from mlmodels.twin.environment import SeasonEnv
from mlmodels.twin.fitting import fit_twin
from mlmodels.worlds.simulator import World, make_cohort


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


@pytest.fixture(scope="module")
def tuning(squad):
    return tune(squad.twin, squad.seed, effort=0.05)[0]


def test_the_search_climbs_a_hill_and_finds_the_same_top_again():
    top = np.array([1.0, -2.0])
    found = [
        cross_entropy(lambda x, turn: -((x - top) ** 2).sum(1), np.zeros(2), np.ones(2), rounds=25) for _ in range(2)
    ]
    assert found[0].numbers == pytest.approx(top, abs=0.15)
    assert np.array_equal(found[0].numbers, found[1].numbers)


@pytest.mark.parametrize("name", BASELINES)
def test_every_policy_keeps_the_contract(name, squad, mornings, fast_tabular, tuning):
    make = fast_tabular if name == "tabular Q" else BASELINES[name]
    squad = replace(squad, tuning=tuning)
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


def test_a_rule_is_searched_from_its_published_numbers_and_never_ends_below_them(squad):
    family = FAMILIES["HRV rule"]
    found = search(squad.twin, "HRV rule", effort=0.2)
    assert found.numbers.shape == family.start.shape == (len(family.parameters),)
    value = on_the_twin(squad.twin, family.make, athletes=8, seed=1000)
    published, tuned = value(np.stack([family.start, found.numbers]), 3)
    assert tuned >= published


def test_a_family_at_its_published_numbers_is_the_rule_as_published(mornings):
    published = {"static progressive": StaticProgressive(), "ACWR rule": AcwrRule(), "HRV rule": HrvRule()}
    for name, rule in published.items():
        family = FAMILIES[name]
        for_each = family.make(np.repeat(family.start[None], 60, axis=0))
        for obs in mornings[30:40]:
            np.testing.assert_array_equal(family.make(family.start).choose(obs), rule.choose(obs))
            np.testing.assert_array_equal(for_each.choose(obs), rule.choose(obs))


def test_numbers_of_one_row_per_athlete_answer_each_by_its_own(mornings):
    obs = mornings[60]
    both = AcwrRule(low=np.where(np.arange(60) < 30, 0.0, 9.0), high=np.full(60, 99.0)).choose(obs)
    assert both.tolist() == [Action.AS_PLANNED] * 30 + [Action.INCREASE_VOLUME] * 30
    mix = Mix("odd", np.repeat([[0, 0, 1, 0], [0, 1, 0, 0]], 30, axis=0)).choose(obs)
    assert mix.tolist() == [Action.ACTIVE_RECOVERY] * 30 + [Action.INCREASE_VOLUME] * 30


def test_tuned_numbers_are_kept_and_used_for_their_own_log_alone(tuning, squad, tmp_path, mornings):
    tuning.save(tmp_path / "tuned.json")
    again = Tuning.load(tmp_path / "tuned.json")
    assert (again.fingerprint, again.seed, again.reward) == (squad.twin.fingerprint, 1, "homestretch")
    for name in FAMILIES:
        assert again.numbers[name] == pytest.approx(tuning.numbers[name], abs=1e-6)
        assert again.rule(name).name == row_of(name)
    marked = replace(again, numbers=dict(again.numbers) | {"ACWR rule": np.array([9.0, 99.0])})
    used = replace(squad, tuning=marked).tuned("ACWR rule")
    assert set(used.choose(mornings[40]).tolist()) == {Action.INCREASE_VOLUME}
    (tmp_path / "tuned.json").write_text('{"rules": {"ACWR rule": {"low": 1}}}')
    with pytest.raises(ValueError, match=r"holds no tuned rules .* tune_rules writes it again"):
        Tuning.load(tmp_path / "tuned.json")


def test_the_command_tunes_on_a_log_and_says_what_it_found(tmp_path, capsys):
    call_command("make_cohort", athletes=6, days=100, seed=4, out=tmp_path / "squad.csv")
    call_command("tune_rules", tmp_path / "squad.csv", effort=0.01, out=tmp_path / "new" / "tuned.json")
    said = capsys.readouterr().out
    assert "as published" in said and "more_up_to_acwr" in said
    assert set(Tuning.load(tmp_path / "new" / "tuned.json").numbers) == set(FAMILIES)
    for wrong, message in (({"reward": "gold"}, "--reward is one of"), ({"effort": 0.0}, "--effort is above 0")):
        with pytest.raises(CommandError, match=message):
            call_command("tune_rules", tmp_path / "squad.csv", out=tmp_path / "x.json", **wrong)
