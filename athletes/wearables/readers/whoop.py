"""WHOOP API v2 (sleep, recovery, workout records) and the CSV files of its data export.

A recovery has neither start nor end: it belongs to the sleep it names. `hrv_rmssd_milli` is milliseconds.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from athletes.local_days.local_time import OFFSET_UNKNOWN
from athletes.wearables import sports
from athletes.wearables.accepting import reading
from athletes.wearables.payloads import csv_rows, held, is_zip, loaded_json, looks_like_json, zip_members
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
    parsed_instant,
    parsed_offset,
    record_id,
    source,
    version_of,
)

TABLE = (
    *(
        row
        for group in ("sleep", "workout")
        for row in (
            Field(f"{group}[].id", "client_record_id"),
            Field(f"{group}[].user_id", "", "", "one payload, one person"),
            Field(f"{group}[].updated_at", "client_record_version"),
            Field(f"{group}[].timezone_offset", "the offset of start and end"),
            Field(f"{group}[].score_state", "", "", "only SCORED has a score"),
        )
    ),
    Field("sleep[].start", "sleep_session.start_at"),
    Field("sleep[].end", "sleep_session.end_at"),
    Field("sleep[].nap", "sleep_session.is_nap"),
    Field("sleep[].score.stage_summary.total_in_bed_time_milli", "sleep_session.time_in_bed_s", "ms -> s"),
    Field("sleep[].score.stage_summary.total_awake_time_milli", "sleep_session.awake_s", "ms -> s"),
    Field("sleep[].score.stage_summary.total_light_sleep_time_milli", "sleep_session.light_s", "ms -> s"),
    Field("sleep[].score.stage_summary.total_slow_wave_sleep_time_milli", "sleep_session.deep_s", "ms -> s"),
    Field("sleep[].score.stage_summary.total_rem_sleep_time_milli", "sleep_session.rem_s", "ms -> s"),
    Field("sleep[].score.sleep_performance_percentage", "sleep_session.score", "0-100"),
    Field("sleep[].score.sleep_efficiency_percentage", "sleep_session.efficiency_pct", "%"),
    Field("recovery[].sleep_id", "client_record_id", "", "and the night it belongs to"),
    Field("recovery[].cycle_id", "client_record_id", "", "where there is no sleep_id"),
    Field("recovery[].user_id", "", "", "one payload, one person"),
    Field("recovery[].created_at", "hrv_reading.measured_at", "", "unless its sleep came along: then the sleep's end"),
    Field("recovery[].updated_at", "client_record_version"),
    Field("recovery[].score_state", "", "", "only SCORED has a score"),
    Field("recovery[].score.resting_heart_rate", "resting_hr_reading.value_bpm", "bpm"),
    Field("recovery[].score.hrv_rmssd_milli", "hrv_reading.value_ms", "ms", "rMSSD, overnight_mean"),
    Field("workout[].start", "training_session.started_at"),
    Field("workout[].end", "training_session.duration_min", "to min"),
    Field("workout[].sport_name", "training_session.kind"),
    Field("workout[].score.average_heart_rate", "training_session.avg_hr_bpm", "bpm"),
    Field("workout[].score.max_heart_rate", "training_session.max_hr_bpm", "bpm"),
    Field("workout[].score.distance_meter", "training_session.distance_m", "m"),
    Field("Cycle start time", "client_record_id", "", "of HRV and resting heart rate; a sleep far from it is a nap"),
    Field("Cycle timezone", "the offset of all times", "UTC+02:00", "without it the athlete's clock"),
    Field("Sleep onset", "sleep_session.start_at", "", "wall clock in the cycle's offset"),
    Field("Wake onset", "sleep_session.end_at, hrv_reading.measured_at"),
    Field("Nap", "sleep_session.is_nap"),
    Field("Heart rate variability (ms)", "hrv_reading.value_ms", "ms", "rMSSD, overnight_mean"),
    Field("Resting heart rate (bpm)", "resting_hr_reading.value_bpm", "bpm"),
    Field("Asleep duration (min)", "sleep_session.duration_s", "min -> s"),
    Field("In bed duration (min)", "sleep_session.time_in_bed_s", "min -> s"),
    Field("Awake duration (min)", "sleep_session.awake_s", "min -> s"),
    Field("Light sleep duration (min)", "sleep_session.light_s", "min -> s"),
    Field("Deep (SWS) duration (min)", "sleep_session.deep_s", "min -> s"),
    Field("REM duration (min)", "sleep_session.rem_s", "min -> s"),
    Field("Sleep efficiency %", "sleep_session.efficiency_pct", "%"),
    Field("Sleep performance %", "sleep_session.score", "0-100"),
    Field("Workout start time", "training_session.started_at", "", "wall clock in the cycle's offset"),
    Field("Duration (min)", "training_session.duration_min", "min"),
    Field("Distance (meters)", "training_session.distance_m", "m"),
    Field("Activity name", "training_session.kind"),
    Field("Average HR (bpm)", "training_session.avg_hr_bpm", "bpm"),
    Field("Max HR (bpm)", "training_session.max_hr_bpm", "bpm"),
)
NOT_USED = {
    "sleep[].score.respiratory_rate": "no record of its own",
    "recovery[].score.recovery_score": "a vendor's score of readiness is not an input",
    "workout[].score.strain": "0-21 is no RPE, and no load in minutes x RPE",
    "workout[].score.zone_durations": "their limits are not told",
    "journal_entries.csv": "other columns: refused",
}
SHEETS = (
    frozenset({"Sleep onset", "Wake onset"}),
    frozenset({"Workout start time", "Duration (min)", "Activity name"}),
)
MEMBERS = {
    "sleeps": re.compile(r"sleeps.*\.csv"),
    "cycles": re.compile(r"physiological_cycles.*\.csv"),
    "workouts": re.compile(r"workouts.*\.csv"),
}


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    if is_zip(payload):
        yield from read_export(zip_members(payload, MEMBERS, tally), tally, profile)
    elif looks_like_json(payload := held(payload)):
        yield from read_json(loaded_json(payload), tally, profile)
    else:
        yield from read_sheet(payload, tally, profile)


def read_export(files: dict[str, list[bytes]], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    """Cycles repeat the nights of sleeps.csv: theirs are told once, and without a mark for naps only where it lacks."""
    if not any(files.values()):
        raise Unreadable("wrong_zip", _("The zip file holds none of WHOOP's sheets."))
    told: set[tuple[str, Any]] = set()
    for file in (*files["sleeps"], *files["cycles"], *files["workouts"]):
        for reading_ in read_sheet(file, tally, profile):
            name = (reading_.kind, reading_.data["client_record_id"])
            if name not in told:
                told.add(name)
                yield reading_


def read_sheet(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    for row in csv_rows(payload, tally, SHEETS):
        of_workouts = "Workout start time" in row.raw
        yield from (row_of_workouts if of_workouts else row_of_sleeps)(row, tally, profile)


# --- JSON ------------------------------------------------------------------------------------------------------------


def read_json(loaded: Any, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    records = sorted_records(loaded, tally)
    ends: dict[str, datetime] = {}
    for item in each(records["sleep"], tally, path="sleep[]", where="sleep"):
        yield from sleep(item, ends, tally, profile)
    for item in each(records["recovery"], tally, path="recovery[]", where="recovery"):
        yield from recovery(item, ends, tally, profile)
    for item in each(records["workout"], tally, path="workout[]", where="workout"):
        yield from workout(item, tally, profile)


def sorted_records(loaded: Any, tally: Tally) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    lists = [loaded] if isinstance(loaded, list) else [v for v in loaded.values() if isinstance(v, list)]
    empty = isinstance(loaded, dict) and loaded.get("records") == []
    wrapped = [v["records"] for v in loaded.values() if isinstance(v, dict) and isinstance(v.get("records"), list)] if (
        isinstance(loaded, dict)
    ) else []  # fmt: skip
    if isinstance(loaded, dict) and what_is(loaded):
        lists = [[loaded]]
    for records in (*lists, *wrapped):
        for record in records:
            found[what_is(record)].append(record)
    unknown = found.pop("", [])
    if not found and not empty:
        raise Unreadable("wrong_provider", _("Holds no record of WHOOP's API."))
    for index in range(len(unknown)):
        tally.find(f"[{index}]", "unknown_record", _("Not a sleep, recovery or workout record."))
    if "cycle" in found:
        tally.ignored["cycles"] += len(found.pop("cycle"))
    return found


def what_is(record: Any) -> str:
    if not isinstance(record, dict):
        return ""
    if "nap" in record:
        return "sleep"
    if "sport_name" in record or "sport_id" in record:
        return "workout"
    if "sleep_id" in record or "cycle_id" in record:
        return "recovery"
    return "cycle" if "start" in record and "score_state" in record else ""


def identity(item: Item, tally: Tally, profile: ReadingProfile, name: str | None) -> dict[str, Any]:
    tally.belongs_to(item.ident("user_id"))
    return {
        "client_record_id": name and record_id(name),
        "client_record_version": version_of(item.instant("updated_at", profile), profile),
        "source": source("whoop", device_type="band", recording_method="automatic"),
    }


def score_of(item: Item) -> Item | None:
    if item.text("score_state") not in (None, "SCORED"):
        item.tally.ignored[f"{item.path}: not scored"] += 1
        return None
    return item.item("score")


def times(item: Item, profile: ReadingProfile) -> tuple[datetime | None, datetime | None]:
    offset = item.offset("timezone_offset") or OFFSET_UNKNOWN
    start, end = item.instant("start", profile), item.instant("end", profile)
    return start and start.astimezone(offset), end and end.astimezone(offset)


def seconds(item: Item | None, name: str) -> float | None:
    milliseconds = item.number(name) if item else None
    return None if milliseconds is None else milliseconds / 1000


def sleep(item: Item, ends: dict[str, datetime], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    name = item.ident("id")
    start, end = times(item, profile)
    if name and end:
        ends[name] = end
    score = score_of(item)
    stages = score.item("stage_summary") if score else None
    parts = {stage: seconds(stages, f"total_{vendor}_time_milli") for stage, vendor in STAGE_FIELDS.items()}
    asleep_s = sum(parts[stage] or 0 for stage in ("light_s", "deep_s", "rem_s"))
    yield from reading(
        "sleep_session", item.where, tally, **identity(item, tally, profile, name),
        start_at=start, end_at=end, is_nap=item.get("nap") is True, duration_s=asleep_s or None,
        time_in_bed_s=seconds(stages, "total_in_bed_time_milli"), **parts,
        score=score.number("sleep_performance_percentage") if score else None,
        efficiency_pct=score.number("sleep_efficiency_percentage") if score else None,
    )  # fmt: skip


STAGE_FIELDS = {"awake_s": "awake", "light_s": "light_sleep", "deep_s": "slow_wave_sleep", "rem_s": "rem_sleep"}


def recovery(item: Item, ends: dict[str, datetime], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    sleep_id, cycle_id, created_at = item.ident("sleep_id"), item.ident("cycle_id"), item.instant("created_at", profile)
    provenance, score = identity(item, tally, profile, sleep_id or cycle_id), score_of(item)
    value = score.measured("hrv_rmssd_milli") if score else None
    resting = score.measured("resting_heart_rate") if score else None
    measured_at = ends.get(sleep_id or "", created_at)
    if value is not None:
        yield from reading(
            "hrv_reading", item.where, tally, **provenance,
            measured_at=measured_at, metric="rmssd", context="overnight_mean", value_ms=value,
        )  # fmt: skip
    if resting is not None:
        yield from reading(
            "resting_hr_reading", item.where, tally, **provenance, measured_at=measured_at, value_bpm=resting
        )


def workout(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = sports.kind_of([item.text("sport_name")])
    if kind is None:
        tally.ignored["workouts of walking"] += 1
        item.asked.update(item.raw)
        return
    start, end = times(item, profile)
    provenance, score = identity(item, tally, profile, item.ident("id")), score_of(item)
    yield from reading(
        "training_session", item.where, tally, **provenance,
        started_at=start, duration_min=(end - start).total_seconds() / 60 if start and end else None, kind=kind,
        avg_hr_bpm=score.measured("average_heart_rate") if score else None,
        max_hr_bpm=score.measured("max_heart_rate") if score else None,
        distance_m=score.number("distance_meter") if score else None,
    )  # fmt: skip


# --- CSV -------------------------------------------------------------------------------------------------------------


def local(row: Item, name: str, profile: ReadingProfile) -> datetime | None:
    """A wall clock in the offset of its cycle."""
    text, zone = row.text(name), (row.text("Cycle timezone") or "").removeprefix("UTC").replace("Z", "+00:00")
    if text is None:
        return None
    offset = parsed_offset(zone)
    instant = parsed_instant(f"{text.strip()}{zone}" if offset else text, profile)
    if instant is None:
        row.find(name, "not_an_instant", _("Must be a time like 2026-11-22 06:52:10."))
    return instant


def minutes(row: Item, name: str) -> float | None:
    value = row.number(name)
    return None if value is None else value * 60


SAME_SLEEP = timedelta(hours=1)  # a cycle begins with its night's sleep
MIDDLE_OF_NIGHT = timedelta(hours=6)  # after the cycle's start, where the end of its night is not told


def row_of_sleeps(row: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    start, end = local(row, "Sleep onset", profile), local(row, "Wake onset", profile)
    began = local(row, "Cycle start time", profile) if "Cycle start time" in row.raw else start
    of_the_night = start is not None and began is not None and abs(start - began) <= SAME_SLEEP
    nap = (row.text("Nap") or "").lower() == "true" if "Nap" in row.raw else not of_the_night
    if start is None and end is None:
        tally.ignored["cycles without sleep"] += 1
        row.asked.update(row.raw)
    else:
        yield from sleep_of_row(row, start, end, nap, tally, profile)
    if not (nap and "Nap" in row.raw):  # sheets that mark naps repeat the cycle's values in the nap's row
        measured_at = end if of_the_night else began and began + MIDDLE_OF_NIGHT
        yield from recovery_of_row(row, began, measured_at, tally, profile)


def provenance_of_row(start: datetime | None, profile: ReadingProfile) -> dict[str, Any]:
    return {
        "client_record_id": start and record_id("csv", start.isoformat()),
        "client_record_version": version_of(None, profile),
        "source": source("whoop", device_type="band", recording_method="automatic"),
    }


def sleep_of_row(
    row: Item, start: datetime | None, end: datetime | None, nap: bool, tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    yield from reading(
        "sleep_session", row.where, tally, **provenance_of_row(start, profile), start_at=start, end_at=end, is_nap=nap,
        duration_s=minutes(row, "Asleep duration (min)"), time_in_bed_s=minutes(row, "In bed duration (min)"),
        awake_s=minutes(row, "Awake duration (min)"), light_s=minutes(row, "Light sleep duration (min)"),
        deep_s=minutes(row, "Deep (SWS) duration (min)"), rem_s=minutes(row, "REM duration (min)"),
        efficiency_pct=row.number("Sleep efficiency %"), score=row.number("Sleep performance %"),
    )  # fmt: skip


def recovery_of_row(
    row: Item, began: datetime | None, measured_at: datetime | None, tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    """Named by the cycle: the window of sleep beside it may be that of a nap, and then belongs to the nap."""
    common = {**provenance_of_row(began, profile), "measured_at": measured_at}
    value, resting = row.measured("Heart rate variability (ms)"), row.measured("Resting heart rate (bpm)")
    if value is not None:
        yield from reading(
            "hrv_reading", row.where, tally, **common, metric="rmssd", context="overnight_mean", value_ms=value
        )
    if resting is not None:
        yield from reading("resting_hr_reading", row.where, tally, **common, value_bpm=resting)


def row_of_workouts(row: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = sports.kind_of([row.text("Activity name")])
    if kind is None:
        tally.ignored["workouts of walking"] += 1
        row.asked.update(row.raw)
        return
    start = local(row, "Workout start time", profile)
    yield from reading(
        "training_session", row.where, tally,
        client_record_id=start and record_id("csv", start.isoformat()),
        client_record_version=version_of(None, profile),
        source=source("whoop", device_type="band"), started_at=start, duration_min=row.number("Duration (min)"),
        kind=kind, avg_hr_bpm=row.measured("Average HR (bpm)"), max_hr_bpm=row.measured("Max HR (bpm)"),
        distance_m=row.number("Distance (meters)"),
    )  # fmt: skip


READER = Reader(
    name="whoop",
    title="WHOOP API v2 and CSV export",
    provider="whoop",
    formats=("json", "csv", "zip"),
    function=read,
    table=TABLE,
    day_rule="the end of the sleep in timezone_offset (CSV: Cycle timezone); WHOOP gives no date",
    identity="id (recovery: sleep_id; CSV: the start); version: updated_at, else the time of arrival",
    not_used=NOT_USED,
)
READERS = (READER,)
