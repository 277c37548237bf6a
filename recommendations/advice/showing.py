"""Advice and warnings as the phone and the coach see them: plain dicts, api.md's shape."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from athletes.models import Athlete, Day
from athletes.reports import unrated
from athletes.serializers import in_utc
from measures import loads, risk
from measures.guards import Guard
from recommendations.advice import overriding
from recommendations.models import Advice, Feedback, Forecast, OrderCode, Override, Warning
from recommendations.words import discretion, sentences, wording
from recommendations.words.discretion import Reader

OF_LOAD = ("acute", "chronic", "acwr")
ACUTE_WINDOW = timedelta(days=7)
# feature -> column of the observation, unit, column of z, column of age in days
FEATURES: dict[str, tuple[str, str, str | None, str | None]] = {
    "hrv": ("hrv_mean_7d_ms", "ms", "hrv_z", "hrv_age_days"),
    "sleep": ("sleep_score", "0-100", "sleep_z", "sleep_age_days"),
    "acute": ("acute_au", "AU/d", None, "load_unlogged_days"),
    "chronic": ("chronic_au", "AU/d", None, "load_unlogged_days"),
    "acwr": ("acwr", "ratio", None, "load_unlogged_days"),
    "performance": ("performance_pct", "%", None, "test_age_days"),
}
Row = dict[str, Any]


@dataclass(slots=True)
class Around:
    """What stands beside an advice: the day's overrides, its feedback, the warnings open that day.

    `unrated`: (date, basis) of the sessions before it that wait for a rating now.
    """

    overrides: Sequence[Override] = ()
    feedback: Feedback | None = None
    warnings: Sequence[Warning] = ()
    forecast: Forecast | None = None
    unrated: Sequence[tuple[date, str]] = ()


def around(advice_rows: Sequence[Advice]) -> dict[Any, Around]:
    """For a page of advice, in five queries whatever its length. Keyed by advice id."""
    athletes, days = {a.athlete_id for a in advice_rows}, {a.date for a in advice_rows}
    if not advice_rows:
        return {}
    orders: dict[tuple[int, date], list[Override]] = defaultdict(list)
    told: dict[tuple[int, date], Feedback] = {}
    open_: dict[int, list[Warning]] = defaultdict(list)
    of_days = {"advice__athlete__in": athletes, "advice__date__in": days}
    for override in Override.objects.filter(**of_days).select_related("advice", "by__athlete"):
        orders[override.advice.athlete_id, override.advice.date].append(override)
    for feedback in Feedback.objects.filter(**of_days).select_related("advice").order_by("updated_at"):
        told[feedback.advice.athlete_id, feedback.advice.date] = feedback
    for warning in warnings_between(athletes, days):
        open_[warning.athlete_id].append(warning)
    ready = Forecast.objects.filter(advice__in=[a.pk for a in advice_rows], state=Forecast.State.READY).defer("result")
    ahead = {forecast.pk: forecast for forecast in ready}
    asked = waiting_sessions(athletes, min(days), max(days))
    return {
        a.pk: Around(
            orders[key], told.get(key), on_day(open_[a.athlete_id], a.date), ahead.get(a.pk),
            up_to(asked[a.athlete_id], a.date),
        )
        for a in advice_rows
        if (key := (a.athlete_id, a.date))
    }  # fmt: skip


def waiting_sessions(athletes: Iterable[int], first: date, last: date) -> dict[int, list[tuple[date, str]]]:
    found: dict[int, list[tuple[date, str]]] = defaultdict(list)
    for athlete, day, basis in unrated.waiting(athletes, since(first, unrated.ASKED_FOR), last):
        found[athlete].append((day, basis))
    return found


def up_to(sessions: Iterable[tuple[date, str]], day: date) -> list[tuple[date, str]]:
    return [(on, basis) for on, basis in sessions if since(day, unrated.ASKED_FOR) < on <= day]


def since(day: date, before: timedelta) -> date:
    """The calendar begins at year 1."""
    return max(day, date.min + before) - before


def warnings_between(athletes: Iterable[int], days: Collection[date]) -> QuerySet[Warning]:
    """Those open on any of the days between the first and the last, newest first; years of closed ones stay unread."""
    if not days:
        return Warning.objects.none()
    lasting = Q(closed_on=None) | Q(closed_on__gt=min(days))
    rows = Warning.objects.filter(lasting, athlete__in=athletes, opened_on__lte=max(days))
    return rows.order_by("-opened_on", "kind")


def on_day(warnings: Iterable[Warning], day: date) -> list[Warning]:
    return [w for w in warnings if w.opened_on <= day and (w.closed_on is None or w.closed_on > day)]


def advice_body(advice: Advice, beside: Around, reader: Reader, now: datetime) -> Row:
    hidden = discretion.hides_choice(advice, reader)
    values, chosen = reader.values, reader.values and not hidden
    override, held = overriding.in_force(advice, beside.overrides), overriding.suspended(advice, beside.overrides)
    decided = override is None and chosen_by_policy(advice)
    advised = advised_body(advice, reader)
    first = advised if override is None else ordered_body(override, advice, own=reader.own)
    return {
        "id": str(advice.pk),
        "athlete": advice.athlete_id,
        "date": advice.date,
        "revision": advice.revision,
        "status": status_of(advice, override, now),
        "withheld_reason": discretion.withheld_reason(advice, reader) or None,
        "stage": advice.stage or None,
        **first,
        "policy_action": None if hidden else advice.policy_action or None,
        "q_values": advice.q_values if chosen else None,
        "margin": margin_of(advice.q_values) if values and decided else None,
        "clear_choice": not advice.unclear if decided else None,
        "reasons": reasons_of(advice, reader),
        "guards": guards_of(advice, reader),
        "would_change_if": changes_of(advice, own=reader.own) if values else [],
        "contributions": contributions_of(beside.forecast, reader) if chosen else None,
        "sessions_to_rate": sessions_to_rate(beside.unrated) if values else None,
        "state": state_body(advice, beside.unrated) if values and advice.observation else None,
        "expected": beside.forecast.expected if chosen and beside.forecast else None,
        "warnings": [warning_words(w, reader) for w in discretion.in_order(beside.warnings, reader)],
        "vendor_scores": [],
        "model": {
            "policy": advice.policy_name or None,
            "sha256": advice.policy_sha256 or None,
            "used_fallback": advice.used_fallback,
            "guard_version": advice.guard_version,
        },
        "issued_at": in_utc(advice.issued_at),
        "valid_until": in_utc(advice.valid_until),
        "override": override_body(override, own=reader.own) if override else None,
        "suspended_override": override_body(held, own=reader.own) if held else None,
        "advised": advised if override else None,
        "feedback": feedback_body(beside.feedback, reader) if beside.feedback else None,
        "disclaimer": _("Not medical advice"),
    }


def chosen_by_policy(advice: Advice) -> bool:
    """The learned policy's own choice is what is advised, and no guard had to hold it back."""
    guarded = any(guard["effect"] != "rule_policy" for guard in advice.guards) and advice.action != advice.policy_action
    return bool(advice.q_values and advice.action) and not advice.used_fallback and not guarded


