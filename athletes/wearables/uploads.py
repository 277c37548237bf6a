"""Raw bodies: kept beside the database for 30 days under the hash of their bytes, and worked off turn by turn."""

import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils.translation import gettext as _

from athletes import one_writer
from athletes.models import Athlete, Upload, UploadDay
from athletes.serializers import in_utc
from rest.problems import Problem
from storage.identifiers import uuid7

CHUNK_BYTES = 256 * 1024
KEPT = timedelta(days=30)
LEASE = timedelta(seconds=90)  # renewed while it is read and stored; a killed worker's upload is taken up after it
SMALL_BYTES = 4 * 1024 * 1024  # what may be read and stored beside a larger one
RESERVED_AT_ONCE_BYTES = 8 * 1024 * 1024  # of a day's bytes, while what is in a gzip is not known yet
MOST_ATTEMPTS = 5  # deaths and failures in the middle; a pause at the end of a task's time is none
FIRST_PAUSE = timedelta(minutes=1)  # after a failure; five times as long after each further one, 2.6 hours in all
DAYS_COUNTED = timedelta(days=2)  # of how many bytes came; only today's is asked for
ORPHAN_AGE = timedelta(days=1)  # a file whose request never committed its row


def directory() -> Path:
    path = Path(settings.UPLOADS_DIR)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(upload_id: UUID) -> Path:
    return directory() / f"{upload_id}.raw"


def spool_of(upload_id: UUID) -> Path:
    """What the reader made of it (`athletes.wearables.spools`), while it is being stored."""
    return directory() / f"{upload_id}.readings"


# --- receiving -------------------------------------------------------------------------------------------------------


class Allowance:
    """What an athlete may still send today (UTC). Bytes count once they are taken, whatever becomes of them."""

    def __init__(self, athlete: Athlete, now: datetime) -> None:
        self.athlete, self.now = athlete, now
        self.reserved_bytes = 0
        self.row_id: int | None = None

    def take_up_to(self, size_bytes: int) -> None:
        """`size_bytes` of this body have come. Raises Problem."""
        if size_bytes > self.reserved_bytes:
            self.reserve(max(size_bytes - self.reserved_bytes, RESERVED_AT_ONCE_BYTES), size_bytes)

    def reserve(self, wanted_bytes: int, size_bytes: int) -> None:
        needed_bytes = size_bytes - self.reserved_bytes
        for asked_bytes in (wanted_bytes, needed_bytes):  # of the last bytes of a day no whole block is left
            if self.counted(asked_bytes):
                self.reserved_bytes += asked_bytes
                return
        raise self.used_up()

    def counted(self, size_bytes: int) -> bool:
        """One statement: of requests at the same time none gets past the limit."""
        if self.row_id is None:
            self.row_id = UploadDay.objects.get_or_create(athlete=self.athlete, date=self.now.date())[0].pk
        left = settings.INGEST_BYTES_PER_DAY - size_bytes
        today = UploadDay.objects.filter(pk=self.row_id, size_bytes__lte=left)
        return bool(today.update(size_bytes=F("size_bytes") + size_bytes))

    def give_back_beyond(self, size_bytes: int) -> None:
        """The body was so large: what was reserved beyond it is free again."""
        if self.row_id is not None and size_bytes < self.reserved_bytes:
            beyond_bytes, self.reserved_bytes = self.reserved_bytes - size_bytes, size_bytes
            UploadDay.objects.filter(pk=self.row_id).update(size_bytes=F("size_bytes") - beyond_bytes)

    def used_up(self) -> Problem:
        ends_at = datetime.combine(self.now.date() + timedelta(days=1), datetime.min.time(), UTC)
        most_bytes = settings.INGEST_BYTES_PER_DAY
        message = _("You may send %(most)d MiB a day, unpacked; more is taken from %(instant)s on.") % {
            "most": most_bytes // 2**20,
            "instant": in_utc(ends_at),
        }
        wait_s = max(1, round((ends_at - self.now).total_seconds()))
        extra = {"limits": {"bytes_per_day": most_bytes}, "ends_at": in_utc(ends_at)}
        return Problem(429, "daily_bytes_used_up", message, retry_after_s=wait_s, extra=extra)


