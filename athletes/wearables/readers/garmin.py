"""Garmin Health API, push: lists of summaries. Garmin sends a summary again, under the same id, when it is revised."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

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
    Field("hrv[].lastNightAvg", "hrv_reading.value_ms", "ms", "rMSSD, overnight_mean"),
    Field("hrv[].lastNight5MinHigh", "hrv_reading.value_ms", "ms", "rMSSD, overnight_5min_high: a second reading"),
    Field("hrv[].durationInSeconds", "hrv_reading.measured_at", "s", "start + duration"),
    Field("dailies[].restingHeartRateInBeatsPerMinute", "resting_hr_reading.value_bpm", "bpm"),
    Field("sleeps[].durationInSeconds", "sleep_session.end_at, .duration_s", "s", "asleep: the stages' sum"),
    Field("sleeps[].deepSleepDurationInSeconds", "sleep_session.deep_s", "s"),
    Field("sleeps[].lightSleepDurationInSeconds", "sleep_session.light_s", "s"),
    Field("sleeps[].remSleepInSeconds", "sleep_session.rem_s", "s"),
    Field("sleeps[].awakeDurationInSeconds", "sleep_session.awake_s", "s"),
    Field("sleeps[].overallSleepScore.value", "sleep_session.score", "0-100"),
    Field("sleeps[].validation", "client_record_version", "", "what is tentative never outdoes what is final"),
    Field("activities[].activityType", "training_session.kind"),
    Field("activities[].durationInSeconds", "training_session.duration_min", "s -> min"),
    Field("activities[].averageHeartRateInBeatsPerMinute", "training_session.avg_hr_bpm", "bpm"),
    Field("activities[].maxHeartRateInBeatsPerMinute", "training_session.max_hr_bpm", "bpm"),
    Field("activities[].distanceInMeters", "training_session.distance_m", "m"),
    Field("activities[].deviceName", "source.device_model"),
    Field("activities[].manual", "source.recording_method"),
    *(
        row
        for group in ("hrv", "sleeps", "activities", "dailies")
        for row in (
            Field(f"{group}[].summaryId", "client_record_id"),
            Field(f"{group}[].userId", "", "", "one person; of a batch that of the linked account"),
            Field(f"{group}[].startTimeInSeconds", "the start", "s since 1970"),
            Field(f"{group}[].startTimeOffsetInSeconds", "its offset", "s"),
        )
    ),
    Field("hrv[].calendarDate", "vendor_date"),
    Field("sleeps[].calendarDate", "vendor_date"),
    Field("dailies[].calendarDate", "vendor_date"),
)  # fmt: skip
NOT_USED = {
    "dailies[].steps": "counted, as all else of a day but its resting heart rate",
    "hrv[].hrvValues": "five-minute samples; the night's mean is used",
    "sleeps[].sleepLevelsMap": "the totals are used",
    "sleeps[].unmeasurableSleepInSeconds": "neither asleep nor awake",
    "activities of walking": "no training session",
}
RANK = {
    "AUTO_TENTATIVE": 0,
    "AUTO_FINAL": 2,
    "AUTO_MANUAL": 3,
    "MANUAL": 3,
    "ENHANCED_TENTATIVE": 1,
    "ENHANCED_FINAL": 2,
}
KNOWN = ("hrv", "sleeps", "activities", "dailies")
OTHERS = (
    "epochs", "bodyComps", "stressDetails", "userMetrics", "pulseox", "respiration", "moveIQActivities",
    "bloodPressures", "healthSnapshot", "skinTemp", "manuallyUpdatedActivities", "activityDetails", "activityFiles",
    "deregistrations", "userPermissionsChange", "mct", "solarIntensity",
)  # fmt: skip


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    root = json_object(payload, tally)
    if not any(name in root.raw for name in (*KNOWN, *OTHERS)):
        raise Unreadable("wrong_provider", _("Holds none of the lists that Garmin pushes."))
    for name, function in (("hrv", hrv), ("sleeps", sleep), ("dailies", daily), ("activities", activity)):
        for item in root.each(name):
            if is_own(item, tally, profile):
                yield from function(item, tally, profile)
    root.settle()


def is_own(item: Item, tally: Tally, profile: ReadingProfile) -> bool:
    """Garmin pushes the summaries of several users at once. Whose are the athlete's their linked account says."""
    owner = item.raw.get("userId")
    if not profile.vendor_user_id or owner is None or str(owner) == profile.vendor_user_id:
        return True
    tally.ignored["summaries of other people"] += 1
    item.asked.update(item.raw)
    return False


