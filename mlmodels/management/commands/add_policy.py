from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels import registry
from mlmodels.models import PolicyVersion


class Command(BaseCommand):
    help = "Verify a policy (an ONNX file with its .card.json beside it) and register it, so that it can be activated."
    requires_system_checks = []  # they warn of the very files this repairs

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("file", nargs="?", type=Path, help="the .onnx file")
        what.add_argument("--shipped", action="store_true", help="the one that comes with the code")
        parser.add_argument("--name", default="", help="instead of the name in the card")
        parser.add_argument("--activate", action="store_true", help="and let it answer from now on")
        parser.add_argument(
            "--unless-active", action="store_true", help="do nothing when some policy is active already (first start)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["unless_active"] and PolicyVersion.objects.filter(active=True).exists():
            return
        model = registry.shipped(registry.ARTIFACTS) if options["shipped"] else options["file"]
        if model is None:
            raise CommandError(f"No policy is shipped in {registry.ARTIFACTS}.")
        try:
            self.stdout.write(f"verifying {model}: card, sha256, shapes, features, golden states")
            version = registry.add(model, name=options["name"])
            self.stdout.write(f"added {version.name}, sha256 {version.sha256[:12]}, kept as {version.path}")
            if options["activate"]:
                replaced = registry.activate(version)
                self.stdout.write(f"active: {version.name}" + (f" (was {replaced.name})" if replaced else ""))
        except (registry.PolicyUnusable, registry.PolicyConflict) as error:
            raise CommandError(str(error)) from error
