from typing import Any, cast

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from athletes.access import squads_coached_by
from athletes.models import Athlete
from athletes.rest.problems import Problem


def athlete_of(request: Request) -> Athlete:
    """The signed-in user's own athlete profile, read once a request."""
    cached = getattr(request, "_athlete", None)
    if cached is None:
        cached = cast("Athlete | None", getattr(request.user, "athlete", None))
        if cached is None:
            raise Problem(
                403, "not_an_athlete", _("This account has no athlete profile; PATCH /api/v1/me/ starts one.")
            )
        request._athlete = cached  # type: ignore[attr-defined]
    return cached


class IsAthlete(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated and athlete_of(request))


class IsCoach(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        if not squads_coached_by(request.user).exists():
            raise Problem(403, "not_a_coach", _("This account coaches no squad."))
        return True
