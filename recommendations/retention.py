"""What is thrown away, and when. Advice, overrides and feedback are kept: they are the record of what was said."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from athletes.changes import TOMBSTONES_KEPT
from athletes.models import (
    Deletion,
    HrvReading,
    Mail,
    PerformanceTest,
    RestDay,
    RestingHrReading,
    SleepSession,
    SquadInvite,
    TrainingSession,
)
from recommendations.models import Delivery, Device, Forecast, Notice, ShadowAdvice

TOMBSTONE = TOMBSTONES_KEPT  # a client that was away for longer syncs from the start
INVITE = timedelta(days=30)  # after it was used or ran out
DELIVERY = timedelta(days=30)
MAIL = timedelta(days=7)  # its addresses; what it said was erased when it left
NOTICE = timedelta(days=180)
DEAD_DEVICE = timedelta(days=30)
FORECAST = timedelta(days=90)  # what the twin said of four weeks that are over since two months
SHADOW_ADVICE = timedelta(days=180)  # two comparisons of a season; how many days a policy was in shadow stays with it
BATCH = 5_000  # rows a statement: no long lock

RECORDS = (HrvReading, RestingHrReading, SleepSession, TrainingSession, PerformanceTest, RestDay)


def tidy_up(now: datetime) -> dict[str, int]:
    dead = Q(deleted_at__lt=now - TOMBSTONE)
    removed = {model.__name__: delete(model._default_manager.filter(dead)) for model in RECORDS}
    removed["Deletion"] = delete(Deletion.objects.filter(deleted_at__lt=now - TOMBSTONE))
    old = now - INVITE
    removed["SquadInvite"] = delete(SquadInvite.objects.filter(Q(used_at__lt=old) | Q(expires_at__lt=old)))
    settled = Delivery.objects.exclude(state=Delivery.State.WAITING).filter(created_at__lt=now - DELIVERY)
    removed["Delivery"] = delete(settled)
    removed["Device"] = delete(Device.objects.filter(active=False, created_at__lt=now - DEAD_DEVICE, deliveries=None))
    removed["Forecast"] = delete(Forecast.objects.filter(asked_at__lt=now - FORECAST))
    removed["ShadowAdvice"] = delete(ShadowAdvice.objects.filter(date__lt=(now - SHADOW_ADVICE).date()))
    left = Q(sent_at__lt=now - MAIL) | Q(given_up_at__lt=now - MAIL)
    removed["Mail"] = delete(Mail.objects.filter(left))
    over = Q(over_at__isnull=False) | Q(kind=Notice.Kind.SOURCE_SILENT)
    removed["Notice"] = delete(Notice.objects.filter(over, created_at__lt=now - NOTICE))
    return removed


def delete(rows: QuerySet[Any]) -> int:
    keys = list(rows.order_by().values_list("pk", flat=True)[:BATCH])
    removed, _ = rows.model._default_manager.filter(pk__in=keys).delete()
    return int(removed)
