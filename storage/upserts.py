"""The few hot statements of any model, written out once a database; tests compare each with what the ORM does."""

import json
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from operator import attrgetter
from typing import Any

import orjson
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.utils import timezone

PAUSE_S = 0.1  # queues grow meanwhile; at 25 and 50 ms 200 check-ins a second did not get through
FEW = 8  # rows below which COPY is not worth its round trips


def run(sql: str, parameters: Sequence[Any]) -> list[Any]:
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


def let_writers_in(took_s: float = 0.0) -> None:
    """Between two writes of one piece of work: SQLite's waiting writers look only every 1 to 100 ms."""
    if connection.vendor == "sqlite":
        time.sleep(max(PAUSE_S, took_s))


def upsert(row: models.Model, *, unique: tuple[str, ...], keep: tuple[str, ...] = ()) -> None:
    """Insert, or overwrite the row of the same `unique` columns; `keep` are set on insert only."""
    model = type(row)
    run(_upsert_sql(model, unique, keep), _values_of(model, connection.vendor)(row))


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
