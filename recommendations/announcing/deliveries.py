"""Which messages must still go out. Written in the transaction of what they announce; the rows are the queue."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from athletes.models import Athlete
from recommendations.models import Advice, Delivery, Device, Override


def announce(advice_rows: Sequence[Advice], *, overrides: Iterable[Override] = (), now: datetime) -> int:
    """A Delivery per active device of every athlete who wants pushes; what an older message said is obsolete.

    Call inside the transaction that wrote the rows. Calling it again changes nothing. Returns how many were written.
    """
    news: list[tuple[Advice, Override | None]] = [(advice, None) for advice in advice_rows]
    news += [(override.advice, override) for override in overrides]
    if not news:
        return 0
    _withdraw_older([advice for advice, _ in news], news)
    athletes = Athlete.objects.select_related(None).in_bulk({advice.athlete_id for advice, _ in news})
    devices = devices_by_user({athlete.user_id for athlete in athletes.values() if athlete.wants_push})
    deliveries = [
        _delivery(device, advice, override, athletes[advice.athlete_id], now)
        for advice, override in news
        for device in devices[athletes[advice.athlete_id].user_id]
    ]
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    return len(deliveries)


def _delivery(device: UUID, advice: Advice, override: Override | None, athlete: Athlete, now: datetime) -> Delivery:
    return Delivery(
        device_id=device,
        advice=advice,
        override=override,
        kind=Delivery.Kind.OVERRIDE if override else Delivery.Kind.ADVICE,
        next_attempt_at=after_quiet_hours(athlete, now),
        valid_until=advice.valid_until,
    )


def devices_by_user(user_ids: set[int]) -> defaultdict[int, list[UUID]]:
    devices: defaultdict[int, list[UUID]] = defaultdict(list)
    for pk, user_id in Device.objects.filter(user__in=user_ids, active=True).values_list("pk", "user_id"):
        devices[user_id].append(pk)
    return devices


def _withdraw_older(advice_rows: list[Advice], news: list[tuple[Advice, Override | None]]) -> None:
    """The newest message about a day is enough: it leads the phone to the same page."""
    days = {(advice.athlete_id, advice.date) for advice in advice_rows}
    said = {(advice.pk, override.pk if override else None) for advice, override in news}
    waiting = Delivery.objects.filter(
        state=Delivery.State.WAITING,
        advice__athlete__in={athlete_id for athlete_id, _ in days},
        advice__date__in={day for _, day in days},
    ).values_list("pk", "advice_id", "override_id", "advice__athlete_id", "advice__date")
    older = [
        pk
        for pk, advice, override, athlete, day in waiting
        if (athlete, day) in days and (advice, override) not in said
    ]
    if older:
        Delivery.objects.filter(pk__in=older, state=Delivery.State.WAITING).update(
            state=Delivery.State.OBSOLETE, outcome="a newer message took its place"
        )


def after_quiet_hours(athlete: Athlete, at: datetime) -> datetime:
    """`at`, or the end of the athlete's quiet hours if it falls into them. Equal start and end: no quiet hours."""
    local = at.astimezone(ZoneInfo(athlete.timezone))
    start, end = athlete.quiet_hours_start, athlete.quiet_hours_end
    wall = local.time()
    if start == end or not (start <= wall < end if start < end else wall >= start or wall < end):
        return at
    ends_on = local.date() + timedelta(days=1) if wall >= end else local.date()
    quiet_until = datetime.combine(ends_on, end, tzinfo=local.tzinfo).astimezone(at.tzinfo)
    return max(at, quiet_until)
