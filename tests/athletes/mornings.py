"""A check-in with every field."""

URL = "/api/v1/check-ins/2026-11-22/"
MORNING = {
    "fatigue": 4,
    "sleep_quality": 3,
    "muscle_soreness": 3,
    "stress": 4,
    "mood": 5,
    "scale": "mclean_1_5",
    "sleep_duration_min": 435,
    "resting_hr_bpm": 48,
    "hrv": {"metric": "rmssd", "value_ms": 62.0, "context": "morning_supine"},
    "illness": "none",
    "injury": {"status": "niggle", "body_site": "left_hamstring"},
    "pain_0_10": 2,
    "notes": "",
    "submitted_at": "2026-11-22T06:52:10+08:00",
}
