"""FIT files: sessions of activities, the nightly HRV status, and the beats of a recording at rest.

Times are UTC; the activity's local_timestamp tells the offset. Beats recorded during exercise say nothing of rest.
"""

import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from athletes.local_days.local_time import OFFSET_UNKNOWN
from athletes.wearables import sports
from athletes.wearables.accepting import first_length, hr_zones, reading
from athletes.wearables.payloads import gunzipped, is_zip, members, raw_bytes
from athletes.wearables.readers import rr
from athletes.wearables.readings import (
    Field,
    Item,
    Payload,
    Reader,
    Reading,
    ReadingProfile,
    Tally,
    Unreadable,
    offset_of,
    record_id,
    source,
    version_of,
)

TABLE = (
    Field("file_id.manufacturer", "source.provider"),
    Field("file_id.product_name", "source.device_model"),
    Field("file_id.garmin_product", "source.device_model", "", "where there is no product_name"),
    Field("file_id.serial_number", "client_record_id"),
    Field("activity.timestamp", "the offset", "", "local_timestamp less this; equal ones: UTC on a Garmin, else none"),
    Field("activity.local_timestamp", "the offset"),
    Field("session.start_time", "training_session.started_at, client_record_id"),
    Field("session.total_timer_time", "training_session.duration_min", "s -> min", "without pauses"),
    Field("session.total_elapsed_time", "training_session.duration_min", "s -> min", "where there is no timer time"),
    Field("session.total_distance", "training_session.distance_m", "m"),
    Field("session.avg_heart_rate", "training_session.avg_hr_bpm", "bpm"),
    Field("session.max_heart_rate", "training_session.max_hr_bpm", "bpm"),
    Field("record.heart_rate", "training_session.hr_zones", "bpm", "seconds in each 5 bpm; of files of one session"),
    Field("record.timestamp", "training_session.hr_zones[].duration_s", "s", "to the next record, at most 15"),
    Field("session.sport", "training_session.kind"),
    Field("session.sub_sport", "training_session.kind"),
    Field("session.workout_rpe", "training_session.rpe", "10-100 -> 1-10", "0: not rated"),
    Field("hrv.time", "hrv_reading.value_ms", "s -> ms", "rMSSD, spot; of 1-15 min in no sport"),
    Field("hrv_status_summary.timestamp", "hrv_reading.measured_at, client_record_id"),
    Field("hrv_status_summary.last_night_average", "hrv_reading.value_ms", "ms", "rMSSD, overnight_mean"),
    Field("hrv_status_summary.last_night_5_min_high", "hrv_reading.value_ms", "ms", "rMSSD, overnight_5min_high"),
)  # fmt: skip
NOT_USED = {
    "other messages": "laps, events and the rest are counted by their name",
    "session of walking": "no training session",
    "hrv during exercise": "says nothing of rest",
    "session.workout_feel": "not an effort",
    "session.training_stress_score": "a vendor's own load, in other units: never mixed with minutes x RPE",
}
FIT_NAME = re.compile(r".*\.fit(\.gz)?")
TELLS_LOCAL_TIME = {"garmin", "suunto", "polar_electro"}
PROVIDERS = {"garmin": "garmin", "polar_electro": "polar", "suunto": "suunto"}
AT_REST = {"generic", "breathing", "meditation"}
RECORDING = (timedelta(minutes=1), timedelta(minutes=15))
MOST_MESSAGES = 5_000_000
BIN_BPM, LONGEST_GAP_S = 5, 15.0  # watches that save space write a record only now and then
PLAUSIBLE_BPM = (30, 240)
WANTED = ("file_id", "activity", "session", "hrv", "hrv_status_summary")


@dataclass
class Contents:
    """The messages that are wanted, by name."""

    messages: dict[str, list[Item]] = field(default_factory=lambda: {name: [] for name in WANTED})
    rr_ms: list[float] = field(default_factory=list)
    heart_rate: list[tuple[datetime, float]] = field(default_factory=list)

    def first(self, name: str) -> Item | None:
        return next(iter(self.messages[name]), None)


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    """One file, packed or not, or a zip of them: Garmin's "original", a bulk export."""
    if is_zip(payload):
        yield from read_archive(payload, tally, profile)
    else:
        yield from read_file(gunzipped(raw_bytes(payload)), tally, profile)


