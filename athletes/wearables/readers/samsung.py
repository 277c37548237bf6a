"""Samsung Health's "Download personal data": sheets with a line of their own above the header, JSON files beside them.

Times are UTC, the offset stands beside them (UTC-0400). A night's stages are a sheet of their own, joined by the id of
the sleep. HRV lies in JSON files that the sheet of HRV names: windows of some minutes, each with rMSSD and SDNN.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from statistics import fmean
from typing import Any

from django.utils.translation import gettext as _

from athletes.wearables import sports
from athletes.wearables.accepting import reading
from athletes.wearables.merging import STAGED, Segment, Session, fit
from athletes.wearables.payloads import csv_rows, is_zip, loaded_json, named_members, raw_bytes
from athletes.wearables.readings import (
    Field,
    Item,
    Payload,
    Reader,
    Reading,
    ReadingProfile,
    Tally,
    Unreadable,
    at_epoch,
    by_night,
    parsed_instant,
    parsed_offset,
    record_id,
    source,
    version_of,
)

SLEEP, EXERCISE = "com.samsung.health.sleep", "com.samsung.health.exercise"
TABLE = (
    Field(f"{SLEEP}.datauuid", "client_record_id"),
    Field(f"{SLEEP}.start_time", "sleep_session.start_at", "", "UTC"),
    Field(f"{SLEEP}.end_time", "sleep_session.end_at", "", "UTC"),
    Field(f"{SLEEP}.time_offset", "their offset", "UTC-0400"),
    Field("sleep_score", "sleep_session.score", "0-100"),
    Field("sleep_id", "the night a stage belongs to", "", "sleep_stage"),
    Field(
        "stage", "sleep_session.awake_s, light_s, deep_s, rem_s", "", "40001 awake, 40002 light, 40003 deep, 40004 REM"
    ),
    Field("start_time", "the start of a stage; hrv_reading.measured_at", "", "UTC"),
    Field("end_time", "the end of a stage; hrv_reading.measured_at", "", "UTC"),
    Field("time_offset", "their offset", "UTC-0400"),
    Field("datauuid", "client_record_id", "", "HRV"),
    Field("binning_data", "the JSON file of the windows", "", "HRV"),
    Field(
        "[].rmssd", "hrv_reading.value_ms", "ms", "rMSSD: the mean of the windows; by night overnight_mean, else spot"
    ),
    Field(f"{EXERCISE}.datauuid", "client_record_id"),
    Field(f"{EXERCISE}.start_time", "training_session.started_at", "", "UTC"),
    Field(f"{EXERCISE}.time_offset", "its offset", "UTC-0400"),
    Field(f"{EXERCISE}.duration", "training_session.duration_min", "ms -> min"),
    Field(f"{EXERCISE}.exercise_type", "training_session.kind", "", "numbers that are not known: other"),
    Field(f"{EXERCISE}.mean_heart_rate", "training_session.avg_hr_bpm", "bpm"),
    Field(f"{EXERCISE}.max_heart_rate", "training_session.max_hr_bpm", "bpm"),
    Field(f"{EXERCISE}.distance", "training_session.distance_m", "m"),
)
NOT_USED = {
    "sleep_duration": "a time in bed: a night whose stages did not come along is no sleep known",
    "[].sdnn": "rMSSD is used",
    "other sheets": "each counted by its name",
    "exercise of walking": "no training session",
}
KINDS = {
    "stages": frozenset({"sleep_id", "stage", "start_time"}),
    "sleep": frozenset({f"{SLEEP}.start_time", f"{SLEEP}.end_time"}),
    "exercise": frozenset({f"{EXERCISE}.start_time", f"{EXERCISE}.duration"}),
    "hrv": frozenset({"binning_data", "start_time", "datauuid"}),
}
SHEET_NAMES = {  # as the line above the header has them
    "com.samsung.health.sleep_stage": "stages", "com.samsung.shealth.sleep": "sleep", SLEEP: "sleep",
    "com.samsung.shealth.exercise": "exercise", EXERCISE: "exercise", "com.samsung.health.hrv": "hrv",
}  # fmt: skip
MEMBERS = {
    "stages": re.compile(r"com\.samsung\.health\.sleep_stage\..*\.csv"),
    "sleep": re.compile(r"com\.samsung\.s?health\.sleep\.\d+\.csv"),
    "exercise": re.compile(r"com\.samsung\.s?health\.exercise\.\d+\.csv"),
    "hrv": re.compile(r"com\.samsung\.health\.hrv\..*\.csv"),
    "binned": re.compile(r".*\.binning_data\.json"),
}
STAGES = {"40001": "awake", "40002": "light", "40003": "deep", "40004": "rem"}
# Of Samsung's list those that a track athlete does
SPORTS = {
    "1001": "walking", "1002": "running", "11007": "cycling", "13001": "hiking", "14001": "swimming",
    "15002": "weight machine", "15003": "cycling", "15005": "treadmill", "15006": "elliptical",
}  # fmt: skip
DEVICE = {"device_type": "watch"}


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    files = files_of(payload, tally)
    if not any(files[kind] for kind in KINDS):
        raise Unreadable("wrong_zip", _("Holds no sheet of Samsung Health that is read."))
    nights: dict[str, list[Segment]] = defaultdict(list)
    for row in rows_of(files, "stages", tally):
        collect_stage(row, nights, tally, profile)
    for row in rows_of(files, "sleep", tally):
        yield from sleep(row, nights, tally, profile)
    for row in rows_of(files, "hrv", tally):
        yield from hrv(row, files["binned"], tally, profile)
    for row in rows_of(files, "exercise", tally):
        yield from exercise(row, tally, profile)


def files_of(payload: Payload, tally: Tally) -> dict[str, dict[str, bytes]]:
    """Of a single sheet its line above the header tells what it is."""
    if is_zip(payload):
        return named_members(payload, MEMBERS, tally)
    raw = raw_bytes(payload)
    name = raw.removeprefix(b"\xef\xbb\xbf").split(b",", 1)[0].decode("ascii", "replace")
    if name not in SHEET_NAMES:
        raise Unreadable("wrong_provider", _("Not a sheet of Samsung Health: the line above the header is missing."))
    return {kind: {"": raw} if SHEET_NAMES[name] == kind else {} for kind in (*KINDS, "binned")}


def rows_of(files: dict[str, dict[str, bytes]], kind: str, tally: Tally) -> Iterator[Item]:
    for raw in files[kind].values():
        yield from csv_rows(raw, tally, [KINDS[kind]], lines_above=1, may_run_on=True)


def instant(row: Item, prefix: str, name: str, profile: ReadingProfile) -> datetime | None:
    """In the offset beside it. Older exports write milliseconds since 1970."""
    text, zone = row.text(f"{prefix}{name}"), row.text(f"{prefix}time_offset") or ""
    offset = parsed_offset(zone.removeprefix("UTC")) if zone.startswith("UTC") else None
    if text is None:
        return None
    at = at_epoch(int(text) / 1000, None) if text.isdigit() else parsed_instant(f"{text}Z", profile)
    if at is None:
        row.find(f"{prefix}{name}", "not_an_instant", _("Must be a time like 2026-11-22 05:30:00.000."))
    return at.astimezone(offset) if at is not None and offset is not None else at


def collect_stage(row: Item, nights: dict[str, list[Segment]], tally: Tally, profile: ReadingProfile) -> None:
    name, stage = row.text("sleep_id"), STAGES.get(row.text("stage") or "")
    start, end = instant(row, "", "start_time", profile), instant(row, "", "end_time", profile)
    row.asked |= {"datauuid", "deviceuuid", "pkg_name", "create_time", "update_time", "modify_sh_ver", "create_sh_ver"}
    if name is None or stage is None or start is None or end is None:
        row.find("stage", "unusable_stage", _("Needs the night it belongs to, a known stage, a start and an end."))
    elif fit(segment := Segment(stage, start, end, name, row.where), tally):
        nights[name].append(segment)


def sleep(row: Item, nights: dict[str, list[Segment]], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    prefix, name = f"{SLEEP}.", row.text(f"{SLEEP}.datauuid")
    start, end = instant(row, prefix, "start_time", profile), instant(row, prefix, "end_time", profile)
    stages = Session(tuple(nights.get(name or "", ())))
    yield from reading(
        "sleep_session", row.where, tally, client_record_id=name and record_id(name),
        client_record_version=version_of(None, profile), source=source("samsung", **DEVICE),
        start_at=start, end_at=end, duration_s=stages.seconds(*STAGED), score=row.rated("sleep_score"),
        **{f"{stage}_s": stages.seconds(stage) for stage in ("awake", *STAGED)},
    )  # fmt: skip


def hrv(row: Item, binned: dict[str, bytes], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    name, file = row.text("datauuid"), row.text("binning_data")
    start, end = instant(row, "", "start_time", profile), instant(row, "", "end_time", profile)
    raw = next((content for path, content in binned.items() if file and path.endswith(f"/{file}")), None)
    if raw is None:
        row.find(
            "binning_data", "no_windows", _("The JSON file with its values did not come along: send the whole zip.")
        )
        return
    values, context = windows(loaded_json(raw), tally), "overnight_mean" if by_night(start, end, profile) else "spot"
    if values:
        yield from reading(
            "hrv_reading", row.where, tally, client_record_id=name and record_id(name),
            client_record_version=version_of(None, profile), source=source("samsung", **DEVICE),
            measured_at=end or start, metric="rmssd", context=context, value_ms=fmean(values),
        )  # fmt: skip


def windows(loaded: Any, tally: Tally) -> list[float]:
    tally.used.add("[].rmssd")
    told = [entry.get("rmssd") for entry in loaded if isinstance(entry, dict)] if isinstance(loaded, list) else []
    return [float(ms) for ms in told if isinstance(ms, int | float) and not isinstance(ms, bool) and 0 < ms < 1000]


def exercise(row: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = sports.kind_of([SPORTS.get(row.text(f"{EXERCISE}.exercise_type") or "", "")])
    if kind is None:
        tally.ignored["exercise of walking"] += 1
        row.asked.update(row.raw)
        return
    name, milliseconds = row.text(f"{EXERCISE}.datauuid"), row.number(f"{EXERCISE}.duration")
    yield from reading(
        "training_session", row.where, tally, client_record_id=name and record_id(name),
        client_record_version=version_of(None, profile), source=source("samsung", **DEVICE), kind=kind,
        started_at=instant(row, f"{EXERCISE}.", "start_time", profile),
        duration_min=None if milliseconds is None else milliseconds / 60_000,
        avg_hr_bpm=row.rated(f"{EXERCISE}.mean_heart_rate"), max_hr_bpm=row.rated(f"{EXERCISE}.max_heart_rate"),
        distance_m=row.number(f"{EXERCISE}.distance"),
    )  # fmt: skip


READER = Reader(
    name="samsung",
    title="Samsung Health personal data",
    provider="samsung",
    formats=("csv", "zip"),
    function=read,
    table=TABLE,
    day_rule="the end of the night in time_offset",
    identity="datauuid; version: the time of arrival",
    not_used=NOT_USED,
    from_description=True,
)
READERS = (READER,)
