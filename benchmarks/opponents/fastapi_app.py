"""A check-in as FastAPI, pydantic, SQLAlchemy Core, redis-py and Celery would take it, doing the product's work.

The same body is judged by the same rules, the same access token by its signature and its session's row, the same limit
is counted in Valkey; the same tables are read and written in one transaction, under the same lock and with numbers of
the same stream; the day is resolved by the product's own function, the answer has the same keys, and a Celery task is
sent for the same worker. Run it under uvicorn with uvloop and httptools, which ``uvicorn[standard]`` brings.

What is different: the framework around it, the ORM, the JSON, the clients of Valkey and the broker, which is what is
compared; what was reported for a day is read kind by kind, as SQLAlchemy's users do, where the product has one UNION.
What the product does besides and this does not: the answer's language and request id, Prometheus' counters, security
headers, deadlines for bodies, PATCH and a check-in that is sent twice, warning signs, days that move to another era.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from config import wsgi  # noqa: F401  (first: it sets Django up, and freezes what is loaded as it does for the product)

# isort: split
import redis
import sqlalchemy as sa
from celery import Celery
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.dialects import postgresql, sqlite

from athletes.days import hrv_choice, resolving
from athletes.days.reported import REPORTED
from athletes.days.resolving import Reports
from athletes.local_days.local_time import local_today
from athletes.models import Athlete, ChangeNumber, CheckIn, Day, EraReading, User
from athletes.one_writer import LOCK_SPACE
from athletes.reports import intake
from athletes.serializers import check_in_body, day_body
from athletes.sign_in.authentication import internal, payload_of, vouches_for
from benchmarks.opponents.tables import engine as engine_of
from benchmarks.opponents.tables import table
from config.broker import CELERY_BROKER_URL
from measures import quality
from recommendations.models import WaitingDay
from storage.identifiers import uuid7

URL = os.environ["DATABASE_URL"]
SQLITE = URL.startswith("sqlite")
insert: Any = sqlite.insert if SQLITE else postgresql.insert
engine = engine_of(URL)
app = FastAPI()
celery = Celery("opponent", broker=CELERY_BROKER_URL)
valkey = redis.Redis.from_url(settings.VALKEY_URL)
user, athlete, session = table(User), table(Athlete), table(Session)
check_in, resolved, era_reading, waiting = table(CheckIn), table(Day), table(EraReading), table(WaitingDay)
numbers = table(ChangeNumber)
REPORTS = {kind: (table(model), names) for kind, (model, names) in REPORTED.items()}

Item = Annotated[int | None, Field(ge=1, le=7)]
STRICT = ConfigDict(extra="forbid", strict=True)


class Hrv(BaseModel):
    model_config = STRICT
    metric: Literal["rmssd", "sdnn"]
    value_ms: float = Field(ge=0.001, le=500)
    context: Literal[
        "overnight_mean", "overnight_deep", "overnight_5min_high", "morning_supine", "morning_sitting",
        "morning_standing", "spot",
    ]  # fmt: skip
    confirmed: bool = False


class Injury(BaseModel):
    model_config = STRICT
    status: Literal["none", "niggle", "open"]
    body_site: str = Field("", max_length=40)


class Body(BaseModel):
    model_config = STRICT
    scale: Literal["mclean_1_5", "hooper_1_7", "intervals_1_4"] = "mclean_1_5"
    fatigue: Item = None
    sleep_quality: Item = None
    muscle_soreness: Item = None
    stress: Item = None
    mood: Item = None
    sleep_duration_min: int | None = Field(None, ge=30, le=1440)
    resting_hr_bpm: float | None = Field(None, ge=20, le=150)
    hrv: Hrv | None = None
    illness: Literal["none", "above_neck", "below_neck", "fever"] | None = None
    injury: Injury | None = None
    red_flag: Literal["none", "chest_pain", "fainting", "palpitations", "breathless_at_rest", "head_injury"] | None = (
        None
    )
    pain_0_10: int | None = Field(None, ge=0, le=10)
    notes: str | None = Field(None, max_length=2000)
    note_checked: bool = False
    submitted_at: Annotated[AwareDatetime, Field(strict=False)] | None = None


class Account(NamedTuple):
    athlete: Athlete


def signed_in(authorization: Annotated[str, Header()]) -> Account:
    payload = payload_of(authorization.removeprefix("Bearer "))
    key = payload and internal.session_key_from_sid(payload["sid"])
    if not payload or not key:
        raise HTTPException(401)
    count_write(int(payload["sub"]))
    found = (
        sa.select(session.c.session_data, user.c.id.label("user_id"), user.c.password, user.c.is_active, athlete)
        .select_from(user.join(session, sa.true()).join(athlete, athlete.c.user_id == user.c.id))
        .where(user.c.id == int(payload["sub"]))
        .where(session.c.session_key == key, session.c.expire_date > timezone.now())
    )
    with engine.connect() as connection:
        row = connection.execute(found).mappings().one_or_none()
    if row is None:
        raise HTTPException(401)
    who = User(id=row["user_id"], password=row["password"], is_active=row["is_active"])
    if not vouches_for(SessionStore().decode(row["session_data"]), who):
        raise HTTPException(401)
    return Account(Athlete(**{column.name: row[column] for column in athlete.c}))


def count_write(user_id: int) -> None:
    key = f"opponent:write:{user_id}:{int(time.time()) // 60}"
    with valkey.pipeline(transaction=False) as pipeline:
        count, _ = pipeline.incr(key).expire(key, 120, nx=True).execute()
    if count > settings.WRITES_PER_MINUTE:
        raise HTTPException(429)


@app.put("/api/v1/check-ins/{on}/")
def put_check_in(on: date, sent: Body, who: Annotated[Account, Depends(signed_in)]) -> dict[str, Any]:
    now, data = datetime.now(UTC), sent.model_dump(exclude_unset=True)
    if not 0 <= (local_today(who.athlete, now) - on).days <= 14:
        raise HTTPException(400)
    with engine.begin() as connection:
        said, day = store(connection, who.athlete, on, data, now)
    celery.send_task("recommendations.tasks.drain", queue="advice", expires=10, ignore_result=True)
    body = {**check_in_body(SimpleNamespace(**said)), "status": "created"}  # type: ignore[arg-type]
    return body | {"day": day_body(SimpleNamespace(**day))}  # type: ignore[arg-type]


def store(
    connection: sa.Connection, of: Athlete, on: date, data: dict[str, Any], now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rows of the check-in and of its day."""
    if not SQLITE:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK_SPACE | of.pk)))
    reports = read_reports(connection, of.pk, on)
    before = next(iter(reports.get("check_in", ())), None)
    columns = intake.check_in_columns(data, None, before)
    said = columns | {
        "id": UUID(before["id"]) if before else uuid7(), "athlete_id": of.pk, "date": on, "created_at": now,
        "updated_at": now, "submitted_at": min(data.get("submitted_at") or now, now),
        "quality": intake.quality_of_note(columns["notes"], before, answers=False),
    }  # fmt: skip
    said["quality"] |= doubts(connection, of.pk, on, columns)
    reports["check_in"] = [{name: said[name] for name in REPORTED["check_in"][1]} | {"id": str(said["id"])}]
    choice = choices(connection, of, on, resolving.eras_read(of, on, reports))[on]
    found = resolving.resolve(of, on, reports, choice)
    day = found.columns | {"athlete_id": of.pk, "date": on, "revised_at": now}
    said["change_seq"], day["change_seq"] = next_numbers(connection, 2)
    upsert(connection, check_in, said, keep=("id", "created_at"))
    upsert(connection, resolved, day)
    connection.execute(sa.delete(era_reading).where(era_reading.c.athlete_id == of.pk, era_reading.c.date == on))
    for era, read in found.of_eras.items():
        connection.execute(sa.insert(era_reading).values(athlete_id=of.pk, date=on, era=era, **read._asdict()))
    row = {
        "athlete_id": of.pk,
        "date": on,
        "reason": "revised",
        "rings": True,
        "since": now,
        "attempts": 0,
        "error": "",
    }
    upsert(connection, waiting, row, keep=("reason", "since"))
    return said, day


