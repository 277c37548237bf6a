"""HRV baselines as the athlete sees them: one an era, that is metric, provider and context. Nothing is converted."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from statistics import fmean
from typing import Any

from athletes.models import Absence, Athlete, Day, HrvReading, SleepSession
from athletes.recording import DATE_DISAGREES
from measures import risk

BASELINE_FROM, BASELINE_TO = timedelta(days=risk.HRV_BASELINE_LAST_LAG), timedelta(days=risk.HRV_BASELINE_FIRST_LAG)
ONE_DAY = timedelta(days=1)


def eras(athlete: Athlete, on: date) -> list[dict[str, Any]]:
    """The eras read in the 67 days before `on` or on it, the one with most days first. Doubted readings are in none."""
    by_era: dict[str, dict[date, float]] = defaultdict(dict)
    for _, day, of_eras in read_between([athlete.pk], before(on, BASELINE_FROM), on):
        for era, value_ms in of_eras.items():
            if era:
                by_era[era][day] = value_ms
    found = [era_body(era, days, before(on, BASELINE_TO)) for era, days in by_era.items()]
    return sorted(found, key=lambda body: (-body["days"], body["era"]))


def before(on: date, by: timedelta) -> date:
    """The calendar begins at year 1: a day before the first is no date, and was a 500."""
    return max(on, date.min + by) - by


def era_body(era: str, days: dict[date, float], until: date) -> dict[str, Any]:
    metric, provider, context = era.split("/")
    baseline = [math.log(value_ms) for day, value_ms in days.items() if day <= until]
    return {
        "era": era,
        "metric": metric,
        "provider": provider,
        "context": context,
        "state": state_of(len(baseline)),
        "days": len(days),
        "baseline_days": len(baseline),
        "first_date": min(days).isoformat(),
        "last_date": max(days).isoformat(),
        "baseline_ms": round(math.exp(fmean(baseline)), 1) if baseline else None,
    }


def state_of(days: int) -> str:
    if days >= risk.HRV_MIN_BASELINE:
        return "settled"
    return "provisional" if days >= risk.HRV_MIN_BASELINE_PROVISIONAL else "building"


def filed(athlete: Athlete, on: date) -> list[dict[str, Any]]:
    """Why the nights and readings of this date lie on it, and what the vendor says."""
    found = []
    for kind, model in (("hrv_reading", HrvReading), ("sleep_session", SleepSession)):
        rows = model._default_manager.filter(athlete=athlete, deleted_at=None, date=on)
        for row in rows.order_by("provider", "client_record_id"):
            found.append(
                {
                    "kind": kind,
                    "id": str(row.pk),
                    "provider": str(row.provider),
                    "date_basis": row.date_basis,
                    "vendor_date": row.vendor_date and row.vendor_date.isoformat(),
                    "date_disagrees": DATE_DISAGREES in row.quality_reasons,
                }
            )
    return found


def absences(athlete: Athlete, on: date) -> list[dict[str, str]]:
    rows = Absence.objects.filter(athlete=athlete, date=on).order_by("kind")
    return [{"kind": row.kind, "reason": row.reason} for row in rows]


def read_between(athletes: Iterable[int], first: date, last: date) -> Iterator[tuple[int, date, dict[str, float]]]:
    """(athlete, date, era -> ms) of these days: each era's value of the day, chosen or not; "": a season log's."""
    days = Day.objects.filter(athlete__in=athletes, date__range=(first, last))
    columns = days.order_by().values_list("athlete_id", "date", "hrv_ms", "hrv_era", "provenance__hrv__rejected")
    for athlete_id, day, hrv_ms, era, rejected in columns:
        yield athlete_id, day, of_eras(rejected or (), era, hrv_ms)


def of_eras(rejected: Iterable[dict[str, Any]], era: str, hrv_ms: float | None) -> dict[str, float]:
    # In the order of their ranks: the first of an era is the one that would count.
    believed = [r for r in reversed([*rejected]) if r.get("era") and r["why"] != "quarantined"]
    values = {r["era"]: r["value"] for r in believed}
    return values if hrv_ms is None else values | {era: hrv_ms}


def values_of(day: Day) -> dict[str, float]:
    """Each era's value of the day, chosen or not."""
    return of_eras(day.provenance.get("hrv", {}).get("rejected", ()), day.hrv_era, day.hrv_ms)


def detail(athlete: Athlete, on: date) -> dict[str, Any]:
    return {"hrv_eras": eras(athlete, on), "filed": filed(athlete, on), "absences": absences(athlete, on)}
