"""Advice and warnings as the phone and the coach see them: plain dicts, api.md's shape."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from athletes import loads, unrated
from athletes.models import Athlete, Day
from athletes.serializers import in_utc
from mlmodels import risk
from recommendations import overriding, wording
from recommendations.models import Advice, Feedback, Forecast, OrderCode, Override, Warning

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
    words: dict[tuple[int, date], list[Override]] = defaultdict(list)
    told: dict[tuple[int, date], Feedback] = {}
    open_: dict[int, list[Warning]] = defaultdict(list)
    of_days = {"advice__athlete__in": athletes, "advice__date__in": days}
    for word in Override.objects.filter(**of_days).select_related("advice", "by"):
        words[word.advice.athlete_id, word.advice.date].append(word)
    for feedback in Feedback.objects.filter(**of_days).select_related("advice").order_by("updated_at"):
        told[feedback.advice.athlete_id, feedback.advice.date] = feedback
    for warning in Warning.objects.filter(athlete__in=athletes, opened_on__lte=max(days)).order_by(
        "-opened_on", "kind"
    ):
        open_[warning.athlete_id].append(warning)
    ready = Forecast.objects.filter(advice__in=[a.pk for a in advice_rows], state=Forecast.State.READY).defer("result")
    ahead = {forecast.pk: forecast for forecast in ready}
    asked = waiting_sessions(athletes, min(days), max(days))
    return {
        a.pk: Around(
            words[key], told.get(key), on_day(open_[a.athlete_id], a.date), ahead.get(a.pk),
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


def on_day(warnings: Iterable[Warning], day: date) -> list[Warning]:
    return [w for w in warnings if w.opened_on <= day and (w.closed_on is None or w.closed_on > day)]


@dataclass(frozen=True, slots=True)
class Reader:
    """`own`: it is the athlete. `values`: may see HRV, sleep and load; without, numbers are left out, codes remain."""

    own: bool
    values: bool


def advice_body(advice: Advice, beside: Around, reader: Reader, now: datetime) -> Row:
    values = reader.values
    word, held = overriding.standing(advice, beside.overrides), overriding.suspended(advice, beside.overrides)
    decided = word is None and chosen_by_policy(advice)
    first = advised_body(advice) if word is None else ordered_body(word, advice)
    return {
        "id": str(advice.pk),
        "athlete": advice.athlete_id,
        "date": advice.date,
        "revision": advice.revision,
        "status": status_of(advice, word, now),
        "withheld_reason": advice.withheld_reason or None,
        "stage": advice.stage or None,
        **first,
        "policy_action": advice.policy_action or None,
        "q_values": advice.q_values if values else None,
        "margin": margin_of(advice.q_values) if values and decided else None,
        "clear_choice": not advice.unclear if decided else None,
        "reasons": advice.reasons if values else [without_numbers(reason) for reason in advice.reasons],
        "guards": [guard_body(guard, advice.observation, values=values) for guard in advice.guards],
        "would_change_if": changes_of(advice) if values else [],
        "contributions": contributions_of(beside.forecast) if values else None,
        "sessions_to_rate": sessions_to_rate(beside.unrated) if values else None,
        "state": state_body(advice, beside.unrated) if values and advice.observation else None,
        "expected": beside.forecast.expected if values and beside.forecast else None,
        "warnings": [w.text if values else plain(w.kind) for w in beside.warnings],
        "vendor_scores": [],
        "model": {
            "policy": advice.policy_name or None,
            "sha256": advice.policy_sha256 or None,
            "used_fallback": advice.used_fallback,
            "guard_version": advice.guard_version,
        },
        "issued_at": in_utc(advice.issued_at),
        "valid_until": in_utc(advice.valid_until),
        "override": override_body(word) if word else None,
        "suspended_override": override_body(held) if held else None,
        "advised": advised_body(advice) if word else None,
        "feedback": feedback_body(beside.feedback, reader) if beside.feedback else None,
        "disclaimer": _("Not medical advice"),
    }


def chosen_by_policy(advice: Advice) -> bool:
    """The learned policy's own choice is what is advised, and no guard had to hold it back."""
    guarded = any(guard["effect"] != "rule_policy" for guard in advice.guards) and advice.action != advice.policy_action
    return bool(advice.q_values and advice.action) and not advice.used_fallback and not guarded


def advised_body(advice: Advice) -> Row:
    return {
        "action": advice.action or None,
        "headline": advice.headline,
        "detail": advice.detail,
        "prescription": advice.prescription,
    }


