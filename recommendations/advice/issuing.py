"""What was said stays; what is new supersedes it. Decides, too, whether the phone rings."""

from collections.abc import Sequence
from datetime import date, datetime

from athletes import one_writer
from athletes.local_days.local_time import bounds_of
from measures.guards import NO_TRAINING
from recommendations.advice import overriding
from recommendations.announcing import deliveries, notices
from recommendations.inputs.frames import Asked
from recommendations.models import Advice, Override
from storage import upserts

Key = tuple[int, date]  # athlete id, local day
# What is shown of an advice. When none of it differs there is nothing new to say.
SHOWN = (
    "status", "withheld_reason", "stage", "action", "policy_action", "guards", "observation", "prescription", "said",
)  # fmt: skip
# Nobody is woken every morning to hear that there is nothing to say.
SILENT = {"insufficient_history", "stale_data", "out_of_distribution", "no_consent", "model_unavailable"}


def current_advice(days: dict[int, date]) -> dict[Key, Advice]:
    rows = Advice.objects.filter(athlete__in=days, date__in=set(days.values()), current=True)
    return {(row.athlete_id, row.date): row for row in rows if days[row.athlete_id] == row.date}


def issue(
    drafts: Sequence[tuple[Asked, Advice]],
    current: dict[Key, Advice],
    *,
    rings: set[int],
    worse: set[int],
    now: datetime,
) -> list[Advice]:
    """Supersede and add in the caller's transaction, announce what is worth a push, tell the coaches what they must
    hear of. `worse`: whose warnings got so."""
    news = [(a, new, current.get(a.key)) for a, new in drafts if has_news(a, new, current.get(a.key))]
    Advice.objects.filter(pk__in=[old.pk for _, _, old in news if old]).update(current=False)
    for a, new, old in news:
        new.athlete, new.date = a.athlete, a.today
        new.revision = old.revision + 1 if old else 1
        new.issued_at, new.valid_until = now, bounds_of(a.athlete.timezone, a.today)[1]
    issued = [new for _, new, _ in news]
    one_writer.number(issued)
    upserts.insert_many(issued)
    ringing = [(a, new, old) for a, new, old in news if a.athlete.pk in rings]
    orders = orders_of([a for a, _, _ in ringing])
    loud = [new for a, new, old in ringing if is_worth_a_push(new, old, orders[a.key], a.athlete.pk in worse)]
    deliveries.announce(loud, now=now)
    notices.of_advice(issued, rings=rings, now=now)
    return issued


def has_news(a: Asked, new: Advice, old: Advice | None) -> bool:
    """Once the day's first session has begun the advice is frozen, but for what stops the day."""
    if old is None:
        return True
    if a.day["first_session_at"] and not stops(new):
        return False
    return any(getattr(new, name) != getattr(old, name) for name in SHOWN)


def is_worth_a_push(new: Advice, old: Advice | None, orders: Sequence[Override], worse: bool) -> bool:
    if new.withheld_reason in SILENT:
        return False
    if overriding.in_force(new, orders) and not stops(new):
        return False  # the coach's override stands, and was pushed
    if overriding.suspended(new, orders) and not (old and overriding.suspended(old, orders)):
        return True  # an order that was pushed does not count any more
    return old is None or new.action != old.action or stops(new) != stops(old) or worse


def stops(advice: Advice) -> bool:
    return any(guard["effect"] in NO_TRAINING for guard in advice.guards)


def orders_of(asked: Sequence[Asked]) -> dict[Key, list[Override]]:
    """What coaches ordered for these days."""
    found: dict[Key, list[Override]] = {a.key: [] for a in asked}
    if not found:
        return found
    athletes, days = {pk for pk, _ in found}, {day for _, day in found}
    rows = Override.objects.filter(advice__athlete__in=athletes, advice__date__in=days).select_related("advice")
    for override in rows:
        if (key := (override.advice.athlete_id, override.advice.date)) in found:
            found[key].append(override)
    return found
