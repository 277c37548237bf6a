"""Which local day does each record belong to? Ask again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from athletes import intake
from athletes.models import Athlete


class Command(BaseCommand):
    help = (
        "Derive the local date of every record again from its instant, its zone and its offset, and resolve the days "
        "that change. For a new time zone database, or an athlete whose profile named the wrong zone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would move, change nothing")
        parser.add_argument("--athlete", metavar="EMAIL", help="only this one")

    def handle(self, *args: Any, dry_run: bool, athlete: str | None, **options: Any) -> None:
        athletes = Athlete.objects.order_by("pk")
        if athlete:
            athletes = athletes.filter(user__email=athlete.lower())
        moved = 0
        for each in athletes.iterator():
            for record in intake.refile(each, dry_run=dry_run):
                self.stdout.write(f"{record.kind} {record.id}: {record.before} -> {record.after}")
                moved += 1
        self.stdout.write(f"{moved} record(s) {'would move' if dry_run else 'moved'}")
