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
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from rest_framework import serializers

from athletes import one_writer
from athletes.local_days.local_time import OFFSET_UNKNOWN, bounds_of, local_today
from athletes.models import Athlete, CheckIn, Upload, VendorAccount
from athletes.people.languages import supported
from athletes.reports import intake, recording
from athletes.reports.records import Outcome, Refused, Sent
from athletes.serializers import BODIES, CheckInBody, in_utc
from athletes.sync import changes
from athletes.wearables import spools, uploads
from athletes.wearables.readers import READERS
from athletes.wearables.readings import Reading, ReadingProfile, Tally, Unreadable
from rest.plain import plainly
from rest.problems import error, errors_of
from storage import bell, upserts

CHUNK = 200  # readings a transaction, fewer where it takes longer than this: SQLite has one writer, and phones wait
LONGEST_WRITE_S, FEWEST = 0.25, 10
MOST_RESULTS = 1_000  # of refused readings that a status resource lists; all are counted. Each chunk writes the list
TURN_S = 2.0  # of storing, then another athlete's upload has its turn
TASK_BUDGET_S = 20.0  # of turns, then the next task goes on: tidy-up and forecasts get theirs
CONTENT_FORMATS = {
    "application/json": {"json"},
    "text/csv": {"csv"},
    "application/zip": {"zip"},
    "application/octet-stream": {"fit", "zip", "xml", "txt", "rr", "csv", "json"},
}
FAILED_CODE, GAVE_UP = "reader_failed", "gave_up"
READERS_FAULT = {FAILED_CODE, GAVE_UP}
STORE_UNREACHABLE = (OperationalError, InterfaceError)  # not the reader's fault: the row waits for a better moment

VALIDATORS = {kind: body() for kind, body in BODIES.items()}  # built once; validation keeps nothing on them
PLAIN = {kind: plainly(validator) for kind, validator in VALIDATORS.items()}

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
    return ReadingProfile(upload.athlete.timezone, upload.created_at, linked_account(upload))


def linked_account(upload: Upload) -> str:
    """Whose part of a batch is the athlete's; empty where the vendor sends no batches, or no account is linked."""
    reader = READERS[upload.provider]
    if not reader.sends_batches:
        return ""
    linked = VendorAccount.objects.filter(athlete_id=upload.athlete_id, provider=reader.provider).first()
    return linked.vendor_user_id if linked else ""


# --- storing ---------------------------------------------------------------------------------------------------------


Prepared = list[tuple[Reading, Sent | list[dict[str, str]]]]


def prepared(readings: Iterable[Reading]) -> Prepared:
    """Validated before the transaction: SQLite's one writer must not wait for that."""
    return [(reading, validated(reading)) for reading in readings]


def store(athlete: Athlete, batch: Prepared, *, start: int = 0, rings: bool = True, anew: bool = False) -> Stored:
    """One transaction. A reading that cannot be taken is named in its result and keeps no other from being stored.

    `anew`: the same version of the same record, read better than before, replaces it.
    """
    stored, now = Stored(), timezone.now()
    with transaction.atomic():
        one_writer.lock_athlete(athlete.pk)
        sent = [each for _, each in batch if isinstance(each, Sent)]
        outcomes, touched = recording.apply(athlete, sent, now, anew=anew)
        stored.touched |= touched
        said = iter(outcomes)
        for index, (reading, each) in enumerate(batch, start):
            if isinstance(each, Sent):
                told = told_of_record(next(said))
            elif reading.kind == "check_in":
                told = told_of_check_in(athlete, reading.data, stored.touched, now)
            else:
                told = {"errors": each}
            stored.results.append(named(index, reading) | told)
        intake.revise(athlete, stored.touched, rings=rings, now=now)
    return stored


def named(index: int, reading: Reading) -> dict[str, Any]:
    return {
        "index": index,
        "kind": reading.kind,
        "client_record_id": reading.data.get("client_record_id"),
        "status": "rejected",
        "id": None,
        "date": None,
        "quality": None,
        "retryable": False,
        "errors": [],
    }


def validated(reading: Reading) -> Sent | list[dict[str, str]]:
    """As the record's own endpoint would take it; else why not. A check-in waits for its own turn."""
    if reading.kind == "check_in":
        return []
    if reading.deleted:
        return Sent(reading.kind, reading.data, deleted=True)
    try:
        plain = PLAIN[reading.kind](reading.data)
        return Sent(reading.kind, VALIDATORS[reading.kind].run_validation(reading.data) if plain is None else plain)
    except serializers.ValidationError as failure:
        return list(errors_of(failure.detail))


def told_of_record(outcome: Outcome | Refused) -> dict[str, Any]:
    if isinstance(outcome, Refused):
        return {"errors": [error(outcome.code, outcome.message, pointer=pointer_to(outcome))]}
    if outcome.record is None:  # deleted before it came
        return {"status": outcome.status}
    quality = {"status": str(outcome.record.quality_status), "reasons": outcome.record.quality_reasons}
    date_of = outcome.record.date.isoformat()
    return {"status": outcome.status, "id": str(outcome.record.pk), "date": date_of, "quality": quality}