def read_reports(connection: sa.Connection, athlete_id: int, on: date) -> Reports:
    found: Reports = {}
    for kind, (of_kind, names) in REPORTS.items():
        columns = of_kind.c
        query = sa.select(*(columns[name] for name in names)).where(
            columns.athlete_id == athlete_id, columns.date == on
        )
        if "deleted_at" in columns:
            query = query.where(columns.deleted_at.is_(None))
        rows = [{**row} for row in connection.execute(query).mappings()]
        for row in rows:
            row |= {"id": str(row["id"])} if "id" in row else {}
        if rows:
            found[kind] = rows
    return found


def doubts(connection: sa.Connection, athlete_id: int, on: date, columns: dict[str, Any]) -> dict[str, Any]:
    """As `intake.quality_of_hrv`."""
    if columns["hrv_value_ms"] is None:
        return {}
    metric, context = columns["hrv_metric"], columns["hrv_context"]
    span = (on - quality.HRV_HISTORY, on - timedelta(days=1))
    own = check_in.c
    typed = sa.select(own.hrv_value_ms, own.quality).where(
        own.athlete_id == athlete_id, own.date.between(*span), own.hrv_metric == metric, own.hrv_context == context,
        own.hrv_value_ms.is_not(None),
    )  # fmt: skip
    eras = (f"{metric}/manual/{context}", "")
    stood = sa.select(resolved.c.hrv_ms).where(
        resolved.c.athlete_id == athlete_id, resolved.c.date.between(*span), resolved.c.hrv_era.in_(eras),
        resolved.c.hrv_ms.is_not(None),
    )  # fmt: skip
    believed = [ms for ms, q in connection.execute(typed) if q.get("hrv", {}).get("status") != "quarantined"]
    found = quality.doubts_about_hrv(columns["hrv_value_ms"], max(believed, list(connection.scalars(stood)), key=len))
    return {"hrv": {"status": "quarantined", "reasons": found}} if found else {}


