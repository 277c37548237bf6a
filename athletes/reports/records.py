"""One record: as a client sent it, as a row, and what its row says of it alone."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from athletes.local_days.local_time import file_under, own_offset_min
from athletes.models import (
    Athlete,
    HrvReading,
    PerformanceTest,
    Record,
    RestDay,
    RestingHrReading,
    SleepSession,
    TrainingSession,
)
from measures import loads
from measures.quality import DATE_DISAGREES

CLOCK_SKEW = timedelta(minutes=5)
EARLIEST = date(2000, 1, 1)

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
        rate(record)
    if sent.kind == "rest_day":
        record.date = data["date"]
    else:
        record.utc_offset_min = own_offset_min(getattr(record, DECIDING_INSTANT[sent.kind]))
    derive_date(athlete, record)
    return record


def rate(session: TrainingSession) -> None:
    """What follows from the rating alone, of a row that is being written. An unrated one is judged with the others."""
    said = session.said_rpe
    if said is not None:
        load = loads.rated(session.duration_min, said, confirmed=session.rated_rpe is not None)
        for name, value in loads.as_columns(load).items():
            setattr(session, name, value)


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


def in_order(at: str) -> Any:
    return lambda record: (getattr(record, at), record.provider, record.client_record_id)
