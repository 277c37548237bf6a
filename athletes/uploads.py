"""Raw bodies: kept beside the database for 30 days under the hash of their bytes, and worked off row by row."""

import hashlib
import io
import os
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils.translation import gettext as _

from athletes.identifiers import uuid7
from athletes.models import Athlete, Upload
from athletes.rest.problems import Problem

CHUNK_BYTES = 256 * 1024
KEPT = timedelta(days=30)
LEASE = timedelta(seconds=90)  # renewed while it is read and stored; a killed worker's upload is taken up after it
RENEWED_EVERY_S = 20.0
MOST_ATTEMPTS = 5  # deaths and failures in the middle; a pause at the end of a task's time is none
FIRST_PAUSE = timedelta(minutes=1)  # after a failure; five times as long after each further one, 2.6 hours in all
ORPHAN_AGE = timedelta(days=1)  # a file whose request never committed its row


def directory() -> Path:
    path = Path(settings.UPLOADS_DIR)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(upload_id: UUID) -> Path:
    return directory() / f"{upload_id}.raw"


# --- receiving -------------------------------------------------------------------------------------------------------


class Body:
    """A request's body on its way to the disk: never more than a chunk of it in memory."""

    def __init__(self, limit_bytes: int) -> None:
        self.id, self.limit_bytes = uuid7(), limit_bytes
        self.path = path_of(self.id)
        self.size_bytes, self.digest = 0, hashlib.sha256()

    def receive(self, chunks: Iterator[bytes]) -> None:
        try:
            with open(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                for chunk in chunks:
                    self.size_bytes += len(chunk)
                    if self.size_bytes > self.limit_bytes:
                        raise too_large(self.limit_bytes)
                    self.digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            self.discard()
            raise

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
    if upload.state == Upload.State.FAILED:
        restart(upload)
    return upload, False


def restart(upload: Upload) -> None:
    upload.state, upload.attempts, upload.leased_until = Upload.State.WAITING, 0, None
    upload.readings_total, upload.readings_done, upload.result, upload.finished_at = None, 0, {}, None
    upload.save()


def opened(upload: Upload) -> BinaryIO:
    return path_of(upload.pk).open("rb")


class HeldFile(io.FileIO):
    """The body of an upload that is worked on. Reading it holds the lease, also through a gigabyte of heart rates."""

    def __init__(self, upload: Upload) -> None:
        super().__init__(path_of(upload.pk))
        self.upload, self.renewed_at_s = upload, time.monotonic()

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() - self.renewed_at_s >= RENEWED_EVERY_S:
            save_progress(self.upload, datetime.now(UTC))
            self.renewed_at_s = time.monotonic()
        return super().readinto(buffer)


def held(upload: Upload) -> BinaryIO:
    """Lost is raised in the middle of reading as soon as another worker has taken the upload over."""
    return io.BufferedReader(HeldFile(upload), CHUNK_BYTES)


# --- the queue -------------------------------------------------------------------------------------------------------


def unfinished(now: datetime) -> QuerySet[Upload]:
    """Waiting and due, or left behind by a worker that died."""
    due = Q(state=Upload.State.WAITING) & (Q(leased_until=None) | Q(leased_until__lt=now))
    return Upload.objects.filter(due | Q(state=Upload.State.WORKING, leased_until__lt=now))


def claim(now: datetime, only: UUID | None = None) -> Upload | None:
    """The oldest upload nobody works on, leased. `attempts` tells this holder from one that was given up on.

    One at a time: the worker's other hands belong to the morning's advice.
    """
    with transaction.atomic():
        if only is None and Upload.objects.filter(state=Upload.State.WORKING, leased_until__gte=now).exists():
            return None
        rows = unfinished(now) if only is None else unfinished(now).filter(pk=only)
        upload = rows.select_for_update(skip_locked=True, of=("self",)).order_by("created_at").first()
        if upload is None:
            return None
        upload.state, upload.leased_until = Upload.State.WORKING, now + LEASE
        upload.attempts += 1
        upload.save(update_fields=["state", "leased_until", "attempts"])
    return upload


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
    """The task's time is over: the next one goes on where this one stopped. That was no failure."""
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


@receiver(post_delete, sender=Upload)
def remove_body(sender: Any, instance: Upload, **kwargs: Any) -> None:
    """Rows go with their athlete; the body goes with its row."""
    path = path_of(instance.pk)  # delete() takes the key off the instance before the commit
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def tidy_up(now: datetime) -> int:
    """Bodies and rows after 30 days, and files that never got a row."""
    old = Upload.objects.filter(created_at__lt=now - KEPT)
    removed = old.count()
    old.delete()
    for path in directory().glob("*.raw"):
        with suppress(FileNotFoundError, ValueError):
            aged = path.stat().st_mtime < (now - ORPHAN_AGE).timestamp()
            if aged and not Upload.objects.filter(pk=UUID(path.stem)).exists():
                path.unlink()
    return removed


def body_of(upload: Upload, *, whole: bool) -> bytes | IO[bytes]:
    file = opened(upload)
    if not whole:
        return file
    with file:
        return file.read()
