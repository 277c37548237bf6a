"""Comparing policies: paired, repeatable, with intervals, on any world."""

import csv

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from measures.actions import Action
from measures.guards import STOPS
from mlmodels.baselines.acwr_rule import AcwrRule
from mlmodels.baselines.constant import AllRest, PlanUnchanged
from mlmodels.deciding import guard
from mlmodels.evaluation.ceiling import Oracle, Practice
from mlmodels.evaluation.comparing import UNTOUCHED, Contender, Round, played, rounds_of, seasons_of
from mlmodels.evaluation.goals import difference, goals_of, room
from mlmodels.evaluation.guards.costs import guard_costs
from mlmodels.evaluation.left_out import without
from mlmodels.evaluation.plots import draw_gain_against_danger, draw_learning, draw_season, track
from mlmodels.evaluation.rollouts import Calendar, Season, play, world_from
from mlmodels.evaluation.scores import Interval, _one_draw, _one_draw_alike, bootstrap, score, worst_tenth
from mlmodels.management.commands.evaluate_policies import shipped_first
from mlmodels.policies import registry
from mlmodels.state.days import Morning
from mlmodels.twin.environment import SeasonEnv
from mlmodels.twin.fitting import fit_twin
from mlmodels.twin.model import TwinWorld
from mlmodels.worlds.simulator import World, make_cohort

FLAT_WORLD = '''
import numpy as np

class Flat:
    """Nothing ever happens, but a harder day makes a tenth of a second."""
    def __init__(self, n, seed):
        self.n, self.t400 = n, np.full(n, 50.0)
    def morning(self):
        return {"hrv_rmssd_ms": np.full(self.n, 60.0), "sleep_score": np.full(self.n, 80.0),
                "ill": np.zeros(self.n, bool), "injured": np.zeros(self.n, bool),
                "planned_load_au": np.full(self.n, 300.0), "planned_high_intensity_share": np.full(self.n, 0.2)}
    def step(self, action):
        self.t400 = self.t400 - 0.1 * (action < 2)
        no = np.zeros(self.n, bool)
        return {"load_au": np.full(self.n, 300.0), "high_intensity_share": np.full(self.n, 0.2),
                "t400_s": np.full(self.n, np.nan), "new_ill": no, "new_inj": no}
    def true_t400(self):
        return self.t400

class Half:
    def morning(self): ...
'''


@pytest.fixture
def flat(tmp_path):
    (tmp_path / "flat.py").write_text(FLAT_WORLD)
    return tmp_path / "flat.py"


def test_the_plan_gains_nothing_on_itself_and_rest_loses():
    plan = [play(World, PlanUnchanged(), athletes=40, seed=s, days=60, guarded=False) for s in (1, 2)]
    itself = score("plan", plan, plan)
    assert (itself.gain_pct.mean, itself.gain_pct.low, itself.gain_pct.high) == (0, 0, 0)
    assert itself.actions_pct == (0, 0, 0, 100)
    rest = score("rest", [play(World, AllRest(), athletes=40, seed=s, days=60) for s in (1, 2)], plan)
    assert rest.gain_pct.high < -0.2  # the spiral brake gives some of it back
    assert rest.gain_s.high < 0


def test_a_season_is_repeated_to_the_last_digit():
    one, two = (play(World, PlanUnchanged(), athletes=20, seed=3, days=45) for _ in range(2))
    for name in Season.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_the_policy_is_in_charge_after_the_warm_up_only():
    season = play(World, AllRest(), athletes=20, seed=3, days=40, warm_up=30, guarded=False)
    assert season.actions[:, Action.ACTIVE_RECOVERY] == pytest.approx(1.0)
    untouched = play(World, AllRest(), athletes=20, seed=3, days=30, warm_up=30)
    planned = play(World, PlanUnchanged(), athletes=20, seed=3, days=30, warm_up=30)
    np.testing.assert_array_equal(untouched.t400_s, planned.t400_s)


def test_a_twin_is_a_world_like_any_other():
    twin = fit_twin(make_cohort(8, 100, 2))
    season = play(lambda n, seed: TwinWorld(twin, n, seed), PlanUnchanged(), athletes=30, seed=1, days=50)
    assert np.isfinite(season.t400_s).all()


