"""A sync of 1,000 records on PostgreSQL, against COPY of the very same rows into the same table without conflicts.

    .venv/bin/python -m benchmarks.sync [--records 1000] [--rounds 7]

Three sides of one run, each for a fresh athlete, the median of the rounds: the rows by COPY alone; the statements that
store them (existing rows read, numbers drawn, rows written); all of `sync` (validation, version rule, 1,000 days
resolved and announced: three rows a record, one of which COPY writes). Goal: storing >= 0.6 of COPY's speed.
"""

from __future__ import annotations

import argparse
import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from benchmarks.servers import database, environment, manage, scratch, verdict

GOAL_OF_COPY = 0.6
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def records(count: int) -> list[dict[str, Any]]:
    """A morning reading a day, as a client that syncs its history sends them."""
    return [
        {
            "kind": "hrv_reading",
            "data": {
                "client_record_id": f"hrv-{n}",
                "source": {"provider": "garmin", "device_model": "Forerunner 965"},
                "measured_at": (NOW - timedelta(days=n + 1)).isoformat(),
                "metric": "rmssd",
                "context": "morning_supine",
                "value_ms": 55.0 + n % 13,
            },
        }
        for n in range(count)
    ]


def measured(count: int, rounds: int) -> dict[str, float]:
    import django

    django.setup()
    from django.db import connection, transaction

    from athletes import recording, statements, sync
    from athletes.models import HrvReading
    from benchmarks.cast import make_athletes

    athletes = make_athletes(3 * rounds)
    batch = records(count)
    sent = [each for i, entry in enumerate(batch) if isinstance(each := sync.read_entry(i, entry), recording.Sent)]
    seconds: dict[str, list[float]] = {"copy": [], "store": [], "all": []}
    for round_no in range(rounds):
        for_copy, for_store, for_all = athletes[3 * round_no : 3 * round_no + 3]
        rows = [recording.filled(for_copy, each, None) for each in sent]
        statements.number(rows)
        fields = HrvReading._meta.concrete_fields
        values = [[f.get_db_prep_save(f.pre_save(row, True), connection) for f in fields] for row in rows]
        columns = ", ".join(f'"{field.column}"' for field in fields)
        started = time.perf_counter()
        statement = f'COPY "{HrvReading._meta.db_table}" ({columns}) FROM STDIN'
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)
        seconds["copy"].append(time.perf_counter() - started)

        sheet = recording.Sheet(for_store, NOW)
        for each in sent:
            sheet.keep(recording.filled(for_store, each, None))
        started = time.perf_counter()
        with transaction.atomic():
            statements.lock_athlete(for_store.pk)
            sheet.read(each.key for each in sent)
            sheet.write()
        seconds["store"].append(time.perf_counter() - started)

        started = time.perf_counter()
        answer = sync.sync(for_all, batch, [], now=NOW)
        seconds["all"].append(time.perf_counter() - started)
        if answer["summary"]["created"] != count:
            raise RuntimeError(answer["summary"])
    return {side: median(taken) for side, taken in seconds.items()}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--records", type=int, default=1_000)
    arguments.add_argument("--rounds", type=int, default=7)
    given = arguments.parse_args()
    with ExitStack() as stack:
        directory = stack.enter_context(scratch())
        url = stack.enter_context(database("postgres", directory))
        env = environment(directory, url)
        os.environ.update(env)
        manage(env, "migrate", "--verbosity", 0)
        taken = measured(given.records, given.rounds)
    print(f"{given.records} records, median of {given.rounds}")
    for side, seconds in taken.items():
        print(f"  {side:6} {seconds * 1000:8.1f} ms   {taken['copy'] / seconds:5.2f} of COPY's speed")
    ratio = taken["copy"] / taken["store"]
    print(f"  storing / COPY {ratio:.2f}   goal >= {GOAL_OF_COPY}   {verdict(ratio >= GOAL_OF_COPY)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
