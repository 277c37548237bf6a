"""Polar AccessLink v3: nightly recharges, nights and exercises.

Times come with and without an offset. A recharge has a date and no time: it is stamped with the end of the night of its
date, where that came along, else with that date's early morning on the athlete's clock.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from athletes.wearables import sports
from athletes.wearables.accepting import reading
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
    parsed_instant,
    record_id,
    source,
    version_of,
)

TABLE = (
    Field("recharges[].polar_user", "", "", "one payload, one person"),
    Field("recharges[].date", "client_record_id, vendor_date, hrv_reading.measured_at"),
    Field("recharges[].heart_rate_variability_avg", "hrv_reading.value_ms", "ms", "rMSSD, overnight_mean"),
    Field("recharges[].heart_rate_avg", "resting_hr_reading.value_bpm", "bpm", "mean of four hours of the night"),
    Field("nights[].polar_user", "", "", "one payload, one person"),
    Field("nights[].date", "client_record_id, vendor_date"),
    Field("nights[].sleep_start_time", "sleep_session.start_at"),
    Field("nights[].sleep_end_time", "sleep_session.end_at"),
    Field("nights[].light_sleep", "sleep_session.light_s", "s"),
    Field("nights[].deep_sleep", "sleep_session.deep_s", "s"),
    Field("nights[].rem_sleep", "sleep_session.rem_s", "s"),
    Field("nights[].unrecognized_sleep_stage", "sleep_session.duration_s", "s", "with light, deep and REM"),
    Field("nights[].total_interruption_duration", "sleep_session.awake_s", "s"),
    Field("nights[].sleep_score", "sleep_session.score", "0-100"),
    Field("exercises[].id", "client_record_id"),
    Field("exercises[].polar_user", "", "", "one payload, one person"),
    Field("exercises[].upload_time", "client_record_version"),
    Field("exercises[].start_time", "training_session.started_at"),
    Field("exercises[].start_time_utc_offset", "its offset", "min"),
    Field("exercises[].duration", "training_session.duration_min", "ISO 8601 -> min"),
    Field("exercises[].distance", "training_session.distance_m", "m"),
    Field("exercises[].heart_rate.average", "training_session.avg_hr_bpm", "bpm"),
    Field("exercises[].heart_rate.maximum", "training_session.max_hr_bpm", "bpm"),
    Field("exercises[].sport", "training_session.kind"),
    Field("exercises[].detailed_sport_info", "training_session.kind"),
    Field("exercises[].device", "source.device_model"),
)
NOT_USED = {
    "recharges[].beat_to_beat_avg": "the mean interval, not its variability",
    "recharges[].hrv_samples": "five-minute samples; the mean is used",
    "recharges[].nightly_recharge_status": "a vendor's score of readiness is not an input",
    "nights[].hypnogram": "the totals are used",
    "exercises[].training_load": "not a session-RPE load",
}
DURATION = re.compile(r"PT(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,6}(?:\.\d{1,9})?)S)?", re.ASCII)
MORNING = "T05:00:00"
LISTS = ("recharges", "nights", "exercises")


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    root = Item(enveloped(loaded_json(payload)), tally)
    ends: dict[str, datetime] = {}
    for item in root.each("nights"):
        yield from night(item, ends, tally, profile)
    for item in root.each("recharges"):
        yield from recharge(item, ends, tally, profile)
    for item in root.each("exercises"):
        yield from exercise(item, tally, profile)
    root.settle()


def enveloped(loaded: Any) -> dict[str, Any]:
    """One document, a bare list of exercises (as GET /exercises answers), or the lists by their names."""
    if isinstance(loaded, list):
        loaded = {"exercises": loaded} if any(is_exercise(entry) for entry in loaded) else {}
    elif "sleep_start_time" in loaded:
        loaded = {"nights": [loaded]}
    elif "nightly_recharge_status" in loaded or "heart_rate_variability_avg" in loaded:
        loaded = {"recharges": [loaded]}
    elif is_exercise(loaded):
        loaded = {"exercises": [loaded]}
    if not any(name in loaded for name in LISTS):
        raise Unreadable("wrong_provider", _("Holds no list of Polar's API."))
    return dict(loaded)


def is_exercise(entry: Any) -> bool:
    return isinstance(entry, dict) and bool({"detailed_sport_info", "start_time_utc_offset"} & set(entry))


def night(item: Item, ends: dict[str, datetime], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    tally.belongs_to(item.ident("polar_user"))
    day, end = item.date("date"), item.instant("sleep_end_time", profile)
    if day and end:
        ends[day] = end
    stages = {f"{stage}_s": item.number(f"{stage}_sleep") for stage in ("light", "deep", "rem")}
    asleep_s = sum(value or 0 for value in stages.values()) + (item.number("unrecognized_sleep_stage") or 0)
    yield from reading(
        "sleep_session", item.where, tally,
        client_record_id=day and record_id(day), client_record_version=version_of(None, profile),
        source=source("polar", device_type="watch"), vendor_date=day,
        start_at=item.instant("sleep_start_time", profile), end_at=end, duration_s=asleep_s or None, **stages,
        awake_s=item.number("total_interruption_duration"), score=item.measured("sleep_score"),
    )  # fmt: skip


def recharge(item: Item, ends: dict[str, datetime], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    tally.belongs_to(item.ident("polar_user"))
    day = item.date("date")
    value, resting = item.measured("heart_rate_variability_avg"), item.measured("heart_rate_avg")
    common = {
        "client_record_id": day and record_id(day), "client_record_version": version_of(None, profile),
        "source": source("polar", device_type="watch"), "vendor_date": day,
        "measured_at": ends.get(day or "") or (parsed_instant(day + MORNING, profile) if day else None),
    }  # fmt: skip
    if value is not None:
        yield from reading(
            "hrv_reading", item.where, tally, **common, metric="rmssd", context="overnight_mean", value_ms=value
        )
    if resting is not None:
        yield from reading("resting_hr_reading", item.where, tally, **common, value_bpm=resting)


def exercise(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    tally.belongs_to(item.ident("polar_user"))
    kind = sports.kind_of([item.text("detailed_sport_info"), item.text("sport")])
    if kind is None:
        tally.ignored["exercises of walking"] += 1
        item.asked.update(item.raw)
        return
    offset, started_at, name = (
        item.offset_min("start_time_utc_offset"),
        item.instant("start_time", profile),
        item.ident("id"),
    )
    heart_rate, text = item.item("heart_rate"), item.text("start_time")
    if offset is not None and text and len(text.strip()) <= len("2026-11-22T06:52:10.000"):
        started_at = parsed_instant(text.strip() + offset.tzname(None).removeprefix("UTC"), profile) or started_at
    yield from reading(
        "training_session", item.where, tally,
        client_record_id=name and record_id(name),
        client_record_version=version_of(item.instant("upload_time", profile), profile),
        source=source("polar", device_model=item.text("device")),
        started_at=started_at, duration_min=minutes(item), kind=kind, distance_m=item.number("distance"),
        avg_hr_bpm=heart_rate.measured("average") if heart_rate else None,
        max_hr_bpm=heart_rate.measured("maximum") if heart_rate else None,
    )  # fmt: skip


def minutes(item: Item) -> float | None:
    text = item.text("duration")
    if text is None:
        return None
    match = DURATION.fullmatch(text)
    if match is None:
        item.find("duration", "not_a_duration", _("Must be a duration like PT1H2M3S."))
        return None
    hours, mins, secs = (float(part or 0) for part in match.groups())
    return hours * 60 + mins + secs / 60


READER = Reader(
    name="polar",
    title="Polar AccessLink v3",
    provider="polar",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="sleep_end_time in its offset, else on the athlete's clock; `date` is kept beside it",
    identity="date (exercises: id); version: upload_time, else the time of arrival",
    not_used=NOT_USED,
)
READERS = (READER,)
