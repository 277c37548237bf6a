"""The database gone, killed, frozen, locked, full or damaged; and keys or code that do not belong to it."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import requests

from benchmarks.faults.engine import Bench, Skipped
from benchmarks.faults.fault import Fault, fault
from benchmarks.faults.postgres import Postgres
from benchmarks.faults.tree import Tree, send, wait_until

DISK_MB = 400
REFUSED_WITHIN_S = 60.0


def postgres(bench: Bench) -> Postgres:
    assert bench.postgres is not None  # by `only`
    return bench.postgres


# --- PostgreSQL


@fault("8", "PostgreSQL restarted", "503 meanwhile; web and worker find it again by themselves",
       only="postgres", refusals=True, slow=True)  # fmt: skip
def restarted(bench: Bench) -> Iterator[None]:
    for _ in bench.every(4, bench.seconds(12, 3)):
        postgres(bench).stop("fast")
        postgres(bench).start()
    yield


@fault("9", "PostgreSQL killed in mid-commit", "what was answered 2xx is there after its recovery",
       only="postgres", refusals=True, slow=True)  # fmt: skip
def killed(bench: Bench) -> Iterator[None]:
    for _ in bench.every(6, bench.seconds(12, 2)):
        postgres(bench).kill()
        time.sleep(1)
        postgres(bench).start()
    yield


@fault("9b", "all PostgreSQL connections ended", "each process opens a new one; nobody has to restart a worker",
       only="postgres", refusals=True, slow=True)  # fmt: skip
def disconnected(bench: Bench) -> Iterator[None]:
    ended = 0
    with psycopg.connect(postgres(bench).url, autocommit=True) as own:
        for _ in bench.every(0.7, bench.seconds(12, 4)):
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            own_excluded = " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ended += len(own.execute(others + own_excluded).fetchall())
    bench.note(f"{ended} connections ended")
    yield


@fault("10", "PostgreSQL frozen", "requests wait or are told 503; nothing is lost",
       only="postgres", refusals=True, silence=True, slow=True)  # fmt: skip
def frozen(bench: Bench) -> Iterator[None]:
    stopped = postgres(bench).processes()
    send(stopped, signal.SIGSTOP)
    time.sleep(bench.seconds(20, 4))
    send(stopped, signal.SIGCONT)
    yield


@fault("11", "PostgreSQL out of connections", "whoever has none is told 503 and comes again",
       only="postgres", refusals=True, slow=True)  # fmt: skip
def no_connections(bench: Bench) -> Iterator[None]:
    with contextlib.ExitStack() as held:
        with psycopg.connect(postgres(bench).url, autocommit=True) as own:
            own.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                        " AND pid <> pg_backend_pid()")  # fmt: skip
            for _ in range(500):
                try:
                    held.enter_context(psycopg.connect(postgres(bench).url))
                except psycopg.OperationalError:
                    break
        time.sleep(bench.seconds(10, 3))
    yield


# --- a full disk


@fault("12", "disk full", "what stores is told 503 and to come again; all goes on with the first free megabytes",
       tree="none", refusals=True)  # fmt: skip
def full_disk(bench: Bench) -> Iterator[None]:
    """On a small disk of its own, a copy of its own."""
    disk = bench.scratch / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", disk]
    if subprocess.run(mounting, check=False, capture_output=True).returncode:
        raise Skipped("only root can mount a disk")
    try:
        inside = Bench(bench.database, disk, short=bench.short, say=lambda text: None)
        try:
            found = inside.run(Fault("12", "", "", filled, refusals=True, silence=True, slow=True))
        finally:
            inside.close()
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
    bench.result.__dict__.update(found.__dict__ | {"fault": bench.result.fault})
    yield


def filled(bench: Bench) -> Iterator[None]:
    ballast = bench.scratch / "ballast"
    with contextlib.ExitStack() as before:
        log = before.enter_context(log_writer(bench.postgres)) if bench.postgres else None
        for block_bytes in (64 * 1024, 512):
            with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
                while True:
                    file.write(bytes(block_bytes))
        if log:  # small writes fit for long into what PostgreSQL has already; a new connection finds no room at once
            log()
    time.sleep(bench.seconds(10, 4))
    if not bench.postgres:
        told = requests.get(f"{bench.tree.url}/readyz", timeout=10)
        bench.expect(told.status_code == 503 and told.json()["checks"]["disk"] == "full", f"readyz says {told.text}")
    ballast.unlink()
    if bench.postgres:  # a PANIC may have ended it: what runs it starts it again, as `restart` does in compose
        wait_until("PostgreSQL to run", lambda: started(postgres(bench)), 30)
    yield


@contextlib.contextmanager
def log_writer(server: Postgres) -> Iterator[Callable[[], None]]:
    with psycopg.connect(server.url, autocommit=True) as own:

        def write() -> None:
            with contextlib.suppress(psycopg.OperationalError):
                for _ in range(100):
                    own.execute("SELECT pg_logical_emit_message(false, 'fault', repeat('x', 1000000))")

        yield write


def started(server: Postgres) -> bool:
    try:
        server.start()
        psycopg.connect(server.url, connect_timeout=2).close()
    except (psycopg.OperationalError, subprocess.SubprocessError):
        time.sleep(1)
        return False
    return True


# --- SQLite


@fault("L", "SQLite's write lock held", "check-ins wait for it and are answered", only="sqlite", slow=True)
def locked(bench: Bench) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(bench.tree.data / "homestretch.sqlite3", timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(bench.seconds(8, 3))
        other.rollback()
    yield


# --- what does not fit together


def refused_with(said: str, file: str, *harms: Callable[[Path], object]) -> Callable[[Bench], Iterator[None]]:
    """`up` ends by itself with one sentence that says what to do, and leaves the data as they are."""

    def act(bench: Bench) -> Iterator[None]:
        for harm in harms:
            tree = Tree(bench.at_rest(), bench.variables("plain"))
            harm(tree.data / file)
            tree.spawn()
            assert tree.runner is not None
            try:
                wait_until("`up` to end", lambda: not tree.runs, REFUSED_WITHIN_S)  # noqa: B023  within the round
                told = [line for line in tree.said().splitlines() if said in line]
                bench.expect(tree.runner.returncode == 1 and told, f"it said: {tree.said()[-300:]}")
                bench.expect("Traceback" not in tree.said(), "a traceback")
            finally:
                tree.stop()
        bench.note(f"{len(harms)} of its kinds refused in a sentence")
        yield

    return act


def cut_in_half(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.truncate(file, file.stat().st_size // 2)


def from_a_newer_version(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('athletes', '9999_later', '')")
        connection.commit()


OTHER_KEYS = f"SECRET_KEY={'x' * 50}\nFIELD_ENCRYPTION_KEYS={base64.urlsafe_b64encode(b'other' * 6 + b'!!').decode()}\n"

fault("D", "SQLite file cut in half, overwritten with garbage", "`up` says so and what to do, and starts nothing",
      tree="none", only="sqlite")(
    refused_with("is damaged: move it away", "homestretch.sqlite3", cut_in_half,
                 lambda file: file.write_bytes(b"garbage" * 999))
)  # fmt: skip
fault("N", "migrations of a newer version", "`up` says so and starts nothing", tree="none", only="sqlite")(
    refused_with("a newer Homestretch (athletes.9999_later)", "homestretch.sqlite3", from_a_newer_version)
)
fault("K", "secrets.env gone", "no new keys are made beside a database; `up` asks for the old ones",
      tree="none", only="sqlite")(
    refused_with("has a database and no secrets.env", "secrets.env", Path.unlink)
)  # fmt: skip
fault("K2", "secrets.env empty, not UTF-8, no keys", "`up` says so and starts nothing", tree="none")(
    refused_with("must hold SECRET_KEY and", "secrets.env", lambda file: file.write_bytes(b""),
                 lambda file: file.write_bytes(b"\xff\xfe\x00"),
                 lambda file: file.write_text("SECRET_KEY=x\nFIELD_ENCRYPTION_KEYS=no"))
)  # fmt: skip
fault("K3", "secrets.env of another installation", "`up` says so and starts nothing", tree="none")(
    refused_with("was encrypted with other FIELD_ENCRYPTION_KEYS", "secrets.env",
                 lambda file: file.write_text(OTHER_KEYS))
)  # fmt: skip
