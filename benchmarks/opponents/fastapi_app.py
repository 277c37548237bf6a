"""A check-in as FastAPI with SQLAlchemy Core would take it: pydantic, one session look-up, one upsert, one commit.

With ENQUEUE=1 it also sends a Celery task for each check-in, as most such services do.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import jwt
import sqlalchemy as sa
from celery import Celery
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.dialects import postgresql, sqlite

from benchmarks.opponents import tables

URL = os.environ["DATABASE_URL"]
insert = sqlite.insert if URL.startswith("sqlite") else postgresql.insert
engine = tables.engine(URL)
app = FastAPI()
valkey = os.environ.get("VALKEY_URL", "").replace("unix://", "redis+socket://")
celery = Celery("opponent", broker=valkey) if os.environ.get("ENQUEUE") == "1" else None

Item = Annotated[int | None, Field(ge=1, le=5)]


class Hrv(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    metric: Literal["rmssd", "sdnn"]
    value_ms: float = Field(gt=0, le=500)
    context: str


class CheckIn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    fatigue: Item = None
    sleep_quality: Item = None
    muscle_soreness: Item = None
    stress: Item = None
    mood: Item = None
    scale: Literal["mclean_1_5"] = "mclean_1_5"
    sleep_duration_min: int | None = Field(None, ge=1, le=1440)
    resting_hr_bpm: float | None = Field(None, ge=20, le=150)
    pain_0_10: int | None = Field(None, ge=0, le=10)
    hrv: Hrv | None = None
    illness: Literal["none", "above_neck", "below_neck", "fever"] = "none"
    notes: str = Field("", max_length=2000)


def signed_in(authorization: Annotated[str, Header()]) -> dict[str, Any]:
    try:
        return dict(jwt.decode(authorization.removeprefix("Bearer "), tables.SECRET, ["HS256"]))
    except jwt.PyJWTError:
        raise HTTPException(401) from None


@app.put("/api/v1/check-ins/{day}/")
def put_check_in(day: date, sent: CheckIn, claims: Annotated[dict[str, Any], Depends(signed_in)]) -> dict[str, Any]:
    now = datetime.now(UTC)
    values = sent.model_dump(exclude={"hrv", "scale"})
    hrv = sent.hrv
    values |= {
        "hrv_value_ms": hrv and hrv.value_ms,
        "hrv_metric": hrv and hrv.metric,
        "hrv_context": hrv and hrv.context,
    }
    with engine.begin() as connection:
        who = connection.execute(
            sa.select(tables.account.c.id, tables.account.c.timezone)
            .join(tables.session, tables.session.c.account_id == tables.account.c.id)
            .where(tables.session.c.key == claims["sid"], tables.session.c.ends_at > now)
        ).one_or_none()
        if who is None:
            raise HTTPException(401)
        if not 0 <= (now.astimezone(ZoneInfo(who.timezone)).date() - day).days <= 14:
            raise HTTPException(400)
        row = {"account_id": who.id, "date": day, "updated_at": now, **values}
        upsert = insert(tables.check_in).values(row)
        upsert = upsert.on_conflict_do_update(index_elements=["account_id", "date"], set_={**values, "updated_at": now})
        stored = connection.execute(upsert.returning(tables.check_in)).mappings().one()
    if celery:
        celery.send_task("advise", [who.id, day.isoformat()])
    return dict(stored)
