"""Garmin Connect as garth and garminconnect dump it: sleep (dailySleepDTO), HRV (hrvSummary) and activities.

`...TimestampLocal` is the wall clock written as if it were UTC: less `...TimestampGMT` it is the offset.
"""

from collections.abc import Iterator
from datetime import datetime, timezone

from athletes.local_days.local_time import OFFSET_UNKNOWN
from athletes.wearables import sports
from athletes.wearables.payloads import loaded_json
from athletes.wearables.readings import (
    Field,
    Item,
    Payload,
    Reader,
    Reading,
    ReadingProfile,
    Tally,
    Unreadable,
    each,
    offset_of,
    parsed_instant,
    reading,
    record_id,
    source,
    version_of,
)

NIGHT = "dailySleepDTO"
TABLE = (
    Field(f"{NIGHT}.id", "client_record_id", "", "where there is no calendarDate"),
    Field(f"{NIGHT}.calendarDate", "client_record_id, vendor_date"),
    Field(f"{NIGHT}.sleepStartTimestampGMT", "sleep_session.start_at", "ms since 1970"),
    Field(f"{NIGHT}.sleepEndTimestampGMT", "sleep_session.end_at", "ms since 1970"),
    Field(f"{NIGHT}.sleepStartTimestampLocal", "its offset", "ms", "less GMT"),
    Field(f"{NIGHT}.sleepEndTimestampLocal", "its offset", "ms", "less GMT"),
    Field(f"{NIGHT}.sleepTimeSeconds", "sleep_session.duration_s", "s"),
    Field(f"{NIGHT}.deepSleepSeconds", "sleep_session.deep_s", "s"),
    Field(f"{NIGHT}.lightSleepSeconds", "sleep_session.light_s", "s"),
    Field(f"{NIGHT}.remSleepSeconds", "sleep_session.rem_s", "s"),
    Field(f"{NIGHT}.awakeSleepSeconds", "sleep_session.awake_s", "s"),
    Field(f"{NIGHT}.sleepScores.overall.value", "sleep_session.score", "0-100"),
    Field("hrvSummary.calendarDate", "client_record_id, vendor_date, hrv_reading.measured_at"),
    Field("hrvSummary.lastNightAvg", "hrv_reading.value_ms", "ms", "rMSSD, overnight_mean"),
    Field("hrvSummary.lastNight5MinHigh", "hrv_reading.value_ms", "ms", "rMSSD, overnight_5min_high"),
    Field("sleepEndTimestampGMT", "hrv_reading.measured_at", "", "beside hrvSummary, text"),
    Field("activityId", "client_record_id"),
    Field("startTimeGMT", "training_session.started_at", "", "text, UTC"),
    Field("startTimeLocal", "its offset", "", "less GMT"),
    Field("activityType.typeKey", "training_session.kind"),
    Field("duration", "training_session.duration_min", "s -> min"),
    Field("distance", "training_session.distance_m", "m"),
    Field("averageHR", "training_session.avg_hr_bpm", "bpm"),
    Field("maxHR", "training_session.max_hr_bpm", "bpm"),
    Field("directWorkoutRpe", "training_session.rpe", "10-100 -> 1-10", "0: not rated"),
)
NOT_USED = {
    "hrvReadings": "five-minute samples; the night's mean is used",
    "hrvSummary.weeklyAvg, baseline, status": "the vendor's own baseline",
    "training readiness": "a vendor's score of readiness is not an input",
    "activityTrainingLoad": "the vendor's own load, in other units: never mixed with minutes x RPE",
    "activities of walking": "no training session",
}
MORNING = "T05:00:00"


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    documents = loaded_json(payload)
    documents = documents if isinstance(documents, list) else [documents]
    if not any(isinstance(d, dict) and {NIGHT, "hrvSummary", "activityId"} & set(d) for d in documents):
        raise Unreadable("wrong_provider", "Holds neither sleep nor HRV nor an activity of Garmin Connect.")
    for item in each(documents, tally, path=""):
        night = item.item(NIGHT) if NIGHT in item.raw else None
        if night is not None:
            yield from sleep(night, tally, profile)
        summary = item.item("hrvSummary") if "hrvSummary" in item.raw else None
        if summary is not None:
            yield from hrv(summary, item, tally, profile)
        if "activityId" in item.raw:
            yield from activity(item, tally, profile)


