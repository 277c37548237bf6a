"""Google Health API v4: data points of sleep, heart rate variability (single and daily) and exercise.

`averageHeartRateVariabilityMilliseconds` is rMSSD. Whole numbers and durations come as strings ("142", "3600s").
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from django.utils.translation import gettext as _

from athletes.wearables import sports
from athletes.wearables.accepting import first_length, reading
from athletes.wearables.merging import STAGED, Segment, Session
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
    record_id,
    source,
    version_of,
)

POINT = "dataPoints[]"
TABLE = (
    Field(f"{POINT}.name", "client_record_id", "", "its last part"),
    Field(f"{POINT}.dataSource.device.displayName", "source.device_model"),
    Field(f"{POINT}.dataSource.recordingMethod", "source.recording_method"),
    Field(f"{POINT}.sleep.interval.startTime", "sleep_session.start_at"),
    Field(f"{POINT}.sleep.interval.startUtcOffset", "its offset", "s"),
    Field(f"{POINT}.sleep.interval.endTime", "sleep_session.end_at"),
    Field(f"{POINT}.sleep.interval.endUtcOffset", "its offset", "s"),
    Field(f"{POINT}.sleep.stages[].type", "sleep_session.awake_s, light_s, deep_s, rem_s, duration_s"),
    Field(f"{POINT}.sleep.stages[].startTime", "the stage's start"),
    Field(f"{POINT}.sleep.stages[].endTime", "the stage's end"),
    Field(f"{POINT}.sleep.summary.minutesAsleep", "sleep_session.duration_s", "min -> s", "where there are no stages"),
    Field(f"{POINT}.sleep.metadata.nap", "sleep_session.is_nap"),
    Field(f"{POINT}.sleep.updateTime", "client_record_version"),
    Field(f"{POINT}.heartRateVariability.sampleTime.physicalTime", "hrv_reading.measured_at"),
    Field(f"{POINT}.heartRateVariability.sampleTime.utcOffset", "its offset", "s"),
    Field(
        f"{POINT}.heartRateVariability.rootMeanSquareOfSuccessiveDifferencesMilliseconds",
        "hrv_reading.value_ms", "ms", "rMSSD, spot",
    ),
    Field(
        f"{POINT}.heartRateVariability.standardDeviationMilliseconds",
        "hrv_reading.value_ms", "ms", "SDNN, spot: a reading of its own",
    ),
    Field(f"{POINT}.dailyHeartRateVariability.date.year", "vendor_date, hrv_reading.measured_at"),
    Field(f"{POINT}.dailyHeartRateVariability.date.month", "vendor_date, hrv_reading.measured_at"),
    Field(f"{POINT}.dailyHeartRateVariability.date.day", "vendor_date, hrv_reading.measured_at"),
    Field(
        f"{POINT}.dailyHeartRateVariability.averageHeartRateVariabilityMilliseconds",
        "hrv_reading.value_ms", "ms", "rMSSD, overnight_mean",
    ),
    Field(
        f"{POINT}.dailyHeartRateVariability.deepSleepRootMeanSquareOfSuccessiveDifferencesMilliseconds",
        "hrv_reading.value_ms", "ms", "rMSSD, overnight_deep",
    ),
    Field(f"{POINT}.exercise.interval.startTime", "training_session.started_at"),
    Field(f"{POINT}.exercise.interval.startUtcOffset", "its offset", "s"),
    Field(f"{POINT}.exercise.interval.endTime", "training_session.duration_min", "to min"),
    *(
        Field(f"{POINT}.dailyRestingHeartRate.date.{part}", "vendor_date, resting_hr_reading.measured_at")
        for part in ("year", "month", "day")
    ),
    Field(f"{POINT}.dailyRestingHeartRate.beatsPerMinute", "resting_hr_reading.value_bpm", "bpm"),
    Field(f"{POINT}.exercise.exerciseType", "training_session.kind"),
    Field(f"{POINT}.exercise.activeDuration", "training_session.duration_min", "s -> min"),
    Field(f"{POINT}.exercise.metricsSummary.averageHeartRateBeatsPerMinute", "training_session.avg_hr_bpm", "bpm"),
    Field(f"{POINT}.exercise.metricsSummary.distanceMillimeters", "training_session.distance_m", "mm -> m"),
    Field(f"{POINT}.exercise.updateTime", "client_record_version"),
)  # fmt: skip
NOT_USED = {
    "other data types": "counted by their name",
    "exercise of walking": "no training session",
    "sleep.summary, but for minutesAsleep": "the stages are used",
}
STAGES = {
    "AWAKE": "awake", "LIGHT": "light", "DEEP": "deep", "REM": "rem", "ASLEEP": "asleep", "RESTLESS": "awake",
    "SLEEP_STAGE_TYPE_UNSPECIFIED": "unknown",
}  # fmt: skip
SECONDS = re.compile(r"(-?\d{1,9}(?:\.\d{1,9})?)s", re.ASCII)
MORNING = "T05:00:00"
HRV_VALUES = (
    ("rootMeanSquareOfSuccessiveDifferencesMilliseconds", "rmssd"),
    ("standardDeviationMilliseconds", "sdnn"),
)
DAILY_VALUES = (
    ("averageHeartRateVariabilityMilliseconds", "overnight_mean"),
    ("deepSleepRootMeanSquareOfSuccessiveDifferencesMilliseconds", "overnight_deep"),
)


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    loaded = loaded_json(payload)
    points = loaded.get("dataPoints") if isinstance(loaded, dict) else loaded
    if not isinstance(points, list) or not (isinstance(loaded, dict) or any(is_point(point) for point in points)):
        raise Unreadable("wrong_provider", _("Holds no dataPoints of the Google Health API."))
    for item in each(points, tally, path=POINT, where="dataPoints"):
        item.texts = True
        yield from point(item, tally, profile)


def is_point(point: Any) -> bool:
    known = {"sleep", "heartRateVariability", "dailyRestingHeartRate", "exercise", "dataSource"}
    return isinstance(point, dict) and bool(known & set(point))


def point(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    provenance = identity(item)
    for name, function in (
        ("sleep", sleep), ("heartRateVariability", hrv), ("dailyHeartRateVariability", daily),
        ("dailyRestingHeartRate", resting_hr), ("exercise", exercise),
    ):  # fmt: skip
        inner = item.item(name) if name in item.raw else None
        if inner is not None:
            yield from function(inner, provenance, tally, profile)


def identity(item: Item) -> dict[str, Any]:
    name, origin = item.ident("name"), item.item("dataSource")
    device = origin.item("device") if origin else None
    return {
        "client_record_id": name and record_id(name.rsplit("/", 1)[-1]),
        "source": source(
            "google",
            device_model=device.text("displayName") if device else None,
            recording_method=(origin.text("recordingMethod") or "").lower() if origin else None,
        ),
    }


def seconds(item: Item, name: str) -> float | None:
    text = item.text(name)
    match = SECONDS.fullmatch(text) if text else None
    if text is not None and match is None:
        item.find(name, "not_a_duration", _("Must be a duration like 3600s."))
    return float(match[1]) if match else None


def at(item: Item, name: str, offset_name: str, profile: ReadingProfile) -> datetime | None:
    instant, offset_s, offset = item.instant(name, profile), seconds(item, offset_name), None
    if offset_s is not None:
        offset = offset_of(offset_s / 60)
        if offset is None:
            item.find(offset_name, "not_an_offset", _("Must be an offset between -14 and +14 hours."))
    return instant and instant.astimezone(offset or instant.tzinfo or UTC)


def sleep(item: Item, provenance: dict[str, Any], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    interval, metadata = item.item("interval"), item.item("metadata")
    stages, summary = Session(tuple(stages_of(item, profile))), item.item("summary")
    told_min = summary.number("minutesAsleep") if summary else None
    yield from reading(
        "sleep_session", item.where, tally, **provenance,
        client_record_version=version_of(item.instant("updateTime", profile), profile),
        start_at=at(interval, "startTime", "startUtcOffset", profile) if interval else None,
        end_at=at(interval, "endTime", "endUtcOffset", profile) if interval else None,
        is_nap=metadata is not None and metadata.get("nap") is True,
        duration_s=first_length(stages.seconds(*STAGED, "asleep"), told_min and told_min * 60),
        **{f"{stage}_s": stages.seconds(stage) for stage in ("awake", *STAGED)},
    )  # fmt: skip


def stages_of(item: Item, profile: ReadingProfile) -> Iterator[Segment]:
    for stage in item.each("stages"):
        start, end = stage.instant("startTime", profile), stage.instant("endTime", profile)
        name = STAGES.get(stage.text("type") or "")
        if name is None or start is None or end is None or start >= end:
            stage.find("type", "unusable_stage", _("Needs a known type, a start and a later end."))
        else:
            yield Segment(name, start, end, "", stage.where)


def hrv(item: Item, provenance: dict[str, Any], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    sample = item.item("sampleTime")
    measured_at = at(sample, "physicalTime", "utcOffset", profile) if sample else None
    for vendor, metric in HRV_VALUES:
        value = item.measured(vendor)
        if value is not None:
            named = {**provenance, "client_record_id": suffixed(provenance["client_record_id"], metric)}
            yield from reading(
                "hrv_reading", item.where, tally, **named, client_record_version=version_of(None, profile),
                measured_at=measured_at, metric=metric, context="spot", value_ms=value,
            )  # fmt: skip


def suffixed(name: str | None, suffix: str) -> str | None:
    return name and record_id(name, suffix)


def daily(item: Item, provenance: dict[str, Any], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    day = day_of(item)
    for vendor, context in DAILY_VALUES:
        value = item.measured(vendor)
        if value is not None:
            named = {**provenance, "client_record_id": suffixed(day, context)}
            yield from reading(
                "hrv_reading", item.where, tally, **named, client_record_version=version_of(None, profile),
                vendor_date=day, measured_at=parsed_instant(day + MORNING, profile) if day else None,
                metric="rmssd", context=context, value_ms=value,
            )  # fmt: skip


def resting_hr(item: Item, provenance: dict[str, Any], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    day, value = day_of(item), item.measured("beatsPerMinute")
    if value is not None:
        named = {**provenance, "client_record_id": day and record_id(day)}
        yield from reading(
            "resting_hr_reading", item.where, tally, **named, client_record_version=version_of(None, profile),
            vendor_date=day, measured_at=parsed_instant(day + MORNING, profile) if day else None, value_bpm=value,
        )  # fmt: skip


def day_of(item: Item) -> str | None:
    told = item.item("date")
    parts = [told.number(name) for name in ("year", "month", "day")] if told else []
    try:
        return date(*(int(part) for part in parts if part is not None and part == int(part))).isoformat()
    except (TypeError, ValueError, OverflowError):
        item.find("date", "not_a_date", _("Must have year, month and day."))
        return None


def exercise(item: Item, provenance: dict[str, Any], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = sports.kind_of([item.text("exerciseType")])
    if kind is None:
        tally.ignored["exercise of walking"] += 1
        item.asked.update(item.raw)
        return
    interval, summary, active_s = item.item("interval"), item.item("metricsSummary"), seconds(item, "activeDuration")
    start = at(interval, "startTime", "startUtcOffset", profile) if interval else None
    end = interval.instant("endTime", profile) if interval else None
    whole_s = (end - start).total_seconds() if start and end else None
    millimetres = summary.number("distanceMillimeters") if summary else None
    length_s = first_length(active_s, whole_s)
    yield from reading(
        "training_session", item.where, tally, **provenance,
        client_record_version=version_of(item.instant("updateTime", profile), profile), started_at=start,
        duration_min=None if length_s is None else length_s / 60, kind=kind,
        avg_hr_bpm=summary.measured("averageHeartRateBeatsPerMinute") if summary else None,
        distance_m=None if millimetres is None else millimetres / 1000,
    )  # fmt: skip


READER = Reader(
    name="google",
    title="Google Health API v4",
    provider="google",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="the end of the interval in endUtcOffset; daily values lie on their date",
    identity="the last part of name (daily: the date); version: updateTime, else the time of arrival",
    not_used=NOT_USED,
)
READERS = (READER,)