def ordered_body(word: Override, advice: Advice) -> Row:
    """The coach's order as what is shown first, with its own dose."""
    planned = (advice.prescription or {}).get("planned_load_au") or advice.doses.get("as_planned")
    change = 100 * (word.load_au / planned - 1) if word.load_au is not None and planned else None
    text = order_text(word, planned)
    return {
        "action": word.action,
        "headline": override_headline(word),
        "detail": " ".join(filter(None, (text, word.note))),
        "prescription": {
            **dict.fromkeys(("rpe_max", "duration_min", "high_intensity_share")),
            "load_au": wording.rounded(word.load_au, 0),
            "planned_load_au": wording.rounded(planned, 0),
            "planned_by": (advice.prescription or {}).get("planned_by", "plan"),
            "load_change_pct": wording.rounded(change, 0),
            "example": text,
        },
    }


def order_text(word: Override, planned_au: float | None) -> str:
    """Where a stop caps the plan, "as planned" is a part of it, for the coach's order too."""
    if word.action == OrderCode.OWN:
        return word.session
    load_au = word.load_au
    if word.action == OrderCode.AS_PLANNED and load_au is not None and load_au != planned_au:
        if load_au == 0:
            return wording.example_of("rest", 0)
        if planned_au and load_au < planned_au - 1:
            return wording.part_of_session(load_au / planned_au)
    return wording.example_of(word.action, word.load_au)


def override_headline(word: Override) -> str:
    return _("Your coach: %(order)s") % {"order": wording.ORDERS[word.action]}


def sessions_to_rate(waiting: Sequence[tuple[date, str]]) -> Row | None:
    """A request, not a reason: without the ratings the advice stands on estimates."""
    if not waiting:
        return None
    text = ngettext(
        "%(count)d session waits for your effort rating", "%(count)d sessions wait for your effort rating", len(waiting)
    )
    return {"count": len(waiting), "text": text % {"count": len(waiting)}}


def changes_of(advice: Advice) -> list[Row]:
    """What the athlete can do about it today; advice of earlier versions named values that only time changes."""
    return [change for change in advice.would_change_if if change.get("text")]


def contributions_of(forecast: Forecast | None) -> list[Row] | None:
    if forecast is None or not forecast.contributions:
        return None
    values: list[Row] = forecast.contributions["values"]
    return values


def status_of(advice: Advice, word: Override | None, now: datetime) -> str:
    if word:
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
    texts = {
        "pending": (_("Your advice is on its way"), _("Check in, or wait for your watch or the morning deadline.")),
        "withheld": wording.WITHHELD["insufficient_history"],
        "expired": (_("No advice was given for this day"), _("Its data came when it was over.")),
    }
    headline, detail = texts[status]
    empty: Row = dict.fromkeys(ADVICE_KEYS)
    asked = up_to(waiting_sessions([athlete.pk], day, day)[athlete.pk], day) if reader.values else ()
    return empty | {
        "athlete": athlete.pk,
        "date": day,
        "revision": 0,
        "status": status,
        "headline": headline,
        "detail": detail,
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


def guard_body(guard: Row, observation: Row | None, *, values: bool) -> Row:
    text = wording.guard_text(guard["code"], guard["effect"], observation) if values and observation else ""
    return {**guard, "text": text}


def state_body(advice: Advice, waiting: Sequence[tuple[date, str]] = ()) -> Row:
    """The six features of the state with unit, age and whether a value stands in for a measurement.

    `estimated`: among the loads of the last seven days are some that nobody has rated yet.
    """
    o: Row = advice.observation or {}
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
        "in_distribution": all(guard["code"] != "G15" for guard in advice.guards),
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


def without_numbers(reason: Row) -> Row:
    return {"code": reason["code"], "text": plain(reason["code"]), "value": None, "unit": "", "range": None}


def plain(code: str) -> str:
    """`hrv_below_range` -> "HRV below range"."""
    words = code.replace("_", " ").replace("hrv", "HRV")
    return words[:1].upper() + words[1:]


def override_body(word: Override) -> Row:
    return {
        "id": str(word.pk),
        "action": word.action,
        "headline": override_headline(word),
        "session": word.session,
        "load_au": wording.rounded(word.load_au, 0),
        "reason_code": word.reason_code,
        "note": word.note,
        "by": str(word.by) if word.by else None,
        "created_at": in_utc(word.created_at),
    }


def feedback_body(feedback: Feedback, reader: Reader) -> Row:
    return {
        "followed": feedback.followed,
        "reason_code": feedback.reason_code or None,
        "agreement": feedback.agreement,
        "comment": feedback.comment if reader.own else None,
        "updated_at": in_utc(feedback.updated_at),
    }


def warning_body(warning: Warning, reader: Reader) -> Row:
    return {
        "id": str(warning.pk),
        "athlete": warning.athlete_id,
        "kind": warning.kind,
        "level": warning.level,
        "opened_on": warning.opened_on,
        "last_seen_on": warning.last_seen_on,
        "closed_on": warning.closed_on,
        "text": warning.text if reader.values else plain(warning.kind),
        "evidence": warning.evidence if reader.values else None,
        "citation": warning.citation,
        "rule_version": warning.rule_version,
        "acknowledged_at": in_utc(warning.acknowledged_at),
        "updated_at": in_utc(warning.updated_at),
    }
