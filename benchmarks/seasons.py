"""Seasons that athletes have behind them, in the product's own tables, fast enough for hundreds of athletes.

A few athletes live them: what they report is written row by row, their days are resolved by the product's own rules,
and their last four weeks are advised morning by morning by the real policy, which leaves the real carries and warnings
behind. What was advised then is said again in the weeks before. Everybody else is given a copy of one of them, table by
table, within the database: 30,000 rows a second on SQLite, where the ORM writes 5,000.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle
from typing import Any

import numpy as np

MODELS = 6  # athletes whose seasons are lived
ADVISED_DAYS = 28
DELIVERED_DAYS = 30  # recommendations.monitoring.retention
SUPERSEDED_DAYS = 730
WEEK_LOAD_AU = (520.0, 380.0, 0.0, 540.0, 300.0, 500.0, 0.0)  # a squad's usual week, Monday first
OLD_WARNINGS = 20  # a season, each open for some days
COPIED_AT_ONCE = 20  # athletes a transaction


def live(athletes: Sequence[Any], until: date, days: int, *, reports: bool = True, seed: int = 7) -> None:
    """Every day before `until`. `reports=False`: only what a drain reads, not what the days were made of."""
    from recommendations.models import Warning

    models = list(athletes[:MODELS])
    dates = [until - timedelta(days=ago) for ago in range(days, 0, -1)]
    rng = np.random.default_rng(seed)
    for athlete in models:
        write_reports(athlete, dates, rng)
    resolve(models, dates)
    for day in dates[-ADVISED_DAYS:]:
        advise(models, day)
    seen = list(Warning.objects.filter(athlete__in=models))
    for athlete in models:
        repeat_advice(athlete, dates)
        repeat_warnings(athlete, dates, seen)
    copy_to(athletes[MODELS:], models, reports=reports)


# --- lived ------------------------------------------------------------------------------------------------------------


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), UTC)


def write_reports(athlete: Any, dates: Sequence[date], rng: np.random.Generator) -> None:
    """HRV by hand with the check-in; a watch's night, pulse, SDNN and sessions; a 400 m on every other Saturday."""
    from athletes.models import (
        CheckIn,
        HrvReading,
        PerformanceTest,
        RestDay,
        RestingHrReading,
        SleepSession,
        TrainingSession,
    )

    rows: dict[type[Any], list[Any]] = {}

    def add(model: type[Any], day: date, **values: Any) -> None:
        record = {"date_basis": "profile_zone", "provider": "apple", "client_record_id": f"{model.__name__}-{day}"}
        known = {} if model is CheckIn else record | {"content_hash": "0" * 64}
        row_id = uuid7_at(at(day, 7), athlete.pk)
        rows.setdefault(model, []).append(model(id=row_id, athlete=athlete, date=day, **known | values))

    for day in dates:
        hrv_ms, asleep_min = float(np.exp(rng.normal(4.0, 0.12))), round(rng.normal(450, 35))
        if rng.random() > 0.08:
            answers = dict(zip(ITEMS, map(int, rng.integers(3, 6, len(ITEMS))), strict=True))
            add(CheckIn, day, submitted_at=at(day, 6, 50), hrv_metric="rmssd", hrv_context="morning_supine",
                hrv_value_ms=round(hrv_ms, 1), illness="none", pain_0_10=0, **answers)  # fmt: skip
        woke = at(day, 6, 30)
        add(SleepSession, day, start_at=woke - timedelta(minutes=asleep_min + 20), end_at=woke,
            duration_s=60 * asleep_min, time_in_bed_s=60 * (asleep_min + 20))  # fmt: skip
        add(RestingHrReading, day, measured_at=woke, value_bpm=48.0 + int(rng.integers(0, 8)))
        add(HrvReading, day, measured_at=at(day, 5), metric="sdnn", context="spot", value_ms=round(1.2 * hrv_ms, 1))
        load_au = WEEK_LOAD_AU[day.weekday()] * max(0.4, rng.normal(1, 0.15))
        if load_au:
            minutes = round(load_au / 6.0, 1)
            add(TrainingSession, day, started_at=at(day, 16), duration_min=minutes, rpe=6.0, load_basis="rpe",
                load_au=minutes * 6.0, kind="track_intervals", avg_hr_bpm=150.0, max_hr_bpm=180.0)  # fmt: skip
        else:
            add(RestDay, day)
        if day.weekday() == 5 and day.isocalendar().week % 2:
            add(PerformanceTest, day, tested_at=at(day, 10), time_s=float(rng.normal(55, 0.5)), timing="hand")
    for model, of_model in rows.items():
        write(model, of_model)


