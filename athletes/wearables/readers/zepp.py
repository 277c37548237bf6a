"""Zepp (Amazfit): the sheets SLEEP and SPORT of its data export, alone or in the zip. Times are UTC.

The zip is encrypted; unpack it with the password of the mail, and pack it again or send the sheets.
"""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from athletes.local_days.local_time import OFFSET_UNKNOWN
from athletes.wearables import sports
from athletes.wearables.accepting import reading
from athletes.wearables.payloads import csv_rows, is_zip, zip_members
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
    Field("date", "vendor_date"),
    Field("start", "sleep_session.start_at, client_record_id", "", "UTC"),
    Field("stop", "sleep_session.end_at", "", "UTC"),
    Field("deepSleepTime", "sleep_session.deep_s", "min -> s"),
    Field("shallowSleepTime", "sleep_session.light_s", "min -> s"),
    Field("REMTime", "sleep_session.rem_s", "min -> s"),
    Field("wakeTime", "sleep_session.awake_s", "min -> s"),
    Field("type", "training_session.kind", "", "numbers that are not known: other"),
    Field("startTime", "training_session.started_at, client_record_id", "", "UTC"),
    Field("sportTime(s)", "training_session.duration_min", "s -> min"),
    Field("distance(m)", "training_session.distance_m", "m"),
)
NOT_USED = {
    "naps": "times without a date and a length",
    "HEARTRATE, ACTIVITY and other sheets": "counted by their name",
    "type 6": "walking: no training session",
}
SHEETS = (frozenset({"start", "stop", "deepSleepTime"}), frozenset({"type", "startTime", "sportTime(s)"}))
MEMBERS = {"sleep": re.compile(r"sleep_\d+\.csv|sleep\.csv"), "sport": re.compile(r"sport_\d+\.csv|sport\.csv")}
STAGES = {"deep_s": "deepSleepTime", "light_s": "shallowSleepTime", "rem_s": "REMTime", "awake_s": "wakeTime"}
SPORTS = {"1": "running", "6": "walking", "8": "treadmill", "9": "cycling", "10": "cycling", "52": "strength"}


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    files: list[Payload] = [payload]
    if is_zip(payload):
        found = zip_members(payload, MEMBERS, tally)
        files = [*found["sleep"], *found["sport"]]
    if not files:
        raise Unreadable("wrong_zip", _("The zip file holds neither SLEEP nor SPORT of Zepp."))
    for file in files:
        for row in csv_rows(file, tally, SHEETS):
            yield from (workout if "sportTime(s)" in row.raw else sleep)(row, tally, profile)


def sleep(row: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    start, end, day = row.instant("start", profile), row.instant("stop", profile), row.date("date")
    stages = {ours: row.number(theirs) for ours, theirs in STAGES.items()}
    if start == end or not any(stages.values()):
        tally.ignored["days without sleep"] += 1
        row.asked.update(row.raw)
        return
    yield from reading(
        "sleep_session", row.where, tally, client_record_id=start and record_id("sleep", int(start.timestamp())),
        client_record_version=version_of(end, profile), source=source("zepp", device_type="watch"), vendor_date=day,
        start_at=start and start.replace(tzinfo=OFFSET_UNKNOWN), end_at=end and end.replace(tzinfo=OFFSET_UNKNOWN),
        **{name: None if minutes is None else minutes * 60 for name, minutes in stages.items()},
    )  # fmt: skip


def workout(row: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = sports.kind_of([SPORTS.get(row.text("type") or "", "")])
    if kind is None:
        tally.ignored["sports of walking"] += 1
        row.asked.update(row.raw)
        return
    start, seconds = row.instant("startTime", profile), row.number("sportTime(s)")
    yield from reading(
        "training_session", row.where, tally, client_record_id=start and record_id("sport", int(start.timestamp())),
        client_record_version=version_of(None, profile), source=source("zepp", device_type="watch"),
        started_at=start and start.replace(tzinfo=OFFSET_UNKNOWN), kind=kind, distance_m=row.number("distance(m)"),
        duration_min=None if seconds is None else seconds / 60,
    )  # fmt: skip


READER = Reader(
    name="zepp",
    title="Zepp (Amazfit) export",
    provider="zepp",
    formats=("csv", "zip"),
    function=read,
    table=TABLE,
    day_rule="stop, which is UTC, in the athlete's zone; `date` is kept beside it",
    identity="the start; version: the end of the night (sports: the time of arrival)",
    not_used=NOT_USED,
    from_description=True,
)
READERS = (READER,)
