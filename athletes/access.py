"""Who may see whom. The API, the admin and the board all ask here, so that a change takes effect everywhere at once."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from athletes.models import Athlete, Membership, Squad

if TYPE_CHECKING:
    from athletes.models import User


def athletes_visible_to(user: "User | AnonymousUser", *, values: bool = False) -> QuerySet[Athlete]:
    """Oneself, and current members of squads one coaches who share their status (`values`: HRV, sleep, load)."""
    if not user.is_active:
        return Athlete.objects.none()
    if user.is_superuser:
        return Athlete.objects.all()
    shared = Membership.objects.filter(
        athlete=OuterRef("pk"), left_at__isnull=True, squad__coaches=user.pk, shares_status=True
    )
    if values:
        shared = shared.filter(shares_values=True)
    return Athlete.objects.filter(Q(user=user.pk) | Exists(shared))


def coaches_of(athletes: Iterable[int]) -> dict[int, set[int]]:
    """Athlete -> users who coach a squad of theirs and are shown their status; nobody is their own coach."""
    shared = Membership.objects.filter(
        athlete__in=athletes, left_at__isnull=True, shares_status=True, squad__coaches__is_active=True
    )
    found: dict[int, set[int]] = defaultdict(set)
    for athlete, own, coach in shared.values_list("athlete_id", "athlete__user_id", "squad__coaches"):
        if coach != own:
            found[athlete].add(coach)
    return found


def squads_coached_by(user: "User | AnonymousUser") -> QuerySet[Squad]:
    if not user.is_active:
        return Squad.objects.none()
    if user.is_superuser:
        return Squad.objects.all()
    return Squad.objects.filter(coaches=user.pk)
