"""Bring a squad's past in, so that advice starts with a history."""

import hashlib
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from measures.season_columns import ALL_COLUMNS
from recommendations.seasons.importing import Entry, Outcome, import_log, try_log

NO_TARGET = ""  # of a header that is ignored


def a_column(text: str) -> tuple[str, str]:
    header, sign, target = text.rpartition("=")
    if not (header and sign and target):
        raise ArgumentTypeError(f'"{text}" is not like "HRV=hrv_rmssd_ms"')
    return header, target


class Command(BaseCommand):
    help = (
        "Import a season log or a coach's own table (.csv or .xlsx, also Parquet): a row per athlete and date, "
        "athletes as columns, or a sheet per athlete. Headers are understood in English, German, French, Spanish and "
        "Chinese; what the file leaves open is asked, with the option that answers. Each athlete is imported whole or "
        "not at all, bad cells are named with line and column, importing again changes nothing, and no phone rings. "
        "What devices and check-ins say outranks a log, whenever they say it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--create-athletes", action="store_true", help="make an athlete for each unknown name")
        parser.add_argument("--squad", metavar="NAME", help="created athletes join this squad (made if there is none)")
        parser.add_argument("--timezone", default="UTC", help="of created athletes, an IANA name (default: UTC)")
        parser.add_argument(
            "--check", action="store_true", help="do all of it, say what would change, and take it back"
        )
        what_the_file_leaves_open(parser)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        if options["timezone"] not in available_timezones():
            raise CommandError(f"{options['timezone']} is not an IANA time zone such as Europe/Berlin")
        log = self.read(file, options)
        self.say_how_it_was_read(log)
        outcome = self.import_all(log.frame, file, options)
        self.summarise(outcome)
        if options["check"]:
            rows = sum(done.rows for done in outcome.imported.values())
            self.stdout.write(f"{len(outcome.imported)} athletes, {rows} rows can be imported")
        self.say_what_is_absent(log.frame)
        if left_out := {problem.athlete for problem in log.problems} | {*outcome.refused}:
            raise CommandError(f"{len(left_out)} athlete(s) left out: {', '.join(sorted(left_out))}")

    def read(self, file: Path, options: dict[str, Any]) -> Any:
        from mlmodels.season_log import SeasonLogError, read_log, told

        try:
            log = read_log(file, answers(options))
        except FileNotFoundError:
            raise CommandError(f"there is no file {file}") from None
        except SeasonLogError as error:
            raise CommandError("\n".join(named(file, problem) for problem in error.problems)) from None
        for line in told(log.problems):
            self.stderr.write(f"{file.name}: {line}")
        return log

    def say_how_it_was_read(self, log: Any) -> None:
        renamed = [f"{header!r} as {target}" for header, target in log.used.items() if header not in ALL_COLUMNS]
        if renamed:
            self.stdout.write(f"read {', '.join(renamed)}")
        for note in log.notes:
            self.stdout.write(note)

    def say_what_is_absent(self, frame: Any) -> None:
        for name in ("load_au", "hrv_rmssd_ms"):
            if len(frame) and frame[name].isna().all():
                self.stdout.write(f"column {name} is absent or empty: little can be advised from this history")

    def import_all(self, frame: Any, file: Path, options: dict[str, Any]) -> Outcome:
        entry = Entry(options["create_athletes"], options["squad"] or "", options["timezone"])
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        total = frame["athlete"].nunique()
        with tqdm(total=total, desc="athletes", unit="athlete", file=self.stderr, disable=None) as bar:
            work = try_log if options["check"] else import_log
            outcome = work(frame, entry, file_sha256=digest, progress=lambda _: bar.update())
        for name, why in outcome.refused.items():
            self.stderr.write(f"{file.name}: {name} {why}")
        return outcome

    def summarise(self, outcome: Outcome) -> None:
        line = "{:<32} {:>7} {:>7} {:>8} {:>13}".format
        self.stdout.write(line("athlete", "rows", "new", "changed", "days revised"))
        for name, i in outcome.imported.items():
            shown = f"{name[:22]} (created)" if name in outcome.created else name[:32]
            self.stdout.write(line(shown, i.rows, i.new, i.changed, i.days_revised))
        parts = ("rows", "new", "changed", "days_revised")
        sums = [sum(getattr(i, part) for i in outcome.imported.values()) for part in parts]
        self.stdout.write(line(f"{len(outcome.imported)} athletes", *sums))


def what_the_file_leaves_open(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--column", action="append", type=a_column, default=[], metavar='"HEADER=NAME"',
        help="what a header means: a season log's column, or sleep_min, rpe, duration_min, duration_h",
    )  # fmt: skip
    parser.add_argument("--ignore", action="append", default=[], metavar="HEADER", help="a column that is not wanted")
    parser.add_argument("--decimal", choices=["comma", "point"], default="", help="the decimal sign of all numbers")
    parser.add_argument("--dates", choices=["day-first", "month-first"], default="", help="how 03/04/2026 is meant")
    parser.add_argument("--athlete", default="", metavar="NAME", help="whose rows these are, if no column says it")
    parser.add_argument("--values", default="", metavar="NAME", help="what the cells are where athletes are columns")


def answers(options: dict[str, Any]) -> Any:
    from mlmodels.spreadsheets.headers import Answers

    columns = {**dict(options["column"]), **dict.fromkeys(options["ignore"], NO_TARGET)}
    told = {name: options[name] for name in ("decimal", "dates", "athlete", "values")}
    return Answers(columns=columns, **told)


def named(file: Path, problem: Any) -> str:
    """A problem of the file as a whole names the file itself."""
    return f"{file.name}: {problem}" if problem.line else str(problem)
