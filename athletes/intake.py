"""The only writers of what was reported. Each is one transaction: the record, its days, and the news of it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from athletes import days, nights, quality, statements
from athletes.local_time import file_under, in_local_time, local_today, own_offset_min
from athletes.models import (
    Athlete,
    CheckIn,
    Day,
    HrvReading,
    PerformanceTest,
    PlannedSession,
    Quality,
    Record,
    RestDay,
    SleepSession,
    TrainingSession,
    User,
)
from athletes.signals import day_revised
from athletes.wellness import ITEMS, highest

OLDEST_BY_HAND = timedelta(days=14)
CLOCK_SKEW = timedelta(minutes=5)
EARLIEST = date(2000, 1, 1)
EVENING_H = 18  # an overnight reading stamped after this hour belongs to the night that ends tomorrow

RECORDS: dict[str, type[Record]] = {
    "sleep_session": SleepSession,  # first: overnight readings lie on the day of their night
    "hrv_reading": HrvReading,
    "training_session": TrainingSession,
    "performance_test": PerformanceTest,
    "rest_day": RestDay,
}
DECIDING_INSTANT = {
    "hrv_reading": "measured_at",
    "sleep_session": "end_at",
    "training_session": "started_at",
    "performance_test": "tested_at",
}
PROVENANCE = ("provider", "device_model", "device_type", "recording_method")
NOT_CONTENT = ("client_record_id", "client_record_version", "source", "deleted")


class Refused(ValueError):
    """Something no stored row can decide away: the caller must send something else."""

    def __init__(self, code: str, message: str, field_name: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.field_name = code, message, field_name


# --- news ------------------------------------------------------------------------------------------------------------


def revise(athlete: Athlete, dates: Iterable[date], *, rings: bool = True, now: datetime | None = None) -> set[date]:
    """Resolve these days again and announce those that changed. Call it in the transaction that wrote the reports."""
    changed = days.resolve_days(athlete, dates, now=now)
    announce(athlete, changed, rings=rings)
    return changed


def announce(athlete: Athlete, dates: set[date], *, rings: bool) -> None:
    if dates:
        day_revised.send(sender=Day, athlete_id=athlete.pk, dates=dates, rings=rings)


# --- check-ins -------------------------------------------------------------------------------------------------------

CHECK_IN_PLAIN = (
    "scale", *ITEMS, "sleep_duration_min", "resting_hr_bpm", "illness", "red_flag", "pain_0_10", "notes",
)  # fmt: skip
CHECK_IN_COLUMNS = (
    *CHECK_IN_PLAIN, "hrv_metric", "hrv_value_ms", "hrv_context", "injury_status", "injury_body_site",
)  # fmt: skip
MEASUREMENTS = (
    *ITEMS, "sleep_duration_min", "resting_hr_bpm", "hrv_value_ms", "pain_0_10", "illness", "injury_status", "red_flag",
)  # fmt: skip


@dataclass(frozen=True)
class CheckedIn:
    status: str  # created, updated, unchanged
    check_in: CheckIn
    day: Day


def record_check_in(
    athlete: Athlete, on: date, data: Mapping[str, Any], *, keep_rest: bool = False, now: datetime | None = None
) -> CheckedIn:
    """Store the morning's answers. With `keep_rest` what is not in `data` stays as it was, else it was not answered."""
    now = now or timezone.now()
    check_date_by_hand(athlete, on, now)
    with transaction.atomic():
        statements.lock_athlete(athlete.pk)
        reports = days.read_reports(athlete.pk, on, on)[on]
        before = next(iter(reports["check_in"]), None)
        if keep_rest and before is None:
            raise LookupError("no check-in on this date")
        columns = check_in_columns(data, before if keep_rest else None)
        confirmed = bool((data.get("hrv") or {}).get("confirmed"))
        if before and not confirmed and all(before[name] == columns[name] for name in CHECK_IN_COLUMNS):
            return as_stored(athlete, on)
        submitted_at = min(data.get("submitted_at") or now, now)  # a phone's clock may be years ahead
        check_in = CheckIn(athlete_id=athlete.pk, date=on, submitted_at=submitted_at, **columns)
        check_in.quality = check_in_quality(athlete, on, columns, confirmed=confirmed)
        if before:
            check_in.id = UUID(before["id"])
        statements.upsert_check_in(check_in)
        reports["check_in"] = [check_in_row(check_in)]
        # Whatever was answered changes the day (it was submitted anew), so there is nothing to compare it with first.
        day = Day(athlete_id=athlete.pk, date=on, revised_at=now, **days.resolve(athlete, on, reports))
        statements.upsert_days([day])
        announce(athlete, {on}, rings=True)
    return CheckedIn("updated" if before else "created", check_in, day)


