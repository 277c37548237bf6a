"""Oura API v2 (usercollection): sleep, daily_sleep and workout documents, alone, in `data`, or in lists by their name.

Oura sends negative HRV items (-102) and nulls within a night's samples; the night's own mean is what counts.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from athletes.wearables import sports
from athletes.wearables.accepting import deletion, reading
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
    by_night,
    each,
    record_id,
    source,
    version_of,
)

TABLE = (
    Field("sleep[].id", "client_record_id"),
    Field("sleep[].day", "vendor_date", "", "finds the score of the same day"),
    Field("sleep[].bedtime_start", "sleep_session.start_at"),
    Field("sleep[].bedtime_end", "sleep_session.end_at, hrv_reading.measured_at"),
    Field("sleep[].type", "sleep_session.is_nap", "", "late_nap and rest are naps; deleted deletes"),
    Field("sleep[].total_sleep_duration", "sleep_session.duration_s", "s"),
    Field("sleep[].time_in_bed", "sleep_session.time_in_bed_s", "s"),
    Field("sleep[].awake_time", "sleep_session.awake_s", "s"),
    Field("sleep[].light_sleep_duration", "sleep_session.light_s", "s"),
    Field("sleep[].deep_sleep_duration", "sleep_session.deep_s", "s"),
    Field("sleep[].rem_sleep_duration", "sleep_session.rem_s", "s"),
    Field("sleep[].efficiency", "sleep_session.efficiency_pct", "%"),
    Field("sleep[].average_hrv", "hrv_reading.value_ms", "ms", "rMSSD, overnight_mean; of a nap spot"),
    Field("sleep[].lowest_heart_rate", "resting_hr_reading.value_bpm", "bpm", "of long_sleep"),
    Field("daily_sleep[].day", "the day of its long_sleep"),
    Field("daily_sleep[].score", "sleep_session.score", "0-100", "of the day's longest long_sleep"),
    Field("workout[].id", "client_record_id"),
    Field("workout[].day", "vendor_date"),
    Field("workout[].activity", "training_session.kind"),
    Field("workout[].start_datetime", "training_session.started_at"),
    Field("workout[].end_datetime", "training_session.duration_min", "to min"),
    Field("workout[].distance", "training_session.distance_m", "m"),
    Field("workout[].source", "source.recording_method"),
)
NOT_USED = {
    "sleep[].hrv": "five-minute samples, some of them negative; the night's mean is used",
    "sleep[].average_heart_rate": "no record of its own",
    "sleep[].sleep_phase_5_min": "the totals are used",
    "daily_readiness": "a vendor's score of readiness is not an input",
    "workout[].intensity": "easy, moderate, hard is no RPE",
}
NAPS = ("late_nap", "rest")
REJECTED = "rest"  # the wearer told Oura that it was no sleep


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    documents = sorted_documents(loaded_json(payload), tally)
    scores = dict(daily_scores(documents["daily_sleep"], tally))
    longest = longest_of_day(documents["sleep"])
    for item in each(documents["sleep"], tally, path="sleep[]", where="sleep"):
        day = item.date("day")
        score = scores.pop(day, None) if day and longest.get(day) is item.raw else None
        yield from sleep(item, score, tally, profile)
    for day in scores:
        tally.find(f"daily_sleep ({day})", "score_without_night", _("No long_sleep of this day came with it."))
    for item in each(documents["workout"], tally, path="workout[]", where="workout"):
        yield from workout(item, tally, profile)


def sorted_documents(loaded: Any, tally: Tally) -> dict[str, list[Any]]:
    """Documents by what they are: named by the list they came in, else told apart by their fields."""
    found: dict[str, list[Any]] = defaultdict(list)
    for document in unwrapped(loaded):
        found[what_is(document)].append(document)
    if isinstance(loaded, dict):
        for name, value in loaded.items():
            values = value.get("data") if isinstance(value, dict) else value
            if name in ("sleep", "daily_sleep", "workout") and isinstance(values, list):
                found[name] += values
            elif name.startswith("daily_") and values:
                tally.ignored[name] += len(values) if isinstance(values, list) else 1
                found.setdefault(name, [])
    unknown = found.pop("", [])
    empty = isinstance(loaded, dict) and loaded.get("data") == []
    if not found and not empty:
        raise Unreadable("wrong_provider", _("Holds no document of Oura's API."))
    for index in range(len(unknown)):
        tally.find(f"[{index}]", "unknown_document", _("Not a sleep, daily_sleep or workout document."))
    return found


def unwrapped(loaded: Any) -> list[Any]:
    if isinstance(loaded, list):
        return loaded
    if isinstance(loaded.get("data"), list):
        return list(loaded["data"])
    return [loaded] if what_is(loaded) else []  # else the lists by their names


def what_is(document: Any) -> str:
    if not isinstance(document, dict):
        return ""
    if "bedtime_start" in document or "bedtime_end" in document:
        return "sleep"
    if "start_datetime" in document and "activity" in document:
        return "workout"
    contributors = document.get("contributors")
    if isinstance(contributors, dict) and "deep_sleep" in contributors:
        return "daily_sleep"
    if "score" in document and "day" in document:
        return "daily_readiness" if isinstance(contributors, dict) else "daily_sleep"
    return ""


def daily_scores(documents: list[Any], tally: Tally) -> Iterator[tuple[str, float]]:
    for item in each(documents, tally, path="daily_sleep[]", where="daily_sleep"):
        day, score = item.date("day"), item.number("score")
        if day and score is not None:
            yield day, score


def longest_of_day(documents: list[Any]) -> dict[str, Any]:
    """The document of each day that its score is about."""
    longest: dict[str, Any] = {}
    for document in documents:
        if isinstance(document, dict) and document.get("type") == "long_sleep" and isinstance(document.get("day"), str):
            day = document["day"]
            if day not in longest or seconds_in(document) > seconds_in(longest[day]):
                longest[day] = document
    return longest


def seconds_in(document: dict[str, Any]) -> float:
    value = document.get("total_sleep_duration") or document.get("time_in_bed")
    return value if isinstance(value, int | float) else 0.0


def sleep(item: Item, score: float | None, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    name, kind, version = item.ident("id"), item.text("type"), version_of(None, profile)
    if kind == "deleted" and name:
        for of in ("sleep_session", "hrv_reading", "resting_hr_reading"):
            yield deletion(of, source=source("oura"), client_record_id=record_id(name), client_record_version=version)
        return
    start, end, day = item.instant("bedtime_start", profile), item.instant("bedtime_end", profile), item.date("day")
    nap = kind in NAPS or (kind == "sleep" and not by_night(start, end, profile))  # so it calls short nights, too
    provenance = {
        "client_record_id": name and record_id(name), "client_record_version": version,
        "source": source("oura", device_type="ring", recording_method="automatic"), "vendor_date": day,
    }  # fmt: skip
    yield from reading(
        "sleep_session", item.where, tally, **provenance,
        start_at=start, end_at=end, is_nap=nap,
        duration_s=item.number("total_sleep_duration"), time_in_bed_s=item.number("time_in_bed"),
        awake_s=item.number("awake_time"), light_s=item.number("light_sleep_duration"),
        deep_s=item.number("deep_sleep_duration"), rem_s=item.number("rem_sleep_duration"),
        efficiency_pct=item.number("efficiency"), score=score,
    )  # fmt: skip
    value = item.measured("average_hrv")
    if value is not None and kind != REJECTED:
        yield from reading(
            "hrv_reading", item.where, tally, **provenance,
            measured_at=end, metric="rmssd", context="spot" if nap else "overnight_mean", value_ms=value,
        )  # fmt: skip
    lowest = item.measured("lowest_heart_rate")
    if lowest is not None and kind == "long_sleep":
        yield from reading("resting_hr_reading", item.where, tally, **provenance, measured_at=end, value_bpm=lowest)


def workout(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = sports.kind_of([item.text("activity")])
    if kind is None:
        tally.ignored["workouts of walking"] += 1
        item.asked.update(item.raw)
        return
    start, end = item.instant("start_datetime", profile), item.instant("end_datetime", profile)
    name = item.ident("id")
    yield from reading(
        "training_session", item.where, tally,
        client_record_id=name and record_id(name), client_record_version=version_of(None, profile),
        source=source("oura", recording_method=item.text("source")), vendor_date=item.date("day"),
        started_at=start, duration_min=(end - start).total_seconds() / 60 if start and end else None, kind=kind,
        distance_m=item.number("distance"),
    )  # fmt: skip


READER = Reader(
    name="oura",
    title="Oura API v2",
    provider="oura",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="bedtime_end in its own offset; `day` is kept beside it",
    identity="id; version: the time of arrival",
    not_used=NOT_USED,
)
READERS = (READER,)
