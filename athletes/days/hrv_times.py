"""When a reading of HRV was taken, seen from the night of its day: the night's counts before the morning's.

A sample taken by day is of a body that has walked, eaten and trained: it is no measure of the night's recovery, and a
value that was shown in the morning must not change through the day.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple

from athletes.local_days.local_time import in_local_time
from athletes.local_days.nights import Night
from athletes.local_days.spans import Span
from measures.hrv import is_morning, is_overnight

# Conventions of this project: who measures on waking does it within these hours, and before noon.
MORNING = timedelta(hours=3)
NOON_H = 12


class Taken(IntEnum):
    """The lower counts before the higher. One taken by day counts only where nothing tells more."""

    AS_MEANT = 0
    """In the night that counts, or by a person who measures in the morning."""
    BESIDE = 1
    """On waking, by a device that takes samples; or in the other one of two nights that end on this date."""
    BY_DAY = 2


class Sleep(NamedTuple):
    """Of one date: the night that counts, if any is known, and every stretch of sleep that is no nap; the naps."""

    main: Night | None
    stretches: Sequence[Span]
    naps: Sequence[Span]


def taken(reading: dict[str, Any], sleep: Sleep, profile_zone: str) -> Taken:
    """`reading`: context, measured_at, utc_offset_min."""
    context, at = reading["context"], reading["measured_at"]
    if sleep.main is None:
        return without_night(reading, profile_zone)
    asleep = sleep.main.start_at <= at <= sleep.main.end_at
    on_waking = sleep.main.end_at < at <= sleep.main.end_at + MORNING
    if asleep or (on_waking and (is_morning(context) or is_overnight(context))):
        return Taken.AS_MEANT
    if is_overnight(context):  # some vendors stamp the night's mean hours later, and some say so of a nap's
        in_nap = within(sleep.naps, at) and not within(sleep.stretches, at)
        return Taken.BY_DAY if in_nap else Taken.BESIDE
    return Taken.BESIDE if on_waking else Taken.BY_DAY


def within(spans: Sequence[Span], at: datetime) -> bool:
    return any(start <= at <= end for start, end in spans)


def without_night(reading: dict[str, Any], profile_zone: str) -> Taken:
    """By the context, else by the clock of the place: no night is known."""
    if is_overnight(reading["context"]):
        return Taken.AS_MEANT
    local, _ = in_local_time(
        reading["measured_at"], zone="", own_offset=reading["utc_offset_min"], profile_zone=profile_zone
    )
    if local.hour >= NOON_H:
        return Taken.BY_DAY
    return Taken.AS_MEANT if is_morning(reading["context"]) else Taken.BESIDE


def is_unfit(reading: dict[str, Any], when: Taken, sleep: Sleep) -> bool:
    """A sample or a nap's value, on a date whose night is known. Who measures by hand by day has no other value."""
    return when is Taken.BY_DAY and sleep.main is not None and not is_morning(reading["context"])
