"""Who and what a command names, found or refused in one sentence."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from mlmodels.models import PolicyVersion


def member_of_staff(email: str) -> Any:
    person = get_user_model().objects.filter(email__iexact=email, is_active=True, is_staff=True).first()
    if person is None:
        raise CommandError(f"{email} is no active member of staff; only such a person may approve.")
    return person


def policy_named(name: str) -> PolicyVersion:
    version = PolicyVersion.objects.filter(name=name).first()
    if version is None:
        raise CommandError(f"No policy is named {name!r}. activate_policy lists them.")
    return version
