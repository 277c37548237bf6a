"""Athletes with seasons behind them and a token each, written straight into a migrated database.

python -m benchmarks.cast --athletes N [--days 1095] --tokens tokens.json     (with the environment of the servers)
"""

from __future__ import annotations

import argparse
import json
import secrets
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django

from benchmarks import seasons
from benchmarks.servers import ROOT

SEASONS_D = 1095  # three years
PASSWORD = "a password for benchmarks"


def make_users(emails: list[str], **values: Any) -> list[Any]:
    """Of verified addresses, all with one password: a hash takes a third of a second."""
    from allauth.account.models import EmailAddress
    from django.contrib.auth.hashers import make_password

    from athletes.models import User

    hashed = make_password(PASSWORD)
    people = [User(email=email, password=hashed, **values) for email in emails]
    users = User.objects.bulk_create(people, batch_size=2000)
    addresses = [EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users]
    EmailAddress.objects.bulk_create(addresses, batch_size=2000)
    return users


def make_athletes(count: int) -> list[Any]:
    from athletes.models import Athlete, User

    start = User.objects.count()
    users = make_users([f"athlete{start + i}@example.org" for i in range(count)])
    return Athlete.objects.bulk_create(
        [
            Athlete(
                user=user, timezone="UTC", usual_sessions_per_week=5, usual_session_min=75, usual_session_rpe=6,
                next_morning_at=datetime.now().astimezone() + timedelta(days=1),
            )
            for user in users
        ],
        batch_size=2000,
    )  # fmt: skip


def make_squad(athletes: list[Any], name: str = "Sprints") -> Any:
    """All of them share with one coach, who has a device and has seen the notices of half a year. The coach's user."""
    from django.utils import timezone

    from athletes.models import Membership, Squad
    from recommendations.models import Notice

    (coach,) = make_users([f"coach-{name}@example.org".lower()], is_staff=True)
    squad = Squad.objects.create(name=name)
    squad.coaches.add(coach)
    now = timezone.now()
    Membership.objects.bulk_create(
        [Membership(athlete=a, squad=squad, shares_status=True, shares_values=True, joined_at=now) for a in athletes]
    )
    seasons.make_device(coach)
    Notice.objects.bulk_create(
        [
            Notice(
                coach=coach, athlete=a, kind="worst_morning", date=day.date(), created_at=day, over_at=day, seen_at=day
            )
            for a in athletes
            for day in (now - timedelta(days=14 * number) for number in range(1, 13))
        ]
    )  # fmt: skip
    return coach


def make_tokens(users: list[Any]) -> list[str]:
    """An access token that lasts the run, of a session of its own, for each of them."""
    from allauth.headless.tokens.strategies.jwt import internal
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    settings.HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 24 * 3600
    backend, ends = settings.AUTHENTICATION_BACKENDS[-1], timezone.now() + timedelta(days=1)
    sessions, tokens = [], []
    for user in users:
        key = secrets.token_hex(16)
        data = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: backend,
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        sessions.append(Session(session_key=key, session_data=SessionStore().encode(data), expire_date=ends))
        tokens.append(internal.create_access_token(user, SessionStore(key), {}))
    Session.objects.bulk_create(sessions, batch_size=2000)
    return tokens


def cast(athletes: int, days: int, *, ended_days_ago: int = 0, coached: bool = False, reports: bool = True) -> Any:
    """Athletes with so many days up to yesterday, or up to some days before it. Tokens, the coach's last."""
    from django.utils import timezone

    made = make_athletes(athletes)
    if days:
        until = timezone.now().date() - timedelta(days=ended_days_ago)
        seasons.live(made, until, days, reports=reports)
    coaches = [make_squad(made)] if coached else []
    return make_tokens([*(athlete.user for athlete in made), *coaches])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--athletes", type=int, required=True)
    parser.add_argument("--days", type=int, default=SEASONS_D, help="of history; 0: none")
    parser.add_argument("--ended-days-ago", type=int, default=0, help="what came after that was not reported")
    parser.add_argument("--coached", action="store_true", help="in one squad with a coach")
    parser.add_argument("--tokens", type=Path, required=True)
    given = parser.parse_args()
    django.setup()
    tokens = cast(given.athletes, given.days, ended_days_ago=given.ended_days_ago, coached=given.coached)
    given.tokens.write_text(json.dumps(tokens))


def tokens_of(env: dict[str, str], data: Path, athletes: int, *options: object) -> list[str]:
    """The cast in a process of its own, with the environment of the servers."""
    argv = [sys.executable, "-m", "benchmarks.cast", "--athletes", athletes, "--tokens", data / "tokens.json", *options]
    subprocess.run(list(map(str, argv)), env=env, cwd=ROOT, check=True)
    found: list[str] = json.loads((data / "tokens.json").read_text())
    return found


if __name__ == "__main__":
    main()
