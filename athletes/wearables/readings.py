"""What a reader makes of a vendor's payload: readings in the API's own fields, findings, and what was left aside.

A reader never guesses. What it cannot read with certainty becomes a finding (by record, line or path), what it has no
use for is counted by its name, and only a payload that is not what it says to be is refused as a whole (`Unreadable`).
Here: what all readers ask of a payload; what the API takes of it is in `accepting`.
Times are RFC 3339. One that came without an offset is written as `Z`: then the athlete's zone decides the day.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache, lru_cache
from typing import IO, Any
from zoneinfo import available_timezones as read_available_timezones

from django.utils.translation import gettext as _

from athletes.local_days.local_time import OFFSET_UNKNOWN, zone_named
from rest.strict import FARTHEST_OFFSET

Payload = dict[str, Any] | list[Any] | bytes | IO[bytes]

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
MOST_FINDINGS = 10_000
MOST_ALIKE = 1_000
available_timezones = cache(read_available_timezones)  # it walks the file system each time

UNFIT_FOR_ID = re.compile(r"[^A-Za-z0-9._:-]")
LONGEST_ID = 128
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
LONGEST_SOURCE = {"device_model": 80, "device_type": 24, "recording_method": 24}


class Unreadable(ValueError):
    """Not what it says to be: nothing of it was read. The message names no value of it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class ReadingProfile:
    """What a reader may know of the athlete, and when the payload came.

    The time of arrival is the version of what has none of its own, so that what a vendor sends again later wins; the
    same stored payload read again with its own time of arrival gives the same readings. A deletion needs it too.
    """

    timezone: str = "UTC"
    received_at: datetime | None = None
    vendor_user_id: str = ""  # the athlete's linked account with the vendor: of a batch only theirs is read


@dataclass(frozen=True)
class Reading:
    """`data` is a body of `athletes.serializers.BODIES[kind]`, as JSON would have it; a `check_in` has a `date` too.

    Of a deleted one it holds `client_record_id`, `client_record_version` and `source` alone.
    """

    kind: str
    data: dict[str, Any]
    deleted: bool = False


@dataclass(frozen=True)
class Finding:
    where: str  # like hrv[3].lastNightAvg or line 12
    code: str
    message: str

    @property
    def kind(self) -> tuple[str, str, str]:
        """The same of all places that differ in their numbers alone."""
        return re.sub(r"\d+", "", self.where), self.code, self.message


@dataclass(frozen=True)
class Field:
    """A row of a reader's field table: what becomes of a vendor's field."""

    vendor: str
    becomes: str
    unit: str = ""
    note: str = ""


@dataclass
class Tally:
    """What was found and left aside on the way. `used`: the vendor fields that were asked for.

    Of the same finding at many places the first ones are kept, and `alike` counts them all.
    """

    findings: list[Finding] = field(default_factory=list)
    alike: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    used: set[str] = field(default_factory=set)
    owner: str | None = None
    untold: int = 0

    def find(self, where: str, code: str, message: str) -> None:
        finding = Finding(where, code, message)
        self.alike[finding.kind] += 1
        if self.alike[finding.kind] <= MOST_ALIKE and len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)
        else:
            self.untold += 1

    def belongs_to(self, owner: object) -> None:
        """One payload is about one person."""
        if owner is None or owner == "":
            return
        if self.owner is None:
            self.owner = str(owner)
        elif self.owner != str(owner):
            raise Unreadable("two_athletes", _("The payload holds data of more than one person."))


@dataclass
class ReadResult:
    readings: list[Reading]
    findings: list[Finding]
    ignored: Counter[str]
    used: set[str] = field(default_factory=set)


ReadFunction = Callable[[Payload, Tally, ReadingProfile], Iterator[Reading]]


