"""Rows of every kind of an athlete's, for tests that look whether they are shown."""

from datetime import timedelta

from django.utils import timezone

from athletes.models import SeasonDay
from athletes.reports import intake

TODAY = timezone.now().date()


def fill(athlete, coach, word):
    def at(hour, day=TODAY - timedelta(days=1)):
        return timezone.make_aware(timezone.datetime(day.year, day.month, day.day, hour))

    source = {"provider": "garmin", "device_model": f"{word} watch"}
    records = {
        "hrv_reading": {"measured_at": at(6), "metric": "rmssd", "context": "overnight_mean", "value_ms": 300.0},
        "resting_hr_reading": {"measured_at": at(6), "value_bpm": 48.0},
        "sleep_session": {"start_at": at(1), "end_at": at(6), "score": 80.0},
        "training_session": {"started_at": at(9), "duration_min": 60.0, "rpe": 5.0},
        "performance_test": {"tested_at": at(10), "time_s": 44.0, "timing": "hand"},
        "rest_day": {"date": TODAY - timedelta(days=2)},
    }
    for kind, data in records.items():
        intake.record_one(athlete, kind, {"client_record_id": f"{word}-{kind}", "source": source, **data})
    said = {"fatigue": 3, "notes": f"{word} notes", "red_flag": "fainting"}
    intake.record_check_in(athlete, TODAY - timedelta(days=1), said)
    plan = {"load_au": 300.0, "high_intensity_share": 0.2, "title": f"{word} plan"}
    intake.record_plan(athlete, TODAY, plan, by=coach)
    SeasonDay.objects.create(athlete=athlete, date=TODAY - timedelta(days=3), load_au=400, file_sha256=word)
