"""Yesterday's session comes after this morning's check-in: what that costs the worker, by the age of the history.

    .venv/bin/python -m benchmarks.late_record [--athletes 64] [--database postgres sqlite]

Squads of 35 days, one and three years of history, advised this morning; then a session of yesterday for each. The
worker's own ``advising.drain`` answers a squad at a time; its CPU time (user and system, of its process) is divided by
the athletes. Goal: <= 4 ms each at any age.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any

from benchmarks.nightly import finished
from benchmarks.servers import ROOT, database, environment, manage, scratch, valkey, verdict

GOAL_MS = 4.0
AGES_D = (35, 365, 1095)


def late_records(count: int) -> None:
    """In a process that has the servers' environment."""
    import django

    django.setup()
    from django.utils import timezone

    from athletes.models import Day
    from benchmarks.cast import make_athletes, make_days

    now = timezone.now()
    today = now.date()
    yesterday = today - timedelta(days=1)
    for age_d in AGES_D:
        squad = make_athletes(count)
        make_days(squad, today, age_d)
        morning = {"revised_at": now, "checked_in_at": now, "hrv_ms": 55.0, "hrv_era": "rmssd/manual/morning_supine"}
        Day.objects.bulk_create(
            [Day(athlete=a, date=today, sleep_score=75.0, sleep_score_basis="derived", **morning) for a in squad]
        )
        first_ms = drained_ms(squad, today)
        Day.objects.filter(athlete__in=squad, date=yesterday).update(load_au=512.0, revised_at=now)
        late_ms = drained_ms(squad, yesterday)
        print(
            f"  {age_d:5d} days: {first_ms:6.2f} ms CPU an athlete from nothing, {late_ms:6.2f} after a late record"
            f"   goal <= {GOAL_MS:g}   {verdict(late_ms <= GOAL_MS)}"
        )


def drained_ms(squad: list[Any], day: date) -> float:
    from recommendations import advising, waiting

    for athlete in squad:
        waiting.enqueue(athlete.pk, [day], rings=True)
    began = time.process_time()
    advising.drain()
    return 1e3 * (time.process_time() - began) / len(squad)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--athletes", type=int, default=64)
    parser.add_argument("--database", nargs="+", choices=("postgres", "sqlite"), default=("postgres", "sqlite"))
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        late_records(given.athletes)
        return 0
    for kind in given.database:
        with ExitStack() as stack:
            data = stack.enter_context(scratch())
            env = environment(data, stack.enter_context(database(kind, data)))
            stack.enter_context(valkey(data, env))
            manage(env, "migrate", "--verbosity", 0)
            print(
                f"a late record on {kind}, {given.athletes} athletes at once, load {os.getloadavg()[0]:.1f}", flush=True
            )
            finished(inside(env, given.athletes))
    return 0


def inside(env: dict[str, str], athletes: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.late_record", "--inside", "--athletes", str(athletes)]
    return subprocess.Popen(command, env=env, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
