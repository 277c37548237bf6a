"""Run by the chaos test in the servers' own environment: fills and reads the database they work on."""

import json
import sys
from datetime import datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import django

django.setup()

from django.db.models import Count, Min  # noqa: E402
from django.utils import timezone  # noqa: E402

from athletes.models import Athlete, CheckIn, User  # noqa: E402
from recommendations.models import Advice, Delivery, Device, WaitingDay  # noqa: E402


def zone_where_it_is_noon() -> str:
    """So that no midnight, deadline or quiet hour falls into the test, whenever it runs. POSIX: -8 is east."""
    east = (12 - timezone.now().hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


def prepare(subscriptions: list[dict]) -> dict:
    from tests.conftest import access_token

    zone, now = zone_where_it_is_noon(), timezone.now()
    users = User.objects.bulk_create([User(email=f"athlete{i}@example.org") for i in range(len(subscriptions))])
    Athlete.objects.bulk_create(
        [
            Athlete(
                user=user,
                display_name=f"Athlete {user.pk}",
                timezone=zone,
                usual_sessions_per_week=6,
                usual_session_min=75,
                usual_session_rpe=6,
                morning_deadline=time(0, 1),
                quiet_hours_start=time(0, 0),
                quiet_hours_end=time(0, 0),
                next_morning_at=now + timedelta(days=1),
            )
            for user in users
        ]
    )
    Device.objects.bulk_create(
        [
            Device(
                user=user,
                kind=Device.Kind.WEBPUSH,
                address=subscription["endpoint"],
                address_sha256=sha256(subscription["endpoint"].encode()).hexdigest(),
                **subscription["keys"],
            )
            for user, subscription in zip(users, subscriptions, strict=True)
        ]
    )
    today = datetime.now(ZoneInfo(zone)).date().isoformat()
    return {"today": today, "tokens": [access_token(user) for user in users]}


def backlog() -> dict:
    return {
        "waiting_days": WaitingDay.objects.count(),
        "waiting_deliveries": Delivery.objects.filter(state=Delivery.State.WAITING).count(),
        "oldest": str(WaitingDay.objects.aggregate(oldest=Min("since"))["oldest"]),
        "outcomes": dict(Delivery.objects.values_list("outcome").annotate(Count("pk"))),
    }


def rows() -> dict:
    return {
        "check_ins": list(CheckIn.objects.values_list("athlete__user__email", "fatigue")),
        "advice": [
            {
                "id": str(advice.pk),
                "email": advice.athlete.user.email,
                "revision": advice.revision,
                "current": advice.current,
                "status": advice.status,
                "withheld_reason": advice.withheld_reason,
                "action": advice.action,
                "used_fallback": advice.used_fallback,
                "observation": advice.observation,
            }
            for advice in Advice.objects.select_related("athlete__user").order_by("athlete", "revision")
        ],
        "deliveries": list(
            Delivery.objects.values("advice__athlete__user__email", "advice", "state", "attempts", "outcome")
        ),
    }


if __name__ == "__main__":
    verb = sys.argv[1]
    answer = prepare(json.load(sys.stdin)) if verb == "prepare" else {"backlog": backlog, "rows": rows}[verb]()
    json.dump(answer, sys.stdout, default=str)
