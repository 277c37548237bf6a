"""What athletes say about themselves, and what a change of it means for today's advice."""

from typing import Any

from django.db import transaction

from athletes import days
from athletes.local_time import local_today
from athletes.models import Athlete, User
from athletes.signals import day_revised

# These decide what today is, what it is worth or how hard it may be.
CHANGES_TODAY = {
    "timezone", "sex", "birth_date", "event", "usual_sessions_per_week", "usual_session_min", "usual_session_rpe",
    "morning_deadline", "source_priority", "main_race_on", "hold",
}  # fmt: skip
MOVES_THE_MORNING = {"timezone", "morning_deadline"}


class HoldStays(Exception):
    """Only staff lift or replace a hold that a clinician or the athlete has set."""


@transaction.atomic
def change_profile(user: User, changes: dict[str, Any]) -> Athlete:
    """The changed profile, made if there was none. Today is asked for again when the change concerns it."""
    athlete, _ = Athlete.objects.select_for_update(of=("self",)).get_or_create(user=user)
    changed = {name: value for name, value in changes.items() if getattr(athlete, name) != value}
    if "hold" in changed and athlete.hold != Athlete.Hold.NONE:
        raise HoldStays
    if not changed:
        return athlete
    for name, value in changed.items():
        setattr(athlete, name, value)
    if MOVES_THE_MORNING & changed.keys():
        athlete.next_morning_at = None
    athlete.save()
    if CHANGES_TODAY & changed.keys():
        ask_again(athlete)
    return athlete


def ask_again(athlete: Athlete) -> None:
    today = local_today(athlete)
    days.resolve_days(athlete, [today])
    day_revised.send(sender=Athlete, athlete_id=athlete.pk, dates={today}, rings=True)
