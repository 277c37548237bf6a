"""Web CPU of one PUT check-in: ours under granian against FastAPI + SQLAlchemy + Celery doing the same work.

    .venv/bin/python -m benchmarks.check_in [--rounds 3] [--database sqlite postgres]

Both sides serve one database of athletes with three years behind them, the last ten days of whom are still to come:
each round another group of athletes reports these mornings to either side, over four keep-alive connections. What the
opponent does and leaves out: benchmarks/opponents/fastapi_app.py. What counts is the user and system time of the
server's own processes, read from /proc around the run; on SQLite the database is part of it. The median of the rounds.
Goal: ours <= theirs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cast import SEASONS_D, tokens_of
from benchmarks.load import load
from benchmarks.servers import (
    BIN,
    Server,
    answers,
    database,
    environment,
    free_port,
    manage,
    running,
    scratch,
    valkey,
    verdict,
    wait_until,
    web,
)

MORNINGS = 10
ATHLETES = 30  # a side and round


def requests(tokens: list[str], dates: list[date]) -> list[list[Any]]:
    """Each token's check-in of each date; values differ, so that nothing is answered from what was there."""
    return [
        ["PUT", f"/api/v1/check-ins/{day}/", token, body(i + 7 * j)]
        for j, day in enumerate(dates)
        for i, token in enumerate(tokens)
    ]


def body(i: int) -> dict[str, Any]:
    return {
        "fatigue": 1 + i % 5, "sleep_quality": 1 + i // 2 % 5, "muscle_soreness": 3, "stress": 4, "mood": 5,
        "scale": "mclean_1_5", "sleep_duration_min": 400 + i % 90, "resting_hr_bpm": 48.0 + i % 9, "pain_0_10": i % 2,
        "hrv": {"metric": "rmssd", "value_ms": 50.0 + i % 23, "context": "morning_supine"},
    }  # fmt: skip


def measure(server: Server, port: int, tokens: list[str], data: Path) -> float:
    """Milliseconds of CPU per request."""
    today = datetime.now(UTC).date()
    dates = [today - timedelta(days=ago) for ago in reversed(range(MORNINGS))]  # as mornings come
    before = server.cpu_s()
    result = load(port, requests(tokens, dates), data)
    spent = server.cpu_s() - before
    if any(not status.startswith("2") for status in result["statuses"]):
        raise RuntimeError(f"{server.name} answered {result['statuses']}\n{server.log.read_text()[-3000:]}")
    return 1000 * spent / (len(tokens) * MORNINGS)


@contextlib.contextmanager
def fastapi(data: Path, env: dict[str, str]) -> Iterator[tuple[Server, int]]:
    port = free_port()
    argv = [BIN / "python", "-m", "uvicorn", "benchmarks.opponents.fastapi_app:app", "--port", port, "--no-access-log"]
    with running("fastapi", *argv, "--log-level", "warning", env=env, data=data) as server:
        wait_until(lambda: answers(port), server)
        yield server, port


def compare(kind: str, rounds: int, days: int) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {"ours": [], "theirs": []}
    with ExitStack() as stack:
        data = stack.enter_context(scratch())
        url = stack.enter_context(database(kind, data))
        env = environment(data, url)
        stack.enter_context(valkey(data, env))
        manage(env, "migrate", "--verbosity", 0)
        groups = 2 * (rounds + 1)  # the first round warms up
        tokens = tokens_of(env, data, groups * ATHLETES, "--days", days, "--ended-days-ago", MORNINGS - 1)
        sides = {"ours": stack.enter_context(web(data, env)), "theirs": stack.enter_context(fastapi(data, env))}
        for number in range(groups):
            side = list(sides)[number % 2]
            group = tokens[number * ATHLETES : (number + 1) * ATHLETES]
            figures[side].append(measure(*sides[side], group, data))
    return {side: of_side[1:] for side, of_side in figures.items()}


def report(kind: str, figures: dict[str, list[float]]) -> None:
    ours, theirs = (median(figures[side]) for side in ("ours", "theirs"))
    print(f"\nPUT check-in on {kind}: web CPU per request, load {os.getloadavg()[0]:.1f}")
    for name, side in (("ours (granian)", "ours"), ("FastAPI + SQLAlchemy + Celery", "theirs")):
        each = ", ".join(f"{value:.2f}" for value in figures[side])
        print(f"  {name:<32}{median(figures[side]):6.2f} ms   ({each})")
    print(f"  ours/theirs {ours / theirs:.2f}   goal <= 1   {verdict(ours <= theirs)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--days", type=int, default=SEASONS_D)
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgres"), default=("sqlite", "postgres"))
    given = parser.parse_args()
    for kind in given.database:
        report(kind, compare(kind, given.rounds, given.days))
    return 0


if __name__ == "__main__":
    sys.exit(main())
