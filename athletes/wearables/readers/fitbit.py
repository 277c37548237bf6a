"""Fitbit Web API v1.2 and the zip of its data export. Fitbit's times have no offset: they are the athlete's clock.

The export mixes both: sleep.json without offset beside a sleep_score.csv whose times end in Z although they are the
same wall clock. So a score is joined to its night by the log's id, never by time. Alone it is no record: no start.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from athletes.local_days.local_time import OFFSET_UNKNOWN, zone_named
from athletes.wearables import sports
from athletes.wearables.accepting import first_length, hr_zones, reading
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
    parsed_date,
    parsed_instant,
    record_id,
    source,
    version_of,
)

EXPORT = "resting_heart_rate.json of the export"
HRV_SUMMARY = "Daily Heart Rate Variability Summary.csv of the export"
TABLE = (
    Field("sleep[].logId", "client_record_id"),
    Field("sleep[].dateOfSleep", "vendor_date", "", "of the main sleep: when its night's HRV was measured"),
    Field("sleep[].startTime", "sleep_session.start_at", "", "wall clock"),
    Field("sleep[].endTime", "sleep_session.end_at", "", "wall clock"),
    Field("sleep[].minutesAsleep", "sleep_session.duration_s", "min -> s"),
    Field("sleep[].minutesAwake", "sleep_session.awake_s", "min -> s"),
    Field("sleep[].timeInBed", "sleep_session.time_in_bed_s", "min -> s"),
    Field("sleep[].efficiency", "sleep_session.efficiency_pct", "%"),
    Field("sleep[].isMainSleep", "sleep_session.is_nap", "", "false: a nap"),
    Field("sleep[].mainSleep", "sleep_session.is_nap", "", "the export's word for it"),
    Field("sleep[].levels.summary.deep.minutes", "sleep_session.deep_s", "min -> s"),
    Field("sleep[].levels.summary.light.minutes", "sleep_session.light_s", "min -> s"),
    Field("sleep[].levels.summary.rem.minutes", "sleep_session.rem_s", "min -> s"),
    Field("sleep_log_entry_id", "the sleep[].logId it belongs to", "", "sleep_score.csv"),
    Field("overall_score", "sleep_session.score", "0-100", "sleep_score.csv"),
    Field("hrv[].dateTime", "client_record_id, vendor_date, hrv_reading.measured_at"),
    Field("hrv[].value.dailyRmssd", "hrv_reading.value_ms", "ms", "rMSSD, overnight_mean"),
    Field("hrv[].value.deepRmssd", "hrv_reading.value_ms", "ms", "rMSSD, overnight_deep: a second reading"),
    Field("timestamp", "client_record_id, vendor_date, hrv_reading.measured_at", "", HRV_SUMMARY),
    Field("rmssd", "hrv_reading.value_ms", "ms", f"rMSSD, overnight_mean; {HRV_SUMMARY}"),
    Field("activities-heart[].dateTime", "client_record_id, vendor_date, resting_hr_reading.measured_at"),
    Field("activities-heart[].value.restingHeartRate", "resting_hr_reading.value_bpm", "bpm"),
    Field("resting_heart_rate[].dateTime", "client_record_id, vendor_date, resting_hr_reading.measured_at", "", EXPORT),
    Field("resting_heart_rate[].value.value", "resting_hr_reading.value_bpm", "bpm", "0: not measured"),
    Field("activities[].logId", "client_record_id"),
    Field("activities[].activityName", "training_session.kind"),
    Field("activities[].name", "training_session.kind", "", "activities/date: in place of activityName"),
    Field("activities[].startTime", "training_session.started_at"),
    Field("activities[].startDate", "training_session.started_at", "", "activities/date: beside a time alone"),
    Field("activities[].duration", "training_session.duration_min", "ms -> min", "where there is no activeDuration"),
    Field("activities[].activeDuration", "training_session.duration_min", "ms -> min"),
    Field("activities[].averageHeartRate", "training_session.avg_hr_bpm", "bpm"),
    Field("activities[].heartRateZones[].min", "training_session.hr_zones[].low_bpm", "bpm"),
    Field("activities[].heartRateZones[].max", "training_session.hr_zones[].high_bpm", "bpm"),
    Field("activities[].heartRateZones[].minutes", "training_session.hr_zones[].duration_s", "min -> s"),
    Field("activities[].distance", "training_session.distance_m", "as distanceUnit says"),
    Field("activities[].distanceUnit", "Kilometer or Mile -> m"),
    Field("activities[].lastModified", "client_record_version"),
)  # fmt: skip
NOT_USED = {
    "other files of the export": "each counted by its name without dates, Heart Rate Variability Details too",
    "timestamp (sleep_score.csv)": "a wall clock that calls itself UTC",
    "activities-heart[].value.heartRateZones": "of the whole day",
    "sleep[].duration": "from start to end, which are used",
    "sleep[].levels.data": "the totals are used; those of `classic` logs are no stages",
    "activities of walking": "no training session, most of them detected by the watch",
}
IN_M = {"Kilometer": 1000.0, "Mile": 1609.344}
MEMBERS = {
    "sleep": re.compile(r"sleep(-\d{4}-\d{2}-\d{2})?\.json"),
    "sleep_score": re.compile(r"sleep_score\.csv"),
    "resting_heart_rate": re.compile(r"resting_heart_rate(-\d{4}-\d{2}-\d{2})?\.json"),
    "exercise": re.compile(r"exercise(-\d+)?\.json"),
    "hrv_summary": re.compile(r"daily heart rate variability summary[ -]*[\d-]*(\(\d+\))?\.csv"),
}
HRV_SHEET = frozenset({"timestamp", "rmssd", "nremhr"})  # the Details sheet has samples of five minutes and no nremhr
EXPORT_DATE = re.compile(r"^(\d{2})/(\d{2})/(\d{2})\Z", re.ASCII)  # month first
CLOCK = re.compile(r"\d{2}:\d{2}(:\d{2})?", re.ASCII)
MORNING = "T05:00:00"
OTHERS = ("user", "summary", "goals")


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    if is_zip(payload):
        yield from read_export(zip_members(payload, MEMBERS, tally), tally, profile)
    elif looks_like_json(payload := held(payload)):
        yield from read_lists(enveloped(loaded_json(payload)), {}, {}, tally, profile)
    else:
        yield from read_hrv_sheet(payload, {}, tally, profile)


def read_export(files: dict[str, list[bytes]], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    if not any(files[kind] for kind in files if kind != "sleep_score"):
        raise Unreadable("wrong_zip", _("The zip file holds neither sleep nor HRV nor exercises of Fitbit."))
    scores: dict[str, float] = {}
    ends: dict[str, datetime] = {}
    for file in files["sleep_score"]:
        scores |= scores_in(file, tally)
    for file in (*files["sleep"], *files["resting_heart_rate"], *files["exercise"]):
        yield from read_lists(enveloped(loaded_json(file)), scores, ends, tally, profile)
    for file in files["hrv_summary"]:
        yield from read_hrv_sheet(file, ends, tally, profile)


def read_hrv_sheet(
    payload: Payload, ends: dict[str, datetime], tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    """Daily Heart Rate Variability Summary: a night a row, under the date on which it ended."""
    for row in csv_rows(payload, tally, [HRV_SHEET]):
        day, value = parsed_date((row.text("timestamp") or "")[:10]), row.measured("rmssd")
        if day is None:
            row.find("timestamp", "not_a_date", _("Must be a date like 2026-11-22."))
        elif value is not None:
            yield from night_hrv(row.where, day, "overnight_mean", value, ends, tally, profile)


def scores_in(file: bytes, tally: Tally) -> dict[str, float]:
    scores = {}
    for row in csv_rows(file, tally, [frozenset({"sleep_log_entry_id", "overall_score"})]):
        name, score = row.text("sleep_log_entry_id"), row.measured("overall_score")
        if name and score is not None:
            scores[name] = score
    return scores


def read_lists(
    lists: dict[str, Any], scores: dict[str, float], ends: dict[str, datetime], tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    root = Item(lists, tally)
    for item in root.each("sleep"):
        yield from sleep(item, ends, scores, tally, profile)
    for item in root.each("hrv"):
        yield from hrv(item, ends, tally, profile)
    for name, value in (("activities-heart", "restingHeartRate"), ("resting_heart_rate", "value")):
        for item in root.each(name):
            yield from resting_hr(item, value, tally, profile)
    for item in root.each("activities"):
        yield from activity(item, tally, profile)
    root.settle()


def enveloped(loaded: Any) -> dict[str, Any]:
    """The export's files are bare lists: told by what their first entry holds."""
    if isinstance(loaded, list):
        first = next((entry for entry in loaded if isinstance(entry, dict)), {})
        value = first.get("value")
        if "dateOfSleep" in first:
            return {"sleep": loaded}
        if "activityName" in first:
            return {"activities": loaded}
        if isinstance(value, dict) and ("dailyRmssd" in value or "deepRmssd" in value):
            return {"hrv": loaded}
        if isinstance(value, dict) and "value" in value and "dateTime" in first:
            return {"resting_heart_rate": loaded}
    elif any(name in loaded for name in ("sleep", "hrv", "activities", "activities-heart", *OTHERS)):
        return dict(loaded)
    raise Unreadable("wrong_provider", _("Holds no list of Fitbit's API or export."))


