"""On which date the fragments of a night, the readings of that night and a session told twice lie.

The same in whatever order they came: what lies near a changed record is filed again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from athletes.local_days import nights
from athletes.local_days.local_time import Filed, file_under, in_local_time
from athletes.local_days.spans import Span, lies_in, merged, told_again, touches
from athletes.models import Athlete, HrvReading, Record, RestingHrReading, SleepSession, TrainingSession
from athletes.reports.records import in_order, note_vendor_date
from athletes.reports.sheet import Sheet
from measures import hrv
from measures.providers import RANK

EVENING_H = 18  # an overnight reading stamped after this hour belongs to the night that ends tomorrow
LONGEST_SLEEP = timedelta(hours=24)
AROUND = timedelta(hours=36)  # no night is longer, with all its fragments


class Told(NamedTuple):
    """A night or a training session as one source tells it, and the date that its own clock gives."""

    span: Span
    members: Sequence[Any]
    filed: Filed
    order: tuple[Any, ...]
    """Who is believed among those that know their clock equally well: of nights the one that ends last."""


def file_sleep(sheet: Sheet) -> None:
    """All of a night lie on the date on which its last fragment ends; two sources' records of it on the same date."""
    moved = [m for m in sheet.moved if isinstance(m, SleepSession)]
    if not moved:
        return
    spans = merged((m.start_at - nights.MERGE_GAP, m.end_at + nights.MERGE_GAP) for m in moved)
    rows = sheet.stored("sleep_session").filter(deleted_at=None, is_nap=False)
    rows = rows.filter(end_at__gte=spans[0][0] - AROUND, start_at__lte=spans[-1][1] + AROUND)
    sessions = [row for row in sheet.current(rows, "sleep_session") if not row.is_nap]
    file_together(sheet, nights_told(sheet.athlete, sessions), spans)


def file_sessions(sheet: Sheet) -> None:
    """A training session that two sources tell lies on one date, though their clocks may show two."""
    moved = [m for m in sheet.moved if isinstance(m, TrainingSession)]
    if not moved:
        return
    spans = merged(trained(m) for m in moved)
    rows = sheet.stored("training_session").filter(deleted_at=None)
    rows = rows.filter(started_at__gte=spans[0][0] - AROUND, started_at__lte=spans[-1][1])
    sessions = sheet.current(rows, "training_session")
    told = [
        Told(trained(s), [s], filed_of(sheet.athlete, s, s.started_at), in_order("started_at")(s)) for s in sessions
    ]
    file_together(sheet, told, spans)


def nights_told(athlete: Athlete, sessions: Sequence[Any]) -> Iterator[Told]:
    """Each source's nights; what is only time in bed lies where its own end lies."""
    by_id = {session.pk: session for session in sessions}
    for provider in {session.provider for session in sessions}:
        for cluster in clusters(session for session in sessions if session.provider == provider):
            rows = [night_row(session) for session in cluster]
            for night in nights.merge(rows):
                members = [by_id[fragment["id"]] for fragment in (*night.fragments, *night.replaced)]
                last = by_id[night.last["id"]]
                yield Told(
                    (night.start_at, night.end_at), members, filed_of(athlete, last, last.end_at), order_of(last)
                )
            for alone in (by_id[row["id"]] for row in rows if nights.known_asleep_s(row) is None):
                filed = filed_of(athlete, alone, alone.end_at)
                yield Told((alone.start_at, alone.end_at), [alone], filed, order_of(alone))


def order_of(session: SleepSession) -> tuple[Any, ...]:
    return RANK[session.provider], session.start_at, session.client_record_id


def file_together(sheet: Sheet, told: Iterable[Told], spans: Sequence[Span]) -> None:
    """Whoever knows the offset of the place knows the date; the athlete's profile may still be at home."""
    for group in told_again(told, lambda each: each.span):
        if not any(touches(spans, each.span) for each in group):
            continue
        best = min(group, key=lambda each: (each.filed.basis == "profile_zone", each.order))
        for member in (member for each in group for member in each.members):
            move(sheet, member, best.filed.date)


def move(sheet: Sheet, record: Any, on: date) -> None:
    if record.date != on:
        sheet.adopt(record)
        record.date = on
        note_vendor_date(record)
        sheet.moved.append(record)


def filed_of(athlete: Athlete, record: Record, instant: datetime) -> Filed:
    return file_under(instant, zone=record.zone, own_offset=record.utc_offset_min, profile_zone=athlete.timezone)


def trained(session: TrainingSession) -> Span:
    return session.started_at, session.started_at + timedelta(minutes=session.duration_min)