def headline_of(advice: Advice, reader: Reader) -> str:
    return sentences.words_kept(discretion.headline_shown(advice, reader), own=reader.own)


def detail_of(advice: Advice, reader: Reader) -> str:
    return sentences.paragraph(discretion.detail_shown(advice, reader), own=reader.own)


def advised_body(advice: Advice, reader: Reader) -> Row:
    return {
        "action": advice.action or None,
        "headline": headline_of(advice, reader),
        "detail": detail_of(advice, reader),
        "prescription": prescription_of(advice, reader),
    }


def prescription_of(advice: Advice, reader: Reader) -> Row | None:
    """What to do is the first line of the detail; beside the numbers, it is the example."""
    if advice.prescription is None:
        return None
    first = discretion.detail_shown(advice, reader)[:1]
    return {"example": sentences.paragraph(first, own=reader.own), **advice.prescription}


def reasons_of(advice: Advice, reader: Reader) -> list[Row]:
    return [reason_body(reason, reader) for reason in discretion.reasons_shown(advice, reader)]


def reason_body(reason: Row, reader: Reader) -> Row:
    code = wording.code_of(reason)
    if not discretion.words_are_shown(reason, reader):
        return {"code": code, "text": sentences.label(code), "value": None, "unit": "", "range": None}
    text = sentences.words_kept(reason, own=reader.own)
    return {"code": code, "text": text, "value": None, "unit": "", "range": None} | {
        name: reason[name] for name in ("value", "unit", "range") if name in reason
    }


