"""One writer an athlete at a time, and the places of an athlete's changes in the order of their commits."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from athletes.models import ChangeNumber
from storage.upserts import run

LOCK_SPACE = 0x4853 << 40  # keeps our advisory locks apart from anybody else's


def lock_athlete(athlete_id: int) -> None:
    """One writer an athlete at a time, until the transaction ends. SQLite has one writer anyway (IMMEDIATE).

    Not the athlete's row: the worker holds that while it answers a batch, and a check-in must not wait.
    """
    if connection.vendor == "postgresql":
        run("SELECT pg_advisory_xact_lock(%s)", [LOCK_SPACE | athlete_id])


def lock_uploads() -> None:
    """One worker at a time chooses what it works on next."""
    if connection.vendor == "postgresql":
        run("SELECT pg_advisory_xact_lock(%s)", [LOCK_SPACE])  # no athlete has the id 0


def number(rows: Sequence[Any]) -> None:
    """Give the rows their places among the changes. The caller holds the lock of the athlete's stream until it commits:
    so one athlete's numbers are committed in their order, and a reader who saw one has missed none below it."""
    for row, place in zip(rows, next_numbers(len(rows)), strict=True):
        row.change_seq = place


def next_numbers(count: int) -> list[int]:
    if not count:
        return []
    if connection.vendor == "postgresql":
        drawn = run("SELECT nextval('athletes_changenumber_id_seq') FROM generate_series(1, %s)", [count])
        return [place for (place,) in drawn]
    ((last,),) = run(
        f'INSERT INTO "{ChangeNumber._meta.db_table}" ("id", "last") VALUES (1, %s)'  # noqa: S608
        ' ON CONFLICT ("id") DO UPDATE SET "last" = "last" + EXCLUDED."last" RETURNING "last"',
        [count],
    )
    return list(range(last - count + 1, last + 1))
