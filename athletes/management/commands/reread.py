from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from athletes.models import Upload
from athletes.wearables import ingest, uploads
from athletes.wearables.readers import READERS
from athletes.wearables.readings import Unreadable


class Command(BaseCommand):
    help = "Read the raw bodies of the last 30 days again, oldest first, after a reader was corrected."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--provider", choices=sorted(READERS), help="only this reader's")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")

    def handle(self, *args: Any, provider: str | None, dry_run: bool, **options: Any) -> None:
        finished = Upload.objects.filter(state__in=(Upload.State.DONE, Upload.State.FAILED)).select_related("athlete")
        for upload in finished.filter(**{"provider": provider} if provider else {}).order_by("created_at"):
            if uploads.path_of(upload.pk).exists():
                self.reread(upload, dry_run)
            else:
                self.stderr.write(f"{upload.pk} {upload.provider}: its body is gone")

    def reread(self, upload: Upload, dry_run: bool) -> None:
        try:
            counted = ingest.reread(upload, dry_run=dry_run)
        except Unreadable as refusal:
            self.stdout.write(f"{upload.pk} {upload.provider}: {refusal.code}")
            return
        told = ", ".join(f"{count} {status}" for status, count in sorted(counted.items())) or "nothing"
        self.stdout.write(f"{upload.pk} {upload.provider}: {told}{' (dry run)' if dry_run else ''}")
