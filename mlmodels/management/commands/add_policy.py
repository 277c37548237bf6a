from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels.management.files import next_step
from mlmodels.models import PolicyVersion
from mlmodels.policies import registry


class Command(BaseCommand):
    help = "Verify a policy (an ONNX file with its .card.json beside it) and register it, so that it can be activated."
    requires_system_checks = []  # they warn of the very files this repairs

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("file", nargs="?", type=Path, help="the .onnx file")
        what.add_argument(
            "--shipped", action="store_true", help="those that come with the code; one answers unless a person chose"
        )
        parser.add_argument("--name", default="", help="instead of the name in the card")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["shipped"]:
            self.add_shipped()
            return
        model = options["file"]
        try:
            self.stdout.write(f"verifying {model}: card, sha256, shapes, features, golden states")
            version = registry.add(model, name=options["name"])
        except (registry.PolicyUnusable, registry.PolicyConflict) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"added {version.name}, sha256 {version.sha256[:12]}, kept as {version.path}")
        self.stdout.write(next_step("promote", version.name))

    def add_shipped(self) -> None:
        if not registry.beside_the_code():
            raise CommandError(f"No policy is shipped in {registry.ARTIFACTS}.")
        for version in registry.register_shipped():
            self.stdout.write(f"added {version.name}, sha256 {version.sha256[:12]}, kept as {version.path}")
        active = PolicyVersion.objects.filter(active=True).first()
        self.stdout.write(f"active: {active.name if active else 'none'}")
