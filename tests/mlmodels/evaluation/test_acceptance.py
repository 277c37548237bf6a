"""Whether a twin is fit to learn on, and how real the worlds are: the figures themselves."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command

from mlmodels.evaluation import real_people
from mlmodels.evaluation.acceptance import exponential, next_day_errors, ranking, ranking_lines, real_lines, spearman
from mlmodels.evaluation.figures import figures_of_people, hrv_figures, load_figures, missing_pct, run_lengths
from mlmodels.evaluation.scripted import scripted_policies
from mlmodels.management.pages import replace_block
from mlmodels.twin.fitting import fit_twin
from mlmodels.worlds.simulator import World, make_cohort

REAL = Path(os.environ.get("HOMESTRETCH_REAL_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))


def test_there_are_at_least_thirty_scripted_policies_and_each_has_its_own_name():
    names = [policy.name for policy in scripted_policies()]
    assert len(names) == len(set(names)) >= 30
    assert {"plan unchanged", "all hard", "random", "all rest"} < set(names)


def test_rank_correlation_looks_at_the_order_alone():
    assert spearman(np.array([1.0, 2.0, 3.0, 9.0]), np.array([0.1, 0.2, 5.0, 70.0])) == pytest.approx(1.0)
    assert spearman(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])) == pytest.approx(-1.0)
    assert spearman(np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 1.0, 4.0, 3.0])) == pytest.approx(0.6)


def test_a_twin_orders_policies_as_its_world_does():
    found = ranking("true", World, fit_twin(make_cohort(25, 168, 1)), athletes=15, days=56, seed=5)
    assert found.spearman > 0.3  # eight weeks of fifteen athletes
    assert found.true_gain_pct[found.names.index("plan unchanged")] == 0
    order, hard = ranking_lines([found])
    assert order.cells()[0] == f"true world: Spearman of gain, {len(found.names)} policies"
    assert hard.met == (max(found.on_twin("all hard"), found.on_twin("random")) < 0)


def people(phi, days=200, n=12, seed=0):
    """Slow parts around each person's own level, seen through noise of the same size."""
    rng = np.random.default_rng(seed)
    slow, rows = np.zeros(n), []
    for _ in range(days):
        slow = phi * slow + np.sqrt(1 - phi**2) * rng.standard_normal(n)
        rows.append(slow + rng.standard_normal(n))
    return np.array(rows) + rng.normal(0, 2, n)


def test_the_filter_beats_persistence_and_is_no_worse_than_an_ewma_where_days_are_alike():
    own, still, ewma, n = next_day_errors(people(0.8))
    assert n == 12
    assert own < 0.85 * still
    assert own < 1.02 * ewma


def test_the_next_day_is_not_known_beforehand():
    values = people(0.8, n=3)
    before = next_day_errors(values[:150])
    later = values.copy()
    later[150:] += 40  # what comes later changes nothing but the others' fitted numbers
    alone = values.copy()
    alone[150:, :] = np.nan
    assert next_day_errors(alone) == before
    assert next_day_errors(later)[0] > before[0]


def test_an_ewma_forgets_with_age_not_with_count():
    assert exponential(np.array([1.0, np.nan, 3.0]), 1.0) == pytest.approx([1.0, 1.0, (0.25 * 1 + 3) / 1.25])


def test_hrv_figures_count_days_and_runs():
    z = np.array([[-0.6], [-0.7], [-0.8], [-0.6], [-1.2], [0.1], [np.nan], [0.3]])
    ln = np.array([[4.0], [4.2], [4.0], [np.nan], [4.2], [4.0], [4.2], [4.0]])
    figures = hrv_figures(np.tile(np.vstack([ln, ln]), 3), np.vstack([z, np.full((8, 1), np.nan)]))
    assert figures["HRV 7-day mean below -0.5 SD, % of days"] == pytest.approx(100 * 5 / 7)
    assert figures["the same for 5 days or more, %"] == pytest.approx(100 / 7)
    assert figures["HRV 7-day mean below -1 SD, %"] == pytest.approx(100 / 7)
    assert figures["mornings without HRV, %"] == pytest.approx(12.5)
    assert figures["ln rMSSD, mean change from night to night"] == pytest.approx(10 * 0.2 / 11)


