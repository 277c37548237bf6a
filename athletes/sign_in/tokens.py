"""Refresh tokens that notice theft and survive a lost answer (RFC 9700, 4.14.2)."""

from typing import Any

import structlog
from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy, internal
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from storage.encryption import cipher

REPLACED = "replaced_refresh_token"  # the last one that was used, and its successor, which was not yet
OF_OLD = "retired_refresh_tokens"  # of sessions from before

logger = structlog.get_logger(__name__)


class RefreshFamilies(JWTTokenStrategy):
    """Every sign-in is a session, every refresh token belongs to one, and one of them is the newest.

    Until the newest is used, the one before it is answered with the same newest again, however late: its answer was
    lost. Whatever comes back after that was copied, and the session ends with all its tokens: access tokens are checked
    against it. Whoever shares a family with its owner must keep in step with her: the first who falls behind ends it.
    """

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any] | None:
        request.session.set_expiry(settings.HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN)
        payload: dict[str, Any] | None = super().create_access_token_payload(request)
        return payload

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        payload = internal.decode_token(refresh_token, "refresh")
        if payload is None:
            return None
        with transaction.atomic():
            lock_session(payload)  # two refreshes at once would each make a successor
            return self.rotate(payload)

    def rotate(self, payload: dict[str, Any]) -> tuple[str, str] | None:
        session = internal.get_token_session(payload)
        user = session and internal.validate_token_user(payload, session)
        if not user:
            return None
        jti, replaced = payload["jti"], session.get(REPLACED, {})
        if jti in internal.get_refresh_token_state(session):
            successor = succeed(jti, user, session)
        elif jti == replaced.get("jti"):
            successor = cipher().decrypt(replaced["successor"]).decode()
        else:
            logger.warning("refresh_token_reused", user_id=user.pk)
            session.delete()
            return None
        return internal.create_access_token(user, session, self.get_claims(user)), successor


def succeed(jti: str, user: Any, session: Any) -> str:
    internal.get_refresh_token_state(session).clear()
    successor: str = internal.create_refresh_token(user, session)
    session[REPLACED] = {"jti": jti, "successor": cipher().encrypt(successor.encode()).decode()}
    session.pop(OF_OLD, None)
    session.save()
    return successor


def lock_session(payload: dict[str, Any]) -> None:
    key = internal.session_key_from_sid(payload["sid"])
    Session.objects.select_for_update().filter(pk=key).first()
