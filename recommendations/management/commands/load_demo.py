"""Two invented squads, so that the first look at a new installation shows something."""

import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone as clock

from athletes.local_time import local_today
from athletes.models import Athlete, Membership, Squad, User
from athletes.season_logs import import_season
from recommendations import waiting
from recommendations.management.commands.import_season import plain_rows

PASSWORD = "homestretch-demo"  # noqa: S105  (invented people, embedded mode only)
SEED = 7
WEEKS = 12
SQUADS = {
    "Sprints": ("charlie", ("alice", "bob", "dana", "femi", "greta", "hiro")),
    "Hurdles": ("eve", ("ivan", "jia", "kofi")),
}
KEEPS_TO_HIMSELF = "hiro"


class Command(BaseCommand):
    help = "Make the demo squads and their past, the first time only. Never with production settings."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("the demo's password is public: it is loaded with HOMESTRETCH_MODE=embedded only")
        if User.objects.filter(email=address("alice")).exists():
            self.stdout.write("the demo squads are already there")
            return
        with transaction.atomic():
            days = make_everybody()
        self.stdout.write(
            f"two demo squads, {days} days of history; sign in as {address('alice')}, password {PASSWORD}"
        )


def make_everybody() -> int:
    zone, hashed = machine_zone(), make_password(PASSWORD)
    names = [name for _, members in SQUADS.values() for name in members]
    yesterday = clock.now().astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    log = invented_log(len(names), yesterday)
    history = {name: rows for name, (_, rows) in zip(names, log.groupby("athlete", sort=True), strict=True)}
    for squad_name, (coach, members) in SQUADS.items():
        squad = Squad.objects.create(name=squad_name)
        squad.coaches.add(make_user(coach, hashed, is_staff=True))
        for name in members:
            athlete = make_athlete(name, squad, zone, hashed, float(history[name]["load_au"].mean()) * 7)
            import_season(athlete, plain_rows(history[name]), file_sha256="demo")
            waiting.enqueue(athlete.pk, [local_today(athlete)], rings=False)
    return len(log) // len(names)


def make_athlete(name: str, squad: Squad, zone: str, hashed: str, usual_week_au: float) -> Athlete:
    """With six sessions of an hour, rated so that they make the usual week."""
    rpe = min(round(2 * usual_week_au / 360) / 2, 10.0)
    usual = {"usual_sessions_per_week": 6, "usual_session_min": 60, "usual_session_rpe": rpe}
    athlete = Athlete.objects.create(user=make_user(name, hashed), display_name=name.title(), timezone=zone, **usual)
    shares = name != KEEPS_TO_HIMSELF
    Membership.objects.create(athlete=athlete, squad=squad, shares_status=shares, shares_values=shares)
    return athlete


def make_user(name: str, hashed: str, **values: Any) -> User:
    """`hashed`: made once, a password hash takes a third of a second."""
    user = User.objects.create(email=address(name), password=hashed, first_name=name.title(), **values)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def address(name: str) -> str:
    return f"{name}@example.org"


def invented_log(athletes: int, last: date) -> Any:
    """Whole weeks from a Monday and the days of this one up to `last`, without what the simulator drew after it."""
    import pandas as pd

    from mlmodels.simulator import make_cohort

    start = last - timedelta(weeks=WEEKS, days=last.weekday())
    log = make_cohort(athletes, (last - start).days + 1, SEED, start)
    return log.assign(date=pd.to_datetime(log["date"]), rest_day=log["rest_day"].astype(float))


def machine_zone() -> str:
    """Where this computer is: the demo's today should be its owner's. UTC when it does not say."""
    link = Path("/etc/localtime")
    named = os.environ.get("TZ", "").removeprefix(":") or str(link.resolve()).partition("/zoneinfo/")[2]
    return named if named in available_timezones() else "UTC"
