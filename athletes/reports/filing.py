"""On which date the fragments of a night and the readings of that night lie, whichever of them came first."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from athletes.local_days import nights
from athletes.local_days.local_time import file_under, in_local_time
from athletes.models import Athlete, HrvReading, SleepSession
from athletes.reports.records import note_vendor_date
from athletes.reports.sheet import Sheet
from measures import hrv

EVENING_H = 18  # an overnight reading stamped after this hour belongs to the night that ends tomorrow
LONGEST_SLEEP = timedelta(hours=24)
AROUND = timedelta(hours=36)  # no night is longer, with all its fragments

Span = tuple[datetime, datetime]


def file_sleep(sheet: Sheet) -> None:
    """All of a night lie on the date on which its last fragment ends."""
    by_provider: dict[str, list[SleepSession]] = defaultdict(list)
    for record in sheet.moved:
        if isinstance(record, SleepSession):
            by_provider[record.provider].append(record)
    for provider, moved in by_provider.items():
        spans = sorted((m.start_at - nights.MERGE_GAP, m.end_at + nights.MERGE_GAP) for m in moved)
        first, last = spans[0][0], max(end for _, end in spans)
        rows = sheet.stored("sleep_session").filter(provider=provider, deleted_at=None, is_nap=False)
        rows = sheet.current(rows.filter(end_at__gte=first - AROUND, start_at__lte=last + AROUND), "sleep_session")
        own = [row for row in rows if row.provider == provider and not row.is_nap]
        for cluster in touching(clusters(own), spans):
            file_cluster(sheet, cluster)


def file_cluster(sheet: Sheet, cluster: list[Any]) -> None:
    by_id = {session.pk: session for session in cluster}
    for night in nights.merge(night_row(session) for session in cluster):
        last = by_id[night.last["id"]]
        filed = file_under(
            last.end_at, zone=last.zone, own_offset=last.utc_offset_min, profile_zone=sheet.athlete.timezone
        )
        for fragment in (*night.fragments, *night.replaced):
            member = by_id[fragment["id"]]
            if member.date != filed.date:
                sheet.adopt(member)
                member.date = filed.date
                note_vendor_date(member)
                sheet.moved.append(member)


def file_readings(sheet: Sheet) -> None:
    """Overnight readings lie on the day of the sleep around them, whichever came first."""
    spans = merged_spans((m.start_at, m.end_at) for m in sheet.moved if isinstance(m, SleepSession))
    astray = {m.pk: m for m in sheet.moved if is_overnight(m) and m.deleted_at is None}
    astray = {pk: sheet.by_id[pk] for pk in astray}
    if spans:
        rows = sheet.stored("hrv_reading").filter(deleted_at=None, context__startswith="overnight")
        for reading in rows.filter(measured_at__range=(spans[0][0], spans[-1][1])):
            if lies_in(spans, reading.measured_at):
                astray[reading.pk] = sheet.by_id.get(reading.pk, reading)
    readings: list[Any] = [r for r in astray.values() if r.deleted_at is None and is_overnight(r)]
    if not readings:
        return
    sleep_around = sleep_between(sheet, min(r.measured_at for r in readings), max(r.measured_at for r in readings))
    for reading in readings:
        on = night_of(sheet.athlete, reading, sleep_around)
        if on != reading.date:
            sheet.adopt(reading)
            reading.date = on
        note_vendor_date(reading)


def sleep_between(sheet: Sheet, first: datetime, last: datetime) -> list[Any]:
    rows = sheet.stored("sleep_session").filter(deleted_at=None, is_nap=False, start_at__lte=last, end_at__gte=first)
    sessions = [row for row in sheet.current(rows, "sleep_session") if not row.is_nap]
    return sorted(sessions, key=lambda s: s.start_at)


def is_overnight(record: Any) -> bool:
    return isinstance(record, HrvReading) and hrv.is_overnight(record.context)


def night_of(athlete: Athlete, reading: HrvReading, sleep: Sequence[SleepSession]) -> date:
    """The day on which the night of an overnight reading ends: of the sleep around it, else by the clock.

    `sleep`, by start: of several sessions around it its own device's, then the one that ends last.
    """
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


# --- stretches of time ------------------------------------------------------------------------------------------------


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


def touching(found: Iterable[list[Any]], spans: Sequence[Span]) -> Iterator[list[Any]]:
    merged = merged_spans(spans)
    starts = [start for start, _ in merged]
    for cluster in found:
        before_end = bisect_right(starts, max(s.end_at for s in cluster))
        if before_end and merged[before_end - 1][1] >= cluster[0].start_at:
            yield cluster


def merged_spans(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def lies_in(spans: Sequence[Span], instant: datetime) -> bool:
    place = bisect_right(spans, instant, key=lambda span: span[0])
    return place > 0 and instant <= spans[place - 1][1]
