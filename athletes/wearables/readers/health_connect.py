"""Android's Health Connect: its records as JSON, in lists by the name of their type.

Offsets may be null: then the athlete's zone decides. Sleep sessions grow through the night under one id; Health
Connect's own version rule (clientRecordVersion, else lastModifiedTime) decides which is the newer.
"""

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from django.utils.translation import gettext as _

from athletes.wearables import sports
from athletes.wearables.accepting import deletion, reading
from athletes.wearables.merging import STAGED, Segment, Session
from athletes.wearables.payloads import json_object
from athletes.wearables.readings import (
    Field,
    Item,
    Payload,
    Reader,
    Reading,
    ReadingProfile,
    Tally,
    Unreadable,
    record_id,
    source,
    version_of,
)

HRV, SLEEP, EXERCISE = "HeartRateVariabilityRmssdRecord", "SleepSessionRecord", "ExerciseSessionRecord"
RESTING_HR = "RestingHeartRateRecord"
KINDS = {HRV: "hrv_reading", RESTING_HR: "resting_hr_reading", SLEEP: "sleep_session", EXERCISE: "training_session"}
TABLE = (
    Field(f"{HRV}[].heartRateVariabilityMillis", "hrv_reading.value_ms", "ms", "rMSSD, spot"),
    Field(f"{HRV}[].time", "hrv_reading.measured_at"),
    Field(f"{HRV}[].zoneOffset", "its offset"),
    Field(f"{RESTING_HR}[].beatsPerMinute", "resting_hr_reading.value_bpm", "bpm"),
    Field(f"{RESTING_HR}[].time", "resting_hr_reading.measured_at"),
    Field(f"{RESTING_HR}[].zoneOffset", "its offset"),
    Field(f"{SLEEP}[].startTime", "sleep_session.start_at"),
    Field(f"{SLEEP}[].startZoneOffset", "its offset"),
    Field(f"{SLEEP}[].endTime", "sleep_session.end_at"),
    Field(f"{SLEEP}[].endZoneOffset", "its offset"),
    Field(f"{SLEEP}[].stages[].stage", "sleep_session.awake_s, light_s, deep_s, rem_s, duration_s", "0-7"),
    Field(f"{SLEEP}[].stages[].startTime", "the stage's start"),
    Field(f"{SLEEP}[].stages[].endTime", "the stage's end"),
    Field(f"{EXERCISE}[].startTime", "training_session.started_at"),
    Field(f"{EXERCISE}[].startZoneOffset", "its offset"),
    Field(f"{EXERCISE}[].endTime", "training_session.duration_min", "to min"),
    Field(f"{EXERCISE}[].exerciseType", "training_session.kind", "number or name"),
    *(
        row
        for name in KINDS
        for row in (
            Field(f"{name}[].metadata.id", "client_record_id"),
            Field(f"{name}[].metadata.lastModifiedTime", "client_record_version"),
            Field(f"{name}[].metadata.recordingMethod", "source.recording_method"),
            Field(f"{name}[].metadata.device.model", "source.device_model"),
            Field(f"{name}[].metadata.device.type", "source.device_type"),
        )
    ),
    Field("deleted[].type", "which kind is deleted"),
    Field("deleted[].id", "client_record_id of a deleted record"),
)
NOT_USED = {
    f"{HRV}[].metadata.dataOrigin": "the app that wrote it; the device is named instead",
    f"{EXERCISE} of walking": "no training session",
    "metadata.clientRecordVersion": "its writer's own count; lastModifiedTime grows with it and is always there",
}
STAGES = {0: "unknown", 1: "awake", 2: "asleep", 3: "awake", 4: "light", 5: "deep", 6: "rem", 7: "awake"}
STAGE_NAMES = {
    "unknown": "unknown", "awake": "awake", "sleeping": "asleep", "out_of_bed": "awake", "light": "light",
    "deep": "deep", "rem": "rem", "awake_in_bed": "awake",
}  # fmt: skip
METHODS = {0: "unknown", 1: "active", 2: "automatic", 3: "manual"}
DEVICES = {0: "unknown", 1: "watch", 2: "phone", 3: "scale", 4: "ring", 5: "head_mounted", 6: "band", 7: "chest_strap"}
# ExerciseSessionRecord.EXERCISE_TYPE_*, those that a track athlete does
EXERCISES = {
    2: "badminton", 4: "baseball", 5: "basketball", 8: "biking", 9: "biking_stationary", 10: "boot_camp", 11: "boxing",
    13: "calisthenics gym", 14: "cricket ball", 16: "dancing", 25: "elliptical", 28: "football_american", 31: "frisbee",
    32: "golf", 34: "gymnastics", 35: "handball", 36: "hiit", 37: "hiking", 44: "martial_arts", 48: "pilates",
    51: "rock_climbing", 53: "rowing", 54: "rowing_machine", 55: "rugby", 56: "running", 57: "running_treadmill",
    60: "skating", 64: "soccer", 70: "strength_training", 71: "stretching", 73: "swimming", 74: "swimming",
    76: "tennis", 78: "volleyball ball", 79: "walking", 81: "weightlifting", 83: "yoga",
}  # fmt: skip


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    root = json_object(payload, tally)
    if not any(name.endswith("Record") or name == "deleted" for name in root.raw):
        raise Unreadable("wrong_provider", _("Holds no list of Health Connect records."))
    for item in root.each(SLEEP):
        yield from sleep(item, tally, profile)
    for item in root.each(HRV):
        yield from hrv(item, tally, profile)
    for item in root.each(RESTING_HR):
        yield from resting_hr(item, tally, profile)
    for item in root.each(EXERCISE):
        yield from exercise(item, tally, profile)
    version = version_of(None, profile)
    for item in root.each("deleted"):
        kind, name = KINDS.get(item.text("type") or ""), item.ident("id")
        if kind and name:
            yield deletion(
                kind, source=source("health_connect"), client_record_id=record_id(name), client_record_version=version
            )
    root.settle()


