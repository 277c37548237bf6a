"""Records written in sets: which version wins, which day each belongs to, what is doubted. The same for one and 5,000.

What is stored is a function of the records alone, not of the order in which they came: dates and doubts of everything
near a changed record are derived again. One file: the rules change the same rows of one sheet, one after the other.
"""

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from athletes import one_writer
from athletes.local_days import nights
from athletes.local_days.local_time import file_under, in_local_time, local_today, own_offset_min
from athletes.models import (
    Athlete,
    Deletion,
    HrvReading,
    PerformanceTest,
    Quality,
    Record,
    RestDay,
    RestingHrReading,
    SleepSession,
    TrainingSession,
)
from athletes.reports import unrated
from measures import quality
from measures.quality import DATE_DISAGREES
from storage import upserts

CLOCK_SKEW = timedelta(minutes=5)
EARLIEST = date(2000, 1, 1)
EVENING_H = 18  # an overnight reading stamped after this hour belongs to the night that ends tomorrow
LONGEST_SLEEP = timedelta(hours=24)
AROUND = timedelta(hours=36)  # no night is longer, with all its fragments

RECORDS: dict[str, type[Record]] = {
    "sleep_session": SleepSession,  # first: overnight readings lie on the day of their night
    "hrv_reading": HrvReading,
    "resting_hr_reading": RestingHrReading,
    "training_session": TrainingSession,
    "performance_test": PerformanceTest,
    "rest_day": RestDay,
}
KIND_OF = {model: kind for kind, model in RECORDS.items()}
DECIDING_INSTANT = {
    "hrv_reading": "measured_at",
    "resting_hr_reading": "measured_at",
    "sleep_session": "end_at",
    "training_session": "started_at",
    "performance_test": "tested_at",
}
PROVENANCE = ("provider", "device_model", "device_type", "recording_method")
NOT_CONTENT = ("client_record_id", "client_record_version", "source", "deleted")

Key = tuple[str, str, str]  # kind, provider, client_record_id
Span = tuple[datetime, datetime]