def test_a_world_from_a_file_is_played_and_scored_exactly(flat):
    make_world = world_from(f"{flat}:Flat")

    class Harder(PlanUnchanged):
        name, action = "harder", Action.INCREASE_VOLUME

    plan = [play(make_world, PlanUnchanged(), athletes=5, seed=1, days=60, guarded=False)]
    harder = [play(make_world, Harder(), athletes=5, seed=1, days=60, guarded=False)]
    # 32 days in charge; the mean over the last 14 mornings-after sees 19 to 32 of them, 25.5 on average.
    assert score("harder", harder, plan).gain_s.mean == pytest.approx(2.55)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nowhere.py:World", "is not one of true, shifted, other, whole, no stress row and not FILE.py:Class"),
        ("World", "and not FILE.py:Class with an existing file"),
        ("{flat}:Round", "has no Round"),
        ("{flat}:Half", "Half lacks step, true_t400"),
    ],
)
def test_a_world_that_is_none_is_refused_with_the_reason(flat, spec, message):
    with pytest.raises(ValueError, match=message):
        world_from(spec.format(flat=flat))


def test_the_interval_covers_the_mean_and_widens_with_cohorts_that_differ():
    rng = np.random.default_rng(0)
    alike = [rng.normal(0.2, 0.5, 200) for _ in range(5)]
    apart = [values + shift for values, shift in zip(alike, (-0.4, -0.2, 0, 0.2, 0.4), strict=True)]
    narrow, wide = bootstrap(alike, 1), bootstrap(apart, 1)
    assert narrow.low < narrow.mean < narrow.high
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)


def test_cohorts_of_one_size_are_drawn_with_the_same_dice_as_any():
    rng = np.random.default_rng(0)
    alike = [rng.normal(0.2, 0.5, 30) for _ in range(3)]
    own, dice = np.random.default_rng(1), np.random.default_rng(1)
    one_by_one = [_one_draw(alike, own) for _ in range(2000)]
    assert [_one_draw_alike(np.stack(alike), dice) for _ in range(2000)] == one_by_one
    assert bootstrap(alike, 1).low == np.quantile(one_by_one, 0.025)
    assert bootstrap([np.zeros(5)], 1) == Interval(0.0, 0.0, 0.0)


def test_the_worst_tenth_is_the_mean_of_the_lowest_tenth():
    assert worst_tenth(np.arange(20.0)) == 0.5
    assert worst_tenth(np.array([3.0])) == 3.0


def test_the_command_writes_a_table_per_world_the_csv_and_the_goals(tmp_path, capsys):
    call_command("make_cohort", athletes=6, days=100, seed=4, out=tmp_path / "squad.csv")
    call_command(
        "evaluate_policies", tmp_path / "squad.csv", only=["plan unchanged", "coach mix"], cohorts=2, athletes=10,
        days=40, out=tmp_path / "results", unguarded=True, no_practice=True, world=["true", "other"],
    )  # fmt: skip
    with (tmp_path / "results" / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    shipped = [name for name in dict.fromkeys(row["policy"] for row in rows) if "DQN" in name and "guard" not in name]
    names = ["plan, untouched", "health stops alone", "plan unchanged", "coach mix", *shipped]
    names += [f"{name}, no guard" for name in names[1:]] + ["privileged oracle"]
    assert [(row["world"], row["policy"]) for row in rows] == [(w, name) for w in ("true", "other") for name in names]
    assert {float(row["gain_pct"]) for row in rows if row["policy"] in (names[0], "plan unchanged, no guard")} == {0.0}
    page = (tmp_path / "results" / "results.md").read_text()
    assert page.count("\n## The ") == 2
    assert page.count("goals reached.**") == 2 * len(shipped) > 0
    assert "simulated athletes" in page
    assert "coach mix, no guard" in capsys.readouterr().out


def test_cohorts_lived_side_by_side_are_the_cohorts_lived_alone():
    together = seasons_of(World, Contender("rule", AcwrRule()), rounds_of(5, 2, 20, 50))
    for season, seed in zip(together, (5, 6), strict=True):
        alone = play(World, AcwrRule(), athletes=20, seed=seed, days=50)
        for name in Season.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(season, name), getattr(alone, name))
    with pytest.raises(ValueError, match="the same size and length"):
        seasons_of(World, Contender("rule", AcwrRule()), [Round(1, 5, 40), Round(2, 6, 40)])


def test_camps_and_returns_are_told_from_the_plan_and_the_spells_alone():
    calendar = Calendar(1)

    def day(load, ill=0.0):
        return bool(calendar.unusual(Morning.of(1, planned_load_au=[load], ill=[ill], injured=[0.0]))[0])

    assert [day(300) for _ in range(40)] == [False] * 40
    camp = [day(600) for _ in range(12)]
    assert camp[0] is False and all(camp[3:])
    assert not any([day(300) for _ in range(40)][7:])
    back = [day(300, ill=1.0), *(day(300) for _ in range(20))]
    assert back == [True] * 15 + [False] * 6


