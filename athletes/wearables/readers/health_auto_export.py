"""Health Auto Export, the iOS app: metrics aggregated by day or raw, and workouts. Its HRV is Apple's SDNN.

Aggregated nights hold hours, raw ones a stage an entry. An aggregated night is named by its sleepStart.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from athletes.wearables import sports
from athletes.wearables.accepting import reading
from athletes.wearables.merging import Segment, sessions
from athletes.wearables.payloads import json_object
from athletes.wearables.readers import apple_samples as samples
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

ENTRY = "data.metrics[].data[]"
TABLE = (
    Field("data.metrics[].name", "heart_rate_variability, resting_heart_rate or sleep_analysis"),
    Field("data.metrics[].units", "ms or s -> ms; count/min or bpm; hr"),
    Field(f"{ENTRY}.date", "hrv_reading.measured_at, resting_hr_reading.measured_at, client_record_id"),
    Field(f"{ENTRY}.qty", "hrv_reading.value_ms; resting_hr_reading.value_bpm", "as units say", "HRV: SDNN, spot"),
    Field(f"{ENTRY}.source", "client_record_id as a digest", "", "which device a night is of"),
    Field(f"{ENTRY}.sleepStart", "sleep_session.start_at, client_record_id", "", "aggregated"),
    Field(f"{ENTRY}.sleepEnd", "sleep_session.end_at", "", "aggregated"),
    Field(f"{ENTRY}.totalSleep", "sleep_session.duration_s", "h -> s", "aggregated"),
    Field(f"{ENTRY}.asleep", "sleep_session.duration_s", "h -> s", "aggregated; where there is no totalSleep"),
    Field(f"{ENTRY}.inBed", "sleep_session.time_in_bed_s", "h -> s", "aggregated"),
    Field(f"{ENTRY}.core", "sleep_session.light_s", "h -> s", "aggregated"),
    Field(f"{ENTRY}.deep", "sleep_session.deep_s", "h -> s", "aggregated"),
    Field(f"{ENTRY}.rem", "sleep_session.rem_s", "h -> s", "aggregated"),
    Field(f"{ENTRY}.awake", "sleep_session.awake_s", "h -> s", "aggregated"),
    Field(f"{ENTRY}.startDate", "sleep_session.start_at", "", "raw"),
    Field(f"{ENTRY}.endDate", "sleep_session.end_at", "", "raw"),
    Field(f"{ENTRY}.value", "a stage of the sleep_session", "", "raw"),
    Field("data.workouts[].id", "client_record_id"),
    Field("data.workouts[].name", "training_session.kind"),
    Field("data.workouts[].start", "training_session.started_at"),
    Field("data.workouts[].end", "training_session.duration_min", "to min"),
    Field("data.workouts[].avgHeartRate.qty", "training_session.avg_hr_bpm", "bpm"),
    Field("data.workouts[].maxHeartRate.qty", "training_session.max_hr_bpm", "bpm"),
    Field("data.workouts[].distance.qty", "training_session.distance_m", "as units say"),
    Field("data.workouts[].distance.units", "m, km, mi, yd or ft -> m"),
)
NOT_USED = {
    "other metrics": "counted by their name",
    f"{ENTRY}.inBedStart": "the sleep's own start is used",
    "workouts of walking": "no training session",
}
BEATS_A_MINUTE = ("count/min", "bpm")
STAGES = {
    "Core": "light", "Deep": "deep", "REM": "rem", "Awake": "awake", "Asleep": "asleep", "InBed": "in_bed",
    "In Bed": "in_bed", "Unspecified": "asleep", "Asleep Unspecified": "asleep",
}  # fmt: skip


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    root = json_object(payload, tally)
    data = root.item("data")
    if data is None or not {"metrics", "workouts"} & set(data.raw):
        raise Unreadable("wrong_provider", _("Holds neither metrics nor workouts of Health Auto Export."))
    for metric in data.each("metrics"):
        name = metric.text("name")
        if name == "heart_rate_variability":
            yield from hrv(metric, tally, profile)
        elif name == "resting_heart_rate":
            yield from resting_hr(metric, tally, profile)
        elif name == "sleep_analysis":
            yield from sleep(metric, tally, profile)
        else:
            tally.ignored[(name or "metrics without a name")[:80]] += 1
            metric.asked.update(metric.raw)
    for item in data.each("workouts"):
        yield from workout(item, tally, profile)
    root.settle()


def hrv(metric: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    unit = metric.text("units")
    if unit not in samples.IN_MS:
        metric.find("units", "unknown_unit", _("Must be ms or s."))
        metric.asked.add("data")
        return
    for item in metric.each("data"):
        value, at, told = item.measured("qty"), item.instant("date", profile), writer(item)
        if value is not None:
            yield from reading(
                "hrv_reading", item.where, tally,
                client_record_id=at and record_id("hae", samples.digest(told), int(at.timestamp())),
                client_record_version=version_of(None, profile), source=source("apple"),
                measured_at=at, metric="sdnn", context="spot", value_ms=value * samples.IN_MS[unit],
            )  # fmt: skip


def resting_hr(metric: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    if metric.text("units") not in BEATS_A_MINUTE:
        metric.find("units", "unknown_unit", _("Must be count/min or bpm."))
        metric.asked.add("data")
        return
    for item in metric.each("data"):
        value, at, told = item.measured("qty"), item.instant("date", profile), writer(item)
        if value is not None:
            yield from reading(
                "resting_hr_reading", item.where, tally,
                client_record_id=at and record_id("hae", samples.digest(told), int(at.timestamp())),
                client_record_version=version_of(None, profile), source=source("apple"),
                measured_at=at, value_bpm=value,
            )  # fmt: skip


def writer(item: Item) -> str:
    return item.text("source") or ""


def sleep(metric: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    in_hours = metric.text("units") in ("hr", "h", "hours")
    segments: list[Segment] = []
    for item in metric.each("data"):
        item.asked.add("date")
        if "value" in item.raw or "stage" in item.raw:
            segments += raw_stage(item, profile)
        elif in_hours:
            yield from aggregated(item, tally, profile)
        else:
            item.find("units", "unknown_unit", _("Aggregated sleep must be in hours."))
            item.asked.update(item.raw)
    for session in sessions(segments, tally):
        yield from samples.night(session, tally, profile)


def raw_stage(item: Item, profile: ReadingProfile) -> Iterator[Segment]:
    start, end, value = item.instant("startDate", profile), item.instant("endDate", profile), item.text("value")
    item.asked.add("qty")
    stage = STAGES.get((value or "").removeprefix(samples.STAGE_PREFIX))
    if stage is None or start is None or end is None:
        item.find("value", "unusable_stage", _("Needs a known stage, a start and an end."))
    else:
        yield Segment(stage, start, end, writer(item), item.where)


def aggregated(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    start, end = item.instant("sleepStart", profile), item.instant("sleepEnd", profile)
    asleep, total = seconds(item, "asleep"), seconds(item, "totalSleep")
    yield from reading(
        "sleep_session", item.where, tally,
        client_record_id=start and record_id("hae", samples.digest(writer(item)), int(start.timestamp())),
        client_record_version=version_of(end, profile), source=source("apple"), start_at=start, end_at=end,
        duration_s=total or asleep, time_in_bed_s=seconds(item, "inBed") or None, light_s=seconds(item, "core"),
        deep_s=seconds(item, "deep"), rem_s=seconds(item, "rem"), awake_s=seconds(item, "awake"),
    )  # fmt: skip


def seconds(item: Item, name: str) -> float | None:
    hours = item.number(name)
    return None if hours is None else hours * 3600


def workout(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = sports.kind_of([item.text("name")])
    if kind is None:
        tally.ignored["workouts of walking"] += 1
        item.asked.update(item.raw)
        return
    start, end, name = item.instant("start", profile), item.instant("end", profile), item.ident("id")
    heart_rate, highest, distance = item.item("avgHeartRate"), item.item("maxHeartRate"), item.item("distance")
    yield from reading(
        "training_session", item.where, tally, client_record_id=named(name, start),
        client_record_version=version_of(None, profile), source=source("apple"), started_at=start,
        duration_min=samples.duration_min(start, end), kind=kind,
        avg_hr_bpm=heart_rate.measured("qty") if heart_rate else None,
        max_hr_bpm=highest.measured("qty") if highest else None,
        distance_m=samples.in_unit(distance, "qty", "units", samples.IN_M) if distance else None,
    )  # fmt: skip


def named(name: str | None, start: datetime | None) -> Any:
    """Older versions of the app send no id."""
    return record_id(name) if name else start and record_id("hae", int(start.timestamp()))


READER = Reader(
    name="health_auto_export",
    title="Health Auto Export (iOS app)",
    provider="apple",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="sleepEnd or the last endDate, in its own offset",
    identity="source and start, as a digest (workouts: id); version: the end of the night, else the time of arrival",
    not_used=NOT_USED,
)
READERS = (READER,)
