"""Athletes without a carry of this version, after an upgrade or a changed profile: their whole history is walked again.

30 to 40 ms of CPU each at three years. The slow queue does it before the morning; whoever reports first is answered
all the same, but only so many in one batch, so that the others need not wait for them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError
from django.db.models import Exists, OuterRef

from athletes.local_days.local_time import local_today
from athletes.models import Athlete, Day
from mlmodels.state.table import STATE_VERSION
from recommendations.inputs import frames
from recommendations.inputs.frames import Asked
from recommendations.models import StateCarry, WaitingDay
from recommendations.queue import one_writer, waiting
from storage import bell, upserts

log = structlog.get_logger(__name__)

AT_ONCE = 16  # 0.6 s at three years each, which who is answered in the same batch waits, and on SQLite every drain
ACTIVE = timedelta(days=28)  # who comes back later is carried on by the first report


def few_at_once(claimed: dict[Athlete, list[WaitingDay]]) -> dict[Athlete, list[WaitingDay]]:
    """All who are carried, and a few of the others; the rest stay waiting, for the next batch."""
    if len(claimed) <= AT_ONCE:
        return claimed
    carried = with_carry(athlete.pk for athlete in claimed)
    put_off = set([athlete for athlete in claimed if athlete.pk not in carried][AT_ONCE:])
    return {athlete: rows for athlete, rows in claimed.items() if athlete not in put_off}


def with_carry(athletes: Iterable[int]) -> set[int]:
    rows = StateCarry.objects.filter(athlete__in=list(athletes), state_version=STATE_VERSION)
    return set(rows.order_by().values_list("athlete_id", flat=True).distinct())


def rebuild(now: datetime) -> int:
    """Carry on every active athlete who has no carry, a few at a time, between the drains. Returns how many."""
    rebuilt, last = 0, 0
    while athletes := rebuild_some(now, after=last):
        rebuilt, last = rebuilt + len(athletes), athletes[-1].pk
        if waiting.anybody(now):
            bell.ring()  # whose drain was refused the turn has left its rows to us
        upserts.let_writers_in()
    return rebuilt


def rebuild_some(now: datetime, *, after: int) -> list[Athlete]:
    with one_writer.own_turn() as mine, one_writer.held():
        athletes = uncarried(now, after) if mine else []
        evenings = evenings_of([Asked(a, local_today(a, now), frames.NOTHING) for a in athletes])
        with one_writer.storing():
            # Whose facts changed meanwhile has a row again, and the drain carries on.
            busy = set(WaitingDay.objects.filter(athlete__in=athletes).values_list("athlete_id", flat=True))
            frames.keep_carries([evening for evening in evenings if evening[0].athlete.pk not in busy])
    return athletes


def evenings_of(asked: list[Asked]) -> frames.Evenings:
    """Of all together; where that raises, of each alone, so that one athlete's days cost the others nothing."""
    try:
        return frames.stand(asked).evenings
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not an athlete's
    except Exception:
        if len(asked) > 1:
            return [evening for one in asked for evening in evenings_of([one])]
        log.exception("not_rebuilt", athlete=asked[0].athlete.pk)  # her next report says so to her, too
        return []


def uncarried(now: datetime, after: int) -> list[Athlete]:
    """With records of lately that some evening closed, nothing carried and nothing waiting."""
    today = now.date()
    lately = Day.objects.filter(athlete=OuterRef("pk"), date__range=(today - ACTIVE, today - timedelta(days=2)))
    carried = StateCarry.objects.filter(athlete=OuterRef("pk"), state_version=STATE_VERSION)
    asked = WaitingDay.objects.filter(athlete=OuterRef("pk"))
    found = Athlete.objects.filter(Exists(lately), ~Exists(carried), ~Exists(asked), pk__gt=after).order_by("pk")
    return list(found.select_for_update(skip_locked=True, no_key=True)[:AT_ONCE])
