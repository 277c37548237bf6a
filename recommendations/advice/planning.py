"""What is planned for a day: what coach or athlete wrote, else the automatic plan. Every dose is relative to it."""

from datetime import date, timedelta
from typing import Any

from athletes.models import Athlete
from athletes.sync.changes import plan_body
from recommendations.models import Advice

LONGEST_RANGE = timedelta(days=92)
AHEAD = timedelta(days=13)  # what is shown when no range is asked for: two weeks, today included
Row = dict[str, Any]


def plans(athlete: Athlete, first: date, last: date) -> list[Row]:
    """One row a date, oldest first; a date without a plan has the automatic one, if enough is known to make it."""
    written = {plan.date: plan_body(plan) for plan in athlete.planned_sessions.filter(date__range=(first, last))}
    dates = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    automatic = automatic_plans(athlete, [day for day in dates if day not in written])
    return [written.get(day) or automatic[day] for day in dates if day in written or day in automatic]


def automatic_plans(athlete: Athlete, dates: list[date]) -> dict[date, Row]:
    """What the tracker would put in, from the state of the newest advice; later weeks as if nothing changed."""
    known = newest_load(athlete)
    if known is None or not dates:
        return {}
    from mlmodels.state.actions import automatic_plan  # numpy: only where somebody asks

    as_of, lref_au, chronic_au, days_seen, recovering = known
    weeks = [max(days_seen + (day - as_of).days, 0) // 7 for day in dates]
    weekdays = [day.weekday() for day in dates]
    loads, shares = automatic_plan(weekdays, lref_au, chronic_au, weeks, recovering=recovering)
    return {day: automatic_body(day, float(loads[i]), float(shares[i])) for i, day in enumerate(dates)}


def newest_load(athlete: Athlete) -> tuple[date, float, float, int, bool] | None:
    """(date, Lref, chronic load, days seen, ill or injured that day or lately) of the newest advice that knew them."""
    rows = Advice.objects.filter(athlete=athlete, current=True).exclude(observation=None).order_by("-date")
    for day, seen in rows.values_list("date", "observation")[:1]:
        if seen and seen["lref_au"] is not None and seen["chronic_au"] is not None:
            recovering = any(seen[name] > 0 for name in ("unavailable_28d", "ill", "injured"))
            return day, seen["lref_au"], seen["chronic_au"], int(seen["days_seen"]), recovering
    return None


def automatic_body(day: date, load_au: float, share: float) -> Row:
    return {
        "date": day,
        "author": "automatic",
        "kind": "other",
        "title": "",
        "load_au": round(load_au),
        "duration_min": None,
        "rpe": None,
        "high_intensity_share": share,
        "competition_priority": None,
        "updated_at": None,
    }
