"""HealthKit samples: what an app sends as JSON and what export.xml holds as elements are the same samples.

Classic HRV of HealthKit is SDNN, a spot value. It is kept as that and never becomes rMSSD.
"""

import hashlib
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from athletes.wearables import sports
from athletes.wearables.accepting import reading
from athletes.wearables.merging import Segment, Session
from athletes.wearables.readings import Item, Reading, ReadingProfile, Tally, one_of, record_id, source, version_of

HRV = "HKQuantityTypeIdentifierHeartRateVariabilitySDNN"
RESTING_HR = "HKQuantityTypeIdentifierRestingHeartRate"
SLEEP = "HKCategoryTypeIdentifierSleepAnalysis"
EFFORT = ("HKQuantityTypeIdentifierWorkoutEffortScore", "HKQuantityTypeIdentifierEstimatedWorkoutEffortScore")
STAGES: dict[object, str] = {
    "InBed": "in_bed", "AsleepUnspecified": "asleep", "Asleep": "asleep", "Awake": "awake", "AsleepCore": "light",
    "AsleepDeep": "deep", "AsleepREM": "rem", 0: "in_bed", 1: "asleep", 2: "awake", 3: "light", 4: "deep", 5: "rem",
}  # fmt: skip
STAGE_PREFIX = "HKCategoryValueSleepAnalysis"
ACTIVITY_PREFIX = "HKWorkoutActivityType"
# HKWorkoutActivityType, as an app may send its raw value
ACTIVITIES = {
    6: "basketball", 13: "cycling", 16: "elliptical", 20: "functional_strength_training", 24: "hiking", 35: "rowing",
    37: "running", 41: "soccer ball", 46: "swimming", 48: "tennis", 50: "traditional_strength_training", 52: "walking",
    57: "yoga", 59: "core_training", 62: "flexibility", 63: "high_intensity_interval_training", 64: "jump_rope",
    72: "track_and_field", 80: "cooldown",
}  # fmt: skip
IN_BPM = {"count/min": 1.0}
IN_MS = {"ms": 1.0, "s": 1000.0}
IN_MIN = {"min": 1.0, "s": 1 / 60, "hr": 60.0}
IN_M = {"m": 1.0, "km": 1000.0, "mi": 1609.344, "yd": 0.9144, "ft": 0.3048}


def in_unit(item: Item, name: str, unit_name: str, units: dict[str, float]) -> float | None:
    """HealthKit's numbers mean nothing without their unit."""
    value, unit = item.number(name), item.text(unit_name)
    if value is None:
        return None
    if unit not in units:
        item.find(unit_name, "unknown_unit", one_of(units))
        return None
    return value * units[unit]


def zone_of(item: Item) -> str | None:
    """HKTimeZone, where the writer of the sample left it."""
    metadata = item.item("metadata")
    return metadata.zone("HKTimeZone") if metadata else None


def hrv(
    item: Item, name: str | None, provenance: dict[str, Any], tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    value_ms = in_unit(item, "value", "unit", IN_MS)
    measured_at, zone = item.instant("startDate", profile), zone_of(item)
    if value_ms is not None:
        yield from reading(
            "hrv_reading", item.where, tally, client_record_id=name, **provenance,
            measured_at=measured_at, timezone=zone, metric="sdnn", context="spot", value_ms=value_ms,
        )  # fmt: skip


def resting_hr(
    item: Item, name: str | None, provenance: dict[str, Any], tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    """Of the day it begins on; the watch writes it anew in the course of the day."""
    value_bpm = in_unit(item, "value", "unit", IN_BPM)
    measured_at, zone = item.instant("startDate", profile), zone_of(item)
    if value_bpm is not None:
        yield from reading(
            "resting_hr_reading", item.where, tally, client_record_id=name, **provenance,
            measured_at=measured_at, timezone=zone, value_bpm=value_bpm,
        )  # fmt: skip


def segment(item: Item, writer: str, device: str, profile: ReadingProfile) -> Segment | None:
    value = item.get("value")
    word = value.removeprefix(STAGE_PREFIX) if isinstance(value, str) else value
    stage = None if isinstance(word, bool) or not isinstance(word, str | int) else STAGES.get(word)
    start, end = item.instant("startDate", profile), item.instant("endDate", profile)
    zone = zone_of(item)
    if stage is None:
        item.find("value", "unknown_stage", _("Not a value of sleep analysis."))
    if stage is None or start is None or end is None:
        return None
    # A file of years has tens of thousands of them: what is the same in all is kept once.
    return Segment(stage, start, end, sys.intern(writer), item.where, sys.intern(zone or ""), sys.intern(device))


def night(session: Session, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    """Under the id of its source and start: a night that grows keeps it, and the later end is the higher version."""
    yield from reading(
        "sleep_session", session.segments[0].where, tally,
        client_record_id=record_id("sleep", digest(session.source), int(session.start.timestamp())),
        client_record_version=version_of(session.last.end, profile),
        source=source("apple", device_model=session.last.device), **session.data(),
    )  # fmt: skip


def digest(text: str) -> str:
    """A source is called "Alice's Watch": its name is no part of an id."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def kind_of_activity(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return sports.kind_of([ACTIVITIES.get(value, "")])
    return sports.kind_of([value.removeprefix(ACTIVITY_PREFIX)] if isinstance(value, str) else [])


def effort(value: float | None, item: Item, name: str) -> float | None:
    """Apple's effort score, 1-10, where the athlete gave it: the session's RPE."""
    if value is not None and not 1 <= value <= 10:
        item.find(name, "out_of_range", _("An effort score lies between 1 and 10."))
        return None
    return value


def duration_min(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() / 60 if start and end else None
