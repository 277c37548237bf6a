"""Two invented squads whose last four weeks were lived and advised morning by morning.

Before that a season log was imported silently. Everything goes through the same doors as on a real day: check-ins,
records and the coach's word by their own functions, advice by the drain at each morning's time, with the real policy
and guards. No phone rings.
"""

import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction

from athletes.models import Athlete, Membership, Squad, User
from athletes.reports import intake
from athletes.reports.season_logs import import_season, plain_rows
from recommendations.advice import advising, overriding
from recommendations.models import Advice, Override, WaitingDay
from recommendations.queue import waiting

PASSWORD = "homestretch-demo"  # noqa: S105  (invented people, embedded mode only)
SEED = 7
WEEKS = 12
ADVISED_DAYS = 28  # the last of them is today
POOL = 32  # invented athletes of whom those are taken that nothing befell in the advised days: the story says what does
SQUADS = {
    "Sprints": ("charlie", ("alice", "bob", "dana", "femi", "greta", "hiro", "jia", "kofi")),
    "Hurdles": ("eve", ("ivan",)),
}
# The story. Alice is well, and has not reported this morning yet.
FEVER = range(-10, -7)  # days from today on which Bob has a fever; then he comes back
RETURN_SHARES = (0.35, 0.5, 0.6, 0.75, 0.85)  # of what he does otherwise, on the days after
USUAL_MS = {"alice": 57.0, "dana": 90.0}
DOUBTED_MS = 22.0  # what Dana's watch says this morning
FEMIS_RACE_IN = timedelta(days=9)
GRETA_SILENT_FROM = -1
KEEPS_TO_HIMSELF = "hiro"
OVERRULED = "jia"
NIGGLE_FROM = -2  # Kofi's hamstring
BY_HAND = "alice"  # no watch: HRV and hours of sleep with the check-in
Row = Mapping[str, Any]
Tell = Callable[[str], None]


@dataclass
class Person:
    name: str
    athlete: Athlete
    rows: dict[date, Row]  # of the season log
    mood: random.Random = field(repr=False, default_factory=random.Random)


def load(now: datetime, tell: Tell) -> int:
    """Everybody or nobody. Returns the days of history."""
    with transaction.atomic():
        people, coaches = make_everybody(now)
        first = today_of(now) - timedelta(days=ADVISED_DAYS - 1)
        tell(f"{len(people)} athletes, {len(people[0].rows)} days each; the last {ADVISED_DAYS} are advised one by one")
        for person in people:
            remember(person, first, now)
        plan_ahead(people, coaches, now)
        for number in range(ADVISED_DAYS):
            live_a_day(people, first + timedelta(days=number), now)
            if (number + 1) % 7 == 0:
                tell(f"{number + 1} of {ADVISED_DAYS} mornings")
        overrule(next(p for p in people if p.name == OVERRULED), coaches["charlie"], now)
    return len(people[0].rows)


# --- who --------------------------------------------------------------------------------------------------------------


def make_everybody(now: datetime) -> tuple[list[Person], dict[str, User]]:
    zone, hashed = machine_zone(), make_password(PASSWORD)
    names = [name for _, members in SQUADS.values() for name in members]
    logs = invented_logs(len(names), today_of(now) - timedelta(days=1))
    people, coaches = [], {}
    for squad_name, (coach, members) in SQUADS.items():
        squad = Squad.objects.create(name=squad_name)
        coaches[coach] = make_user(coach, hashed, is_staff=True)
        squad.coaches.add(coaches[coach])
        for name in members:
            rows = own_rows(name, logs.pop(0))
            athlete = make_athlete(name, squad, zone, hashed, rows, now)
            people.append(Person(name, athlete, rows, random.Random(name)))
    return people, coaches


def make_athlete(name: str, squad: Squad, zone: str, hashed: str, rows: Mapping[date, Row], now: datetime) -> Athlete:
    """With six sessions of an hour, rated so that they make the usual week."""
    loads = [row["load_au"] for row in rows.values() if row["load_au"] is not None]
    rpe = min(round(2 * 7 * sum(loads) / len(loads) / 360) / 2, 10.0)
    usual = {"usual_sessions_per_week": 6, "usual_session_min": 60, "usual_session_rpe": rpe}
    race = today_of(now) + FEMIS_RACE_IN if name == "femi" else None
    user = make_user(name, hashed)
    athlete = Athlete.objects.create(user=user, display_name=name.title(), timezone=zone, main_race_on=race, **usual)
    shares = name != KEEPS_TO_HIMSELF
    joined = now - timedelta(weeks=WEEKS + 1)
    Membership.objects.create(
        athlete=athlete, squad=squad, shares_status=shares, shares_values=shares, joined_at=joined
    )
    return athlete


