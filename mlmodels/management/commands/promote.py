from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels import registry
from mlmodels.models import PolicyVersion


class Command(BaseCommand):
    help = "Play a registered policy against the gate in every world; a named person's word makes it answer."
    requires_system_checks = []  # they warn of the very policy this replaces

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="as activate_policy lists it")
        parser.add_argument("--by", help="e-mail of the person who approves; without it nothing is activated")
        parser.add_argument("--world", action="append", help="true, shifted, other, sceptic or FILE.py:Class; all four")
        parser.add_argument("--cohorts", type=int, default=5)
        parser.add_argument("--athletes", type=int, default=200)
        parser.add_argument("--seed", type=int, default=3000, help="of the first cohort; fresh ones, none learned on")
        parser.add_argument("--quick", action="store_true", help="2 cohorts of 40 athletes in the true world")

    def handle(self, *args: Any, **options: Any) -> None:
        from mlmodels import promotion
        from mlmodels.evaluation.report import aligned

        version = PolicyVersion.objects.filter(name=options["name"]).first()
        if version is None:
            raise CommandError(f"No policy is named {options['name']!r}. activate_policy lists them.")
        approver = self.person(options["by"]) if options["by"] else None
        lines = self.tried(version, options)
        self.stdout.write(aligned(promotion.HEADER, promotion.table_rows(lines)))
        if not promotion.passed(lines):
            missed = sum(not line.passed for line in lines)
            raise CommandError(f"{version.name} missed {missed} of {len(lines)} lines; what answers stays as it was.")
        if approver is None:
            self.stdout.write(f"{version.name} passed. To let it answer: promote {version.name} --by E-MAIL")
            return
        try:
            replaced = registry.activate(version, by=approver)
        except (registry.PolicyUnusable, registry.PolicyConflict) as error:
            raise CommandError(str(error)) from error
        was = f" (was {replaced.name})" if replaced else ""
        self.stdout.write(
            f"active: {version.name}{was}, approved by {approver}. activate_policy --roll-back undoes it."
        )

    def person(self, email: str) -> Any:
        person = get_user_model().objects.filter(email__iexact=email, is_active=True, is_staff=True).first()
        if person is None:
            raise CommandError(f"{email} is no active member of staff; only such a person may approve.")
        return person

    def tried(self, version: PolicyVersion, options: dict[str, Any]) -> list[Any]:
        from tqdm import tqdm

        from mlmodels import promotion
        from mlmodels.baselines.acwr_rule import AcwrRule
        from mlmodels.baselines.hrv_rule import HrvRule
        from mlmodels.baselines.static import StaticProgressive
        from mlmodels.evaluation.comparing import Contender, compare, rounds_of
        from mlmodels.evaluation.rollouts import world_from
        from mlmodels.worlds import WORLDS

        if options["quick"]:
            options |= {"cohorts": 2, "athletes": 40, "world": options["world"] or ["true"]}
        try:
            candidate = registry.verify(version)
            worlds = {name: WORLDS.get(name) or world_from(name) for name in options["world"] or WORLDS}
        except (registry.PolicyUnusable, ValueError) as error:
            raise CommandError(str(error)) from error
        rules = [Contender(rule.name, rule) for rule in (AcwrRule(), HrvRule(), StaticProgressive())]
        contenders = [Contender("candidate", candidate, cold_start=True), *rules]
        champion = registry.active_policy()
        if champion is not None and champion.sha256 != candidate.sha256:
            contenders.append(Contender("champion", champion, cold_start=True))
        rounds = rounds_of(options["seed"], options["cohorts"], options["athletes"], 168)
        trials = {}
        for name, make_world in tqdm(worlds.items(), unit="world", disable=None):
            scores = {own.policy: own for own in compare(make_world, contenders, rounds)}
            plan, *_ = scores.values()
            own_rules = [scores[rule.name] for rule in rules]
            trials[name] = promotion.Trial(scores["candidate"], plan, own_rules, scores.get("champion"))
        return promotion.gate(trials, candidate.card["metrics"]["parity"])
