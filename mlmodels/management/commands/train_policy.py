import shlex
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Fit a twin to a season log, train a DQN on it, and export the policy as ONNX with its card."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("log", type=Path, help="season log, CSV or Parquet")
        parser.add_argument("--feature-set", choices=["observable", "paper-6"], default="observable")
        parser.add_argument("--reward", default="homestretch", help="a form of mlmodels.reward.FORMS")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--days", type=int, default=1500, help="environment steps of --seasons seasons each")
        parser.add_argument("--seasons", type=int, default=512)
        parser.add_argument("--networks", type=int, default=3, help="of seeds of their own, averaged into one")
        parser.add_argument("--processes", type=int, default=1, help="to train them in; the result is the same")
        parser.add_argument("--twin", type=Path, help="a fitted twin of this log; without it one is fitted")
        parser.add_argument("--made-by", action="append", default=[], help="command that made the log, for the card")
        parser.add_argument("--ships", action="store_true", help="mark it as the artifact that answers by default")
        parser.add_argument("--out", type=Path, required=True, help="directory")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from tqdm import tqdm

            from mlmodels.training.dqn import Settings
            from mlmodels.training.making import make_policy
        except ModuleNotFoundError as error:
            raise CommandError(
                f"{error}. Training needs the train extra: ./homestretch setup --train installs it."
            ) from error
        from mlmodels.evaluation.report import aligned
        from mlmodels.reward import FORMS
        from mlmodels.season_log import SeasonLogError, doubts, read_season_log
        from mlmodels.twin.fitting import TooLittleData

        if options["reward"] not in FORMS:
            raise CommandError(f"--reward is one of {', '.join(FORMS)}, not {options['reward']!r}")
        if options["networks"] < 1 or options["processes"] < 1:
            raise CommandError("--networks and --processes are at least 1")
        chosen = {name: options[name] for name in ("seed", "days", "seasons", "networks")}
        settings = Settings(**chosen)
        with tqdm(total=settings.days * settings.networks, unit="day", desc="learning", disable=None) as bar:

            def tick(figures: dict[str, float]) -> None:
                bar.update(100)
                bar.set_postfix({name: f"{value:.4f}" for name, value in figures.items()})

            try:
                log = read_season_log(options["log"])
                made = make_policy(
                    log,
                    settings,
                    feature_set=options["feature_set"],
                    reward=options["reward"],
                    twin_file=options["twin"],
                    directory=options["out"],
                    reproduce=reproduce(options),
                    ships=options["ships"],
                    processes=options["processes"],
                    tick=tick,
                )
            except (OSError, ValueError, SeasonLogError, TooLittleData) as error:
                raise CommandError(str(error)) from error
        for doubt in doubts(log):
            self.stdout.write(f"note: {doubt}")
        self.stdout.write(aligned(("what", "figure"), made.figures))
        self.stdout.write(f"\n{made.onnx}\n{made.card}")
        self.stdout.write(
            f"next: manage.py evaluate_policies {options['log']} --policy {made.onnx}, then manage.py add_policy"
        )


def reproduce(options: dict[str, Any]) -> str:
    """The commands that make this policy again, one a line."""
    words = ["manage.py", "train_policy", str(options["log"]), "--feature-set", options["feature_set"]]
    words += ["--reward", options["reward"], "--seed", str(options["seed"]), "--days", str(options["days"])]
    words += ["--seasons", str(options["seasons"]), "--networks", str(options["networks"])]
    words += ["--twin", str(options["twin"])] if options["twin"] else []
    words += ["--ships"] if options["ships"] else []
    words += ["--out", str(options["out"])]
    return "\n".join([*(options["made_by"] or []), shlex.join(words)])
