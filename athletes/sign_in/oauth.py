"""OAuth as RFC 9700 has it, where allauth leaves it open: what was used once and comes back ends the grant.

A grant is what an athlete gave one program at one time; all its tokens carry the same mark. Used refresh tokens and
codes stay as rows that open nothing, so that they are known again.
"""

import uuid
from datetime import timedelta
from typing import Any

import structlog
from allauth.idp.oidc import app_settings
from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.internal.oauthlib import server
from allauth.idp.oidc.internal.oauthlib.request_validator import OAuthLibRequestValidator
from allauth.idp.oidc.internal.oauthlib.utils import get_validator_context
from allauth.idp.oidc.models import Client, Token
from django.utils import timezone
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from athletes.sign_in.clients import LIVE

USED_REFRESH_TOKEN = "ur"  # noqa: S105  for used codes there is AUTHORIZATION_CODE: allauth makes no such rows
GRANT = "grant"  # in Token.data

logger = structlog.get_logger(__name__)


class Validator(OAuthLibRequestValidator):
    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """To the letter (OAuth 2.1, 4.1.3): allauth lets a query be added and, on loopback, the port differ."""
        return redirect_uri in request.client.get_redirect_uris()

    def validate_code(
        self, client_id: str, code: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        if end_if_used(request.client, code, Token.Type.AUTHORIZATION_CODE):
            return False
        return bool(super().validate_code(client_id, code, client, request, *args, **kwargs))

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Locked: of two that come at once, the second finds it used."""
        of_value = Token.objects.by_value(refresh_token).filter(client=client)
        list(of_value.filter(type=Token.Type.REFRESH_TOKEN).select_for_update())
        if end_if_used(client, refresh_token, USED_REFRESH_TOKEN):
            return False
        return bool(super().validate_refresh_token(refresh_token, client, request, *args, **kwargs))

    def save_bearer_token(self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any) -> None:
        used: Token | None = get_validator_context().refresh_token
        grant = grant_of(used) or uuid.uuid4().hex
        if used is not None:
            keep(USED_REFRESH_TOKEN, used.hash, request, grant)
        elif request.grant_type == Client.GrantType.AUTHORIZATION_CODE and not keep(
            Token.Type.AUTHORIZATION_CODE, get_adapter().hash_token(request.code), request, grant
        ):  # by another request, since it was validated
            end_if_used(request.client, request.code, Token.Type.AUTHORIZATION_CODE)
            raise InvalidGrantError(request=request)
        super().save_bearer_token(token, request, *args, **kwargs)
        given = [token[name] for name in ("access_token", "refresh_token") if name in token]
        for made in Token.objects.filter(type__in=LIVE, hash__in=map(get_adapter().hash_token, given)):
            made.data = {**(made.data or {}), GRANT: grant}
            made.save(update_fields=["data"])

    def revoke_token(self, token: str, token_type_hint: str, request: Request, *args: Any, **kwargs: Any) -> None:
        """Its own alone, whatever the hint says; with a refresh token goes its whole grant (RFC 7009, 2.1)."""
        found = Token.objects.by_value(token).filter(client=request.client, type__in=LIVE).first()
        if found is None:
            return
        if found.type == Token.Type.REFRESH_TOKEN:
            end(found)
        found.delete()


def grant_of(token: Token | None) -> str:
    return str(token.data.get(GRANT, "")) if token is not None and isinstance(token.data, dict) else ""


def keep(kind: str, hashed: str, request: Request, grant: str) -> bool:
    """Whether it is kept for the first time: its hash is unique, in two transactions at once too."""
    lasts = timedelta(seconds=app_settings.REFRESH_TOKEN_EXPIRES_IN or 0)
    values = {
        "client": request.client, "user": request.user, "data": {GRANT: grant}, "expires_at": timezone.now() + lasts,
    }  # fmt: skip
    _, is_new = Token.objects.get_or_create(type=kind, hash=hashed, defaults=values)
    return bool(is_new)


def end_if_used(client: Client, value: str, kind: str) -> bool:
    used = Token.objects.by_value(value).filter(client=client, type=kind).first()
    if used is not None:
        logger.warning("oauth_grant_replayed", user_id=used.user_id, client_id=client.pk, kind=kind)
        end(used)
    return used is not None


def end(token: Token) -> None:
    """All that opens anything; what was used stays known."""
    if grant := grant_of(token):
        of_client = Token.objects.filter(client=token.client_id, user=token.user_id, type__in=LIVE)
        of_client.filter(data__grant=grant).delete()


def install() -> None:
    """allauth has no setting for it; every endpoint of OAuth makes its server with this name."""
    server.OAuthLibRequestValidator = Validator