def check_in_row(check_in: CheckIn) -> dict[str, Any]:
    """As `statements.reported` would read it back."""
    _, columns = statements.REPORTED["check_in"]
    return {name: getattr(check_in, name) for name in columns} | {"id": str(check_in.id)}


def as_stored(athlete: Athlete, on: date) -> CheckedIn:
    check_in = CheckIn.objects.get(athlete_id=athlete.pk, date=on)
    return CheckedIn("unchanged", check_in, Day.objects.get(athlete_id=athlete.pk, date=on))


def delete_check_in(athlete: Athlete, on: date, *, now: datetime | None = None) -> bool:
    with transaction.atomic():
        statements.lock_athlete(athlete.pk)
        deleted, _ = CheckIn.objects.filter(athlete_id=athlete.pk, date=on).delete()
        if deleted:
            revise(athlete, {on}, now=now)
    return bool(deleted)


def check_date_by_hand(athlete: Athlete, on: date, now: datetime) -> None:
    today = local_today(athlete, now)
    if on > today:
        raise Refused("date_in_future", "This day has not begun where the athlete is.", "date")
    if on < today - OLDEST_BY_HAND:
        raise Refused("date_too_old", f"Check-ins are taken for the last {OLDEST_BY_HAND.days} days.", "date")


def check_in_columns(data: Mapping[str, Any], keep: Mapping[str, Any] | None) -> dict[str, Any]:
    """The API's nested shape as columns; a field set to null is not answered."""
    columns = {name: (keep or NOT_ANSWERED)[name] for name in CHECK_IN_COLUMNS}
    for name in CHECK_IN_PLAIN:
        if name in data:
            columns[name] = NOT_ANSWERED[name] if data[name] is None else data[name]
    if "hrv" in data:
        hrv = data["hrv"] or {"metric": "", "value_ms": None, "context": ""}
        columns |= {"hrv_metric": hrv["metric"], "hrv_value_ms": hrv["value_ms"], "hrv_context": hrv["context"]}
    if "injury" in data:
        injury = data["injury"] or {}
        columns["injury_status"] = injury.get("status", CheckIn.Injury.NONE)
        columns["injury_body_site"] = injury.get("body_site") or ""
    check_scale(data, columns, keep)
    asked = {"hrv_value_ms": "hrv", "injury_status": "injury"}
    said = any(data.get(asked.get(name, name)) is not None for name in MEASUREMENTS)
    if not said and all(columns[name] in (NOT_ANSWERED[name], None) for name in MEASUREMENTS):
        raise Refused("nothing_measured", "A check-in needs at least one answer or measurement.")
    return columns


def check_scale(data: Mapping[str, Any], columns: Mapping[str, Any], keep: Mapping[str, Any] | None) -> None:
    answered = [item for item in ITEMS if columns[item] is not None]
    if keep and columns["scale"] != keep["scale"] and any(item not in data for item in answered):
        raise Refused("scale_of_earlier_answers", "Send all items again to change the scale.", "scale")
    most = highest(columns["scale"])
    for item in answered:
        if columns[item] > most:
            raise Refused("max_value", f"This scale ends at {most}.", item)


NOT_ANSWERED: dict[str, Any] = {
    **dict.fromkeys(CHECK_IN_COLUMNS),
    "scale": CheckIn.Scale.MCLEAN,
    "hrv_metric": "",
    "hrv_context": "",
    "illness": CheckIn.Illness.NONE,
    "injury_status": CheckIn.Injury.NONE,
    "injury_body_site": "",
    "red_flag": CheckIn.RedFlag.NONE,
    "notes": "",
}


def check_in_quality(athlete: Athlete, on: date, columns: Mapping[str, Any], *, confirmed: bool) -> dict[str, Any]:
    if columns["hrv_value_ms"] is None:
        return {}
    days_back = (on - quality.HRV_HISTORY, on - timedelta(days=1))
    earlier = statements.hrv_of_check_ins(athlete.pk, *days_back, columns["hrv_metric"], columns["hrv_context"])
    believed = [ms for ms, q in earlier if ms and q.get("hrv", {}).get("status") != Quality.QUARANTINED]
    doubts = quality.doubts_about_hrv(columns["hrv_value_ms"], believed)
    if not doubts:
        return {}
    return {"hrv": {"status": Quality.CONFIRMED if confirmed else Quality.QUARANTINED, "reasons": doubts}}