def local_epoch(item: Item, stem: str) -> datetime | None:
    at, local_ms = item.epoch(f"{stem}GMT", unit_s=0.001), item.number(f"{stem}Local")
    if at is None or local_ms is None:
        return at
    return at.astimezone(between(item, f"{stem}Local", local_ms / 1000 - at.timestamp()))


def between(item: Item, name: str, seconds: float) -> timezone:
    """The offset between the two clocks."""
    offset = offset_of(seconds / 60)
    if offset is None:
        item.find(name, "not_an_offset", "Must be within 14 h of the same time in GMT.")
    return offset or OFFSET_UNKNOWN


def sleep(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    tally.belongs_to(item.raw.get("userProfilePK"))
    day, own, scores = item.date("calendarDate"), item.ident("id"), item.item("sleepScores")
    overall = scores.item("overall") if scores else None
    name = day or own
    yield from reading(
        "sleep_session", item.where, tally,
        client_record_id=name and record_id("connect", name), client_record_version=version_of(None, profile),
        source=source("garmin"), vendor_date=day,
        start_at=local_epoch(item, "sleepStartTimestamp"), end_at=local_epoch(item, "sleepEndTimestamp"),
        duration_s=item.measured("sleepTimeSeconds"), deep_s=item.number("deepSleepSeconds"),
        light_s=item.number("lightSleepSeconds"), rem_s=item.number("remSleepSeconds"),
        awake_s=item.number("awakeSleepSeconds"), score=overall.number("value") if overall else None,
    )  # fmt: skip


def hrv(item: Item, document: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    tally.belongs_to(document.raw.get("userProfilePk"))
    day = item.date("calendarDate")
    told = document.text("sleepEndTimestampGMT") if "sleepEndTimestampGMT" in document.raw else None
    at = parsed_instant(f"{told.strip()}Z", profile) if told else None
    if at is None and day:
        at = parsed_instant(day + MORNING, profile)
    for vendor, context in (("lastNightAvg", "overnight_mean"), ("lastNight5MinHigh", "overnight_5min_high")):
        value = item.measured(vendor)
        if value is not None:
            yield from reading(
                "hrv_reading", item.where, tally,
                client_record_id=day and record_id("connect", day, context),
                client_record_version=version_of(None, profile), source=source("garmin"), vendor_date=day,
                measured_at=at, metric="rmssd", context=context, value_ms=value,
            )  # fmt: skip


def activity(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    told = item.item("activityType")
    kind = sports.kind_of([told.text("typeKey") if told else None])
    if kind is None:
        tally.ignored["activities of walking"] += 1
        item.asked.update(item.raw)
        return
    name, seconds, rpe = item.ident("activityId"), item.number("duration"), item.measured("directWorkoutRpe")
    yield from reading(
        "training_session", item.where, tally,
        client_record_id=name and record_id("connect", name), client_record_version=version_of(None, profile),
        source=source("garmin"), started_at=start_of(item, profile),
        duration_min=None if seconds is None else seconds / 60, kind=kind, rpe=None if rpe is None else rpe / 10,
        avg_hr_bpm=item.measured("averageHR"), max_hr_bpm=item.measured("maxHR"), distance_m=item.number("distance"),
    )  # fmt: skip


def start_of(item: Item, profile: ReadingProfile) -> datetime | None:
    gmt, local = item.text("startTimeGMT"), item.text("startTimeLocal")
    at = parsed_instant(f"{gmt.strip()}Z", profile) if gmt else None
    wall = parsed_instant(f"{local.strip()}Z", profile) if local else None
    if at is None:
        return item.instant("startTimeLocal", profile)
    return at.astimezone(between(item, "startTimeLocal", (wall - at).total_seconds())) if wall else at


READER = Reader(
    name="garmin_connect",
    title="Garmin Connect dumps (garth, garminconnect)",
    provider="garmin",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="the end of the night in Local less GMT; calendarDate is kept beside it",
    identity="calendarDate (activities: activityId); version: the time of arrival",
    not_used=NOT_USED,
)
READERS = (READER,)
