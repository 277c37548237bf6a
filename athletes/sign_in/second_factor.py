"""The admin shows many people's health: after some days to set one up, staff enter it with a second factor only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from athletes.models import User

OPEN = ("/admin/logout/", "/admin/jsi18n/")
DEMO = "@example.org"  # reserved: nobody receives mail there


class SecondFactorOfStaff:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/admin/") and request.path_info not in OPEN and must_set_one_up(request.user):
            context = {"days": settings.STAFF_MFA_GRACE_DAYS, "activate": reverse("mfa_activate_totp")}
            return render(request, "second_factor.html", context, status=403)
        return self.get_response(request)


def must_set_one_up(user: Any) -> bool:
    if not isinstance(user, User) or not user.is_staff or (settings.EMBEDDED and is_of_the_demo(user)):
        return False
    if user.staff_since is None:  # made staff past the ORM's save()
        user.save(update_fields=["staff_since"])
    until = (user.staff_since or timezone.now()) + timedelta(days=settings.STAFF_MFA_GRACE_DAYS)
    return timezone.now() >= until and not is_mfa_enabled(user)


def is_of_the_demo(user: User) -> bool:
    """On one machine, where whoever sits there has the database anyway."""
    return user.is_superuser or user.email.endswith(DEMO)
