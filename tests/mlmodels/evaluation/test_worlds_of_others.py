"""The whole comparison on what the project never saw: somebody's season log, somebody's world in a file."""

import csv

import pytest
from django.core.management import CommandError, call_command

from mlmodels.evaluation.report import at_a_glance, summary_table
from mlmodels.evaluation.tournament import OWN_LOG, Effort, Result, on_own_log, practice_count
from mlmodels.twin.fitting import fit_twin
from mlmodels.worlds.simulator import make_cohort

SLOW_WORLD = '''
import numpy as np

class Slow:
    """Fitness follows the load of six weeks; tired after much, and then a tenth of the load counts."""

    def __init__(self, n, seed):
        self.rng, self.n, self.day = np.random.default_rng(seed), n, 0
        self.fitness, self.tired = np.full(n, 1.0), np.zeros(n)
        self.draw()

    def draw(self):
        self.noise = self.rng.normal(size=(4, self.n))

    def morning(self):
        plan = 300.0 * np.array([1.3, 1.1, 0.6, 1.4, 0.9, 1.3, 0.4])[self.day % 7]
        return {"hrv_rmssd_ms": 60 * np.exp(0.15 * self.noise[0] - 0.1 * self.tired),
                "sleep_score": 75 + 6 * self.noise[1], "ill": np.zeros(self.n), "injured": np.zeros(self.n),
                "planned_load_au": np.full(self.n, plan), "planned_high_intensity_share": np.full(self.n, 0.2)}

    def step(self, action):
        plan = self.morning()["planned_load_au"]
        load = plan * np.array([1.1, 1.15, 0.35, 1.0])[action] * np.exp(0.1 * self.noise[2])
        counts = np.where(self.tired > 1.0, 0.1, 1.0)
        self.fitness += (load / 300 * counts - self.fitness) / 42
        self.tired = 0.8 * self.tired + np.maximum(load / 300 - 1.2, 0)
        tested = self.day % 7 == 5
        t400 = self.true_t400() * np.exp(0.012 * self.noise[3]) if tested else np.full(self.n, np.nan)
        self.day += 1
        self.draw()
        no = np.zeros(self.n, dtype=bool)
        return {"load_au": load, "high_intensity_share": np.full(self.n, 0.2), "t400_s": t400,
                "new_ill": no, "new_inj": no}

    def true_t400(self):
        return 52.0 * (1 - 0.04 * (self.fitness - 1))
'''


@pytest.fixture
def slow(tmp_path):
    (tmp_path / "slow.py").write_text(SLOW_WORLD)
    return f"{tmp_path / 'slow.py'}:Slow"


def test_somebodys_log_and_somebodys_world_go_through_the_whole_comparison(tmp_path, slow, capsys):
    call_command("make_cohort", world=slow, athletes=6, days=120, seed=4, out=tmp_path / "squad.csv")
    call_command(
        "evaluate_policies", tmp_path / "squad.csv", world=[slow], cohorts=2, athletes=8, days=60, no_practice=True,
        out=tmp_path / "results",
    )  # fmt: skip
    with (tmp_path / "results" / "results.csv").open() as file:
        rows = {row["policy"]: float(row["gain_pct"]) for row in csv.DictReader(file)}
    assert rows["plan, untouched"] == 0
    assert rows["all rest"] < -0.5 < rows["static progressive"]
    assert not [name for name in rows if name.endswith(", tuned") or name == "threshold rule"]
    assert "rows left out (tune_rules makes them)" in capsys.readouterr().err
    page = (tmp_path / "results" / "results.md").read_text()
    assert f"## The {slow} world" in page
    assert str(tmp_path / "squad.csv") in page


