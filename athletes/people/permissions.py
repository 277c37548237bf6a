from types import SimpleNamespace
from typing import Any, cast

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.headless.tokens.strategies.jwt import internal
from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from athletes.models import Athlete
from athletes.people.access import squads_coached_by
from rest.problems import Problem


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


class FreshSignIn(BasePermission):
    """What cannot be taken back asks for the password again, by allauth's rule for the account: a stolen access token
    lasts five minutes and must not be enough."""

    def has_permission(self, request: Request, view: Any) -> bool:
        session = internal.get_token_session(request.auth) if isinstance(request.auth, dict) else None
        if session is None or not did_recently_reauthenticate(SimpleNamespace(user=request.user, session=session)):
            raise Problem(403, "fresh_sign_in_required", _("Say your password again first: POST auth/reauthenticate."))
        return True