ITEMS = ("fatigue", "sleep_quality", "muscle_soreness", "stress", "mood")


def write(model: type[Any], rows: Sequence[Any]) -> None:
    from athletes import one_writer

    if hasattr(rows[0], "change_seq"):
        one_writer.number(rows)
    model.objects.bulk_create(rows, batch_size=1000)


def uuid7_at(moment: datetime, athlete_id: int) -> uuid.UUID:
    """An id of that time, so that old rows lie where old rows lie; one of a table, athlete and time."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80 | 0x7 << 76 | 0x2 << 62 | athlete_id)


def resolve(athletes: Sequence[Any], dates: Sequence[date]) -> None:
    from athletes.days import resolving

    for athlete in athletes:
        resolving.resolve_days(athlete, dates, now=at(dates[-1], 20))


def advise(athletes: Sequence[Any], day: date) -> None:
    from django.db import transaction

    from recommendations.advice import advising

    nobody_asked: advising.Claimed = {athlete: [] for athlete in athletes}
    with transaction.atomic():
        worked = advising.work_out(dict.fromkeys(athletes, day), nobody_asked, at(day, 7))
        advising.store(worked, nobody_asked, rings=set(), now=at(day, 7))


# --- repeated ---------------------------------------------------------------------------------------------------------


def repeat_advice(athlete: Any, dates: Sequence[date]) -> None:
    """The advised weeks again and again, with what was answered and overruled, and the messages that are kept."""
    from recommendations.models import Advice, Delivery, Feedback, Override

    lived = list(Advice.objects.filter(athlete=athlete, current=True).order_by("date"))
    Advice.objects.filter(athlete=athlete).delete()  # written again below, with the ids of their own mornings
    rows, superseded = [], dates[-1] - timedelta(days=SUPERSEDED_DAYS)
    for back, day in enumerate(reversed(dates)):
        told = lived[-1 - back % len(lived)]
        twice = day.weekday() == 0 and day > superseded
        if twice:
            rows.append(said_again(told, day, revision=1, current=False))
        rows.append(said_again(told, day, revision=1 + twice, current=True))
    write(Advice, rows[::-1])
    current = [row for row in rows if row.current]
    write(Feedback, [Feedback(advice=row, followed="yes", agreement=4) for row in current[::3]])
    write(
        Override,
        [
            Override(
                id=uuid7_at(row.issued_at, athlete.pk), advice=row, action="as_planned", reason_code="seen_at_training",
                created_at=row.issued_at,
            )
            for row in current[10::20]
        ],
    )  # fmt: skip
    device = make_device(athlete.user)
    write(
        Delivery,
        [
            Delivery(
                id=uuid7_at(row.issued_at, athlete.pk), device=device, advice=row, state="sent", attempts=1,
                next_attempt_at=row.issued_at, sent_at=row.issued_at, valid_until=row.valid_until,
            )
            for row in current[:DELIVERED_DAYS]
        ],
    )  # fmt: skip


def said_again(told: Any, day: date, *, revision: int, current: bool) -> Any:
    values = {field.attname: getattr(told, field.attname) for field in told._meta.concrete_fields}
    issued_at = at(day, 6 + revision)
    return type(told)(
        **values | {
            "id": uuid7_at(issued_at, told.athlete_id), "date": day, "revision": revision, "current": current,
            "issued_at": issued_at, "valid_until": at(day + timedelta(days=1), 0),
        }
    )  # fmt: skip


def make_device(user: Any) -> Any:
    from recommendations.models import Device

    return Device.objects.create(user=user, kind="fcm", address_sha256=f"{user.pk:064x}", address=f"token-{user.pk}")


def repeat_warnings(athlete: Any, dates: Sequence[date], seen: Sequence[Any]) -> None:
    """Closed ones of the seasons before, of the kinds that were seen in the advised weeks."""
    from recommendations.models import Warning

    count = min(OLD_WARNINGS * len(dates) // 365, len(dates) // 8)
    rows = []
    for number in range(count if seen else 0):
        like, opened = seen[number % len(seen)], dates[number * len(dates) // count]
        rows.append(
            Warning(
                id=uuid7_at(at(opened, 7), athlete.pk), athlete=athlete, kind=like.kind, level=like.level,
                opened_on=opened, last_seen_on=opened + timedelta(days=3), closed_on=opened + timedelta(days=6),
                evidence=like.evidence, citation=like.citation, rule_version=like.rule_version,
            )
        )  # fmt: skip
    if rows:
        write(Warning, rows)


# --- copied -----------------------------------------------------------------------------------------------------------


def copy_to(athletes: Sequence[Any], models: Sequence[Any], *, reports: bool) -> None:
    from django.db import connection, transaction

    # What is copied refers to what is copied. A crash meanwhile may cost it all.
    hasty = ("PRAGMA synchronous=OFF", "PRAGMA cache_size=-1000000")
    if connection.vendor == "postgresql":
        hasty = ("SET session_replication_role = replica", "SET synchronous_commit = off")
    columns = ("source_id", "source_user_id", "id", "user_id")
    with connection.cursor() as cursor:
        for setting in hasty:
            cursor.execute(setting)
        cursor.execute(f"CREATE TEMPORARY TABLE copies ({', '.join(f'{name} bigint' for name in columns)})")
    for first in range(0, len(athletes), COPIED_AT_ONCE):
        chosen = athletes[first : first + COPIED_AT_ONCE]
        pairs = [(model, athlete) for model, athlete in zip(cycle(models), chosen, strict=False)]
        values = [(model.pk, model.user_id, athlete.pk, athlete.user_id) for model, athlete in pairs]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM copies")
            cursor.executemany("INSERT INTO copies VALUES (%s, %s, %s, %s)", values)
            for statement in copying(connection.vendor, reports):
                cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()  # and with it the table and the settings


def copying(vendor: str, reports: bool) -> list[str]:
    """One INSERT ... SELECT a table; what refers to an advice or a device comes after it."""
    from athletes import models as told
    from recommendations import models as said

    reported = (told.CheckIn, told.HrvReading, told.RestingHrReading, told.SleepSession, told.TrainingSession,
                told.RestDay, told.PerformanceTest)  # fmt: skip
    kept = (told.Day, said.StateCarry, said.Advice, said.Warning, said.Device, said.Feedback, said.Override,
            said.Delivery)  # fmt: skip
    return [copying_of(model, vendor) for model in (*(reported if reports else ()), *kept)]


def copying_of(model: type[Any], vendor: str) -> str:
    from django.db import models as django

    table, columns, values = model._meta.db_table, [], []
    for field in model._meta.concrete_fields:
        own = f't."{field.column}"'
        target = field.related_model._meta.pk if isinstance(field, django.ForeignKey) else field
        if isinstance(field, django.AutoField):
            continue
        if field.column in ("athlete_id", "user_id"):
            own = "c.id" if field.column == "athlete_id" else "c.user_id"
        elif isinstance(target, django.UUIDField) and (field.primary_key or field.name in ("advice", "device")):
            own = copied_id(own, vendor)
        elif field.name == "address_sha256":
            own = "printf('%064x', c.user_id)" if vendor == "sqlite" else "lpad(to_hex(c.user_id), 64, '0')"
        columns.append(f'"{field.column}"')
        values.append(own)
    names = {field.name for field in model._meta.concrete_fields}
    if "athlete" in names:
        joined = "JOIN copies c ON c.source_id = t.athlete_id"
    elif "user" in names:
        joined = "JOIN copies c ON c.source_user_id = t.user_id"
    else:
        joined = "JOIN recommendations_advice a ON a.id = t.advice_id JOIN copies c ON c.source_id = a.athlete_id"
    return f'INSERT INTO "{table}" ({", ".join(columns)}) SELECT {", ".join(values)} FROM "{table}" t {joined}'


def copied_id(column: str, vendor: str) -> str:
    """The time of the original, then whose copy it is."""
    if vendor == "sqlite":
        return f"substr({column}, 1, 20) || printf('%012x', c.id)"
    return f"(left({column}::text, 24) || lpad(to_hex(c.id), 12, '0'))::uuid"
