"""RingConn's export: a zip of three sheets, or the sheet of sleep alone. Times are the wearer's clock.

Its vital signs name an HRV in milliseconds and neither rMSSD nor SDNN, of the whole day: it is not used.
"""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

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
    Field("Start Time", "sleep_session.start_at, client_record_id", "", "wall clock"),
    Field("End Time", "sleep_session.end_at", "", "wall clock"),
    Field("Time Asleep(min)", "sleep_session.duration_s", "min -> s"),
    Field("Sleep Time Ratio(%)", "sleep_session.efficiency_pct", "%"),
    Field("Sleep Stages - Awake(min)", "sleep_session.awake_s", "min -> s"),
    Field("Sleep Stages - Light Sleep(min)", "sleep_session.light_s", "min -> s"),
    Field("Sleep Stages - Deep Sleep(min)", "sleep_session.deep_s", "min -> s"),
    Field("Sleep Stages - REM(min)", "sleep_session.rem_s", "min -> s"),
)
NOT_USED = {
    "Avg. HRV(ms)": "its metric is not told, and it is of the whole day",
    "Min. Heart Rate(bpm)": "the lowest of a day is no resting heart rate",
    "Falling Asleep Time, Wake-up time": "the session's start and end are used",
}
SHEET = frozenset({"Start Time", "End Time", "Time Asleep(min)"})
MEMBERS = {"sleep": re.compile(r"sleep.*\.csv")}
STAGES = {
    "awake_s": "Sleep Stages - Awake(min)", "light_s": "Sleep Stages - Light Sleep(min)",
    "deep_s": "Sleep Stages - Deep Sleep(min)", "rem_s": "Sleep Stages - REM(min)",
}  # fmt: skip


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    files: list[Payload] = [payload]
    if is_zip(payload):
        files = list(zip_members(payload, MEMBERS, tally)["sleep"])
    if not files:
        raise Unreadable("wrong_zip", _("The zip file holds no sleep of RingConn."))
    for file in files:
        for row in csv_rows(file, tally, [SHEET]):
            yield from sleep(row, tally, profile)


def sleep(row: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    start, end = row.instant("Start Time", profile), row.instant("End Time", profile)
    yield from reading(
        "sleep_session", row.where, tally, client_record_id=start and record_id("sleep", int(start.timestamp())),
        client_record_version=version_of(end, profile), source=source("ringconn", device_type="ring"),
        start_at=start, end_at=end, duration_s=seconds(row, "Time Asleep(min)"),
        efficiency_pct=row.percent("Sleep Time Ratio(%)"),
        **{ours: seconds(row, theirs) for ours, theirs in STAGES.items()},
    )  # fmt: skip


def seconds(row: Item, name: str) -> float | None:
    minutes = row.number(name)
    return None if minutes is None else minutes * 60


READER = Reader(
    name="ringconn",
    title="RingConn export",
    provider="ringconn",
    formats=("csv", "zip"),
    function=read,
    table=TABLE,
    day_rule="End Time on the athlete's clock",
    identity="the start; version: the end of the night",
    not_used=NOT_USED,
    from_description=True,
)
READERS = (READER,)