def file_readings(sheet: Sheet) -> None:
    """What was measured in a night lies on its day, whichever came first: by the night's id, else by the instant."""
    slept = [m for m in sheet.moved if isinstance(m, SleepSession)]
    found = {m.pk: sheet.by_id.get(m.pk, m) for m in sheet.moved if is_of_a_night(m)}
    found |= {row.pk: row for row in read_beside(sheet, slept)}
    readings: list[Any] = [row for row in found.values() if row.deleted_at is None and is_of_a_night(row)]
    if not readings:
        return
    named = nights_named(sheet, readings)
    overnight = [row.measured_at for row in readings if is_overnight(row)]
    sleep_around = sleep_between(sheet, min(overnight), max(overnight)) if overnight else []
    for reading in readings:
        own_night = named.get((reading.provider, reading.client_record_id))
        on = own_night.date if own_night else night_of(sheet.athlete, reading, sleep_around)
        if on != reading.date:
            sheet.adopt(reading)
            reading.date = on
        note_vendor_date(reading)


def read_beside(sheet: Sheet, slept: Sequence[SleepSession]) -> Iterator[Any]:
    """Readings that lie in changed sleep, or carry its id."""
    if not slept:
        return
    spans = merged((m.start_at, m.end_at) for m in slept)
    rows = sheet.stored("hrv_reading").filter(deleted_at=None, context__startswith="overnight")
    for reading in rows.filter(measured_at__range=(spans[0][0], spans[-1][1])):
        if lies_in(spans, reading.measured_at):
            yield sheet.by_id.get(reading.pk, reading)
    names = {(m.provider, m.client_record_id) for m in slept}
    for kind in ("hrv_reading", "resting_hr_reading"):
        own = sheet.stored(kind).filter(client_record_id__among=sorted({name for _, name in names}))
        for reading in sheet.current(own, kind):
            if (reading.provider, reading.client_record_id) in names:
                yield reading


def nights_named(sheet: Sheet, readings: Sequence[Any]) -> dict[tuple[str, str], Any]:
    """The sleep whose id a source gives to what it measured in it (WHOOP's recovery has no clock of its own)."""
    names = sorted({reading.client_record_id for reading in readings})
    rows = sheet.stored("sleep_session").filter(client_record_id__among=names)
    sessions = [row for row in sheet.current(rows, "sleep_session") if not row.is_nap]
    return {(session.provider, session.client_record_id): session for session in sessions}


def sleep_between(sheet: Sheet, first: datetime, last: datetime) -> list[Any]:
    rows = sheet.stored("sleep_session").filter(deleted_at=None, is_nap=False, start_at__lte=last, end_at__gte=first)
    sessions = [row for row in sheet.current(rows, "sleep_session") if not row.is_nap]
    return sorted(sessions, key=lambda s: s.start_at)


def is_of_a_night(record: Any) -> bool:
    """A resting heart rate belongs to one only by the id of it."""
    return is_overnight(record) or isinstance(record, RestingHrReading)


def is_overnight(record: Any) -> bool:
    return isinstance(record, HrvReading) and hrv.is_overnight(record.context)


def night_of(athlete: Athlete, reading: HrvReading | RestingHrReading, sleep: Sequence[SleepSession]) -> date:
    """The day on which the night of an overnight reading ends: of the sleep around it, else by the clock.

    `sleep`, by start: of several sessions around it its own device's, then the one that ends last. A resting heart
    rate lies where its own clock says.
    """
    if not is_overnight(reading):
        return filed_of(athlete, reading, reading.measured_at).date
    start = bisect_left(sleep, reading.measured_at - LONGEST_SLEEP, key=lambda s: s.start_at)
    end = bisect_right(sleep, reading.measured_at, key=lambda s: s.start_at)
    around = [s for s in sleep[start:end] if s.end_at >= reading.measured_at]
    if around:
        best = max(around, key=lambda s: (s.provider == reading.provider, s.end_at, s.provider, s.client_record_id))
        return best.date
    local, _ = in_local_time(
        reading.measured_at, zone=reading.zone, own_offset=reading.utc_offset_min, profile_zone=athlete.timezone
    )
    return local.date() + timedelta(days=local.hour >= EVENING_H)


def night_row(session: SleepSession) -> dict[str, Any]:
    columns = ("id", "start_at", "end_at", "duration_s", "time_in_bed_s", *nights.STAGES, "score")
    return {name: getattr(session, name) for name in columns}


def clusters(sessions: Iterable[Any]) -> list[list[Any]]:
    """Sessions that may be one night: no merging and no replacing reaches over a longer gap."""
    found: list[list[Any]] = []
    covered: datetime | None = None
    for session in sorted(sessions, key=lambda s: (s.start_at, s.end_at)):
        if covered is None or session.start_at - covered > nights.MERGE_GAP:
            found.append([])
        found[-1].append(session)
        covered = session.end_at if len(found[-1]) == 1 or covered is None else max(covered, session.end_at)
    return found
