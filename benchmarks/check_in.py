"""Web CPU of one PUT check-in: ours under granian against three opponents, in one run.

    .venv/bin/python -m benchmarks.check_in [--quick] [--database sqlite postgres]

Every server takes the same requests (a new check-in each, five items, sleep, HRV) over four keep-alive connections,
after a warm-up. What counts is the user and system time of the server's own processes, read from /proc around the run;
on SQLite the database is part of it. Ours resolves the day, writes the queue row and wakes a worker; the FastAPI app
stores the check-in, and with Celery sends a task; plain Django stores the check-in and a queue row in raw SQL.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.load import load
from benchmarks.opponents import tables
from benchmarks.servers import (
    BIN,
    ROOT,
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

GOALS = {"FastAPI + SQLAlchemy": 0.65, "FastAPI + SQLAlchemy + Celery": 0.40, "plain Django + raw SQL": 2.0}
DAYS = 14


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


def measure(server: Server, port: int, tokens: list[str], data: Path, days: int) -> float:
    """Milliseconds of CPU per request."""
    today = datetime.now(UTC).date()
    dates = [today - timedelta(days=ago) for ago in reversed(range(days))]  # as mornings come
    warm = load(port, requests(tokens[: len(tokens) // 2], [today - timedelta(days=DAYS)]), data)
    before = server.cpu_s()
    result = load(port, requests(tokens, dates), data)
    spent = server.cpu_s() - before
    odd = {status for run in (warm, result) for status in run["statuses"] if not status.startswith("2")}
    if odd:
        raise RuntimeError(f"{server.name} answered {result['statuses']}")
    return 1000 * spent / (len(tokens) * days)


@contextlib.contextmanager
def fastapi(data: Path, env: dict[str, str]) -> Iterator[tuple[Server, int]]:
    port = free_port()
    argv = [BIN / "python", "-m", "uvicorn", "benchmarks.opponents.fastapi_app:app", "--port", port, "--no-access-log"]
    with running("fastapi", *argv, "--log-level", "warning", env=env, data=data) as server:
        wait_until(lambda: answers(port), server)
        yield server, port


def compare(kind: str, athletes: int, days: int) -> dict[str, float]:
    figures: dict[str, float] = {}
    with scratch() as data, database(kind, data) as url:
        env = environment(data, url)
        with valkey(data, env):
            manage(env, "migrate", "--verbosity", 0)
            cast = [sys.executable, "-m", "benchmarks.cast", "--athletes", athletes, "--days", 0]
            subprocess.run([*map(str, cast), "--tokens", str(data / "ours.json")], env=env, cwd=ROOT, check=True)
            theirs_url = url.replace("homestretch.sqlite3", "theirs.sqlite3")
            theirs_env = env | {"DATABASE_URL": theirs_url, "DJANGO_SETTINGS_MODULE": ""}
            theirs = tables.fill(theirs_url, athletes)
            with web(data, env) as (server, port):
                figures["ours"] = measure(server, port, json.loads((data / "ours.json").read_text()), data, days)
            with fastapi(data, theirs_env) as (server, port):
                figures["FastAPI + SQLAlchemy"] = measure(server, port, theirs, data, days)
            with fastapi(data, theirs_env | {"ENQUEUE": "1"}) as (server, port):
                figures["FastAPI + SQLAlchemy + Celery"] = measure(server, port, theirs, data, days)
            with web(data, theirs_env, "benchmarks.opponents.plain_django:application") as (server, port):
                figures["plain Django + raw SQL"] = measure(server, port, theirs, data, days)
    return figures


def report(kind: str, figures: dict[str, float]) -> None:
    print(f"\nPUT check-in on {kind}: web CPU per request")
    print(f"  {'ours (granian)':<32}{figures['ours']:6.2f} ms")
    for name, goal in GOALS.items():
        ratio = figures["ours"] / figures[name]
        print(
            f"  {name:<32}{figures[name]:6.2f} ms   ours/theirs {ratio:.2f}   goal <= {goal}   {verdict(ratio <= goal)}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="800 requests to each instead of 3,000")
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgres"), default=("sqlite", "postgres"))
    given = parser.parse_args()
    fast = all(importlib.util.find_spec(name) for name in ("uvloop", "httptools"))
    print(f"uvicorn with {'uvloop and httptools' if fast else 'asyncio and h11 (uvicorn[standard] would be faster)'}")
    for kind in given.database:
        report(kind, compare(kind, 100 if given.quick else 300, 8 if given.quick else 10))
    return 0


if __name__ == "__main__":
    sys.exit(main())
