from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels.management.files import may_overwrite, refuse_to_overwrite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlmodels.baselines.tuning import Tuning
    from mlmodels.evaluation.comparing import Contender, Round
    from mlmodels.evaluation.stress import Strained
    from mlmodels.evaluation.tournament import Effort, Result
    from mlmodels.twin.model import Twin

ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"
TUNED_RULES = ARTIFACTS / "tuned_rules.json"


class Command(BaseCommand):
    help = "Play policies and baselines through seasons of unseen invented athletes and compare them with the plan."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "log", type=Path, nargs="?", help="season log that baselines are fitted on (an invented one)"
        )
        parser.add_argument(
            "--policy", type=Path, action="append", help="FILE.onnx with its card beside it (the shipped ones)"
        )
        parser.add_argument("--world", action="append", help="a built-in world or FILE.py:Class (all built-in ones)")
        parser.add_argument("--cohorts", type=int, default=5)
        parser.add_argument("--athletes", type=int, default=200)
        parser.add_argument("--days", type=int, default=168)
        parser.add_argument("--seed", type=int, default=90_000, help="of the first cohort")
        parser.add_argument("--only", action="append", help="baselines to play (all without it)")
        parser.add_argument("--tuned", type=Path, help="FILE.json of tune_rules (the shipped one where the log is its)")
        parser.add_argument("--unguarded", action="store_true", help="add a row without the guard for each policy")
        parser.add_argument("--no-practice", action="store_true", help="no ceilings and no ablations")
        parser.add_argument(
            "--practice-days",
            type=int,
            default=1500,
            help="that every network for comparison learns for; 0 = none (needs torch)",
        )
        parser.add_argument(
            "--ceiling-days",
            type=int,
            default=1500,
            help="that a DQN learns for in each judging world; 0 = none (needs torch)",
        )
        parser.add_argument(
            "--guard-costs", action="store_true", help="what each guard costs and saves the last policy"
        )
        parser.add_argument(
            "--quick", action="store_true", help="2 cohorts of 60 athletes, true and other world, no practice"
        )
        parser.add_argument(
            "--stress",
            action="store_true",
            help="play the stress table instead of the worlds, into its part of the page",
        )
        parser.add_argument("--stress-row", action="append", help="a row of the stress table (all)")
        parser.add_argument("--processes", type=int, default=2, help="that play stress rows; the figures are the same")
        parser.add_argument("--plots", action="store_true", help="SVG figures beside the page (needs the train extra)")
        parser.add_argument("--out", type=Path, required=True, help="directory for results.csv, results.md and figures")
        may_overwrite(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        from tqdm import tqdm

        from mlmodels.evaluation.comparing import policies_of, rounds_of
        from mlmodels.evaluation.report import HEADER, aligned, table_rows
        from mlmodels.evaluation.rollouts import world_from
        from mlmodels.evaluation.tournament import Effort, can_learn, play_world, practice_count
        from mlmodels.policies.policy import ModelRefused
        from mlmodels.season_log import SeasonLogError, doubts, read_season_log
        from mlmodels.twin.fitting import TooLittleData, fit_twin
        from mlmodels.worlds import STRESS, WORLDS
        from mlmodels.worlds.simulator import make_cohort

        if unknown := set(options["stress_row"] or ()) - set(STRESS):
            raise CommandError(f"no stress row {', '.join(sorted(unknown))}; there are {', '.join(STRESS)}")
        if options["quick"]:
            options |= {
                "cohorts": 2,
                "athletes": 60,
                "no_practice": True,
                "world": options["world"] or ["true", "other"],
            }
        made = ["results/stress.csv"] if options["stress"] else ["results.csv", "results.md"]
        refuse_to_overwrite(options["overwrite"], *(options["out"] / name for name in made))
        files = shipped_first() if options["policy"] is None else options["policy"]
        try:
            worlds = {name: world_from(name) for name in options["world"] or WORLDS}
            log = read_season_log(options["log"]) if options["log"] else make_cohort(25, 168, 1)
            twin = fit_twin(log, seed=1)
            tuning = self._tuning(options["tuned"])
            only = self._affordable(options, twin, tuning)
            contenders = policies_of(log, files, only, options["unguarded"], twin=twin, tuning=tuning)
        except (OSError, ValueError, SeasonLogError, ModelRefused, TooLittleData) as error:
            raise CommandError(str(error)) from error
        for doubt in doubts(log) if options["log"] else ():
            self.stdout.write(f"note: {doubt}")
        if options["stress"]:
            self._stress(contenders, options)
            return
        days = {"dqn_days": options["practice_days"], "ceiling_days": options["ceiling_days"]}
        if any(days.values()) and not options["no_practice"] and not can_learn():
            raise CommandError("torch is not installed (./homestretch setup --train installs it): set both days to 0")
        effort = None if options["no_practice"] else Effort(**days)
        candidates = [contender.name for contender in contenders if contender.cold_start and contender.guarded]
        with tqdm(total=practice_count(effort), unit="network", desc="practising", disable=None) as bar:
            curves = self._add_learned(contenders, twin, effort, bar.update)
        rounds = rounds_of(options["seed"], options["cohorts"], options["athletes"], options["days"])
        total = len(worlds) * (len(contenders) + 1) * options["days"]
        results: list[Result] = []
        out = options["out"]
        out.mkdir(parents=True, exist_ok=True)
        with tqdm(total=total, unit="day", desc="playing", disable=None) as bar:
            for name, make_world in worlds.items():
                results.append(
                    play_world(name, make_world, contenders, rounds, twin, effort, candidates, tick=bar.update)
                )
                self.stdout.write(f"\n{name} world")
                self.stdout.write(aligned(HEADER, table_rows(results[-1].scores)))
                self._goals(results[-1])
                self._write(out, results, options)  # a run that is broken off keeps the worlds it has played
        if options["guard_costs"]:
            last = [contender for contender in contenders if contender.guarded and contender.cold_start][-1]
            self._guard_costs(next(iter(worlds.values())), last, rounds)
        if options["plots"]:
            plots = self._plots(out, results, curves, contenders, worlds, rounds[0])
            self._write(out, results, options, plots)
        self.stdout.write(f"\n{out / 'results.csv'}\n{out / 'results.md'}")

    def _write(
        self,
        out: Path,
        results: Sequence[Result],
        options: dict[str, Any],
        plots: Sequence[tuple[str, str]] = (),
    ) -> None:
        from mlmodels.evaluation.report import page, write_csv
        from mlmodels.management.pages import block_of

        write_csv(results, out / "results.csv")
        kept = [block_of(out / "results.md", name) for name in ("stress", "logs")]  # played apart
        text = page(results, about(options), plots) + "".join(f"\n{block}\n" for block in kept if block)
        (out / "results.md").write_text(text, encoding="utf-8")

    def _stress(self, contenders: Sequence[Contender], options: dict[str, Any]) -> None:
        """Every stress row, into ``results.md`` (its own part), ``stress.csv`` and, with --plots, a picture."""
        from tqdm import tqdm

        from mlmodels.evaluation import stress
        from mlmodels.evaluation.comparing import HEALTH_STOPS_ALONE, rounds_of
        from mlmodels.evaluation.report import aligned
        from mlmodels.management.pages import put_block
        from mlmodels.worlds import STRESS

        rows = options["stress_row"] or list(STRESS)
        candidates = [c for c in contenders if c.cold_start and c.guarded]
        rules = [c for c in contenders if not c.cold_start and c.guarded and c.name != HEALTH_STOPS_ALONE]
        table = stress.contenders_of(candidates, rules)
        rounds = rounds_of(options["seed"], options["cohorts"], options["athletes"], options["days"])
        with tqdm(total=len(rows), unit="row", desc="stress rows", disable=None) as bar:
            results = stress.play_stress(table, rounds, rows, processes=options["processes"], tick=bar.update)
        self.stdout.write(aligned(stress.HEADER, stress.table_rows(results)))
        names, out = [c.name for c in candidates], options["out"]
        (out / "results").mkdir(parents=True, exist_ok=True)
        stress.write_csv(results, out / "results" / "stress.csv")
        picture = self._stress_picture(results, out) if options["plots"] else ""
        put_block(out / "results.md", "stress", stress.section(results, names, about_stress(options), picture))
        self.stdout.write(f"\n{out / 'results' / 'stress.csv'}\n{out / 'results.md'}")

    def _stress_picture(self, results: Sequence[Strained], out: Path) -> str:
        from mlmodels.evaluation.comparing import UNTOUCHED
        from mlmodels.evaluation.plots import draw_stress
        from mlmodels.evaluation.stress import NO_GUARD, RANDOM, by_row

        rows = {row: {name: one.score for name, one in ones.items()} for row, ones in by_row(results).items()}
        unguarded = [one.policy for one in results if one.policy.endswith(NO_GUARD)]
        draw_stress(rows, out / "results" / "stress.svg", leave_out=[UNTOUCHED, RANDOM, *unguarded])
        return "results/stress.svg"

    def _tuning(self, file: Path | None) -> Tuning | None:
        from mlmodels.baselines.tuning import Tuning

        if file is None and not TUNED_RULES.is_file():
            return None
        return Tuning.load(TUNED_RULES if file is None else file)

    def _affordable(self, options: dict[str, Any], twin: Twin, tuning: Tuning | None) -> list[str] | None:
        """Without practice the rules that would have to be searched first are left out, unless asked for by name."""
        from mlmodels.baselines import BASELINES
        from mlmodels.baselines.tuning import FAMILIES, TUNED_ONLY, row_of

        known = tuning is not None and tuning.fingerprint == twin.fingerprint
        if options["stress"] and known:
            return list(options["only"] or TUNED_ONLY)
        if options["only"] or not options["no_practice"] or known:
            return list(options["only"]) if options["only"] else None
        searched = {row_of(name) for name in FAMILIES}
        self.stderr.write("No tuned rules of this season log: rows left out (tune_rules makes them).")
        return [name for name in BASELINES if name not in searched]

    def _add_learned(
        self, contenders: list[Contender], twin: Twin, effort: Effort | None, tick: Callable[[], object]
    ) -> dict[str, list[float]]:
        from mlmodels.evaluation.comparing import Contender
        from mlmodels.evaluation.tournament import ablations

        if not effort or not effort.dqn_days:
            return {}
        made = ablations(twin, effort, tick)
        contenders += [Contender(name, learned.policy, cold_start=True) for name, learned in made.items()]
        return {name: learned.rewards for name, learned in made.items() if learned.rewards}

    def _goals(self, result: Result) -> None:
        from mlmodels.evaluation.report import aligned

        for policy, goals in result.goals.items():
            self.stdout.write(f"\n{policy}, {result.world} world")
            self.stdout.write(aligned(("goal", "found", "wanted", ""), [goal.cells() for goal in goals]))

    def _guard_costs(self, make_world: Any, contender: Contender, rounds: list[Round]) -> None:
        from mlmodels.evaluation.guards.costs import HEADER, guard_costs, table_rows
        from mlmodels.evaluation.report import aligned

        costs = guard_costs(make_world, contender.policy, rounds, cold_start=contender.cold_start)
        self.stdout.write(f"\n{contender.name}, with all guards and with all but one:")
        self.stdout.write(aligned(HEADER, table_rows(costs)))

    def _plots(
        self,
        out: Path,
        results: Sequence[Result],
        curves: dict[str, list[float]],
        contenders: Sequence[Contender],
        worlds: dict[str, Any],
        first: Round,
    ) -> list[tuple[str, str]]:
        from mlmodels.evaluation.comparing import UNTOUCHED, Contender
        from mlmodels.evaluation.plots import (
            LOWEST_SHOWN_PCT,
            draw_gain_against_danger,
            draw_learning,
            draw_season,
            track,
        )
        from mlmodels.evaluation.tournament import ABLATIONS, ENSEMBLE

        (out / "results").mkdir(exist_ok=True)
        said = f"rows below {LOWEST_SHOWN_PCT} % and variants of the same recipe are left out"
        made = [(f"400 m gain against days in the danger zone, 95 % intervals ({said})", "results/gain_and_danger.svg")]
        variants = [name for name in curves if name not in ABLATIONS] + [ENSEMBLE, "rule", "random"]
        draw_gain_against_danger({r.world: r.scores for r in results}, out / made[0][1], leave_out=variants)
        name, make_world = next(iter(worlds.items()))
        plan = Contender(UNTOUCHED, contenders[0].policy, guarded=False)
        shown = [plan, *(c for c in contenders if c.name == "ACWR rule"), *(c for c in contenders if c.cold_start)][:3]
        tracks = [track(make_world, c, athletes=first.athletes, seed=first.seed, who=3, days=first.days) for c in shown]
        made.append((f"One athlete's season under three planners, the same luck, {name} world", "results/season.svg"))
        draw_season(tracks, out / made[1][1], made[1][0])
        panels = {"on the twin": curves} if curves else {}
        for r in results:
            for row, rewards in r.curves.items():
                panels.setdefault(row, {})[f"{r.world} world"] = rewards
        if panels:
            made.append(("Learning curves of the networks trained for this page", "results/learning.svg"))
            draw_learning(panels, out / made[2][1])
        return made


def shipped_first() -> list[Path]:
    """The policies beside the code, the one that ships before the others: a page begins with it, whatever its name."""
    from mlmodels.policies import registry

    ships = registry.shipped(ARTIFACTS)
    return sorted(ARTIFACTS.glob("*.onnx"), key=lambda file: (file != ships, file.name))


def about(options: dict[str, Any]) -> list[str]:
    """What was played, and the command that plays it again."""
    words = ["./homestretch manage evaluate_policies", *([str(options["log"])] if options["log"] else [])]
    words += [f"--policy {file}" for file in options["policy"] or []]
    words += [f"--world {name}" for name in options["world"] or []]
    words += [f"--only '{name}'" for name in options["only"] or []]
    words += [f"--tuned {options['tuned']}"] if options["tuned"] else []
    words += [
        f"--{name} {options[name.replace('-', '_')]}"
        for name in ("cohorts", "athletes", "days", "seed", "practice-days", "ceiling-days")
    ]
    flags = ("unguarded", "no_practice", "guard_costs", "plots")
    words += [f"--{name.replace('_', '-')}" for name in flags if options[name]]
    source = options["log"] or "`make_cohort --athletes 25 --days 168 --seed 1`, the true world"
    return [
        "{cohorts} cohorts of {athletes} unseen athletes a world, {days} days, seeds from {seed}.".format(**options),
        "The first 28 days are as planned. Baselines, tuned rules and networks learned from one season log of",
        f"invented athletes ({source}), but where a row says otherwise. This page is written by",
        "",
        "```sh",
        " ".join([*words, f"--out {options['out']}"]),
        "```",
    ]


def about_stress(options: dict[str, Any]) -> list[str]:
    """What was played in the stress rows, and the command that plays it again."""
    words = ["./homestretch manage evaluate_policies", *([str(options["log"])] if options["log"] else []), "--stress"]
    words += [f"--policy {file}" for file in options["policy"] or []]
    words += [f"--stress-row '{name}'" for name in options["stress_row"] or []]
    words += [f"--only '{name}'" for name in options["only"] or []]
    words += [f"--tuned {options['tuned']}"] if options["tuned"] else []
    words += [f"--{name} {options[name]}" for name in ("cohorts", "athletes", "days", "seed")]
    words += ["--plots"] if options["plots"] else []
    return [
        "{cohorts} cohorts of {athletes} unseen athletes a row, {days} days, seeds from {seed}, by".format(**options),
        "",
        "```sh",
        " ".join([*words, f"--out {options['out']}"]),
        "```",
    ]