# --- records ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What became of a record: created, updated, unchanged, conflict or stale; `record` is the server's copy."""

    status: str
    record: Record
    touched: set[date] = field(default_factory=set)


def record_one(athlete: Athlete, kind: str, data: Mapping[str, Any], *, now: datetime | None = None) -> Outcome:
    return record_batch(athlete, [(kind, data)], now=now)[0]


def record_batch(
    athlete: Athlete,
    records: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    rings: bool = True,
    now: datetime | None = None,
) -> list[Outcome]:
    """All or nothing; each touched day is resolved once."""
    now = now or timezone.now()
    with transaction.atomic():
        statements.lock_athlete(athlete.pk)
        outcomes = [write(athlete, kind, data, now) for kind, data in records]
        revise(athlete, set().union(*(outcome.touched for outcome in outcomes)), rings=rings, now=now)
    return outcomes


def write(athlete: Athlete, kind: str, data: Mapping[str, Any], now: datetime) -> Outcome:
    """The rule HealthKit and Health Connect use: the higher version wins, the same content is the same record."""
    source = data.get("source") or {"provider": "manual"}
    before = (
        RECORDS[kind]
        .objects.filter(  # type: ignore[attr-defined]
            athlete=athlete, provider=source["provider"], client_record_id=data["client_record_id"]
        )
        .first()
    )
    version, digest = data.get("client_record_version", 0), content_hash(data)
    if before is not None and version <= before.client_record_version:
        if version < before.client_record_version:
            return Outcome("stale", before)
        same = before.content_hash == digest and before.deleted_at is None
        return Outcome("unchanged" if same else "conflict", before)
    record = filled(athlete, kind, data, source, before)
    record.content_hash, record.client_record_version, record.deleted_at = digest, version, None
    judge(record, athlete, kind, now)
    touched = {before.date} if before is not None and before.deleted_at is None else set()
    touched |= file_record(athlete, kind, record)
    return Outcome("created" if before is None else "updated", record, touched)


def content_hash(data: Mapping[str, Any]) -> str:
    content = {name: value for name, value in data.items() if name not in NOT_CONTENT and value is not None}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def filled(
    athlete: Athlete, kind: str, data: Mapping[str, Any], source: Mapping[str, Any], before: Record | None
) -> Record:
    """A new row of the same identity: what the new version does not say is not measured any more."""
    model = RECORDS[kind]
    own = {f.attname for f in model._meta.concrete_fields} - {f.attname for f in Record._meta.fields} - {"athlete_id"}
    record = model(
        athlete=athlete,
        client_record_id=data["client_record_id"],
        zone=data.get("timezone") or "",
        vendor_date=data.get("vendor_date"),
        **{name: source.get(name) or "" for name in PROVENANCE},
        **{name: data[name] for name in own if data.get(name) is not None},
    )
    if before is not None:
        record.id, record.created_at = before.id, before.created_at
        record._state.adding = False
    if isinstance(record, TrainingSession):
        record.load_au = None if record.rpe is None else record.duration_min * record.rpe
    if kind == "rest_day":
        record.date = data["date"]
    else:
        record.utc_offset_min = own_offset_min(getattr(record, DECIDING_INSTANT[kind]))
    return record


def judge(record: Record, athlete: Athlete, kind: str, now: datetime) -> None:
    if kind == "rest_day":
        check_rest_day(record, athlete, now)
        return
    at = DECIDING_INSTANT[kind]
    if getattr(record, at) > now + CLOCK_SKEW:
        raise Refused("in_future", "This lies in the future.", at)
    if getattr(record, at).date() < EARLIEST:
        raise Refused("too_long_ago", f"Records begin with {EARLIEST.year}.", at)
    doubts: list[str] = []
    if isinstance(record, HrvReading):
        doubts = quality.doubts_about_hrv(record.value_ms, era_of(record))
    elif isinstance(record, PerformanceTest) and record.event == "400m":
        doubts = quality.doubts_about_400m(record.time_s, last_400m_s(record))
    record.quality_status = Quality.QUARANTINED if doubts else Quality.OK
    record.quality_reasons = doubts


def check_rest_day(rest_day: Record, athlete: Athlete, now: datetime) -> None:
    if rest_day.date > local_today(athlete, now):
        raise Refused("date_in_future", "This day has not begun where the athlete is.", "date")
    if rest_day.date < EARLIEST:
        raise Refused("too_long_ago", f"Records begin with {EARLIEST.year}.", "date")


