"""The queue: days that were revised and not answered yet. A row is deleted in the transaction that answers it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Exists, F, Min, OuterRef, Q
from django.utils import timezone

from athletes.models import Athlete
from recommendations.models import WaitingDay
from storage.upserts import upsert_many

BATCH = 256  # athletes a transaction
# Of those, for whom nobody looks at the phone: beside whoever has reported, and where nobody has. Who reports meanwhile
# waits for them: p99 at 50 check-ins a second beside 500 deadlines was 465 ms with 256, 261 with 32 and 32, now 118.
BESIDE, ALONE = 8, 32
GIVE_UP_AFTER = 5  # attempts
FIRST_PAUSE = timedelta(seconds=5)


def enqueue(
    athlete_id: int,
    dates: Iterable[date],
    *,
    rings: bool,
    reason: WaitingDay.Reason = WaitingDay.Reason.REVISED,
) -> None:
    """Add or refresh rows in the caller's transaction. A row that rings goes on ringing; `since` stays the oldest."""
    now = timezone.now()
    keep = ["since"]
    if not rings:
        keep.append("rings")
    if reason == WaitingDay.Reason.DEADLINE:
        keep.append("reason")
    rows = [WaitingDay(athlete_id=athlete_id, date=day, rings=rings, reason=reason, since=now) for day in sorted(dates)]
    upsert_many(rows, unique=("athlete_id", "date"), keep=tuple(keep))


def due(now: datetime) -> Q:
    return Q(not_before__isnull=True) | Q(not_before__lte=now)


def anybody(now: datetime) -> bool:
    return WaitingDay.objects.filter(due(now)).exists()


def claim_athletes(now: datetime, only: Iterable[int] | None = None) -> dict[Athlete, list[WaitingDay]]:
    """Up to BATCH athletes with all their due rows, locked until the transaction ends: first who has just reported.

    Of the others (a deadline that rang, an imported season) few at once, as nobody looks at the phone for them.
    The athlete is what is locked: two workers never answer one athlete at the same time. The rows are locked too, so
    that a writer who revises one of them waits for our commit and then adds a new row. SQLite locks neither.
    """
    rows = WaitingDay.objects.filter(due(now), athlete=OuterRef("pk"))
    reported = Exists(rows.filter(rings=True, reason=WaitingDay.Reason.REVISED))
    athletes = Athlete.objects.filter(Exists(rows)).select_for_update(skip_locked=True, no_key=True)
    if only is not None:
        athletes = athletes.filter(pk__in=only)
    locked = {athlete.pk: athlete for athlete in athletes.filter(reported)[: BATCH - BESIDE]}
    locked |= {athlete.pk: athlete for athlete in athletes.filter(~reported)[: BESIDE if locked else ALONE]}
    claimed: dict[Athlete, list[WaitingDay]] = {athlete: [] for athlete in locked.values()}  # who reported comes first
    for row in WaitingDay.objects.filter(due(now), athlete__in=locked).select_for_update().order_by("pk"):
        claimed[locked[row.athlete_id]].append(row)
    return {athlete: rows for athlete, rows in claimed.items() if rows}


def clear(claimed: dict[Athlete, list[WaitingDay]]) -> None:
    WaitingDay.objects.filter(pk__in=[row.pk for rows in claimed.values() for row in rows]).delete()


def not_overtaken(claimed: dict[Athlete, list[WaitingDay]], now: datetime) -> dict[Athlete, list[WaitingDay]]:
    """Whom nobody asked about again since: each of their due rows is one that was claimed, with the same ticket.

    Where rows are locked that is everybody; what arrives meanwhile is found by the holder's next round.
    """
    if connection.vendor != "sqlite":
        return claimed
    tickets = {row.ticket for rows in claimed.values() for row in rows}
    rows_now = WaitingDay.objects.filter(due(now), athlete__in=claimed).values_list("athlete_id", "ticket")
    overtaken = {athlete_id for athlete_id, ticket in rows_now if ticket not in tickets}
    return {athlete: rows for athlete, rows in claimed.items() if athlete.pk not in overtaken}


def put_off(athlete_id: int, error: str, now: datetime) -> bool:
    """Set an athlete's rows back after a failure, longer each time. True when it is time to give up."""
    rows = WaitingDay.objects.filter(due(now), athlete_id=athlete_id)
    attempts = 1 + max(rows.values_list("attempts", flat=True), default=0)
    rows.update(attempts=F("attempts") + 1, not_before=now + FIRST_PAUSE * 2**attempts, error=error[:200])
    return attempts >= GIVE_UP_AFTER


def oldest_age_s(now: datetime) -> float:
    """How long the longest-waiting day has waited; 0 when nobody waits."""
    since = WaitingDay.objects.aggregate(oldest=Min("since"))["oldest"]
    return max((now - since).total_seconds(), 0.0) if since else 0.0
