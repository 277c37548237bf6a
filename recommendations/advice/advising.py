"""The product on one screen: a waiting morning becomes advice, with warnings and messages, in one transaction."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from athletes.local_days.local_time import local_today
from athletes.models import Athlete
from athletes.reports import red_flags
from mlmodels.deciding.decision import Verdict, decide_observed
from mlmodels.state.observation import Observation
from mlmodels.state.table import STATE_VERSION
from recommendations.advice import warnings_log
from recommendations.advice.drafting import decision_columns, draft, draft_of_failure, may_be_answered
from recommendations.advice.issuing import current_advice, issue, stops
from recommendations.inputs import frames
from recommendations.inputs.active_policy import active_policy, policy_by_sha256
from recommendations.inputs.frames import Asked
from recommendations.models import Advice, WaitingDay
from recommendations.monitoring.metrics import ANSWERED, DRAIN_ERRORS, GIVEN_UP
from recommendations.queue import one_writer, rebuilding, waiting
from recommendations.shadow import shadowing

Claimed = dict[Athlete, list[WaitingDay]]
Mornings = dict[Athlete, date]

log = structlog.get_logger(__name__)


def drain(now: datetime | None = None) -> int:
    """Answer whoever waits, in batches, until nobody does. Returns how many athletes were answered."""
    answered = 0
    while True:
        before = answered
        with one_writer.own_turn() as mine:
            while mine and (batch := answer_batch(now or timezone.now())):
                answered += batch
                if not waiting.anybody(now or timezone.now()):
                    break
        # Looked at again after letting go: who was refused the turn meanwhile has left its rows to us.
        if answered == before or not waiting.anybody(now or timezone.now()):
            return answered


def answer_batch(now: datetime) -> int:
    claimed: Claimed = {}
    try:
        with one_writer.held():
            claimed = rebuilding.few_at_once(waiting.claim_athletes(now))
            left = answer(claimed, now)
        ANSWERED.inc(len(claimed) - len(left))
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not an athlete's: the rows stay as they are
    except Exception:
        log.exception("batch_failed", athletes=len(claimed))
        left = set(claimed)
    for athlete in left:
        answer_alone(athlete, now)
    return len(claimed)


def answer_alone(athlete: Athlete, now: datetime) -> None:
    """Held from reading to storing: one who is revised again and again is answered too, and after a batch failed one
    athlete whose days raise must not keep the others from their advice."""
    try:
        with transaction.atomic():
            claimed = waiting.claim_athletes(now, only=[athlete.pk])
            answer(claimed, now)
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
    asked, current = Asked(athlete, today, frames.NOTHING), current_advice({athlete.pk: today})
    if not any(stops(advice) for advice in current.values()):  # a failure lifts no stop of health
        warned = red_flags.signs_on({athlete.pk: today}).is_open(athlete.pk, today)
        issue([(asked, draft_of_failure(athlete, warned=warned))], current, rings=set(), worse=set(), now=now)
    WaitingDay.objects.filter(athlete=athlete, attempts__gte=waiting.GIVE_UP_AFTER).delete()


def answer(claimed: Claimed, now: datetime) -> set[Athlete]:
    """Everything the claimed rows ask for. Past days are never advised again: they change what is known today.

    Returns whose rows changed between reading and storing, which happens on SQLite alone: nothing is stored of them.
    """
    mine = claimed
    todays = {athlete: local_today(athlete, now) for athlete in claimed}
    for mornings in [*missed_mornings(claimed, todays), todays]:
        worked = work_out(mornings, claimed, now)
        rings = {athlete.pk for athlete, rows in claimed.items() if any(row.rings for row in rows)}
        with one_writer.storing():
            mine = waiting.not_overtaken(mine, now)
            store(worked, mine, rings if mornings is todays else set(), now)
            if mornings is todays:
                waiting.clear(mine)
    return claimed.keys() - mine.keys()


def missed_mornings(claimed: Claimed, todays: Mornings) -> Iterator[Mornings]:
    """Days that were asked about while they lasted and ended before we came (midnight, an outage): oldest first."""
    missed: dict[date, Mornings] = defaultdict(dict)
    for athlete, rows in claimed.items():
        for row in rows:
            if row.date < todays[athlete] and local_today(athlete, row.since) == row.date:
                missed[row.date][athlete] = row.date
    for day in sorted(missed):
        yield missed[day]


@dataclass(slots=True)
class WorkedOut:
    """A round's answers, before anything of it is stored."""

    revised_from: dict[int, date]
    asked: list[Asked] = field(default_factory=list)
    evenings: frames.Evenings = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    drafts: list[Advice] = field(default_factory=list)
    observation: Observation | None = None
    current: dict[tuple[int, date], Advice] = field(default_factory=dict)


def work_out(mornings: Mornings, claimed: Claimed, now: datetime) -> WorkedOut:
    """Reads and computes; stores nothing, so that on SQLite nobody waits for it."""
    days = {athlete.pk: day for athlete, day in mornings.items()}
    worked = WorkedOut(dict(earliest_past_days(claimed, mornings)))
    rows, worked.current = frames.day_rows(days), current_advice(days)
    asked = [Asked(athlete, day, rows.get(athlete.pk, frames.NOTHING)) for athlete, day in mornings.items()]
    worked.asked = [a for a in asked if may_be_answered(a, worked.current.get(a.key), now)]
    if worked.asked:
        policy, stands = active_policy(), frames.stand(worked.asked, worked.revised_from)
        worked.evenings, worked.observation = stands.evenings, stands.observation
        worked.verdicts = decide_observed(worked.observation, policy)
        worked.drafts = [draft(a, v, policy, now) for a, v in zip(worked.asked, worked.verdicts, strict=True)]
    return worked


def earliest_past_days(claimed: Claimed, mornings: Mornings) -> Iterator[tuple[int, date]]:
    for athlete, today in mornings.items():
        if past := [row.date for row in claimed[athlete] if row.date < today]:
            yield athlete.pk, min(past)


def store(worked: WorkedOut, mine: Claimed, rings: set[int], now: datetime) -> None:
    """Of those who are still `mine`, in the caller's transaction."""
    held = {athlete.pk for athlete in mine}
    frames.forget_carries({pk: day for pk, day in worked.revised_from.items() if pk in held})
    frames.keep_carries([evening for evening in worked.evenings if evening[0].athlete.pk in held])
    every = zip(worked.asked, worked.verdicts, worked.drafts, strict=True)
    answers = [answer for answer in every if answer[0].athlete.pk in held]
    if not answers or worked.observation is None:
        return
    worse = warnings_log.note([(a.athlete, a.today, verdict.warnings) for a, verdict, _ in answers], rings, now)
    drafts = [(a, drafted) for a, _, drafted in answers]
    issued = issue(drafts, worked.current, rings=rings, worse=worse, now=now)
    shadowing.after_commit(worked.observation, worked.asked, issued)


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
