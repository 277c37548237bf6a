"""CSV exports of HRV4Training and Elite HRV: one morning's reading a row, dates in whatever order the phone had.

Both apps write their own score beside the rMSSD, and both call a column HRV: that one is a score, never milliseconds.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from athletes.local_days.local_time import OFFSET_UNKNOWN
from athletes.wearables.accepting import reading
from athletes.wearables.payloads import ReadDate, csv_rows, date_order, dates_read_as
from athletes.wearables.readings import (
    Field,
    Item,
    Payload,
    Reader,
    Reading,
    ReadingProfile,
    Tally,
    Unreadable,
    clock_of,
    in_range,
    record_id,
    source,
    version_of,
    wall_clock,
)


@dataclass(frozen=True)
class App:
    """How an app spells its columns. The other app's spelling is another app's file."""

    provider: str
    dates: tuple[str, ...]  # those that tell a time first
    rmssd: tuple[str, ...]
    sdnn: tuple[str, ...]
    may_run_on: bool = False


HRV4T = App(
    "hrv4training", ("timestamp_measurement", "timestamp", "date", "Date"), ("rMSSD", "rmssd"), ("SDNN", "sdnn"),
    may_run_on=True,  # on Android the rows hold tags that the header does not name
)  # fmt: skip
ELITE = App(
    "elitehrv", ("Date Time Start", "Datetime", "DateTime", "Date Time", "Date", "date"), ("Rmssd", "RMSSD"),
    ("Sdnn", "SDNN"),
)  # fmt: skip
POSITION = ("position", "Position", "measurement_position")
CONTEXTS = {
    "lying": "morning_supine", "lying down": "morning_supine", "supine": "morning_supine", "sitting": "morning_sitting",
    "seated": "morning_sitting", "standing": "morning_standing",
}  # fmt: skip
OF_A_MORNING = ("morning readiness", "readiness", "morning")  # Elite HRV's Type; an open or guided reading is no such
MORNING_H = range(3, 12)  # convention; a reading at another hour is none of the morning, whatever its posture
TIMES = ("Time", "time")
OTHERS = {"nremhr", "Mean RR"}  # of Fitbit's daily summary and Welltory's sheet, which have the same columns, too
EARLY_MORNING_H = 5

HRV4TRAINING_TABLE = (
    Field(
        "date",
        "hrv_reading.measured_at, client_record_id",
        "",
        "in its offset (+0000: UTC), else wall clock; without a time 05:00",
    ),
    Field("Time", "hrv_reading.measured_at", "", "where the date has no time of its own"),
    Field("rMSSD", "hrv_reading.value_ms", "ms", "rMSSD; each app's spelling of the column is known"),
    Field("SDNN", "hrv_reading.value_ms", "ms", "SDNN: a reading of its own"),
    Field("position", "hrv_reading.context", "", "lying, sitting, standing; else morning_supine; 12:00 to 3:00 spot"),
    Field("trainingRPE", "", "", "belongs to a session without start and length: a finding"),
)
ELITEHRV_TABLE = (
    Field("Date Time Start", "hrv_reading.measured_at, client_record_id", "", "wall clock"),
    Field("Rmssd", "hrv_reading.value_ms", "ms", "rMSSD"),
    Field("Sdnn", "hrv_reading.value_ms", "ms", "SDNN: a reading of its own"),
    Field("Position", "hrv_reading.context", "", "lying, sitting, standing; else morning_supine"),
    Field("Type", "hrv_reading.context", "", "all but Morning Readiness: spot; without it 12:00 to 3:00 is"),
)
NOT_USED = {
    "HRV, HRV4T_Recovery_Points": "the app's own score: no milliseconds",
    "lnRmssd": "the logarithm of rMSSD; rMSSD is used",
    "HR, AVNN, pNN50, LF, HF": "not used",
    "sleep_quality, fatigue, muscle_soreness": "tags on the app's own sliders, in no scale the check-in knows",
}


def rows(app: App, payload: Payload, tally: Tally) -> Iterator[tuple[Item, str, ReadDate]]:
    """Every row with the name of its date column and the way to read it: the whole column decides which way round."""
    wanted = [frozenset({day, value}) for day in app.dates for value in app.rmssd]
    found = list(csv_rows(payload, tally, wanted, settle=False, may_run_on=app.may_run_on))
    if not found:
        return
    if OTHERS & set(found[0].raw):
        raise Unreadable("wrong_provider", _("A sheet of Fitbit or Welltory: send it under that name."))
    readable = next(readable_columns(app, found), None)
    if readable is None:
        raise Unreadable("no_dates", _("No date of the file can be read."))
    column, (order, read_date) = readable
    if order != "year first":
        tally.find(column, "date_order", dates_read_as(order))
    for row in found:
        yield row, column, read_date


def readable_columns(app: App, found: list[Item]) -> Iterator[tuple[str, tuple[str, ReadDate]]]:
    """A column that holds no dates, a count of seconds say, gives way to the next. Raises Unreadable: ambiguous."""
    for column in (name for name in app.dates if name in found[0].raw):
        texts = [text for row in found if (text := row.raw.get(column))]
        try:
            yield column, date_order(texts)
        except Unreadable as refusal:
            if refusal.code != "no_dates":
                raise


def named(row: Item, names: tuple[str, ...]) -> str:
    """The spelling of a column in this file."""
    return next((name for name in names if name in row.raw), names[0])


def when(row: Item, column: str, read_date: ReadDate, profile: ReadingProfile) -> datetime | None:
    text, clock = row.text(column), row.text(named(row, TIMES)) if named(row, TIMES) in row.raw else None
    naive = read_date(text) if text else None
    if naive is None:
        row.find(column, "not_a_date", _("Not a date like the others of this file."))
        return None
    if naive.tzinfo is not None:
        return in_range(naive.replace(tzinfo=OFFSET_UNKNOWN) if not naive.utcoffset() else naive)
    if clock and naive.time() == datetime.min.time():
        with_clock = read_date(f"{text} {clock}")
        if with_clock is None:
            row.find("Time", "not_a_time", _("Must be a time like 06:52."))
        naive = with_clock or naive
    if naive.time() == datetime.min.time():
        naive = naive.replace(hour=EARLY_MORNING_H)
    return in_range(wall_clock(naive, profile.timezone))


def read_as(app: App, payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    seen: Counter[datetime] = Counter()
    for row, column, read_date in rows(app, payload, tally):
        at = when(row, column, read_date, profile)
        if at is not None:
            seen[at] += 1
            yield from readings_of(row, at, seen[at], app, tally, profile)
        row.settle()


def context_of(row: Item, at: datetime, app: App, profile: ReadingProfile) -> str:
    position = (row.text(named(row, POSITION)) or "").strip().lower()
    kind = (row.text("Type") or "").strip().lower() if app is ELITE else ""
    of_the_morning = kind in OF_A_MORNING if kind else clock_of(at, profile).hour in MORNING_H
    return CONTEXTS.get(position, "morning_supine") if of_the_morning else "spot"


def readings_of(
    row: Item, at: datetime, count: int, app: App, tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    """`count`: the how-manieth of this time it is, where a file tells days alone."""
    context = context_of(row, at, app, profile)
    effort = row.number("trainingRPE") if app is HRV4T else None
    if effort is not None:
        row.find("trainingRPE", "rpe_without_session", _("An RPE without a start and a length is no training session."))
    for names, metric in ((app.rmssd, "rmssd"), (app.sdnn, "sdnn")):
        value = row.measured(named(row, names))
        if value is not None:
            yield from reading(
                "hrv_reading", row.where, tally,
                client_record_id=record_id(int(at.timestamp()), metric, *([count] if count > 1 else [])),
                client_record_version=version_of(None, profile), source=source(app.provider), measured_at=at,
                metric=metric, context=context, value_ms=value,
            )  # fmt: skip


def read_hrv4training(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    return read_as(HRV4T, payload, tally, profile)


def read_elitehrv(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    return read_as(ELITE, payload, tally, profile)


HRV4TRAINING = Reader(
    name="hrv4training",
    title="HRV4Training CSV",
    provider="hrv4training",
    formats=("csv",),
    function=read_hrv4training,
    table=HRV4TRAINING_TABLE,
    day_rule="the date on the athlete's clock; its order is read off the whole column, else the file is refused",
    identity="the time of the reading and the metric; version: the time of arrival",
    not_used=NOT_USED,
)
ELITEHRV = Reader(
    name="elitehrv",
    title="Elite HRV CSV",
    provider="elitehrv",
    formats=("csv",),
    function=read_elitehrv,
    table=ELITEHRV_TABLE,
    day_rule="the date on the athlete's clock; its order is read off the whole column, else the file is refused",
    identity="the time of the reading and the metric; version: the time of arrival",
    not_used=NOT_USED,
)
READERS = (HRV4TRAINING, ELITEHRV)
