"""Season logs in and out: daily values of many days at once, without the sessions they came from.

The file format and its checks are mlmodels.season_log's; here are its rows as SeasonDay, and Days as its rows. What
is derived, doubted or assumed is left out of a log's own columns; the marks beside them hold what the state reads
besides, so that an export, imported, is the same day again.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from athletes import one_writer
from athletes.days import resolving
from athletes.local_days.local_time import local_today
from athletes.models import Athlete, CheckIn, Day, EraReading, RedFlag, SeasonDay, TrainingSession
from athletes.reports import intake, red_flags
from measures import loads
from measures.hrv import RMSSD, Era
from measures.season_columns import CODES, FLAGS, TEXTS, VALUES
from storage import upserts

Row = dict[str, Any]

ANSWERS = ("fatigue_1_5", "soreness_1_5", "readiness_1_5", "worst_item_1_5", "pain_0_10")
ILL, HURT = ("above_neck", "below_neck", "fever"), ("niggle",)  # what `ill` and `injured` cannot say
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
    athlete: Athlete,
    rows: Iterable[Mapping[str, Any]],
    *,
    file_sha256: str,
    acts: Mapping[date, Row] | None = None,
    now: datetime | None = None,
) -> Imported:
    """All rows of one athlete or none. Importing them again changes nothing; no phone rings.

    A row has `date` and any of VALUES; None is not measured. One that says what counts by now anyway is not stored:
    what was exported here, imported here, changes nothing. `acts`: the `action` and `advised` that an export writes.
    """
    now = now or timezone.now()
    wanted = {row["date"]: season_values(row) for row in rows}
    if not wanted:
        return Imported(0, 0, 0, 0)
    if max(wanted) > local_today(athlete, now):
        raise FutureRows(f"has rows after today, up to {max(wanted)}")
    with transaction.atomic():
        one_writer.lock_athlete(athlete.pk)
        stored = {d.date: d for d in SeasonDay.objects.filter(athlete=athlete, date__range=(min(wanted), max(wanted)))}
        counts = {day.date: day for day in between(Day.objects.filter(athlete=athlete), min(wanted), max(wanted))}
        counts |= with_acts_alone(counts, acts, min(wanted), max(wanted))
        flags = list(RedFlag.objects.filter(athlete=athlete))
        readings = readings_of(athlete, min(wanted), max(wanted))
        known = {
            on: season_row(day, stored.get(on), readings[on], flags, (acts or {}).get(on)) for on, day in counts.items()
        }
        others = {
            on: values
            for on, values in wanted.items()
            if known.get(on) != values and (on not in stored or differs(stored[on], values))
        }
        season_days = [
            SeasonDay(athlete_id=athlete.pk, date=on, file_sha256=file_sha256, **values)
            for on, values in others.items()
        ]
        upserts.upsert_many(season_days, unique=("athlete_id", "date"))
        red_flags.raise_from_log(athlete, {on: values["red_flag"] for on, values in wanted.items()})
        revised = intake.revise(athlete, others, rings=False, now=now)
    new = sum(on not in stored for on in others)
    return Imported(len(wanted), new, len(others) - new, len(revised))


def plain_rows(frame: Any) -> Iterator[dict[str, Any]]:
    """Rows of plain Python values; NaN becomes None."""
    names = list(frame.columns)
    for row in frame.itertuples(index=False, name=None):
        values = dict(zip(names, row, strict=True))
        values["date"] = values["date"].date()
        yield {name: None if value != value else value for name, value in values.items()}


def season_values(row: Mapping[str, Any]) -> Row:
    values = {name: row.get(name) for name in VALUES}
    values |= {name: bool(values[name]) for name in FLAGS if values[name] is not None}
    values |= {name: int(value) for name in CODES if (value := values[name]) is not None}
    return values | {name: values[name] or "" for name in TEXTS}


def differs(stored: SeasonDay, values: Row) -> bool:
    return any(getattr(stored, name) != value for name, value in values.items())


# --- out --------------------------------------------------------------------------------------------------------------


def season_rows(
    athlete: Athlete,
    first: date | None = None,
    last: date | None = None,
    acts: Mapping[date, Row] | None = None,
) -> Iterator[Row]:
    """What counted on each day as a season log's row, oldest first; what came from a log is given back as it was."""
    logged = {day.date: day for day in between(SeasonDay.objects.filter(athlete=athlete), first, last)}
    flags = list(RedFlag.objects.filter(athlete=athlete))
    readings = readings_of(athlete, first, last)
    counts = {day.date: day for day in between(Day.objects.filter(athlete=athlete), first, last)}
    for on, day in sorted((counts | with_acts_alone(counts, acts, first, last)).items(), key=lambda pair: pair[0]):
        yield {"date": on, **season_row(day, logged.get(on), readings[on], flags, (acts or {}).get(on))}


def with_acts_alone(
    days: Mapping[date, Day], acts: Mapping[date, Row] | None, first: date | None = None, last: date | None = None
) -> dict[date, Day]:
    """Dates on which something was advised or done and nothing reported, from the first reported day on."""
    begins, ends = max(min(days, default=date.max), first or date.min), last or date.max
    return {on: Day(date=on) for on in acts or () if on not in days and begins <= on <= ends}


