from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels.management.people import member_of_staff, policy_named
from mlmodels.models import PolicyVersion
from mlmodels.policies import registry


class Command(BaseCommand):
    help = "Log what a policy would have advised beside the advice, shown to nobody. Without a name: list them."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="as activate_policy lists it")
        parser.add_argument("--stop", action="store_true", help="end it; what was logged stays until it is tidied up")
        parser.add_argument("--by", help="e-mail of the member of staff who does it, for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        by = member_of_staff(options["by"]) if options["by"] else None
        if options["name"]:
            version = policy_named(options["name"])
            try:
                if options["stop"]:
                    registry.stop_shadow(version, by=by)
                else:
                    registry.verify(version)
                    registry.start_shadow(version, by=by)
            except (registry.PolicyUnusable, registry.PolicyConflict) as error:
                raise CommandError(str(error)) from error
        in_shadow = PolicyVersion.objects.filter(shadow_since__isnull=False).order_by("shadow_since")
        for each in in_shadow:
            since = f"since {each.shadow_since:%Y-%m-%d %H:%M}, {each.shadow_days} days"
            self.stdout.write(f"{each.life}: {each.name}, {since} {each.shadow_error}".rstrip())
        if not in_shadow:
            self.stdout.write("no policy is in shadow")
