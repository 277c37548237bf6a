from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Train the careful recipe on several invented squads' season logs and show how far the policies differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--logs", type=int, default=5, help="of each squad size, seeds from 1")
        parser.add_argument("--squad", type=int, action="append", help="athletes in a log (25 and 8)")
        parser.add_argument("--effort", type=float, default=1.0, help="of each training; see train_policy")
        parser.add_argument("--cohorts", type=int, default=3)
        parser.add_argument("--athletes", type=int, default=100)
        parser.add_argument("--seed", type=int, default=92_000, help="of the first cohort")
        parser.add_argument("--processes", type=int, default=2, help="that a training works in")
        parser.add_argument("--write", type=Path, help="put the tables into this page, as its part about season logs")

    def handle(self, *args: Any, **options: Any) -> None:
        from tqdm import tqdm

        from mlmodels.evaluation.comparing import rounds_of
        from mlmodels.evaluation.logs import HEADER, ROWS, section, spread, table_rows
        from mlmodels.evaluation.report import aligned
        from mlmodels.evaluation.tournament import can_learn
        from mlmodels.management.pages import put_block

        if not can_learn():
            raise CommandError("torch is not installed: ./homestretch setup --train installs it")
        squads = options["squad"] or [25, 8]
        if min(options["logs"], options["cohorts"], options["athletes"], options["processes"], *squads) < 1:
            raise CommandError("--logs, --squad, --cohorts, --athletes and --processes are at least 1")
        rounds = rounds_of(options["seed"], options["cohorts"], options["athletes"], 168)
        spreads = []
        total = len(squads) * (options["logs"] + len(ROWS))
        with tqdm(total=total, unit="step", desc="learning and playing", disable=None) as bar:
            for squad in squads:
                found = spread(squad, range(1, options["logs"] + 1), rounds, effort=options["effort"],
                               processes=options["processes"], tick=bar.update)  # fmt: skip
                spreads.append(found)
                self.stdout.write(f"\nlogs of {squad} athletes")
                self.stdout.write(aligned(HEADER, table_rows(found)))
        if options["write"]:
            words = [f"--{name} {options[name]}" for name in ("logs", "effort", "cohorts", "athletes", "seed")]
            words += [f"--squad {squad}" for squad in squads]
            command = " ".join(["./homestretch manage compare_logs", *words, f"--write {options['write']}"])
            put_block(options["write"], "logs", section(spreads, ["```sh", command, "```"]))