def choices(connection: sa.Connection, of: Athlete, on: date, eras: frozenset[str]) -> dict[date, hrv_choice.Choice]:
    """As `hrv_choice.choices`, of this date."""
    span = (on - hrv_choice.WINDOW, on + hrv_choice.WINDOW)

    def within(columns: Any) -> Any:
        return sa.and_(columns.athlete_id == of.pk, columns.date.between(*span))

    read: dict[date, set[str]] = {}
    of_eras = sa.select(era_reading.c.date, era_reading.c.era).where(
        within(era_reading.c), sa.not_(era_reading.c.doubted), sa.not_(era_reading.c.logged)
    )
    for day, era in connection.execute(of_eras):
        read.setdefault(day, set()).add(era)
    read[on] = set(eras)
    stood = sa.select(resolved.c.date, resolved.c.hrv_era).where(within(resolved.c), resolved.c.hrv_era != "")
    standing = max(((day, era) for day, era in connection.execute(stood) if day < on), default=(on, ""))[1]
    believed = {day: frozenset(found) for day, found in read.items() if found}
    preference, named = hrv_choice.preference_of(of), hrv_choice.named_by(of)
    return {on: hrv_choice.NONE} | dict(hrv_choice.choose(believed, on, standing, preference, named))


def next_numbers(connection: sa.Connection, count: int) -> list[int]:
    if not SQLITE:
        drawn = "SELECT nextval('athletes_changenumber_id_seq') FROM generate_series(1, :count)"
        return list(connection.scalars(sa.text(drawn), {"count": count}))
    row = insert(numbers).values(id=1, last=count)
    row = row.on_conflict_do_update(index_elements=["id"], set_={"last": numbers.c.last + row.excluded.last})
    last = connection.scalar(row.returning(numbers.c.last))
    return list(range(last - count + 1, last + 1))


def upsert(connection: sa.Connection, into: sa.Table, row: dict[str, Any], keep: tuple[str, ...] = ()) -> None:
    statement = insert(into).values(row)
    once = {"athlete_id", "date", *keep}
    updates = {name: statement.excluded[name] for name in row if name not in once}
    connection.execute(statement.on_conflict_do_update(index_elements=["athlete_id", "date"], set_=updates))
