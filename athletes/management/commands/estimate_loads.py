"""What would the unrated sessions weigh, by what is known now? Ask again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from athletes.models import Athlete
from athletes.reports import intake


class Command(BaseCommand):
    help = (
        "Estimate the load of every unrated session again, and look again which are told twice. Estimates stay as they "
        "were when the session came in; this is for a maximum heart rate, check-ins, plans or a source order that came "
        "later, or a newer estimate. No phone rings."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
        parser.add_argument("--athlete", metavar="EMAIL", help="only this one")

    def handle(self, *args: Any, dry_run: bool, athlete: str | None, **options: Any) -> None:
        athletes = Athlete.objects.order_by("pk")
        if athlete:
            athletes = athletes.filter(user__email=athlete.lower())
        changed = 0
        for each in athletes.iterator():
            for session in intake.estimate_again(each, dry_run=dry_run):
                self.stdout.write(
                    f"{session.id} {session.date}: {told(session.before)} -> {told(session.after)}"
                    + (f", the same as {session.same_session_as}" if session.same_session_as else "")
                )
                changed += 1
        self.stdout.write(f"{changed} session(s) {'would change' if dry_run else 'changed'}")


def told(load: tuple[str, float | None]) -> str:
    basis, load_au = load
    return basis if load_au is None else f"{basis} {load_au:g} AU"
