"""Suunto's cloud API: nights of `247samples/sleep`. Its workouts come as FIT files. Its HRV is rMSSD."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

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
    each,
    record_id,
    source,
    version_of,
)

ENTRY = "[].entryData"
TABLE = (
    Field(f"{ENTRY}.SleepId", "client_record_id"),
    Field(f"{ENTRY}.BedtimeStart", "sleep_session.start_at", "", "client_record_id, where there is no SleepId"),
    Field(f"{ENTRY}.BedtimeEnd", "sleep_session.end_at, hrv_reading.measured_at"),
    Field(f"{ENTRY}.DeepSleepDuration", "sleep_session.deep_s", "s"),
    Field(f"{ENTRY}.LightSleepDuration", "sleep_session.light_s", "s"),
    Field(f"{ENTRY}.REMSleepDuration", "sleep_session.rem_s", "s"),
    Field(f"{ENTRY}.SleepQualityScore", "sleep_session.score", "0-100"),
    Field(f"{ENTRY}.IsNap", "sleep_session.is_nap"),
    Field(f"{ENTRY}.AvgHRV", "hrv_reading.value_ms", "ms", "rMSSD, overnight_mean; of a nap spot"),
    Field(f"{ENTRY}.HRMin", "resting_hr_reading.value_bpm", "bpm", "not of a nap"),
)
NOT_USED = {
    f"{ENTRY}.Duration": "a time in bed",
    f"{ENTRY}.HRAvg": "no record of its own",
    "entries of recovery and activity": "counted: a vendor's score of readiness is not an input",
}


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    loaded = loaded_json(payload)
    if not isinstance(loaded, list) or not any(is_entry(entry) for entry in loaded):
        raise Unreadable("wrong_provider", _("Holds no entries of Suunto."))
    for item in each(loaded, tally):
        entry = item.item("entryData")
        item.asked.add("timestamp")
        if entry is not None and "BedtimeStart" in entry.raw:
            yield from night(entry, tally, profile)
        elif entry is not None:
            tally.ignored["entries of other kinds"] += 1
            entry.asked.update(entry.raw)


def is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("entryData"), dict)


def night(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    start, end = item.instant("BedtimeStart", profile), item.instant("BedtimeEnd", profile)
    own, nap, version = item.ident("SleepId"), item.get("IsNap") is True, version_of(None, profile)
    name = record_id(own) if own else start and record_id("sleep", int(start.timestamp()))
    common = {
        "client_record_id": name, "client_record_version": version, "source": source("suunto", device_type="watch"),
    }  # fmt: skip
    yield from reading(
        "sleep_session", item.where, tally, **common, start_at=start, end_at=end, is_nap=nap,
        deep_s=item.number("DeepSleepDuration"), light_s=item.number("LightSleepDuration"),
        rem_s=item.number("REMSleepDuration"), score=item.rated("SleepQualityScore"),
    )  # fmt: skip
    hrv, lowest = item.rated("AvgHRV"), item.rated("HRMin")
    if hrv is not None:
        yield from reading(
            "hrv_reading", item.where, tally, **common, measured_at=end, metric="rmssd",
            context="spot" if nap else "overnight_mean", value_ms=hrv,
        )  # fmt: skip
    if lowest is not None and not nap:
        yield from reading("resting_hr_reading", item.where, tally, **common, measured_at=end, value_bpm=lowest)


READER = Reader(
    name="suunto",
    title="Suunto cloud API, 24/7 sleep",
    provider="suunto",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="BedtimeEnd in its own offset",
    identity="SleepId, else the start; version: the time of arrival",
    not_used=NOT_USED,
    from_description=True,
)
READERS = (READER,)
