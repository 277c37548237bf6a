"""A batch of records from a phone, watch or wearable client: what became of each, chunk by chunk."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from athletes import one_writer
from athletes.models import Absence, Athlete, Record
from athletes.reports import intake
from athletes.reports.records import RECORDS, Outcome, Refused, Sent
from athletes.serializers import BODIES, in_utc, record_body
from athletes.sync import changes
from rest import strict
from rest.plain import plainly
from rest.problems import error, errors_of
from storage import upserts

MOST_RECORDS = 5_000
CHUNK = 1_000  # records a transaction: sent again after a failure in between, what is stored is unchanged
MOST_BYTES = 1024 * 1024  # inflated
LIMITS = {"records": MOST_RECORDS, "absences": MOST_RECORDS, "bytes_inflated": MOST_BYTES}
STATUSES = ("created", "updated", "unchanged", "conflict", "stale", "deleted", "rejected")
ENTRY = {"kind", "data", "deleted"}
IDENTITY = ("client_record_id", "client_record_version", "source")

Row = dict[str, Any]


class Identity(strict.StrictSerializer):
    """All that a deletion needs to say."""

    client_record_id = BODIES["rest_day"]().fields["client_record_id"]
    client_record_version = BODIES["rest_day"]().fields["client_record_version"]
    source = BODIES["rest_day"]().fields["source"]  # type: ignore[assignment]


class AbsenceBody(strict.StrictSerializer):
    kind = strict.StrictChoiceField(choices=list(RECORDS))
    date = strict.ISODateField()
    reason = strict.StrictChoiceField(choices=Absence.Reason.choices)


VALIDATORS = {kind: body() for kind, body in BODIES.items()}  # built once; validation keeps nothing on them
PLAIN = {kind: plainly(validator) for kind, validator in VALIDATORS.items()}
IDENTITY_VALIDATOR, ABSENCE_VALIDATOR = Identity(), AbsenceBody()


def sync(athlete: Athlete, records: Sequence[Any], absences: Sequence[Any], *, now: datetime | None = None) -> Row:
    """Store what can be stored. A record that cannot is named in its result and keeps no other from being stored."""
    now = now or timezone.now()
    read = [read_entry(index, entry) for index, entry in enumerate(records)]
    missing = [read_absence(index, entry) for index, entry in enumerate(absences)]
    sent = [each for each in read if isinstance(each, Sent)]
    with transaction.atomic():
        one_writer.lock_athlete(athlete.pk)
        position = changes.position_of(athlete)
        outcomes, touched = intake.store(athlete, sent[:CHUNK], now=now)
        told = store_absences(athlete, [each for each in missing if not isinstance(each, list)])
    for start in range(CHUNK, len(sent), CHUNK):
        upserts.let_writers_in()
        more, days = intake.store(athlete, sent[start : start + CHUNK], now=now)
        outcomes, touched = outcomes + more, touched | days
    results = list(results_of(records, read, iter(outcomes)))
    counted = Counter(result["status"] for result in results)
    return {
        "summary": {status: counted[status] for status in STATUSES},
        "results": results,
        "absences": list(absence_results(missing, iter(told))),
        "affected_dates": sorted(on.isoformat() for on in touched),
        "server_time": in_utc(now),
        "next_cursor": changes.cursor_of(athlete, position),
    }


# --- reading an entry -------------------------------------------------------------------------------------------------

Errors = list[dict[str, str]]


def read_entry(index: int, entry: Any) -> Sent | Errors:
    at = f"/records/{index}"
    if not isinstance(entry, dict):
        return [error("not_an_object", _("Must be an object."), pointer=at)]
    if unknown := sorted(set(entry) - ENTRY):
        return [error("unknown_field", _("There is no such field."), pointer=f"{at}/{name[:64]}") for name in unknown]
    kind, data, deleted = entry.get("kind"), entry.get("data"), entry.get("deleted", False)
    if not isinstance(kind, str) or kind not in BODIES:
        return [
            error("unknown_kind", _("Must be one of: %(kinds)s.") % {"kinds": ", ".join(BODIES)}, pointer=f"{at}/kind")
        ]
    if not isinstance(deleted, bool):
        return [error("not_a_boolean", _("Must be true or false."), pointer=f"{at}/deleted")]
    if not isinstance(data, dict):
        return [error("not_an_object", _("Must be an object."), pointer=f"{at}/data")]
    try:
        if deleted:
            named = {name: data[name] for name in IDENTITY if name in data}
            return Sent(kind, IDENTITY_VALIDATOR.run_validation(named or {"source": None}), deleted=True)
        plain = PLAIN[kind](data)
        return Sent(kind, VALIDATORS[kind].run_validation(data) if plain is None else plain)
    except serializers.ValidationError as failure:
        return list(errors_of(failure.detail, f"{at}/data"))


def read_absence(index: int, entry: Any) -> Mapping[str, Any] | Errors:
    try:
        told: dict[str, Any] = ABSENCE_VALIDATOR.run_validation(entry)
        return told
    except serializers.ValidationError as failure:
        return list(errors_of(failure.detail, f"/absences/{index}"))


# --- answering --------------------------------------------------------------------------------------------------------


def results_of(
    entries: Sequence[Any], read: Sequence[Sent | Errors], outcomes: Iterator[Outcome | Refused]
) -> Iterator[Row]:
    for index, (entry, each) in enumerate(zip(entries, read, strict=True)):
        result: Row = {
            "index": index, "kind": None, "client_record_id": None, "status": "rejected", "id": None, "date": None,
            "quality": None, "record": None, "retryable": False, "errors": [],
        }  # fmt: skip
        if isinstance(each, Sent):
            yield result | named(each) | outcome_of(index, each.kind, next(outcomes))
        else:
            yield result | named_as_sent(entry) | {"errors": each}


def named(sent: Sent) -> Row:
    return {"kind": sent.kind, "client_record_id": sent.data["client_record_id"]}


def named_as_sent(entry: Any) -> Row:
    """So that a client finds its record again; only what could be the name of one."""
    kind = entry.get("kind") if isinstance(entry, dict) else None
    data = entry.get("data") if isinstance(entry, dict) else None
    name = data.get("client_record_id") if isinstance(data, dict) else None
    return {
        "kind": kind if isinstance(kind, str) and kind in BODIES else None,
        "client_record_id": name if isinstance(name, str) and len(name) <= 128 else None,
    }


def outcome_of(index: int, kind: str, outcome: Outcome | Refused) -> Row:
    if isinstance(outcome, Refused):
        at = f"/records/{index}/data/{outcome.field_name}"
        return {"errors": [error(outcome.code, outcome.message, pointer=at)]}
    if outcome.record is None:
        return {"status": outcome.status}
    return {"status": outcome.status, **shown(kind, outcome.record, whole=outcome.status in ("conflict", "stale"))}


def shown(kind: str, record: Record, *, whole: bool) -> Row:
    """The server's copy is sent back where it is another than the client's."""
    return {
        "id": str(record.pk),
        "date": record.date.isoformat(),
        "quality": {"status": str(record.quality_status), "reasons": record.quality_reasons},
        "record": record_body(kind, record) if whole and record.deleted_at is None else None,
    }


# --- absences ---------------------------------------------------------------------------------------------------------


def store_absences(athlete: Athlete, absences: Sequence[Mapping[str, Any]]) -> list[str]:
    """One a kind and date, the last one said counts. It changes no value, so no day is revised."""
    dates = {each["date"] for each in absences}
    rows = Absence.objects.filter(athlete=athlete, date__in=dates) if dates else ()
    known: dict[tuple[str, date], str] = {(row.kind, row.date): row.reason for row in rows}
    wanted: dict[tuple[str, date], Absence] = {}
    statuses = []
    for each in absences:
        key = (each["kind"], each["date"])
        before = known.get(key)
        statuses.append("created" if before is None else "unchanged" if before == each["reason"] else "updated")
        if before != each["reason"]:
            wanted[key] = Absence(athlete=athlete, **each)
        known[key] = each["reason"]
    upserts.upsert_many(list(wanted.values()), unique=("athlete_id", "kind", "date"))
    return statuses


def absence_results(read: Sequence[Mapping[str, Any] | Errors], statuses: Iterator[str]) -> Iterator[Row]:
    for index, each in enumerate(read):
        status = "rejected" if isinstance(each, list) else next(statuses)
        yield {"index": index, "status": status, "retryable": False, "errors": each if isinstance(each, list) else []}