def ordered_body(override: Override, advice: Advice, *, own: bool) -> Row:
    """The coach's order as what is shown first, with its own dose."""
    planned = (advice.prescription or {}).get("planned_load_au") or advice.doses.get("as_planned")
    change = 100 * (override.load_au / planned - 1) if override.load_au is not None and planned else None
    text = order_text(override, planned, own=own)
    return {
        "action": override.action,
        "headline": sentences.order_words(override.action, own=own),
        "detail": " ".join(filter(None, (text, override.note))),
        "prescription": {
            **dict.fromkeys(("rpe_max", "duration_min", "high_intensity_share")),
            "load_au": wording.rounded(override.load_au, 0),
            "planned_load_au": wording.rounded(planned, 0),
            "planned_by": (advice.prescription or {}).get("planned_by", "plan"),
            "load_change_pct": wording.rounded(change, 0),
            "example": text,
        },
    }


def order_text(override: Override, planned_au: float | None, *, own: bool) -> str:
    """In the coach's own words for a session of the coach's own."""
    return (
        override.session
        if override.action == OrderCode.OWN
        else sentences.words(order_line(override, planned_au), own=own)
    )


def order_line(override: Override, planned_au: float | None) -> sentences.CodedSentence:
    """Where a stop caps the plan, "as planned" is a part of it, for the coach's order too."""
    load_au = override.load_au
    if override.action == OrderCode.AS_PLANNED and load_au is not None and load_au != planned_au:
        if load_au == 0:
            return wording.example_of("rest", 0)
        if planned_au and load_au < planned_au - 1:
            return wording.part_of_session(load_au / planned_au)
    return wording.example_of(override.action, override.load_au)


def sessions_to_rate(waiting: Sequence[tuple[date, str]]) -> Row | None:
    """A request, not a reason: without the ratings the advice stands on estimates."""
    if not waiting:
        return None
    text = ngettext(
        "%(count)d session waits for your effort rating", "%(count)d sessions wait for your effort rating", len(waiting)
    )
    return {"count": len(waiting), "text": text % {"count": len(waiting)}}


def changes_of(advice: Advice, *, own: bool) -> list[Row]:
    """What the athlete can do about it today."""
    return [
        {name: change[name] for name in ("feature", "op", "value", "then")}
        | {"text": sentences.words_kept(change, own=own)}
        for change in advice.said["would_change_if"]
    ]


def contributions_of(forecast: Forecast | None, reader: Reader) -> list[Row] | None:
    if forecast is None or not forecast.contributions:
        return None
    return discretion.contributions_shown(forecast.contributions["values"], reader)


def status_of(advice: Advice, override: Override | None, now: datetime) -> str:
    if override:
        return "overridden"
    if advice.status != Advice.Status.WITHHELD and advice.valid_until <= now:
        return "expired"
    return advice.status


def before_advice(athlete: Athlete, day: date, reader: Reader) -> Row:
    """Today's answer before there is one: on its way, or, where nothing is known yet, what is missing."""
    if nothing_known(athlete, day):
        return without_advice(athlete, day, "withheld", reader) | {"withheld_reason": "insufficient_history"}
    return without_advice(athlete, day, "pending", reader)


def nothing_known(athlete: Athlete, day: date) -> bool:
    """No earlier day and no usual week: whatever this morning brings, there can be no advice yet."""
    week = (athlete.usual_sessions_per_week, athlete.usual_session_min, athlete.usual_session_rpe)
    return None in week and not Day.objects.filter(athlete=athlete, date__lt=day).exists()


def without_advice(athlete: Athlete, day: date, status: str, reader: Reader) -> Row:
    """The same shape before the first advice of a day (pending), or when its data came after it was over (expired)."""
    reason = "insufficient_history" if status == "withheld" else status
    empty: Row = dict.fromkeys(ADVICE_KEYS)
    asked = up_to(waiting_sessions([athlete.pk], day, day)[athlete.pk], day) if reader.values else ()
    return empty | {
        "athlete": athlete.pk,
        "date": day,
        "revision": 0,
        "status": status,
        "headline": sentences.words(sentences.CodedSentence(f"headline.{reason}"), own=reader.own),
        "detail": sentences.words(wording.no_advice(reason), own=reader.own),
        "sessions_to_rate": sessions_to_rate(asked),
        "reasons": [],
        "guards": [],
        "would_change_if": [],
        "warnings": [],
        "vendor_scores": [],
        "disclaimer": _("Not medical advice"),
    }


