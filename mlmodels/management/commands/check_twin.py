from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels.management.pages import replace_block


class Command(BaseCommand):
    help = "Is the twin fit to learn on? Prints the acceptance table and fails when a line is missed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "log", type=Path, nargs="?", help="season log to check the forecast on (else three invented ones)"
        )
        parser.add_argument("--world", action="append", help="where to check the order (all built-in worlds)")
        parser.add_argument("--real", type=Path, help="folder with lifesnaps/, pmdata/ and soccermon/")
        parser.add_argument("--squad", type=int, default=25, help="athletes in the log a world's twin is fitted to")
        parser.add_argument("--athletes", type=int, default=200, help="on whom each scripted policy is played")
        parser.add_argument("--days", type=int, default=168, help="of a season in which they are played")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--quick", action="store_true", help="the true world and 60 athletes")
        parser.add_argument("--write", type=Path, help="put the table into this page, between its markers")

    def handle(self, *args: Any, **options: Any) -> None:
        from tqdm import tqdm

        from mlmodels.evaluation.acceptance import forecast_lines, ranking, ranking_lines, real_lines
        from mlmodels.evaluation.report import aligned, markdown_table
        from mlmodels.evaluation.rollouts import world_from
        from mlmodels.evaluation.scripted import scripted_policies
        from mlmodels.season_log import SeasonLogError, read_season_log
        from mlmodels.twin.fitting import TooLittleData, fit_twin
        from mlmodels.worlds import WORLDS
        from mlmodels.worlds.simulator import make_cohort

        if options["quick"]:
            options |= {"world": options["world"] or ["true"], "athletes": 60}
        names, seed = options["world"] or list(WORLDS), options["seed"]
        rankings = []
        try:
            invented = (make_cohort(options["squad"], 168, seed + i) for i in range(1 if options["quick"] else 3))
            lines = forecast_lines([read_season_log(options["log"])] if options["log"] else list(invented))
            total = 2 * len(names) * len(scripted_policies())
            with tqdm(total=total, unit="season", desc="ranking", disable=None) as bar:
                for name in names:
                    make_world = world_from(name)
                    twin = fit_twin(make_cohort(options["squad"], 168, seed, make_world=make_world), seed=seed)
                    size = {"athletes": options["athletes"], "days": options["days"], "seed": 60_000 + seed}
                    rankings.append(ranking(name, make_world, twin, **size, tick=bar.update))
        except (OSError, ValueError, SeasonLogError, TooLittleData) as error:
            raise CommandError(str(error)) from error
        lines += ranking_lines(rankings) + real_lines(options["real"])
        header = ("what", "found", "wanted", "")
        rows = [line.cells() for line in lines]
        self.stdout.write(aligned(header, rows))
        if options["verbosity"] > 1:
            for one in rankings:
                rows_of = zip(one.names, one.true_gain_pct, one.twin_gain_pct, strict=True)
                ordered = sorted(rows_of, key=lambda row: -row[1])
                cells = [(name, f"{true:+.2f}", f"{twin:+.2f}") for name, true, twin in ordered]
                self.stdout.write("\n" + aligned((one.world, "gain in it, %", "on its twin, %"), cells))
        if options["write"]:
            replace_block(options["write"], "check_twin", markdown_table(header, rows))
        missed = sum(line.met is False for line in lines)
        if missed:
            raise CommandError(f"{missed} of {len(lines)} lines missed")
