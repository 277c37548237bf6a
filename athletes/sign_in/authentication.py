from collections.abc import Iterator
from typing import Any

import structlog
from allauth.headless.contrib.rest_framework.authentication import JWTTokenAuthentication
from allauth.headless.tokens.strategies.jwt import internal
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from athletes.models import User
from athletes.people.languages import speak_to
from athletes.sign_in import clients, sessions


class BearerAuthentication(JWTTokenAuthentication):
    """The phone's access tokens, and those of other people's programs, whose scopes are checked here: no view is left
    out. It names the scheme, so it must stay the first class: else 401 becomes 403."""

    def authenticate(self, request: Request) -> Any:
        if value := clients.opaque_token(request):
            user, token = clients.sign_in(request, value)
            structlog.contextvars.bind_contextvars(user_id=user.pk, client_id=clients.named(token))
            speak_to(user)
            return user, token
        try:
            signed_in = super().authenticate(request)
        except AuthenticationFailed:
            raise AuthenticationFailed(_("The access token is invalid or has ended."), "invalid_token") from None
        if signed_in is not None:
            # not in the middleware: reading request.user there freezes it before the token has been looked at
            structlog.contextvars.bind_contextvars(user_id=signed_in[0].pk)
            speak_to(signed_in[0])
        return signed_in

    def authenticate_credentials(self, key: str) -> tuple[User, dict[str, Any]]:
        """As allauth's with stateful validation, but session, user and athlete profile are read in one statement."""
        found = holder_of(key)
        if found is None:
            raise AuthenticationFailed(_("Invalid token."))
        return found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="homestretch"'


Payload = dict[str, Any]


def holder_of(token: str) -> tuple[User, Payload] | None:
    """Whose access token this is, while its session lasts."""
    payload = payload_of(token)
    user = payload and user_of(payload)
    return (user, payload) if payload and user else None


def payload_of(token: str) -> Payload | None:
    """What an access token says, if it is one of ours and has not ended."""
    payload: Payload | None = internal.decode_token(token, "access")
    return payload


def user_of(payload: Payload, *, narrow: bool = False) -> User | None:
    """While the session lasts. `narrow` as in `sessions.signed_in`."""
    session_key = internal.session_key_from_sid(str(payload.get("sid", "")))
    if not session_key:
        return None
    found = sessions.signed_in(session_key, int(payload["sub"]), timezone.now(), narrow=narrow)
    if found is None or not vouches_for(SessionStore().decode(found[0]), found[1]):
        return None
    return found[1]


def vouches_for(session: dict[str, Any], user: User) -> bool:
    """What django.contrib.auth.get_user asks of a session: whose it is, by which backend, under which password."""
    given = session.get(HASH_SESSION_KEY, "")
    return (
        user.is_active
        and session.get(SESSION_KEY) == str(user.pk)
        and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and any(constant_time_compare(given, of_user) for of_user in auth_hashes(user))
    )


def auth_hashes(user: User) -> Iterator[str]:
    """Under the secret key of today, then under those that are being rotated out."""
    yield user.get_session_auth_hash()
    yield from user.get_session_auth_fallback_hash()
