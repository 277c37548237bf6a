"""Other people's programs: what an athlete can let one do, who let which, and taking it back.

A client acts for one athlete and in the scopes that athlete granted. Whatever is not in SCOPES is closed to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.models import Client, Token
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from athletes.models import PersonalToken, User
from athletes.sign_in import personal_tokens
from rest.problems import Problem

SCOPE_TEXTS = {
    "records:write": gettext_lazy("Send your HRV, sleep, training and test results here"),
    "days:read": gettext_lazy("Read your day: HRV, sleep, load, wellness, and where each value came from"),
    "advice:read": gettext_lazy("Read the training advice you are given, and the reasons for it"),
}
# Which scope opens which view (by its URL name). Check-ins are not among them: their answers hold the athlete's notes.
SCOPES: dict[str, dict[str, set[str]]] = {
    "records:write": {
        "POST": {
            "hrv-readings", "resting-hr-readings", "sleep-sessions", "training-sessions", "performance-tests",
            "rest-days", "sync", "ingest",
        },
        "GET": {"upload"},
    },
    "days:read": {"GET": {"day"}},
    "advice:read": {"GET": {"advice-list", "advice-today", "advice-of-date"}},
}  # fmt: skip
# Of a day. The athlete is asked about HRV, sleep, load and wellness; of illness and pain the page says nothing.
NOT_TOLD = ("illness", "injury_status", "red_flag", "pain_0_10")
SAFE = {"HEAD": "GET"}
LIVE = (Token.Type.ACCESS_TOKEN, Token.Type.REFRESH_TOKEN)  # the other kinds of rows open nothing


class Adapter(DefaultOIDCAdapter):
    scope_display = SCOPE_TEXTS

    def populate_server_metadata(self, data: dict[str, Any]) -> None:
        del data["userinfo_endpoint"]
        data["scopes_supported"] = list(SCOPE_TEXTS)
        data["grant_types_supported"] = sorted(GRANT_TYPES)
        data["response_types_supported"] = ["code"]


GRANT_TYPES = {
    Client.GrantType.AUTHORIZATION_CODE.value: gettext_lazy("code + PKCE: programs with a browser"),
    Client.GrantType.DEVICE_CODE.value: gettext_lazy("device code: programs without one"),
    Client.GrantType.REFRESH_TOKEN.value: gettext_lazy("refresh: stays connected without asking again"),
}


# --- at every request ------------------------------------------------------------------------------------------------


def opaque_token(request: Request) -> str:
    """Client tokens are opaque; the phone's are JWTs, which have dots. Empty: there is none of ours."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token and "." not in token else ""


ProgramToken: TypeAlias = "Token | PersonalToken"


def sign_in(request: Request, value: str) -> tuple[User, ProgramToken]:
    """Looked up at each request, so that what was revoked or narrowed counts from the next one on."""
    token = personal_tokens.of_key(value) if value.startswith(personal_tokens.PREFIX) else token_of_client(value)
    if token is None:
        raise AuthenticationFailed(_("The access token is invalid or has ended."), "invalid_token")
    match = request.resolver_match
    if not opens(granted(token), request.method or "", (match and match.url_name) or ""):
        raise Problem(403, "insufficient_scope", _("This client was not given access to this."))
    named = request.query_params.get("athlete")
    if named is not None and named != str(athlete_id_of(token.user)):  # whoever coaches others granted their own only
        raise Problem(404, "not_found", _("Not found."))
    return token.user, token


def token_of_client(value: str) -> Token | None:
    live = Token.objects.valid().by_value(value).filter(type=Token.Type.ACCESS_TOKEN, user__is_active=True)
    token: Token | None = live.select_related("client", "user__athlete").filter(client__isnull=False).first()
    return token


def is_program(request: Request) -> bool:
    return isinstance(request.auth, Token | PersonalToken)


def named(token: ProgramToken) -> str:
    """For the log."""
    return f"personal:{token.pk}" if isinstance(token, PersonalToken) else str(token.client_id)


def granted(token: ProgramToken) -> set[str]:
    """What the athlete granted, as far as the client may still ask for it."""
    if isinstance(token, PersonalToken):
        return set(token.scopes) & set(SCOPE_TEXTS)
    return set(token.get_scopes()) & set(token.client.get_scopes())


def opens(scopes: Iterable[str], method: str, url_name: str) -> bool:
    return any(url_name in SCOPES.get(scope, {}).get(SAFE.get(method, method), ()) for scope in scopes)


# --- the athlete's list ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Connected:
    client: Client
    scopes: list[str]
    connected_at: datetime


def tokens_of(user: User) -> QuerySet[Token]:
    tokens: QuerySet[Token] = Token.objects.valid().filter(user=user, client__isnull=False, type__in=LIVE)
    return tokens


def connected(user: User) -> list[Connected]:
    held: dict[Client, list[Token]] = {}
    for token in tokens_of(user).select_related("client").order_by("created_at"):
        held.setdefault(token.client, []).append(token)
    return [
        Connected(client, sorted(set().union(*map(granted, tokens))), tokens[-1].created_at)
        for client, tokens in held.items()
    ]


def disconnect(user: User, client_id: str) -> bool:
    """Every token of the client for this user. False: it had none."""
    had_one = tokens_of(user).filter(client_id=client_id).exists()
    Token.objects.filter(user=user, client_id=client_id).delete()
    return had_one


def athlete_id_of(user: Any) -> int | None:
    athlete = getattr(user, "athlete", None)
    return None if athlete is None else int(athlete.pk)
