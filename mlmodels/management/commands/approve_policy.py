from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels.management.people import member_of_staff, policy_named
from mlmodels.policies import registry


class Command(BaseCommand):
    help = "A named person approves a policy that passed the gate and was long enough in shadow."
    requires_system_checks = []  # they warn of the very policy this replaces

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="as activate_policy lists it")
        parser.add_argument("--by", required=True, help="e-mail of the member of staff who approves")
        parser.add_argument("--reason", required=True, help="kept with the approval")
        parser.add_argument("--override", default="", help="why although gate or days in shadow are lacking; kept too")
        parser.add_argument("--activate", action="store_true", help="and let it answer from now on")

    def handle(self, *args: Any, **options: Any) -> None:
        version, by = policy_named(options["name"]), member_of_staff(options["by"])
        try:
            registry.verify(version)
            registry.approve(version, by=by, reason=options["reason"], override=options["override"])
            self.stdout.write(f"approved: {version.name}, by {by}: {version.approval_reason}")
            if version.approval_override:
                self.stdout.write(f"override: {version.approval_override}")
            if options["activate"]:
                replaced = registry.activate(version, by=by)
                self.stdout.write(f"active: {version.name}" + (f" (was {replaced.name})" if replaced else ""))
        except (registry.PolicyUnusable, registry.PolicyConflict) as error:
            raise CommandError(str(error)) from error
