"""How long a drain keeps SQLite's other writers out: a squad's morning, each athlete with three years of history.

    .venv/bin/python -m benchmarks.write_lock [--athletes 256]

The drain's own connection says when a write transaction begins and ends. Printed are its longest one, the sum of them,
and how long the whole drain took, which is what was held while reading and computing were done under the lock too.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any

from benchmarks.servers import prepared


def one_morning(count: int) -> None:
    """In a process that has the servers' environment."""
    import django

    django.setup()
    from django.db import connection
    from django.utils import timezone

    from athletes.reports import intake
    from benchmarks import seasons
    from benchmarks.cast import SEASONS_D, make_athletes
    from benchmarks.check_in import body
    from recommendations.advice import advising
    from recommendations.models import StateCarry
    from recommendations.queue import waiting

    today = timezone.now().date()
    squad = make_athletes(count)
    seasons.live(squad, today, SEASONS_D)
    for i, athlete in enumerate(squad):
        intake.record_check_in(athlete, today, body(i))
    StateCarry.objects.all().delete()
    for what in ("nothing carried", "carried to yesterday"):
        for athlete in squad:
            waiting.enqueue(athlete.pk, [today], rings=False)
        with WriteLock(connection) as lock:
            advising.drain()
        print(
            f"  {what}: {lock.took_s:.2f} s in all, {sum(lock.held_s):.2f} s of it with the write lock in"
            f" {len(lock.held_s)} transactions, the longest {1e3 * max(lock.held_s):.0f} ms",
            flush=True,
        )


class WriteLock:
    """How long each write transaction of a connection lasts, while this is entered."""

    def __init__(self, connection: Any) -> None:
        connection.ensure_connection()
        self.connection, self.held_s = connection.connection, list[float]()
        self.begun: float | None = None

    def __enter__(self) -> WriteLock:
        self.connection.set_trace_callback(self.note)
        self.started = time.perf_counter()
        return self

    def note(self, sql: str) -> None:
        if sql.startswith("BEGIN"):
            self.begun = time.perf_counter()
        elif sql.startswith(("COMMIT", "ROLLBACK")) and self.begun is not None:
            self.held_s.append(time.perf_counter() - self.begun)
            self.begun = None

    def __exit__(self, *error: object) -> None:
        self.took_s = time.perf_counter() - self.started
        self.connection.set_trace_callback(None)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--athletes", type=int, default=256)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        one_morning(given.athletes)
        return 0
    with prepared("sqlite") as ground:
        print(f"a morning of {given.athletes} athletes, three years each, load {os.getloadavg()[0]:.1f}", flush=True)
        ground.inside("write_lock", "--athletes", given.athletes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
