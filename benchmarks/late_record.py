"""Yesterday's session comes after this morning's check-in: what that costs the worker, by the age of the history.

    .venv/bin/python -m benchmarks.late_record [--athletes 64] [--database postgres sqlite]

Squads of 35 days, one and three years of history (benchmarks.seasons) who check in, and of whom a watch then tells a
session of yesterday evening, both by the product's own doors. The worker's own ``advising.drain`` answers a squad at a
time; its CPU time (user and system, of its process) is divided by the athletes. Goal: <= 4 ms each at any age.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from typing import Any

from benchmarks.servers import prepared, verdict

GOAL_MS = 4.0
AGES_D = (35, 365, 1095)


def late_records(count: int) -> None:
    """In a process that has the servers' environment."""
    import django

    django.setup()
    from django.utils import timezone

    from athletes.reports import intake
    from benchmarks import seasons
    from benchmarks.cast import make_athletes
    from benchmarks.check_in import body
    from recommendations.advice import advising

    today = timezone.now().date()
    for age_d in AGES_D:
        squad = make_athletes(count)
        seasons.live(squad, today, age_d)
        for i, athlete in enumerate(squad):
            intake.record_check_in(athlete, today, body(i))
        first_ms = drained_ms(advising, count)
        for athlete in squad:
            intake.record_one(athlete, "training_session", evening_session(today - timedelta(days=1)))
        late_ms = drained_ms(advising, count)
        print(
            f"  {age_d:5d} days: {first_ms:6.2f} ms CPU an athlete after check-in, {late_ms:6.2f} after a late record"
            f"   goal <= {GOAL_MS:g}   {verdict(late_ms <= GOAL_MS)}",
            flush=True,
        )


def evening_session(day: date) -> dict[str, Any]:
    return {
        "client_record_id": "late", "source": {"provider": "garmin"}, "kind": "tempo", "duration_min": 40.0, "rpe": 5.0,
        "started_at": datetime.combine(day, time(19), UTC),
    }  # fmt: skip


def drained_ms(advising: Any, count: int) -> float:
    began = process_time()
    if (answered := advising.drain()) != count:
        raise RuntimeError(f"{answered} of {count} were answered")
    return 1e3 * (process_time() - began) / count


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
        with prepared(kind) as ground:
            print(
                f"a late record on {kind}, {given.athletes} athletes at once, load {os.getloadavg()[0]:.1f}", flush=True
            )
            ground.inside("late_record", "--athletes", given.athletes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
