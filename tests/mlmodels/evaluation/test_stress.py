"""The stress table: each row changes what it says and nothing else, and the gate reads it as it should."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from measures.actions import Action
from mlmodels.baselines.constant import AllRest, PlanUnchanged
from mlmodels.evaluation import stress
from mlmodels.evaluation.comparing import UNTOUCHED, Contender, Round, rounds_of
from mlmodels.evaluation.plots import draw_stress
from mlmodels.evaluation.promotion import StressTrial, guards_goal, stress_gate
from mlmodels.evaluation.rollouts import play, world_from
from mlmodels.evaluation.scores import Interval
from mlmodels.management.pages import block_of, put_block
from mlmodels.state.actions import automatic_plan
from mlmodels.worlds import STRESS, stressed
from mlmodels.worlds.delayed import DelayedWorld
from mlmodels.worlds.related import ScepticWorld
from mlmodels.worlds.simulator import WEEKDAY_LOAD, WEEKDAY_SHARE, World

ATHLETES, DAYS, SEED = 40, 150, 5
every_row = pytest.mark.parametrize("row", STRESS)


def lived(make, *, days=DAYS, n=ATHLETES, action=Action.AS_PLANNED):
    """Morning, evening, latent 400 m and what was really done, (days, n) each."""
    world, rows = make(n, SEED), []
    for _ in range(days):
        row = world.morning() | {name: getattr(world, name)() for name in ("true_t400", "stress", "readiness")}
        rows.append(row | world.step(np.full(n, action)))
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


@pytest.fixture(scope="module")
def true():
    return lived(World)


def differing(season, true):
    return {name for name in true if not np.array_equal(season[name], true[name], equal_nan=True)}


HRV = {"hrv_rmssd_ms"}
LOAD = {"load_au", "high_intensity_share"}
SHARES = {"planned_high_intensity_share", "high_intensity_share"}


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        ("as it is", set()),
        ("labels x 0.5", SHARES),
        ("labels x 1.5", SHARES),
        ("labels x 2", SHARES),
        ("half the HRV", HRV),
        ("mute HRV", HRV),
        ("30 % unlogged", LOAD),
        ("40 % ignored", set()),
        ("late starters", HRV | LOAD | {"sleep_score", "sleep_h"}),
        ("squads of 8", set()),
        ("second device", HRV),
        ("cycle", HRV | {"sleep_score", "sleep_h"}),
    ],
)
def test_a_row_about_what_is_reported_leaves_the_athletes_as_they_are_to_the_last_digit(true, row, columns):
    assert differing(lived(STRESS[row].make_world), true) == columns


def test_labels_are_scaled_on_plan_and_report_alike_and_end_at_one(true):
    season = lived(STRESS["labels x 2"].make_world)
    for name in SHARES:
        np.testing.assert_array_equal(season[name], 2 * true[name])
    extreme = lived(lambda n, seed: stressed.Labelled(n, seed, times=9.0), days=7)
    assert np.nanmax(extreme["high_intensity_share"]) == 1.0


def test_half_of_hrv_and_three_loads_in_ten_are_missing_as_well(true):
    half, unlogged = lived(STRESS["half the HRV"].make_world), lived(STRESS["30 % unlogged"].make_world)
    known = np.isfinite(true["hrv_rmssd_ms"])
    assert np.isnan(half["hrv_rmssd_ms"][known]).mean() == pytest.approx(0.5, abs=0.03)
    assert np.isnan(unlogged["load_au"][np.isfinite(true["load_au"])]).mean() == pytest.approx(0.3, abs=0.03)


def test_late_starters_are_unknown_first_and_known_later(true):
    season = lived(STRESS["late starters"].make_world)
    assert np.isnan(season["load_au"][:14]).all() and np.isnan(season["hrv_rmssd_ms"][:35]).all()
    np.testing.assert_array_equal(season["load_au"][14:], true["load_au"][14:])
    np.testing.assert_array_equal(season["sleep_score"][35:], true["sleep_score"][35:])


def test_another_watch_reads_lower_from_day_84_on_and_says_that_it_is_another(true):
    season = lived(STRESS["second device"].make_world)
    change = np.log(season["hrv_rmssd_ms"] / true["hrv_rmssd_ms"])
    assert np.nanmax(np.abs(change[:84])) == 0
    assert np.nanmean(change[84:]) == pytest.approx(np.log(0.85), abs=0.01)
    assert np.nanstd(change[84:]) == pytest.approx(0.08, abs=0.01)
    assert season["hrv_era"][:, 0].tolist() == [1.0] * 84 + [2.0] * (DAYS - 84)


def test_half_of_the_athletes_have_a_cycle_of_28_days(true):
    change = np.log(lived(STRESS["cycle"].make_world)["hrv_rmssd_ms"] / true["hrv_rmssd_ms"])
    has = np.nanmin(change, axis=0) < -0.03
    assert 0.3 < has.mean() < 0.7
    assert np.nanmean(change[:140, has]) == pytest.approx(-0.03, abs=0.004)
    assert np.nanmax(np.abs(change[:, ~has])) == 0


def test_hrv_that_says_nothing_varies_as_much_and_knows_no_sickness(true):
    season = lived(STRESS["mute HRV"].make_world)
    spread = [np.nanstd(np.log(one["hrv_rmssd_ms"]), axis=0).mean() for one in (season, true)]
    assert spread[0] == pytest.approx(spread[1], abs=0.01)
    assert abs(knows_readiness(season)) < 0.05 < 0.4 < knows_readiness(true)


def knows_readiness(season):
    """Correlation of ln rMSSD with the latent readiness, both around the athlete's own mean."""
    known = np.isfinite(season["hrv_rmssd_ms"])
    ln, readiness = np.log(season["hrv_rmssd_ms"]), np.where(known, season["readiness"], np.nan)
    pair = [(one - np.nanmean(one, axis=0))[known] for one in (ln, readiness)]
    return np.corrcoef(*pair)[0, 1]