@dataclass(frozen=True)
class Reader:
    """One payload of one vendor. `stream` is for the worker and large files, `read` for what fits into memory."""

    name: str
    title: str
    provider: str
    formats: tuple[str, ...]
    function: ReadFunction
    table: tuple[Field, ...]
    day_rule: str
    identity: str  # what client_record_id and client_record_version are made of
    not_used: Mapping[str, str] = field(default_factory=dict)  # vendor field -> why not
    from_description: bool = False  # of the vendor or its users: no real file was read yet
    sends_batches: bool = False  # one payload may hold several users of the vendor

    def stream(self, payload: Payload, *, profile: ReadingProfile, tally: Tally) -> Iterator[Reading]:
        return self.function(payload, tally, profile)

    def read(self, payload: Payload, *, profile: ReadingProfile | None = None) -> ReadResult:
        tally = Tally()
        readings = list(self.stream(payload, profile=profile or ReadingProfile(), tally=tally))
        return ReadResult(readings, tally.findings, tally.ignored, tally.used)


# --- times -----------------------------------------------------------------------------------------------------------

INSTANT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[Tt ](?P<clock>\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)"
    r" ?(?P<offset>[Zz]|[+-]\d{2}:?\d{2}(:00)?)?",
    re.ASCII,
)
NIGHT_ENDS_H = 6
TWELVE_HOURS = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[Tt ](?P<hour>\d{1,2})(?P<rest>:\d{2}(:\d{2})?)[ \u202f\xa0]?"
    r"(?P<half>[AaPp])\.?[ \u202f\xa0]?[Mm]\.?[ \u202f\xa0]?(?P<offset>[Zz]|[+-]\d{2}:?\d{2})?"
)
OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})(:00)?", re.ASCII)
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@lru_cache(maxsize=256)  # one object an offset, however many times of a file have it
def offset_of(minutes: float) -> timezone | None:
    """None: no place on Earth has this offset."""
    if not math.isfinite(minutes) or abs(minutes) > FARTHEST_OFFSET / timedelta(minutes=1) or minutes % 1:
        return None
    return timezone(timedelta(minutes=int(minutes)))


def parsed_offset(text: str) -> timezone | None:
    if text in ("Z", "z", "-00:00", "-0000"):
        return OFFSET_UNKNOWN
    match = OFFSET.fullmatch(text)
    if match is None or int(match["minutes"]) >= 60:
        return None
    return offset_of((1 if match["sign"] == "+" else -1) * (60 * int(match["hours"]) + int(match["minutes"])))


def wall_clock(naive: datetime, zone: str) -> datetime:
    """A time without offset is the athlete's wall clock; the offset stays unknown to the record."""
    return naive.replace(tzinfo=zone_named(zone)).astimezone(UTC).replace(tzinfo=OFFSET_UNKNOWN)


def clock_of(instant: datetime, profile: ReadingProfile) -> datetime:
    """What the clock beside the bed showed: in the instant's own offset, else in the athlete's zone."""
    return instant.astimezone(zone_named(profile.timezone)) if instant.tzinfo is OFFSET_UNKNOWN else instant


def by_night(start: datetime | None, end: datetime | None, profile: ReadingProfile) -> bool:
    """Whether a sleep touches the hours from midnight to six on the sleeper's clock. Others are naps."""
    if start is None or end is None:
        return True
    began, ended = clock_of(start, profile), clock_of(end, profile)
    return began.hour < NIGHT_ENDS_H or began.date() != ended.date()


def in_24_hours(text: str) -> str:
    """11:10:00 PM, as phones with a 12-hour clock write it, narrow spaces and all."""
    match = TWELVE_HOURS.fullmatch(text)
    if match is None or not 1 <= int(match["hour"]) <= 12:
        return text
    hour = int(match["hour"]) % 12 + (12 if match["half"] in "pP" else 0)
    return f"{match['day']} {hour:02}{match['rest']}{match['offset'] or ''}"


