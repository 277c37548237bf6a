"""Joining a squad with a code, and leaving it."""

import secrets
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from athletes.models import Athlete, Membership, Squad, SquadInvite, User

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0 O 1 I: read aloud at the track
CODE_LENGTH = 8
GOOD_FOR = timedelta(days=7)


class InviteRefused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def invite(squad: Squad, *, by: User) -> SquadInvite:
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return SquadInvite.objects.create(squad=squad, code=code, created_by=by, expires_at=timezone.now() + GOOD_FOR)


def join(athlete: Athlete, code: str, shares: dict[str, bool]) -> Membership:
    """Use the code up and become a member, or neither. Of two who send it at once one gets in."""
    now = timezone.now()
    with transaction.atomic():
        fresh = SquadInvite.objects.filter(code=code, used_at__isnull=True, expires_at__gt=now)
        if not fresh.update(used_by=athlete, used_at=now):
            raise InviteRefused(why_not(code))
        squad = Squad.objects.get(invites__code=code)
        try:
            with transaction.atomic():
                return Membership.objects.create(athlete=athlete, squad=squad, joined_at=now, **shares)
        except IntegrityError:
            raise InviteRefused("already_a_member") from None


def why_not(code: str) -> str:
    known = SquadInvite.objects.filter(code=code).values("used_at").first()
    if known is None:
        return "invite_not_found"
    return "invite_used" if known["used_at"] else "invite_expired"


def leave(membership: Membership) -> None:
    membership.left_at = timezone.now()
    membership.save(update_fields=["left_at"])


def change_sharing(membership: Membership, shares: dict[str, Any]) -> None:
    for name, value in shares.items():
        setattr(membership, name, value)
    membership.save(update_fields=list(shares))
