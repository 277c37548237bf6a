"""A sync of many records by an athlete with three years behind her: CPU of the web process, by the product's own door.

    .venv/bin/python -m benchmarks.sync [--records 500] [--rounds 3] [--database sqlite postgres]

New readings of as many days of the history, each of which is resolved again, renumbered and announced; then the same
batch once more, as a phone sends it that missed the answer: nothing changes. The median of the rounds, each of another
athlete. On SQLite the database is part of the CPU time.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from benchmarks.cast import SEASONS_D
from benchmarks.servers import prepared


def records(count: int, now: datetime) -> list[dict[str, Any]]:
    """A morning reading a day, as a client that syncs its history sends them."""
    return [
        {
            "kind": "hrv_reading",
            "data": {
                "client_record_id": f"hrv-{n}",
                "source": {"provider": "garmin", "device_model": "Forerunner 965"},
                "measured_at": (now - timedelta(days=n + 1)).isoformat(),
                "metric": "rmssd",
                "context": "morning_supine",
                "value_ms": 55.0 + n % 13,
            },
        }
        for n in range(count)
    ]


def measured(count: int, rounds: int) -> None:
    """In a process that has the servers' environment."""
    import django

    django.setup()
    from athletes.sync import sync
    from benchmarks import seasons
    from benchmarks.cast import make_athletes

    now = datetime.now(UTC)
    athletes = make_athletes(rounds + 1)
    seasons.live(athletes, now.date(), SEASONS_D)
    spent_ms: dict[str, list[float]] = {"created": [], "unchanged": []}
    for athlete in athletes:
        for summary in spent_ms:
            began = time.process_time()
            answer = sync.sync(athlete, records(count, now), [], now=now)
            spent_ms[summary].append(1e3 * (time.process_time() - began))
            if answer["summary"][summary] != count:
                raise RuntimeError(answer["summary"])
    for summary, each in spent_ms.items():
        ms = median(each[1:])  # the first warms up
        print(f"  {summary:10}{ms:8.0f} ms CPU, {ms / count:.2f} a record", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgres"), default=("sqlite", "postgres"))
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        measured(given.records, given.rounds)
        return 0
    for kind in given.database:
        with prepared(kind) as ground:
            print(f"a sync of {given.records} records on {kind}, load {os.getloadavg()[0]:.1f}", flush=True)
            ground.inside("sync", "--records", given.records, "--rounds", given.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