def parsed_instant(text: str, profile: ReadingProfile) -> datetime | None:
    match = INSTANT.fullmatch(text.strip()) or INSTANT.fullmatch(in_24_hours(text.strip()))
    if match is None:
        return None
    try:
        naive = datetime.fromisoformat(f"{match['day']}T{match['clock'].replace(',', '.')}")
        if match["offset"] is None:
            return in_range(wall_clock(naive, profile.timezone))
        offset = parsed_offset(match["offset"])
        return None if offset is None else in_range(naive.replace(tzinfo=offset))
    except (ValueError, OverflowError):
        return None


def at_epoch(seconds: float, offset: timezone | None) -> datetime | None:
    if not EARLIEST.timestamp() <= seconds < LATEST.timestamp():
        return None
    instant = datetime.fromtimestamp(seconds, UTC)
    return instant.replace(tzinfo=OFFSET_UNKNOWN) if offset is None else instant.astimezone(offset)


def in_range(instant: datetime) -> datetime | None:
    return instant if EARLIEST <= instant < LATEST else None


def rfc3339(instant: datetime) -> str:
    if instant.tzinfo is OFFSET_UNKNOWN:
        return instant.replace(tzinfo=None).isoformat() + "Z"
    return instant.isoformat()


def parsed_date(text: str) -> str | None:
    if not ISO_DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


# --- names and versions ----------------------------------------------------------------------------------------------


def record_id(*parts: object) -> str:
    """The vendor's own id. What the API does not allow in one is replaced, and then a digest keeps two ids apart."""
    told = ":".join(str(part) for part in parts)
    plain = UNFIT_FOR_ID.sub("_", told)
    if plain == told and 0 < len(told) <= LONGEST_ID:
        return told
    digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{plain[: LONGEST_ID - 17]}.{digest}"


def version_of(revised_at: datetime | None, profile: ReadingProfile, *, rank: int = 0) -> int:
    """Milliseconds since 1970 of the vendor's last change, else of the arrival. A higher rank outdoes any time."""
    instant = revised_at or profile.received_at
    return (rank << 45) + (0 if instant is None else int(instant.timestamp() * 1000))


def source(provider: str, **told: object) -> dict[str, str]:
    """`told`: device_model, device_type, recording_method."""
    clean = {name: UNPRINTABLE.sub("", value).strip() for name, value in told.items() if isinstance(value, str)}
    return {"provider": provider} | {name: text[: LONGEST_SOURCE[name]] for name, text in clean.items() if text}


# --- one item of a payload -------------------------------------------------------------------------------------------