def in_offset(item: Item, name: str, offset_name: str, profile: ReadingProfile) -> datetime | None:
    instant, offset = item.instant(name, profile), zone_offset(item, offset_name)
    return instant and instant.astimezone(offset or instant.tzinfo)


def zone_offset(item: Item, name: str) -> timezone | None:
    """As ISO text or, as Kotlin's ZoneOffset is often written, in an object or in seconds."""
    value = item.raw.get(name)
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        return Item({name: value["id"]}, item.tally, path=item.path, where=item.where).offset(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return item.offset_min(name, unit_min=1 / 60)
    return item.offset(name)


def identity(item: Item, profile: ReadingProfile) -> dict[str, Any]:
    metadata = item.item("metadata") or Item({}, item.tally, path=f"{item.path}.metadata", where=item.where)
    name, modified_at = metadata.ident("id"), metadata.instant("lastModifiedTime", profile)
    device = metadata.item("device")
    return {
        "client_record_id": name and record_id(name),
        "client_record_version": version_of(modified_at, profile),
        "source": source(
            "health_connect",
            device_model=device.text("model") if device else None,
            device_type=worded(device, "type", DEVICES) if device else None,
            recording_method=worded(metadata, "recordingMethod", METHODS),
        ),
    }


def worded(item: Item, name: str, words: dict[int, str]) -> str | None:
    value = item.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return words.get(value)
    return value.lower() if isinstance(value, str) else None


def hrv(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    """Single readings: their writer does not say how they were taken, so each is a spot reading."""
    measured_at, provenance = in_offset(item, "time", "zoneOffset", profile), identity(item, profile)
    value = item.measured("heartRateVariabilityMillis")
    if value is not None:
        yield from reading(
            "hrv_reading", item.where, tally, **provenance,
            measured_at=measured_at, metric="rmssd", context="spot", value_ms=value,
        )  # fmt: skip


def resting_hr(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    measured_at, provenance = in_offset(item, "time", "zoneOffset", profile), identity(item, profile)
    value = item.measured("beatsPerMinute")
    if value is not None:
        yield from reading(
            "resting_hr_reading", item.where, tally, **provenance, measured_at=measured_at, value_bpm=value
        )


def sleep(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    start = in_offset(item, "startTime", "startZoneOffset", profile)
    end = in_offset(item, "endTime", "endZoneOffset", profile)
    stages = Session(tuple(stages_of(item, profile)))
    yield from reading(
        "sleep_session", item.where, tally, **identity(item, profile), start_at=start, end_at=end,
        duration_s=stages.seconds(*STAGED, "asleep"),
        **{f"{stage}_s": stages.seconds(stage) for stage in ("awake", *STAGED)},
    )  # fmt: skip


def stages_of(item: Item, profile: ReadingProfile) -> Iterator[Segment]:
    for stage in item.each("stages"):
        start, end, value = stage.instant("startTime", profile), stage.instant("endTime", profile), stage.get("stage")
        name = STAGE_NAMES.get(value.lower()) if isinstance(value, str) else None
        if isinstance(value, int) and not isinstance(value, bool):
            name = STAGES.get(value)
        if name is None:
            stage.find("stage", "unknown_stage", _("Not a stage of Health Connect."))
        elif start and end and start < end:
            yield Segment(name, start, end, "", stage.where)
        else:
            stage.find("endTime", "impossible_segment", _("Must end after it starts."))


def exercise(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    value = item.get("exerciseType")
    known = EXERCISES.get(value, "") if isinstance(value, int) and not isinstance(value, bool) else value
    kind = sports.kind_of([known])
    if kind is None:
        tally.ignored[f"{EXERCISE} of walking"] += 1
        item.asked.update(item.raw)
        return
    start = in_offset(item, "startTime", "startZoneOffset", profile)
    end = item.instant("endTime", profile)
    yield from reading(
        "training_session", item.where, tally, **identity(item, profile), started_at=start,
        duration_min=(end - start).total_seconds() / 60 if start and end else None, kind=kind,
    )  # fmt: skip


READER = Reader(
    name="health_connect",
    title="Health Connect records",
    provider="health_connect",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="endTime in endZoneOffset; a null offset: the athlete's zone",
    identity="metadata.id; version: lastModifiedTime, else the time of arrival",
    not_used=NOT_USED,
)
READERS = (READER,)
