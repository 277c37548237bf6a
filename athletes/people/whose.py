"""Whose rows a request is about: one's own, or those of the athlete it names."""

import re
from typing import cast

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from athletes.models import Athlete, User
from athletes.people.access import Seen, athletes_visible_to, seen_by
from athletes.people.permissions import athlete_of
from rest.paging import invalid_parameter

ATHLETE = OpenApiParameter("athlete", OpenApiTypes.INT, description="whose; a coach names one who shares with a squad")


def user_of(request: Request) -> User:
    return cast(User, request.user)


def athlete_named(request: Request) -> Athlete:
    """Oneself, or the `athlete` of the query; 404 for anybody one may not know of."""
    named = request.GET.get("athlete")
    if named is None:
        return athlete_of(request)
    if not re.fullmatch("[0-9]{1,18}", named, re.ASCII):
        raise invalid_parameter("athlete", "not_an_id", _("Must be an athlete's id."))
    athlete = athletes_visible_to(user_of(request)).filter(pk=int(named)).first()
    if athlete is None:
        raise Http404
    return athlete


def seen_of(request: Request, athlete: Athlete) -> Seen:
    return seen_by(user_of(request), athlete)
