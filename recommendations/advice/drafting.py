"""From a verdict to the advice that would be given, before it is compared with what was already said."""

from datetime import datetime
from typing import Any

from athletes.models import Athlete
from athletes.people.languages import supported
from measures.actions import ACTION_CODES
from measures.guards import Effect, Guard
from mlmodels.deciding import guard
from mlmodels.deciding.decision import Verdict
from mlmodels.policies.policy import Policy
from mlmodels.state.table import STATE_VERSION
from recommendations.inputs.frames import Asked
from recommendations.models import Advice
from recommendations.queue.deadlines import deadline_at
from recommendations.words import wording
from recommendations.words.sentences import WORDING_VERSION

WITHHELD_AS = {"out_of_range": "out_of_distribution"}  # the state's word -> the API's


def may_be_answered(a: Asked, current: Advice | None, now: datetime) -> bool:
    """A check-in, both HRV and sleep, or the deadline; before that the day is pending."""
    return bool(current or a.day["checked_in_at"] or is_final(a, now))


def is_final(a: Asked, now: datetime) -> bool:
    slept = a.day["sleep_score"] is not None or a.day["sleep_duration_min"] is not None
    return (slept and a.day["hrv_ms"] is not None) or deadline_at(a.athlete, a.today) <= now


def draft(a: Asked, verdict: Verdict, policy: Policy, now: datetime) -> Advice:
    final = is_final(a, now)
    columns = decision_columns(verdict, policy)
    said = wording.say(decided(verdict, columns["withheld_reason"], provisional=not final))
    if columns["withheld_reason"]:
        status = Advice.Status.WITHHELD
    else:
        status = Advice.Status.FINAL if final else Advice.Status.PROVISIONAL
    return Advice(
        status=status,
        prescription=said.prescription,
        **kept(said, a.athlete),
        **columns,
    )


def decision_columns(verdict: Verdict, policy: Policy) -> dict[str, Any]:
    """What was decided and from what, without the words: the part that replaying an advice must give again."""
    return {
        "withheld_reason": WITHHELD_AS.get(verdict.withheld_reason, verdict.withheld_reason),
        "stage": verdict.stage,
        "action": verdict.action.code if verdict.action is not None else "",
        "policy_action": verdict.policy_action.code,
        "q_values": dict(zip(ACTION_CODES, verdict.q_values, strict=False)) if verdict.q_values else None,
        "guards": [{"code": code, "effect": effect} for code, effect in verdict.guards],
        "observation": verdict.observation,
        "doses": doses_of(verdict),
        "tells_coach": verdict.coach_alert or verdict.third_recovery_of_four,
        "policy_name": verdict.policy_name,
        "policy_sha256": verdict.policy_sha256,
        "active_sha256": policy.sha256,
        "used_fallback": verdict.used_fallback,
        "unclear": verdict.unclear,
        "guard_version": verdict.guard_version,
        "state_version": verdict.state_version,
    }


def doses_of(verdict: Verdict) -> dict[str, float]:
    """Kept for a coach who chooses otherwise; empty where the load is not known."""
    return {code: round(au, 1) for code, au in zip(ACTION_CODES, verdict.doses_au, strict=False)}


def draft_of_failure(athlete: Athlete, *, warned: bool = False) -> Advice:
    """Nothing could be computed. An open warning sign (`warned`) needs no computing to be a stop."""
    reason = Advice.WithheldReason.RED_FLAG if warned else Advice.WithheldReason.MODEL_UNAVAILABLE
    said = wording.say(wording.Decided(action="", policy_action="", withheld_reason=reason))
    return Advice(
        status=Advice.Status.WITHHELD,
        withheld_reason=reason,
        **kept(said, athlete),
        guards=[{"code": Guard.WARNING_SIGN, "effect": Effect.SUSPENDED.code}] if warned else [],
        guard_version=guard.GUARD_VERSION,
        state_version=STATE_VERSION,
    )


def kept(said: wording.Said, athlete: Athlete) -> dict[str, Any]:
    """What was said, so that it can be said again, in whatever language it is asked for."""
    return {"said": said.as_json(), "wording_version": WORDING_VERSION, "language": supported(athlete.locale)}


def decided(verdict: Verdict, withheld: str, *, provisional: bool) -> wording.Decided:
    return wording.Decided(
        action=verdict.action.code if verdict.action is not None else "",
        policy_action=verdict.policy_action.code,
        withheld_reason=withheld,
        stage=verdict.stage,
        guards=verdict.guards,
        seen=verdict.observation,
        load_au=verdict.load_au,
        load_change_pct=verdict.load_change_pct,
        share=verdict.share,
        used_fallback=verdict.used_fallback,
        unclear=verdict.unclear,
        strange=verdict.strange,
        braked=verdict.braked,
        provisional=provisional,
    )
