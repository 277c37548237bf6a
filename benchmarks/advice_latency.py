"""From the moment a check-in is due to the moment its advice can be read, beside a nightly run: 50 and 200 a second.

    .venv/bin/python -m benchmarks.advice_latency [--database sqlite postgres] [--rates 50 200] [--seconds 10]

Web, worker (two children), beat and Valkey run as ./homestretch up starts them; every check-in is another athlete's,
with three years behind it. As the check-ins begin, the deadlines of other athletes ring, as many as check in in ten
seconds, and each of them is advised, too. A request is timed from when it was due, not from when the client got
round to it. The database is watched from outside by reading the newest advice every 10 ms, so figures carry up to 10 ms
too much. Goals: p99 <= 150 ms at 50 a second on SQLite, <= 250 ms at 200 on PostgreSQL; no lock errors, every advice
saved. The cast takes minutes: 7 MB and 0.2 s an athlete of three years.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from benchmarks import nightly
from benchmarks.cast import SEASONS_D, tokens_of
from benchmarks.check_in import body
from benchmarks.load import load
from benchmarks.servers import (
    Server,
    beat,
    prepared,
    verdict,
    web,
    worker,
)

GOALS_P99_MS = {("sqlite", 50): 150, ("postgres", 200): 250}
WARM = 100  # check-ins before anything is timed
BESIDE_S = 10  # so many seconds' worth of athletes are advised by the nightly run
PATIENCE_S = 20.0
WINDOW_S = 0.5


class Watcher(threading.Thread):
    """Notes when each athlete's advice became visible. Reads what has a young id; once a second looks further back."""

    def __init__(self, fetch: Callable[[str], Iterable[tuple[int]]]) -> None:
        super().__init__(daemon=True)
        self.fetch, self.seen, self.stopped = fetch, {}, threading.Event()

    def run(self) -> None:
        looked_back = 0.0
        while not self.stopped.wait(0.01):
            now = time.time()
            window_s = 60.0 if now - looked_back > 1 else WINDOW_S
            looked_back = now if window_s > WINDOW_S else looked_back
            for (athlete_id,) in self.fetch(youngest_uuid7(now - window_s)):
                self.seen.setdefault(athlete_id, time.time())


def youngest_uuid7(at: float) -> str:
    return str(uuid.UUID(int=int(at * 1000) << 80))


def fetcher(kind: str, url: str) -> Callable[[str], Iterable[tuple[int]]]:
    query = "SELECT athlete_id FROM recommendations_advice WHERE id > {}"
    if kind == "sqlite":
        path = url.removeprefix("sqlite:///")
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False, timeout=5)
        return lambda oldest: connection.execute(query.format("?"), [oldest.replace("-", "")]).fetchall()
    watching = psycopg.connect(url, autocommit=True)
    return lambda oldest: watching.execute(query.format("%s::uuid"), [oldest]).fetchall()


def run_rate(port: int, people: list[tuple[int, str]], rate: int, data: Path, fetch: Any) -> dict[str, float]:
    today = datetime.now(UTC).date()
    requests = [["PUT", f"/api/v1/check-ins/{today}/", token, body(i)] for i, (_, token) in enumerate(people)]
    watcher = Watcher(fetch)
    watcher.start()
    result = load(port, requests, data, rate=rate, connections=16)
    ours = {athlete for athlete, _ in people}
    give_up_at = time.monotonic() + PATIENCE_S
    while not ours <= watcher.seen.keys() and time.monotonic() < give_up_at:
        time.sleep(0.1)
    watcher.stopped.set()
    watcher.join()
    due_and_answered = [(due, answered) for due, _, answered in result["times"]]
    waits = [
        watcher.seen[athlete] - due
        for (athlete, _), (due, _) in zip(people, due_and_answered, strict=True)
        if athlete in watcher.seen
    ]
    answer_ms = np.percentile([1000 * (answered - due) for due, answered in due_and_answered], [50, 99])
    p50, p95, p99 = np.percentile([1000 * wait for wait in waits], [50, 95, 99]) if waits else [np.nan] * 3
    failed = sum(count for status, count in result["statuses"].items() if not status.startswith("2"))
    return {
        "p50": p50, "p95": p95, "p99": p99, "answer_p50": answer_ms[0], "answer_p99": answer_ms[1], "failed": failed,
        "without": len(people) - len(waits), "per_second": len(people) / result["seconds"],
    }  # fmt: skip


def lock_errors(*servers: Server) -> int:
    """Lines of the servers' logs that name a lock, a deadlock or a failed transaction."""
    words = ("database is locked", "deadlock", "LockNotAvailable", "OperationalError")
    return sum(
        any(word in line for word in words) for server in servers for line in server.log.read_text().splitlines()
    )


def measure(kind: str, rates: list[int], seconds: int, days: int) -> None:
    with prepared(kind) as ground, ExitStack() as stack:
        data, env = ground.data, ground.env
        people = list(enumerate(tokens_of(env, data, WARM + sum(rates) * seconds, "--days", days), 1))
        ground.inside("nightly", "fill", "--athletes", sum(rates) * BESIDE_S)
        served, port = stack.enter_context(web(data, env))
        servers = [served, stack.enter_context(worker(data, env)), stack.enter_context(beat(data, env))]
        fetch = fetcher(kind, ground.url)
        run_rate(port, people[:WARM], 20, data, fetch)
        history = f"{days} days of history, load {os.getloadavg()[0]:.1f}"
        print(f"\ncheck-in -> advice saved, on {kind}, {seconds} s at each rate, {history}", flush=True)
        start = WARM
        for rate in rates:
            with nightly.ringing(env, rate * BESIDE_S):
                figures = run_rate(port, people[start : start + rate * seconds], rate, data, fetch)
            start += rate * seconds
            print(line(kind, rate, figures, lock_errors(*servers)), flush=True)


def line(kind: str, rate: int, f: dict[str, float], locks: int) -> str:
    text = (
        f"  {rate:>4}/s asked, {f['per_second']:5.0f}/s served: advice p50 {f['p50']:6.0f}  p95 {f['p95']:6.0f}"
        f"  p99 {f['p99']:6.0f} ms; answer p50 {f['answer_p50']:4.0f}  p99 {f['answer_p99']:5.0f} ms;"
        f" without advice {f['without']:.0f}, failed {f['failed']:.0f}, lock errors so far {locks}"
    )
    goal_ms = GOALS_P99_MS.get((kind, rate))
    if goal_ms is None:
        return text
    reached = f["p99"] <= goal_ms and not f["without"] and not f["failed"] and not locks
    return f"{text}   goal p99 <= {goal_ms} ms   {verdict(reached)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgres"), default=("sqlite", "postgres"))
    parser.add_argument("--rates", nargs="+", type=int, default=[50, 200])
    parser.add_argument("--seconds", type=int, default=10, help="at each rate")
    parser.add_argument("--days", type=int, default=SEASONS_D)
    given = parser.parse_args()
    for kind in given.database:
        measure(kind, given.rates, given.seconds, given.days)
    return 0


if __name__ == "__main__":
    sys.exit(main())
