from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels.management.files import may_overwrite, next_step, refuse_to_overwrite

if TYPE_CHECKING:
    from mlmodels.training.careful import Effort
    from mlmodels.training.dqn import Settings

TD_OPTIONS = {"days": 1500, "seasons": 512, "networks": 3}


class Command(BaseCommand):
    help = "Fit a twin to a season log, learn a policy on it, and export it as ONNX with its card."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("log", type=Path, help="season log, CSV or Parquet")
        parser.add_argument(
            "--recipe",
            choices=["careful", "td"],
            help="careful (default): deviates from the plan only where that is surely worth it; td: the paper's DQN",
        )
        parser.add_argument("--feature-set", choices=["observable", "paper-6"], default="observable")
        parser.add_argument("--reward", default="homestretch", help="a form of mlmodels.reward.FORMS")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--effort",
            type=float,
            default=1.0,
            help="careful: so much practice (0.1 for a quick look; a quarter gains half as much)",
        )
        parser.add_argument("--days", type=int, help="td: environment steps of --seasons seasons each (1500)")
        parser.add_argument("--seasons", type=int, help="td: side by side (512)")
        parser.add_argument("--networks", type=int, help="td: of seeds of their own, averaged into one (3)")
        parser.add_argument(
            "--processes", type=int, default=min(2, os.cpu_count() or 1), help="to work in; the result is the same"
        )
        parser.add_argument("--twin", type=Path, help="a fitted twin of this log; without it one is fitted")
        parser.add_argument("--made-by", action="append", default=[], help="command that made the log, for the card")
        parser.add_argument("--ships", action="store_true", help="mark it as the artifact that answers by default")
        parser.add_argument("--out", type=Path, required=True, help="directory")
        may_overwrite(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from tqdm import tqdm

            from mlmodels.training.making import make_policy
        except ModuleNotFoundError as error:
            raise CommandError(
                f"{error}. Training needs the train extra: ./homestretch setup --train installs it."
            ) from error
        from mlmodels.evaluation.report import aligned
        from mlmodels.season_log import SeasonLogError, doubts, read_season_log
        from mlmodels.twin.fitting import TooLittleData

        check(options)
        how = how_to_learn(options)
        with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining}", disable=None) as bar:

            def tick(stage: str, share: float) -> None:
                bar.set_description(stage)
                bar.update(max(0.0, 100 * whole_share(stage, share) - bar.n))

            try:
                log = read_season_log(options["log"])
                made = make_policy(
                    log,
                    how,
                    seed=options["seed"],
                    feature_set=options["feature_set"],
                    reward=options["reward"],
                    twin_file=options["twin"],
                    directory=options["out"],
                    reproduce=reproduce(options),
                    ships=options["ships"],
                    processes=options["processes"],
                    may_write=lambda *files: refuse_to_overwrite(options["overwrite"], *files),
                    tick=tick,
                )
            except (OSError, ValueError, SeasonLogError, TooLittleData) as error:
                raise CommandError(str(error)) from error
        for doubt in doubts(log):
            self.stdout.write(f"note: {doubt}")
        self.stdout.write(aligned(("what", "figure"), made.figures))
        self.stdout.write(f"\n{made.onnx}\n{made.card}")
        judged = options["out"] / f"{made.onnx.stem}-results"
        self.stdout.write(next_step("evaluate_policies", options["log"], "--policy", made.onnx, "--quick", "--stress",
                                    "--out", judged))  # fmt: skip
        self.stdout.write(next_step("add_policy", made.onnx))


def check(options: dict[str, Any]) -> None:
    from mlmodels.reward import FORMS

    if options["reward"] not in FORMS:
        raise CommandError(f"--reward is one of {', '.join(FORMS)}, not {options['reward']!r}")
    options["recipe"] = options["recipe"] or ("careful" if options["feature_set"] == "observable" else "td")
    given = [name for name in TD_OPTIONS if options[name] is not None]
    if options["recipe"] == "careful" and given:
        raise CommandError(f"--{given[0]} belongs to --recipe td; the careful recipe has --effort")
    if options["recipe"] == "careful" and (options["feature_set"], options["reward"]) != ("observable", "homestretch"):
        raise CommandError("the careful recipe knows the observable features and the homestretch reward; see --recipe")
    if not 0.01 <= options["effort"] <= 10:
        raise CommandError("--effort is 0.01 to 10")
    if min([options["processes"], *(options[name] for name in given)]) < 1:
        raise CommandError("--processes, --networks, --seasons and --days are at least 1")


def how_to_learn(options: dict[str, Any]) -> Effort | Settings:
    if options["recipe"] == "careful":
        from mlmodels.training.careful import Effort

        return Effort().times(options["effort"])
    from mlmodels.training.dqn import Settings

    return Settings(**{name: options[name] or default for name, default in TD_OPTIONS.items()})


def whole_share(stage: str, share: float) -> float:
    """How much of the whole is done, from how much of a stage is."""
    from mlmodels.training.careful import STAGES

    if stage not in STAGES:
        return share
    names = list(STAGES)
    return sum(STAGES[name] for name in names[: names.index(stage)]) + STAGES[stage] * share


def reproduce(options: dict[str, Any]) -> str:
    """The commands that make this policy again, one a line."""
    words = ["./homestretch", "manage", "train_policy", str(options["log"]), "--recipe", options["recipe"]]
    words += ["--feature-set", options["feature_set"], "--reward", options["reward"], "--seed", str(options["seed"])]
    if options["recipe"] == "careful":
        words += ["--effort", str(options["effort"])] if options["effort"] != 1.0 else []
    else:
        for name, default in TD_OPTIONS.items():
            words += [f"--{name}", str(options[name] or default)]
    words += ["--twin", str(options["twin"])] if options["twin"] else []
    words += ["--ships"] if options["ships"] else []
    words += ["--out", str(options["out"])]
    return "\n".join([*(options["made_by"] or []), shlex.join(words)])
