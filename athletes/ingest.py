"""A vendor's payload, kept raw, read by its reader, and stored as the records and check-ins it holds."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from rest_framework import serializers

from athletes import intake, statements, uploads
from athletes.local_time import local_today
from athletes.models import Athlete, CheckIn, Record, Upload
from athletes.rest.problems import errors_of
from athletes.serializers import BODIES, CheckInBody, record_body
from athletes.wearables import READERS
from athletes.wearables.readings import Reader, Reading, ReadingProfile, Tally, Unreadable

CHUNK = 200  # readings a transaction: the athlete's own phone waits no longer than that
MOST_RESULTS = 5_000  # of refused readings and of findings that a status resource lists; all are counted
TASK_BUDGET_S = 20.0  # then the next task goes on: tidy-up and forecasts get their turn
CONTENT_FORMATS = {
    "application/json": {"json"},
    "text/csv": {"csv"},
    "application/zip": {"zip"},
    "application/octet-stream": {"fit", "zip", "xml", "txt", "rr", "csv", "json"},
}
STORE_UNREACHABLE = (OperationalError, InterfaceError)  # not the reader's fault: the row waits for a better moment

log = structlog.get_logger()


@dataclass
class Stored:
    """What became of some readings; `touched` are the local days they changed."""

    results: list[dict[str, Any]] = field(default_factory=list)
    touched: set[date] = field(default_factory=set)

    @property
    def summary(self) -> Counter[str]:
        return Counter(result["status"] for result in self.results)


def profile_of(upload: Upload) -> ReadingProfile:
    """`received_at` is when the body first came: sent or read again, it makes the same versions."""
    return ReadingProfile(timezone=upload.athlete.timezone, received_at=upload.created_at)


# --- storing ---------------------------------------------------------------------------------------------------------


def store(
    athlete: Athlete, readings: Iterable[Reading], *, start: int = 0, rings: bool = True, anew: bool = False
) -> Stored:
    """One transaction. A reading that cannot be taken is named in its result and keeps no other from being stored."""
    stored, now = Stored(), timezone.now()
    with transaction.atomic():
        statements.lock_athlete(athlete.pk)
        for index, reading in enumerate(readings, start):
            stored.results.append(store_one(athlete, index, reading, stored.touched, now, anew=anew))
        intake.revise(athlete, stored.touched, rings=rings, now=now)
    return stored


def store_one(
    athlete: Athlete, index: int, reading: Reading, touched: set[date], now: datetime, *, anew: bool
) -> dict[str, Any]:
    named: dict[str, Any] = {
        "index": index,
        "kind": reading.kind,
        "client_record_id": reading.data.get("client_record_id"),
        "id": None,
        "date": None,
        "quality": None,
        "errors": [],
    }
    try:
        with transaction.atomic():
            if reading.kind == "check_in":
                return named | store_check_in(athlete, reading.data, touched, now)
            if reading.deleted:
                return named | take_back(athlete, reading, touched)
            outcome = store_record(athlete, reading, now, anew=anew)
    except serializers.ValidationError as failure:
        return named | {"status": "refused", "errors": list(errors_of(failure.detail))}
    except intake.Refused as refusal:
        where = f"#/{refusal.field_name}" if refusal.field_name else "#"
        error = {"pointer": where, "code": refusal.code, "message": refusal.message}
        return named | {"status": "refused", "errors": [error]}
    touched |= outcome.touched
    return named | {"status": outcome.status} | shown(reading.kind, outcome.record)


def shown(kind: str, record: Record) -> dict[str, Any]:
    body = record_body(kind, record)
    return {"id": str(record.pk), "date": record.date.isoformat(), "quality": body["quality"]}


def store_record(athlete: Athlete, reading: Reading, now: datetime, *, anew: bool) -> intake.Outcome:
    """`anew`: the same version of the same record, read better than before, replaces it."""
    data = BODIES[reading.kind](data=reading.data)
    data.is_valid(raise_exception=True)
    return intake.write(athlete, reading.kind, data.validated_data, now, anew=anew)


def take_back(athlete: Athlete, reading: Reading, touched: set[date]) -> dict[str, Any]:
    version = reading.data.get("client_record_version", 0)
    record = (
        intake.RECORDS[reading.kind]
        ._default_manager.filter(
            athlete=athlete,
            provider=reading.data["source"]["provider"],
            client_record_id=reading.data["client_record_id"],
        )
        .first()
    )
    if record is None:
        return {"status": "unchanged"}
    if record.deleted_at is None and version <= record.client_record_version:
        return {"status": "stale"} | shown(reading.kind, record)
    status = "unchanged" if record.deleted_at else "deleted"
    touched.add(record.date)
    intake.delete_record(record)
    return {"status": status} | shown(reading.kind, record)


def store_check_in(athlete: Athlete, data: Mapping[str, Any], touched: set[date], now: datetime) -> dict[str, Any]:
    """An app's morning answers fill what the athlete has not answered here."""
    given = dict(data)
    on = date.fromisoformat(str(given.pop("date")))
    given = {name: value for name, value in given.items() if name in CheckInBody().fields}
    before = CheckIn.objects.filter(athlete=athlete, date=on).first()
    if before is not None:
        given = {name: value for name, value in given.items() if not answered(before, name)}
    if not set(given) - {"scale", "submitted_at"}:
        return {"status": "unchanged", "date": on.isoformat()}
    body = CheckInBody(data=given, partial=before is not None)
    body.is_valid(raise_exception=True)
    outcome = intake.record_check_in(athlete, on, body.validated_data, keep_rest=before is not None, now=now)
    if outcome.status != "unchanged":
        touched.add(on)
    return {"status": outcome.status, "date": on.isoformat(), "id": str(outcome.check_in.pk)}


