"""Which local day an instant belongs to."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils import timezone as clock

from athletes.models import Athlete

# RFC 9557 section 2: "Z" gives the instant and says that the local offset is unknown; "+00:00" says London in winter.
# Phones write Z whatever their owner's zone is, so only the other spelling counts as the record's own offset.
OFFSET_UNKNOWN = timezone(timedelta(0), "Z")

zone_named = cache(ZoneInfo)


class Filed(NamedTuple):
    """A local date, what it was derived from, and the offset in force (None: nobody but the profile knew)."""

    date: date
    basis: str
    utc_offset_min: int | None


def local_today(athlete: Athlete, now: datetime | None = None) -> date:
    return (now or clock.now()).astimezone(zone_named(athlete.timezone)).date()


def today_at(offset_min: int, now: datetime) -> date:
    return now.astimezone(timezone(timedelta(minutes=offset_min))).date()


def local_instant(zone: str, day: date, at: time) -> datetime:
    """The instant a wall clock shows `at`. One that a DST change skips is taken at the offset before the change."""
    return datetime.combine(day, at, tzinfo=zone_named(zone)).astimezone(UTC)


def bounds_of(zone: str, day: date) -> tuple[datetime, datetime]:
    """The first instant of the local day and the first of the next: 23, 24 or 25 hours apart."""
    return local_instant(zone, day, time()), local_instant(zone, day + timedelta(days=1), time())


def offset_min(instant: datetime) -> int:
    return round((instant.utcoffset() or timedelta()).total_seconds() / 60)


def own_offset_min(instant: datetime) -> int | None:
    """The offset the record itself came with, if it came with one."""
    return None if instant.tzinfo is OFFSET_UNKNOWN else offset_min(instant)


def in_local_time(instant: datetime, *, zone: str, own_offset: int | None, profile_zone: str) -> tuple[datetime, str]:
    """The wall clock at `instant`: the record's IANA zone, else the record's own offset, else the athlete's profile."""
    if zone:
        return instant.astimezone(zone_named(zone)), "record_zone"
    if own_offset is not None:
        return instant.astimezone(timezone(timedelta(minutes=own_offset))), "record_offset"
    return instant.astimezone(zone_named(profile_zone)), "profile_zone"


def file_under(instant: datetime, *, zone: str, own_offset: int | None, profile_zone: str) -> Filed:
    local, basis = in_local_time(instant, zone=zone, own_offset=own_offset, profile_zone=profile_zone)
    return Filed(local.date(), basis, None if basis == "profile_zone" else offset_min(local))
