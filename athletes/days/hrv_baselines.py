"""HRV baselines as the athlete sees them: one an era, that is metric, provider and context. Nothing is converted."""

import math
from collections import defaultdict
from datetime import date, timedelta
from statistics import fmean
from typing import Any

from athletes.days import hrv_readings
from athletes.models import Absence, Athlete, HrvReading, SleepSession
from measures import risk
from measures.hrv import Era
from measures.quality import DATE_DISAGREES

BASELINE_FROM, BASELINE_TO = timedelta(days=risk.HRV_BASELINE_LAST_LAG), timedelta(days=risk.HRV_BASELINE_FIRST_LAG)
ONE_DAY = timedelta(days=1)


def eras(athlete: Athlete, on: date) -> list[dict[str, Any]]:
    """The eras read in the 67 days before `on` or on it, the one with most days first. Doubted readings are in none."""
    by_era: dict[str, dict[date, float]] = defaultdict(dict)
    for _, day, era, value_ms in hrv_readings.between([athlete.pk], before(on, BASELINE_FROM), on):
        by_era[era][day] = value_ms
    found = [era_body(era, days, before(on, BASELINE_TO)) for era, days in by_era.items()]
    return sorted(found, key=lambda body: (-body["days"], body["era"]))


def before(on: date, by: timedelta) -> date:
    """The calendar begins at year 1: a day before the first is no date, and was a 500."""
    return max(on, date.min + by) - by


def era_body(era: str, days: dict[date, float], until: date) -> dict[str, Any]:
    baseline = [math.log(value_ms) for day, value_ms in days.items() if day <= until]
    return {
        "era": era,
        **Era.parse(era)._asdict(),
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


def detail(athlete: Athlete, on: date) -> dict[str, Any]:
    return {"hrv_eras": eras(athlete, on), "filed": filed(athlete, on), "absences": absences(athlete, on)}
