"""Garmin Connect as garth and garminconnect dump it, and the archive that Garmin sends who asks for all own data.

`...TimestampLocal` is the wall clock written as if it were UTC: less `...TimestampGMT` it is the offset. The archive
has no local times of nights: there the athlete's zone decides. Its activities count milliseconds and centimetres.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from django.utils.translation import gettext as _

from athletes.local_days.local_time import OFFSET_UNKNOWN
from athletes.wearables import sports
from athletes.wearables.accepting import first_length, reading
from athletes.wearables.payloads import is_zip, loaded_json, zip_members
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
    record_id,
    source,
    version_of,
)

NIGHT = "dailySleepDTO"
DETAIL = "summaryDTO"
ARCHIVE = "archive"
TABLE = (
    Field(f"{NIGHT}.id", "client_record_id", "", "where there is no calendarDate"),
    Field(f"{NIGHT}.calendarDate", "client_record_id, vendor_date"),
    Field(f"{NIGHT}.sleepStartTimestampGMT", "sleep_session.start_at", "ms since 1970", "archive: text"),
    Field(f"{NIGHT}.sleepEndTimestampGMT", "sleep_session.end_at", "ms since 1970", "archive: text"),
    Field(f"{NIGHT}.sleepStartTimestampLocal", "its offset", "ms", "less GMT"),
    Field(f"{NIGHT}.sleepEndTimestampLocal", "its offset", "ms", "less GMT"),
    Field(f"{NIGHT}.sleepTimeSeconds", "sleep_session.duration_s", "s"),
    Field(f"{NIGHT}.deepSleepSeconds", "sleep_session.deep_s", "s"),
    Field(f"{NIGHT}.lightSleepSeconds", "sleep_session.light_s", "s"),
    Field(f"{NIGHT}.remSleepSeconds", "sleep_session.rem_s", "s"),
    Field(f"{NIGHT}.awakeSleepSeconds", "sleep_session.awake_s", "s"),
    Field(f"{NIGHT}.sleepScores.overall.value", "sleep_session.score", "0-100"),
    Field(f"{NIGHT}.sleepScores.overallScore", "sleep_session.score", "0-100", ARCHIVE),
    Field("hrvSummary.calendarDate", "client_record_id, vendor_date, hrv_reading.measured_at"),
    Field(
        "hrvSummary.lastNightAvg", "hrv_reading.value_ms", "ms", "rMSSD, overnight_mean; hrvSummaries[] are the same"
    ),
    Field("hrvSummary.lastNight5MinHigh", "hrv_reading.value_ms", "ms", "rMSSD, overnight_5min_high"),
    Field("sleepEndTimestampGMT", "hrv_reading.measured_at", "", "beside hrvSummary, text"),
    Field("sleepEndTimestampLocal", "its offset", "", "less GMT"),
    Field("calendarDate", "client_record_id, vendor_date", "", "of a day: summary, heart rates, archive"),
    Field("restingHeartRate", "resting_hr_reading.value_bpm", "bpm", "of a day, or beside its night"),
    Field("metrics[].type", "HRV", "", "archive: healthStatusData"),
    Field("metrics[].value", "hrv_reading.value_ms", "ms", "rMSSD, overnight_mean"),
    Field("activityId", "client_record_id"),
    Field("activityType.typeKey", "training_session.kind", "", "archive: activityType itself"),
    Field("activityTypeDTO.typeKey", "training_session.kind", "", "the detail of an activity"),
    *(
        row
        for place in ("", f"{DETAIL}.")
        for row in (
            Field(f"{place}startTimeGMT", "training_session.started_at", "", "text, UTC"),
            Field(f"{place}startTimeLocal", "its offset", "", "less GMT"),
            Field(f"{place}duration", "training_session.duration_min", "s -> min", "" if place else "archive: ms"),
            Field(f"{place}elapsedDuration", "training_session.duration_min", "s -> min", "where duration is 0"),
            Field(f"{place}distance", "training_session.distance_m", "m", "" if place else "archive: cm"),
            Field(f"{place}averageHR", "training_session.avg_hr_bpm", "bpm"),
            Field(f"{place}maxHR", "training_session.max_hr_bpm", "bpm"),
            Field(f"{place}directWorkoutRpe", "training_session.rpe", "10-100 -> 1-10", "0: not rated"),
        )
    ),
    Field("startTimeGmt", "training_session.started_at", "ms since 1970", ARCHIVE),
    Field("beginTimestamp", "training_session.started_at", "ms since 1970", "archive; where there is no startTimeGmt"),
    Field("avgHr", "training_session.avg_hr_bpm", "bpm", ARCHIVE),
    Field("maxHr", "training_session.max_hr_bpm", "bpm", ARCHIVE),
    Field("workoutRpe", "training_session.rpe", "10-100 -> 1-10", ARCHIVE),
)
NOT_USED = {
    "hrvReadings": "five-minute samples; the night's mean is used",
    "hrvSummary.weeklyAvg, baseline, status": "the vendor's own baseline",
    "training readiness": "a vendor's score of readiness is not an input",
    "activityTrainingLoad": "the vendor's own load, in other units: never mixed with minutes x RPE",
    "activities of walking": "no training session",
    "other files of the archive": "each counted by its name; its FIT files are read by the reader of FIT files",
}
MORNING = "T05:00:00"
MEMBERS = {
    "sleep": re.compile(r".*sleepdata\.json"),
    "health": re.compile(r".*healthstatusdata\.json"),
    "days": re.compile(r"udsfile.*\.json"),
    "activities": re.compile(r".*summarizedactivities\.json"),
}
KNOWN = {NIGHT, "hrvSummary", "activityId", "restingHeartRate"}


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    files = zip_members(payload, MEMBERS, tally) if is_zip(payload) else {"": [payload]}
    documents = [entry for kind in files for file in files[kind] for entry in unwrapped(loaded_json(file))]
    if not any(isinstance(d, dict) and (KNOWN & set(d) or is_health_status(d)) for d in documents):
        raise Unreadable("wrong_provider", _("Holds neither sleep nor HRV nor an activity of Garmin Connect."))
    rested: set[str] = set()  # days whose resting heart rate was read: several answers repeat it
    for item in each(documents, tally, path=""):
        yield from document(item, rested, tally, profile)


def unwrapped(loaded: Any) -> Iterator[Any]:
    """Lists and the envelopes around several; a night without envelope gets one."""
    for entry in loaded if isinstance(loaded, list) else [loaded]:
        if not isinstance(entry, dict):
            yield entry
        elif isinstance(entry.get("summarizedActivitiesExport"), list):
            yield from entry["summarizedActivitiesExport"]
        elif isinstance(entry.get("hrvSummaries"), list):
            yield from ({"hrvSummary": summary} for summary in entry["hrvSummaries"])
        elif "lastNightAvg" in entry:
            yield {"hrvSummary": entry}
        elif is_flat_night(entry):
            resting = {"restingHeartRate": entry["restingHeartRate"]} if "restingHeartRate" in entry else {}
            yield {NIGHT: {name: value for name, value in entry.items() if name not in resting}, **resting}
        elif "allMetrics" in entry:
            yield from resting_hr_days(entry["allMetrics"])
        else:
            yield entry


def is_flat_night(entry: dict[str, Any]) -> bool:
    return "sleepStartTimestampGMT" in entry and not {NIGHT, "hrvSummary"} & set(entry)


def resting_hr_days(metrics: Any) -> Iterator[dict[str, Any]]:
    """The answer for resting heart rate alone: lists of values under the name of each metric."""
    by_name = metrics.get("metricsMap") if isinstance(metrics, dict) else None
    values = by_name.get("WELLNESS_RESTING_HEART_RATE") if isinstance(by_name, dict) else None
    for told in values if isinstance(values, list) else ():
        if isinstance(told, dict):
            yield {"calendarDate": told.get("calendarDate"), "restingHeartRate": told.get("value")}


def is_health_status(entry: Any) -> bool:
    return isinstance(entry.get("metrics"), list) and "calendarDate" in entry


def document(item: Item, rested: set[str], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    night = item.item(NIGHT) if NIGHT in item.raw else None
    if night is not None:
        yield from sleep(night, tally, profile)
    summary = item.item("hrvSummary") if "hrvSummary" in item.raw else None
    if summary is not None:
        yield from hrv(summary, item, tally, profile)
    if is_health_status(item.raw):
        yield from health_status(item, tally, profile)
    if "activityId" in item.raw:
        yield from activity(item, tally, profile)
    elif "restingHeartRate" in item.raw:
        yield from resting_hr(item, night or item, rested, tally, profile)


# --- nights and days -------------------------------------------------------------------------------------------------


def clock(item: Item, name: str, profile: ReadingProfile) -> datetime | None:
    """Milliseconds since 1970 or, in the archive, text without an offset; both mean UTC."""
    if isinstance(item.raw.get(name), str):
        return utc(item, name, profile)
    return item.epoch(name, unit_s=0.001)


def utc(item: Item, name: str, profile: ReadingProfile) -> datetime | None:
    text = item.text(name) if name in item.raw else None
    at = parsed_instant(f"{text.strip()}Z", profile) if text else None
    if text and at is None:
        item.find(name, "not_an_instant", _("Must be a time like 2026-11-22T05:30:00.0."))
    return at


def in_local(item: Item, stem: str, profile: ReadingProfile) -> datetime | None:
    """An instant that two clocks tell: the local one less GMT is its offset."""
    at, wall = clock(item, f"{stem}GMT", profile), clock(item, f"{stem}Local", profile)
    if at is None:
        return item.instant(f"{stem}Local", profile) if isinstance(item.raw.get(f"{stem}Local"), str) else None
    return at.astimezone(between(item, f"{stem}Local", (wall - at).total_seconds())) if wall else at


def between(item: Item, name: str, seconds: float) -> timezone:
    """The offset between the two clocks."""
    offset = offset_of(seconds / 60)
    if offset is None:
        item.find(name, "not_an_offset", _("Must be within 14 h of the same time in GMT."))
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
        start_at=in_local(item, "sleepStartTimestamp", profile), end_at=in_local(item, "sleepEndTimestamp", profile),
        duration_s=item.measured("sleepTimeSeconds"), deep_s=item.number("deepSleepSeconds"),
        light_s=item.number("lightSleepSeconds"), rem_s=item.number("remSleepSeconds"),
        awake_s=item.number("awakeSleepSeconds"),
        score=overall.number("value") if overall else scores.number("overallScore") if scores else None,
    )  # fmt: skip


def hrv(item: Item, around: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    tally.belongs_to(around.raw.get("userProfilePk"))
    day, at = item.date("calendarDate"), in_local(around, "sleepEndTimestamp", profile)
    for vendor, context in (("lastNightAvg", "overnight_mean"), ("lastNight5MinHigh", "overnight_5min_high")):
        yield from night_hrv(item, day, at, context, item.measured(vendor), tally, profile)


def health_status(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    day = item.date("calendarDate")
    for metric in item.each("metrics"):
        if metric.text("type") == "HRV":
            value = metric.number("value")  # 0: the watch was not worn, or does not know yet
            yield from night_hrv(metric, day, None, "overnight_mean", value or None, tally, profile)
        else:
            metric.asked.update(metric.raw)
            tally.ignored["metrics of other types"] += 1


def night_hrv(
    item: Item, day: str | None, at: datetime | None, context: str, value_ms: float | None, tally: Tally,
    profile: ReadingProfile,
) -> Iterator[Reading]:  # fmt: skip
    if value_ms is not None:
        yield from reading(
            "hrv_reading", item.where, tally,
            client_record_id=day and record_id("connect", day, context),
            client_record_version=version_of(None, profile), source=source("garmin"), vendor_date=day,
            measured_at=at or (parsed_instant(day + MORNING, profile) if day else None),
            metric="rmssd", context=context, value_ms=value_ms,
        )  # fmt: skip


def resting_hr(item: Item, dated: Item, rested: set[str], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    day, value = dated.date("calendarDate"), item.measured("restingHeartRate")
    if value is None or day in rested:
        return
    rested.add(day or "")
    yield from reading(
        "resting_hr_reading", item.where, tally,
        client_record_id=day and record_id("connect", day), client_record_version=version_of(None, profile),
        source=source("garmin"), vendor_date=day,
        measured_at=parsed_instant(day + MORNING, profile) if day else None, value_bpm=value,
    )  # fmt: skip


# --- activities ------------------------------------------------------------------------------------------------------


def activity(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = sports.kind_of([sport_of(item)])
    if kind is None:
        tally.ignored["activities of walking"] += 1
        item.asked.update(item.raw)
        return
    name = item.ident("activityId")
    told = archived(item) if is_archived(item) else dumped(item, profile)
    yield from reading(
        "training_session", item.where, tally,
        client_record_id=name and record_id("connect", name), client_record_version=version_of(None, profile),
        source=source("garmin"), kind=kind, **told,
    )  # fmt: skip


def sport_of(item: Item) -> str | None:
    name = "activityTypeDTO" if "activityTypeDTO" in item.raw else "activityType"
    if isinstance(item.raw.get(name), str):
        return item.text(name)
    told = item.item(name)
    return told.text("typeKey") if told else None


def is_archived(item: Item) -> bool:
    return "startTimeGmt" in item.raw or "beginTimestamp" in item.raw


def dumped(item: Item, profile: ReadingProfile) -> dict[str, Any]:
    """Of a list of activities or, with all else of a detail, in its `summaryDTO`."""
    told = item.item(DETAIL) if DETAIL in item.raw else item
    told = told or item
    seconds = first_length(told.number("duration"), told.number("elapsedDuration"))
    rpe = told.rated("directWorkoutRpe")
    return {
        "started_at": in_local(told, "startTime", profile),
        "duration_min": None if seconds is None else seconds / 60,
        "rpe": rpe and rpe / 10,
        "avg_hr_bpm": told.measured("averageHR"),
        "max_hr_bpm": told.measured("maxHR"),
        "distance_m": told.number("distance"),
    }


def archived(item: Item) -> dict[str, Any]:
    begin, began = (item.epoch(name, unit_s=0.001) for name in ("startTimeGmt", "beginTimestamp"))
    begin = begin or began
    local_ms, milliseconds = item.number("startTimeLocal"), item.number("duration")
    centimetres, rpe = item.number("distance"), item.rated("workoutRpe")
    if begin is not None and local_ms is not None:
        begin = begin.astimezone(between(item, "startTimeLocal", local_ms / 1000 - begin.timestamp()))
    return {
        "started_at": begin,
        "duration_min": None if milliseconds is None else milliseconds / 60_000,
        "rpe": rpe and rpe / 10,
        "avg_hr_bpm": item.rated("avgHr"),
        "max_hr_bpm": item.rated("maxHr"),
        "distance_m": None if centimetres is None else centimetres / 100,
    }


READER = Reader(
    name="garmin_connect",
    title="Garmin Connect dumps (garth, garminconnect) and Garmin's archive of one's own data",
    provider="garmin",
    formats=("json", "zip"),
    function=read,
    table=TABLE,
    day_rule="the end of the night in Local less GMT; calendarDate is kept beside it",
    identity="calendarDate (activities: activityId); version: the time of arrival",
    not_used=NOT_USED,
)
READERS = (READER,)