def read_archive(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    """A damaged file of many is a finding; where none can be read, the whole is refused."""
    read_files, refusal = 0, Unreadable("wrong_zip", _("The zip file holds no FIT file."))
    for number, raw in enumerate(members(payload, FIT_NAME, tally), 1):
        try:
            yield from read_file(gunzipped(raw), tally, profile)
            read_files += 1
        except Unreadable as unreadable:
            tally.find(f"file {number}", unreadable.code, unreadable.message)
            refusal = unreadable
    if not read_files:
        raise refusal


def read_file(raw: bytes, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    contents = contents_of(raw, tally)
    file = contents.first("file_id")
    if file is None:
        raise Unreadable("wrong_provider", _("A FIT file begins with a file_id."))
    provenance, serial = source_of(file), file.ident("serial_number") or ""
    offset = offset_in(contents.first("activity"), str(file.get("manufacturer")))
    at_rest = is_recording(contents)
    for item in () if at_rest else contents.messages["session"]:
        yield from session(item, contents, provenance, serial, offset, tally, profile)
    for item in contents.messages["hrv_status_summary"]:
        yield from night(item, provenance, offset, tally, profile)
    if at_rest:
        yield from recording(contents, provenance, serial, offset, tally, profile)
    elif contents.rr_ms:
        tally.ignored["hrv during exercise"] += len(contents.rr_ms)
    for items in contents.messages.values():
        for item in items:
            item.settle()


def contents_of(raw: bytes, tally: Tally) -> Contents:
    """All of the file, so that one that is cut off is refused before anything of it is used."""
    import fitdecode  # 40 ms that only this reader needs

    if raw[8:12] != b".FIT":
        raise Unreadable("not_fit", _("Not a FIT file."))
    before = tally.ignored.copy()
    try:
        return parsed(raw, tally, fitdecode.ErrorHandling.RAISE)
    except fitdecode.FitParseError:  # COROS writes sizes that are no multiple of the field's type
        tally.ignored = before
    contents = parsed(raw, tally, fitdecode.ErrorHandling.IGNORE)
    tally.find("", "read_leniently", _("The file breaks rules of the FIT format. What could be read of it was read."))
    return contents


def parsed(raw: bytes, tally: Tally, error_handling: Any) -> Contents:
    """The checksum must be right in any case. Raises FitParseError only where it is asked to."""
    import fitdecode

    from athletes.wearables.fit_sparing import SparingReader

    contents, count = Contents(), 0
    try:
        with SparingReader(
            io.BytesIO(raw), check_crc=fitdecode.CrcCheck.RAISE, error_handling=error_handling
        ) as frames:
            for frame in frames:
                if not isinstance(frame, fitdecode.FitDataMessage):
                    continue
                count += 1
                if count > MOST_MESSAGES:
                    raise Unreadable("too_large", _("The file holds too many messages."))
                sort_message(frame, contents, tally)
    except fitdecode.FitError as failure:
        if isinstance(failure, fitdecode.FitParseError) and error_handling is fitdecode.ErrorHandling.RAISE:
            raise
        raise Unreadable("not_fit", _("Not a FIT file, damaged, or cut off.")) from None
    except (ValueError, TypeError, KeyError, IndexError, ArithmeticError, AttributeError, AssertionError) as failure:
        if isinstance(failure, Unreadable):
            raise
        raise Unreadable(
            "not_fit", _("The file breaks the rules of FIT.")
        ) from None  # fitdecode's own slips on bad files
    return contents


def sort_message(frame: Any, contents: Contents, tally: Tally) -> None:
    if frame.name == "record":
        note_heart_rate(frame, contents, tally)
        return
    if frame.name not in WANTED:
        tally.ignored[str(frame.name)[:80]] += 1
        return
    if frame.name == "hrv":
        tally.used.add("hrv.time")
        times = frame.get_value("time", fallback=()) or ()
        contents.rr_ms += [s * 1000 for s in (times if isinstance(times, tuple) else (times,)) if is_beat(s)]
        return
    values = {f.name: f.value for f in frame.fields if f.value is not None}
    if "product" in values and isinstance(values.get("garmin_product"), int):
        del values["garmin_product"]  # a number that the profile has no name for
    where = f"{frame.name}[{len(contents.messages[frame.name])}]"
    contents.messages[frame.name].append(Item(values, tally, path=frame.name, where=where))


def note_heart_rate(frame: Any, contents: Contents, tally: Tally) -> None:
    tally.used |= {"record.heart_rate", "record.timestamp"}
    bpm, at = frame.get_value("heart_rate", fallback=None), frame.get_value("timestamp", fallback=None)
    if isinstance(bpm, int | float) and PLAUSIBLE_BPM[0] <= bpm <= PLAUSIBLE_BPM[1] and isinstance(at, datetime):
        contents.heart_rate.append((at, float(bpm)))
    else:
        tally.ignored["record"] += 1


def is_beat(seconds: object) -> bool:
    return isinstance(seconds, int | float) and 0 < seconds < 60


def source_of(file: Item) -> dict[str, str]:
    manufacturer, product, model = file.get("manufacturer"), file.get("product_name"), file.get("garmin_product")
    return source(PROVIDERS.get(str(manufacturer), "other"), device_model=product if product else model)


def offset_in(activity: Item | None, manufacturer: str) -> timezone:
    """A whole number of quarters of an hour between the two clocks; the file has no other word for it.

    Two equal clocks are Greenwich's on a Garmin. COROS writes the same time twice wherever it is, and so may others.
    """
    if activity is None:
        return OFFSET_UNKNOWN
    at, local = activity.get("timestamp"), activity.get("local_timestamp")
    if not isinstance(at, datetime) or not isinstance(local, datetime):
        return OFFSET_UNKNOWN
    minutes = (local.replace(tzinfo=None) - at.replace(tzinfo=None)) / timedelta(minutes=1)
    rounded = round(minutes / 15) * 15
    if rounded == 0 and manufacturer not in TELLS_LOCAL_TIME:
        return OFFSET_UNKNOWN
    offset = offset_of(rounded) if abs(minutes - rounded) < 1 else None
    if offset is None:
        activity.find("local_timestamp", "not_an_offset", _("Must be within 14 h of timestamp."))
    return offset or OFFSET_UNKNOWN


def instant(item: Item, name: str, offset: timezone) -> datetime | None:
    value = item.get(name)
    if not isinstance(value, datetime) or not 2000 <= value.year < 2100:
        item.find(name, "not_an_instant", _("Must be a date and time after 2000."))
        return None
    return value.astimezone(offset)


def zones_of(contents: Contents) -> list[dict[str, float]]:
    """Seconds in each 5 bpm. Of several sessions in a file the records do not say which is whose."""
    seconds: dict[int, float] = defaultdict(float)
    if len(contents.messages["session"]) == 1:
        for (at, bpm), (following, _) in pairwise(sorted(contents.heart_rate)):
            seconds[int(bpm // BIN_BPM)] += min((following - at).total_seconds(), LONGEST_GAP_S)
    return hr_zones((BIN_BPM * place, BIN_BPM * (place + 1), seconds[place]) for place in sorted(seconds))


def session(
    item: Item, contents: Contents, provenance: dict[str, str], serial: str, offset: timezone, tally: Tally,
    profile: ReadingProfile,
) -> Iterator[Reading]:  # fmt: skip
    sport, sub_sport = str(item.get("sport") or ""), str(item.get("sub_sport") or "")
    start, rpe = instant(item, "start_time", offset), item.rated("workout_rpe")
    seconds = first_length(item.number("total_timer_time"), item.number("total_elapsed_time"))
    kind = sports.kind_of([sub_sport if sub_sport != "generic" else "", sport if sport != "generic" else ""])
    if kind is None or sport in AT_REST - {"generic"}:
        tally.ignored["session of walking" if kind is None else "session at rest"] += 1
        item.asked.update(item.raw)
        return
    yield from reading(
        "training_session", item.where, tally,
        client_record_id=start and record_id("fit", serial, int(start.timestamp())),
        client_record_version=version_of(None, profile), source=provenance, started_at=start,
        duration_min=None if seconds is None else seconds / 60, kind=kind, rpe=None if rpe is None else rpe / 10,
        avg_hr_bpm=item.measured("avg_heart_rate"), max_hr_bpm=item.measured("max_heart_rate"),
        hr_zones=zones_of(contents), distance_m=item.number("total_distance"),
    )  # fmt: skip


def night(
    item: Item, provenance: dict[str, str], offset: timezone, tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    at = instant(item, "timestamp", offset)
    for vendor, context in (
        ("last_night_average", "overnight_mean"),
        ("last_night_5_min_high", "overnight_5min_high"),
    ):
        value = item.measured(vendor)
        if value is not None:
            yield from reading(
                "hrv_reading", item.where, tally,
                client_record_id=at and record_id("fit", int(at.timestamp()), context),
                client_record_version=version_of(None, profile), source=provenance,
                measured_at=at, metric="rmssd", context=context, value_ms=value,
            )  # fmt: skip


def is_recording(contents: Contents) -> bool:
    """A few minutes of beats in no sport: a morning's HRV recording, and no training session."""
    length, one = timedelta(milliseconds=sum(contents.rr_ms)), contents.first("session")
    return one is not None and str(one.get("sport")) in AT_REST and RECORDING[0] <= length <= RECORDING[1]


def recording(
    contents: Contents, provenance: dict[str, str], serial: str, offset: timezone, tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    one = contents.messages["session"][0]
    at, cleaned = instant(one, "start_time", offset), rr.cleaned_or_found(tally, "hrv.time", contents.rr_ms)
    if cleaned is not None:
        yield from reading(
            "hrv_reading", "hrv.time", tally,
            client_record_id=at and record_id("fit", serial, int(at.timestamp()), "rr"),
            client_record_version=version_of(None, profile), source=provenance,
            measured_at=at, metric="rmssd", context="spot", value_ms=cleaned.rmssd_ms,
        )  # fmt: skip


READER = Reader(
    name="fit",
    title="FIT files (.fit, .fit.gz, a zip of them)",
    provider="other",
    formats=("fit", "zip"),
    function=read,
    table=TABLE,
    day_rule="UTC in the offset of activity.local_timestamp; without one the athlete's zone",
    identity="the device's serial number and the start; version: the time of arrival",
    not_used=NOT_USED,
)
READERS = (READER,)
