from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels.management.files import may_overwrite, next_step, refuse_to_overwrite


class Command(BaseCommand):
    help = "Fit a digital twin to a season log (CSV or Parquet) and say how well each part could be fitted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("log", type=Path)
        parser.add_argument("--out", type=Path, required=True, help="FILE.json")
        parser.add_argument("--seed", type=int, default=1, help="of the posterior draws")
        may_overwrite(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        from mlmodels.evaluation.report import aligned
        from mlmodels.season_log import SeasonLogError, doubts, read_season_log
        from mlmodels.twin.checking import describe, forecast_check
        from mlmodels.twin.fitting import TooLittleData, fit_twin
        from mlmodels.twin.model import sha256

        refuse_to_overwrite(options["overwrite"], options["out"])
        try:
            log = read_season_log(options["log"])
            twin = fit_twin(log, seed=options["seed"])
        except (OSError, SeasonLogError, TooLittleData) as error:
            raise CommandError(str(error)) from error
        for doubt in doubts(log):
            self.stdout.write(f"note: {doubt}")
        options["out"].parent.mkdir(parents=True, exist_ok=True)
        twin.save(options["out"])
        self.stdout.write(aligned(("part", "fitted from", "value"), describe(twin)))
        self.stdout.write("")
        self.stdout.write(aligned(("28-day forecast", "error / persistence", "80 % band covers"), forecast_check(log)))
        self.stdout.write(f"\n{options['out']}  sha256 {sha256(options['out'])}")
        words = ("train_policy", options["log"], "--twin", options["out"], "--out", options["out"].parent)
        self.stdout.write(next_step(*words, *(("--seed", options["seed"]) if options["seed"] != 1 else ())))
