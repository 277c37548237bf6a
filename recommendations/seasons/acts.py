"""What was done and advised on each day, as a season log tells it."""

from datetime import date

from athletes.local_days.local_time import local_today
from athletes.models import Athlete
from recommendations.models import ActionCode, Feedback


def acts(athlete: Athlete) -> dict[date, dict[str, int]]:
    """Of each day: what was done, as far as it is known, and what was advised and not declined."""
    from recommendations.inputs.frames import NOTHING, Asked  # numpy, which the web process never loads
    from recommendations.inputs.frames import actions_taken as advised

    found: dict[date, dict[str, int]] = {day: {"action": code} for day, code in actions_taken(athlete).items()}
    for (_, day), code in advised([Asked(athlete, local_today(athlete), NOTHING)], date.min).items():
        found.setdefault(day, {})["advised"] = code
    return found


def actions_taken(athlete: Athlete) -> dict[date, int]:
    """Known only where the athlete said it was followed; the coach's override counts before the advice."""
    said = Feedback.objects.filter(advice__athlete=athlete, followed=Feedback.Followed.YES).select_related("advice")
    taken = {}
    for feedback in said.prefetch_related("advice__overrides"):
        override = max(feedback.advice.overrides.all(), key=lambda o: o.created_at, default=None)
        action = override.action if override else feedback.advice.action
        taken[feedback.advice.date] = ActionCode.values.index(action)
    return taken
