"""Withings API: sleep summaries (Sleep v2 - Getsummary) and workouts. Each series names its IANA zone."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from athletes.wearables import sports
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
    record_id,
    source,
    version_of,
)

TABLE = (
    Field("series[].id", "client_record_id"),
    Field("series[].modified", "client_record_version", "s since 1970"),
    Field("series[].timezone", "timezone"),
    Field("series[].startdate", "sleep_session.start_at, training_session.started_at", "s since 1970"),
    Field("series[].enddate", "sleep_session.end_at; training_session.duration_min", "s since 1970"),
    Field("series[].date", "vendor_date"),
    Field("series[].model", "source.device_model", "", "where it is a name"),
    Field("series[].category", "training_session.kind"),
    Field("series[].data.total_sleep_time", "sleep_session.duration_s", "s"),
    Field("series[].data.total_timeinbed", "sleep_session.time_in_bed_s", "s"),
    Field("series[].data.wakeupduration", "sleep_session.awake_s", "s"),
    Field("series[].data.lightsleepduration", "sleep_session.light_s", "s"),
    Field("series[].data.deepsleepduration", "sleep_session.deep_s", "s"),
    Field("series[].data.remsleepduration", "sleep_session.rem_s", "s"),
    Field("series[].data.sleep_efficiency", "sleep_session.efficiency_pct", "0-1 -> %"),
    Field("series[].data.sleep_score", "sleep_session.score", "0-100"),
    Field("series[].data.hr_average", "training_session.avg_hr_bpm", "bpm", "of workouts"),
    Field("series[].data.hr_max", "training_session.max_hr_bpm", "bpm", "of workouts"),
    Field("series[].data.distance", "training_session.distance_m", "m", "of workouts"),
)
NOT_USED = {
    "series[].data.rmssd_start_avg, rmssd_end_avg": "parts of a night; no mean over it",
    "series[].data.rr_average": "breaths a minute, no intervals between beats",
    "measuregrps": "weight and body composition are not used",
    "series[].data.hr_zone_0 to hr_zone_3": "their limits are not told",
    "workouts of walking": "no training session",
}
CATEGORIES = {
    1: "walk", 2: "run", 3: "hiking", 4: "skating", 5: "bmx bike", 6: "cycling", 7: "swim", 8: "surf", 9: "surf",
    10: "surf", 12: "tennis", 13: "tennis", 14: "squash", 15: "badminton", 16: "lift weights", 17: "calisthenics gym",
    18: "elliptical", 19: "pilates", 20: "basketball", 21: "soccer", 22: "ball", 23: "rugby", 24: "volley ball",
    27: "golf", 28: "yoga", 29: "dancing", 30: "boxing", 34: "ski", 35: "ski", 187: "rowing", 188: "zumba dance",
    191: "baseball", 192: "handball", 193: "hockey", 195: "climbing", 196: "skating", 307: "run", 308: "bike",
}  # fmt: skip


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    root = json_object(payload, tally)
    body = root.raw.get("body", root.raw)
    if not isinstance(body, dict) or not {"series", "measuregrps"} & set(body):
        raise Unreadable("wrong_provider", _("Holds no series of Withings' API."))
    inner = Item(body, tally)
    for item in inner.each("series"):
        yield from workout(item, tally, profile) if "category" in item.raw else sleep(item, tally, profile)
    inner.settle()


def identity(item: Item, profile: ReadingProfile) -> dict[str, Any]:
    name = item.ident("id")
    return {
        "client_record_id": name and record_id(name),
        "client_record_version": version_of(item.epoch("modified"), profile),
        "source": source("withings", device_model=item.get("model")),
        "timezone": item.zone("timezone"),
        "vendor_date": item.date("date"),
    }


def sleep(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    data = item.item("data") or Item({}, tally, path=f"{item.path}.data", where=item.where)
    efficiency = data.number("sleep_efficiency")
    if efficiency is not None and not 0 <= efficiency <= 1:
        data.find("sleep_efficiency", "out_of_range", _("Must lie between 0 and 1."))
        efficiency = None
    yield from reading(
        "sleep_session", item.where, tally, **identity(item, profile),
        start_at=item.epoch("startdate"), end_at=item.epoch("enddate"),
        duration_s=data.number("total_sleep_time"), time_in_bed_s=data.number("total_timeinbed"),
        awake_s=data.number("wakeupduration"), light_s=data.number("lightsleepduration"),
        deep_s=data.number("deepsleepduration"), rem_s=data.number("remsleepduration"),
        efficiency_pct=None if efficiency is None else efficiency * 100, score=data.number("sleep_score"),
    )  # fmt: skip


def workout(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    category = item.get("category")
    known = isinstance(category, int) and not isinstance(category, bool)
    kind = sports.kind_of([CATEGORIES.get(category, "")]) if known else "other"
    if kind is None:
        tally.ignored["workouts of walking"] += 1
        item.asked.update(item.raw)
        return
    start, end, data = item.epoch("startdate"), item.epoch("enddate"), item.item("data")
    yield from reading(
        "training_session", item.where, tally, **identity(item, profile), started_at=start,
        duration_min=(end - start).total_seconds() / 60 if start and end else None, kind=kind,
        avg_hr_bpm=data.measured("hr_average") if data else None, max_hr_bpm=data.measured("hr_max") if data else None,
        distance_m=data.number("distance") if data else None,
    )  # fmt: skip


READER = Reader(
    name="withings",
    title="Withings API",
    provider="withings",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="enddate in the series' IANA timezone; `date` is kept beside it",
    identity="id; version: modified",
    not_used=NOT_USED,
)
READERS = (READER,)