def era_of(reading: HrvReading) -> list[float]:
    earlier = believed(HrvReading, reading.athlete_id).filter(
        metric=reading.metric,
        provider=reading.provider,
        context=reading.context,
        measured_at__gte=reading.measured_at - quality.HRV_HISTORY,
        measured_at__lt=reading.measured_at,
    )
    return list(earlier.exclude(pk=reading.pk).values_list("value_ms", flat=True))


def last_400m_s(test: PerformanceTest) -> float | None:
    earlier = believed(PerformanceTest, test.athlete_id).filter(event="400m", tested_at__lt=test.tested_at)
    last: float | None = earlier.exclude(pk=test.pk).order_by("-tested_at").values_list("time_s", flat=True).first()
    return last


def believed(model: type[Record], athlete_id: int) -> Any:
    return model.objects.filter(athlete=athlete_id, deleted_at=None).exclude(  # type: ignore[attr-defined]
        quality_status=Quality.QUARANTINED
    )


def confirm_record(record: Record, *, now: datetime | None = None) -> Record:
    """Athlete or coach say that a doubted value is right: it counts from now on."""
    with transaction.atomic():
        statements.lock_athlete(record.athlete_id)
        record.refresh_from_db()
        if record.quality_status == Quality.QUARANTINED and record.deleted_at is None:
            record.quality_status = Quality.CONFIRMED
            record.save(update_fields=["quality_status", "updated_at"])
            revise(record.athlete, {record.date}, now=now)
    return record


def delete_record(record: Record, *, now: datetime | None = None) -> None:
    """A tombstone of a higher version: the same record sent again by a client that missed the news stays deleted."""
    with transaction.atomic():
        statements.lock_athlete(record.athlete_id)
        record.refresh_from_db()
        if record.deleted_at is not None:
            return
        record.deleted_at = now or timezone.now()
        record.client_record_version += 1
        record.save(update_fields=["deleted_at", "client_record_version", "updated_at"])
        touched = {record.date}
        if isinstance(record, SleepSession) and not record.is_nap:
            touched |= file_nights(record.athlete, record)
        revise(record.athlete, touched, now=now)


# --- which day a record belongs to -----------------------------------------------------------------------------------


def file_record(athlete: Athlete, kind: str, record: Record) -> set[date]:
    """Derive the record's date and save it. The dates whose reports changed."""
    derive_date(athlete, kind, record)
    record.save()
    if isinstance(record, SleepSession) and not record.is_nap:
        return {record.date} | file_nights(athlete, record)
    return {record.date}


def derive_date(athlete: Athlete, kind: str, record: Record) -> None:
    if isinstance(record, RestDay):
        record.date_basis = "given"
        return
    instant = getattr(record, DECIDING_INSTANT[kind])
    record.date, record.date_basis, record.utc_offset_min = file_under(
        instant, zone=record.zone, own_offset=record.utc_offset_min, profile_zone=athlete.timezone
    )
    if isinstance(record, HrvReading) and record.context.startswith("overnight"):
        record.date = night_of(athlete, record)
    note_vendor_date(record)


def note_vendor_date(record: Record) -> None:
    disagrees = record.vendor_date is not None and record.vendor_date != record.date
    others = [reason for reason in record.quality_reasons if reason != "date_disagrees"]
    record.quality_reasons = [*others, "date_disagrees"] if disagrees else others


def night_of(athlete: Athlete, reading: HrvReading) -> date:
    """The day on which the night of an overnight reading ends: of the sleep around it, else by the clock."""
    around = SleepSession.objects.filter(
        athlete=athlete,
        deleted_at=None,
        is_nap=False,
        start_at__lte=reading.measured_at,
        end_at__gte=reading.measured_at,
    ).values_list("provider", "date")
    dates = dict(sorted(around, key=lambda found: found[0] == reading.provider))
    if dates:
        return next(reversed(dates.values()))
    local, _ = in_local_time(
        reading.measured_at, zone=reading.zone, own_offset=reading.utc_offset_min, profile_zone=athlete.timezone
    )
    return local.date() + timedelta(days=local.hour >= EVENING_H)


