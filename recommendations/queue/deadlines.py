"""When an athlete's morning is over: the local deadline by which the day's advice is final."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from athletes.local_days.local_time import local_instant, local_today
from athletes.models import Athlete
from recommendations.models import WaitingDay
from recommendations.queue import waiting

CHUNK = 500


def deadline_at(athlete: Athlete, day: date) -> datetime:
    return local_instant(athlete.timezone, day, athlete.morning_deadline)


def ring_due(now: datetime) -> int:
    """One bell an athlete and local day. After an outage only today rings; who has no next morning yet gets one."""
    rung = 0
    while True:
        looked_at, bells = ring_chunk(now)
        rung += bells
        if looked_at < CHUNK:
            return rung


@transaction.atomic
def ring_chunk(now: datetime) -> tuple[int, int]:
    due = Athlete.objects.filter(Q(next_morning_at__isnull=True) | Q(next_morning_at__lte=now))
    athletes = list(due.select_for_update(skip_locked=True, no_key=True).order_by("next_morning_at", "pk")[:CHUNK])
    rung = [athlete for athlete in athletes if ring_one(athlete, now)]
    Athlete.objects.bulk_update(athletes, ["next_morning_at"])
    return len(athletes), len(rung)


def ring_one(athlete: Athlete, now: datetime) -> bool:
    today = local_today(athlete, now)
    over = deadline_at(athlete, today) <= now
    if over:
        waiting.enqueue(athlete.pk, [today], rings=True, reason=WaitingDay.Reason.DEADLINE)
    athlete.next_morning_at = deadline_at(athlete, today + timedelta(days=1) if over else today)
    return over
