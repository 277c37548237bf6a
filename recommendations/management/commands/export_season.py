"""Take a squad's seasons out: what a twin is fitted to and a policy trained on."""

import unicodedata
from argparse import ArgumentParser
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from tqdm import tqdm

from athletes.local_days.local_time import local_today
from athletes.models import Athlete
from athletes.reports.season_logs import left_out, season_rows
from measures.season_columns import ALL_COLUMNS
from mlmodels.management.files import may_overwrite, refuse_to_overwrite
from recommendations.seasons.acts import acts


class Command(BaseCommand):
    help = (
        "Export the resolved days as a season log (CSV or Parquet, by the file's ending), a row per athlete and date. "
        "Imported again it gives the same observation and advice to the last bit, also to another athlete of the same "
        "profile: what is derived or assumed is left out of the log's columns or marked beside them, and answers, pain "
        "and warning signs have columns too, so keep the file as you keep the database. Left out are sessions, single "
        "answers, notes, days to come, and what the profile itself says; what was left out is counted at the end."
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

        from mlmodels.season_log import write_season_log

        refuse_to_overwrite(options["overwrite"], file)
        athletes = chosen(options["squad"], options["athlete"])
        if not athletes:
            raise CommandError("no athlete matches")
        rows, without = [], Counter[str]()
        for number, athlete in enumerate(tqdm(athletes, unit="athlete", file=self.stderr, disable=None), 1):
            name = f"athlete-{number:03}" if options["pseudonyms"] else name_of(athlete)
            own, of_own = log_of(athlete, first, last)
            rows += [{"athlete": name, **row} for row in own]
            without += of_own
        write_season_log(pd.DataFrame(rows, columns=list(ALL_COLUMNS)), file)
        self.stdout.write(f"{file}: {len(athletes)} athletes, {len(rows)} rows")
        for what, count in sorted((+without).items()):
            self.stderr.write(f"left out: {count} {what}")


def log_of(athlete: Athlete, first: date | None, last: date | None) -> tuple[list[dict[str, Any]], Counter[str]]:
    """The rows a log may hold, and how much of what it may not."""
    from mlmodels.season_log import fits

    today = local_today(athlete)
    rows, without = [], left_out(athlete, first, last)
    for row in season_rows(athlete, first, last, acts(athlete)):
        if row["date"] > today:
            without["days to come, with their plans"] += 1
            continue
        unfit = [name for name, value in row.items() if not fits(name, value)]
        without["values outside what a season log may hold"] += len(unfit)
        rows.append(row | dict.fromkeys(unfit))
    return rows, without


def chosen(squad: str | None, name: str | None) -> QuerySet[Athlete]:
    athletes = Athlete.objects.select_related("user").order_by("pk")
    if squad:
        athletes = athletes.filter(memberships__squad__name=squad, memberships__left_at=None)
    if name:
        by_address = athletes.filter(user__email=name.lower())
        athletes = by_address if by_address.exists() else athletes.filter(display_name=name)
    return athletes


def name_of(athlete: Athlete) -> str:
    """The display name where it says who it is and a line of a file can hold it as it is, else the address."""
    name = athlete.display_name
    shared = Athlete.objects.filter(display_name=name).exclude(pk=athlete.pk)
    plain = name.isprintable() and name == name.strip() and unicodedata.is_normalized("NFC", name)
    return name if name and plain and not shared.exists() else athlete.user.email