def test_ignored_advice_is_the_plan_on_four_days_in_ten():
    rest, ignored, plan = (
        lived(make, action=action)["load_au"]
        for make, action in (
            (World, Action.ACTIVE_RECOVERY),
            (STRESS["40 % ignored"].make_world, Action.ACTIVE_RECOVERY),
            (World, Action.AS_PLANNED),
        )
    )
    first = [loads[0] for loads in (rest, ignored, plan)]
    known = np.isfinite(first).all(0) & (first[0] > 0) & (first[2] > 0)
    assert set(first[1][known]) <= set(first[0][known]) | set(first[2][known])
    assert np.nanmean(rest) < np.nanmean(ignored) < np.nanmean(plan)


def test_a_cap_on_the_load_passes_through_and_is_ignored_with_the_advice():
    class Capped(World):
        def step(self, action, load_cap_au=None):
            self.cap = load_cap_au
            return super().step(action)

    deaf = stressed.Ignored(200, 1, Capped)
    deaf.step(np.full(200, Action.AS_PLANNED), load_cap_au=np.full(200, 90.0))
    assert set(deaf.world.cap) == {90.0, np.inf}
    assert np.isinf(deaf.world.cap).mean() == pytest.approx(0.4, abs=0.1)
    labelled = stressed.Labelled(5, 1, Capped, times=2.0)
    labelled.step(np.full(5, Action.AS_PLANNED), load_cap_au=80.0)
    assert labelled.world.cap == 80.0


@pytest.mark.parametrize("row", ["two hard days", "polarised", "four sessions", "seven alike"])
def test_a_week_of_another_shape_asks_for_the_same_load_and_the_same_high_intensity(row):
    week = STRESS[row].make_world.keywords["week"]
    assert week.load.sum() == pytest.approx(WEEKDAY_LOAD.sum())
    assert (week.load * week.share).sum() == pytest.approx((WEEKDAY_LOAD * WEEKDAY_SHARE).sum())
    assert week.share.max() <= 0.5
    world, plain = STRESS[row].make_world(20, 1), World(20, 1)
    np.testing.assert_allclose(world.planned()[0], plain.planned()[0] * week.load[0] / WEEKDAY_LOAD[0])


