"""Comparing policies: paired, repeatable, with intervals, on any world."""

import csv

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from mlmodels import guard
from mlmodels.actions import Action
from mlmodels.baselines.constant import AllRest, PlanUnchanged
from mlmodels.evaluation.comparing import Round
from mlmodels.evaluation.guard_costs import FIXED, guard_costs, without
from mlmodels.evaluation.rollouts import Season, play, world_from
from mlmodels.evaluation.scores import bootstrap, score, worst_tenth
from mlmodels.simulator import World, make_cohort
from mlmodels.twin.fitting import fit_twin
from mlmodels.twin.model import TwinWorld

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
    assert rest.gain_pct.high < -0.5
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
        ("nowhere.py:World", "is not one of true, shifted, other, sceptic and not FILE.py:Class"),
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


def test_the_worst_tenth_is_the_mean_of_the_lowest_tenth():
    assert worst_tenth(np.arange(20.0)) == 0.5
    assert worst_tenth(np.array([3.0])) == 3.0


def test_the_command_writes_the_table_and_the_csv(tmp_path, capsys):
    call_command("make_cohort", athletes=6, days=100, seed=4, out=tmp_path / "squad.csv")
    call_command(
        "evaluate_policies", tmp_path / "squad.csv", only=["plan unchanged", "coach mix"], cohorts=2, athletes=10,
        days=40, out=tmp_path / "results", unguarded=True,
    )  # fmt: skip
    with (tmp_path / "results" / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = ["plan, untouched", "plan unchanged", "coach mix", "plan unchanged, no guard", "coach mix, no guard"]
    assert [row["policy"] for row in rows] == names
    assert [float(row["gain_pct"]) for row in rows if row["policy"] in ("plan, untouched", names[3])] == [0, 0]
    page = (tmp_path / "results" / "results.md").read_text()
    assert page.count("\n| ") == 1 + len(names)
    assert "simulated athletes" in page
    assert "coach mix, no guard" in capsys.readouterr().out


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
    assert [cost.code for cost in costs] == [code for code in guard.GUARD_CODES if code not in FIXED]
    price = {cost.code: cost.gain_given_up_pct for cost in costs}
    assert price["G16"] == 0  # nobody has a race here
    assert price["G08"] > 0  # resting while HRV is low costs fitness
