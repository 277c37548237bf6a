"""The floor inside Django: no middleware, no REST framework, three raw statements (session, upsert, queue row)."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import environ
import jwt
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from benchmarks.opponents.tables import ITEMS, SECRET


def database() -> dict[str, Any]:
    config: dict[str, Any] = environ.Env.db_url_config(os.environ["DATABASE_URL"])
    config["CONN_MAX_AGE"] = None
    if "sqlite" in config["ENGINE"]:
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        config["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
    else:
        config.setdefault("OPTIONS", {}).update({"server_side_binding": True, "prepare_threshold": 3})
    return config


settings.configure(
    SECRET_KEY=SECRET, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, DATABASES={"default": database()}, USE_TZ=True
)

WHO = """SELECT a.id, a.timezone FROM opponent_account a JOIN opponent_session s ON s.account_id = a.id
         WHERE s.key = %s AND s.ends_at > %s"""
COLUMNS = (*ITEMS, "resting_hr_bpm", "illness", "notes", "hrv_value_ms", "hrv_metric", "hrv_context", "updated_at")
UPSERT = (
    f"INSERT INTO opponent_check_in (account_id, date, {', '.join(COLUMNS)}) VALUES (%s, %s{', %s' * len(COLUMNS)})"
    f" ON CONFLICT (account_id, date) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in COLUMNS)}"
)
ENQUEUE = """INSERT INTO opponent_queue (account_id, date, since) VALUES (%s, %s, %s)
             ON CONFLICT (account_id, date) DO UPDATE SET since = excluded.since"""


def put_check_in(request: HttpRequest, day: str) -> HttpResponse:
    try:
        claims = jwt.decode(request.headers["Authorization"].removeprefix("Bearer "), SECRET, ["HS256"])
    except (KeyError, jwt.PyJWTError):
        return JsonResponse({}, status=401)
    sent, now, on = json.loads(request.body), datetime.now(UTC), date.fromisoformat(day)
    hrv = sent.get("hrv") or {}
    items = [sent.get(name) for name in ITEMS]
    if any(item is not None and not (isinstance(item, int) and 0 <= item <= 1440) for item in items):
        return JsonResponse({}, status=400)
    values = [*items, sent.get("resting_hr_bpm"), sent.get("illness", "none"), sent.get("notes", ""),
              hrv.get("value_ms"), hrv.get("metric"), hrv.get("context"), now]  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WHO, [claims["sid"], now])
        who = cursor.fetchone()
        if who is None or not 0 <= (now.astimezone(ZoneInfo(who[1])).date() - on).days <= 14:
            return JsonResponse({}, status=400)
        cursor.execute(UPSERT, [who[0], on, *values])
        cursor.execute(ENQUEUE, [who[0], on, now])
    answer = JsonResponse({"date": day, **dict(zip(COLUMNS, values, strict=True))})
    answer.headers["Content-Length"] = str(len(answer.content))  # CommonMiddleware would
    return answer


urlpatterns = [path("api/v1/check-ins/<str:day>/", put_check_in)]
application = get_wsgi_application()
