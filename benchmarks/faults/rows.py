"""Lives beside a tree, with its settings: makes athletes for a fault, and says afterwards what the rows are.

One line of JSON in, one out: [verb, arguments] -> {"answer": ...} or {"error": ...}.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import close_old_connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from athletes.models import Athlete, CheckIn, HrvReading, Mail, RestDay, TrainingSession, Upload  # noqa: E402
from benchmarks import cast, seasons  # noqa: E402
from recommendations.advice.issuing import SHOWN, SILENT  # noqa: E402
from recommendations.models import Advice, Delivery, Device, WaitingDay  # noqa: E402
from storage import bell  # noqa: E402

INVENTED: set[object] = set()  # check-ins and advice of seasons that were only written down


def zone_where_it_is_noon() -> str:
    """So that no midnight, deadline or quiet hour falls into a fault, whenever it is tried. POSIX: -8 is east."""
    east = (12 - timezone.now().hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


def prepare(label: str, count: int, subscriptions: list[dict[str, Any]], zone: str, history_d: int) -> dict[str, Any]:
    """Athletes of their own for each fault, with a token each; with a browser each, where subscriptions are given."""
    zone, now = zone or zone_where_it_is_noon(), timezone.now()
    people = [get_user_model()(email=f"{label}-{i}@faults.example", password="!") for i in range(count)]
    users = get_user_model().objects.bulk_create(people)
    athletes = Athlete.objects.bulk_create(
        [
            Athlete(
                user=user, timezone=zone, usual_sessions_per_week=6, usual_session_min=75, usual_session_rpe=6,
                morning_deadline=time(0, 1), quiet_hours_start=time(0, 0), quiet_hours_end=time(0, 0),
                next_morning_at=now + timedelta(days=36_500),  # no deadline, wherever the clock is set
            )
            for user in users
        ]
    )  # fmt: skip
    if history_d:
        seasons.live(athletes, now.date(), history_d)
        Device.objects.filter(user__in=users).delete()  # of a push service that is not there
        for model in (Advice, CheckIn):
            INVENTED.update(model.objects.filter(athlete__in=athletes).values_list("pk", flat=True))
    Device.objects.bulk_create(
        [
            Device(
                user=user, kind=Device.Kind.WEBPUSH, address=given["endpoint"],
                address_sha256=hashlib.sha256(given["endpoint"].encode()).hexdigest(), **given["keys"],
            )
            for user, given in zip(users, subscriptions, strict=False)
        ]
    )  # fmt: skip
    return {"zone": zone, "tokens": cast.make_tokens(users), "athletes": [athlete.pk for athlete in athletes]}


def backlog(exempt: list[int] | None = None) -> dict[str, int]:
    """What waits; of athletes whose long upload goes on as long as it must: nothing."""
    return {
        "days": WaitingDay.objects.exclude(athlete__in=exempt or []).count(),
        "deliveries": Delivery.objects.filter(state=Delivery.State.WAITING).count(),
        "mails": Mail.objects.filter(sent_at=None, given_up_at=None).count(),
        "uploads": Upload.objects.filter(state__in=["waiting", "working"]).exclude(athlete__in=exempt or []).count(),
    }


def outcome(athletes: list[int]) -> dict[str, Any]:
    said = ("fatigue", "sleep_quality", "muscle_soreness", "mood", "sleep_duration_min")
    return {
        "check_ins": [
            {"athlete": pk, "date": day, "said": values}
            for own, pk, day, *values in CheckIn.objects.filter(athlete__in=athletes).values_list(
                "pk", "athlete_id", "date", *said
            )
            if own not in INVENTED
        ],
        "advice": [
            {
                "id": advice.pk, "athlete": advice.athlete_id, "date": advice.date, "revision": advice.revision,
                "current": advice.current, "withheld": advice.withheld_reason, "action": advice.action,
                "silent": advice.withheld_reason in SILENT,
                "by_rules": advice.used_fallback or not advice.active_sha256,
                "policy": advice.policy_name, "fatigue": (advice.observation or {}).get("fatigue_1_5"),
                "shown": hashlib.sha256(repr([getattr(advice, name) for name in SHOWN]).encode()).hexdigest(),
            }
            for advice in Advice.objects.filter(athlete__in=athletes).order_by("athlete", "date", "revision")
            if advice.pk not in INVENTED
        ],
        "deliveries": [
            delivery
            for delivery in Delivery.objects.filter(advice__athlete__in=athletes).values(
                "device__address", "device__active", "advice", "state", "outcome", "advice__athlete"
            )
            if delivery["advice"] not in INVENTED
        ],
    }  # fmt: skip


def readings(athletes: list[int]) -> dict[str, int]:
    models = {"hrv_reading": HrvReading, "rest_day": RestDay, "training_session": TrainingSession}
    return {kind: model.objects.filter(athlete__in=athletes).count() for kind, model in models.items()}


def drop_uploads(athletes: list[int]) -> None:
    Upload.objects.filter(athlete__in=athletes).delete()


def hint() -> str:
    """The message that a check-in leaves for the worker."""
    return bell.message()


def own_policy(flaw: str) -> str:
    """A small real model of our own made active; the path of its file. `flaw` "nan": finite in its golden ones only."""
    from benchmarks.faults.small_models import write_nan_policy, write_policy
    from mlmodels.policies import registry

    with tempfile.TemporaryDirectory() as directory:
        write = write_nan_policy if flaw == "nan" else write_policy
        model = write(Path(directory), f"fault-{datetime.now().timestamp():.0f}")
        version = registry.add(model)
    staff, _ = get_user_model().objects.get_or_create(email="staff@faults.example", defaults={"is_staff": True})
    registry.register_shipped()  # as beat does every 20 s: what it goes back to
    registry.approve(version, by=staff, reason="a fault is tried", override="a fault is tried")
    registry.activate(version, by=staff)
    return str(registry.file_of(version.path))


def shipped_policy() -> str:
    from mlmodels.policies import registry

    return registry.roll_back(reason="the fault is over").name


VERBS: dict[str, Callable[..., Any]] = {
    verb.__name__: verb
    for verb in (prepare, backlog, outcome, readings, drop_uploads, hint, own_policy, shipped_policy)
}


def main() -> None:
    for line in sys.stdin:
        verb, given = json.loads(line)
        close_old_connections()
        try:
            answer = {"answer": VERBS[verb](**given)}
        except Exception as error:  # noqa: BLE001  whoever asked says what it means
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main()
