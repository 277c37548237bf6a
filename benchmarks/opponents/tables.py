"""Tables of the opponents: an account, its session, its check-ins, and a queue; the same for both of them."""

from __future__ import annotations

import time
from datetime import datetime

import jwt
import sqlalchemy as sa

SECRET = "only for the benchmark, never served to anybody"
metadata = sa.MetaData()
account = sa.Table(
    "opponent_account", metadata,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("timezone", sa.String(64), nullable=False),
)  # fmt: skip
session = sa.Table(
    "opponent_session", metadata,
    sa.Column("key", sa.String(40), primary_key=True), sa.Column("account_id", sa.ForeignKey("opponent_account.id")),
    sa.Column("ends_at", sa.DateTime(timezone=True)),
)  # fmt: skip
ITEMS = ("fatigue", "sleep_quality", "muscle_soreness", "stress", "mood", "sleep_duration_min", "pain_0_10")
check_in = sa.Table(
    "opponent_check_in", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("opponent_account.id"), nullable=False),
    sa.Column("date", sa.Date, nullable=False),
    *(sa.Column(name, sa.SmallInteger) for name in ITEMS),
    sa.Column("hrv_value_ms", sa.Float), sa.Column("hrv_metric", sa.String(8)), sa.Column("hrv_context", sa.String(24)),
    sa.Column("resting_hr_bpm", sa.Float), sa.Column("illness", sa.String(12)), sa.Column("notes", sa.Text),
    sa.Column("updated_at", sa.DateTime(timezone=True)),
    sa.UniqueConstraint("account_id", "date"),
)  # fmt: skip
queue = sa.Table(
    "opponent_queue", metadata,
    sa.Column("account_id", sa.Integer, primary_key=True), sa.Column("date", sa.Date, primary_key=True),
    sa.Column("since", sa.DateTime(timezone=True)),
)  # fmt: skip


def engine(url: str) -> sa.Engine:
    """A pool as wide as the server's threads; SQLite as we set it ourselves (WAL, IMMEDIATE)."""
    if url.startswith("sqlite"):
        made = sa.create_engine(url, pool_size=40, connect_args={"timeout": 20, "check_same_thread": False})

        @sa.event.listens_for(made, "connect")
        def _pragmas(connection, _record):  # type: ignore[no-untyped-def]
            connection.isolation_level = None
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")

        @sa.event.listens_for(made, "begin")
        def _immediate(connection):  # type: ignore[no-untyped-def]
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return made
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=40)


def fill(url: str, accounts: int) -> list[str]:
    """New tables with so many signed-in accounts; their tokens."""
    made, ends = engine(url), time.time() + 24 * 3600
    metadata.create_all(made)
    keys = [f"session-{i}" for i in range(1, accounts + 1)]
    rows = [{"key": key, "account_id": i, "ends_at": datetime.fromtimestamp(ends).astimezone()}
            for i, key in enumerate(keys, 1)]  # fmt: skip
    with made.begin() as connection:
        connection.execute(account.insert(), [{"id": i, "timezone": "UTC"} for i in range(1, accounts + 1)])
        connection.execute(session.insert(), rows)
    made.dispose()
    return [jwt.encode({"sub": str(i), "sid": key, "exp": ends}, SECRET, "HS256") for i, key in enumerate(keys, 1)]