def test_load_figures_see_a_steep_week_and_skip_the_first_four():
    load = np.concatenate([np.full(28, 100.0), np.full(7, 200.0), np.full(7, 100.0)])[:, None]
    acwr = np.concatenate([np.full(28, 9.0), np.linspace(1.0, 1.6, 7), np.full(7, 1.0)])[:, None]
    figures = load_figures(load, acwr)
    assert figures["a week 60 % above the one before, % of weeks"] == pytest.approx(20.0)
    assert figures["ACWR > 1.5, % of days"] == pytest.approx(100 / 14)
    assert figures["load, AU a week (median)"] == 700


def test_gaps_count_between_the_first_and_the_last_value():
    assert missing_pct(np.array([[np.nan], [1.0], [np.nan], [2.0], [np.nan]])) == pytest.approx(100 / 3)
    assert run_lengths(np.array([[True], [True], [False], [True]])).ravel().tolist() == [1, 2, 0, 1]


def test_a_table_of_people_keeps_the_days_last_value_and_leaves_out_who_logged_little():
    table = real_people.table(
        pd.Series(["a", "a", "a", "b"]), pd.Series(["2026-01-01", "2026-01-03", "2026-01-03", "2026-01-01"]),
        pd.Series([1.0, 2.0, 3.0, 9.0]), needed=2,
    )  # fmt: skip
    assert table.columns.tolist() == ["a"]
    np.testing.assert_array_equal(table["a"], [1.0, np.nan, 3.0])


def test_without_real_data_the_table_says_so_and_fails_nothing(tmp_path):
    lines = real_lines(tmp_path)
    assert [line.met for line in lines] == [None] * 3
    assert lines[0].cells() == ("lifesnaps: next day's ln rMSSD", "no data", "--real DIR", "not checked")
    assert figures_of_people(tmp_path) == {}


@pytest.mark.skipif(not real_people.present(REAL), reason=f"no real recordings in {REAL}")
def test_next_days_of_real_people_are_forecast_better_than_by_persistence():
    found = {line.what: line.met for line in real_lines(REAL)}
    assert found["lifesnaps: next day's ln rMSSD (persistence)"]
    assert found["lifesnaps: the same (EWMA)"]


def test_a_line_missed_fails_the_command_with_the_table_printed(tmp_path, capsys):
    call_command("make_cohort", athletes=8, days=60, seed=4, out=tmp_path / "squad.csv")
    (tmp_path / "flat.py").write_text(
        "from mlmodels.worlds.simulator import World\n"
        "class Upside(World):\n"
        "    def true_t400(self):\n"
        "        return 200 - World.true_t400(self)\n"
    )
    with pytest.raises(CommandError, match="2 of 6 lines missed"):
        call_command(
            "check_twin", tmp_path / "squad.csv", world=[f"{tmp_path / 'flat.py'}:Upside"], squad=8, athletes=6, days=40
        )
    out = capsys.readouterr().out
    assert "log too short" in out
    assert "MISSED" in out


def test_figures_of_worlds_go_between_the_markers_of_a_page(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- check_worlds -->\nold\n<!-- end of check_worlds -->\nafter\n")
    call_command("check_worlds", world=["true"], write=page)
    text = page.read_text()
    assert text.startswith("before\n<!-- check_worlds -->\n\n| figure | true | real people | literature |")
    assert text.endswith("<!-- end of check_worlds -->\nafter\n")
    assert "old" not in text
    with pytest.raises(ValueError, match="has no <!-- other -->"):
        replace_block(page, "other", "x")
