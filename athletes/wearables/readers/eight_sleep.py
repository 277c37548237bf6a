"""Eight Sleep's trends: a night a day. Its HRV names no metric, so it is not used."""

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

TABLE = (
    Field("days[].day", "client_record_id, vendor_date"),
    Field("days[].presenceStart", "sleep_session.start_at"),
    Field("days[].presenceEnd", "sleep_session.end_at"),
    Field("days[].sleepDuration", "sleep_session.duration_s", "s"),
    Field("days[].lightDuration", "sleep_session.light_s", "s"),
    Field("days[].deepDuration", "sleep_session.deep_s", "s"),
    Field("days[].remDuration", "sleep_session.rem_s", "s"),
    Field("days[].score", "sleep_session.score", "0-100"),
    Field("days[].processing", "", "", "true: not final, left out"),
)
NOT_USED = {
    "days[].sleepQualityScore.hrv": "its metric is not told",
    "days[].sleepQualityScore.heartRate": "the mean of the night is no resting heart rate",
    "days[].presenceDuration": "from start to end, which are used",
}


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    loaded = loaded_json(payload)
    days = loaded.get("days") if isinstance(loaded, dict) else loaded
    if not isinstance(days, list) or not any(is_night(day) for day in days):
        raise Unreadable("wrong_provider", _("Holds no days of Eight Sleep."))
    for item in each(days, tally, path="days[]", where="days"):
        if item.get("processing") is True:
            tally.ignored["nights not final yet"] += 1
            item.asked.update(item.raw)
        else:
            yield from sleep(item, tally, profile)


def is_night(day: Any) -> bool:
    return isinstance(day, dict) and {"day", "presenceStart", "sleepDuration"} <= set(day)


def sleep(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    day = item.date("day")
    yield from reading(
        "sleep_session", item.where, tally, client_record_id=day and record_id(day),
        client_record_version=version_of(None, profile), source=source("eight_sleep", device_type="bed"),
        vendor_date=day, start_at=item.instant("presenceStart", profile), end_at=item.instant("presenceEnd", profile),
        duration_s=item.number("sleepDuration"), light_s=item.number("lightDuration"),
        deep_s=item.number("deepDuration"), rem_s=item.number("remDuration"), score=item.number("score"),
    )  # fmt: skip


READER = Reader(
    name="eight_sleep",
    title="Eight Sleep trends",
    provider="eight_sleep",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="presenceEnd in the athlete's zone; `day` is kept beside it",
    identity="day; version: the time of arrival",
    not_used=NOT_USED,
    from_description=True,
)
READERS = (READER,)
