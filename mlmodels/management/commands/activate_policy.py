from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels import registry
from mlmodels.models import PolicyVersion


class Command(BaseCommand):
    help = "Choose the policy that answers, or go back to the one before. Without arguments: list them."
    requires_system_checks = []  # they warn of the very policy this replaces

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("name", nargs="?", help="as listed")
        what.add_argument("--roll-back", action="store_true", help="activate the previous one again")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["roll_back"]:
                self.stdout.write(f"active again: {registry.roll_back().name}")
            elif options["name"]:
                self.activate(options["name"])
        except (registry.PolicyUnusable, registry.PolicyConflict) as error:
            raise CommandError(str(error)) from error
        self.list()

    def activate(self, name: str) -> None:
        version = PolicyVersion.objects.filter(name=name).first()
        if version is None:
            raise CommandError(f"No policy is named {name!r}. Without a name this command lists them.")
        registry.verify(version)
        replaced = registry.activate(version)
        self.stdout.write(f"active: {version.name}" + (f" (was {replaced.name})" if replaced else ""))

    def list(self) -> None:
        row = "{:<6} {:<40} {:<12} {:<11} {:<16} {:<16} {}"
        self.stdout.write(row.format("", "name", "sha256", "state", "added", "activated", "file"))
        for version in PolicyVersion.objects.order_by("added_at"):
            self.stdout.write(
                row.format(
                    "active" if version.active else "",
                    version.name,
                    version.sha256[:12],
                    version.card.get("feature_set", ""),
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