def test_a_scaled_plan_is_the_plan_scaled(true):
    for row, times in (("plan -15 %", 0.85), ("plan +15 %", 1.15)):
        first = STRESS[row].make_world(ATHLETES, SEED).morning()["planned_load_au"]
        np.testing.assert_allclose(first, times * true["planned_load_au"][0], atol=1.0)


def test_without_a_coach_athletes_do_what_the_product_would_plan_and_the_morning_brings_no_plan():
    world = STRESS["no coach"].make_world(30, 2)
    assert np.isnan(world.morning()["planned_load_au"]).all()
    assert np.isnan(world.morning()["planned_high_intensity_share"]).all()
    close = []

    def watch(obs, applied, shown):
        assert (obs.plan_automatic == 1).all()
        close.append(obs.planned_load_au / shown.planned()[0])

    play(STRESS["no coach"].make_world, PlanUnchanged(), athletes=30, seed=2, days=60, guarded=False, watch=watch)
    assert np.median(close[30:]) == pytest.approx(1.0, abs=0.08)
    usual = world.who.usual_load_au
    np.testing.assert_array_equal(
        world.planned()[0], automatic_plan(0, usual, 0.95 * usual, 0, recovering=False)[0]
    )  # the first day


def test_a_habitual_week_answers_to_nothing():
    season = lived(STRESS["habitual week"].make_world, days=140, action=Action.ACTIVE_RECOVERY)
    weeks = season["planned_load_au"].reshape(20, 7, ATHLETES)
    np.testing.assert_array_equal(weeks, np.broadcast_to(weeks[:1], weeks.shape))
    assert (season["ill"] > 0).any()


def test_a_lay_off_is_four_weeks_of_next_to_nothing_and_two_weeks_of_return(true):
    planned = lived(STRESS["lay-off"].make_world)["planned_load_au"]
    share = np.where(true["planned_load_au"] > 100, planned / np.maximum(true["planned_load_au"], 1), np.nan)
    well = ((true["ill"] + true["injured"]) == 0)[:63]
    assert np.nanmin(share[:63][well]) == np.nanmax(share[:63][well]) == 1.0
    assert np.nanmax(share[63:91]) <= 0.105
    assert np.nanmedian(share[91:98]) == pytest.approx(0.6, abs=0.02)
    assert np.nanmedian(share[98:105]) == pytest.approx(0.8, abs=0.02)


def test_exam_weeks_bring_stress_and_take_an_hour_of_sleep(true):
    season = lived(STRESS["exam weeks"].make_world)
    for first, after in stressed.EXAMS_D:
        assert season["stress"][first:after] - true["stress"][first:after] == pytest.approx(1.5 * World.laws.stress_sd)
    lost = np.nanmean(true["sleep_h"][56:70] - season["sleep_h"][56:70])
    assert lost == pytest.approx(1.0, abs=0.05)
    np.testing.assert_array_equal(season["true_t400"][:57], true["true_t400"][:57])
    assert np.nanmean(season["hrv_rmssd_ms"][56:70]) < np.nanmean(true["hrv_rmssd_ms"][56:70])


def test_the_sceptics_world_is_a_row_and_can_still_be_asked_for_by_name():
    assert world_from("sceptic") is STRESS["sceptic"].make_world is ScepticWorld
    assert world_from("labels x 2") is STRESS["labels x 2"].make_world


@every_row
def test_two_seasons_of_a_row_differ_by_their_actions_alone(row):
    make = STRESS[row].make_world
    one, again, hard = (make(12, 2) for _ in range(3))
    for _ in range(20):
        same, other = (world.step(np.full(12, Action.AS_PLANNED)) for world in (one, again))
        hard.step(np.full(12, Action.INCREASE_INTENSITY))
    np.testing.assert_array_equal(same["load_au"], other["load_au"])
    assert not np.array_equal(one.true_t400(), hard.true_t400())
    np.testing.assert_array_equal(one._rng.random(3), hard._rng.random(3))
    if hasattr(one, "_own"):
        np.testing.assert_array_equal(one._own.random(3), hard._own.random(3))


