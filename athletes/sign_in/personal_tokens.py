"""Keys for an athlete's own scripts: the plain way beside OAuth. Shown once, kept as a digest, with an end."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from athletes.models import PersonalToken, User
from rest.problems import Problem

PREFIX = "hsp_"  # so that a person, and a scanner for leaked keys, knows one
MOST = 20
DEFAULT_DAYS, MOST_DAYS = 365, 730


def make(user: User, name: str, scopes: Collection[str], days: int) -> tuple[PersonalToken, str]:
    """The row, and the key that nobody can see again. Raises Problem."""
    now, key = timezone.now(), PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # of two at once none gets past the limit
        if live(user, now).count() >= MOST:
            message = _("You have %(most)d personal tokens; take one back first.") % {"most": MOST}
            raise Problem(409, "too_many_tokens", message)
        row = PersonalToken.objects.create(
            user=user, name=name, scopes=sorted(scopes), sha256=digest(key), created_at=now,
            expires_at=now + timedelta(days=days),
        )  # fmt: skip
    return row, key


def of_key(key: str) -> PersonalToken | None:
    """The live token of this key, noted as used today."""
    now = timezone.now()
    found = PersonalToken.objects.filter(sha256=digest(key), expires_at__gt=now, user__is_active=True)
    token = found.select_related("user__athlete").first()
    if token is not None and token.last_used_on != now.date():  # a write a day, not one a request
        PersonalToken.objects.filter(pk=token.pk).update(last_used_on=now.date())
    return token


def live(user: User, now: datetime) -> QuerySet[PersonalToken]:
    return PersonalToken.objects.filter(user=user, expires_at__gt=now).order_by("-created_at")


def digest(key: str) -> str:
    """Of 256 random bits a plain digest is enough: there is nothing to guess."""
    return sha256(key.encode()).hexdigest()
