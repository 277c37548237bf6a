"""Whose value counts, as the athlete says: an order of sources per kind, and other orders for stretches of dates."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from athletes.models import Athlete

KINDS = ("hrv", "sleep", "resting_hr", "training")
Period = dict[str, Any]  # date_from, date_to: ISO, inclusive, None = open; providers: the first comes first


def order_on(athlete: Athlete, kind: str, day: date) -> list[str]:
    """The providers named for this date, the first before the second; all those not named come after, equal."""
    named = period_on(athlete, kind, day)
    order: list[str] = athlete.source_priority.get(kind, []) if named is None else named
    return order


def period_on(athlete: Athlete, kind: str, day: date) -> list[str] | None:
    """The providers of the stretch this date lies in, if there is one."""
    periods = athlete.source_periods.get(kind)
    if not periods:
        return None
    on = day.isoformat()
    return next((p["providers"] for p in periods if covers(p, on)), None)


def covers(period: Period, on: str) -> bool:
    return bool((period["date_from"] or "") <= on <= (period["date_to"] or "9999-12-31"))


def changed_spans(before: Athlete, after: Athlete, kind: str) -> Iterator[tuple[date, date]]:
    """First and last dates, both included, of the stretches on which another order counts."""
    periods = [*before.source_periods.get(kind, ()), *after.source_periods.get(kind, ())]
    starts = {date.min}
    for period in periods:
        starts |= {date.fromisoformat(period["date_from"])} if period["date_from"] else set()
        if period["date_to"] and (last := date.fromisoformat(period["date_to"])) < date.max:
            starts.add(last + timedelta(days=1))
    edges = [*sorted(starts), date.max]
    for first, following in pairwise(edges):
        last = following if following == date.max else following - timedelta(days=1)
        if told_on(before, kind, first) != told_on(after, kind, first):
            yield first, last


def told_on(athlete: Athlete, kind: str, day: date) -> tuple[list[str], bool]:
    return order_on(athlete, kind, day), period_on(athlete, kind, day) is not None