def test_what_is_reported_may_differ_in_any_world():
    make = lambda n, seed: stressed.Labelled(n, seed, DelayedWorld, times=2.0)  # noqa: E731
    plain, labelled = DelayedWorld(10, 3), make(10, 3)
    assert labelled.weekday == plain.weekday
    for _ in range(8):
        plain.step(np.full(10, Action.AS_PLANNED))
        labelled.step(np.full(10, Action.AS_PLANNED))
    np.testing.assert_array_equal(plain.true_t400(), labelled.true_t400())
    np.testing.assert_array_equal(2 * plain.morning()["planned_high_intensity_share"],
                                  labelled.morning()["planned_high_intensity_share"])  # fmt: skip


# --- The gate ---

GOOD = StressTrial("may know", Interval(0.1, 0.01, 0.2), Interval(0.3, 0.2, 0.4), Interval(0.1, 0.0, 0.2), 0.97)


def missed(**change):
    lines = stress_gate({"row": replace(GOOD, **change)})
    assert {line.world for line in lines} == {"row"} and len(lines) == 4
    return [line.condition for line in lines if not line.passed]


def test_a_policy_that_gains_where_it_may_know_passes():
    assert missed() == []


@pytest.mark.parametrize(
    ("change", "condition"),
    [
        ({"gain": Interval(0.1, 0.0, 0.2)}, "against the plan, may know"),
        ({"gain": Interval(0.0, -0.02, 0.1), "kind": "elsewhere"}, "against the plan, elsewhere"),
        ({"ahead_of_random": Interval(0.0, -0.01, 0.01)}, "not below random"),
        ({"ahead_of_random": Interval(0.1, -0.02, 0.3)}, "not below random"),
        ({"ahead_of_guards": Interval(0.1, -0.02, 0.3)}, "not below the guards alone"),
        ({"chronic_kept": 0.899}, "chronic load kept in health"),
        ({"chronic_kept": float("nan")}, "chronic load kept in health"),
    ],
)
def test_each_line_can_be_missed(change, condition):
    assert missed(**change) == [condition]


def test_elsewhere_no_harm_is_enough():
    assert missed(kind="elsewhere", gain=Interval(0.0, -0.019, 0.02)) == []


def test_the_guards_alone_may_cost_three_hundredths_of_a_percent():
    lines = guards_goal({"a": Interval(0.0, -0.029, 0.0), "b": Interval(0.0, -0.03, 0.0)})
    assert [(line.world, line.passed) for line in lines] == [("a", True), ("b", False)]


# --- Playing it ---

SMALL = rounds_of(7, 2, 8, 50)


def test_figures_are_the_same_however_many_processes_play():
    rows, contenders = ("labels x 2", "no coach"), stress.contenders_of(())
    one, two = (stress.play_stress(contenders, SMALL, rows, processes=p) for p in (1, 2))
    assert one == two == [*stress.play_row(contenders, SMALL, rows[0]), *one[4:]]
    assert [(result.row, result.policy) for result in one] == [
        (row, name) for row in rows for name in (UNTOUCHED, "health stops alone", "guards alone", "random")
    ]


def test_a_candidate_is_played_with_and_without_the_guards():
    candidate, rule = Contender("rest", AllRest(), cold_start=True), Contender("plan", PlanUnchanged())
    names = [(c.name, c.guarded) for c in stress.contenders_of([candidate], [rule])]
    assert names == [
        ("health stops alone", True),
        ("guards alone", True),
        ("random", True),
        ("plan", True),
        ("rest", True),
        ("rest, no guard", False),
    ]


