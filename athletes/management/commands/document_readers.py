from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from athletes.wearables.field_tables import as_markdown


class Command(BaseCommand):
    help = "Write docs/wearables.md anew from the readers' field tables."

    def handle(self, *args: Any, **options: Any) -> None:
        (Path(settings.BASE_DIR) / "docs" / "wearables.md").write_text(as_markdown())
