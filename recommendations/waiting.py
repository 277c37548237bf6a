"""The queue: days that were revised and not answered yet."""

from collections.abc import Iterable
from datetime import date

from django.utils import timezone

from recommendations.models import WaitingDay


def enqueue(athlete_id: int, dates: Iterable[date], *, rings: bool) -> None:
    now = timezone.now()
    WaitingDay.objects.bulk_create(
        [WaitingDay(athlete_id=athlete_id, date=day, rings=rings, since=now) for day in sorted(dates)],
        update_conflicts=True,
        unique_fields=["athlete", "date"],
        update_fields=["rings", "since", "not_before"],
    )
