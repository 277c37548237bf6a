"""A value for every field of every athlete that nobody else has, and whose consent opens it.

A level opens what is of that level alone: who may see values is given both `status` and `values`. Another level is a
word here, and what it opens a line in `tests/rest/actors.py`.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone

from athletes.models import Athlete, RedFlag, SeasonDay, User, VendorAccount
from athletes.reports import intake
from tests import factories

NAME, STATUS, VALUES, MEDICAL, ACCOUNT, PRIVATE = "name", "status", "values", "medical", "account", "private"
NUMBERS = {
    "hrv_reading.value_ms": (VALUES, 60.711),
    "resting_hr_reading.value_bpm": (VALUES, 47.131),
    "sleep_session.score": (VALUES, 81.317),
    "training_session.avg_hr_bpm": (VALUES, 151.371),
    "performance_test.time_s": (VALUES, 51.837),
    "check_in.hrv_value_ms": (VALUES, 63.573),
    "check_in.resting_hr_bpm": (VALUES, 49.293),
    "season_day.hrv_rmssd_ms": (VALUES, 66.379),
    "athlete.max_hr_bpm": (VALUES, 191.737),
    "advice.q_values": (VALUES, 7.713),
    "advice.observation": (VALUES, 58.93),
    "advice.reason": (VALUES, 57.39),
    "warning.evidence": (VALUES, 33.717),
    "advice.prescription": (STATUS, 288.61),
    "planned_session.load_au": (STATUS, 317.259),
}
WORDS = {
    "athlete.display_name": NAME,
    "planned_session.title": STATUS,
    "override.note": STATUS,
    "hrv_reading.device_model": VALUES,
    "sleep_session.client_record_id": VALUES,
    "training_session.device_model": VALUES,
    "rest_day.client_record_id": VALUES,
    "season_day.file_sha256": VALUES,
    "check_in.injury_body_site": MEDICAL,
    "red_flag.note": MEDICAL,
    "device.name": ACCOUNT,
    "vendor_account.vendor_user_id": ACCOUNT,
    "user.email": ACCOUNT,
    "check_in.notes": MEDICAL,
    "feedback.comment": PRIVATE,
    "device.address": PRIVATE,
    "athlete.birth_date": PRIVATE,
}
# Choices are few and stand in forms and documents too: each is one athlete's, and looked for in answers of the API.
CODES = {
    "red_flag.kind": (MEDICAL, ["fainting", "palpitations", "breathless_at_rest", "head_injury", "chest_pain"]),
    "athlete.hold": (ACCOUNT, ["red_s", "pregnancy", "heart_disease", "clinician", ""]),
}
LEVEL = {name: level for name, (level, _) in (NUMBERS | CODES).items()} | WORDS


@dataclass(frozen=True)
class Canaries:
    """Of the athlete `who`, the n-th of the world."""

    who: str
    n: int

    def number(self, name: str) -> float:
        return round(NUMBERS[name][1] + self.n, 3)

    def word(self, name: str) -> str:
        if name == "athlete.birth_date":
            return f"1999-0{self.n + 1}-17"
        if name == "user.email":
            return f"{self.who}@canary.example"
        return f"canary-{self.who}-{name.replace('.', '-')}"

    def code(self, name: str) -> str:
        return CODES[name][1][self.n]

    @cached_property
    def forms(self) -> dict[str, str]:
        """Canary -> how it is written."""
        numbers = {name: f"{self.number(name):g}" for name in NUMBERS}
        return numbers | {name: self.word(name) for name in WORDS}


class Aviary:
    """Everybody's, and which of them a text holds."""

    def __init__(self, *names: str) -> None:
        self.of = {who: Canaries(who, n) for n, who in enumerate(names)}
        self.meaning = {form: (who, name) for who, canaries in self.of.items() for name, form in canaries.forms.items()}
        assert len(self.meaning) == len(names) * len(NUMBERS | WORDS)
        self.forms = {form: re.compile(rf"(?<![\w.]){re.escape(form)}(?![\w])") for form in self.meaning}
        self.codes = {
            f'"{code}"'.encode(): (who, name)
            for who, canaries in self.of.items()
            for name in CODES
            if (code := canaries.code(name))
        }

    def found_in(self, body: bytes, *, codes: bool) -> set[tuple[str, str]]:
        """(athlete, canary)."""
        text = body.decode(errors="replace")  # `in` first: a page of 100 kB took 46 ms by one expression for all
        found = {self.meaning[form] for form, whole in self.forms.items() if form in text and whole.search(text)}
        return found | {meaning for code, meaning in self.codes.items() if codes and code in body}


# --- rows -------------------------------------------------------------------------------------------------------------


