"""Refresh tokens that notice theft and survive a lost answer (RFC 9700, 4.14.2)."""

import time
from typing import Any

import structlog
from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy, internal
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

# A phone that lost the answer to a refresh tries again within seconds; a thief who comes later ends the family.
GRACE_S = 60
RETIRED = "retired_refresh_tokens"

logger = structlog.get_logger(__name__)


class RefreshFamilies(JWTTokenStrategy):  # type: ignore[misc]
    """Every sign-in is a session, every refresh token belongs to one. A token is used once, and again within the grace;
    later it is stolen or copied, and the session ends with all its tokens: access tokens are checked against it."""

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any] | None:
        request.session.set_expiry(settings.HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN)
        payload: dict[str, Any] | None = super().create_access_token_payload(request)
        return payload

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        payload = internal.decode_token(refresh_token, "refresh")
        if payload is None:
            return None
        with transaction.atomic():
            lock_session(payload)  # two refreshes at once would each forget the other's new token
            return self.rotate(payload)

    def rotate(self, payload: dict[str, Any]) -> tuple[str, str] | None:
        session = internal.get_token_session(payload)
        user = session and internal.validate_token_user(payload, session)
        if not user:
            return None
        now = int(time.time())
        live = internal.get_refresh_token_state(session)
        retired = {jti: at for jti, at in session.get(RETIRED, {}).items() if now - at <= GRACE_S}
        if payload["jti"] not in live | retired:
            logger.warning("refresh_token_reused", user_id=user.pk)
            session.delete()
            return None
        if live.pop(payload["jti"], None):
            retired[payload["jti"]] = now
        for jti in [jti for jti, expires_at in live.items() if expires_at <= now]:
            del live[jti]
        session[RETIRED] = retired
        tokens = (
            internal.create_access_token(user, session, self.get_claims(user)),
            internal.create_refresh_token(user, session),
        )
        session.save()
        return tokens


def lock_session(payload: dict[str, Any]) -> None:
    key = internal.session_key_from_sid(payload["sid"])
    Session.objects.select_for_update().filter(pk=key).first()