def answered(check_in: CheckIn, name: str) -> bool:
    column = {"hrv": "hrv_value_ms", "injury": "injury_status"}.get(name, name)
    return getattr(check_in, column, None) not in (None, "", "none")


# --- at once, in the request -----------------------------------------------------------------------------------------


def read_at_once(upload: Upload, most_readings: int) -> dict[str, Any] | None:
    """The answer to a small body; None: it holds more than a request should wait for. Raises Unreadable."""
    reader = READERS[upload.provider]
    tally = Tally()
    body = uploads.body_of(upload, whole=True)
    readings = list(islice(reader.stream(body, profile=profile_of(upload), tally=tally), most_readings + 1))
    if len(readings) > most_readings:
        return None
    stored = store(upload.athlete, readings)
    result = result_of(stored, tally)
    Upload.objects.filter(pk=upload.pk).update(
        state=Upload.State.DONE,
        finished_at=timezone.now(),
        readings_total=len(readings),
        readings_done=len(readings),
        result={**result, "results": [each for each in stored.results if each["errors"]]},
    )
    return result


def result_of(stored: Stored, tally: Tally) -> dict[str, Any]:
    return {
        "summary": dict(stored.summary),
        "results": stored.results,
        "affected_dates": sorted(on.isoformat() for on in stored.touched),
        **told_of(tally),
    }


def told_of(tally: Tally) -> dict[str, Any]:
    findings = [{"where": f.where, "code": f.code, "message": f.message} for f in tally.findings]
    return {
        "findings": findings[:MOST_RESULTS],
        "findings_total": len(findings) + tally.untold,
        "ignored": dict(tally.ignored.most_common(1_000)),
    }


# --- in the worker ---------------------------------------------------------------------------------------------------


def work(budget_s: float = TASK_BUDGET_S, only: UUID | None = None) -> int:
    """Work uploads off until there are none or the time is over. How many were finished."""
    ends, finished = time.monotonic() + budget_s, 0
    while time.monotonic() < ends and (upload := uploads.claim(timezone.now(), only)):
        try:
            finished += work_off(upload, ends)
        except uploads.Lost:
            log.warning("upload_taken_over", upload=str(upload.pk))
        except Unreadable as refusal:
            fail(upload, refusal.code, refusal.message)
        except STORE_UNREACHABLE:
            raise  # Celery logs it; the lease runs out and the upload is taken up again
        except Exception as error:  # noqa: BLE001  a reader's bug: it is named, the body kept, and the queue goes on
            log.error("reader_failed", upload=str(upload.pk), provider=upload.provider, kind=type(error).__name__)
            fail(upload, "reader_failed", "The payload could not be read; it is kept and will be read again.")
    return finished


