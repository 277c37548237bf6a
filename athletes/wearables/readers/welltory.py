"""Welltory's export: a measurement a row, taken at any hour. Its rMSSD and SDNN are spot readings."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from athletes.local_days.local_time import OFFSET_UNKNOWN
from athletes.wearables.accepting import reading
from athletes.wearables.payloads import ReadDate, csv_rows, date_order, dates_read_as
from athletes.wearables.readings import (
    Field,
    Item,
    Payload,
    Reader,
    Reading,
    ReadingProfile,
    Tally,
    in_range,
    record_id,
    source,
    version_of,
    wall_clock,
)

TABLE = (
    Field("Date", "hrv_reading.measured_at, client_record_id", "", "wall clock"),
    Field("Time", "hrv_reading.measured_at", "", "where the date has no time of its own"),
    Field("rMSSD", "hrv_reading.value_ms", "ms", "rMSSD, spot"),
    Field("SDNN", "hrv_reading.value_ms", "ms", "SDNN, spot: a reading of its own"),
)
NOT_USED = {
    "HRV Score, Stress(HRV), Energy(HRV)": "the app's own scores: no milliseconds",
    "Measurement HR, Mean RR": "of the measurement: no resting heart rate",
}
SHEET = frozenset({"Date", "rMSSD", "Mean RR"})


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    rows = list(csv_rows(payload, tally, [SHEET], settle=False))
    texts = [text for row in rows if (text := row.raw.get("Date"))]
    if not texts:
        return
    order, read_date = date_order(texts)
    if order != "year first":
        tally.find("Date", "date_order", dates_read_as(order))
    for row in rows:
        yield from measurement(row, read_date, tally, profile)
        row.settle()


def when(row: Item, read_date: ReadDate, profile: ReadingProfile) -> datetime | None:
    day, clock = row.text("Date") or "", row.text("Time") or ""
    at = read_date(f"{day} {clock}") if clock else None
    at = at or read_date(day)
    if at is None:
        row.find("Date", "not_a_date", _("Not a date like the others of this file."))
        return None
    if at.tzinfo is not None:
        return in_range(at if at.utcoffset() else at.replace(tzinfo=OFFSET_UNKNOWN))
    return in_range(wall_clock(at, profile.timezone))


def measurement(row: Item, read_date: ReadDate, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    at = when(row, read_date, profile)
    for name, metric in (("rMSSD", "rmssd"), ("SDNN", "sdnn")):
        value = row.measured(name)
        if value is not None and at is not None:
            yield from reading(
                "hrv_reading", row.where, tally, client_record_id=record_id(int(at.timestamp()), metric),
                client_record_version=version_of(None, profile), source=source("welltory"), measured_at=at,
                metric=metric, context="spot", value_ms=value,
            )  # fmt: skip


READER = Reader(
    name="welltory",
    title="Welltory CSV",
    provider="welltory",
    formats=("csv",),
    function=read,
    table=TABLE,
    day_rule="the date on the athlete's clock; its order is read off the whole column, else the file is refused",
    identity="the time of the reading and the metric; version: the time of arrival",
    not_used=NOT_USED,
    from_description=True,
)
READERS = (READER,)
