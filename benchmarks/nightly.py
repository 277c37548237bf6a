"""Nightly scoring: the deadline rings for everybody at once; each is advised, and told of it where there is news.

    .venv/bin/python -m benchmarks.nightly [--athletes 10000] [--days 60] [--database postgres sqlite] [--quick]

Athletes with the days, advice, warnings, answers and messages of so many days (three years of a few hundred athletes:
``--days 1095 --athletes 300``), squads of 25 with a coach, a device each. This morning brought HRV and sleep, nobody
has checked in, and every deadline has passed. The product's own ``deadlines.ring_due`` and ``advising.drain`` are
timed, the drain in so many processes (SQLite: one, it has one writer). What Python and the libraries take to start is
measured before and taken off. Goal: >= 8,000 athletes a second on PostgreSQL.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from benchmarks.servers import ROOT, prepared, verdict

GOAL_POSTGRES_PER_S = 8_000
SQUAD = 25
FAR_OFF = timedelta(days=365)


def fill(count: int, days: int) -> None:
    """In a process that has the servers' environment."""
    import django

    django.setup()
    from django.utils import timezone

    from athletes.models import Athlete, Day
    from benchmarks import seasons
    from benchmarks.cast import make_athletes, make_squad

    now = timezone.now()
    athletes = make_athletes(count)
    seasons.live(athletes, now.date(), days, reports=False)
    for first in range(0, count, SQUAD):
        make_squad(athletes[first : first + SQUAD], f"squad{first}")
    known = {"revised_at": now, "hrv_era": "rmssd/manual/morning_supine", "sleep_score_basis": "garmin"}
    Day.objects.bulk_create(
        [
            Day(athlete=a, date=now.date(), hrv_ms=48.0 + i % 17, sleep_score=70.0 + i % 20, sleep_duration_min=440.0,
                **known)
            for i, a in enumerate(athletes)
        ],
        batch_size=1_000,
    )  # fmt: skip
    Athlete.objects.filter(pk__gte=athletes[0].pk).update(morning_deadline="00:00", next_morning_at=now + FAR_OFF)


def ring(count: int, *, when_told: bool = False) -> None:
    """The deadline passes for so many of those who were filled in and did not ring yet."""
    import django

    django.setup()
    from django.utils import timezone

    from athletes.models import Athlete
    from recommendations.queue import deadlines

    if when_told:  # whoever times something else beside it does not time a Python that starts
        print("  ready to ring", flush=True)
        input()
    now = timezone.now()
    silent = Athlete.objects.filter(next_morning_at__gt=now + FAR_OFF / 2).order_by("pk")[:count]
    Athlete.objects.filter(pk__in=list(silent.values_list("pk", flat=True))).update(next_morning_at=now)
    began, spent = time.perf_counter(), time.process_time()
    rung = deadlines.ring_due(now)
    seconds, cpu_ms = time.perf_counter() - began, 1e3 * (time.process_time() - spent) / max(rung, 1)
    print(f"  rung: {rung:,} in {seconds:.1f} s, {rung / seconds:,.0f}/s, {cpu_ms:.2f} ms CPU each", flush=True)


def drain() -> None:
    import django

    django.setup()
    from recommendations.advice import advising

    spent = time.process_time()
    answered = advising.drain()
    cpu_ms = 1e3 * (time.process_time() - spent) / max(answered, 1)
    print(f"  one process answered {answered:,}, {cpu_ms:.2f} ms CPU each", flush=True)


def start_up() -> None:
    import django

    django.setup()
    from recommendations.advice import advising  # noqa: F401


def told() -> None:
    import django

    django.setup()
    from django.utils import timezone

    from recommendations.models import Advice, Delivery, Notice, WaitingDay

    today = timezone.now().date()
    print(
        f"  {Advice.objects.filter(date=today).count():,} advised, {WaitingDay.objects.count():,} left waiting,"
        f" {Delivery.objects.filter(state='waiting').count():,} messages,"
        f" {Notice.objects.filter(date=today).count():,} notices to coaches"
    )


INSIDE = {each.__name__: each for each in (drain, start_up, told)}


def inside(env: dict[str, str], what: str, *argv: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.nightly", "--inside", what, *map(str, argv)]
    return subprocess.Popen(command, env=env, cwd=ROOT)


@contextmanager
def ringing(env: dict[str, str], count: int) -> Iterator[None]:
    """The deadline of so many athletes passes as this begins."""
    command = [sys.executable, "-m", "benchmarks.nightly", "--inside", "ring", "--athletes", str(count), "--when-told"]
    process = subprocess.Popen(command, env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    process.stdout.readline()
    process.stdin.write("\n")
    process.stdin.flush()
    yield
    print(process.stdout.read().rstrip(), flush=True)
    finished(process)


def finished(process: subprocess.Popen[Any]) -> None:
    if process.wait():
        raise RuntimeError(f"{process.args} ended with {process.returncode}")


def measure(kind: str, athletes: int, days: int, processes: int) -> None:
    with prepared(kind) as ground:
        ground.inside("nightly", "fill", "--athletes", athletes, "--days", days)
        workers = processes if kind == "postgres" else 1
        print(
            f"nightly on {kind}: {athletes:,} athletes of {days} days, {workers} process(es),"
            f" load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        ground.inside("nightly", "ring", "--athletes", athletes)
        began = time.perf_counter()
        ground.inside("nightly", "start_up")
        starting_s = time.perf_counter() - began
        began = time.perf_counter()
        for process in [inside(ground.env, "drain") for _ in range(workers)]:
            finished(process)
        rate = athletes / (time.perf_counter() - began - starting_s)
        ground.inside("nightly", "told")
    goal = f"   goal >= {GOAL_POSTGRES_PER_S:,}/s   {verdict(rate >= GOAL_POSTGRES_PER_S)}"
    print(f"  answered {rate:,.0f}/s{goal if kind == 'postgres' else ''}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--athletes", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--database", nargs="+", choices=("postgres", "sqlite"), default=("postgres", "sqlite"))
    parser.add_argument("--quick", action="store_true", help="2,000 athletes")
    parser.add_argument("--inside", choices=("fill", "ring", *INSIDE), help=argparse.SUPPRESS)
    parser.add_argument("--when-told", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    athletes = 2_000 if given.quick else given.athletes
    if given.inside == "fill":
        fill(athletes, given.days)
    elif given.inside == "ring":
        ring(athletes, when_told=given.when_told)
    elif given.inside:
        INSIDE[given.inside]()
    else:
        for kind in given.database:
            measure(kind, athletes, given.days, given.processes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
