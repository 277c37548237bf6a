"""Everything reported for an athlete's days, in one statement; tests compare it with what the ORM does."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from django.db import connection, models

from athletes.models import (
    CheckIn,
    Day,
    HrvReading,
    PerformanceTest,
    PlannedSession,
    RestDay,
    RestingHrReading,
    SeasonDay,
    SleepSession,
    TrainingSession,
)
from measures.hrv import RMSSD, Era
from storage.encryption import EncryptedTextField
from storage.upserts import run

Row = dict[str, Any]
# kind -> model, and the columns that resolving a day needs
REPORTED: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "check_in": (
        CheckIn,
        (
            "id", "scale", "fatigue", "sleep_quality", "muscle_soreness", "stress", "mood", "sleep_duration_min",
            "resting_hr_bpm", "hrv_metric", "hrv_value_ms", "hrv_context", "illness", "injury_status",
            "injury_body_site", "red_flag", "pain_0_10", "notes", "quality", "submitted_at",
        ),
    ),
    "hrv_reading": (
        HrvReading,
        (
            "id", "provider", "quality_status", "metric", "context", "value_ms", "measured_at", "utc_offset_min",
        ),
    ),
    "resting_hr_reading": (RestingHrReading, ("id", "provider", "quality_status", "value_bpm", "measured_at")),
    "sleep_session": (
        SleepSession,
        (
            "id", "provider", "quality_status", "start_at", "end_at", "is_nap", "duration_s", "time_in_bed_s",
            "awake_s", "light_s", "deep_s", "rem_s", "score",
        ),
    ),
    "training_session": (
        TrainingSession,
        (
            "id", "provider", "client_record_id", "quality_status", "started_at", "duration_min", "rpe", "rated_rpe",
            "kind", "high_intensity_share", "avg_hr_bpm", "load_au", "load_basis", "estimated_rpe",
            "estimate_error_pct", "estimate_grounds",
        ),
    ),
    "performance_test": (
        PerformanceTest,
        ("id", "provider", "quality_status", "event", "tested_at", "time_s", "timing", "is_race"),
    ),
    "rest_day": (RestDay, ("id", "provider")),
    "planned_session": (PlannedSession, ("author", "load_au", "high_intensity_share")),
    "season_day": (
        SeasonDay,
        (
            "hrv_rmssd_ms", "sleep_score", "sleep_h", "load_au", "high_intensity_share", "rest_day", "t400_s",
            "timing", "ill", "injured", "planned_load_au", "planned_high_intensity_share", "hrv_era", "hrv_readings",
            "hrv_doubted_ms", "resting_hr_bpm", "fatigue_1_5", "soreness_1_5", "readiness_1_5", "worst_item_1_5",
            "pain_0_10", "note_asks", "illness", "injury", "red_flag", "load_estimated", "assumed_load_au",
            "assumed_high_intensity_share",
        ),
    ),
}  # fmt: skip


def hrv_before(athlete_id: int, first: date, last: date, era: Era) -> tuple[list[tuple[float, Row]], list[float]]:
    """What the athlete typed in between two dates, as (ms, quality), in the way this era says; and what was resolved.

    Resolved days of the era count whoever reported them; a season log names no device, and joins any era of rMSSD.
    """
    bounds = [athlete_id, _as_parameter(first), _as_parameter(last)]
    eras = (str(era), "" if era.metric == RMSSD else str(era))
    rows = run(_hrv_before_sql(connection.vendor), [*bounds, era.metric, era.context, *bounds, *eras])
    said = [(value_ms, json.loads(quality)) for value_ms, quality in rows if quality is not None]
    return said, [value_ms for value_ms, quality in rows if quality is None]


@cache
def _hrv_before_sql(vendor: str) -> str:
    text = "" if vendor == "sqlite" else "::text"
    return (
        f'SELECT "hrv_value_ms", "quality"{text} FROM "{CheckIn._meta.db_table}" WHERE "athlete_id" = %s'  # noqa: S608
        ' AND "date" BETWEEN %s AND %s AND "hrv_metric" = %s AND "hrv_context" = %s AND "hrv_value_ms" IS NOT NULL'
        f' UNION ALL SELECT "hrv_ms", NULL FROM "{Day._meta.db_table}" WHERE "athlete_id" = %s'
        ' AND "date" BETWEEN %s AND %s AND "hrv_era" IN (%s, %s) AND "hrv_ms" IS NOT NULL'
    )


def between(athlete_id: int, first: date, last: date) -> Iterator[tuple[str, date, Row]]:
    """Everything reported for the athlete's days from first to last, in one statement: (kind, date, columns)."""
    sql, readers = _reported_sql(connection.vendor)
    bounds = [athlete_id, _as_parameter(first), _as_parameter(last)]
    rows = run(sql, bounds * len(REPORTED))
    for kind, day, *values in rows:
        yield kind, _date(day), {name: read(values[slot]) for name, slot, read in readers[kind]}


