"""Everybody who can ask: each is a column of access.csv, and a line here that says what of whom may be read.

A new level of consent is an actor in `Cast.actors`, its line in SEES and its column in the table.
"""

from datetime import timedelta
from typing import Any

import time_machine
from allauth.headless.tokens.strategies.jwt import internal
from allauth.idp.oidc.models import Token
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from athletes.models import Athlete, Mail, Membership, SquadInvite
from tests import factories
from tests.conftest import access_token
from tests.rest import canaries
from tests.rest.canaries import ACCOUNT, LEVEL, MEDICAL, NAME, STATUS, VALUES, Aviary
from tests.rest.world import TODAY, World, make_notice

YESTERDAY = TODAY - timedelta(days=1)
EVERYTHING = frozenset(LEVEL.values())
BY_STATUS = frozenset({NAME, STATUS})
BY_VALUES = BY_STATUS | {VALUES}
BY_MEDICAL = BY_VALUES | {MEDICAL}
OF_A_PROGRAM = frozenset({STATUS, VALUES, MEDICAL})
ATHLETES = ("alice", "bob", "leo", "lone", "zara")
# Actor -> athlete -> levels. Whoever is not named is not seen.
SEES: dict[str, dict[str, frozenset[str]]] = {
    "anonymous": {},
    "athlete": {"alice": EVERYTHING},
    "team_mate": {"bob": EVERYTHING},
    "left_athlete": {"leo": EVERYTHING},
    "lone_athlete": {"lone": EVERYTHING},
    "coach_status": {"alice": BY_STATUS, "bob": BY_STATUS},
    "coach_values": {"alice": BY_VALUES},
    "coach_medical": {"alice": BY_MEDICAL},
    "coach_withdrawn": {},
    "ex_coach": {},
    "other_coach": {"zara": BY_VALUES},
    "support": {},
    "admin": dict.fromkeys(ATHLETES, BY_MEDICAL | {ACCOUNT}),
    "client_none": {},
    "client_records": {"alice": OF_A_PROGRAM},
    "client_days": {"alice": OF_A_PROGRAM},
    "client_advice": {"alice": OF_A_PROGRAM},
    "client_all": {"alice": OF_A_PROGRAM},
    "client_of_bob": {"bob": OF_A_PROGRAM},
}
OWN = {"athlete": "alice", "team_mate": "bob", "left_athlete": "leo", "lone_athlete": "lone", "client_of_bob": "bob"}
OWN |= dict.fromkeys(("client_none", "client_records", "client_days", "client_advice", "client_all"), "alice")
SCOPES = ("records:write", "days:read", "advice:read")
BEARERS = ("/api/", "/_allauth/")  # pages know people by their session's cookie


