"""HRV baselines as the athlete sees them: one an era, that is metric, provider and context. Nothing is converted."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from statistics import fmean
from typing import Any

from athletes.models import Absence, Athlete, CheckIn, Day, HrvReading, Quality, SleepSession
from athletes.recording import DATE_DISAGREES

WINDOW = timedelta(days=60)
PROVISIONAL_DAYS, SETTLED_DAYS = 14, 20  # valid days; Plews 2013, 2014, as mlmodels.risk has them: a test compares


def eras(athlete: Athlete, on: date) -> list[dict[str, Any]]:
    """The eras of the 60 days up to `on`, the one with most days first. Doubted readings are in none."""
    by_era: dict[str, dict[date, list[float]]] = defaultdict(lambda: defaultdict(list))
    for era, day, value_ms in [*of_readings(athlete, on), *of_check_ins(athlete, on)]:
        by_era[era][day].append(value_ms)
    found = [era_body(era, days) for era, days in by_era.items()]
    return sorted(found, key=lambda body: (-body["days"], body["era"]))


def window_start(on: date) -> date:
    """The calendar begins at year 1: a day before the first is no date, and was a 500."""
    return max(on, date.min + WINDOW) - WINDOW


def of_readings(athlete: Athlete, on: date) -> list[tuple[str, date, float]]:
    rows = HrvReading.objects.filter(athlete=athlete, deleted_at=None, date__gt=window_start(on), date__lte=on)
    believed = rows.exclude(quality_status=Quality.QUARANTINED).order_by()
    columns = believed.values_list("metric", "provider", "context", "date", "value_ms")
    return [(f"{metric}/{provider}/{context}", day, ms) for metric, provider, context, day, ms in columns]


def of_check_ins(athlete: Athlete, on: date) -> list[tuple[str, date, float]]:
    rows = CheckIn.objects.filter(athlete=athlete, date__gt=window_start(on), date__lte=on, hrv_value_ms__isnull=False)
    columns = rows.order_by().values_list("hrv_metric", "hrv_context", "date", "hrv_value_ms", "quality")
    return [
        (f"{metric}/manual/{context}", day, ms)
        for metric, context, day, ms, quality in columns
        if ms is not None and quality.get("hrv", {}).get("status") != Quality.QUARANTINED
    ]


def era_body(era: str, days: dict[date, list[float]]) -> dict[str, Any]:
    metric, provider, context = era.split("/")
    return {
        "era": era,
        "metric": metric,
        "provider": provider,
        "context": context,
        "state": state_of(len(days)),
        "days": len(days),
        "first_date": min(days).isoformat(),
        "last_date": max(days).isoformat(),
        "baseline_ms": round(math.exp(fmean(fmean(map(math.log, values)) for values in days.values())), 1),
    }


def state_of(days: int) -> str:
    return "settled" if days >= SETTLED_DAYS else "provisional" if days >= PROVISIONAL_DAYS else "building"


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


def read_before(athletes: Iterable[int], on: date, reach: timedelta) -> Iterator[tuple[int, date, dict[str, float]]]:
    """(athlete, date, era -> ms) of the days before `on`: each era's value of the day, chosen or not; "": a log's."""
    days = Day.objects.filter(athlete__in=athletes, date__gte=max(on, date.min + reach) - reach, date__lt=on)
    columns = days.order_by().values_list("athlete_id", "date", "hrv_ms", "hrv_era", "provenance__hrv__rejected")
    for athlete_id, day, hrv_ms, era, rejected in columns:
        # In the order of their ranks: the first of an era is the one that would count.
        believed = [r for r in rejected or () if r.get("era") and r["why"] != "quarantined"]
        values = {r["era"]: r["value"] for r in reversed(believed)}
        yield athlete_id, day, values if hrv_ms is None else values | {era: hrv_ms}


def detail(athlete: Athlete, on: date) -> dict[str, Any]:
    return {"hrv_eras": eras(athlete, on), "filed": filed(athlete, on), "absences": absences(athlete, on)}
