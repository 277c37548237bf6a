"""Plain functions that make rows with sensible values; pass what the test is about, leave the rest."""

from datetime import date, timedelta
from typing import Any

from athletes.models import Athlete, Membership, Squad, User

PASSWORD = "homestretch-demo"


def make_user(email: str, **values: Any) -> User:
    from allauth.account.models import EmailAddress

    user = User.objects.create_user(email, PASSWORD, **values)
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    return user


def make_athlete(email: str, **values: Any) -> Athlete:
    values.setdefault("display_name", email.split("@")[0].title())
    values.setdefault("timezone", "Europe/Berlin")
    return Athlete.objects.create(user=make_user(email), **values)


def make_coach(email: str) -> User:
    return make_user(email, is_staff=True)


def permit_medical(coach: User) -> User:
    """The club's half of it; the athlete's is `shares_medical`. As read anew: permissions are kept by the instance."""
    from django.contrib.auth.models import Permission

    coach.user_permissions.add(Permission.objects.get(codename="view_medical_detail"))
    return User.objects.get(pk=coach.pk)


def make_squad(name: str, coach: User, *members: Athlete, **shares: bool) -> Squad:
    shares.setdefault("shares_status", True)
    squad = Squad.objects.create(name=name)
    squad.coaches.add(coach)
    for athlete in members:
        Membership.objects.create(athlete=athlete, squad=squad, **shares)
    return squad


def days_back(from_date: date, count: int) -> list[date]:
    """Oldest first, ending the day before `from_date`."""
    return [from_date - timedelta(days=ago) for ago in range(count, 0, -1)]


def make_advice(athlete: Athlete, day: date, revision: int = 1, **values: Any) -> Any:
    """A row as advising writes it, for tests that are about something else."""
    from django.utils import timezone

    from recommendations.models import Advice

    now = timezone.now()
    given = {
        "status": Advice.Status.FINAL,
        "stage": "learned",
        "action": "as_planned",
        "said": {"headline": {"key": "headline.as_planned"}, "detail": [], "reasons": [], "would_change_if": []},
        "guard_version": 1,
        "state_version": 1,
        "issued_at": now,
        "valid_until": now + timedelta(hours=12),
    }
    return Advice.objects.create(athlete=athlete, date=day, revision=revision, **{**given, **values})


def make_device(user: User, subscription: Any, **values: Any) -> Any:
    """`subscription`: of tests.push_service, or an FCM token."""
    from hashlib import sha256

    from recommendations.models import Device

    if isinstance(subscription, str):
        given = {"kind": Device.Kind.FCM, "address": subscription}
    else:
        body = subscription.as_json()
        given = {"kind": Device.Kind.WEBPUSH, "address": body["endpoint"], **body["keys"]}
    address_sha256 = sha256(given["address"].encode()).hexdigest()
    return Device.objects.create(user=user, address_sha256=address_sha256, **{**given, **values})


class Program:
    """Somebody else's program, let in by an athlete: `bearer` is its access token."""

    def __init__(self, athlete: Athlete, *scopes: str, name: str = "Folder sync") -> None:
        from allauth.idp.oidc.models import Client, Token

        grants = (Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.DEVICE_CODE, Client.GrantType.REFRESH_TOKEN)
        self.client = Client(name=name, type=Client.Type.PUBLIC, redirect_uris="https://sync.example.org/back")
        self.client.set_scopes(scopes)
        self.client.set_default_scopes(scopes)
        self.client.set_grant_types([str(grant) for grant in grants])
        self.client.save()
        self.bearer = f"token-of-{self.client.pk}"
        self.token = Token(type=Token.Type.ACCESS_TOKEN, client=self.client, user=athlete.user)
        self.token.set_scopes(list(scopes))
        self.token.set_value(self.bearer)
        self.token.save()