def test_who_rests_all_the_time_keeps_no_chronic_load_and_rests_on_every_weekday():
    results = stress.play_row(
        [*stress.contenders_of(()), Contender("rest", AllRest(), guarded=False)], SMALL, "as it is"
    )
    by_name = {result.policy: result for result in results}
    assert by_name[UNTOUCHED].chronic_kept == 1.0
    assert by_name["rest"].chronic_kept < 0.85
    assert by_name["rest"].recovery_worst_weekday_pct == 100
    assert by_name[UNTOUCHED].recovery_worst_weekday_pct == 0
    assert "chronic load kept in health" in [li.condition for li in stress.gate_lines(results, "rest") if not li.passed]


def test_chronic_load_is_looked_at_in_the_healthy_alone():
    season = play(World, PlanUnchanged(), athletes=60, seed=4, days=100, guarded=False)
    world, out = World(60, 4), []
    for _ in range(100):
        out.append(world.morning()["ill"] | world.morning()["injured"])
        world.step(np.full(60, Action.AS_PLANNED))
    well = [~np.any(out[day - 28 : day + 1], axis=0) for day in range(72, 100)]
    np.testing.assert_array_equal(np.isfinite(season.healthy_chronic_au), np.any(well, axis=0))


def test_small_squads_are_cohorts_of_eight():
    rounds = stress.cohorts_of(STRESS["squads of 8"], rounds_of(9, 5, 200, 168))
    assert (len(rounds), {r.athletes for r in rounds}) == (25, {8})
    assert stress.cohorts_of(STRESS["no coach"], SMALL) == SMALL
    assert stress.cohorts_of(STRESS["squads of 8"], [Round(9, 4, 60)]) == [Round(9, 8, 60)]


def test_the_command_writes_its_part_of_the_page_and_leaves_the_rest(tmp_path, capsys):
    (tmp_path / "results.md").write_text("# Policies on invented athletes\n\nWorlds.\n")
    put_block(tmp_path / "results.md", "stress", "## Stress\n\nlast year's")
    options = {"stress": True, "stress_row": ["labels x 2", "four sessions"], "cohorts": 1, "athletes": 8, "days": 36}
    call_command("evaluate_policies", **options, policy=[], out=tmp_path)
    page = (tmp_path / "results.md").read_text()
    assert page.startswith("# Policies on invented athletes\n\nWorlds.\n\n<!-- stress -->\n\n## Stress")
    assert page.count("## Stress") == 1
    assert "| labels x 2 | the same training written with twice the high intensity | may know |" in page
    assert "--stress-row 'labels x 2'" in page
    assert "**guards alone: " in page and "last year's" not in page
    with (tmp_path / "results" / "stress.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["row"], row["policy"]) for row in rows] == [
        (row, name)
        for row in options["stress_row"]
        for name in (UNTOUCHED, "health stops alone", "guards alone", "random", "two-line rule", "threshold rule")
    ]
    assert {row["gain_pct"] for row in rows if row["policy"] == UNTOUCHED} == {"0"}
    assert "four sessions" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"no stress row magic; there are as it is, labels x 0\.5"):
        call_command("evaluate_policies", stress=True, stress_row=["magic"], policy=[], out=tmp_path)


def test_a_block_is_added_replaced_and_found_again(tmp_path):
    page = tmp_path / "page.md"
    assert block_of(page, "stress") == ""
    put_block(page, "stress", "one")
    put_block(page, "stress", "two")
    assert page.read_text() == block_of(page, "stress") + "\n" == "<!-- stress -->\n\ntwo\n\n<!-- end of stress -->\n"


def test_the_picture_is_the_same_to_the_byte(tmp_path):
    pytest.importorskip("matplotlib", reason="figures need the train extra")
    results = stress.play_row(stress.contenders_of(()), rounds_of(7, 1, 8, 32), "as it is")
    rows = {"as it is": {one.policy: one.score for one in results}}
    for name in ("one.svg", "two.svg"):
        draw_stress(rows, tmp_path / name, leave_out=[UNTOUCHED])
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
