from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "What every line of the guard table costs: the plan inside the guards, and a policy, with one line left out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--policy", type=Path, help="FILE.onnx with its card beside it (the shipped one)")
        parser.add_argument("--world", action="append", help="a built-in world or FILE.py:Class (all built-in ones)")
        parser.add_argument("--guard", action="append", help="a code of the table, such as G08 (all)")
        parser.add_argument("--cohorts", type=int, default=2)
        parser.add_argument("--athletes", type=int, default=100)
        parser.add_argument("--days", type=int, default=168)
        parser.add_argument("--seed", type=int, default=93_000, help="of the first cohort")
        parser.add_argument("--processes", type=int, default=2, help="that play; the figures are the same")
        parser.add_argument("--write", type=Path, help="put the tables into this page, as its part about prices")

    def handle(self, *args: Any, **options: Any) -> None:
        from tqdm import tqdm

        from mlmodels.baselines.constant import PlanUnchanged
        from mlmodels.deciding.guard import GUARD_CODES, GUARD_VERSION
        from mlmodels.evaluation.comparing import Contender, rounds_of, row_name
        from mlmodels.evaluation.guards.line_prices import (
            LINES,
            READING,
            WARM_UP_D,
            header,
            line_prices,
            steps,
            table_rows,
        )
        from mlmodels.evaluation.report import aligned, markdown_table
        from mlmodels.evaluation.rollouts import world_from
        from mlmodels.evaluation.stress import GUARDS_ALONE
        from mlmodels.management.pages import put_block
        from mlmodels.policies import registry
        from mlmodels.policies.policy import ModelRefused, OnnxPolicy
        from mlmodels.worlds import WORLDS

        if min(options["cohorts"], options["athletes"], options["processes"]) < 1 or options["days"] <= WARM_UP_D:
            raise CommandError(f"--cohorts, --athletes and --processes are at least 1, --days more than {WARM_UP_D}")
        if unknown := set(options["guard"] or ()) - set(GUARD_CODES):
            raise CommandError(f"no guard {', '.join(sorted(unknown))}; there are {', '.join(GUARD_CODES)}")
        lines = [line for line in LINES if line.code in (options["guard"] or GUARD_CODES)]
        try:
            worlds = {name: world_from(name) for name in options["world"] or WORLDS}
            file = options["policy"] or registry.shipped()
            if file is None:
                raise CommandError("no policy ships: give one with --policy FILE.onnx")
            policy = OnnxPolicy.load(file, file.with_suffix(".card.json"))
        except (OSError, ValueError, ModelRefused) as error:
            raise CommandError(str(error)) from error
        contenders = [
            Contender(GUARDS_ALONE, PlanUnchanged()), Contender(row_name(policy), policy, cold_start=True)
        ]  # fmt: skip
        rounds = rounds_of(options["seed"], options["cohorts"], options["athletes"], options["days"])
        total = steps(len(worlds), len(contenders), len(lines))
        with tqdm(total=total, unit="season", desc="pricing", disable=None) as bar:
            prices = line_prices(
                worlds, contenders, rounds, lines=lines, processes=options["processes"], tick=bar.update
            )
        parts = [f"Guard version {GUARD_VERSION}, {about(options)}", "\n".join(READING)]
        for contender in contenders:
            rows = table_rows(prices, contender.name)
            self.stdout.write(f"\n{contender.name}")
            self.stdout.write(aligned(header(list(worlds)), rows))
            parts += [f"**{contender.name}**", markdown_table(header(list(worlds)), rows)]
        if options["write"]:
            put_block(options["write"], "prices", "\n\n".join(parts))


def about(options: dict[str, Any]) -> str:
    """What was played, and the command that plays it again."""
    words = ["./homestretch manage price_guards", *([f"--policy {options['policy']}"] if options["policy"] else [])]
    words += [f"--world {name}" for name in options["world"] or []]
    words += [f"--guard {code}" for code in options["guard"] or []]
    words += [f"--{name} {options[name]}" for name in ("cohorts", "athletes", "days", "seed")]
    words += [f"--write {options['write']}"] if options["write"] else []
    played = "{cohorts} cohorts of {athletes} unseen athletes a world, {days} days, seeds from {seed}".format(**options)
    return "\n".join([f"{played}, by", "", "```sh", " ".join(words), "```"])