def records(mine: Canaries, day: date) -> dict[str, dict[str, Any]]:
    """What a watch says of a day, with canaries in it."""

    def at(hour: int) -> datetime:
        return timezone.make_aware(datetime(day.year, day.month, day.day, hour))

    watch = {"provider": "garmin", "device_model": mine.word("hrv_reading.device_model")}
    bike = {"provider": "garmin", "device_model": mine.word("training_session.device_model")}
    return {
        "hrv_reading": {
            "client_record_id": "hrv", "source": watch, "measured_at": at(6), "metric": "rmssd",
            "context": "overnight_mean", "value_ms": mine.number("hrv_reading.value_ms"),
        },
        "resting_hr_reading": {
            "client_record_id": "rhr", "measured_at": at(6), "value_bpm": mine.number("resting_hr_reading.value_bpm"),
        },
        "sleep_session": {
            "client_record_id": mine.word("sleep_session.client_record_id"), "start_at": at(0), "end_at": at(6),
            "score": mine.number("sleep_session.score"),
        },
        "training_session": {
            "client_record_id": "run", "source": bike, "started_at": at(9), "duration_min": 61.0,
            "avg_hr_bpm": mine.number("training_session.avg_hr_bpm"),
        },
        "performance_test": {
            "client_record_id": "test", "tested_at": at(10), "timing": "hand",
            "time_s": mine.number("performance_test.time_s"),
        },
        "rest_day": {
            "client_record_id": mine.word("rest_day.client_record_id"), "date": day - timedelta(days=2),
        },
    }  # fmt: skip


def report(athlete: Athlete, mine: Canaries, day: date) -> dict[str, Any]:
    """What the athlete and her devices say: a row of every kind. Returns the records by kind."""
    of_athlete = {
        "birth_date": mine.word("athlete.birth_date"), "hold": mine.code("athlete.hold") or "none",
        "max_hr_bpm": mine.number("athlete.max_hr_bpm"), "display_name": mine.word("athlete.display_name"),
    }  # fmt: skip
    Athlete.objects.filter(pk=athlete.pk).update(**of_athlete)
    athlete.refresh_from_db()
    User.objects.filter(pk=athlete.user_id).update(email=mine.word("user.email"))
    EmailAddress.objects.filter(user=athlete.user_id).update(email=mine.word("user.email"))
    found = {kind: intake.record_one(athlete, kind, body).record for kind, body in records(mine, day).items()}
    hrv = {"metric": "rmssd", "context": "morning_supine", "value_ms": mine.number("check_in.hrv_value_ms")}
    injury = {"status": "niggle", "body_site": mine.word("check_in.injury_body_site")}
    said = {
        "fatigue": 4, "notes": mine.word("check_in.notes"), "hrv": hrv, "injury": injury,
        "resting_hr_bpm": mine.number("check_in.resting_hr_bpm"),
    }  # fmt: skip
    said["submitted_at"] = datetime.fromisoformat(f"{day}T00:00:00+08:00")  # before what the attempts send
    intake.record_check_in(athlete, day, said)
    SeasonDay.objects.create(
        athlete=athlete, date=day - timedelta(days=9), hrv_rmssd_ms=mine.number("season_day.hrv_rmssd_ms"),
        file_sha256=mine.word("season_day.file_sha256"),
    )  # fmt: skip
    VendorAccount.objects.create(
        athlete=athlete, provider="whoop", vendor_user_id=mine.word("vendor_account.vendor_user_id")
    )
    return found


def answer(athlete: Athlete, mine: Canaries, day: date, coach: Any) -> dict[str, Any]:
    """What the server and a coach say to it."""
    from recommendations.models import Delivery, Feedback, Override, Warning

    now = timezone.now()
    reason, dose = mine.number("advice.reason"), mine.number("advice.prescription")
    advice = factories.make_advice(
        athlete, day, q_values={"as_planned": mine.number("advice.q_values"), "active_recovery": 0.5},
        observation={"hrv_mean_7d_ms": mine.number("advice.observation"), "lref_au": None, "chronic_au": None},
        prescription={"load_au": dose, "planned_load_au": 300.0, "planned_by": "plan", "rpe_max": 7},
        said={
            "headline": {"key": "headline.as_planned"}, "detail": [], "would_change_if": [],
            "reasons": [{"code": "hrv", "text": f"It was {reason} ms.", "value": reason, "unit": "ms", "range": None}],
        },
    )  # fmt: skip
    plan = {"load_au": mine.number("planned_session.load_au"), "high_intensity_share": 0.2,
            "title": mine.word("planned_session.title")}  # fmt: skip
    warning = Warning.objects.create(
        athlete=athlete, kind="hrv_below_range", level="caution", opened_on=day, last_seen_on=day, rule_version=1,
        citation="x", evidence={"hrv_low_days": 3, "hrv_ms": mine.number("warning.evidence")},
    )  # fmt: skip
    flag = RedFlag.objects.create(
        athlete=athlete, kind=mine.code("red_flag.kind"), raised_on=day, raised_at=now, note=mine.word("red_flag.note")
    )
    Override.objects.create(
        advice=advice, action="rest", reason_code="other", by=coach, note=mine.word("override.note"),
        created_at=now - timedelta(hours=1),
    )  # fmt: skip
    Feedback.objects.create(advice=advice, followed="yes", comment=mine.word("feedback.comment"))
    device = factories.make_device(athlete.user, mine.word("device.address"), name=mine.word("device.name"))
    Delivery.objects.create(advice=advice, device=device, valid_until=now, next_attempt_at=now, state="sent")
    return {
        "advice": advice, "warnings": warning, "red-flags": flag, "devices": device,
        "planned-sessions": intake.record_plan(athlete, day + timedelta(days=2), plan, by=coach),
    }  # fmt: skip