def between(rows: QuerySet[Any], first: date | None, last: date | None) -> QuerySet[Any]:
    if first:
        rows = rows.filter(date__gte=first)
    return rows.filter(date__lte=last) if last else rows


def readings_of(athlete: Athlete, first: date | None, last: date | None) -> defaultdict[date, list[str]]:
    """Each era's believed reading of a day, as a log writes it."""
    readings = defaultdict(list)
    rows = between(EraReading.objects.filter(athlete=athlete, doubted=False), first, last).order_by("date", "era")
    for on, era, value_ms in rows.values_list("date", "era", "value_ms"):
        readings[on].append(f"{era}={float(value_ms)!r}")
    return readings


def season_row(
    day: Day, logged: SeasonDay | None, readings: Sequence[str], flags: Collection[RedFlag], acts: Row | None = None
) -> Row:
    row: Row = {name: getattr(logged, name) if logged else None for name in VALUES}
    row |= {name: row[name] or "" for name in TEXTS} | hrv_columns(day, readings)
    if day.sleep_duration_min is not None and not (logged and day.sleep_duration_min == resolving.logged_min(row)):
        row["sleep_h"] = day.sleep_duration_min / 60
    if day.sleep_score_basis == "derived":
        row["sleep_score"] = None  # made of the hours and an answer: whoever imports the hours makes it again
    elif day.sleep_score is not None:
        row["sleep_score"] = day.sleep_score
    if day.resting_hr_bpm is not None:
        row["resting_hr_bpm"] = day.resting_hr_bpm
    if not load_is_logged(day, row):
        row |= load_columns(day)
    if day.t400_s is not None:
        row |= {"t400_s": day.t400_s, "timing": day.t400_timing}
    if day.planned_by not in ("", resolving.BY_LOG):
        row |= {name: getattr(day, name) for name in PLAN_COLUMNS}
    if day.checked_in_at is not None:
        row |= answer_columns(day)
    row["red_flag"] = red_flags.said_on(flags, day.date, row["red_flag"])
    return row | {name: code for name, code in (acts or {}).items() if row[name] is None}


def hrv_columns(day: Day, readings: Sequence[str]) -> Row:
    """Nothing where it is a log's own. SDNN stands under its era's name alone and is never converted."""
    if not day.hrv_because:
        only_doubted = day.hrv_ms is None and day.hrv_doubted_ms is not None
        return {"hrv_doubted_ms": day.hrv_doubted_ms} if only_doubted else {}
    return {
        "hrv_rmssd_ms": day.hrv_ms if Era.parse(day.hrv_era).metric == RMSSD else None,
        "hrv_era": day.hrv_era,
        "hrv_readings": " ".join(readings),
        "hrv_doubted_ms": day.hrv_doubted_ms,
    }


def load_columns(day: Day) -> Row:
    """The plan's load is no measurement of what was done."""
    if day.load_basis == loads.PLAN:
        nothing: Row = dict.fromkeys((*LOAD_COLUMNS, "load_estimated"))
        share = day.high_intensity_share
        return nothing | {"assumed_load_au": day.load_au, "assumed_high_intensity_share": share}
    measured: Row = {name: getattr(day, name) for name in LOAD_COLUMNS}
    estimated = True if day.load_basis == loads.HEART_RATE else None
    return measured | {
        "load_estimated": estimated, "assumed_load_au": None, "assumed_high_intensity_share": None,
    }  # fmt: skip


def answer_columns(day: Day) -> Row:
    """What was not answered stays empty: silence is no all-clear."""
    return {name: getattr(day, name) for name in ANSWERS} | {
        "note_asks": day.note_asks or None,
        "ill": day.illness != "none" if day.illness else None,
        "illness": day.illness if day.illness in ILL else "",
        "injured": day.injury_status == "open" if day.injury_status else None,
        "injury": day.injury_status if day.injury_status in HURT else "",
        "red_flag": day.red_flag,
    }


def load_is_logged(day: Day, row: Row) -> bool:
    """Whether the day's load is the log's own, or nobody's."""
    if day.load_au is None and day.first_session_at is None:
        return True
    own = (day.load_au, day.load_basis, day.high_intensity_share, day.rest_day)
    return resolving.season_has_load(row) and own == (*resolving.load_in_log(row), bool(row["rest_day"]))


def left_out(athlete: Athlete, first: date | None, last: date | None) -> Counter[str]:
    """What the days hold and a log does not, with how often."""
    days = between(Day.objects.filter(athlete=athlete), first, last)
    said = CheckIn.objects.filter(athlete=athlete)
    return Counter(
        {
            "derived sleep scores (derived again from the hours on import)": days.filter(
                sleep_score_basis="derived"
            ).count(),
            "check-ins' single answers and notes": between(said, first, last).count(),
            "sessions behind the daily loads": between(
                TrainingSession.objects.filter(athlete=athlete, deleted_at=None), first, last
            ).count(),
        }
    )
