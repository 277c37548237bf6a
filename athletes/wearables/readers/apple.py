"""HealthKit samples as an app on the athlete's phone sends them: {"samples": [], "workouts": [], "deleted": []}."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from athletes.wearables.accepting import deletion, first_length, reading
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

TABLE = (
    Field("samples[].uuid", "client_record_id", "", "of HRV; a night is named by its source and start"),
    Field("samples[].type", "the kind of sample"),
    Field("samples[].value", "hrv_reading.value_ms; a stage of a sleep_session; resting_hr_reading.value_bpm",
          "as unit says", "HRV: SDNN, spot"),
    Field("samples[].unit", "ms or s -> ms; count/min"),
    Field("samples[].startDate", "hrv_reading.measured_at, resting_hr_reading.measured_at, sleep_session.start_at"),
    Field("samples[].endDate", "sleep_session.end_at"),
    Field("samples[].metadata.HKTimeZone", "timezone"),
    Field("samples[].sourceName", "which source a night is of"),
    Field("samples[].device", "source.device_model"),
    Field("workouts[].uuid", "client_record_id"),
    Field("workouts[].activityType", "training_session.kind", "number or name"),
    Field("workouts[].startDate", "training_session.started_at"),
    Field("workouts[].endDate", "training_session.duration_min", "to min", "where there is no duration"),
    Field("workouts[].duration", "training_session.duration_min", "as durationUnit says"),
    Field("workouts[].durationUnit", "min, s or hr -> min"),
    Field("workouts[].metadata.HKTimeZone", "timezone"),
    Field("workouts[].effortScore", "training_session.rpe", "1-10", "HKQuantityTypeIdentifierWorkoutEffortScore"),
    Field("workouts[].averageHeartRate", "training_session.avg_hr_bpm", "bpm"),
    Field("workouts[].maximumHeartRate", "training_session.max_hr_bpm", "bpm"),
    Field("workouts[].totalDistance", "training_session.distance_m", "as totalDistanceUnit says"),
    Field("workouts[].totalDistanceUnit", "m, km, mi, yd or ft -> m"),
    Field("workouts[].device", "source.device_model"),
    Field("deleted[].uuid", "client_record_id of a deleted record"),
    Field("deleted[].type", "which kind is deleted"),
)  # fmt: skip
NOT_USED = {
    "HKQuantityTypeIdentifierOxygenSaturation": "no record of its own",
    "workouts of walking": "no training session",
    "a deleted stage of sleep": "a finding: the night it was part of is not known by it",
}


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    root = json_object(payload, tally)
    if not any(name in root.raw for name in ("samples", "workouts", "deleted")):
        raise Unreadable("wrong_provider", _("Holds neither samples nor workouts."))
    segments: list[Segment] = []
    for item in root.each("samples"):
        kind = item.text("type")
        if kind in (samples.HRV, samples.RESTING_HR):
            name = item.ident("uuid")
            immutable = {"client_record_version": 0, "source": source("apple", device_model=item.text("device"))}
            what = samples.hrv if kind == samples.HRV else samples.resting_hr
            yield from what(item, name and record_id(name), immutable, tally, profile)
        elif kind == samples.SLEEP:
            item.asked.add("uuid")
            found = samples.segment(item, item.text("sourceName") or "", item.text("device") or "", profile)
            segments += [found] if found else []
        else:
            tally.ignored[(kind or "samples without a type")[:80]] += 1
            item.asked.update(item.raw)
    for session in sessions(segments, tally):
        yield from samples.night(session, tally, profile)
    for item in root.each("workouts"):
        yield from workout(item, tally, profile)
    for item in root.each("deleted"):
        yield from deleted(item, tally, profile)
    root.settle()


def provenance(item: Item, profile: ReadingProfile) -> dict[str, Any]:
    return {
        "client_record_version": version_of(None, profile),
        "source": source("apple", device_model=item.text("device")),
    }


def workout(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = samples.kind_of_activity(item.get("activityType"))
    if kind is None:
        tally.ignored["workouts of walking"] += 1
        item.asked.update(item.raw)
        return
    start, end, name = item.instant("startDate", profile), item.instant("endDate", profile), item.ident("uuid")
    told_min = samples.in_unit(item, "duration", "durationUnit", samples.IN_MIN)
    yield from reading(
        "training_session", item.where, tally, **provenance(item, profile),
        client_record_id=name and record_id(name), timezone=samples.zone_of(item), started_at=start,
        duration_min=first_length(told_min, samples.duration_min(start, end)), kind=kind,
        rpe=samples.effort(item.number("effortScore"), item, "effortScore"),
        avg_hr_bpm=item.measured("averageHeartRate"), max_hr_bpm=item.measured("maximumHeartRate"),
        distance_m=samples.in_unit(item, "totalDistance", "totalDistanceUnit", samples.IN_M),
    )  # fmt: skip


def deleted(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind, name = item.text("type") or "", item.ident("uuid")
    if kind == samples.SLEEP:
        tally.find(item.where, "deleted_stage", _("One deleted stage does not say which night it was part of."))
        return
    of = {samples.HRV: "hrv_reading", samples.RESTING_HR: "resting_hr_reading"}.get(kind)
    of = of or ("training_session" if kind.startswith("HKWorkout") else None)
    if of and name:
        yield deletion(
            of,
            source=source("apple"),
            client_record_id=record_id(name),
            client_record_version=version_of(None, profile),
        )


READER = Reader(
    name="apple",
    title="HealthKit samples sent by an app",
    provider="apple",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="the end of the night in HKTimeZone, else in the offset of endDate",
    identity="uuid (a night: its source and start); version: the time of arrival (HRV: 0, a night: its end)",
    not_used=NOT_USED,
)
READERS = (READER,)