def fail(upload: Upload, code: str, message: str) -> None:
    try:
        uploads.finish(upload, Upload.State.FAILED, timezone.now(), code=code, message=message)
    except uploads.Lost:
        log.warning("upload_taken_over", upload=str(upload.pk))


def work_off(upload: Upload, ends: float) -> bool:
    """Read twice: first to see that all of it can be read and is one person's, then to store it chunk by chunk."""
    if upload.attempts > uploads.MOST_ATTEMPTS:
        raise Unreadable("gave_up", "The worker died over it several times.")
    reader = READERS[upload.provider]
    if upload.readings_total is None:
        tally = Tally()
        total = sum(1 for _ in readings_of(upload, reader, tally))
        uploads.save_progress(upload, timezone.now(), readings_total=total, result=started(tally))
    readings = islice(readings_of(upload, reader, Tally()), upload.readings_done, None)
    while chunk := list(islice(readings, CHUNK)):
        store_chunk(upload, chunk)
        if time.monotonic() > ends:
            uploads.pause(upload)
            return False
    uploads.finish(upload, Upload.State.DONE, timezone.now())
    return True


def readings_of(upload: Upload, reader: Reader, tally: Tally) -> Iterator[Reading]:
    with uploads.opened(upload) as file:
        yield from reader.stream(file, profile=profile_of(upload), tally=tally)


def started(tally: Tally) -> dict[str, Any]:
    return {"summary": {}, "results": [], "affected_dates": [], **told_of(tally)}


def store_chunk(upload: Upload, chunk: list[Reading]) -> None:
    """Records and progress commit together: whoever goes on knows exactly where. Only today's news rings a phone."""
    with transaction.atomic():
        stored = store(upload.athlete, chunk, start=upload.readings_done, rings=False)
        now = timezone.now()
        today = {local_today(upload.athlete, now)} & stored.touched
        intake.announce(upload.athlete, today, rings=True)
        result = added(upload.result, stored)
        uploads.save_progress(upload, now, readings_done=upload.readings_done + len(chunk), result=result)


def added(result: Mapping[str, Any], stored: Stored) -> dict[str, Any]:
    refused = [*result["results"], *(each for each in stored.results if each["errors"])]
    touched = {*result["affected_dates"], *(on.isoformat() for on in stored.touched)}
    summary = Counter(result["summary"]) + stored.summary
    return {
        **result,
        "summary": dict(summary),
        "results": refused[:MOST_RESULTS],
        "affected_dates": sorted(touched),
    }


# --- again, after a reader was fixed ---------------------------------------------------------------------------------


def reread(upload: Upload, *, dry_run: bool = False) -> Counter[str]:
    """Read the kept body once more. What is read differently replaces what the same version said before."""
    if dry_run:
        with transaction.atomic():
            counted = stored_anew(upload)
            transaction.set_rollback(True)
        return counted
    counted = stored_anew(upload)
    if upload.state == Upload.State.FAILED:
        result = started(Tally()) | {"summary": counted}
        Upload.objects.filter(pk=upload.pk).update(state=Upload.State.DONE, finished_at=timezone.now(), result=result)
    return counted


def stored_anew(upload: Upload) -> Counter[str]:
    total = sum(
        1 for _ in readings_of(upload, READERS[upload.provider], Tally())
    )  # first whether all of it can be read
    counted: Counter[str] = Counter()
    readings = readings_of(upload, READERS[upload.provider], Tally())
    for _ in range(0, total, CHUNK):
        counted += store(upload.athlete, islice(readings, CHUNK), rings=False, anew=True).summary
    return counted
