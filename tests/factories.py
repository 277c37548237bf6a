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


def make_squad(name: str, coach: User, *members: Athlete, **shares: bool) -> Squad:
    squad = Squad.objects.create(name=name)
    squad.coaches.add(coach)
    for athlete in members:
        Membership.objects.create(athlete=athlete, squad=squad, **shares)
    return squad


def days_back(from_date: date, count: int) -> list[date]:
    """Oldest first, ending the day before `from_date`."""
    return [from_date - timedelta(days=ago) for ago in range(count, 0, -1)]