Reader = tuple[str, int, Callable[[Any], Any]]


@cache
def _reported_sql(vendor: str) -> tuple[str, dict[str, list[Reader]]]:
    """One SELECT a kind, UNION ALL. Columns share slots by type, so that PostgreSQL accepts the union."""
    layouts = {kind: _slots(model, columns) for kind, (model, columns) in REPORTED.items()}
    width = {t: max(sum(s[0] == t for s in layout) for layout in layouts.values()) for t in ("n", "s", "t")}
    start = {"n": 0, "s": width["n"], "t": width["n"] + width["s"]}
    selects = [_select(kind, layouts[kind], start, sum(width.values()), vendor) for kind in REPORTED]
    readers = {
        kind: [(name, start[slot_type] + index, read) for slot_type, index, name, read in layout]
        for kind, layout in layouts.items()
    }
    return " UNION ALL ".join(selects), readers


Slot = tuple[str, int, str, Callable[[Any], Any]]  # type, index within the type, column, reader


def _slots(model: type[models.Model], columns: tuple[str, ...]) -> list[Slot]:
    taken = {"n": 0, "s": 0, "t": 0}
    layout = []
    for name in columns:
        slot_type, read = _kind_of(model._meta.get_field(name))
        layout.append((slot_type, taken[slot_type], name, read))
        taken[slot_type] += 1
    return layout


def _kind_of(field: Any) -> tuple[str, Callable[[Any], Any]]:
    match field:
        case models.DateTimeField():
            return "t", _instant
        case models.UUIDField():
            return "s", _uuid
        case EncryptedTextField():
            return "s", field.from_stored
        case models.JSONField():
            return "s", json.loads
        case models.BooleanField():
            return "n", _bool
        case models.IntegerField():
            return "n", _int
        case models.FloatField():
            return "n", _same
        case _:
            return "s", _same


def _select(kind: str, layout: list[Slot], start: dict[str, int], width: int, vendor: str) -> str:
    model, _ = REPORTED[kind]
    types = {"n": "double precision", "s": "text", "t": "timestamptz"}
    slot_types = [max((t for t in start if start[t] <= i), key=lambda t: start[t]) for i in range(width)]
    cells = ["NULL"] * width if vendor == "sqlite" else [f"NULL::{types[t]}" for t in slot_types]
    for slot_type, index, name, _ in layout:
        column = f'"{name}"'
        if vendor != "sqlite":
            is_bool = isinstance(model._meta.get_field(name), models.BooleanField)
            column = f"{column}::integer::{types['n']}" if is_bool else f"{column}::{types[slot_type]}"
        cells[start[slot_type] + index] = column
    alive = ' AND "deleted_at" IS NULL' if any(f.name == "deleted_at" for f in model._meta.fields) else ""
    return (
        f'SELECT \'{kind}\', "date", {", ".join(cells)} FROM "{model._meta.db_table}"'  # noqa: S608
        f' WHERE "athlete_id" = %s AND "date" BETWEEN %s AND %s{alive}'
    )


def _same(value: Any) -> Any:
    return value


def _int(value: Any) -> int | None:
    return None if value is None else int(value)


def _bool(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _uuid(value: Any) -> str:
    return str(value if isinstance(value, uuid.UUID) else uuid.UUID(value))


def _instant(value: Any) -> datetime:
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _as_parameter(day: date) -> Any:
    return connection.ops.adapt_datefield_value(day)
