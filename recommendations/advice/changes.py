"""What was said, for phones that pull what changed. Its writers hold the athlete's row, as the worker does."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from athletes.models import Athlete
from athletes.sync.changes import Feed, Item, register
from recommendations.advice import showing
from recommendations.models import Advice, Feedback, Override, Warning
from recommendations.words.discretion import ITSELF


def advice_items(athlete: Athlete, keys: Sequence[Any]) -> dict[Any, Item]:
    rows = list(Advice.objects.filter(pk__in=keys).select_related("athlete"))
    beside, now = showing.around(rows), timezone.now()
    return {
        row.pk: Item("advice", str(row.pk), row.date, showing.advice_body(row, beside[row.pk], ITSELF, now))
        for row in rows
    }


def override_items(athlete: Athlete, keys: Sequence[Any]) -> dict[Any, Item]:
    rows = Override.objects.filter(pk__in=keys).select_related("advice", "by__athlete")
    return {row.pk: beside_advice("override", row, showing.override_body(row, own=True)) for row in rows}


def feedback_items(athlete: Athlete, keys: Sequence[Any]) -> dict[Any, Item]:
    rows = Feedback.objects.filter(pk__in=keys).select_related("advice")
    return {row.pk: beside_advice("feedback", row, showing.feedback_body(row, ITSELF)) for row in rows}


def beside_advice(kind: str, row: Any, body: dict[str, Any]) -> Item:
    return Item(kind, str(row.pk), row.advice.date, {"advice_id": str(row.advice_id), **body})


def warning_items(athlete: Athlete, keys: Sequence[Any]) -> dict[Any, Item]:
    return {
        row.pk: Item("warning", str(row.pk), row.opened_on, showing.warning_body(row, ITSELF))
        for row in Warning.objects.filter(pk__in=keys)
    }


def connect() -> None:
    register(Feed("advice", "advised", lambda a: Advice.objects.filter(athlete=a, current=True), advice_items))
    register(Feed("override", "advised", lambda a: Override.objects.filter(advice__athlete=a), override_items))
    register(Feed("feedback", "advised", lambda a: Feedback.objects.filter(advice__athlete=a), feedback_items))
    register(Feed("warning", "advised", lambda a: Warning.objects.filter(athlete=a), warning_items))
