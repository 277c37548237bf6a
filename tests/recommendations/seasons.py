"""Days as they are after intake: enough of them, and an athlete has a history."""

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

from athletes.days import hrv_readings
from athletes.days.hrv_readings import EraRead
from athletes.models import Athlete, Day
from athletes.reports import red_flags

TODAY = date(2026, 5, 20)  # a Wednesday
YESTERDAY = TODAY - timedelta(days=1)
MORNING = datetime(2026, 5, 20, 5, 0, tzinfo=UTC)  # 07:00 in Berlin, two hours before the deadline
AFTER_DEADLINE = datetime(2026, 5, 20, 7, 30, tzinfo=UTC)


def ordinary(day: date) -> dict[str, Any]:
    """A steady week: hard, medium, easy, hard, medium, hard, rest; HRV and sleep with a little weather."""
    load = [420.0, 330.0, 180.0, 430.0, 280.0, 420.0, 0.0][day.weekday()]
    weather = math.sin(day.toordinal() * 1.7)
    return {
        "hrv_ms": 62.0 + 5.0 * weather,
        "hrv_era": "rmssd/garmin/overnight_mean",
        "sleep_score": 80.0 + 4.0 * math.sin(day.toordinal() * 2.3),
        "sleep_score_basis": "garmin",
        "sleep_duration_min": 470.0,
        "resting_hr_bpm": 48.0,
        "fatigue_1_5": 4.0,
        "soreness_1_5": 4.0,
        "readiness_1_5": 4.0,
        "illness": "none",
        "injury_status": "none",
        "red_flag": "none",
        "load_au": load,
        "high_intensity_share": 0.3 if load else None,
        "rest_day": load == 0,
        "t400_s": 52.0 if day.toordinal() % 14 == 0 else None,
        "t400_timing": "gates",
        "checked_in_at": datetime(day.year, day.month, day.day, 5, tzinfo=UTC),
        "revised_at": datetime(day.year, day.month, day.day, 5, tzinfo=UTC),
    }


def live(athlete: Athlete, days: int, until: date = TODAY, **values: Any) -> None:
    """`days` ordinary days that end the day before `until`."""
    dates = [until - timedelta(days=ago) for ago in range(days, 0, -1)]
    lived = Day.objects.bulk_create([Day(athlete=athlete, date=day, **ordinary(day) | values) for day in dates])
    hrv_readings.replace(
        athlete.pk, {d.date: {d.hrv_era: EraRead(d.hrv_ms, False, False)} for d in lived if d.hrv_era and d.hrv_ms}
    )


def wake_up(athlete: Athlete, day: date = TODAY, *, rings: bool = True, **values: Any) -> Day:
    """This morning's day, with what is known before training, and its place in the queue."""
    from recommendations.queue import waiting

    known = ordinary(day) | {"load_au": None, "high_intensity_share": None, "rest_day": False, "t400_s": None} | values
    today, _ = Day.objects.update_or_create(athlete=athlete, date=day, defaults=known)
    red_flags.raise_if_reported(athlete, known["red_flag"], day, MORNING)
    waiting.enqueue(athlete.pk, [day], rings=rings)
    return today
