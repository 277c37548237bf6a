from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels.management.files import may_overwrite, next_step, refuse_to_overwrite


class Command(BaseCommand):
    help = "Write the season log of an invented squad (CSV or Parquet): practice data for fit_twin and train_policy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--athletes", type=int, default=25)
        parser.add_argument("--days", type=int, default=168)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--world", default="true", help="a built-in world, or FILE.py:Class")
        parser.add_argument("--out", type=Path, required=True, help="FILE.csv or FILE.parquet")
        may_overwrite(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        from tqdm import tqdm

        from mlmodels.evaluation.report import aligned
        from mlmodels.evaluation.rollouts import world_from
        from mlmodels.season_log import write_season_log
        from mlmodels.worlds.simulator import HORIZON_D, make_cohort

        refuse_to_overwrite(options["overwrite"], options["out"])
        athletes, days = options["athletes"], options["days"]
        if not 1 <= athletes <= 10_000 or not 1 <= days < HORIZON_D:
            raise CommandError(f"1-10,000 athletes and 1-{HORIZON_D - 1} days, not {athletes} and {days}")
        try:
            make_world = world_from(options["world"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        with tqdm(total=days, unit="day", desc="living the season", disable=None) as bar:
            log = make_cohort(athletes, days, options["seed"], tick=bar.update, make_world=make_world)
        options["out"].parent.mkdir(parents=True, exist_ok=True)
        write_season_log(log, options["out"])
        columns = ["hrv_rmssd_ms", "sleep_score", "load_au", "t400_s", "planned_load_au", "action"]
        rows = [(c, f"{log[c].mean():.2f}", f"{100 * log[c].isna().mean():.0f} %") for c in columns]
        self.stdout.write(
            f"{options['out']}: {len(log):,} rows, {athletes} athletes, {days} days, seed {options['seed']}"
        )
        self.stdout.write(aligned(("column", "mean", "missing"), rows))
        twin = options["out"].with_name(f"{options['out'].stem}.twin.json")
        self.stdout.write(next_step("fit_twin", options["out"], "--out", twin))
