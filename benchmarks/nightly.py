"""Nightly scoring: every athlete's day is closed and the next one advised; against COPY of the very same advice rows.

    .venv/bin/python -m benchmarks.nightly [--athletes 100000] [--processes 2] [--database postgres sqlite] [--quick]

Each athlete has a carried state that ends the day before yesterday, yesterday's day and today's, and a waiting row.
The worker's own ``advising.drain`` answers them in so many processes (SQLite: one, it has one writer). Then PostgreSQL
takes the same rows by COPY into an empty table with the same columns, indexes and constraints.
Goals: ours / COPY >= 0.33 on PostgreSQL; >= 10,000 athletes a second on SQLite.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import timedelta

from benchmarks.servers import ROOT, database, environment, manage, scratch, valkey, verdict

GOAL_OF_COPY = 0.33
GOAL_SQLITE_PER_S = 10_000
DISTINCT = 1_000
HISTORY_DAYS = 40


def packed_histories() -> list[bytes]:
    """Trackers of some hundred athletes after six weeks of plausible days; the others carry copies of them."""
    import numpy as np

    from mlmodels.state import Evening, Morning, Profiles, Tracker

    rng = np.random.default_rng(11)
    tracker = Tracker(DISTINCT, Profiles.of(DISTINCT, seed_load_au=np.full(DISTINCT, 320.0)))
    week = np.array([520.0, 380.0, 0.0, 540.0, 300.0, 500.0, 0.0])
    for day in range(HISTORY_DAYS):
        hrv = np.where(rng.random(DISTINCT) < 0.08, np.nan, np.exp(rng.normal(4.0, 0.15, DISTINCT)))
        morning = Morning.of(
            DISTINCT, hrv_rmssd_ms=hrv, sleep_score=rng.normal(76, 7, DISTINCT).clip(20, 100),
            weekday=np.full(DISTINCT, day % 7.0),
        )  # fmt: skip
        trial = rng.normal(55, 0.5, DISTINCT) if day % 7 == 5 else np.full(DISTINCT, np.nan)
        load = week[day % 7] * rng.normal(1, 0.15, DISTINCT).clip(0.4)
        tracker.evening(morning, Evening.of(DISTINCT, load_au=load, t400_s=trial))
    return tracker.pack()


def fill(count: int) -> None:
    """In a process that has the servers' environment."""
    import django

    django.setup()
    from django.utils import timezone

    from athletes.models import Day
    from benchmarks.cast import make_athletes
    from mlmodels.state import STATE_VERSION
    from recommendations.models import StateCarry, WaitingDay

    now = timezone.now()
    today, blobs = now.date(), packed_histories()
    for start in range(0, count, 5_000):
        athletes = make_athletes(min(5_000, count - start))
        StateCarry.objects.bulk_create(
            [
                StateCarry(
                    athlete=a,
                    through=today - timedelta(days=2),
                    state_version=STATE_VERSION,
                    packed=blobs[i % DISTINCT],
                )
                for i, a in enumerate(athletes)
            ],
            batch_size=1_000,
        )
        known = {"revised_at": now, "hrv_era": "rmssd/manual/overnight_mean", "sleep_score_basis": "garmin"}
        rows = [
            Day(athlete=a, date=today - timedelta(days=ago), hrv_ms=50.0 + i % 17, sleep_score=70.0 + i % 20,
                sleep_duration_min=440.0, load_au=400.0 if ago else None, **known)
            for i, a in enumerate(athletes) for ago in (1, 0)
        ]  # fmt: skip
        Day.objects.bulk_create(rows, batch_size=1_000)
        WaitingDay.objects.bulk_create(
            [WaitingDay(athlete=a, date=today, rings=False, since=now) for a in athletes], batch_size=2_000
        )


def drain() -> None:
    import django

    django.setup()
    from recommendations import advising

    advising.drain()


def inside(env: dict[str, str], what: str, *argv: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.nightly", "--inside", what, *map(str, argv)]
    return subprocess.Popen(command, env=env, cwd=ROOT)


def finished(process: subprocess.Popen[bytes]) -> None:
    if process.wait():
        raise RuntimeError(f"{process.args} ended with {process.returncode}")


def copy_seconds(url: str) -> tuple[float, int]:
    """The advice rows once more, by COPY, into an empty table of the same shape, committed."""
    import psycopg

    with psycopg.connect(url) as connection:
        taken = io.BytesIO()
        with connection.cursor().copy("COPY recommendations_advice TO STDOUT") as copy:
            for block in copy:
                taken.write(block)
        connection.execute("CREATE TABLE advice_copied (LIKE recommendations_advice INCLUDING ALL)")
        connection.commit()
        began = time.perf_counter()
        with connection.cursor().copy("COPY advice_copied FROM STDIN") as copy:
            copy.write(taken.getvalue())
        connection.commit()
        seconds = time.perf_counter() - began
        row = connection.execute("SELECT count(*) FROM advice_copied").fetchone()
    assert row is not None
    return seconds, int(row[0])


def measure(kind: str, athletes: int, processes: int) -> None:
    with ExitStack() as stack:
        data = stack.enter_context(scratch())
        url = stack.enter_context(database(kind, data))
        env = environment(data, url)
        stack.enter_context(valkey(data, env))
        manage(env, "migrate", "--verbosity", 0)
        finished(inside(env, "fill", "--athletes", athletes))
        workers = processes if kind == "postgres" else 1
        start_up = time.perf_counter()
        finished(inside(env, "nothing"))
        start_up = time.perf_counter() - start_up
        began = time.perf_counter()
        for process in [inside(env, "drain") for _ in range(workers)]:
            finished(process)
        seconds = time.perf_counter() - began - start_up
        rate = athletes / seconds
        print(f"nightly on {kind}: {athletes:,} athletes in {seconds:.1f} s by {workers} process(es), {rate:,.0f}/s")
        if kind == "postgres":
            copied_s, rows = copy_seconds(url)
            ratio = (rows / seconds) / (rows / copied_s)
            print(f"  COPY of the {rows:,} advice rows: {copied_s:.1f} s, {rows / copied_s:,.0f}/s")
            print(f"  ours / COPY {ratio:.3f}   goal >= {GOAL_OF_COPY}   {verdict(ratio >= GOAL_OF_COPY)}")
        else:
            print(f"  goal >= {GOAL_SQLITE_PER_S:,}/s   {verdict(rate >= GOAL_SQLITE_PER_S)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--athletes", type=int)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--database", nargs="+", choices=("postgres", "sqlite"), default=("postgres", "sqlite"))
    parser.add_argument("--quick", action="store_true", help="5,000 athletes")
    parser.add_argument("--inside", choices=("fill", "drain", "nothing"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    athletes = given.athletes or (5_000 if given.quick else 100_000)
    if given.inside == "fill":
        fill(athletes)
    elif given.inside == "drain":
        drain()
    elif given.inside == "nothing":  # what starting Python, Django and the libraries costs, taken off below
        import django

        django.setup()
        from recommendations import advising  # noqa: F401
    else:
        for kind in given.database:
            measure(kind, athletes, given.processes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