class Cast(World):
    """Alice's world, and everybody else who could ask for what is hers."""

    def __init__(self, api: Any) -> None:
        super().__init__(api)
        self.leo, self.lone, self.zara = (factories.make_athlete(f"{who}@example.org") for who in ATHLETES[2:])
        Membership.objects.create(athlete=self.leo, squad=self.sprints, shares_status=True, shares_values=True)
        Membership.objects.filter(athlete=self.leo).update(left_at=timezone.now())
        Membership.objects.create(
            athlete=self.zara, squad=self.eve.coached_squads.get(), shares_status=True, shares_values=True
        )
        self.wendy = factories.make_coach("wendy@example.org")
        self.relay = factories.make_squad("Relay", self.wendy, self.alice, shares_values=True)
        self.support = factories.make_user("support@example.org", is_staff=True)
        self.no_client = factories.Program(self.alice)
        self.every_client = factories.Program(self.alice, *SCOPES)
        self.bobs_client = factories.Program(self.bob, *SCOPES)
        self.ids["me"] = self.days_client.client.pk
        self.aviary = Aviary(*ATHLETES)
        for who in ATHLETES:
            self.settle(getattr(self, who), who)
        shares = {"shares_status": False, "shares_values": False}
        answer = api(self.alice).patch(f"/api/v1/squads/{self.relay.pk}/membership/", shares)
        assert answer.status_code == 200
        self.revoke()
        self.bearers = {name: self.bearer_of(actor) for name, actor in self.actors().items()}
        self.cookies = {name: cookie_of(actor) for name, actor in self.actors().items()}
        self.sessions = {key: OWN.get(who, who) for who, key in self.cookies.items() if key}
        for who, actor in self.actors().items():
            if actor is not None and not isinstance(actor, factories.Program):
                payload = internal.decode_token(self.bearers[who], "access")
                self.sessions[internal.session_key_from_sid(payload["sid"])] = OWN.get(who, who)
        self.session_of_alice = UserSession.objects.create(
            user=self.alice.user, session_key=cookie_of(self.alice), ip="192.0.2.1", user_agent="phone"
        )
        self.invite = SquadInvite.objects.get()
        self.fill_the_admin()

    def fill_the_admin(self) -> None:
        """A row of what is nobody's data, so that its pages have something to point at."""
        from mlmodels.models import PolicyVersion
        from recommendations.announcing import notices
        from recommendations.models import Advice, ShadowAdvice

        advice, policy = (
            Advice.objects.get(pk=self.ids["advice"]),
            PolicyVersion.objects.create(name="policy of nobody", path="artifacts/none.onnx", sha256="0" * 64, card={}),
        )
        ShadowAdvice.objects.create(advice=advice, policy=policy, date=advice.date, policy_action="as_planned")
        notices.own_rows(self.chloe)
        of_coaches = {self.charlie: "alice bob", self.mila: "alice", self.eve: "zara", self.root: " ".join(ATHLETES)}
        for coach, athletes in of_coaches.items():
            for who in athletes.split():
                make_notice(getattr(self, who), coach, TODAY)
        Authenticator.objects.create(user=self.zara.user, type=Authenticator.Type.TOTP, data={"secret": "x"})
        Mail.objects.create(created_at=timezone.now(), not_before=timezone.now(), recipients=self.alice.user.email)
        Group.objects.create(name="helpers")

    def settle(self, athlete: Athlete, who: str) -> None:
        """Alice's rows are of today; everybody else's of the day before, so that a date alone says whose they are."""
        mine, day = self.aviary.of[who], TODAY if who == "alice" else YESTERDAY
        reported = canaries.report(athlete, mine, day)
        if who == "alice":
            for plain in (self.advice, self.warning, self.flag):
                plain.delete()
        said = canaries.answer(athlete, mine, day, self.chloe)
        if who == "alice":
            self.ids |= {segment: row.pk for segment, row in said.items()}
            self.ids |= {f"{kind.replace('_', '-')}s": record.pk for kind, record in reported.items()}

    def actors(self) -> dict[str, Any]:
        return super().actors() | {
            "left_athlete": self.leo,
            "lone_athlete": self.lone,
            "coach_withdrawn": self.wendy,
            "support": self.support,
            "client_none": self.no_client,
            "client_all": self.every_client,
            "client_of_bob": self.bobs_client,
        }

    @staticmethod
    def bearer_of(actor: Any) -> str:
        if actor is None:
            return ""
        return str(getattr(actor, "bearer", None) or access_token(getattr(actor, "user", actor)))

    def headers(self, who: str, path: str) -> dict[str, str]:
        """As the actor signs a request: by a token, on pages by the cookie. Programs have no cookie."""
        if path.startswith(BEARERS) or isinstance(self.actors()[who], factories.Program):
            return bearing(self.bearers[who])
        return with_cookie(self.cookies[who])

    def nobodies(self, path: str) -> dict[str, dict[str, str]]:
        """What proves nothing here (any more), of people who may see much: each is to be treated as anonymous."""
        alice = self.alice.user
        if not path.startswith(BEARERS):
            return {
                "a bearer on a page": bearing(self.bearers["admin"]),
                "a signed-out cookie": with_cookie(ended(cookie_of(self.root))),
                "a cookie of who was shut out": with_cookie(self.cookie_of_shut_out),
            }
        return {
            "the athlete's cookie": with_cookie(self.cookies["athlete"]),
            "a session key as a token": bearing(self.cookies["athlete"]),
            "a refresh token": bearing(internal.create_refresh_token(alice, session_of(self.cookies["athlete"]))),
            "an expired token": bearing(self.expired_token),
            "a signed-out token": bearing(self.signed_out_token),
            "a token signed by somebody else": bearing(forged(self.bearers["athlete"])),
            "a token of who was shut out": bearing(self.token_of_shut_out),
            "a revoked program": bearing(self.revoked),
            "a program whose time is over": bearing(self.over),
        }

    def revoke(self) -> None:
        """Makes what `nobodies` shows."""
        with time_machine.travel(timezone.now() - timedelta(minutes=6), tick=False):
            self.expired_token = access_token(self.alice.user)
        self.signed_out_token = access_token(self.alice.user)
        ended(internal.session_key_from_sid(internal.decode_token(self.signed_out_token, "access")["sid"]))
        shut_out = factories.make_user("shut.out@example.org", is_staff=True, is_superuser=True)
        self.token_of_shut_out, self.cookie_of_shut_out = access_token(shut_out), cookie_of(shut_out)
        type(shut_out).objects.filter(pk=shut_out.pk).update(is_active=False)
        revoked, over = factories.Program(self.alice, *SCOPES), factories.Program(self.alice, *SCOPES)
        self.revoked, self.over = revoked.bearer, over.bearer
        assert self.api(self.alice).delete(f"/api/v1/me/clients/{revoked.client.pk}/").status_code == 204
        Token.objects.filter(pk=over.token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def cookie_of(actor: Any) -> str:
    """The key of a session in which somebody is signed in, as the sign-in page leaves it."""
    user = getattr(actor, "user", actor)
    if user is None or isinstance(actor, factories.Program):
        return ""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def session_of(key: str) -> Any:
    return SessionStore(key)


def ended(key: str) -> str:
    SessionStore(key).delete()
    return key


def forged(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body}.{signature[::-1]}"


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def with_cookie(key: str) -> dict[str, str]:
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"} if key else {}
