"""Take a squad's seasons out: what a twin is fitted to and a policy trained on."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from tqdm import tqdm

from athletes.models import Athlete
from athletes.season_logs import season_rows
from mlmodels.management.files import may_overwrite, refuse_to_overwrite
from recommendations.models import ActionCode, Feedback


class Command(BaseCommand):
    help = (
        "Export the resolved days as a season log (CSV or Parquet, by the file's ending), a row per athlete and date."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--squad", metavar="NAME", help="only its current members")
        parser.add_argument("--athlete", metavar="NAME", help="only this e-mail address or display name")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, metavar="DATE")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, metavar="DATE")
        parser.add_argument("--pseudonyms", action="store_true", help="athlete-001, ... instead of names")
        may_overwrite(parser)

    def handle(self, *args: Any, file: Path, first: date | None, last: date | None, **options: Any) -> None:
        import pandas as pd

        from mlmodels.season_log import COLUMNS, write_season_log

        refuse_to_overwrite(options["overwrite"], file)
        athletes = chosen(options["squad"], options["athlete"])
        if not athletes:
            raise CommandError("no athlete matches")
        rows = []
        for number, athlete in enumerate(tqdm(athletes, unit="athlete", file=self.stderr, disable=None), 1):
            name = f"athlete-{number:03}" if options["pseudonyms"] else name_of(athlete)
            taken = actions_taken(athlete)
            for row in season_rows(athlete, first, last):
                if row["action"] is None:
                    row["action"] = taken.get(row["date"])
                rows.append({"athlete": name, **row})
        write_season_log(pd.DataFrame(rows, columns=list(COLUMNS)), file)
        self.stdout.write(f"{file}: {len(athletes)} athletes, {len(rows)} rows")


def chosen(squad: str | None, name: str | None) -> QuerySet[Athlete]:
    athletes = Athlete.objects.select_related("user").order_by("pk")
    if squad:
        athletes = athletes.filter(memberships__squad__name=squad, memberships__left_at=None)
    if name:
        by_address = athletes.filter(user__email=name.lower())
        athletes = by_address if by_address.exists() else athletes.filter(display_name=name)
    return athletes


def name_of(athlete: Athlete) -> str:
    """The display name where it says who it is, else the address."""
    shared = Athlete.objects.filter(display_name=athlete.display_name).exclude(pk=athlete.pk)
    return athlete.user.email if not athlete.display_name or shared.exists() else athlete.display_name


def actions_taken(athlete: Athlete) -> dict[date, int]:
    """Known only where the athlete said it was followed; the coach's override counts before the advice."""
    said = Feedback.objects.filter(advice__athlete=athlete, followed=Feedback.Followed.YES).select_related("advice")
    taken = {}
    for feedback in said.prefetch_related("advice__overrides"):
        override = max(feedback.advice.overrides.all(), key=lambda o: o.created_at, default=None)
        action = override.action if override else feedback.advice.action
        taken[feedback.advice.date] = ActionCode.values.index(action)
    return taken
