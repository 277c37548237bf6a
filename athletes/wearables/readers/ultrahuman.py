"""Ultrahuman's partner API: the metrics of a day, or of several days by their date.

Descriptions of it disagree whether its HRV is rMSSD or SDNN, and the payload does not say: it is not used.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from athletes.wearables.accepting import reading
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
    each,
    parsed_date,
    parsed_instant,
    record_id,
    source,
    version_of,
)

METRIC = "metrics[]"
TABLE = (
    Field("data.latest_time_zone", "timezone", "IANA"),
    Field(f"{METRIC}.type", "Sleep or sleep, night_rhr, sleep_rhr"),
    Field(f"{METRIC}.object.bedtime_start", "sleep_session.start_at, client_record_id", "s since 1970"),
    Field(f"{METRIC}.object.bedtime_end", "sleep_session.end_at", "s since 1970"),
    Field(f"{METRIC}.object.sleep_stages[].type", "deep_sleep, light_sleep, rem_sleep or awake"),
    Field(f"{METRIC}.object.sleep_stages[].stage_time",
          "sleep_session.deep_s, light_s, rem_s, awake_s", "s"),
    Field(f"{METRIC}.object.avg", "resting_hr_reading.value_bpm", "bpm", "of night_rhr"),
    Field(f"{METRIC}.object.value", "resting_hr_reading.value_bpm", "bpm", "of sleep_rhr, where there is no night_rhr"),
)  # fmt: skip
NOT_USED = {
    "hrv, avg_sleep_hrv": "its metric is not told, and descriptions disagree",
    "other metrics": "counted by their type",
}
STAGES = {"deep_sleep": "deep_s", "light_sleep": "light_s", "rem_sleep": "rem_s", "awake": "awake_s"}
RESTING_HR = {"night_rhr": "avg", "sleep_rhr": "value"}
MORNING = "T05:00:00"


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    root = json_object(payload, tally)
    data = root.item("data")
    if data is None or not {"metric_data", "metrics"} & set(data.raw):
        raise Unreadable("wrong_provider", _("Holds no metrics of Ultrahuman."))
    zone = data.zone("latest_time_zone")
    for day, metrics in days_of(data.raw):
        rested = False
        for item in each(by_rank(metrics), tally, path=METRIC, where=day or "metric_data"):
            for found in metric(item, day, zone, tally, profile):
                if found.kind != "resting_hr_reading" or not rested:
                    yield found
                rested = rested or found.kind == "resting_hr_reading"


def days_of(data: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """(date, metrics); the answer for one day does not repeat the date."""
    if isinstance(data.get("metric_data"), list):
        yield "", data["metric_data"]
    by_day = data.get("metrics")
    for day, metrics in by_day.items() if isinstance(by_day, dict) else ():
        if isinstance(metrics, list) and parsed_date(day):
            yield day, metrics


def by_rank(metrics: list[Any]) -> list[Any]:
    """night_rhr before sleep_rhr: the first of a day counts."""
    return sorted(metrics, key=lambda metric: isinstance(metric, dict) and metric.get("type") == "sleep_rhr")


def metric(item: Item, day: str, zone: str | None, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = item.text("type") or ""
    told = item.item("object") if kind.lower() == "sleep" or kind in RESTING_HR else None
    if told is None:
        tally.ignored[f"metric {kind}"[:80]] += 1
        item.asked.update(item.raw)
    elif kind.lower() == "sleep":
        yield from sleep(told, day, zone, tally, profile)
    elif day:
        yield from resting_hr(told, RESTING_HR[kind], day, zone, tally, profile)
    else:
        tally.ignored[f"metric {kind} of an answer without dates"] += 1
        told.asked.update(told.raw)


def sleep(item: Item, day: str, zone: str | None, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    start, end, stages = item.epoch("bedtime_start"), item.epoch("bedtime_end"), dict[str, float]()
    for told in item.each("sleep_stages"):
        name, seconds = STAGES.get(told.text("type") or ""), told.number("stage_time")
        if name and seconds is not None:
            stages[name] = stages.get(name, 0) + seconds
    yield from reading(
        "sleep_session", item.where, tally, client_record_id=start and record_id("sleep", int(start.timestamp())),
        client_record_version=version_of(None, profile), source=source("ultrahuman", device_type="ring"),
        timezone=zone, vendor_date=day or None, start_at=start, end_at=end, **stages,
    )  # fmt: skip


def resting_hr(
    item: Item, name: str, day: str, zone: str | None, tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    value, at = item.measured(name), parsed_instant(day + MORNING, ReadingProfile(zone or profile.timezone))
    if value is not None:
        yield from reading(
            "resting_hr_reading", item.where, tally, client_record_id=record_id(day),
            client_record_version=version_of(None, profile), source=source("ultrahuman", device_type="ring"),
            timezone=zone, vendor_date=day, measured_at=at, value_bpm=value,
        )  # fmt: skip


READER = Reader(
    name="ultrahuman",
    title="Ultrahuman partner API",
    provider="ultrahuman",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="bedtime_end in latest_time_zone, else in the athlete's zone; the date of the metrics is kept beside it",
    identity="the start (resting heart rate: the date); version: the time of arrival",
    not_used=NOT_USED,
    from_description=True,
)
READERS = (READER,)