class Refused(ValueError):
    """Something no stored row can decide away: the caller must send something else."""

    def __init__(self, code: str, message: str, field_name: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.field_name = code, message, field_name


@dataclass(frozen=True)
class Outcome:
    """What became of a record: created, updated, unchanged, conflict, stale or deleted; `record` is the server's copy.

    None: it was deleted before it ever came.
    """

    status: str
    record: Any
    touched: set[date] = field(default_factory=set)


@dataclass(frozen=True)
class Sent:
    """A record as a client sent it, validated. `deleted`: only its identity and version count."""

    kind: str
    data: Mapping[str, Any]
    deleted: bool = False

    @property
    def source(self) -> Mapping[str, Any]:
        return self.data.get("source") or {"provider": "manual"}

    @property
    def key(self) -> Key:
        return self.kind, str(self.source["provider"]), self.data["client_record_id"]

    @property
    def version(self) -> int:
        return int(self.data.get("client_record_version", 0))


class Sheet:
    """One athlete's rows that a batch is about: read in a few statements, changed in memory, written once.

    Its user holds the athlete's lock and calls: read, put or change, settle.
    """

    def __init__(self, athlete: Athlete, now: datetime) -> None:
        self.athlete, self.now = athlete, now
        self.today = local_today(athlete, now)
        self.rows: dict[Key, Record] = {}
        self.by_id: dict[UUID, Record] = {}
        self.deletions: dict[Key, Deletion] = {}
        self.before: dict[UUID, tuple[Any, ...]] = {}  # of the rows that the database has
        self.moved: list[Record] = []  # as they were and as they are: what lies near them is derived again
        self.lifted: list[int] = []
        self.touched: set[date] = set()

    # --- reading

    def read(self, keys: Iterable[Key]) -> None:
        names: dict[str, set[str]] = defaultdict(set)
        wanted = set(keys)
        for kind, _provider, name in wanted:
            names[kind].add(name)
        for kind, of_kind in names.items():
            for record in self.stored(kind).filter(client_record_id__among=sorted(of_kind)):
                self.adopt(record)
        missing = {deletion_key(key): key for key in wanted if key not in self.rows}
        if missing:
            for deletion in Deletion.objects.filter(athlete=self.athlete, kind__in=RECORDS, key__among=sorted(missing)):
                if (key := missing[deletion.key])[0] == deletion.kind:
                    self.deletions[key] = deletion

    def stored(self, kind: str) -> Any:
        return RECORDS[kind]._default_manager.filter(athlete=self.athlete).order_by()

    def adopt(self, record: Record) -> Any:
        """Take a row of the database in; one that is here already stays as it is here."""
        if record.pk in self.by_id:
            return self.by_id[record.pk]
        record.athlete = self.athlete
        self.before[record.pk] = state_of(record)
        self.keep(record)
        return record

    def keep(self, record: Record) -> None:
        self.by_id[record.pk] = record
        self.rows[key_of(record)] = record

    def current(self, rows: Iterable[Record], kind: str) -> list[Any]:
        """These rows of the database as they now are, and those of the sheet; without what is deleted."""
        found = {row.pk: self.by_id.get(row.pk, row) for row in rows}
        found |= {pk: row for pk, row in self.by_id.items() if isinstance(row, RECORDS[kind])}
        return [row for row in found.values() if row.deleted_at is None]

    # --- the version rule

    def put(self, sent: Sent, *, anew: bool = False) -> str:
        """What becomes of it. `anew`: the same version with other content replaces what a reader once misread."""
        before, deletion = self.rows.get(sent.key), self.deletions.get(sent.key)
        known = before.client_record_version if before else deletion.client_record_version if deletion else None
        if known is not None and sent.version < known:
            return "stale"
        if sent.deleted:
            return self.put_deletion(sent, before, deletion)
        if before is None and deletion is not None and sent.version == known:
            return "conflict"
        if before is not None and sent.version == before.client_record_version:
            if before.deleted_at is None and before.content_hash == content_hash(sent.data):
                return "unchanged"
            if not anew or before.deleted_at is not None:
                return "conflict"
        record = filled(self.athlete, sent, before)
        check_time(record, self.now, self.today)
        if before is not None:
            self.moved.append(before)
        if deletion is not None:
            del self.deletions[sent.key]
            if deletion.pk is not None:
                self.lifted.append(deletion.pk)
        self.keep(record)
        self.moved.append(record)
        return "created" if before is None else "updated"

    def put_deletion(self, sent: Sent, before: Record | None, deletion: Deletion | None) -> str:
        if before is None:
            if deletion is not None and deletion.client_record_version == sent.version:
                return "unchanged"
            self.deletions[sent.key] = Deletion(
                athlete=self.athlete,
                kind=sent.kind,
                key=deletion_key(sent.key),
                client_record_version=sent.version,
                deleted_at=self.now,
            )
            return "deleted"
        if sent.version == before.client_record_version:
            return "conflict" if before.deleted_at is None else "unchanged"
        self.delete(before, sent.version)
        return "deleted"

    def delete(self, record: Record, version: int) -> None:
        record.deleted_at = record.deleted_at or self.now
        record.client_record_version = version
        self.moved.append(record)

    # --- what follows from it

    def settle(self) -> set[date]:
        """Derive dates and doubts again, write what changed. The dates whose reports changed."""
        self.file_sleep()
        self.file_readings()
        self.judge_hrv()
        self.judge_tests()
        unrated.judge(self)
        self.write()
        return self.touched

    def file_sleep(self) -> None:
        """All of a night lie on the date on which its last fragment ends."""
        by_provider: dict[str, list[SleepSession]] = defaultdict(list)
        for record in self.moved:
            if isinstance(record, SleepSession):
                by_provider[record.provider].append(record)
        for provider, moved in by_provider.items():
            spans = sorted((m.start_at - nights.MERGE_GAP, m.end_at + nights.MERGE_GAP) for m in moved)
            first, last = spans[0][0], max(end for _, end in spans)
            rows = self.stored("sleep_session").filter(provider=provider, deleted_at=None, is_nap=False)
            rows = self.current(rows.filter(end_at__gte=first - AROUND, start_at__lte=last + AROUND), "sleep_session")
            own = [row for row in rows if row.provider == provider and not row.is_nap]
            for cluster in touching(clusters(own), spans):
                self.file_cluster(cluster)

    def file_cluster(self, cluster: list[Any]) -> None:
        by_id = {session.pk: session for session in cluster}
        for night in nights.merge(night_row(session) for session in cluster):
            last = by_id[night.last["id"]]
            filed = file_under(
                last.end_at, zone=last.zone, own_offset=last.utc_offset_min, profile_zone=self.athlete.timezone
            )
            for fragment in (*night.fragments, *night.replaced):
                member = by_id[fragment["id"]]
                if member.date != filed.date:
                    self.adopt(member)
                    member.date = filed.date
                    note_vendor_date(member)
                    self.moved.append(member)

    def file_readings(self) -> None:
        """Overnight readings lie on the day of the sleep around them, whichever came first."""
        spans = merged_spans((m.start_at, m.end_at) for m in self.moved if isinstance(m, SleepSession))
        astray = {m.pk: m for m in self.moved if is_overnight(m) and m.deleted_at is None}
        astray = {pk: self.by_id[pk] for pk in astray}
        if spans:
            rows = self.stored("hrv_reading").filter(deleted_at=None, context__startswith="overnight")
            for reading in rows.filter(measured_at__range=(spans[0][0], spans[-1][1])):
                if lies_in(spans, reading.measured_at):
                    astray[reading.pk] = self.by_id.get(reading.pk, reading)
        readings: list[Any] = [r for r in astray.values() if r.deleted_at is None and is_overnight(r)]
        if not readings:
            return
        sleep_around = self.sleep_between(min(r.measured_at for r in readings), max(r.measured_at for r in readings))
        for reading in readings:
            on = night_of(self.athlete, reading, sleep_around)
            if on != reading.date:
                self.adopt(reading)
                reading.date = on
            note_vendor_date(reading)

    def sleep_between(self, first: datetime, last: datetime) -> list[Any]:
        rows = self.stored("sleep_session").filter(deleted_at=None, is_nap=False, start_at__lte=last, end_at__gte=first)
        sessions = [row for row in self.current(rows, "sleep_session") if not row.is_nap]
        return sorted(sessions, key=lambda s: s.start_at)

    def judge_hrv(self) -> None:
        """Readings of the changed eras near the changes, each against the believed ones of 60 days before it."""
        changed: dict[tuple[str, str, str], tuple[datetime, datetime]] = {}
        for m in self.moved:
            if isinstance(m, HrvReading):
                era = (m.metric, m.provider, m.context)
                first, last = changed.get(era, (m.measured_at, m.measured_at))
                changed[era] = min(first, m.measured_at), max(last, m.measured_at)
        for era, (first, last) in changed.items():
            self.judge_era(era, first, last)

    def judge_era(self, era: tuple[str, str, str], first: datetime, last: datetime) -> None:
        """60 days beyond the last change nothing can be judged otherwise; a new doubt is a change, too."""
        while True:
            until = last + quality.HRV_HISTORY
            turned = self.judge_readings(self.readings_between(era, first - quality.HRV_HISTORY, until), first)
            if turned is None or turned <= last:
                return
            last = turned

    def readings_between(self, era: tuple[str, str, str], first: datetime, last: datetime) -> list[Any]:
        metric, provider, context = era
        rows = self.stored("hrv_reading").filter(
            metric=metric, provider=provider, context=context, deleted_at=None, measured_at__range=(first, last)
        )
        own: list[Any] = [
            row for row in self.current(rows, "hrv_reading")
            if (row.metric, row.provider, row.context) == era
            and first <= row.measured_at <= last
        ]  # fmt: skip
        return sorted(own, key=in_order("measured_at"))

    def judge_readings(self, readings: Sequence[Any], first: datetime) -> datetime | None:
        """When the last of those was measured that are believed or doubted now and were not before."""
        instants: list[datetime] = []  # of the believed ones; sums and squares of their logarithms up to each
        sums, squares = [0], [0]
        turned: datetime | None = None
        for reading in readings:
            if reading.measured_at >= first:
                start = bisect_left(instants, reading.measured_at - quality.HRV_HISTORY)
                end = bisect_left(instants, reading.measured_at)
                status = reading.quality_status
                before = end - start, sums[end] - sums[start], squares[end] - squares[start]
                self.doubt(reading, quality.doubts_beside(reading.value_ms, *before))
                if reading.quality_status != status:
                    turned = reading.measured_at
            if reading.quality_status != Quality.QUARANTINED:
                ln = quality.ln_units(reading.value_ms)
                instants.append(reading.measured_at)
                sums.append(sums[-1] + ln)
                squares.append(squares[-1] + ln * ln)
        return turned

    def judge_tests(self) -> None:
        changed = [m.tested_at for m in self.moved if isinstance(m, PerformanceTest) and m.event == "400m"]
        if not changed:
            return
        rows = self.stored("performance_test").filter(event="400m", deleted_at=None)
        tests: list[Any] = [t for t in self.current(rows, "performance_test") if t.event == "400m"]
        last: tuple[datetime, float] | None = None
        for _instant, at_once in grouped(sorted(tests, key=in_order("tested_at")), "tested_at"):
            for test in at_once:
                if test.tested_at >= min(changed):
                    self.doubt(test, quality.doubts_about_400m(test.time_s, last and last[1]))
            believed = [t for t in at_once if t.quality_status != Quality.QUARANTINED]
            last = (believed[-1].tested_at, believed[-1].time_s) if believed else last

    def doubt(self, record: Any, doubts: list[str]) -> None:
        """What somebody confirmed stays confirmed."""
        if record.quality_status == Quality.CONFIRMED:
            return
        status = Quality.QUARANTINED if doubts else Quality.OK
        reasons = [*doubts, *([DATE_DISAGREES] if disagrees(record) else [])]
        if (record.quality_status, record.quality_reasons) != (status, reasons):
            self.adopt(record)
            record.quality_status, record.quality_reasons = status, reasons

    # --- writing

    def changed(self) -> list[Record]:
        known = self.before
        return [row for pk, row in self.by_id.items() if pk not in known or known[pk] != state_of(row)]

    def write(self) -> None:
        changed = self.changed()
        deletions = [d for d in self.deletions.values() if d.pk is None]
        one_writer.number([*changed, *deletions])
        for model in RECORDS.values():
            rows = [row for row in changed if type(row) is model]
            upserts.insert_many([row for row in rows if row.pk not in self.before])
            upserts.upsert_many([row for row in rows if row.pk in self.before], unique=("id",), keep=("created_at",))
        for row in changed:
            was = self.before.get(row.pk)
            self.touched |= {was[0]} if was and was[1] is None else set()
            self.touched |= {row.date} if row.deleted_at is None else set()
            self.before[row.pk] = state_of(row)
            row._state.adding = False
        if self.lifted:
            Deletion.objects.filter(pk__in=self.lifted).delete()
        upserts.upsert_many(deletions, unique=("athlete_id", "kind", "key"))


def apply(
    athlete: Athlete, batch: Sequence[Sent], now: datetime, *, anew: bool = False
) -> tuple[list[Outcome | Refused], set[date]]:
    """What became of each, and the dates whose reports changed. Call it holding the athlete's lock."""
    sheet = Sheet(athlete, now)
    sheet.read(sent.key for sent in batch)
    statuses = [status_or_refusal(sheet, sent, anew=anew) for sent in batch]
    touched = sheet.settle()
    outcomes = [
        said if isinstance(said, Refused) else Outcome(said, sheet.rows.get(sent.key), touched)
        for sent, said in zip(batch, statuses, strict=True)
    ]
    return outcomes, touched


def status_or_refusal(sheet: Sheet, sent: Sent, *, anew: bool) -> str | Refused:
    try:
        return sheet.put(sent, anew=anew)
    except Refused as refusal:
        return refusal


# --- one record -------------------------------------------------------------------------------------------------------


def key_of(record: Record) -> Key:
    return KIND_OF[type(record)], str(record.provider), record.client_record_id


def deletion_key(key: Key) -> str:
    return f"{key[1]}/{key[2]}"


def state_of(record: Record) -> tuple[Any, ...]:
    """The first two say which date's reports it is among; by the rest a change is seen."""
    return (
        record.date, record.deleted_at, record.content_hash, record.client_record_version,
        record.quality_status, tuple(record.quality_reasons), record.date_basis, *own_state_of(record),
    )  # fmt: skip


def own_state_of(record: Record) -> tuple[Any, ...]:
    """What follows from other records, or was said here: a session's content hash does not tell it."""
    if not isinstance(record, TrainingSession):
        return ()
    return (
        record.rated_rpe, record.load_basis, record.load_au, record.estimate_error_pct,
        tuple(record.estimate_grounds), record.same_session_as,
    )  # fmt: skip


def content_hash(data: Mapping[str, Any]) -> str:
    content = {name: value for name, value in data.items() if name not in NOT_CONTENT and value is not None}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


RATING = ("rated_rpe", "rated_at", "rated_by_id")
OWN_COLUMNS = {
    kind: {f.attname for f in model._meta.concrete_fields} - {f.attname for f in Record._meta.fields} - {"athlete_id"}
    for kind, model in RECORDS.items()
}


def filled(athlete: Athlete, sent: Sent, before: Record | None) -> Any:
    """A new row of the same identity: what the new version does not say is not measured any more."""
    data, source = sent.data, sent.source
    record: Any = RECORDS[sent.kind](
        athlete=athlete,
        client_record_id=data["client_record_id"],
        client_record_version=sent.version,
        content_hash=content_hash(data),
        zone=data.get("timezone") or "",
        vendor_date=data.get("vendor_date"),
        **{name: source.get(name) or "" for name in PROVENANCE},
        **{name: data[name] for name in OWN_COLUMNS[sent.kind] if data.get(name) is not None},
    )
    if before is not None:
        record.id, record.created_at = before.id, before.created_at
        record._state.adding = False
    if isinstance(record, TrainingSession):
        if isinstance(before, TrainingSession):
            # the athlete's word is no part of what the watch says: its next version does not take it back
            for name in (*RATING, "same_session_as"):
                setattr(record, name, getattr(before, name))
        unrated.rate(record)
    if sent.kind == "rest_day":
        record.date = data["date"]
    else:
        record.utc_offset_min = own_offset_min(getattr(record, DECIDING_INSTANT[sent.kind]))
    derive_date(athlete, record)
    return record


def check_time(record: Record, now: datetime, today: date) -> None:
    if isinstance(record, RestDay):
        if record.date > today:
            raise Refused("date_in_future", _("This day has not begun where the athlete is."), "date")
        if record.date < EARLIEST:
            raise Refused("too_long_ago", _("Records begin with %(year)d.") % {"year": EARLIEST.year}, "date")
        return
    at = DECIDING_INSTANT[KIND_OF[type(record)]]
    if getattr(record, at) > now + CLOCK_SKEW:
        raise Refused("in_future", _("This lies in the future."), at)
    if getattr(record, at).date() < EARLIEST:
        raise Refused("too_long_ago", _("Records begin with %(year)d.") % {"year": EARLIEST.year}, at)


def derive_date(athlete: Athlete, record: Any) -> None:
    """By the record alone. The sleep around it may say otherwise, of fragments and of overnight readings."""
    if isinstance(record, RestDay):
        record.date_basis = "given"
        return
    instant = getattr(record, DECIDING_INSTANT[KIND_OF[type(record)]])
    record.date, record.date_basis, record.utc_offset_min = file_under(
        instant, zone=record.zone, own_offset=record.utc_offset_min, profile_zone=athlete.timezone
    )
    note_vendor_date(record)


def disagrees(record: Record) -> bool:
    return record.vendor_date is not None and record.vendor_date != record.date


def note_vendor_date(record: Record) -> None:
    others = [reason for reason in record.quality_reasons if reason != DATE_DISAGREES]
    record.quality_reasons = [*others, DATE_DISAGREES] if disagrees(record) else others


def is_overnight(record: Any) -> bool:
    return isinstance(record, HrvReading) and record.context.startswith("overnight")


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
    columns = ("id", "start_at", "end_at", "duration_s", "time_in_bed_s", "awake_s", "score")
    return {name: getattr(session, name) for name in columns}


def in_order(at: str) -> Any:
    return lambda record: (getattr(record, at), record.provider, record.client_record_id)


def grouped(records: Sequence[Any], at: str) -> Iterator[tuple[datetime, list[Any]]]:
    groups: dict[datetime, list[Any]] = defaultdict(list)
    for record in records:
        groups[getattr(record, at)].append(record)
    yield from sorted(groups.items())


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
