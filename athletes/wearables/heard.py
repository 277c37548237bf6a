"""When each source was last heard, and whether it has stopped: a watch that no longer synchronises says so to nobody.

A habit is what the four weeks before the last record show. A source has stopped when it has been silent for longer than
it usually was in them, and for two days at least.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from athletes.models import HrvReading, RestingHrReading, SleepSession, TrainingSession
from measures.hrv import BY_HAND
from measures.providers import NAMES

# Conventions of this project.
HABIT = timedelta(days=28)
HABIT_DAYS = 8  # fewer dates with a record in these weeks are no habit
USUAL = 0.9  # of the gaps between dates are no longer than the usual one: one holiday is no habit
SILENT = timedelta(hours=48)
FORGOTTEN = timedelta(days=30)  # who was silent for longer was given up, and everybody knows it
LIVE = timedelta(days=3)  # records that come later than this after their date are a file of the past
MEASURED = (HrvReading, SleepSession, RestingHrReading, TrainingSession)


@dataclass(frozen=True)
class HeardSource:
    """`usual_gap_days`: between dates with a record, in the four weeks up to the last; None: no habit."""

    provider: str
    last_heard_at: datetime
    last_date: date
    usual_gap_days: int | None

    @property
    def name(self) -> str:
        return NAMES[self.provider]

    def state(self, now: datetime) -> str:
        """ "heard", "stopped" or, where nobody waits for it, "former"."""
        silent = now - self.last_heard_at
        if silent > FORGOTTEN:
            return "former"
        if self.usual_gap_days is None or self.last_heard_at.date() - self.last_date > LIVE:
            return "heard"
        return "stopped" if silent >= max(SILENT, timedelta(days=self.usual_gap_days + 1)) else "heard"

    def text(self, now: datetime) -> str:
        """To the athlete: what has happened and what to do; empty while all is well."""
        if self.state(now) != "stopped":
            return ""
        to_do = _(
            "Open its app and let it synchronise. If that does not help, connect it anew. If you no longer use it, "
            "there is nothing to do."
        )
        return f"{self.what_happened()} {to_do}"

    def what_happened(self) -> str:
        gap = self.usual_gap_days or 1
        before = ngettext("until then every day", "until then every %(days)d days or more often", gap) % {"days": gap}
        return _("Nothing has come from %(source)s since %(date)s; %(before)s.") % {
            "source": self.name,
            "date": date_format(self.last_date, "j F"),
            "before": before,
        }


def sources_of(athletes: Collection[int], now: datetime) -> dict[int, list[HeardSource]]:
    """By athlete, the one heard last first. What was typed in by hand is no source that could stop."""
    dates: dict[tuple[int, str], set[date]] = defaultdict(set)
    heard: dict[tuple[int, str], datetime] = {}
    for athlete, provider, on, at in records(athletes, (now - FORGOTTEN - HABIT).date()):
        dates[athlete, provider].add(on)
        heard[athlete, provider] = max(at, heard.get((athlete, provider), at))
    found: dict[int, list[HeardSource]] = defaultdict(list)
    for (athlete, provider), at in sorted(heard.items(), key=lambda pair: pair[1], reverse=True):
        of_source = dates[athlete, provider]
        found[athlete].append(HeardSource(provider, at, max(of_source), usual_gap_days(of_source)))
    return found


def stopped(athletes: Collection[int], now: datetime) -> dict[int, list[HeardSource]]:
    every = sources_of(athletes, now)
    found = {athlete: [s for s in sources if s.state(now) == "stopped"] for athlete, sources in every.items()}
    return {athlete: sources for athlete, sources in found.items() if sources}


def who_may_have_stopped(now: datetime) -> set[int]:
    """Athletes with a source that has been silent for two days: few of all, to be looked at closely."""
    last: dict[tuple[int, str], datetime] = {}
    for athlete, provider, at in arrivals(now - FORGOTTEN):
        last[athlete, provider] = max(at, last.get((athlete, provider), at))
    return {athlete for (athlete, _provider), at in last.items() if at <= now - SILENT}


def records(athletes: Collection[int], since: date) -> Iterator[tuple[int, str, date, datetime]]:
    for model in MEASURED:
        rows: Any = model._default_manager.filter(athlete__in=athletes, date__gte=since, deleted_at=None)
        rows = rows.exclude(provider=BY_HAND).order_by().values("athlete", "provider", "date")
        yield from rows.annotate(heard=Max("created_at")).values_list("athlete", "provider", "date", "heard")


def arrivals(since: datetime) -> Iterator[tuple[int, str, datetime]]:
    for model in MEASURED:
        rows: Any = model._default_manager.filter(date__gte=since.date(), deleted_at=None).exclude(provider=BY_HAND)
        yield from (
            rows.order_by()
            .values("athlete", "provider")
            .annotate(heard=Max("created_at"))
            .values_list("athlete", "provider", "heard")
        )


def usual_gap_days(dates: Collection[date]) -> int | None:
    last = max(dates)
    recent = sorted(on for on in dates if last - on < HABIT)
    if len(recent) < HABIT_DAYS:
        return None
    gaps = sorted((later - earlier).days for earlier, later in pairwise(recent))
    return gaps[math.ceil(USUAL * len(gaps)) - 1]