class Body:
    """A request's body on its way to the disk: never more than a chunk of it in memory.

    Without `allowance` nobody counts it: what vendors push is signed by them and small.
    """

    def __init__(self, limit_bytes: int, allowance: Allowance | None = None) -> None:
        self.id, self.limit_bytes, self.allowance = uuid7(), limit_bytes, allowance
        self.path = path_of(self.id)
        self.size_bytes, self.digest = 0, hashlib.sha256()

    def receive(self, chunks: Iterator[bytes]) -> None:
        try:
            with open(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                for chunk in chunks:
                    self.size_bytes += len(chunk)
                    if self.size_bytes > self.limit_bytes:
                        raise too_large(self.limit_bytes)
                    if self.allowance:
                        self.allowance.take_up_to(self.size_bytes)
                    self.digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            self.discard()
            raise
        finally:
            if self.allowance:
                self.allowance.give_back_beyond(self.size_bytes)

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)


def too_large(limit_bytes: int) -> Problem:
    return Problem(413, "body_too_large", _("The body may have at most %(most)d bytes.") % {"most": limit_bytes})


def chunks_of(stream: Any, announced_bytes: int) -> Iterator[bytes]:
    """What the client sends. A line that breaks off early is a refusal, not a short file."""
    read_bytes = 0
    try:
        while chunk := stream.read(min(CHUNK_BYTES, announced_bytes - read_bytes)):
            read_bytes += len(chunk)
            yield chunk
    except OSError:  # django.http.UnreadablePostError
        pass
    if read_bytes < announced_bytes:
        raise Problem(400, "incomplete_body", _("The body ended early."))


def inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """gzip, unpacked piece by piece: a bomb meets the size limit before it meets the memory."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    broken = Problem(400, "malformed_gzip", _("The body is not valid gzip."))
    try:
        for chunk in chunks:
            while chunk:
                piece = unpacker.decompress(chunk, CHUNK_BYTES)
                if piece:
                    yield piece
                if unpacker.eof:
                    break
                chunk = unpacker.unconsumed_tail
    except zlib.error:
        raise broken from None
    if not unpacker.eof or unpacker.unused_data:
        raise broken


def keep(
    body: Body, athlete: Athlete, provider: str, content_type: str, *, by_webhook: bool = False
) -> tuple[Upload, bool]:
    """The row of this body, and whether it is new. The same bytes are the same upload; a failed one waits anew."""
    given = {"content_type": content_type, "size_bytes": body.size_bytes, "id": body.id, "by_webhook": by_webhook}
    identity = {"athlete": athlete, "provider": provider, "sha256": body.digest.hexdigest()}
    upload, created = Upload.objects.get_or_create(**identity, defaults=given)
    if created:
        return upload, True
    if path_of(upload.pk).exists():
        body.discard()
    else:
        body.path.rename(path_of(upload.pk))
        upload.body_dropped_at = None
        upload.save(update_fields=["body_dropped_at"])
    if upload.state == Upload.State.FAILED:
        restart(upload)
    return upload, False


def restart(upload: Upload) -> None:
    upload.state, upload.attempts, upload.leased_until = Upload.State.WAITING, 0, None
    upload.readings_total, upload.readings_done, upload.result, upload.finished_at = None, 0, {}, None
    upload.save()


def opened(upload: Upload) -> BinaryIO:
    return path_of(upload.pk).open("rb")


# --- the queue -------------------------------------------------------------------------------------------------------


def unfinished(now: datetime) -> QuerySet[Upload]:
    """Waiting and due, or left behind by a worker that died."""
    due = Q(state=Upload.State.WAITING) & (Q(leased_until=None) | Q(leased_until__lt=now))
    return Upload.objects.filter(due | Q(state=Upload.State.WORKING, leased_until__lt=now))


def in_work(now: datetime) -> QuerySet[Upload]:
    return Upload.objects.filter(state=Upload.State.WORKING, leased_until__gte=now)


def claim_upload(now: datetime, only: UUID | None = None) -> Upload | None:
    """An upload nobody works on, leased. `attempts` tells this holder from one that was given up on.

    Of the athlete whose last turn is longest ago: nobody's second comes before another's first. One at a time, the
    worker's other hands belong to the morning's advice; only a small one is taken up beside a large one.
    """
    if not unfinished(now).exists():
        return None  # without asking SQLite for its one write lock
    with transaction.atomic():
        one_writer.lock_uploads()
        rows = unfinished(now)
        if only is not None:
            rows = rows.filter(pk=only)
        elif sizes := list(in_work(now).values_list("size_bytes", flat=True)[:2]):
            if len(sizes) > 1 or sizes[0] <= SMALL_BYTES:
                return None
            rows = rows.filter(size_bytes__lte=SMALL_BYTES)
        upload = in_turn(rows).select_for_update(skip_locked=True, of=("self",)).first()
        if upload is None:
            return None
        upload.state, upload.leased_until, upload.worked_at = Upload.State.WORKING, now + LEASE, now
        upload.attempts += 1
        upload.save(update_fields=["state", "leased_until", "worked_at", "attempts"])
    return upload


def in_turn(rows: QuerySet[Upload]) -> QuerySet[Upload]:
    of_athlete = Upload.objects.filter(athlete=OuterRef("athlete")).order_by().values("athlete")
    last_turn = Subquery(of_athlete.annotate(last=Max("worked_at")).values("last"))
    return rows.annotate(last_turn=last_turn).order_by(F("last_turn").asc(nulls_first=True), "created_at")


class Lost(Exception):
    """Another worker took the upload over."""


def save_progress(upload: Upload, now: datetime, **changes: Any) -> None:
    """In the transaction that stored what it speaks of; only the holder of the lease may."""
    changes = {"leased_until": now + LEASE, **changes}
    held = Upload.objects.filter(pk=upload.pk, state=Upload.State.WORKING, attempts=upload.attempts)
    if not held.update(**changes):
        raise Lost
    for name, value in changes.items():
        setattr(upload, name, value)


def pause(upload: Upload) -> None:
    """Its turn is over: its next one goes on where this one stopped. That was no failure."""
    held = Upload.objects.filter(pk=upload.pk, state=Upload.State.WORKING, attempts=upload.attempts)
    held.update(state=Upload.State.WAITING, attempts=F("attempts") - 1, leased_until=None)


def pause_after(attempts: int) -> timedelta:
    return FIRST_PAUSE * pow(5.0, attempts - 1)


def put_off(upload: Upload, until: datetime, **result: Any) -> None:
    """Reading it failed, perhaps for a reason that passes: nobody takes it up before `until`."""
    save_progress(upload, until, state=Upload.State.WAITING, leased_until=until, result={**upload.result, **result})


def finish(upload: Upload, state: Upload.State, now: datetime, **result: Any) -> None:
    save_progress(upload, now, state=state, leased_until=None, finished_at=now, result={**upload.result, **result})


# --- throwing away ---------------------------------------------------------------------------------------------------


def drop_body(upload: Upload, now: datetime) -> None:
    upload.body_dropped_at = now
    Upload.objects.filter(pk=upload.pk).update(body_dropped_at=now)
    path_of(upload.pk).unlink(missing_ok=True)


def drop_spool(upload: Upload) -> None:
    spool_of(upload.pk).unlink(missing_ok=True)


def drop_oldest(athlete_id: int, now: datetime) -> int:
    """Of what was worked off, an athlete's newest bodies stay: so many bytes of them. How many went."""
    worked_off = Upload.objects.filter(athlete_id=athlete_id, finished_at__isnull=False, body_dropped_at=None)
    kept_bytes, dropped = 0, 0
    for upload in worked_off.order_by("-created_at").iterator():
        kept_bytes += upload.size_bytes
        if kept_bytes > settings.INGEST_KEPT_BYTES:
            drop_body(upload, now)
            dropped += 1
    return dropped


@receiver(post_delete, sender=Upload)
def remove_body(sender: Any, instance: Upload, **kwargs: Any) -> None:
    """Rows go with their athlete; the body goes with its row."""
    paths = path_of(instance.pk), spool_of(instance.pk)  # delete() takes the key off the instance before the commit
    for path in paths:
        transaction.on_commit(partial(path.unlink, missing_ok=True))


def tidy_up(now: datetime) -> int:
    """Bodies and rows after 30 days, the count of bytes with them, and files that never got a row."""
    old = Upload.objects.filter(created_at__lt=now - KEPT)
    removed = old.count()
    old.delete()
    UploadDay.objects.filter(date__lt=(now - DAYS_COUNTED).date()).delete()
    for path in directory().iterdir():
        with suppress(FileNotFoundError, ValueError):
            aged = path.stat().st_mtime < (now - ORPHAN_AGE).timestamp()
            if aged and not Upload.objects.filter(pk=UUID(path.name.split(".")[0])).exists():
                path.unlink()
    return removed


def body_of(upload: Upload, *, whole: bool) -> bytes | IO[bytes]:
    file = opened(upload)
    if not whole:
        return file
    with file:
        return file.read()
