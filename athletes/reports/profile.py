"""What athletes say about themselves, and what a change of it means for today's advice."""

from copy import copy
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from athletes.days import priorities, resolving
from athletes.local_days.local_time import local_today
from athletes.models import Athlete, Day, User
from athletes.reports import intake
from athletes.signals import day_revised

# These decide what today is, what it is worth or how hard it may be.
CHANGES_TODAY = {
    "timezone", "sex", "birth_date", "event", "usual_sessions_per_week", "usual_session_min", "usual_session_rpe",
    "morning_deadline", "main_race_on", "hold",
}  # fmt: skip
PRIORITIES = {"source_priority", "source_periods"}
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
    before = copy(athlete)
    for name, value in changed.items():
        setattr(athlete, name, value)
    if MOVES_THE_MORNING & changed.keys():
        athlete.next_morning_at = None
    athlete.save()
    if CHANGES_TODAY & changed.keys():
        ask_again(athlete)
    if PRIORITIES & changed.keys():
        choose_again(before, athlete)
    return athlete


# What tells that a day has anything of this kind.
OF_KIND = {
    "hrv": ~Q(hrv_era=""),
    "sleep": Q(sleep_duration_min__isnull=False) | Q(sleep_score__isnull=False),
    "resting_hr": Q(resting_hr_bpm__isnull=False),
    "training": Q(first_session_at__isnull=False),
}


def choose_again(before: Athlete, after: Athlete) -> None:
    """Only the days between the dates that change are resolved again, and HRV's until its choices are as before."""
    changed: set[date] = set()
    for kind, has_any in OF_KIND.items():
        for span in priorities.changed_spans(before, after, kind):
            dates = Day.objects.filter(has_any, athlete=after, date__range=span).values_list("date", flat=True)
            changed |= resolving.resolve_days(after, dates, eras_again=kind == "hrv")
    intake.announce(after, changed, rings=local_today(after) in changed)


def ask_again(athlete: Athlete) -> None:
    today = local_today(athlete)
    resolving.resolve_days(athlete, [today])
    day_revised.send(sender=Athlete, athlete_id=athlete.pk, dates={today}, rings=True)
