from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels.management.files import may_overwrite, next_step, refuse_to_overwrite


class Command(BaseCommand):
    help = "Search the numbers of the literature's rules and of the threshold rule on a twin of a season log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("log", type=Path, help="season log, CSV or Parquet")
        parser.add_argument("--twin", type=Path, help="a fitted twin of this log; without it one is fitted")
        parser.add_argument("--reward", default="homestretch", help="a form of mlmodels.reward.FORMS")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--effort", type=float, default=1.0, help="rounds and candidates times this")
        parser.add_argument("--out", type=Path, required=True, help="FILE.json; evaluate_policies and promote read it")
        may_overwrite(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        from tqdm import tqdm

        from mlmodels.baselines.tuning import FAMILIES, tune
        from mlmodels.evaluation.report import aligned
        from mlmodels.reward import FORMS
        from mlmodels.season_log import SeasonLogError, read_season_log
        from mlmodels.twin.fitting import TooLittleData
        from mlmodels.twin.loading import twin_of

        refuse_to_overwrite(options["overwrite"], options["out"])
        if options["reward"] not in FORMS:
            raise CommandError(f"--reward is one of {', '.join(FORMS)}, not {options['reward']!r}")
        if not 0 < options["effort"] <= 10:
            raise CommandError("--effort is above 0 and at most 10")
        try:
            twin = twin_of(read_season_log(options["log"]), options["twin"], options["seed"])
        except (OSError, ValueError, SeasonLogError, TooLittleData) as error:
            raise CommandError(str(error)) from error
        total = sum(max(1, round(options["effort"] * family.rounds)) for family in FAMILIES.values())
        with tqdm(total=total, unit="round", desc="searching", disable=None) as bar:
            tuning, found = tune(
                twin, options["seed"], reward=options["reward"], effort=options["effort"], tick=bar.update
            )
        options["out"].parent.mkdir(parents=True, exist_ok=True)
        tuning.save(options["out"])
        rows = [
            (name, parameter, f"{before:.3f}", f"{after:.3f}")
            for name, family in FAMILIES.items()
            for parameter, before, after in zip(family.parameters, family.start, found[name].numbers, strict=True)
        ]
        self.stdout.write(aligned(("rule", "number", "as published", "tuned"), rows))
        self.stdout.write(f"\n{options['out']}")
        results = options["out"].with_name(f"{options['out'].stem}-results")
        words = ("evaluate_policies", options["log"], "--tuned", options["out"], "--quick", "--out", results)
        self.stdout.write(next_step(*words))