def pointer_to(refusal: Refused) -> str:
    return f"/{refusal.field_name}" if refusal.field_name else ""


def told_of_check_in(athlete: Athlete, data: Mapping[str, Any], touched: set[date], now: datetime) -> dict[str, Any]:
    try:
        with transaction.atomic():
            return store_check_in(athlete, data, touched, now)
    except serializers.ValidationError as failure:
        return {"errors": list(errors_of(failure.detail))}
    except Refused as refusal:
        return {"errors": [error(refusal.code, refusal.message, pointer=pointer_to(refusal))]}


def store_check_in(athlete: Athlete, data: Mapping[str, Any], touched: set[date], now: datetime) -> dict[str, Any]:
    """An app's morning answers fill what the athlete has not answered here, and are older than any answer here."""
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
    submitted_at = before.submitted_at if before else bounds_of(athlete.timezone, on)[0]
    said = body.validated_data | {"submitted_at": submitted_at.replace(tzinfo=OFFSET_UNKNOWN)}
    outcome = intake.record_check_in(athlete, on, said, keep_rest=before is not None, now=now)
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
    batch = prepared(readings)
    with transaction.atomic():
        one_writer.lock_athlete(upload.athlete_id)
        cursor = changes.cursor_of(upload.athlete, changes.position_of(upload.athlete))
        stored = store(upload.athlete, batch)
        result = result_of(stored, tally)
        Upload.objects.filter(pk=upload.pk).update(
            state=Upload.State.DONE,
            finished_at=timezone.now(),
            readings_total=len(readings),
            readings_done=len(readings),
            result={**result, "results": [each for each in stored.results if each["errors"]]},
        )
    return {**result, "next_cursor": cursor}


def result_of(stored: Stored, tally: Tally) -> dict[str, Any]:
    return {
        "summary": dict(stored.summary),
        "results": stored.results,
        "affected_dates": sorted(on.isoformat() for on in stored.touched),
        **spools.told_of(tally),
    }


# --- in the worker ---------------------------------------------------------------------------------------------------


def work(budget_s: float = TASK_BUDGET_S, only: UUID | None = None) -> int:
    """Turn after turn until nothing waits or the time is over. How many were finished.

    Beside another worker one turn, then advice may have this hand.
    """
    ends, finished = time.monotonic() + budget_s, 0
    while upload := uploads.claim_upload(timezone.now(), only):
        with translation.override(supported(upload.athlete.locale)):  # what is said of it is kept with it
            finished += worked_off(upload, min(TURN_S, budget_s))
        if time.monotonic() >= ends or uploads.in_work(timezone.now()).exists():
            if uploads.unfinished(timezone.now()).exists():
                bell.ring(bell.UPLOADS)
            break
    return finished


def worked_off(upload: Upload, budget_s: float) -> bool:
    try:
        return work_off(upload, budget_s)
    except uploads.Lost:
        log.warning("upload_taken_over", upload=str(upload.pk))
    except Unreadable as refusal:
        fail(upload, refusal.code, refusal.message, keeps_body=refusal.code in READERS_FAULT)
    except STORE_UNREACHABLE:
        raise  # Celery logs it; the lease runs out and the upload is taken up again
    except Exception as crash:  # noqa: BLE001  a reader's bug: it is named, the body kept, and the queue goes on
        kind = str(crash) if isinstance(crash, spools.Crashed) else type(crash).__name__
        log.error("reader_failed", upload=str(upload.pk), provider=upload.provider, kind=kind)
        put_off_or_fail(upload)
    return False


def fail(upload: Upload, code: str, message: str, *, keeps_body: bool = False) -> None:
    """What no reader can read is of no use to anybody; what only our reader could not read is read again some day."""
    now = timezone.now()
    try:
        uploads.finish(upload, Upload.State.FAILED, now, code=code, message=message)
    except uploads.Lost:
        log.warning("upload_taken_over", upload=str(upload.pk))
        return
    uploads.drop_spool(upload)
    if keeps_body:
        uploads.drop_oldest(upload.athlete_id, now)
    else:
        uploads.drop_body(upload, now)


def put_off_or_fail(upload: Upload) -> None:
    if upload.attempts >= uploads.MOST_ATTEMPTS:
        message = f"{failed()} {stored_so_far(upload)} {what_to_do()}"
        return fail(upload, FAILED_CODE, message, keeps_body=True)
    now = timezone.now()
    again_at = now + uploads.pause_after(upload.attempts)
    failed_now = _("Reading it failed; it is tried again after %(instant)s.") % {"instant": in_utc(again_at)}
    message = f"{failed_now} {stored_so_far(upload)}"
    try:
        uploads.put_off(upload, again_at, code=FAILED_CODE, message=message)
    except uploads.Lost:
        log.warning("upload_taken_over", upload=str(upload.pk))