def test_a_world_to_practise_in_begins_anew_with_new_athletes_and_the_truth_as_expectation():
    env = SeasonEnv(fit_twin(make_cohort(8, 100, 2)), 24, 1, feature_set="observable",
                    world=Practice.staggered(World, 24, 1))  # fmt: skip
    cuts = np.zeros(24, dtype=int)
    for _ in range(170):
        reward, cut = env.step(np.full(24, Action.AS_PLANNED))
        assert np.isfinite(reward).all()
        cuts += cut
    assert set(cuts) <= {1, 2} and 1 in cuts
    first, again = (Practice.copied(World, 5, 3, seed=2) for _ in range(2))
    np.testing.assert_array_equal(first.morning()["planned_load_au"][:5], again.morning()["planned_load_au"][10:])
    assert first.performance_draws_pct().tolist() == [[0.0]] * 15


def test_the_oracle_sees_the_world_it_is_judged_in_and_gains_by_it():
    rounds = rounds_of(7, 2, 60, 168)
    seasons = played(World, [Contender(Oracle.name, Oracle(-1.1, -0.4)), Contender("rest", AllRest())], rounds)
    assert difference(seasons[Oracle.name], seasons[UNTOUCHED]).low > 0
    with pytest.raises(RuntimeError, match="a world it is shown"):
        Oracle(-1, 0).choose(None)
    goals = {goal.what: goal for goal in goals_of("rest", seasons, "true")}
    assert goals["gain over the plan unchanged, %"].reached is False
    assert goals["recovery, % of days"].reached is False
    whole = goals["share of the observables-only room"].cells()
    assert whole[1:] == ("no ceiling was played", ">= 75 %", "not compared")
    seasons["ceiling"] = seasons[Oracle.name]
    assert "NOT reached" in room("rest", seasons, "true").cells()
    assert room("ceiling", seasons, "true").found.startswith("100 %")


def test_figures_are_drawn_the_same_to_the_byte(tmp_path):
    pytest.importorskip("matplotlib", reason="figures need the train extra")
    plan = [play(World, PlanUnchanged(), athletes=10, seed=1, days=40, guarded=False)]
    scores = {"true": [score("plan, untouched", plan, plan)]}
    for name in ("one.svg", "two.svg"):
        draw_gain_against_danger(scores, tmp_path / name)
        draw_learning({"on the twin": {"DQN": [0.1, 0.2]}, "in it": {"true": [0.3]}}, tmp_path / f"learning-{name}")
        tracks = [track(World, Contender("plan", PlanUnchanged()), athletes=5, seed=1, who=2, days=35)]
        draw_season(tracks, tmp_path / f"season-{name}", "one season")
    for kind in ("", "learning-", "season-"):
        assert (tmp_path / f"{kind}one.svg").read_bytes() == (tmp_path / f"{kind}two.svg").read_bytes()
    assert len(tracks[0].acwr) == 35


def test_a_baseline_nobody_wrote_is_refused(tmp_path):
    call_command("make_cohort", athletes=6, days=100, seed=4, out=tmp_path / "squad.csv")
    with pytest.raises(CommandError, match="no baseline magic; there are plan unchanged, rule"):
        call_command("evaluate_policies", tmp_path / "squad.csv", only=["magic"], out=tmp_path)


def test_leaving_a_guard_out_is_undone_even_after_an_error():
    complete = guard._TABLE
    with pytest.raises(RuntimeError), without("G08"):
        assert "G08" not in {entry[2].code for entry in guard._TABLE}
        raise RuntimeError
    assert guard._TABLE is complete


def test_each_arguable_guard_has_a_price_and_the_fixed_ones_have_none():
    costs = guard_costs(World, PlanUnchanged(), [Round(1, 40, 120)], cold_start=False)
    assert [cost.code for cost in costs] == [code for code in guard.GUARD_CODES if code not in STOPS]
    price = {cost.code: cost.gain_given_up_pct for cost in costs}
    assert price["G16"] == 0  # nobody has a race here
    assert price["G08"] != 0  # resting while HRV is low changes fitness; which way is the world's affair


def test_a_page_begins_with_the_policy_that_ships_whatever_its_name():
    first, *others = shipped_first()
    assert first == registry.shipped()
    assert others == sorted(others)
    assert {first, *others} == set(registry.ARTIFACTS.glob("*.onnx"))
