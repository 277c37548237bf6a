"""Athletes with a history and a token each, written straight into a migrated database.

python -m benchmarks.cast --athletes N --days D --tokens tokens.json     (with the environment of the servers)
"""

from __future__ import annotations

import argparse
import json
import secrets
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import django
import numpy as np

WEEK_LOAD_AU = np.array([520.0, 380.0, 0.0, 540.0, 300.0, 500.0, 0.0])  # a squad's usual week, Monday first


def make_athletes(count: int) -> list[Any]:
    from athletes.models import Athlete, User

    start = User.objects.count()
    people = [User(email=f"athlete{start + i}@example.org", password="!") for i in range(count)]
    users = User.objects.bulk_create(people, batch_size=2000)
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


def make_days(athletes: list[Any], today: date, days: int, seed: int = 7) -> None:
    """Resolved days up to yesterday: HRV, sleep and load on nearly all of them, a 400 m each week."""
    from django.utils import timezone

    from athletes.models import Day

    rng, now = np.random.default_rng(seed), timezone.now()
    dates = [today - timedelta(days=ago) for ago in range(days, 0, -1)]
    for first in range(0, len(athletes), 1000):
        rows = []
        for athlete in athletes[first : first + 1000]:
            hrv = np.exp(rng.normal(4.0, 0.15, days))
            sleep, scale = rng.normal(76, 7, days).clip(20, 100), rng.normal(1, 0.15, days).clip(0.4)
            known = rng.random(days) > 0.08
            for i, day in enumerate(dates):
                load = float(WEEK_LOAD_AU[day.weekday()] * scale[i])
                rows.append(
                    Day(
                        athlete=athlete, date=day, revised_at=now,
                        hrv_ms=float(hrv[i]) if known[i] else None, hrv_era="rmssd/manual/morning_supine",
                        sleep_score=float(sleep[i]), sleep_score_basis="derived", sleep_duration_min=440.0,
                        load_au=load, rest_day=load == 0, high_intensity_share=0.3,
                        t400_s=float(rng.normal(55, 0.5)) if day.weekday() == 5 else None,
                        t400_timing="hand" if day.weekday() == 5 else "",
                    )
                )  # fmt: skip
        Day.objects.bulk_create(rows, batch_size=2000)


def carry_states(athletes: list[Any], today: date) -> None:
    """As on any morning but the first: the state is carried to the evening before last, yesterday is still to close."""
    from recommendations import frames

    yesterday = today - timedelta(days=1)
    for first in range(0, len(athletes), 500):
        asked = [frames.Asked(a, yesterday, frames.NOTHING) for a in athletes[first : first + 500]]
        frames.keep_carries(frames.stand(asked).evenings)


def make_tokens(athletes: list[Any]) -> list[str]:
    """An access token that lasts the run, of a session of its own, for each athlete."""
    from allauth.headless.tokens.strategies.jwt import internal
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    settings.HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 24 * 3600
    backend, ends = settings.AUTHENTICATION_BACKENDS[-1], timezone.now() + timedelta(days=1)
    sessions, tokens = [], []
    for athlete in athletes:
        key = secrets.token_hex(16)
        data = {
            SESSION_KEY: str(athlete.user_id),
            BACKEND_SESSION_KEY: backend,
            HASH_SESSION_KEY: athlete.user.get_session_auth_hash(),
        }
        sessions.append(Session(session_key=key, session_data=SessionStore().encode(data), expire_date=ends))
        tokens.append(internal.create_access_token(athlete.user, SessionStore(key), {}))
    Session.objects.bulk_create(sessions, batch_size=2000)
    return tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--athletes", type=int, required=True)
    parser.add_argument("--days", type=int, default=35)
    parser.add_argument("--tokens", type=Path, required=True)
    given = parser.parse_args()
    django.setup()
    from django.utils import timezone

    athletes = make_athletes(given.athletes)
    today = timezone.now().date()
    if given.days:
        make_days(athletes, today, given.days)
        carry_states(athletes, today)
    given.tokens.write_text(json.dumps(make_tokens(athletes)))


if __name__ == "__main__":
    main()
