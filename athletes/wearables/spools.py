"""What a reader makes of a body, written down once, a reading a line: storing it starts at any of them.

A large body, and any zip, is read in a process of its own with a limit on memory and time. A bomb ends that process,
not the worker; the lease is renewed meanwhile by the one that waits for it.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from athletes.wearables.readers import READERS
from athletes.wearables.readings import Finding, Reader, Reading, ReadingProfile, Tally, Unreadable

APART_FROM_BYTES = 256 * 1024  # below, a body cannot become large in memory, and starting Python takes longer
MOST_READINGS = 100_000  # a decade of an Apple export holds about 40,000
MOST_OF_A_KIND_A_DAY = 1_000  # a watch that measures every two minutes comes to 720
MOST_FINDINGS_TOLD = 5_000  # all are counted
MOST_S = 780  # its CPU time is limited, too; the task that waits has 840
ALIVE_EVERY_S = 20.0
OUT_OF_MEMORY = {-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS}  # how native code ends that gets none

Alive = Callable[[], None]


@dataclass
class Told:
    """How many readings, what was found and what was left aside, as the upload's row keeps it."""

    total: int
    result: dict[str, Any] = field(default_factory=dict)


class Crashed(Exception):
    """The reader's own fault, in a process of its own."""


def told_of(tally: Tally) -> dict[str, Any]:
    """One finding a kind, at its first place, with how many there are: 613 times the same sentence helps nobody."""
    first = {finding.kind: finding for finding in reversed(tally.findings)}
    findings = [told_finding(f, tally.alike[f.kind]) for f in tally.findings if first[f.kind] is f]
    return {
        "findings": findings[:MOST_FINDINGS_TOLD],
        "findings_total": len(tally.findings) + tally.untold,
        "ignored": dict(tally.ignored.most_common(1_000)),
    }


def told_finding(finding: Finding, count: int) -> dict[str, Any]:
    told = {"where": finding.where, "code": finding.code, "message": finding.message}
    return {**told, "count": count} if count > 1 else told


# --- writing ---------------------------------------------------------------------------------------------------------


def limited(readings: Iterator[Reading], tally: Tally) -> Iterator[Reading]:
    """So many of a body, so many of a day; a finding says that there was more."""
    of_a_day: Counter[tuple[str, str]] = Counter()
    for reading in islice(readings, MOST_READINGS):
        day = (reading.kind, day_of(reading))
        of_a_day[day] += 1
        if of_a_day[day] <= MOST_OF_A_KIND_A_DAY or not day[1]:
            yield reading
        elif of_a_day[day] == MOST_OF_A_KIND_A_DAY + 1:
            message = _("More than %(most)d of a kind on one day: those beyond are left out.")
            told_first(tally, day[1], "too_many_on_a_day", message % {"most": MOST_OF_A_KIND_A_DAY})
    if next(readings, None) is not None:
        message = _("At most %(most)d readings are taken of one upload: send the rest in another.")
        told_first(tally, "", "too_many_readings", message % {"most": MOST_READINGS})


def day_of(reading: Reading) -> str:
    at = ("measured_at", "end_at", "started_at", "tested_at", "date")
    return next((str(reading.data[name])[:10] for name in at if reading.data.get(name)), "")


def told_first(tally: Tally, where: str, code: str, message: str) -> None:
    tally.findings.insert(0, Finding(where, code, message))


def write(reader: Reader, body: IO[bytes], spool: Path, profile: ReadingProfile) -> Told:
    """The whole body or nothing: a spool that is there is complete. Raises Unreadable."""
    tally, total = Tally(), 0
    unfinished = spool.with_suffix(f".{os.getpid()}")
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            for reading in limited(reader.stream(body, profile=profile, tally=tally), tally):
                file.write(json.dumps([reading.kind, reading.data, reading.deleted]) + "\n")
                total += 1
        unfinished.rename(spool)
    finally:
        unfinished.unlink(missing_ok=True)
    return Told(total, told_of(tally))


@contextmanager
def opened(spool: Path, *, after: int) -> Iterator[Iterator[Reading]]:
    with spool.open(encoding="ascii") as file:
        yield (Reading(*json.loads(line)) for line in islice(file, after, None))


# --- in a process of its own -----------------------------------------------------------------------------------------


def write_apart(provider: str, body: Path, spool: Path, profile: ReadingProfile, alive: Alive) -> Told:
    """`alive` is called while the other process reads. Raises Unreadable, Crashed, and whatever `alive` raises."""
    received_at = profile.received_at.isoformat() if profile.received_at else ""
    language = translation.get_language() or "en"
    argv = [provider, str(body), str(spool), profile.timezone, received_at, language, profile.vendor_user_id]
    reading = subprocess.Popen(
        command(*argv), cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        answer = answer_of(reading, alive)
    finally:
        reading.kill()  # the lease was lost, or the worker stops
        reading.communicate()
        for left in spool.parent.glob(f"{spool.stem}.{reading.pid}"):
            left.unlink(missing_ok=True)
    return told_by(answer, reading.returncode)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "athletes.wearables.read_apart", *arguments]


def answer_of(reading: "subprocess.Popen[bytes]", alive: Alive) -> bytes:
    """Whatever it says at its end: read in a thread, so that a long answer does not fill the pipe."""
    said: list[bytes] = []
    assert reading.stdout is not None
    ear = threading.Thread(target=lambda out=reading.stdout: said.append(out.read()), daemon=True)
    ear.start()
    ends_at_s = time.monotonic() + MOST_S
    while ear.is_alive():
        ear.join(ALIVE_EVERY_S)
        if ear.is_alive():
            alive()
            if time.monotonic() > ends_at_s:
                raise takes_too_long()
    reading.wait()
    return said[0] if said else b""


def told_by(answer: bytes, returncode: int) -> Told:
    if returncode in OUT_OF_MEMORY:
        raise takes_too_much_memory()
    if returncode == -signal.SIGXCPU:
        raise takes_too_long()
    if returncode:
        raise Crashed(f"ended with {returncode}")
    said = json.loads(answer)
    if "refused" in said:
        raise Unreadable(*said["refused"])
    if "crashed" in said:
        raise Crashed(said["crashed"])
    return Told(said["total"], said["result"])


def takes_too_much_memory() -> Unreadable:
    return Unreadable("too_much_memory", _("Reading it takes more memory than one upload may have: send it in parts."))


def takes_too_long() -> Unreadable:
    return Unreadable("too_much_time", _("Reading it takes longer than one upload may: send it in parts."))


def said_of(
    provider: str, body: str, spool: str, zone: str, received_at: str, language: str, vendor_user_id: str = ""
) -> dict[str, Any]:
    """What the process says: the findings, or why it was refused. Of a crash its kind, never a value."""
    profile = ReadingProfile(zone, datetime.fromisoformat(received_at) if received_at else None, vendor_user_id)
    try:
        with translation.override(language), Path(body).open("rb") as file:
            told = write(READERS[provider], file, Path(spool), profile)
    except Unreadable as refusal:
        return {"refused": [refusal.code, refusal.message]}
    except MemoryError:
        with translation.override(language):
            too_large = takes_too_much_memory()
        return {"refused": [too_large.code, too_large.message]}
    except Exception as crash:  # noqa: BLE001  said to the one who waits, who puts the upload off
        return {"crashed": type(crash).__name__}
    return {"total": told.total, "result": told.result}
