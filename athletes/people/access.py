"""Who may see whom. The API, the admin and the board all ask here, so that a change takes effect everywhere at once."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from athletes.models import Athlete, Membership, Squad

if TYPE_CHECKING:
    from athletes.models import User

SEE_MEDICAL = "athletes.view_medical_detail"


class Seen(NamedTuple):
    """What somebody is shown of an athlete. `values`: HRV, sleep, load; `medical`: which illness, injury, warning sign
    or hold it is, pain and notes. Neither contains the other."""

    status: bool
    values: bool
    medical: bool


def seen_by(user: "User | AnonymousUser", athlete: Athlete) -> Seen:
    """Medical detail takes the athlete's consent and the coach's own permission, both."""
    if user.is_active and (user.is_superuser or athlete.user_id == user.pk):
        return Seen(status=True, values=True, medical=True)
    if not user.is_active:
        return Seen(status=False, values=False, medical=False)
    grants = list(shared_with(user).filter(athlete=athlete).values_list("shares_values", "shares_medical"))
    medical = any(medical for _, medical in grants) and user.has_perm(SEE_MEDICAL)
    return Seen(status=bool(grants), values=any(values for values, _ in grants), medical=medical)


def athletes_visible_to(
    user: "User | AnonymousUser", *, values: bool = False, medical: bool = False
) -> QuerySet[Athlete]:
    """Oneself, and those who share their status with this coach; `values` or `medical`: who shares that, too."""
    if not user.is_active:
        return Athlete.objects.none()
    if user.is_superuser:
        return Athlete.objects.all()
    if medical and not user.has_perm(SEE_MEDICAL):
        return Athlete.objects.filter(user=user.pk)
    shared = shared_with(user).filter(athlete=OuterRef("pk"))
    if values:
        shared = shared.filter(shares_values=True)
    if medical:
        shared = shared.filter(shares_medical=True)
    return Athlete.objects.filter(Q(user=user.pk) | Exists(shared))


def shared_with(coach: "User | AnonymousUser") -> QuerySet[Membership]:
    """Whatever else is shared, it is shared with the status or not at all."""
    return Membership.objects.filter(left_at__isnull=True, squad__coaches=coach.pk, shares_status=True)


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
