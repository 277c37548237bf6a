"""intervals.icu wellness, as JSON of its API and as its CSV, and activities. A day of wellness has a date and no time.

The day's four-point answers (1 is best) become a check-in in that very scale. Values that intervals.icu carried forward
(tempRestingHR, tempWeight) were not measured. HRV is stamped with the early morning of the day on the athlete's clock.
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from athletes.wearables import sports
from athletes.wearables.accepting import first_length, reading
from athletes.wearables.payloads import csv_rows, held, loaded_json, looks_like_json
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
    record_id,
    source,
    version_of,
)

ANSWERS = {
    "fatigue": "fatigue", "soreness": "muscle_soreness", "stress": "stress", "mood": "mood",
    "sleepQuality": "sleep_quality",
}  # fmt: skip
OF_A_WATCH = "sleep_quality"  # intervals.icu fills it in from the device's score of the night
TABLE = (
    Field("id", "check_in.date, client_record_id, hrv_reading.measured_at", "", "JSON; in activities client_record_id"),
    Field("date", "check_in.date, client_record_id, hrv_reading.measured_at", "", "CSV"),
    Field("updated", "client_record_version"),
    Field("hrv", "hrv_reading.value_ms", "ms", "rMSSD, morning_supine"),
    Field("hrvSDNN", "hrv_reading.value_ms", "ms", "SDNN, morning_supine: a reading of its own"),
    *(
        Field(
            vendor,
            f"check_in.{ours}",
            "1-4, 1 best",
            "scale intervals_1_4" + ("; only beside other answers" if ours == OF_A_WATCH else ""),
        )
        for vendor, ours in ANSWERS.items()
    ),
    Field("sleepSecs", "check_in.sleep_duration_min", "s -> min", "with answers only"),
    Field("restingHR", "resting_hr_reading.value_bpm", "bpm", "not if tempRestingHR"),
    Field("tempRestingHR", "", "", "true: restingHR was not measured"),
    Field("start_date", "training_session.started_at", "", "activities; UTC"),
    Field("timezone", "timezone", "", "activities"),
    Field("type", "training_session.kind", "", "activities"),
    Field("moving_time", "training_session.duration_min", "s -> min", "activities"),
    Field("elapsed_time", "training_session.duration_min", "s -> min", "activities; where moving_time is 0 or missing"),
    Field("icu_rpe", "training_session.rpe", "1-10", "activities"),
    Field("average_heartrate", "training_session.avg_hr_bpm", "bpm", "activities"),
    Field("max_heartrate", "training_session.max_hr_bpm", "bpm", "activities"),
    Field("distance", "training_session.distance_m", "m", "activities"),
    Field("device_name", "source.device_model", "", "activities"),
)
NOT_USED = {
    "sleepScore": "a day has no start and end of sleep to which it could belong",
    "ctl, atl, rampRate": "computed from loads, not measured",
    "icu_training_load, icu_hr_zone_times": "its own load, in other units: never mixed with minutes x RPE",
    "motivation, injury, hydration": "not asked for here",
    "weight": "not used",
    "activities of walking": "no training session",
}
MORNING = "T05:00:00"
SHEETS = (frozenset({"date", "hrv"}), frozenset({"date", "restingHR"}), frozenset({"date", "sleepSecs"}))


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    if not looks_like_json(payload := held(payload)):
        for row in csv_rows(payload, tally, SHEETS):
            yield from wellness(row, "date", tally, profile)
        return
    for item in each(listed(loaded_json(payload)), tally, path=""):
        if "start_date" in item.raw:
            yield from activity(item, tally, profile)
        else:
            yield from wellness(item, "id", tally, profile)


def listed(loaded: Any) -> list[Any]:
    entries = loaded if isinstance(loaded, list) else [loaded]
    known = {"hrv", "hrvSDNN", "restingHR", "sleepSecs", "start_date", "updated", *ANSWERS}
    if not any(isinstance(entry, dict) and "id" in entry and known & set(entry) for entry in entries):
        raise Unreadable("wrong_provider", _("Holds no wellness day and no activity of intervals.icu."))
    return entries


def wellness(item: Item, date_name: str, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    day = item.date(date_name)
    if day is None:
        item.find(date_name, "no_date", _("Without a date it cannot be filed."))
        return
    version = version_of(item.instant("updated", profile), profile)
    for vendor, metric in (("hrv", "rmssd"), ("hrvSDNN", "sdnn")):
        value = item.measured(vendor)
        if value is not None:
            yield from reading(
                "hrv_reading", item.where, tally,
                client_record_id=record_id(day, metric), client_record_version=version,
                source=source("intervals_icu"), vendor_date=day, measured_at=parsed_instant(day + MORNING, profile),
                metric=metric, context="morning_supine", value_ms=value,
            )  # fmt: skip
    carried, resting = item.get("tempRestingHR"), item.measured("restingHR")
    if resting is not None and carried not in (True, "true", "True"):
        yield from reading(
            "resting_hr_reading", item.where, tally,
            client_record_id=record_id(day), client_record_version=version, source=source("intervals_icu"),
            vendor_date=day, measured_at=parsed_instant(day + MORNING, profile), value_bpm=resting,
        )  # fmt: skip
    yield from answers(item, day, tally)


def answers(item: Item, day: str, tally: Tally) -> Iterator[Reading]:
    """A check-in, if the athlete answered anything: hours and a sleep quality alone came from a watch."""
    given = {ours: answer(item, vendor) for vendor, ours in ANSWERS.items()}
    seconds = item.measured("sleepSecs")
    if all(value is None for name, value in given.items() if name != OF_A_WATCH):
        return
    yield from reading(
        "check_in", item.where, tally, date=day, scale="intervals_1_4", **given,
        sleep_duration_min=None if seconds is None else seconds / 60,
    )  # fmt: skip


def answer(item: Item, name: str) -> float | None:
    value = item.number(name)
    if value is not None and value not in (1, 2, 3, 4):
        item.find(name, "out_of_range", _("This scale has 1, 2, 3 and 4."))
        return None
    return value


def activity(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = sports.kind_of([item.text("type")])
    if kind is None:
        tally.ignored["activities of walking"] += 1
        item.asked.update(item.raw)
        return
    name, seconds = item.ident("id"), first_length(item.number("moving_time"), item.number("elapsed_time"))
    yield from reading(
        "training_session", item.where, tally,
        client_record_id=name and record_id(name),
        client_record_version=version_of(item.instant("updated", profile), profile),
        source=source("intervals_icu", device_model=item.text("device_name")),
        started_at=item.instant("start_date", profile), timezone=item.zone("timezone"),
        duration_min=None if seconds is None else seconds / 60, kind=kind, rpe=item.measured("icu_rpe"),
        avg_hr_bpm=item.measured("average_heartrate"), max_hr_bpm=item.measured("max_heartrate"),
        distance_m=item.number("distance"),
    )  # fmt: skip


READER = Reader(
    name="intervals_icu",
    title="intervals.icu wellness (JSON, CSV) and activities",
    provider="intervals_icu",
    formats=("json", "csv"),
    function=read,
    table=TABLE,
    day_rule="id (CSV: date) is the athlete's local day",
    identity="the date and the metric (activities: id); version: updated, else the time of arrival",
    not_used=NOT_USED,
)
READERS = (READER,)
