"""The product on one screen: a waiting morning becomes advice, with warnings and messages, in one transaction."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from athletes import red_flags, statements
from athletes.local_time import local_today
from athletes.models import Athlete
from mlmodels.decision import Verdict, decide_observed
from mlmodels.state import STATE_VERSION, Observation
from recommendations import frames, shadowing, turns, waiting, warnings_log
from recommendations.asking import active_policy, policy_by_sha256
from recommendations.drafting import decision_columns, draft, draft_of_failure, may_be_answered
from recommendations.frames import Asked
from recommendations.issuing import issue, standing_advice, stops
from recommendations.metrics import ANSWERED, DRAIN_ERRORS, GIVEN_UP
from recommendations.models import Advice, WaitingDay

Claimed = dict[Athlete, list[WaitingDay]]

log = structlog.get_logger(__name__)


def drain(now: datetime | None = None) -> int:
    """Answer whoever waits, in batches, until nobody does. Returns how many athletes were answered."""
    answered = 0
    while True:
        before = answered
        with turns.own_turn() as mine:
            while mine and (batch := answer_batch(now or timezone.now())):
                answered += batch
                if not waiting.anybody(now or timezone.now()):
                    break
                statements.let_writers_in()
        # Looked at again after letting go: who was refused the turn meanwhile has left its rows to us.
        if answered == before or not waiting.anybody(now or timezone.now()):
            return answered


def answer_batch(now: datetime) -> int:
    claimed: Claimed = {}
    try:
        with transaction.atomic():
            claimed = waiting.claim(now)
            answer(claimed, now)
            waiting.clear(claimed)
        ANSWERED.inc(len(claimed))
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not an athlete's: the rows stay as they are
    except Exception:
        log.exception("batch_failed", athletes=len(claimed))
        for athlete in claimed:
            answer_alone(athlete, now)
    return len(claimed)


def answer_alone(athlete: Athlete, now: datetime) -> None:
    """After a batch failed: one athlete whose days raise must not keep the others from their advice."""
    try:
        with transaction.atomic():
            claimed = waiting.claim(now, only=[athlete.pk])
            answer(claimed, now)
            waiting.clear(claimed)
        ANSWERED.inc(len(claimed))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("athlete_put_off", athlete=athlete.pk)
        DRAIN_ERRORS.labels(type(error).__name__).inc()
        with transaction.atomic():
            if waiting.put_off(athlete.pk, type(error).__name__, now):
                give_up(athlete, now)


def give_up(athlete: Athlete, now: datetime) -> None:
    """Say that there is no advice instead of saying nothing. The rows go; the next report asks again."""
    GIVEN_UP.inc()
    today = local_today(athlete, now)
    asked, standing = Asked(athlete, today, frames.NOTHING), standing_advice({athlete.pk: today})
    if not any(stops(advice) for advice in standing.values()):  # a failure lifts no stop of health
        warned = red_flags.standing({athlete.pk: today}).is_open(athlete.pk, today)
        issue([(asked, draft_of_failure(athlete, warned=warned))], standing, rings=set(), worse=set(), now=now)
    WaitingDay.objects.filter(athlete=athlete, attempts__gte=waiting.GIVE_UP_AFTER).delete()


def answer(claimed: Claimed, now: datetime) -> None:
    """Everything the claimed rows ask for. Past days are never advised again: they change what is known today."""
    todays = {athlete.pk: local_today(athlete, now) for athlete in claimed}
    frames.forget_carries(dict(earliest_past_days(claimed, todays)))
    rings = {athlete.pk for athlete, rows in claimed.items() if any(row.rings for row in rows)}
    for missed in missed_mornings(claimed, todays):
        answer_mornings(missed, rings=set(), now=now)
    answer_mornings([(athlete, todays[athlete.pk]) for athlete in claimed], rings=rings, now=now)


def earliest_past_days(claimed: Claimed, todays: dict[int, date]) -> Iterator[tuple[int, date]]:
    for athlete, rows in claimed.items():
        past = [row.date for row in rows if row.date < todays[athlete.pk]]
        if past:
            yield athlete.pk, min(past)


def missed_mornings(claimed: Claimed, todays: dict[int, date]) -> Iterator[list[tuple[Athlete, date]]]:
    """Days that were asked about while they lasted and ended before we came (midnight, an outage): oldest first."""
    missed = sorted(
        (row.date, athlete.pk)
        for athlete, rows in claimed.items()
        for row in rows
        if row.date < todays[athlete.pk] and local_today(athlete, row.since) == row.date
    )
    athletes = {athlete.pk: athlete for athlete in claimed}
    for day in sorted({day for day, _ in missed}):
        yield [(athletes[pk], day) for missed_day, pk in missed if missed_day == day]


def answer_mornings(mornings: Sequence[tuple[Athlete, date]], *, rings: set[int], now: datetime) -> None:
    days = {athlete.pk: day for athlete, day in mornings}
    rows, standing = frames.day_rows(days), standing_advice(days)
    asked = [Asked(athlete, day, rows.get(athlete.pk, frames.NOTHING)) for athlete, day in mornings]
    asked = [a for a in asked if may_be_answered(a, standing.get(a.key), now)]
    if not asked:
        return
    policy = active_policy()
    observation = frames.observe(asked)
    verdicts = decide_observed(observation, policy)
    worse = warnings_log.note(
        [(a.athlete, a.today, v.warnings) for a, v in zip(asked, verdicts, strict=True)], rings, now
    )
    drafts = [(a, draft(a, verdict, policy, now)) for a, verdict in zip(asked, verdicts, strict=True)]
    issued = issue(drafts, standing, rings=rings, worse=worse, now=now)
    shadowing.after_commit(observation, asked, issued)


def replay(advice: Advice) -> Verdict:
    """The decision again, from what the advice kept: the same observation, asked of the very same policy file.

    LookupError: an advice that was never decided (its computation failed), one of another state version, or a policy
    that is not here any more.
    """
    if advice.observation is None:
        raise LookupError("no observation was kept: its computation had failed")
    if advice.state_version != STATE_VERSION:
        raise LookupError(f"decided under state version {advice.state_version}, this code has {STATE_VERSION}")
    return decide_observed(Observation.from_rows([advice.observation]), policy_by_sha256(advice.active_sha256))[0]


def differences(advice: Advice) -> dict[str, tuple[Any, Any]]:
    """Column -> (as issued, as replayed), for every column of the decision that differs."""
    again = decision_columns(replay(advice), policy_by_sha256(advice.active_sha256))
    return {name: (getattr(advice, name), value) for name, value in again.items() if getattr(advice, name) != value}