def seconds(item: Item | None, name: str) -> float | None:
    value = item.number(name) if item else None
    return None if value is None else value * 60


def sleep(
    item: Item, ends: dict[str, datetime], scores: dict[str, float], tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    name, day, start = item.ident("logId"), item.date("dateOfSleep"), item.instant("startTime", profile)
    end = end_of(item, start, profile)
    nap = item.get("isMainSleep") is False or item.get("mainSleep") is False
    if day and end and not nap:
        ends[day] = end
    levels = item.item("levels")
    summary = levels.item("summary") if levels else None
    stages = {f"{stage}_s": stage_s(summary, stage) for stage in ("deep", "light", "rem")}
    yield from reading(
        "sleep_session", item.where, tally,
        client_record_id=name and record_id(name), client_record_version=version_of(None, profile),
        source=source("fitbit", device_type="watch"), vendor_date=day,
        start_at=start, end_at=end, is_nap=nap,
        duration_s=seconds(item, "minutesAsleep"), awake_s=seconds(item, "minutesAwake"),
        time_in_bed_s=seconds(item, "timeInBed"), efficiency_pct=item.number("efficiency"), **stages,
        score=scores.get(name or ""),
    )  # fmt: skip


def end_of(item: Item, start: datetime | None, profile: ReadingProfile) -> datetime | None:
    """Fitbit's clock does not change within a night: through a DST change it goes on in the offset of the start."""
    end = item.instant("endTime", profile)
    if start is None or end is None or end.tzinfo is not OFFSET_UNKNOWN or item.raw["endTime"].strip()[-1] in "Zz":
        return end
    zone = zone_named(profile.timezone)
    changed = (end.astimezone(zone).utcoffset() or timedelta()) - (start.astimezone(zone).utcoffset() or timedelta())
    return end + changed


def stage_s(summary: Item | None, name: str) -> float | None:
    """Logs of type `classic` have asleep, restless and awake instead: no stages."""
    return seconds(summary.item(name), "minutes") if summary else None


def hrv(item: Item, ends: dict[str, datetime], tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    day, values = item.date("dateTime"), item.item("value")
    for vendor, context in (("dailyRmssd", "overnight_mean"), ("deepRmssd", "overnight_deep")):
        value = values.measured(vendor) if values else None
        if value is not None:
            yield from night_hrv(item.where, day, context, value, ends, tally, profile)


def night_hrv(
    where: str, day: str | None, context: str, value_ms: float, ends: dict[str, datetime], tally: Tally,
    profile: ReadingProfile,
) -> Iterator[Reading]:  # fmt: skip
    yield from reading(
        "hrv_reading", where, tally,
        client_record_id=day and record_id(day, context), client_record_version=version_of(None, profile),
        source=source("fitbit", device_type="watch"), vendor_date=day,
        measured_at=ends.get(day or "") or (parsed_instant(day + MORNING, profile) if day else None),
        metric="rmssd", context=context, value_ms=value_ms,
    )  # fmt: skip


def resting_hr(item: Item, name: str, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    """Of a day; the export has one for every day, those of days without the watch are 0."""
    day, values = day_of(item), item.item("value")
    value = values.measured(name) if values else None
    if value is not None:
        yield from reading(
            "resting_hr_reading", item.where, tally,
            client_record_id=day and record_id(day), client_record_version=version_of(None, profile),
            source=source("fitbit", device_type="watch"), vendor_date=day,
            measured_at=parsed_instant(day + MORNING, profile) if day else None, value_bpm=value,
        )  # fmt: skip


def day_of(item: Item) -> str | None:
    """The API writes 2019-11-01, exports 11/01/19 00:00:00 or 2019-11-01 00:00:00."""
    text = (item.text("dateTime") or "").removesuffix(" 00:00:00")
    day = EXPORT_DATE.sub(r"20\3-\1-\2", text)
    if text and parsed_date(day) is None:
        item.find("dateTime", "not_a_date", _("Must be a date like 2019-11-01."))
    return parsed_date(day)


def activity(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = sports.kind_of([item.text("activityName" if "activityName" in item.raw else "name")])
    if kind is None:
        tally.ignored["activities of walking"] += 1
        item.asked.update(item.raw)
        return
    name, milliseconds = item.ident("logId"), first_length(item.number("activeDuration"), item.number("duration"))
    yield from reading(
        "training_session", item.where, tally,
        client_record_id=name and record_id(name),
        client_record_version=version_of(last_modified(item, profile), profile),
        source=source("fitbit", device_type="watch"), started_at=started_at(item, profile),
        duration_min=None if milliseconds is None else milliseconds / 60_000, kind=kind,
        avg_hr_bpm=item.measured("averageHeartRate"), hr_zones=hr_zones(map(zone, item.each("heartRateZones"))),
        distance_m=distance_m(item),
    )  # fmt: skip


def started_at(item: Item, profile: ReadingProfile) -> datetime | None:
    """Answers for one day tell the time without the date, and the date beside it."""
    text = item.text("startTime") or ""
    day = item.date("startDate") if "startDate" in item.raw else None
    if day and CLOCK.fullmatch(text):
        return parsed_instant(f"{day}T{text}", profile)
    return item.instant("startTime", profile)


def zone(told: Item) -> tuple[float | None, float | None, float | None]:
    told.asked |= {"name", "caloriesOut"}
    return told.number("min"), told.number("max"), seconds(told, "minutes")


def last_modified(item: Item, profile: ReadingProfile) -> datetime | None:
    """The API writes an instant, the export 11/01/19 15:29:27 (month first, as its dateTime of the same day shows)."""
    text = item.text("lastModified")
    if text is None or "/" not in text:
        return None if text is None else item.instant("lastModified", profile)
    try:
        return datetime.strptime(text + "+0000", "%m/%d/%y %H:%M:%S%z") + timedelta()
    except ValueError:
        item.find("lastModified", "not_an_instant", _("Must be a time."))
        return None


def distance_m(item: Item) -> float | None:
    value, unit = item.number("distance"), item.text("distanceUnit")
    if value is None or (unit is None and "startDate" in item.raw):  # in the unit of the account, which is not told
        return None
    if unit not in IN_M:
        item.find("distanceUnit", "unknown_unit", _("Must be Kilometer or Mile."))
        return None
    return value * IN_M[unit]


READER = Reader(
    name="fitbit",
    title="Fitbit Web API v1.2 and data export (Google Takeout)",
    provider="fitbit",
    formats=("json", "csv", "zip"),
    function=read,
    table=TABLE,
    day_rule="endTime on the athlete's clock, in the offset of startTime; dateOfSleep is kept beside it",
    identity="logId (HRV: the date); version: lastModified, else the time of arrival",
    not_used=NOT_USED,
)
READERS = (READER,)