class Item:
    """An object of a payload. Whatever of it nobody asked for is counted as ignored when it is settled."""

    def __init__(self, raw: Mapping[str, Any], tally: Tally, *, path: str = "", where: str = "", texts: bool = False):
        self.raw, self.tally, self.path, self.where, self.texts = raw, tally, path, where, texts
        self.asked: set[str] = set()
        self.children: list[Item] = []

    def name_of(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def place_of(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def get(self, name: str) -> Any:
        self.asked.add(name)
        self.tally.used.add(self.name_of(name))
        value = self.raw.get(name)
        return None if self.texts and isinstance(value, str) and not value.strip() else value

    def find(self, name: str, code: str, message: str) -> None:
        self.tally.find(self.place_of(name), code, message)

    def number(self, name: str) -> float | None:
        value = self.get(name)
        if value is None:
            return None
        if self.texts and isinstance(value, str):
            value = decimal(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.find(name, "not_a_number", _("Must be a number."))
            return None
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.find(name, "not_a_number", _("Must be a finite number."))
            return None
        return number

    def measured(self, name: str) -> float | None:
        """A number where 0 and negative ones are how devices spell 'not measured'."""
        value = self.number(name)
        if value is not None and value <= 0:
            self.find(name, "missing_sentinel", _("0 and negative numbers are not measurements."))
            return None
        return value

    def rated(self, name: str) -> float | None:
        """A number where 0 says that nobody answered, or nothing was counted: no finding."""
        return self.number(name) or None

    def percent(self, name: str) -> float | None:
        """A number, with or without its sign."""
        value = self.get(name)
        if isinstance(value, str) and value.strip().endswith("%"):
            return Item({name: value.strip()[:-1]}, self.tally, path=self.path, where=self.where, texts=True).number(
                name
            )
        return self.number(name)

    def text(self, name: str) -> str | None:
        value = self.get(name)
        if value is None or isinstance(value, str):
            return value
        self.find(name, "not_a_string", _("Must be a string."))
        return None

    def ident(self, name: str) -> str | None:
        """An id: a string that is not empty, or a whole number."""
        value = self.get(name)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if value is not None:
            self.find(name, "not_an_id", _("Must be an id."))
        return None

    def date(self, name: str) -> str | None:
        value = self.text(name)
        if value is None:
            return None
        parsed = parsed_date(value)
        if parsed is None:
            self.find(name, "not_a_date", _("Must be a date like 2026-11-22."))
        return parsed

    def instant(self, name: str, profile: ReadingProfile) -> datetime | None:
        value = self.text(name)
        if value is None:
            return None
        parsed = parsed_instant(value, profile)
        if parsed is None:
            self.find(name, "not_an_instant", _("Must be a time like 2026-11-22T06:52:10+08:00."))
        return parsed

    def epoch(self, name: str, *, unit_s: float = 1, offset: timezone | None = None) -> datetime | None:
        """A point in time as seconds (or milliseconds, unit_s=0.001) since 1970."""
        value = self.number(name)
        if value is None:
            return None
        instant = at_epoch(value * unit_s, offset)
        if instant is None:
            self.find(name, "not_an_instant", _("Lies before 2000 or after 2100: another unit?"))
        return instant

    def offset_min(self, name: str, *, unit_min: float = 1) -> timezone | None:
        value = self.number(name)
        if value is None:
            return None
        return self._offset(name, offset_of(value * unit_min))

    def offset(self, name: str) -> timezone | None:
        value = self.text(name)
        return None if value is None else self._offset(name, parsed_offset(value))

    def _offset(self, name: str, offset: timezone | None) -> timezone | None:
        if offset is None:
            self.find(name, "not_an_offset", _("Must be an offset between -14:00 and +14:00."))
        return offset

    def zone(self, name: str) -> str | None:
        return self.choice(name, available_timezones(), "unknown_timezone", "Not an IANA time zone.")

    def choice(self, name: str, known: Container[str], code: str, message: str) -> str | None:
        value = self.text(name)
        if value is not None and value not in known:
            self.find(name, code, message)
            return None
        return value

    def item(self, name: str) -> "Item | None":
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.find(name, "not_an_object", _("Must be an object."))
            return None
        return self._child(value, self.name_of(name), self.place_of(name))

    def each(self, name: str) -> Iterator["Item"]:
        """The objects of a list, each settled before the next."""
        value = self.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            self.find(name, "not_a_list", _("Must be a list."))
            return
        yield from each(value, self.tally, path=f"{self.name_of(name)}[]", where=self.place_of(name))

    def _child(self, raw: Mapping[str, Any], path: str, where: str) -> "Item":
        child = Item(raw, self.tally, path=path, where=where, texts=self.texts)
        self.children.append(child)
        return child

    def settle(self) -> None:
        for name, value in self.raw.items():
            if name not in self.asked and value is not None and value != "":
                self.tally.ignored[self.name_of(str(name)[:80])] += 1
        for child in self.children:
            child.settle()


def each(values: list[Any], tally: Tally, *, path: str = "[]", where: str = "") -> Iterator[Item]:
    for index, value in enumerate(values):
        place = f"{where}[{index}]"
        if not isinstance(value, Mapping):
            tally.find(place, "not_an_object", _("Must be an object."))
            continue
        item = Item(value, tally, path=path, where=place)
        yield item
        item.settle()


def one_of(units: Iterable[str]) -> str:
    return _("Must be one of %(units)s.") % {"units": ", ".join(units)}


def decimal(text: str) -> float | None:
    """A number in a CSV or XML file; None: it is none. No thousands separators, no 1_000, no hexadecimals."""
    return float(text) if re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", text, re.ASCII) else None