def stored_so_far(upload: Upload) -> str:
    return _("%(stored)d of its readings are stored.") % {"stored": upload.readings_done}


def failed() -> str:
    return _("The payload could not be read in %(attempts)d attempts: the fault is the reader's, not yours.") % {
        "attempts": uploads.MOST_ATTEMPTS
    }


def what_to_do() -> str:
    return _(
        "It is kept for %(days)d days: once the reader is corrected an operator reads it again "
        "(./homestretch manage reread), or you send it again; what is stored is not stored twice."
    ) % {"days": uploads.KEPT.days}


def work_off(upload: Upload, turn_s: float) -> bool:
    """Read once as a whole, to see that all of it can be read and is one person's; then stored chunk by chunk."""
    if upload.attempts > uploads.MOST_ATTEMPTS:
        died = _("The worker died over it several times.")
        raise Unreadable(GAVE_UP, f"{died} {stored_so_far(upload)} {what_to_do()}")
    upload.result = {name: value for name, value in upload.result.items() if name not in ("code", "message")}
    if upload.readings_total is None or not uploads.spool_of(upload.pk).exists():
        read_whole(upload)
    ends, size = time.monotonic() + turn_s, CHUNK
    with spools.opened(uploads.spool_of(upload.pk), after=upload.readings_done) as readings:
        while chunk := list(islice(readings, size)):
            took_s = store_chunk(upload, chunk)
            size = next_size(size, took_s)
            if upload.readings_done < (upload.readings_total or 0):
                if time.monotonic() > ends:
                    uploads.pause(upload)
                    return False
                upserts.let_writers_in(took_s)
    uploads.finish(upload, Upload.State.DONE, timezone.now())
    uploads.drop_spool(upload)
    uploads.drop_oldest(upload.athlete_id, timezone.now())
    return True


def next_size(size: int, took_s: float) -> int:
    if took_s > LONGEST_WRITE_S:
        return max(size // 2, min(FEWEST, CHUNK))
    return min(2 * size, CHUNK) if took_s < LONGEST_WRITE_S / 4 else size


def read_whole(upload: Upload) -> None:
    reader, path, spool = READERS[upload.provider], uploads.path_of(upload.pk), uploads.spool_of(upload.pk)
    if read_here(upload):
        with path.open("rb") as body:
            told = spools.write(reader, body, spool, profile_of(upload))
    else:
        told = spools.write_apart(upload.provider, path, spool, profile_of(upload), lambda: still_here(upload))
    progress: dict[str, Any] = {"readings_total": told.total}
    if upload.readings_done == 0:
        progress["result"] = {"summary": {}, "results": [], "affected_dates": [], **told.result}
    uploads.save_progress(upload, timezone.now(), **progress)


def still_here(upload: Upload) -> None:
    """Raises Lost once another worker has taken the upload over."""
    uploads.save_progress(upload, timezone.now())


def read_here(upload: Upload) -> bool:
    """What cannot become large in memory; a zip of any size can."""
    with uploads.opened(upload) as body:
        return upload.size_bytes <= spools.APART_FROM_BYTES and body.read(2) != b"PK"


def readings_of(upload: Upload, tally: Tally) -> Iterator[Reading]:
    with uploads.opened(upload) as file:
        readings = READERS[upload.provider].stream(file, profile=profile_of(upload), tally=tally)
        yield from spools.limited(readings, tally)


def store_chunk(upload: Upload, chunk: list[Reading]) -> float:
    """Records and progress commit together: whoever goes on knows exactly where. Only today's news rings a phone.

    Seconds for which others could not write.
    """
    batch = prepared(chunk)
    with transaction.atomic():
        began_s = time.monotonic()  # SQLite's write lock is taken by now
        stored = store(upload.athlete, batch, start=upload.readings_done, rings=False)
        now = timezone.now()
        today = {local_today(upload.athlete, now)} & stored.touched
        intake.announce(upload.athlete, today, rings=True)
        result = added(upload.result, stored)
        uploads.save_progress(upload, now, readings_done=upload.readings_done + len(chunk), result=result)
    return time.monotonic() - began_s


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
        result = {"summary": counted, "results": [], "affected_dates": [], **spools.told_of(Tally())}
        Upload.objects.filter(pk=upload.pk).update(state=Upload.State.DONE, finished_at=timezone.now(), result=result)
    return counted


def stored_anew(upload: Upload) -> Counter[str]:
    total = sum(1 for _ in readings_of(upload, Tally()))  # first whether all of it can be read
    counted: Counter[str] = Counter()
    readings = readings_of(upload, Tally())
    for _start in range(0, total, CHUNK):
        counted += store(upload.athlete, prepared(islice(readings, CHUNK)), rings=False, anew=True).summary
    return counted
