"""One athlete's advice in sentences for the coach: what is advised, why, and the two weeks before it."""

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from athletes.models import Day
from athletes.wearables import heard
from recommendations.advice import overriding, showing
from recommendations.models import Advice, Override
from recommendations.words import sentences
from recommendations.words.discretion import Reader

DAYS_SHOWN = 14


def page_of(advice: Advice, reader: Reader, *, may_override: bool) -> dict[str, Any]:
    """For the template. Without values codes in plain words stand where numbers would be."""
    now = timezone.now()
    body = showing.advice_body(advice, showing.around([advice])[advice.pk], reader, now)
    override = body["override"]
    return {
        "headline": body["headline"],
        "who": _("%(name)s, %(weekday)s %(date)s")
        % {"name": advice.athlete, "weekday": date_format(advice.date, "l"), "date": date_format(advice.date)},
        "detail": body["detail"],
        "advised": body["advised"] and _("The advice had been: %(headline)s.") % body["advised"],
        "reasons": [reason["text"] for reason in body["reasons"]],
        "guards": [guard_line(guard) for guard in body["guards"]],
        "prescription": prescription_line(body["prescription"]) if reader.values else "",
        "warnings": body["warnings"],
        "override": override and ordered_by(override),
        "suspended": bool(body["suspended_override"]),
        "sources": quiet_sources(advice, now),
        "days": last_days(advice) if reader.values else None,
        "override_url": reverse("admin:recommendations_advice_override", args=[advice.pk]) if may_override else "",
    }


def quiet_sources(advice: Advice, now: datetime) -> list[str]:
    found = heard.stopped([advice.athlete_id], now)
    return [source.what_happened() for source in found.get(advice.athlete_id, ())]


def ordered_by(override: dict[str, Any]) -> str:
    told = {"by": override["by"] or _("a coach"), "reason": Override.Reason(override["reason_code"]).label}
    return _("Ordered by %(by)s: %(reason)s.") % told


def guard_line(guard: dict[str, Any]) -> str:
    effect = sentences.label(guard["effect"])
    return f"{effect}: {guard['text']}" if guard["text"] else f"{effect} ({guard['code']})"


def prescription_line(prescription: dict[str, Any] | None) -> str:
    if not prescription:
        return ""
    load, planned = prescription.get("load_au"), prescription.get("planned_load_au")
    if load is None or planned is None:
        return ""
    return _("Load %(load).0f AU, planned %(planned).0f AU.") % {"load": load, "planned": planned}


def last_days(advice: Advice) -> list[dict[str, Any]]:
    """Newest first, the day of the advice among them; what is not known stays empty."""
    dates = [advice.date - timedelta(days=back) for back in range(DAYS_SHOWN)]
    of_days = {"athlete": advice.athlete_id, "date__in": dates}
    days = {day.date: day for day in Day.objects.filter(**of_days)}
    answers = {each.date: each for each in Advice.objects.filter(current=True, **of_days)}
    words = showing.around(list(answers.values()))
    rows = []
    for date in dates:
        day, answer = days.get(date), answers.get(date)
        override = overriding.in_force(answer, words[answer.pk].overrides) if answer else None
        action = by_coach(override) if override else answer.get_action_display() if answer else ""
        figures = [figure(day, name) for name in ("hrv_ms", "sleep_score", "load_au")]
        rows.append({"date": date, "figures": figures, "action": action or (answer and _("withheld")) or ""})
    return rows


def by_coach(override: Override) -> str:
    return _("%(order)s · coach") % {"order": override.get_action_display()}


def figure(day: Day | None, name: str) -> str:
    value = getattr(day, name, None)
    return "" if value is None else f"{value:.0f}"
