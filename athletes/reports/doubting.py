"""Which values are doubted beside those before them: HRV within its era, 400 m times one after the other."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from athletes.models import HrvReading, PerformanceTest, Quality
from athletes.reports.records import disagrees, in_order
from athletes.reports.sheet import Sheet
from measures import quality
from measures.quality import DATE_DISAGREES


def judge_hrv(sheet: Sheet) -> None:
    """Readings of the changed eras near the changes, each against the believed ones of 60 days before it."""
    changed: dict[tuple[str, str, str], tuple[datetime, datetime]] = {}
    for m in sheet.moved:
        if isinstance(m, HrvReading):
            era = (m.metric, m.provider, m.context)
            first, last = changed.get(era, (m.measured_at, m.measured_at))
            changed[era] = min(first, m.measured_at), max(last, m.measured_at)
    for era, (first, last) in changed.items():
        judge_era(sheet, era, first, last)


def judge_era(sheet: Sheet, era: tuple[str, str, str], first: datetime, last: datetime) -> None:
    """60 days beyond the last change nothing can be judged otherwise; a new doubt is a change, too."""
    while True:
        until = last + quality.HRV_HISTORY
        turned = judge_readings(sheet, readings_between(sheet, era, first - quality.HRV_HISTORY, until), first)
        if turned is None or turned <= last:
            return
        last = turned


def readings_between(sheet: Sheet, era: tuple[str, str, str], first: datetime, last: datetime) -> list[Any]:
    metric, provider, context = era
    rows = sheet.stored("hrv_reading").filter(
        metric=metric, provider=provider, context=context, deleted_at=None, measured_at__range=(first, last)
    )
    own: list[Any] = [
        row for row in sheet.current(rows, "hrv_reading")
        if (row.metric, row.provider, row.context) == era
        and first <= row.measured_at <= last
    ]  # fmt: skip
    return sorted(own, key=in_order("measured_at"))


def judge_readings(sheet: Sheet, readings: Sequence[Any], first: datetime) -> datetime | None:
    """When the last of those was measured that are believed or doubted now and were not before."""
    instants: list[datetime] = []  # of the believed ones; sums and squares of their logarithms up to each
    sums, squares = [0], [0]
    turned: datetime | None = None
    for reading in readings:
        if reading.measured_at >= first:
            start = bisect_left(instants, reading.measured_at - quality.HRV_HISTORY)
            end = bisect_left(instants, reading.measured_at)
            status = reading.quality_status
            before = end - start, sums[end] - sums[start], squares[end] - squares[start]
            doubt(sheet, reading, quality.doubts_beside(reading.value_ms, *before))
            if reading.quality_status != status:
                turned = reading.measured_at
        if reading.quality_status != Quality.QUARANTINED:
            ln = quality.ln_units(reading.value_ms)
            instants.append(reading.measured_at)
            sums.append(sums[-1] + ln)
            squares.append(squares[-1] + ln * ln)
    return turned


def judge_tests(sheet: Sheet) -> None:
    changed = [m.tested_at for m in sheet.moved if isinstance(m, PerformanceTest) and m.event == "400m"]
    if not changed:
        return
    rows = sheet.stored("performance_test").filter(event="400m", deleted_at=None)
    tests: list[Any] = [t for t in sheet.current(rows, "performance_test") if t.event == "400m"]
    last: tuple[datetime, float] | None = None
    for _instant, at_once in grouped(sorted(tests, key=in_order("tested_at")), "tested_at"):
        for test in at_once:
            if test.tested_at >= min(changed):
                doubt(sheet, test, quality.doubts_about_400m(test.time_s, last and last[1]))
        believed = [t for t in at_once if t.quality_status != Quality.QUARANTINED]
        last = (believed[-1].tested_at, believed[-1].time_s) if believed else last


def doubt(sheet: Sheet, record: Any, doubts: list[str]) -> None:
    """What somebody confirmed stays confirmed."""
    if record.quality_status == Quality.CONFIRMED:
        return
    status = Quality.QUARANTINED if doubts else Quality.OK
    reasons = [*doubts, *([DATE_DISAGREES] if disagrees(record) else [])]
    if (record.quality_status, record.quality_reasons) != (status, reasons):
        sheet.adopt(record)
        record.quality_status, record.quality_reasons = status, reasons


def grouped(records: Sequence[Any], at: str) -> Iterator[tuple[datetime, list[Any]]]:
    groups: dict[datetime, list[Any]] = defaultdict(list)
    for record in records:
        groups[getattr(record, at)].append(record)
    yield from sorted(groups.items())
