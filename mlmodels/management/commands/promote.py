import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from mlmodels.management.files import next_step
from mlmodels.management.people import member_of_staff, policy_named
from mlmodels.models import PolicyVersion
from mlmodels.policies import registry

WHOLE = 5, 200  # cohorts, athletes: the protocol's; fewer, or some of the worlds only, are no pass
STRESSED = WHOLE  # the same, of every stress row: with fewer the bounds lie further below than what is asked

TUNED_RULES = Path(__file__).resolve().parents[2] / "artifacts" / "tuned_rules.json"


class Command(BaseCommand):
    help = "Play a registered policy against the gate in every world and stress row and keep the report with it."
    requires_system_checks = []  # they warn of the very policy this replaces

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="as activate_policy lists it")
        parser.add_argument("--by", help="e-mail of the person who approves and activates when it passed")
        parser.add_argument("--reason", default="", help="of the approval; needed with --by")
        parser.add_argument("--override", default="", help="why although days in shadow are lacking; kept on record")
        parser.add_argument(
            "--into-card", action="store_true", help="also write the report into the policy's card file"
        )
        parser.add_argument(
            "--world", action="append", help="true, shifted, other, whole or FILE.py:Class; all of them"
        )
        parser.add_argument("--cohorts", type=int, default=5)
        parser.add_argument("--athletes", type=int, default=200)
        parser.add_argument("--seed", type=int, default=3000, help="of the first cohort; fresh ones, none learned on")
        parser.add_argument("--tuned", type=Path, help="FILE.json of tune_rules: rules to beat (the shipped one)")
        parser.add_argument("--quick", action="store_true", help="2 cohorts of 40 athletes, true world, 3 stress rows")
        parser.add_argument("--processes", type=int, default=2, help="that play stress rows; the figures are the same")

    def handle(self, *args: Any, **options: Any) -> None:
        from mlmodels.evaluation import promotion
        from mlmodels.evaluation.report import aligned

        version = policy_named(options["name"])
        approver = member_of_staff(options["by"]) if options["by"] else None
        if approver and not options["reason"].strip():
            raise CommandError("--by needs --reason TEXT: it is kept with the approval.")
        lines = self.tried(version, options)
        self.stdout.write(aligned(promotion.HEADER, promotion.table_rows(lines)))
        report = self.report(lines, options)
        if report["whole"] or not (version.gate or {}).get("whole"):
            registry.record_gate(version, report, by=approver)
        if options["into_card"]:
            self.write_into_card(version, report)
        if missed := sum(not line.passed for line in lines):
            raise CommandError(f"{version.name} missed {missed} of {len(lines)} lines; what answers stays as it was.")
        if not report["passed"]:
            self.stdout.write(f"no line missed; a pass takes all worlds, {WHOLE[0]} cohorts and {WHOLE[1]} athletes.")
            return
        if approver is None:
            self.stdout.write(f"{version.name} passed.")
            self.stdout.write(next_step("shadow_policy", version.name))
            return
        try:
            registry.approve(version, by=approver, reason=options["reason"], override=options["override"])
            replaced = registry.activate(version, by=approver)
        except (registry.PolicyUnusable, registry.PolicyConflict) as error:
            raise CommandError(str(error)) from error
        was = f" (was {replaced.name})" if replaced else ""
        self.stdout.write(
            f"active: {version.name}{was}, approved by {approver}. activate_policy --roll-back undoes it."
        )

    def report(self, lines: list[Any], options: dict[str, Any]) -> dict[str, Any]:
        """What the row keeps. A quick run is a smoke test of the gate and no pass."""
        from mlmodels.evaluation import promotion

        whole = not options["quick"] and options["cohorts"] >= WHOLE[0] and options["athletes"] >= WHOLE[1]
        whole = whole and not options["world"]
        return {
            "passed": promotion.passed(lines) and whole,
            "whole": whole,
            "at": timezone.now().isoformat(timespec="seconds"),
            "cohorts": options["cohorts"],
            "athletes": options["athletes"],
            "seed": options["seed"],
            "worlds": options["world"] or "all",
            "stress": dict(zip(("cohorts", "athletes"), stressed_size(options), strict=True)),
            "lines": [asdict(line) | {"passed": bool(line.passed)} for line in lines],
        }

    def write_into_card(self, version: PolicyVersion, report: dict[str, Any]) -> None:
        model = registry.file_of(version.path)
        file = registry.card_file_of(model)
        file.write_text(json.dumps(registry.read_card(model) | {"gate": report}, indent=1) + "\n")
        self.stdout.write(f"written into {file}")

    def tried(self, version: PolicyVersion, options: dict[str, Any]) -> list[Any]:
        from tqdm import tqdm

        from mlmodels.baselines.tuning import Tuning
        from mlmodels.evaluation.comparing import rounds_of
        from mlmodels.evaluation.rollouts import world_from
        from mlmodels.evaluation.stress import QUICK, tried_under_stress
        from mlmodels.evaluation.trial import tried
        from mlmodels.worlds import STRESS, WORLDS

        if options["quick"]:
            options |= {"cohorts": 2, "athletes": 40, "world": options["world"] or ["true"]}
        file = options["tuned"] or (TUNED_RULES if TUNED_RULES.is_file() else None)
        try:
            candidate = registry.verify(version)
            worlds = {name: world_from(name) for name in options["world"] or WORLDS}
            tuning = Tuning.load(file) if file else None
        except (registry.PolicyUnusable, OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        champion = registry.active_policy()
        if champion is not None and champion.sha256 == candidate.sha256:
            champion = None
        rounds = rounds_of(options["seed"], options["cohorts"], options["athletes"], 168)
        with tqdm(total=len(worlds), unit="world", disable=None) as bar:
            lines = tried(
                candidate,
                candidate.card["metrics"]["parity"],
                worlds,
                rounds,
                champion=champion,
                tuning=tuning,
                tick=bar.update,
            )
        rows, cohorts = QUICK if options["quick"] else tuple(STRESS), stressed_size(options)
        with tqdm(total=len(rows), unit="stress row", disable=None) as bar:
            return lines + tried_under_stress(
                candidate,
                rounds_of(options["seed"], *cohorts, 168),
                rows,
                processes=options["processes"],
                tick=bar.update,
            )


def stressed_size(options: dict[str, Any]) -> tuple[int, int]:
    """Cohorts and athletes of a stress row: never more than are asked for in a world."""
    return min(options["cohorts"], STRESSED[0]), min(options["athletes"], STRESSED[1])
