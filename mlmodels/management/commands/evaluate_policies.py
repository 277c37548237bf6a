from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Play policies and baselines through seasons of unseen invented athletes and compare them with the plan."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("log", type=Path, help="season log that baselines are fitted on")
        parser.add_argument(
            "--policy", type=Path, action="append", default=[], help="FILE.onnx with its card beside it"
        )
        parser.add_argument("--world", help="FILE.py:Class; the built-in simulator without it")
        parser.add_argument("--cohorts", type=int, default=5)
        parser.add_argument("--athletes", type=int, default=200)
        parser.add_argument("--days", type=int, default=168)
        parser.add_argument("--seed", type=int, default=1000, help="of the first cohort")
        parser.add_argument("--only", action="append", help="baselines to play (all without it)")
        parser.add_argument("--unguarded", action="store_true", help="add a row without the guard for each policy")
        parser.add_argument(
            "--guard-costs", action="store_true", help="what each guard costs and saves the last policy"
        )
        parser.add_argument("--quick", action="store_true", help="2 cohorts of 60 athletes")
        parser.add_argument("--out", type=Path, required=True, help="directory for results.csv and results.md")

    def handle(self, *args: Any, **options: Any) -> None:
        from tqdm import tqdm

        from mlmodels.evaluation.comparing import compare, policies_of, rounds_of
        from mlmodels.evaluation.report import HEADER, aligned, markdown, table_rows, write_csv
        from mlmodels.evaluation.rollouts import world_from
        from mlmodels.policy import ModelRefused
        from mlmodels.season_log import SeasonLogError, read_season_log
        from mlmodels.simulator import World
        from mlmodels.twin.fitting import TooLittleData

        if options["quick"]:
            options |= {"cohorts": 2, "athletes": 60}
        try:
            make_world = world_from(options["world"]) if options["world"] else World
            policies = policies_of(
                read_season_log(options["log"]), options["policy"], options["only"], options["unguarded"]
            )
        except (OSError, ValueError, SeasonLogError, ModelRefused, TooLittleData) as error:
            raise CommandError(str(error)) from error
        rounds = rounds_of(options["seed"], options["cohorts"], options["athletes"], options["days"])
        total = len(rounds) * (len(policies) + 1) * options["days"]
        with tqdm(total=total, unit="day", desc="playing", disable=None) as bar:
            scores = compare(make_world, policies, rounds, tick=bar.update)
        about = [
            f"World: {options['world'] or 'mlmodels.simulator:World'}, log: {options['log']},",
            "{cohorts} cohorts of {athletes} unseen athletes, {days} days, seeds from {seed},".format(**options),
            "the first 28 days as planned.",
        ]
        options["out"].mkdir(parents=True, exist_ok=True)
        write_csv(scores, options["out"] / "results.csv")
        (options["out"] / "results.md").write_text(markdown(scores, about))
        self.stdout.write(aligned(HEADER, table_rows(scores)))
        if options["guard_costs"]:
            self._guard_costs(make_world, policies[len(policies) // (1 + options["unguarded"]) - 1], rounds)
        self.stdout.write(f"\n{options['out'] / 'results.csv'}\n{options['out'] / 'results.md'}")

    def _guard_costs(self, make_world: Any, contender: Any, rounds: list[Any]) -> None:
        from mlmodels.evaluation.guard_costs import HEADER, guard_costs, table_rows
        from mlmodels.evaluation.report import aligned

        costs = guard_costs(make_world, contender.policy, rounds, cold_start=contender.cold_start)
        self.stdout.write(f"\n{contender.name}, with all guards and with all but one:")
        self.stdout.write(aligned(HEADER, table_rows(costs)))
