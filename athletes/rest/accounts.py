from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction

from athletes.models import Athlete, User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Whoever signs up is an athlete, whose phone then sets the zone with PATCH /me/. Coaches are made by staff."""

    @transaction.atomic
    def save_user(self, request: Any, user: User, form: Any, commit: bool = True) -> User:
        super().save_user(request, user, form, commit)
        if commit:
            Athlete.objects.create(user=user)
        return user
