"""Season logs in and out: daily values of many days at once, without the sessions they came from.

The file format and its checks are mlmodels.season_log's; here are its rows as SeasonDay, and Days as its rows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from athletes import intake, loads, statements
from athletes.local_time import local_today
from athletes.models import Athlete, Day, SeasonDay

Row = dict[str, Any]

# A season log's columns but athlete and date, in its order.
COLUMNS = (
    "hrv_rmssd_ms", "sleep_score", "sleep_h", "load_au", "high_intensity_share", "rest_day", "t400_s", "timing", "ill",
    "injured", "planned_load_au", "planned_high_intensity_share", "action",
)  # fmt: skip
FLAGS = ("rest_day", "ill", "injured")
LOAD_COLUMNS = ("load_au", "high_intensity_share", "rest_day")
PLAN_COLUMNS = ("planned_load_au", "planned_high_intensity_share")


class FutureRows(ValueError):
    """A log of days that have not been."""


@dataclass(frozen=True)
class Imported:
    rows: int
    new: int
    changed: int
    days_revised: int


# --- in ---------------------------------------------------------------------------------------------------------------


def import_season(
    athlete: Athlete, rows: Iterable[Mapping[str, Any]], *, file_sha256: str, now: datetime | None = None
) -> Imported:
    """All rows of one athlete or none. Importing them again changes nothing; no phone rings.

    A row has `date` and any of COLUMNS; None is not measured.
    """
    now = now or timezone.now()
    wanted = {row["date"]: season_values(row) for row in rows}
    if not wanted:
        return Imported(0, 0, 0, 0)
    if max(wanted) > local_today(athlete, now):
        raise FutureRows(f"has rows after today, up to {max(wanted)}")
    with transaction.atomic():
        statements.lock_athlete(athlete.pk)
        stored = {d.date: d for d in SeasonDay.objects.filter(athlete=athlete, date__range=(min(wanted), max(wanted)))}
        others = {on: values for on, values in wanted.items() if on not in stored or differs(stored[on], values)}
        season_days = [
            SeasonDay(athlete_id=athlete.pk, date=on, file_sha256=file_sha256, **values)
            for on, values in others.items()
        ]
        statements.upsert_many(season_days, unique=("athlete_id", "date"))
        revised = intake.revise(athlete, others, rings=False, now=now)
    new = sum(on not in stored for on in others)
    return Imported(len(wanted), new, len(others) - new, len(revised))


def season_values(row: Mapping[str, Any]) -> Row:
    values = {name: row.get(name) for name in COLUMNS}
    for name in FLAGS:
        values[name] = None if values[name] is None else bool(values[name])
    if values["action"] is not None:
        values["action"] = int(values["action"])
    return {**values, "timing": values["timing"] or ""}


def differs(stored: SeasonDay, values: Row) -> bool:
    return any(getattr(stored, name) != value for name, value in values.items())


# --- out --------------------------------------------------------------------------------------------------------------


def season_rows(athlete: Athlete, first: date | None = None, last: date | None = None) -> Iterator[Row]:
    """What counted on each day as a season log's row, oldest first; what came from a log is given back as it was."""
    logged = {day.date: day for day in between(SeasonDay.objects.filter(athlete=athlete), first, last)}
    for day in between(Day.objects.filter(athlete=athlete), first, last).order_by("date"):
        yield {"date": day.date, **season_row(day, logged.get(day.date))}


def between(rows: QuerySet[Any], first: date | None, last: date | None) -> QuerySet[Any]:
    if first:
        rows = rows.filter(date__gte=first)
    return rows.filter(date__lte=last) if last else rows


def season_row(day: Day, logged: SeasonDay | None) -> Row:
    row: Row = {name: getattr(logged, name) if logged else None for name in COLUMNS}
    row["timing"] = row["timing"] or ""
    if measured(day, "hrv"):
        row["hrv_rmssd_ms"] = day.hrv_ms if day.hrv_era.startswith("rmssd/") else None  # SDNN is never converted
    if measured(day, "sleep_duration"):
        row["sleep_h"] = None if day.sleep_duration_min is None else day.sleep_duration_min / 60
    if measured(day, "sleep_score"):
        row["sleep_score"] = day.sleep_score
    if measured(day, "load") and day.load_basis != loads.PLAN:  # the plan's load is no measurement of what was done
        row |= {name: getattr(day, name) for name in LOAD_COLUMNS}
    if measured(day, "t400"):
        row |= {"t400_s": day.t400_s, "timing": day.t400_timing}
    if measured(day, "planned_load"):
        row |= {name: getattr(day, name) for name in PLAN_COLUMNS}
    if day.checked_in_at is not None:
        row |= {"ill": day.illness not in ("", "none"), "injured": day.injury_status == "open"}
    return row


def measured(day: Day, signal: str) -> bool:
    """Whether the day's value comes from elsewhere than a season log, or from nothing but its hours of sleep."""
    found = day.provenance.get(signal)
    if not found or not found["source"]:
        return False
    source = found.get("derived_from") or found["source"]
    source = source[0] if isinstance(source, list) else source
    return source["provider"] not in ("season_log", "season")