def start_of(item: Item, tally: Tally) -> tuple[datetime | None, timezone | None]:
    tally.belongs_to(item.ident("userId"))
    offset = item.offset_min("startTimeOffsetInSeconds", unit_min=1 / 60)
    return item.epoch("startTimeInSeconds", offset=offset), offset


def end_of(item: Item, start: datetime | None) -> datetime | None:
    seconds = item.number("durationInSeconds")
    if start is None or seconds is None:
        return None
    if not 0 <= seconds <= 86_400:
        item.find("durationInSeconds", "out_of_range", _("Must lie between 0 and a day: another unit?"))
        return None
    return start + timedelta(seconds=seconds)


def hrv(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    start, _offset = start_of(item, tally)
    name, day, measured_at = item.ident("summaryId"), item.date("calendarDate"), end_of(item, start)
    for vendor, context, suffix in (
        ("lastNightAvg", "overnight_mean", ()),
        ("lastNight5MinHigh", "overnight_5min_high", ("5min_high",)),
    ):
        value = item.measured(vendor)
        if value is not None:
            yield from reading(
                "hrv_reading", item.where, tally,
                client_record_id=name and record_id(name, *suffix),
                client_record_version=version_of(None, profile),
                source=source("garmin"), vendor_date=day,
                measured_at=measured_at, metric="rmssd", context=context, value_ms=value,
            )  # fmt: skip


def sleep(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    start, _offset = start_of(item, tally)
    end, awake_s = end_of(item, start), item.number("awakeDurationInSeconds")
    name, score = item.ident("summaryId"), item.item("overallSleepScore")
    stages = {stage: item.number(vendor) for stage, vendor in STAGE_FIELDS.items()}
    asleep_s = sum(value for value in stages.values() if value is not None)
    yield from reading(
        "sleep_session", item.where, tally,
        client_record_id=name and record_id(name),
        client_record_version=version_of(None, profile, rank=RANK.get(item.text("validation") or "", 0)),
        source=source("garmin"), vendor_date=item.date("calendarDate"),
        start_at=start, end_at=end, duration_s=asleep_s or None, awake_s=awake_s, **stages,
        score=score.number("value") if score else None,
    )  # fmt: skip


def daily(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    """Of the day itself: sent again and again while it lasts, filed under its start."""
    start, _offset = start_of(item, tally)
    name, day = item.ident("summaryId"), item.date("calendarDate")
    value = item.measured("restingHeartRateInBeatsPerMinute")
    if value is not None:
        yield from reading(
            "resting_hr_reading", item.where, tally,
            client_record_id=name and record_id(name), client_record_version=version_of(None, profile),
            source=source("garmin"), vendor_date=day, measured_at=start, value_bpm=value,
        )  # fmt: skip


STAGE_FIELDS = {
    "deep_s": "deepSleepDurationInSeconds",
    "light_s": "lightSleepDurationInSeconds",
    "rem_s": "remSleepInSeconds",
}


def activity(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    start, _offset = start_of(item, tally)
    kind = sports.kind_of([item.text("activityType")])
    if kind is None:
        tally.ignored["activities of walking"] += 1
        item.asked.update(item.raw)
        return
    name, seconds, manual = item.ident("summaryId"), item.number("durationInSeconds"), item.get("manual")
    yield from reading(
        "training_session", item.where, tally,
        client_record_id=name and record_id(name),
        client_record_version=version_of(None, profile),
        source=source("garmin", device_model=item.text("deviceName"),
                      recording_method="manual" if manual is True else "automatic"),
        started_at=start, duration_min=None if seconds is None else seconds / 60, kind=kind,
        avg_hr_bpm=item.measured("averageHeartRateInBeatsPerMinute"),
        max_hr_bpm=item.measured("maxHeartRateInBeatsPerMinute"), distance_m=item.number("distanceInMeters"),
    )  # fmt: skip


READER = Reader(
    name="garmin",
    title="Garmin Health API (push)",
    provider="garmin",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="the end of the night in startTimeOffsetInSeconds; calendarDate is kept beside it",
    identity="summaryId; version: validation, then the time of arrival",
    not_used=NOT_USED,
    sends_batches=True,
)
READERS = (READER,)
