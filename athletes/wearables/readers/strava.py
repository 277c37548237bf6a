"""Strava's bulk export: activities.csv, alone or in the zip. Its perceived exertion is the athlete's own RPE.

The sheet has the columns Elapsed Time and Distance twice: the second Distance is in metres. Times are UTC. The FIT
files of the zip are read by the reader of FIT files; what both tell is one session (see the end of this page).
"""

import re
from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from athletes.local_days.local_time import OFFSET_UNKNOWN
from athletes.wearables import sports
from athletes.wearables.accepting import first_length, reading
from athletes.wearables.payloads import NARROW_SPACES, csv_rows, is_zip, zip_members
from athletes.wearables.readings import (
    Field,
    Item,
    Payload,
    Reader,
    Reading,
    ReadingProfile,
    Tally,
    Unreadable,
    in_range,
    record_id,
    source,
    version_of,
)

TABLE = (
    Field("Activity ID", "client_record_id"),
    Field("Activity Date", "training_session.started_at", "", "UTC"),
    Field("Activity Type", "training_session.kind"),
    Field("Moving Time", "training_session.duration_min", "s -> min"),
    Field("Elapsed Time", "training_session.duration_min", "s -> min", "where Moving Time is 0 or missing"),
    Field("Distance 2", "training_session.distance_m", "m", "the second column of this name"),
    Field("Average Heart Rate", "training_session.avg_hr_bpm", "bpm"),
    Field("Max Heart Rate", "training_session.max_hr_bpm", "bpm"),
    Field("Perceived Exertion", "training_session.rpe", "1-10"),
)
NOT_USED = {
    "Relative Effort": "the vendor's own load, in other units: never mixed with minutes x RPE",
    "Distance": "in the unit of the account, which is not told",
    "other files of the zip": "each counted by its name",
    "activities of walking": "no training session",
    "sheets in other languages": "refused: ask Strava for the export with the account set to English",
}
SHEET = frozenset({"Activity ID", "Activity Date", "Activity Type", "Elapsed Time"})
MEMBERS = {"activities": re.compile(r"activities\.csv")}
CLOCKS = ("%b %d, %Y, %I:%M:%S %p", "%Y-%m-%d %H:%M:%S", "%d %b %Y, %H:%M:%S")


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    files: list[Payload] = [payload]
    if is_zip(payload):
        files = list(zip_members(payload, MEMBERS, tally)["activities"])
    if not files:
        raise Unreadable("wrong_zip", _("The zip file holds no activities.csv of Strava."))
    for file in files:
        for row in csv_rows(file, tally, [SHEET], may_repeat=True):
            yield from activity(row, tally, profile)


def started_at(row: Item) -> datetime | None:
    text = (row.text("Activity Date") or "").translate(NARROW_SPACES)
    for clock in CLOCKS:
        try:
            return in_range(datetime.strptime(text, clock).replace(tzinfo=OFFSET_UNKNOWN))
        except ValueError:
            continue
    row.find("Activity Date", "not_an_instant", _("Must be a time like Nov 22, 2026, 6:52:10 AM."))
    return None


def activity(row: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = sports.kind_of([row.text("Activity Type")])
    if kind is None:
        tally.ignored["activities of walking"] += 1
        row.asked.update(row.raw)
        return
    name, seconds = row.ident("Activity ID"), first_length(row.number("Moving Time"), row.number("Elapsed Time"))
    yield from reading(
        "training_session", row.where, tally, client_record_id=name and record_id(name),
        client_record_version=version_of(None, profile), source=source("strava"), started_at=started_at(row),
        kind=kind, duration_min=None if seconds is None else seconds / 60, rpe=row.rated("Perceived Exertion"),
        avg_hr_bpm=row.rated("Average Heart Rate"), max_hr_bpm=row.rated("Max Heart Rate"),
        distance_m=row.number("Distance 2"),
    )  # fmt: skip


READER = Reader(
    name="strava",
    title="Strava bulk export",
    provider="strava",
    formats=("csv", "zip"),
    function=read,
    table=TABLE,
    day_rule="Activity Date, which is UTC, in the athlete's zone",
    identity="Activity ID; version: the time of arrival",
    not_used=NOT_USED,
    from_description=True,
)
READERS = (READER,)
