"""The product's own tables for SQLAlchemy Core, so that both sides store the same rows in the same places."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa
from django.db import models
from sqlalchemy.dialects import postgresql

from storage.encryption import cipher, decrypted

metadata = sa.MetaData()


class Encrypted(sa.types.TypeDecorator[str]):
    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return cipher().encrypt(value.encode()).decode() if value else value

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return decrypted(value)


TYPES: dict[str, Any] = {
    "DateField": sa.Date(),
    "DateTimeField": sa.DateTime(timezone=True),
    "TimeField": sa.Time(),
    "BooleanField": sa.Boolean(),
    "FloatField": sa.Float(),
    "JSONField": sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
    "UUIDField": sa.Uuid(),
    "EncryptedTextField": Encrypted(),
}


@cache
def table(model: type[models.Model]) -> sa.Table:
    columns = [
        sa.Column(field.column, type_of(field), primary_key=field.primary_key) for field in model._meta.concrete_fields
    ]
    return sa.Table(model._meta.db_table, metadata, *columns)


def type_of(field: Any) -> Any:
    field = getattr(field, "target_field", field)
    names = [kind.__name__ for kind in type(field).__mro__]
    found = next((TYPES[name] for name in names if name in TYPES), None)
    return found or (sa.BigInteger() if isinstance(field, models.IntegerField) else sa.String())


def engine(url: str) -> sa.Engine:
    """A pool as wide as the server's threads; SQLite as the product sets it (WAL, IMMEDIATE)."""
    if not url.startswith("sqlite"):
        return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=40)
    made = sa.create_engine(url, pool_size=40, connect_args={"timeout": 20, "check_same_thread": False})

    @sa.event.listens_for(made, "connect")
    def _pragmas(connection, _record):  # type: ignore[no-untyped-def]
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-32000", "mmap_size=134217728"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(made, "begin")
    def _immediate(connection):  # type: ignore[no-untyped-def]
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made