ADVICE_KEYS = (
    "id", "athlete", "date", "revision", "status", "withheld_reason", "stage", "action", "headline", "detail",
    "prescription", "policy_action", "q_values", "margin", "clear_choice", "reasons", "guards", "would_change_if",
    "contributions", "sessions_to_rate", "state", "expected", "warnings", "vendor_scores", "model", "issued_at",
    "valid_until", "override", "suspended_override", "advised", "feedback", "disclaimer",
)  # fmt: skip


def margin_of(q_values: dict[str, float] | None) -> float | None:
    if not q_values:
        return None
    best, second = sorted(q_values.values(), reverse=True)[:2]
    return best - second


def guards_of(advice: Advice, reader: Reader) -> list[Row]:
    return [guard_body(guard, advice.observation, reader) for guard in discretion.guards_shown(advice, reader)]


def guard_body(guard: Row, observation: Row | None, reader: Reader) -> Row:
    if guard["code"] == discretion.HEALTH:
        return {**guard, "text": sentences.label(discretion.HEALTH)}
    text = ""
    if observation and discretion.guard_is_worded(guard, reader):
        text = sentences.words(wording.guard_line(guard["code"], guard["effect"], observation), own=reader.own)
    return {**guard, "text": text}


def state_body(advice: Advice, waiting: Sequence[tuple[date, str]] = ()) -> Row:
    """The six features of the state with unit, age and whether a value stands in for a measurement.

    `estimated`: among the loads of the last seven days are some that nobody has rated yet.
    """
    o: Row = defaultdict(lambda: None, advice.observation or {})  # of another state version: what it lacks is not known
    estimated = any(basis != loads.NONE and advice.date - ACUTE_WINDOW <= on for on, basis in waiting)
    features = {
        name: {
            "value": wording.rounded(o[column]),
            "unit": unit,
            "z": wording.rounded(o[z]) if z else None,
            "age_days": age_of(o[age]) if age else None,
            "imputed": is_imputed(name, o),
            "estimated": estimated and name in OF_LOAD,
        }
        for name, (column, unit, z, age) in FEATURES.items()
    }
    measured = sum(not feature["imputed"] for feature in features.values())
    return {
        "version": advice.state_version,
        "features": features,
        "completeness": round(measured / len(features), 2),
        "in_distribution": all(guard["code"] != Guard.NO_TRUST for guard in advice.guards),
    }


def age_of(days: float | None) -> int | None:
    return None if days is None or days >= risk.NEVER_DAYS else int(days)


def is_imputed(feature: str, o: Row) -> bool:
    match feature:
        case "hrv" | "sleep":
            return o[f"{feature}_z"] is None
        case "performance":
            return not o["test_count"] or o["test_age_days"] > risk.PERFORMANCE_HOLD_DAYS
        case _:
            return bool(o["load_unlogged_days"]) or not o["seeded"]


def override_body(override: Override, *, own: bool) -> Row:
    return {
        "id": str(override.pk),
        "action": override.action,
        "headline": sentences.order_words(override.action, own=own),
        "session": override.session,
        "load_au": wording.rounded(override.load_au, 0),
        "reason_code": override.reason_code,
        "note": override.note,
        "by": override.by.shown_name if override.by else None,
        "created_at": in_utc(override.created_at),
    }


def feedback_body(feedback: Feedback, reader: Reader) -> Row:
    return {
        "followed": feedback.followed,
        "reason_code": (feedback.reason_code or None) if reader.medical else None,
        "agreement": feedback.agreement,
        "comment": feedback.comment if reader.own and not reader.program else None,
        "updated_at": in_utc(feedback.updated_at),
    }


def warning_words(warning: Warning, reader: Reader) -> str:
    if not reader.values or discretion.hides_warning(warning, reader):
        return sentences.label(discretion.warning_kind(warning, reader))
    return sentences.warning_words(warning.kind, warning.evidence, own=reader.own)


def warning_body(warning: Warning, reader: Reader) -> Row:
    hidden = discretion.hides_warning(warning, reader)
    return {
        "id": str(warning.pk),
        "athlete": warning.athlete_id,
        "kind": discretion.warning_kind(warning, reader),
        "level": warning.level,
        "opened_on": warning.opened_on,
        "last_seen_on": warning.last_seen_on,
        "closed_on": warning.closed_on,
        "text": warning_words(warning, reader),
        "evidence": warning.evidence if reader.values and not hidden else None,
        "citation": "" if hidden else warning.citation,
        "rule_version": warning.rule_version,
        "acknowledged_at": in_utc(warning.acknowledged_at),
        "updated_at": in_utc(warning.updated_at),
    }