def make_user(name: str, hashed: str, **values: Any) -> User:
    """`hashed`: made once, a password hash takes a third of a second."""
    user = User.objects.create(email=address(name), password=hashed, first_name=name.title(), **values)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def address(name: str) -> str:
    return f"{name}@example.org"


def invented_logs(athletes: int, last: date) -> list[Any]:
    """Whole weeks from a Monday and the days of this one up to `last`, of those who were well in the advised days."""
    import pandas as pd

    from mlmodels.worlds.simulator import make_cohort

    start = last - timedelta(weeks=WEEKS, days=last.weekday())
    log = make_cohort(POOL, (last - start).days + 1, SEED, start)
    log = log.assign(date=pd.to_datetime(log["date"]), rest_day=log["rest_day"].astype(float))
    recent = log[log["date"] > pd.Timestamp(last) - pd.Timedelta(days=ADVISED_DAYS + 14)]
    befell = recent.groupby("athlete")[["ill", "injured"]].any().any(axis=1)
    found = [rows for name, rows in log.groupby("athlete", sort=True) if not befell[name]]
    return found[:athletes]


def own_rows(name: str, log: Any) -> dict[date, Row]:

    rows: dict[date, Row] = {row["date"]: row for row in plain_rows(log)}
    if name in USUAL_MS:
        known = sorted(row["hrv_rmssd_ms"] for row in rows.values() if row["hrv_rmssd_ms"])
        factor = USUAL_MS[name] / known[len(known) // 2]
        rows = {on: {**row, "hrv_rmssd_ms": times(row["hrv_rmssd_ms"], factor)} for on, row in rows.items()}
    if name == BY_HAND:
        rows = {on: {**row, "sleep_score": None} for on, row in rows.items()}
    return rows


def times(value: float | None, factor: float) -> float | None:
    return None if value is None else round(value * factor, 1)


def today_of(now: datetime) -> date:
    return now.astimezone(ZoneInfo(machine_zone())).date()


def machine_zone() -> str:
    """Where this computer is: the demo's today should be its owner's. UTC when it does not say."""
    link = Path("/etc/localtime")
    named = os.environ.get("TZ", "").removeprefix(":") or str(link.resolve()).partition("/zoneinfo/")[2]
    return named if named in available_timezones() else "UTC"


# --- their days -------------------------------------------------------------------------------------------------------


def remember(person: Person, first: date, now: datetime) -> None:
    """The past as a log; of the advised days only what was planned, the rest they report themselves."""
    planned = ("date", "planned_load_au", "planned_high_intensity_share")
    rows = [row if on < first else {name: row[name] for name in planned} for on, row in person.rows.items()]
    import_season(person.athlete, rows, file_sha256="demo", now=now)


def live_a_day(people: list[Person], on: date, now: datetime) -> None:
    """Yesterday's training and the night are told, the morning is answered; after the deadline all are advised."""
    ago = (on - today_of(now)).days
    zone = ZoneInfo(people[0].athlete.timezone)
    morning = min(datetime.combine(on, time(7, 10), zone), now)
    for person in people:
        if told := evening_of(person, on - timedelta(days=1), ago - 1, zone) + night_of(person, on, ago, morning):
            intake.record_batch(person.athlete, told, rings=False, now=morning)
        if answers := answers_of(person, on, ago):
            intake.record_check_in(person.athlete, on, answers, rings=False, now=morning)
        waiting.enqueue(person.athlete.pk, [on], rings=False, reason=WaitingDay.Reason.DEADLINE)
    advising.drain(now if ago == 0 else datetime.combine(on, time(9, 1), zone))


def silent(person: Person, ago: int) -> bool:
    return (person.name == "greta" and ago >= GRETA_SILENT_FROM) or (person.name == BY_HAND and ago == 0)


def evening_of(person: Person, on: date, ago: int, zone: ZoneInfo) -> list[tuple[str, dict[str, Any]]]:
    row = person.rows.get(on, {})
    load = row.get("load_au")
    if ago <= -ADVISED_DAYS or load is None or silent(person, ago):
        return []
    load = load * return_share(person, ago)
    told: list[tuple[str, dict[str, Any]]] = []
    if load == 0:
        told.append(("rest_day", mark(f"rest-{on}", date=on)))
    else:
        minutes = float(max(min(round(load / 6), 110), 20))
        rpe = min(round(2 * load / minutes) / 2, 10.0)
        began = datetime.combine(on, time(17), zone)
        told.append((
            "training_session",
            mark(f"session-{on}", started_at=began, duration_min=minutes, rpe=rpe, kind="track_intervals",
                 high_intensity_share=row["high_intensity_share"] or 0.0),
        ))  # fmt: skip
    if row["t400_s"] and load:
        ran = datetime.combine(on, time(17, 30), zone)
        told.append(("performance_test", mark(f"trial-{on}", tested_at=ran, time_s=row["t400_s"], timing="hand")))
    return told


def return_share(person: Person, ago: int) -> float:
    if person.name != "bob" or ago < FEVER.start:
        return 1.0
    if ago in FEVER:
        return 0.0
    back = ago - FEVER.stop
    return RETURN_SHARES[back] if back < len(RETURN_SHARES) else 1.0


def night_of(person: Person, on: date, ago: int, morning: datetime) -> list[tuple[str, dict[str, Any]]]:
    """By the watch, if there is one."""
    if person.name == BY_HAND or silent(person, ago):
        return []
    row = last_known(person, on)
    woke = max(morning - timedelta(minutes=20), morning.replace(hour=0, minute=1))
    told: list[tuple[str, dict[str, Any]]] = []
    if row["sleep_h"] is not None:
        night = mark(f"night-{on}", "garmin", start_at=woke - timedelta(hours=row["sleep_h"]), end_at=woke)
        told.append(("sleep_session", night | {"score": row["sleep_score"]}))
    if hrv_ms := hrv_of(person, row, ago):
        reading = mark(f"hrv-{on}", "garmin", metric="rmssd", context="overnight_mean", value_ms=hrv_ms)
        told.append(("hrv_reading", reading | {"measured_at": woke}))
    return told


def last_known(person: Person, on: date) -> Row:
    """This morning the log has not got yet: it is much like the last one on which all was measured."""
    if on in person.rows:
        return person.rows[on]
    return next(row for row in reversed(person.rows.values()) if row["hrv_rmssd_ms"] and row["sleep_h"])


def hrv_of(person: Person, row: Row, ago: int) -> float | None:
    if person.name == "dana" and ago == 0:
        return DOUBTED_MS
    ill = person.name == "bob" and ago in FEVER
    return times(row["hrv_rmssd_ms"], 0.75 if ill else 1.0)


def answers_of(person: Person, on: date, ago: int) -> dict[str, Any]:
    if silent(person, ago):
        return {}
    ill, hurt = person.name == "bob" and ago in FEVER, person.name == "kofi" and ago >= NIGGLE_FROM
    scale = [1, 2, 2] if ill else [3, 4, 4, 4, 5]
    items = ("fatigue", "sleep_quality", "muscle_soreness", "stress", "mood")
    answers: dict[str, Any] = {item: person.mood.choice(scale) for item in items}
    answers |= {"scale": "mclean_1_5", "illness": "fever" if ill else "none", "red_flag": "none"}
    answers["injury"] = {"status": "niggle", "body_site": "hamstring"} if hurt else {"status": "none"}
    answers["pain_0_10"] = 3 if hurt else 0
    if person.name == BY_HAND:
        row = last_known(person, on)
        answers["sleep_duration_min"] = row["sleep_h"] and round(row["sleep_h"] * 60)
        if row["hrv_rmssd_ms"]:
            answers["hrv"] = {"metric": "rmssd", "value_ms": row["hrv_rmssd_ms"], "context": "morning_supine"}
    return answers


def mark(name: str, provider: str = "manual", **values: Any) -> dict[str, Any]:
    return {"client_record_id": f"demo-{name}", "source": {"provider": provider}, **values}


# --- their coach ------------------------------------------------------------------------------------------------------


def overrule(person: Person, coach: User, now: datetime) -> None:
    advice = Advice.objects.get(athlete=person.athlete, date=today_of(now), current=True)
    left = [action for action in overriding.allowed_actions(advice.guards) if action != advice.action]
    overriding.override(
        advice, by=coach, action=left[-1], reason_code=Override.Reason.SEEN_AT_TRAINING,
        note="Heavy legs in the last repetition yesterday.", now=now,
    )  # fmt: skip


def plan_ahead(people: list[Person], coaches: Mapping[str, User], now: datetime) -> None:
    """Today and the coming week as the last one was planned."""
    of_athlete = {name: coaches[coach] for coach, members in SQUADS.values() for name in members}
    for person in people:
        for ahead in range(8):
            on = today_of(now) + timedelta(days=ahead)
            row = person.rows[on - timedelta(days=7 if ahead < 7 else 14)]
            values = {"load_au": row["planned_load_au"], "high_intensity_share": row["planned_high_intensity_share"]}
            intake.record_plan(person.athlete, on, values, by=of_athlete[person.name], rings=False, now=now)
