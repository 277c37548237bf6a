"""Bring a squad's past in, so that advice starts with a history."""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.text import slugify
from tqdm import tqdm

from athletes.models import Athlete, Membership, Squad, User
from athletes.reports.season_logs import FutureRows, Imported, import_season, plain_rows
from recommendations.management.commands.export_season import acts


class Command(BaseCommand):
    help = (
        "Import a season log (CSV or Parquet; a row per athlete and date). Each athlete is imported whole or not at "
        "all, every bad cell is named with its line and column, importing again changes nothing, and no phone rings. "
        "What devices and check-ins say outranks a log, whenever they say it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--create-athletes", action="store_true", help="make an athlete for each unknown name")
        parser.add_argument("--squad", metavar="NAME", help="created athletes join this squad (made if there is none)")
        parser.add_argument("--timezone", default="UTC", help="of created athletes, an IANA name (default: UTC)")
        parser.add_argument("--check", action="store_true", help="only say what is wrong with the file")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        if options["timezone"] not in available_timezones():
            raise CommandError(f"{options['timezone']} is not an IANA time zone such as Europe/Berlin")
        frame, problems = self.read(file)
        for problem in problems:
            self.stderr.write(f"{file.name}: {problem}" + (f" ({problem.athlete})" if problem.athlete else ""))
        left_out = {problem.athlete for problem in problems}
        if not options["check"]:
            left_out |= self.import_all(frame, file, options)
        else:
            self.stdout.write(f"{frame['athlete'].nunique()} athletes, {len(frame)} rows can be imported")
            self.say_what_is_absent(frame)
        if left_out:
            raise CommandError(f"{len(left_out)} athlete(s) left out: {', '.join(sorted(left_out))}")

    def read(self, file: Path) -> tuple[Any, list[Any]]:
        from mlmodels.season_log import SeasonLogError, read_good_athletes

        try:
            return read_good_athletes(file)
        except FileNotFoundError:
            raise CommandError(f"there is no file {file}") from None
        except SeasonLogError as error:
            raise CommandError("\n".join(named(file, problem) for problem in error.problems)) from None

    def say_what_is_absent(self, frame: Any) -> None:
        for name in ("load_au", "hrv_rmssd_ms"):
            if len(frame) and frame[name].isna().all():
                self.stdout.write(f"column {name} is absent or empty: little can be advised from this history")

    def import_all(self, frame: Any, file: Path, options: dict[str, Any]) -> set[str]:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        table: list[tuple[str, Imported]] = []
        left_out = set()
        groups = frame.groupby("athlete", sort=True)
        for name, rows in tqdm(groups, desc="athletes", unit="athlete", file=self.stderr, disable=None):
            try:
                with transaction.atomic():
                    athlete = self.athlete_named(str(name), options)
                    done = import_season(athlete, plain_rows(rows), file_sha256=digest, acts=acts(athlete))
                    table.append((str(name), done))
            except (UnknownAthlete, FutureRows) as error:
                self.stderr.write(f"{file.name}: {name} {error}")
                left_out.add(str(name))
        self.summarise(table)
        return left_out

    def athlete_named(self, name: str, options: dict[str, Any]) -> Athlete:
        """By e-mail address, else by display name."""
        found = list(Athlete.objects.filter(user__email=name.lower())[:2])
        found = found or list(Athlete.objects.filter(display_name=name)[:2])
        if len(found) > 1:
            raise UnknownAthlete("is the display name of several athletes; use e-mail addresses")
        if found:
            return found[0]
        if not options["create_athletes"]:
            raise UnknownAthlete("is no athlete's e-mail address or display name; --create-athletes makes one")
        return create_athlete(name, options["timezone"], options["squad"])

    def summarise(self, table: list[tuple[str, Imported]]) -> None:
        line = "{:<32} {:>7} {:>7} {:>8} {:>13}".format
        self.stdout.write(line("athlete", "rows", "new", "changed", "days revised"))
        for name, i in table:
            self.stdout.write(line(name[:32], i.rows, i.new, i.changed, i.days_revised))
        sums = [sum(getattr(i, part) for _, i in table) for part in ("rows", "new", "changed", "days_revised")]
        self.stdout.write(line(f"{len(table)} athletes", *sums))


def named(file: Path, problem: Any) -> str:
    """A problem of the file as a whole names the file itself."""
    return f"{file.name}: {problem}" if problem.line else str(problem)


class UnknownAthlete(Exception):
    pass


def create_athlete(name: str, zone: str, squad: str | None) -> Athlete:
    """Signs in only after a superuser gives the account an address of its own: nobody owns *.invalid (RFC 2606)."""
    address = name.lower() if "@" in name else f"{slugify(name) or 'athlete'}@season-log.invalid"
    if User.objects.filter(email=address).exists():
        raise UnknownAthlete(f"would need the address {address}, which another account has")
    user = User.objects.create_user(address)
    athlete = Athlete.objects.create(user=user, display_name=name[:80], timezone=zone)
    if squad:
        into = Squad.objects.get_or_create(name=squad)[0]
        Membership.objects.create(athlete=athlete, squad=into, shares_status=True)  # who named the squad answers for it
    return athlete
