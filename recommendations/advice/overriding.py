"""A coach outranks the advice, but not what stops an athlete."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from athletes import one_writer
from athletes.local_days.local_time import local_today
from athletes.models import User
from athletes.sync.changes import lock_advised
from measures.guards import BODY, EASED, EFFECTS, STOPS, Effect
from recommendations.announcing import deliveries
from recommendations.models import ActionCode, Advice, Feedback, OrderCode, Override
from recommendations.queue import waiting

HARDEST_FIRST = ("increase_intensity", "increase_volume", "as_planned", "active_recovery")


class Refused(Exception):
    """The override may not be. `code` is stable; the message says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def override(
    advice: Advice,
    *,
    by: User,
    action: str,
    reason_code: str,
    note: str = "",
    session: str = "",
    load_au: float | None = None,
    now: datetime,
) -> Override:
    """Append the coach's override and tell the athlete, in one transaction. Who may do this was asked before."""
    with transaction.atomic():
        lock_advised(advice.athlete_id)
        advice = Advice.objects.select_for_update().select_related("athlete").get(pk=advice.pk)
        if advice.valid_until <= now:
            raise Refused("advice_expired", _("The day of this advice is over."))
        if not advice.current:
            raise Refused("advice_superseded", _("There is a newer revision of this advice; look at it first."))
        override = Override(advice=advice, action=action, reason_code=reason_code, note=note, by=by, created_at=now)
        override.load_au = dose_ordered(advice, action, load_au)
        override.session = session if action == OrderCode.OWN else ""
        if not is_allowed(override, advice):
            raise Refused("stop_cannot_be_lowered", _("A safety stop holds today; nobody can lower it."))
        one_writer.number([override])
        override.save(force_insert=True)
        deliveries.announce([], overrides=[override], now=now)
    return override


def dose_ordered(advice: Advice, action: str, own_au: float | None) -> float | None:
    """The order's own load, AU. A health stop's cap on the session holds for the coach's "as planned" too."""
    if action == OrderCode.OWN:
        return own_au
    if action == OrderCode.REST:
        return 0.0
    dose: float | None = advice.doses.get(action)
    if any(g["code"] in STOPS and g["effect"] == Effect.CAPPED.code for g in advice.guards):
        most = prescribed_au(advice) or 0.0
        return most if dose is None else min(dose, most)
    return dose


def prescribed_au(advice: Advice) -> float | None:
    """What the product prescribed, AU: with the caps of the day."""
    load: float | None = (advice.prescription or {}).get("load_au")
    return load


def say_back(advice: Advice, given: dict[str, Any]) -> Feedback:
    """What the athlete says of the advice; saying it again replaces it. What was done then counts in the state now."""
    with transaction.atomic():
        lock_advised(advice.athlete_id)
        feedback = Feedback.objects.filter(advice=advice).first() or Feedback(advice=advice)
        for name, value in given.items():
            setattr(feedback, name, value)
        one_writer.number([feedback])
        feedback.save()
        if advice.date < local_today(advice.athlete):
            waiting.enqueue(advice.athlete_id, [advice.date], rings=False)
    return feedback


def allowed_actions(guards: Iterable[dict[str, Any]]) -> list[str]:
    """What the stops among the guards that fired leave to the coach, hardest first. Rest is always left."""
    left = set(ActionCode.values)
    for guard in guards:
        if guard["code"] in STOPS:
            left &= EFFECTS.get(guard["effect"], Effect.NONE).leaves
        elif guard["code"] in BODY and guard["effect"] in EASED:
            left &= Effect.NO_INCREASE.leaves  # the coach may keep the plan, seeing this morning; nobody adds to it
    return [*(action for action in HARDEST_FIRST if action in left), OrderCode.REST.value]


def most_au(advice: Advice) -> float | None:
    """The most that a session of the coach's own may be under the stops; None: no stop limits it."""
    if not is_limited(advice):
        return None
    allowed = allowed_actions(advice.guards)
    known = [dose for action in allowed if (dose := dose_ordered(advice, action, None)) is not None]
    if ActionCode.AS_PLANNED in allowed and dose_ordered(advice, ActionCode.AS_PLANNED, None) is None:
        return prescribed_au(advice)  # nobody kept what the plan was; where nothing was prescribed it is the coach's
    return max(known)


def is_limited(advice: Advice) -> bool:
    """A safety stop leaves the coach less than everything; the form says so before it is filled in."""
    return len(allowed_actions(advice.guards)) < len(OrderCode) - 1


def is_allowed(override: Override, advice: Advice) -> bool:
    if override.action != OrderCode.OWN:
        return override.action in allowed_actions(advice.guards)
    most = most_au(advice)
    return most is None or (override.load_au or 0.0) <= most


def in_force(advice: Advice, overrides: Sequence[Override]) -> Override | None:
    """The day's newest order, unless health suspends it. `overrides`: all of the day's, of any revision."""
    newest = newest_of(overrides)
    return newest if newest and not is_suspended(newest, advice) else None


def suspended(advice: Advice, overrides: Sequence[Override]) -> Override | None:
    newest = newest_of(overrides)
    return newest if newest and is_suspended(newest, advice) else None


def newest_of(overrides: Sequence[Override]) -> Override | None:
    return max(overrides, key=lambda override: (override.created_at, override.pk), default=None)


def is_suspended(override: Override, advice: Advice) -> bool:
    """A stop has come since, or the coach did not know this morning: it was ordered before, and the body now asks for
    less than was ordered. The coach may order it again with the morning in view, where no stop forbids it."""
    if not is_allowed(override, advice):
        return True
    if not signs_of(advice) - signs_of(override.advice):
        return False  # the coach had all of it in view, whatever came in since
    most = prescribed_au(advice)
    if None not in (override.load_au, most):
        return (override.load_au or 0.0) > (most or 0.0)
    return override.action not in ("active_recovery", "rest")


def signs_of(advice: Advice) -> set[str]:
    """The guards by which the body asks for an easy day or none."""
    return {guard["code"] for guard in advice.guards if guard["code"] in STOPS | BODY and guard["effect"] in EASED}