def test_numbers_tuned_on_that_log_are_rows_and_those_of_another_log_are_not(tmp_path, slow):
    call_command("make_cohort", world=slow, athletes=6, days=120, seed=4, out=tmp_path / "squad.csv")
    call_command("make_cohort", world=slow, athletes=6, days=120, seed=5, out=tmp_path / "other.csv")
    call_command("tune_rules", tmp_path / "squad.csv", effort=0.01, out=tmp_path / "tuned.json")
    for log, tuned in (("squad.csv", True), ("other.csv", False)):
        call_command(
            "evaluate_policies", tmp_path / log, world=[slow], cohorts=1, athletes=4, days=40, no_practice=True,
            policy=[], tuned=tmp_path / "tuned.json", out=tmp_path, overwrite=True,
        )  # fmt: skip
        assert ("ACWR rule, tuned" in (tmp_path / "results.csv").read_text()) is tuned
    with pytest.raises(CommandError, match="holds no tuned rules"):
        call_command("evaluate_policies", tmp_path / "squad.csv", world=[slow], tuned=tmp_path / "results.csv",
                     out=tmp_path, overwrite=True)  # fmt: skip


def test_the_page_begins_with_goals_by_world_and_says_which_were_missed(tmp_path):
    call_command("evaluate_policies", world=["true", "other"], cohorts=2, athletes=8, days=50, no_practice=True,
                 only=["plan unchanged", "ACWR rule"], out=tmp_path)  # fmt: skip
    page = (tmp_path / "results.md").read_text()
    first = page[: page.index("## The true world")]
    assert "Over 2 worlds of simulated athletes the homestretch DQN" in first
    assert "| goal | true world | other world |" in first
    assert "goals are reached." in first
    assert "| goals reached | true world | other world |" in first
    assert first.index("| goal |") < first.index("./homestretch manage evaluate_policies")


def test_a_squad_whose_log_allows_no_twin_has_no_policy_of_its_own():
    class Silent:
        def __init__(self, n, seed):
            self.n = n

        def morning(self):
            nan = [float("nan")] * self.n
            return {"hrv_rmssd_ms": nan, "sleep_score": nan, "ill": [0] * self.n, "injured": [0] * self.n,
                    "planned_load_au": nan, "planned_high_intensity_share": nan}  # fmt: skip

        def step(self, action):
            import numpy as np

            nan, no = np.full(self.n, np.nan), np.zeros(self.n, dtype=bool)
            return {"load_au": nan, "high_intensity_share": nan, "t400_s": nan, "new_ill": no, "new_inj": no}

    assert on_own_log(Silent) is None


def test_a_page_without_a_candidate_has_no_summary():
    assert at_a_glance([Result("true", {}, [], {})]) == []


def test_the_share_of_a_squads_own_policy_stands_below_the_candidates_own(monkeypatch):
    from mlmodels.evaluation.goals import ROOM, Goal

    def goals(share, reached):
        return [Goal("gain over the plan unchanged, %", "+0.100 [+0.050, +0.150]", "lower bound > 0", True),
                Goal(ROOM, share, ">= 75 %", reached)]  # fmt: skip

    result = Result("true", {}, [], {"DQN": goals("59 % (from +0.0 to +0.1, own +0.06)", False),
                                     OWN_LOG: goals("80 % (from +0.0 to +0.1, own +0.08)", True)})  # fmt: skip
    assert summary_table("DQN", [result]).splitlines()[2:] == [
        "| gain over the plan unchanged, % | +0.100 [+0.050, +0.150] |",
        f"| {ROOM} | **59 %** |",
        f"| {ROOM}, {OWN_LOG} | 80 % |",
    ]


def test_practice_is_counted_before_it_begins():
    assert practice_count(None) == practice_count(Effort(dqn_days=0)) == 0
    assert practice_count(Effort(seeds=(2,))) == 3


def test_a_twin_of_any_log_has_the_logs_own_fingerprint():
    log = make_cohort(6, 100, 4)
    assert fit_twin(log).fingerprint == fit_twin(log.sample(frac=1.0, random_state=1)).fingerprint
