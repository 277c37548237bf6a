"""Which local day does each record belong to, and what counts on each day? Ask again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from athletes.models import Athlete
from athletes.reports import intake


class Command(BaseCommand):
    help = (
        "Derive the local date of every record again from its instant, its zone and its offset, and what counts on "
        "every day from what was reported. For a new time zone database, an athlete whose profile named the wrong "
        "zone, or a version that chooses otherwise. Says what changes, but no values."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would move, change nothing")
        parser.add_argument("--athlete", metavar="EMAIL", help="only this one")

    def handle(self, *args: Any, dry_run: bool, athlete: str | None, **options: Any) -> None:
        athletes = Athlete.objects.order_by("pk")
        if athlete:
            athletes = athletes.filter(user__email=athlete.lower())
        moved = changed = 0
        for each in athletes.iterator():
            records, days = intake.refile(each, dry_run=dry_run)
            for record in records:
                self.stdout.write(f"{record.kind} {record.id}: {record.before} -> {record.after}")
            for day in days:
                eras = " ({} -> {})".format(*(era or "none" for era in day.eras)) if "hrv_era" in day.columns else ""
                self.stdout.write(f"day {day.date} of {each.pk}: {', '.join(day.columns)}{eras}")
            moved, changed = moved + len(records), changed + len(days)
        self.stdout.write(
            f"{moved} record(s) {'would move' if dry_run else 'moved'}, "
            f"{changed} day(s) {'would change' if dry_run else 'changed'}"
        )