def file_nights(athlete: Athlete, session: SleepSession) -> set[date]:
    """File the fragments around a session again: all of a night lie on the date on which its last one ends."""
    around = SleepSession.objects.filter(
        athlete=athlete,
        provider=session.provider,
        deleted_at=None,
        is_nap=False,
        end_at__gte=session.start_at - timedelta(hours=36),
        start_at__lte=session.end_at + timedelta(hours=36),
    )
    by_id = {each.pk: each for each in around}
    touched: set[date] = set()
    for night in nights.merge(night_row(each) for each in by_id.values()):
        last = by_id[night.last["id"]]
        filed = file_under(last.end_at, zone=last.zone, own_offset=last.utc_offset_min, profile_zone=athlete.timezone)
        members = [by_id[fragment["id"]] for fragment in (*night.fragments, *night.replaced)]
        for member in members:
            if member.date != filed.date:
                touched |= {member.date, filed.date}
                member.date = filed.date
                note_vendor_date(member)
                member.save(update_fields=["date", "quality_reasons", "updated_at"])
                if member.pk == session.pk:
                    session.date, session.quality_reasons = member.date, member.quality_reasons
        touched |= file_readings_of(night, session.provider, athlete, filed.date)
    return touched


def night_row(session: SleepSession) -> dict[str, Any]:
    columns = ("id", "start_at", "end_at", "duration_s", "time_in_bed_s", "awake_s", "score")
    return {name: getattr(session, name) for name in columns}


def file_readings_of(night: nights.Night, provider: str, athlete: Athlete, on: date) -> set[date]:
    """Overnight readings of the same device that came before their night did."""
    astray = HrvReading.objects.filter(
        athlete=athlete,
        provider=provider,
        context__startswith="overnight",
        measured_at__range=(night.start_at, night.end_at),
    ).exclude(date=on)
    touched = set()
    for reading in astray:
        touched |= {reading.date, on}
        reading.date = on
        note_vendor_date(reading)
        reading.save(update_fields=["date", "quality_reasons", "updated_at"])
    return touched


# --- plans -----------------------------------------------------------------------------------------------------------


def record_plan(
    athlete: Athlete, on: date, values: Mapping[str, Any], *, by: User, now: datetime | None = None
) -> PlannedSession:
    """Store what is planned for a date: columns of PlannedSession but athlete, date, author and created_by."""
    author = PlannedSession.Author.ATHLETE if athlete.user_id == by.pk else PlannedSession.Author.COACH
    with transaction.atomic():
        statements.lock_athlete(athlete.pk)
        plan = PlannedSession.objects.filter(athlete=athlete, date=on).first()
        plan = plan or PlannedSession(athlete=athlete, date=on)
        asked = {**dict(values), "author": author, "created_by_id": by.pk}
        if plan.pk is None or any(getattr(plan, name) != value for name, value in asked.items()):
            for name, value in asked.items():
                setattr(plan, name, value)
            plan.save()
            revise(athlete, {on}, now=now)
    return plan


def delete_plan(athlete: Athlete, on: date, *, now: datetime | None = None) -> bool:
    with transaction.atomic():
        statements.lock_athlete(athlete.pk)
        plan = PlannedSession.objects.filter(athlete=athlete, date=on).first()
        if plan is None:
            return False
        plan.delete()
        revise(athlete, {on}, now=now)
    return True


# --- deriving dates again ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refiled:
    kind: str
    id: UUID
    before: date
    after: date


def refile(athlete: Athlete, *, dry_run: bool = False, now: datetime | None = None) -> list[Refiled]:
    """Derive the date of every record again, as after a new tz database or a corrected profile zone. No phone rings."""
    with transaction.atomic():
        statements.lock_athlete(athlete.pk)
        before = dates_of_records(athlete)
        for kind, model in RECORDS.items():
            for record in model._default_manager.filter(athlete=athlete, deleted_at=None).order_by("pk"):
                refile_one(athlete, kind, record)
        after = dates_of_records(athlete)
        moved = [Refiled(*key, on, after[key]) for key, on in before.items() if after[key] != on]
        revise(athlete, {on for each in moved for on in (each.before, each.after)}, rings=False, now=now)
        if dry_run:
            transaction.set_rollback(True)
    return moved


def dates_of_records(athlete: Athlete) -> dict[tuple[str, UUID], date]:
    return {
        (kind, pk): on
        for kind, model in RECORDS.items()
        for pk, on in model._default_manager.filter(athlete=athlete, deleted_at=None).values_list("pk", "date")
    }


def refile_one(athlete: Athlete, kind: str, record: Record) -> None:
    """Rows that stay where they are are not written: phones would fetch them all again."""
    if isinstance(record, SleepSession) and not record.is_nap:
        file_nights(athlete, record)
        return
    before = record.date
    derive_date(athlete, kind, record)
    if record.date != before:
        record.save()
