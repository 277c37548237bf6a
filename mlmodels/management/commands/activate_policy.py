from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels.management.people import member_of_staff, policy_named
from mlmodels.models import PolicyVersion
from mlmodels.policies import registry


class Command(BaseCommand):
    help = "Let an approved policy answer, or go back to the one before. Without arguments: list them."
    requires_system_checks = []  # they warn of the very policy this replaces

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("name", nargs="?", help="as listed")
        what.add_argument("--roll-back", action="store_true", help="activate the previous one again")
        parser.add_argument("--by", help="e-mail of the member of staff who does it, for the record")
        parser.add_argument("--reason", default="", help="of going back, for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        by = member_of_staff(options["by"]) if options["by"] else None
        try:
            if options["roll_back"]:
                self.stdout.write(f"active again: {registry.roll_back(by=by, reason=options['reason']).name}")
            elif options["name"]:
                self.activate(options["name"], by)
        except (registry.PolicyUnusable, registry.PolicyConflict) as error:
            raise CommandError(str(error)) from error
        self.list()

    def activate(self, name: str, by: Any) -> None:
        version = policy_named(name)
        registry.verify(version)
        replaced = registry.activate(version, by=by)
        self.stdout.write(f"active: {version.name}" + (f" (was {replaced.name})" if replaced else ""))

    def list(self) -> None:
        row = "{:<18} {:<40} {:<12} {:<11} {:<11} {:<16} {:<16} {}"
        self.stdout.write(row.format("", "name", "sha256", "state", "gate", "added", "activated", "file"))
        for version in PolicyVersion.objects.order_by("added_at"):
            self.stdout.write(
                row.format(
                    version.life,
                    version.name,
                    version.sha256[:12],
                    version.card.get("feature_set", ""),
                    ("passed" if version.gate_passed else "missed") if version.gate else "not played",
                    f"{version.added_at:%Y-%m-%d %H:%M}",
                    f"{version.activated_at:%Y-%m-%d %H:%M}" if version.activated_at else "never",
                    self.condition(version),
                )
            )

    def condition(self, version: PolicyVersion) -> str:
        try:
            registry.verify(version)
        except registry.PolicyUnusable as unusable:
            return f"REFUSED: {unusable}"
        return "verified"
