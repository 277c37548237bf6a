"""A coach outranks the advice, but not what stops an athlete."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from athletes import statements
from athletes.changes import lock_advised
from athletes.local_time import local_today
from athletes.models import User
from recommendations import deliveries, waiting
from recommendations.models import ActionCode, Advice, Feedback, Override

# These are never tuned and never lowered: red flag, illness, injury, pain, age, medical hold.
STOPS = {"G01", "G02", "G03", "G04", "G05", "G13", "G18"}
HARDEST_FIRST = ("increase_intensity", "increase_volume", "as_planned", "active_recovery")
LEFT_BY: dict[str, set[str]] = {
    "suspended": set(),
    "rest": set(),
    "active_recovery": {"active_recovery"},
    "load_capped": {"active_recovery", "as_planned"},
    "no_increase": {"active_recovery", "as_planned"},
    "no_intensity": {"active_recovery", "as_planned", "increase_volume"},
    "no_volume": {"active_recovery", "as_planned", "increase_intensity"},
}


class Refused(Exception):
    """The override may not be. `code` is stable; the message says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def override(advice: Advice, *, by: User, action: str, reason_code: str, note: str = "", now: datetime) -> Override:
    """Append the coach's word and tell the athlete, in one transaction. Who may do this was asked before."""
    with transaction.atomic():
        lock_advised(advice.athlete_id)
        advice = Advice.objects.select_for_update().select_related("athlete").get(pk=advice.pk)
        if advice.valid_until <= now:
            raise Refused("advice_expired", "The day of this advice is over.")
        if not advice.current:
            raise Refused("advice_superseded", "There is a newer revision of this advice; look at it first.")
        if not is_allowed(action, advice.guards):
            raise Refused("stop_cannot_be_lowered", "A safety stop holds today; nobody can lower it.")
        word = Override(advice=advice, action=action, reason_code=reason_code, note=note, by=by, created_at=now)
        statements.number([word])
        word.save(force_insert=True)
        deliveries.announce([], overrides=[word], now=now)
    return word


def say_back(advice: Advice, given: dict[str, Any]) -> Feedback:
    """What the athlete says of the advice; saying it again replaces it. What was done then counts in the state now."""
    with transaction.atomic():
        lock_advised(advice.athlete_id)
        feedback = Feedback.objects.filter(advice=advice).first() or Feedback(advice=advice)
        for name, value in given.items():
            setattr(feedback, name, value)
        statements.number([feedback])
        feedback.save()
        if advice.date < local_today(advice.athlete):
            waiting.enqueue(advice.athlete_id, [advice.date], rings=False)
    return feedback


def allowed_actions(guards: Iterable[dict[str, Any]]) -> list[str]:
    """What the stops among the guards that fired leave to the coach, hardest first."""
    left = set(ActionCode.values)
    for guard in guards:
        if guard["code"] in STOPS:
            left &= LEFT_BY.get(guard["effect"], left)
    return [action for action in HARDEST_FIRST if action in left]


def is_allowed(action: str, guards: Iterable[dict[str, Any]]) -> bool:
    return action in allowed_actions(guards)


def standing(advice: Advice, overrides: Sequence[Override]) -> Override | None:
    """The day's newest override, unless a stop has come since. `overrides`: all of the day's, of any revision."""
    newest = max(overrides, key=lambda word: (word.created_at, word.pk), default=None)
    return newest if newest and is_allowed(newest.action, advice.guards) else None
