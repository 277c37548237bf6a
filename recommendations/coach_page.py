"""One athlete's advice in sentences for the coach: what is advised, why, and the two weeks before it."""

import re
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from athletes.models import Day
from recommendations import overriding, showing
from recommendations.models import Advice, OrderCode, Override

DAYS_SHOWN = 14
# The texts speak to the athlete. English "they" takes the verb forms of "you", so the pronouns are all that changes.
PRONOUNS = (
    (re.compile(r"\b(after|for|to|with|from|than|of|at|on) you\b"), r"\1 them"),
    (re.compile(r"\bYour\b"), "Their"),
    (re.compile(r"\byour\b"), "their"),
    (re.compile(r"\bYou\b"), "They"),
    (re.compile(r"\byou\b"), "they"),
)


def to_the_coach(text: str) -> str:
    """`Your 7-day HRV is low` -> `Their 7-day HRV is low`."""
    for pattern, replacement in PRONOUNS:
        text = pattern.sub(replacement, text)
    return text


def page_of(advice: Advice, *, values: bool, may_override: bool) -> dict[str, Any]:
    """For the template. Without `values` codes in plain words stand where numbers would be."""
    reader = showing.Reader(own=False, values=values)
    body = showing.advice_body(advice, showing.around([advice])[advice.pk], reader, timezone.now())
    word = body["override"]
    return {
        "headline": f"{OrderCode(word['action']).label}, a coach's order" if word else to_the_coach(advice.headline),
        "who": f"{advice.athlete}, {advice.date:%A} {advice.date}",
        "detail": to_the_coach(body["detail"]),
        "advised": body["advised"] and to_the_coach(body["advised"]["headline"]),
        "reasons": [to_the_coach(reason["text"]) for reason in body["reasons"]],
        "guards": [guard_line(guard) for guard in body["guards"]],
        "prescription": prescription_line(body["prescription"]) if values else "",
        "warnings": [to_the_coach(text) for text in body["warnings"]],
        "word": word and f"Ordered by {word['by'] or 'a coach'}: {Override.Reason(word['reason_code']).label}.",
        "suspended": bool(body["suspended_override"]),
        "days": last_days(advice) if values else None,
        "override_url": reverse("admin:recommendations_advice_override", args=[advice.pk]) if may_override else "",
    }


def guard_line(guard: dict[str, Any]) -> str:
    effect = showing.plain(guard["effect"])
    return f"{effect}: {to_the_coach(guard['text'])}" if guard["text"] else f"{effect} ({guard['code']})"


def prescription_line(prescription: dict[str, Any] | None) -> str:
    if not prescription:
        return ""
    load, planned = prescription.get("load_au"), prescription.get("planned_load_au")
    return f"Load {load:.0f} AU, planned {planned:.0f} AU." if load is not None and planned is not None else ""


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
        word = overriding.standing(answer, words[answer.pk].overrides) if answer else None
        action = f"{word.get_action_display()} · coach" if word else answer.get_action_display() if answer else ""
        figures = [figure(day, name) for name in ("hrv_ms", "sleep_score", "load_au")]
        rows.append({"date": date, "figures": figures, "action": action or (answer and "withheld") or ""})
    return rows


def figure(day: Day | None, name: str) -> str:
    value = getattr(day, name, None)
    return "" if value is None else f"{value:.0f}"
