"""A long steady run of everything ./homestretch up starts: does anything grow?

    .venv/bin/python -m benchmarks.soak [--minutes 60] [--database sqlite|postgres] [--plot soak.svg] [--csv soak.csv]

Athletes check in, read, sync, upload small files and sign in at a steady rate. Every ten seconds are read: of each
process PSS, RSS, file descriptors and threads, of each table its rows, the bytes of database, WAL and log, the age of
the oldest day that waits, the length of Celery's lists, and the latency of the answers. After a warm-up (a fifth, at
most ten minutes) the slopes are held against limits; a missed one ends it with 1. A line a minute says how far it is.
Slopes of less than half an hour are noise: there only what is many times a limit says something.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

import psutil
import psycopg
import redis

from benchmarks import drift
from benchmarks.cast import PASSWORD
from benchmarks.check_in import body
from benchmarks.drift import Limit, Series
from benchmarks.load import Connection, as_bytes
from benchmarks.product import pss_mb, role, started
from benchmarks.servers import Server

ATHLETES, DAYS = 100, 35
SAMPLE_S = 10
LIMITS = (
    Limit("rss_mb", per_hour=1.0),
    Limit("fds", per_hour=2.0),
    Limit("threads", per_hour=1.0),
    Limit("messages", per_hour=5.0),
    Limit("athletes_mail rows", per_hour=5.0),
    Limit("recommendations_waitingday rows", per_hour=5.0),
    Limit("oldest waiting s", most=60.0),
    Limit("wal mb", most=64.0),
    Limit("refused answers", most=0.0),
    Limit("restarts", most=0.0),
)
READS = ("/api/v1/advice/today/", "/api/v1/advice/", "/api/v1/days/{today}/", "/api/v1/me/", "/api/v1/sync/changes/")
Request = tuple[str, str, str, Any]  # method, path, token, body


# --- what people do ---------------------------------------------------------------------------------------------------


def check_ins(tokens: list[str]) -> Iterator[Request]:
    for number, token in enumerate(itertools.cycle(tokens)):
        yield "PUT", f"/api/v1/check-ins/{datetime.now(UTC).date()}/", token, body(number)


def reads(tokens: list[str]) -> Iterator[Request]:
    for number, path in enumerate(itertools.cycle(READS)):
        yield "GET", path.format(today=datetime.now(UTC).date()), tokens[number % len(tokens)], None


def syncs(tokens: list[str]) -> Iterator[Request]:
    """A session of this day or one of the last two weeks, as phones hand them in."""
    for number, token in enumerate(itertools.cycle(tokens)):
        started_at = datetime.now(UTC) - timedelta(hours=1, days=number % 14)
        data = {"client_record_id": f"soak-{number}", "source": {"provider": "garmin"}, "kind": "tempo",
                "started_at": started_at.isoformat(), "duration_min": 30.0 + number % 20, "rpe": 4.0}  # fmt: skip
        yield "POST", "/api/v1/sync/", token, {"records": [{"kind": "training_session", "data": data}]}


def uploads(tokens: list[str]) -> Iterator[Request]:
    for number, token in enumerate(itertools.cycle(tokens)):
        started_at = int(time.time()) - 86_400 - 60 * (number % 600)
        night = {"summaryId": f"soak-{number}", "lastNightAvg": 44 + number % 9, "lastNight5MinHigh": 60 + number % 9,
                 "durationInSeconds": 3600, "startTimeInSeconds": started_at}  # fmt: skip
        yield "POST", "/api/v1/ingest/garmin/", token, {"hrv": [night]}


def sign_ins(tokens: list[str]) -> Iterator[Request]:
    for number in itertools.count():
        person = {"email": f"athlete{number % len(tokens)}@example.org", "password": PASSWORD}
        yield "POST", "/_allauth/app/v1/auth/login", "", person


PER_SECOND: dict[Callable[[list[str]], Iterator[Request]], float] = {
    check_ins: 4.0, reads: 6.0, syncs: 0.5, uploads: 0.1, sign_ins: 0.1,
}  # fmt: skip


class People(threading.Thread):
    """One act at a steady rate. Who comes too late does not hurry."""

    def __init__(self, port: int, act: Callable[[list[str]], Iterator[Request]], tokens: list[str]) -> None:
        super().__init__(daemon=True)
        self.port, self.name, self.requests, self.pause_s = port, act.__name__, act(tokens), 1 / PER_SECOND[act]
        self.over, self.lock = threading.Event(), threading.Lock()
        self.took_ms: list[float] = []
        self.refused: list[str] = []

    def run(self) -> None:
        connection = Connection(self.port)
        for method, path, token, content in self.requests:
            began = time.monotonic()
            try:
                status = connection.ask(as_bytes(method, path, token, content))
                refused = "" if 200 <= status < 300 else f"{status} {method} {path}"
            except (OSError, EOFError) as error:
                connection, refused = Connection(self.port), f"{error!r} {method} {path}"
            spent_s = time.monotonic() - began
            with self.lock:
                self.took_ms.append(1000 * spent_s)
                self.refused += [refused] if refused else []
            if self.over.wait(max(0.0, self.pause_s - spent_s)):
                return

    def since_the_last(self) -> tuple[list[float], list[str]]:
        with self.lock:
            seen, self.took_ms, self.refused = (self.took_ms, self.refused), [], []
        return seen


# --- what is sampled --------------------------------------------------------------------------------------------------


class Sampler:
    def __init__(self, server: Server, data: Path, people: list[People], ask: Callable[[str], list[Any]]) -> None:
        self.server, self.data, self.people, self.ask = server, data, people, ask
        self.valkey = redis.Redis(unix_socket_path=str(data / "valkey.sock"))
        self.named: dict[int, str] = {}
        self.refused: list[str] = []
        self.tables = ask(TABLES["sqlite" if (data / "homestretch.sqlite3").exists() else "postgres"])

    def sample(self) -> dict[str, float]:
        return self.processes() | self.answered() | self.stored()

    def processes(self) -> dict[str, float]:
        found: dict[str, float] = {"tree pss_mb": 0.0, "restarts": 0.0}
        alive = self.server.tree()
        for process in alive:
            try:
                name = self.name_of(process)
                pss = pss_mb(process.pid)
                found |= {f"{name} rss_mb": process.memory_info().rss / 2**20, f"{name} pss_mb": pss,
                          f"{name} fds": process.num_fds(), f"{name} threads": process.num_threads()}  # fmt: skip
                found["tree pss_mb"] += pss
            except psutil.NoSuchProcess:
                continue
        found["restarts"] = float(len(self.named) - len({process.pid for process in alive} & set(self.named)))
        return found

    def name_of(self, process: psutil.Process) -> str:
        """By what it does; children are numbered as they appear. A process of another id is another process."""
        if process.pid not in self.named:
            kind = role(process)
            same = sum(name.startswith(kind) for name in self.named.values())
            self.named[process.pid] = f"{kind} {same + 1}" if same or "child" in kind else kind
        return self.named[process.pid]

    def answered(self) -> dict[str, float]:
        found = {}
        for each in self.people:
            took_ms, refused = each.since_the_last()
            enough = len(took_ms) > 1  # of one, as with sign-ins, it is that one
            p95_ms = quantiles(took_ms, n=20, method="inclusive")[-1] if enough else max(took_ms, default=float("nan"))
            found[f"{each.name} p95_ms"] = p95_ms
            self.refused += refused
        return found | {"refused answers": float(len(self.refused))}

    def stored(self) -> dict[str, float]:
        rows = {f"{table} rows": float(self.ask(f'SELECT count(*) FROM "{table}"')[0][0]) for (table,) in self.tables}
        since = self.ask('SELECT min(since) FROM "recommendations_waitingday"')[0][0]
        if isinstance(since, str):
            since = datetime.fromisoformat(since).replace(tzinfo=UTC)
        waited_s = (datetime.now(UTC) - since).total_seconds() if since else 0.0
        queues = {f"{name} messages": float(self.valkey.llen(name)) for name in ("advice", "push", "slow")}  # type: ignore[arg-type]
        files = {"database": "homestretch.sqlite3", "wal": "homestretch.sqlite3-wal", "log": "homestretch.log",
                 "valkey": "valkey"}  # fmt: skip
        sizes = {f"{name} mb": size_mb(self.data / file) for name, file in files.items()}
        return {"oldest waiting s": waited_s} | queues | sizes | rows


TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
}


def size_mb(path: Path) -> float:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.exists()) / 2**20


def asker(url: str) -> Callable[[str], list[Any]]:
    if url.startswith("sqlite"):
        import sqlite3

        path = url.removeprefix("sqlite:///")
        local = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)
        return lambda sql: local.execute(sql).fetchall()
    remote = psycopg.connect(url, autocommit=True)
    return lambda sql: remote.execute(sql).fetchall()  # type: ignore[call-overload,no-any-return]


# --- the run ----------------------------------------------------------------------------------------------------------


def soak(kind: str, minutes: float, stack: ExitStack) -> tuple[list[float], Series, list[str]]:
    product = started(stack, kind, ATHLETES, DAYS)
    people = [People(product.port, act, product.tokens[:-1]) for act in PER_SECOND]
    for each in people:
        each.start()
    try:
        return watched(Sampler(product.server, product.data, people, asker(product.url)), minutes)
    finally:
        for each in people:
            each.over.set()


def watched(sampler: Sampler, minutes: float) -> tuple[list[float], Series, list[str]]:
    times_h: list[float] = []
    samples: list[dict[str, float]] = []
    began = told = time.monotonic()
    while time.monotonic() - began < 60 * minutes:
        time.sleep(max(0.0, began + SAMPLE_S * (len(samples) + 1) - time.monotonic()))
        samples.append(sampler.sample())
        times_h.append((time.monotonic() - began) / 3600)
        if time.monotonic() - told >= 60:
            told = time.monotonic()
            print(progress(times_h[-1] * 60, samples[-1]), flush=True)
    names = dict.fromkeys(name for sample in samples for name in sample)
    return times_h, {name: [sample.get(name, float("nan")) for sample in samples] for name in names}, sampler.refused


def progress(minute: float, now: dict[str, float]) -> str:
    return (
        f"  {minute:5.1f} min: tree {now['tree pss_mb']:.0f} MB PSS, oldest waiting {now['oldest waiting s']:.1f} s, "
        f"check-ins p95 {now['check_ins p95_ms']:.0f} ms, refused {now['refused answers']:.0f}, "
        f"restarts {now['restarts']:.0f}, load {os.getloadavg()[0]:.1f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--plot", type=Path, help="an SVG")
    parser.add_argument("--csv", type=Path)
    given = parser.parse_args()
    print(
        f"soak on {given.database}, {given.minutes:g} minutes, {sum(PER_SECOND.values()):g} requests a second",
        flush=True,
    )
    with ExitStack() as stack:
        times_h, figures, refused = soak(given.database, given.minutes, stack)
    if given.csv:
        with given.csv.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["hours", *figures])
            rows.writerows(zip(times_h, *figures.values(), strict=True))
    warm_h = min(given.minutes / 5, 10) / 60
    if given.plot:
        drift.plot(times_h, figures, warm_h, given.plot, f"soak on {given.database}")
    return judged(times_h, figures, refused, warm_h)


def judged(times_h: list[float], figures: Series, refused: list[str], warm_h: float) -> int:
    warm = sum(at < warm_h for at in times_h)
    times_h, figures = times_h[warm:], {name: values[warm:] for name, values in figures.items()}
    moving = {n: v for n, v in figures.items() if not n.endswith("rows") or v[0] != v[-1]}
    print("\n".join(drift.table(times_h, moving)))
    for answer, count in tally(refused).items():
        print(f"  {count} x {answer}")
    missed = [problem for limit in LIMITS for problem in limit.missed(times_h, figures)]
    print("\n".join(f"NOT reached: {problem}" for problem in missed) or "every limit was kept")
    return 1 if missed else 0


def tally(refused: list[str]) -> dict[str, int]:
    counted: defaultdict[str, int] = defaultdict(int)
    for answer in refused:
        counted[answer] += 1
    return counted


if __name__ == "__main__":
    sys.exit(main())
