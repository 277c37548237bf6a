"""The few hot statements, written out once per database; tests compare each with what the ORM does."""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

import orjson
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.utils import timezone

from athletes.models import (
    Athlete,
    ChangeNumber,
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
    User,
)
from measures.hrv import RMSSD, Era
from storage.encryption import EncryptedCodeField, EncryptedTextField

Row = dict[str, Any]

M = TypeVar("M", bound=models.Model)
Converters = list[tuple[int, Any, list[Callable[..., Any]]]]  # place in the row, expression, converters

LOCK_SPACE = 0x4853 << 40  # keeps our advisory locks apart from anybody else's
PAUSE_S = 0.1  # queues grow meanwhile; at 25 and 50 ms 200 check-ins a second did not get through
FEW = 8  # rows below which COPY is not worth its round trips

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
        HrvReading, ("id", "provider", "quality_status", "metric", "context", "value_ms", "measured_at"),
    ),
    "resting_hr_reading": (RestingHrReading, ("id", "provider", "quality_status", "value_bpm", "measured_at")),
    "sleep_session": (
        SleepSession,
        (
            "id", "provider", "quality_status", "start_at", "end_at", "is_nap", "duration_s", "time_in_bed_s",
            "awake_s", "score",
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


def _run(sql: str, parameters: Sequence[Any]) -> list[Any]:
    """The rows of a statement. Within a transaction, with nobody listening, it goes straight to the driver: Django's
    cursors and wrappers cost as much again as the statement, and a check-in has nine."""
    own = connections[DEFAULT_DB_ALIAS]
    if not own.in_atomic_block or own.needs_rollback or own.execute_wrappers or own.queries_logged:
        with own.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []
    with own.wrap_database_errors:
        cursor = own.connection.execute(_for_sqlite(sql) if own.vendor == "sqlite" else sql, parameters)
        return cursor.fetchall() if cursor.description else []


@cache
def _for_sqlite(sql: str) -> str:
    return sql.replace("%s", "?")


def lock_athlete(athlete_id: int) -> None:
    """One writer an athlete at a time, until the transaction ends. SQLite has one writer anyway (IMMEDIATE).

    Not the athlete's row: the worker holds that while it answers up to 256 athletes, and a check-in must not wait.
    """
    if connection.vendor == "postgresql":
        _run("SELECT pg_advisory_xact_lock(%s)", [LOCK_SPACE | athlete_id])


def lock_uploads() -> None:
    """One worker at a time chooses what it works on next."""
    if connection.vendor == "postgresql":
        _run("SELECT pg_advisory_xact_lock(%s)", [LOCK_SPACE])  # no athlete has the id 0


def let_writers_in(took_s: float = 0.0) -> None:
    """Between two writes of one piece of work: SQLite's waiting writers look only every 1 to 100 ms."""
    if connection.vendor == "sqlite":
        time.sleep(max(PAUSE_S, took_s))


def signed_in(session_key: str, user_id: int, now: datetime, *, narrow: bool = False) -> tuple[str, User] | None:
    """The data of a session that has not ended, and the user with the athlete profile already read.

    `narrow`: without what storing a check-in does not need; a column that is asked for after all is read then.
    """
    of_user, of_athlete = _account_columns(User, narrow), _account_columns(Athlete, narrow)
    with connection.cursor() as cursor:
        cursor.execute(_signed_in_sql(narrow), [session_key, connection.ops.adapt_datetimefield_value(now), user_id])
        row = cursor.fetchone()
    if row is None:
        return None
    first = 1 + len(of_user)
    user = _instance(User, of_user, row[1:first])
    if row[first] is not None:
        _instance(Athlete, of_athlete, row[first:]).user = user  # fills the caches of both sides
    else:
        User._meta.get_field("athlete").set_cached_value(user, None)  # known: nobody asks
    return row[0], user


@cache
def _signed_in_sql(narrow: bool) -> str:
    columns = [
        f'{alias}."{field.column}"'
        for alias, model in (("u", User), ("a", Athlete))
        for field in _account_columns(model, narrow)
    ]
    return (
        f'SELECT s."session_data", {", ".join(columns)} FROM "{User._meta.db_table}" u'  # noqa: S608
        f' JOIN "{Session._meta.db_table}" s ON s."session_key" = %s AND s."expire_date" > %s'
        f' LEFT JOIN "{Athlete._meta.db_table}" a ON a."user_id" = u."id" WHERE u."id" = %s'
    )


Columns = tuple["models.Field[Any, Any]", ...]


@cache
def _account_columns(model: type[models.Model], narrow: bool) -> Columns:
    """The key comes first. Times and codes that are encrypted are the dearest columns to read, and of the user only
    sign-in counts."""
    fields = tuple(model._meta.concrete_fields)
    if not narrow:
        return fields
    if model is User:
        return tuple(field for field in fields if field.attname in ("id", "password", "is_active"))
    dear = (models.DateTimeField, models.TimeField, EncryptedCodeField)
    return tuple(field for field in fields if not isinstance(field, dear))


def _instance(model: type[M], fields: Columns, row: Sequence[Any]) -> M:
    values = list(row)
    for place, expression, converters in _converters(model, fields):
        for convert in converters:
            values[place] = convert(values[place], expression, connection)
    return model.from_db(connection.alias, [field.attname for field in fields], values)


@cache
def _converters(model: type[models.Model], fields: Columns) -> Converters:
    """Per column that needs it what turns the database's value into Python's: the ORM's own converters."""
    found: Converters = []
    for place, field in enumerate(fields):
        expression = field.get_col(model._meta.db_table)
        converters = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
        if converters:
            found.append((place, expression, converters))
    return found


def hrv_before(athlete_id: int, first: date, last: date, era: Era) -> tuple[list[tuple[float, Row]], list[float]]:
    """What the athlete typed in between two dates, as (ms, quality), in the way this era says; and what was resolved.

    Resolved days of the era count whoever reported them; a season log names no device, and joins any era of rMSSD.
    """
    bounds = [athlete_id, _as_parameter(first), _as_parameter(last)]
    eras = (str(era), "" if era.metric == RMSSD else str(era))
    rows = _run(_hrv_before_sql(connection.vendor), [*bounds, era.metric, era.context, *bounds, *eras])
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


def next_hrv(athlete_id: int, after: date) -> date | None:
    """The first date after this one whose day stands on an era."""
    days = Day.objects.filter(athlete=athlete_id, date__gt=after).exclude(hrv_era="")
    return days.order_by("date").values_list("date", flat=True).first()


def reported(athlete_id: int, first: date, last: date) -> Iterator[tuple[str, date, Row]]:
    """Everything reported for the athlete's days from first to last, in one statement: (kind, date, columns)."""
    sql, readers = _reported_sql(connection.vendor)
    bounds = [athlete_id, _as_parameter(first), _as_parameter(last)]
    rows = _run(sql, bounds * len(REPORTED))
    for kind, day, *values in rows:
        yield kind, _date(day), {name: read(values[slot]) for name, slot, read in readers[kind]}


def upsert(row: models.Model, *, unique: tuple[str, ...], keep: tuple[str, ...] = ()) -> None:
    """Insert, or overwrite the row of the same `unique` columns; `keep` are set on insert only."""
    model = type(row)
    _run(_upsert_sql(model, unique, keep), _values_of(model, connection.vendor)(row))


def upsert_many(rows: Sequence[models.Model], *, unique: tuple[str, ...], keep: tuple[str, ...] = ()) -> None:
    """No two rows may have the same `unique` columns. All or none, also where the caller opened no transaction."""
    if not rows:
        return
    if len(rows) == 1:
        upsert(rows[0], unique=unique, keep=keep)
        return
    model = type(rows[0])
    values = map(_values_of(model, connection.vendor), rows)
    # Outside of a transaction PostgreSQL would empty the table of what came in before it was moved.
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        if connection.vendor != "postgresql" or len(rows) < FEW:
            cursor.executemany(_upsert_sql(model, unique, keep), list(values))
            return
        create, copy_in, move = _bulk_upsert_sql(model, unique, keep)
        cursor.execute(create)
        with cursor.copy(copy_in) as copy:
            for row in values:
                copy.write_row(row)
        cursor.execute(move)


@cache
def _upsert_sql(model: type[models.Model], unique: tuple[str, ...], keep: tuple[str, ...]) -> str:
    values = ", ".join(["%s"] * len(_written(model)))
    return f"{_insert_into(model)} VALUES ({values}) {_on_conflict(model, unique, keep)}"


@cache
def _bulk_upsert_sql(model: type[models.Model], unique: tuple[str, ...], keep: tuple[str, ...]) -> tuple[str, str, str]:
    """COPY into a table of the connection's own, then one INSERT from it: 1,000 single upserts took five times as long.

    The table is made once a connection and left empty: making one each time would fill the catalogue.
    """
    table, columns = model._meta.db_table, ", ".join(_columns(model))
    incoming = f'"incoming_{table}"'
    return (
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {incoming} ON COMMIT DELETE ROWS AS"  # noqa: S608
        f' SELECT {columns} FROM "{table}" WITH NO DATA',
        f"COPY {incoming} ({columns}) FROM STDIN",
        f"WITH moved AS (DELETE FROM {incoming} RETURNING {columns})"  # noqa: S608
        f" {_insert_into(model)} SELECT {columns} FROM moved {_on_conflict(model, unique, keep)}",
    )


def _written(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    return [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]


def _columns(model: type[models.Model]) -> list[str]:
    return [f'"{field.column}"' for field in _written(model)]


def _insert_into(model: type[models.Model]) -> str:
    return f'INSERT INTO "{model._meta.db_table}" ({", ".join(_columns(model))})'


def _on_conflict(model: type[models.Model], unique: tuple[str, ...], keep: tuple[str, ...]) -> str:
    once = {*unique, *keep}
    updates = [
        f'"{field.column}" = EXCLUDED."{field.column}"'
        for field in _written(model)
        if field.attname not in once and not field.primary_key
    ]
    conflict = ", ".join(f'"{column}"' for column in unique)
    return f"ON CONFLICT ({conflict}) DO UPDATE SET {', '.join(updates)}"


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


def upsert_check_in(check_in: CheckIn) -> None:
    upsert(check_in, unique=("athlete_id", "date"), keep=("id", "created_at"))


def upsert_days(days: Sequence[Day]) -> None:
    upsert_many(days, unique=("athlete_id", "date"))


# --- changes in the order of their commits ----------------------------------------------------------------------------


def number(rows: Sequence[Any]) -> None:
    """Give the rows their places among the changes. The caller holds the lock of the athlete's stream until it commits:
    so one athlete's numbers are committed in their order, and a reader who saw one has missed none below it."""
    for row, place in zip(rows, next_numbers(len(rows)), strict=True):
        row.change_seq = place


def next_numbers(count: int) -> list[int]:
    if not count:
        return []
    if connection.vendor == "postgresql":
        drawn = _run("SELECT nextval('athletes_changenumber_id_seq') FROM generate_series(1, %s)", [count])
        return [place for (place,) in drawn]
    ((last,),) = _run(
        f'INSERT INTO "{ChangeNumber._meta.db_table}" ("id", "last") VALUES (1, %s)'  # noqa: S608
        ' ON CONFLICT ("id") DO UPDATE SET "last" = "last" + EXCLUDED."last" RETURNING "last"',
        [count],
    )
    return list(range(last - count + 1, last + 1))


def insert_many(rows: Sequence[models.Model]) -> None:
    """New rows of one model. On PostgreSQL by COPY: under the athlete's lock nobody else can have added one of them."""
    if connection.vendor != "postgresql" or len(rows) < FEW:
        upsert_many(rows, unique=("id",))
        return
    model = type(rows[0])
    copy_in = f'COPY "{model._meta.db_table}" ({", ".join(_columns(model))}) FROM STDIN'
    with connection.cursor() as cursor, cursor.copy(copy_in) as copy:
        for row in map(_values_of(model, connection.vendor), rows):
            copy.write_row(row)


@models.CharField.register_lookup
class Among(models.Lookup):
    """`__in` as one parameter: 1,000 of them took PostgreSQL longer to parse than the rows to find."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, parameters = self.process_lhs(compiler, connection)
        if connection.vendor == "sqlite":
            return f"{column} IN (SELECT value FROM json_each(%s))", [*parameters, json.dumps(self.rhs)]  # noqa: S608
        return f"{column} = ANY(%s)", [*parameters, self.rhs]


# --- values as the driver takes them ----------------------------------------------------------------------------------

Prepare = Callable[[Any], Any]
PLAIN: tuple[tuple[Any, type], ...] = (  # a value of exactly this type goes to the driver as it is
    (models.FloatField, float), (models.IntegerField, int), (models.BooleanField, bool),
)  # fmt: skip


@cache
def _values_of(model: type[models.Model], vendor: str) -> Callable[[Any], list[Any]]:
    """A row's columns as the driver takes them. Asking each field, as the ORM does, cost more than the statement.

    Like the ORM's `pre_save` it stamps `auto_now` columns, on the row too.
    """
    fields = _written(model)
    read = attrgetter(*[field.attname for field in fields])
    stamped = [f.attname for f in fields if getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False)]
    prepared = [(place, prepare) for place, field in enumerate(fields) if (prepare := _preparation(field, vendor))]

    def values_of(row: Any) -> list[Any]:
        if stamped:
            now = timezone.now()
            for name in stamped:
                setattr(row, name, now)
        values = list(read(row))
        for place, prepare in prepared:
            if values[place] is not None:
                values[place] = prepare(values[place])
        return values

    return values_of


def _preparation(field: "models.Field[Any, Any]", vendor: str) -> Prepare | None:
    """None: the driver takes the value as it is. A field of a kind not named here is asked itself."""
    by_vendor: dict[str, Prepare | None] = {}
    match field:
        case models.ForeignKey():
            return _preparation(field.target_field, vendor)
        case models.JSONField() if field.encoder is None:
            by_vendor = {"sqlite": _json_text, "postgresql": _jsonb}
        case models.UUIDField():
            by_vendor = {"sqlite": _hex, "postgresql": None}
        case models.DateTimeField():
            by_vendor = {"sqlite": _utc_text, "postgresql": None}
        case models.DateField():
            by_vendor = {"sqlite": date.isoformat, "postgresql": None}
        case models.CharField():
            return _text

    def by_field(value: Any) -> Any:
        return field.get_db_prep_save(value, connection)

    plain = next((kind for model_field, kind in PLAIN if isinstance(field, model_field)), None)
    if plain is not None:
        return lambda value: value if type(value) is plain else by_field(value)
    return by_vendor.get(vendor, by_field)


def _json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


def _jsonb(value: Any) -> Any:
    from psycopg.types.json import Jsonb  # only where PostgreSQL is used

    return Jsonb(value, orjson.dumps)


def _hex(value: uuid.UUID) -> str:
    return value.hex


def _utc_text(instant: datetime) -> str:
    return str(instant.astimezone(UTC).replace(tzinfo=None))


def _text(value: str) -> str:
    """Of a choice its value."""
    return value if type(value) is str else str(value)
