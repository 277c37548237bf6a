"""A whole copy under `./homestretch up`, as an operator runs it, found, frozen and killed by process id."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import redis
import requests

from benchmarks.servers import ROOT, free_port

MARKS = {"valkey": "valkey-server", "web": "config.serve", "worker": "config.celery", "beat": "config.beat"}
OWN_VARIABLES = {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "VAPID_PRIVATE_KEY", "VALKEY_URL", "DATABASE_URL"}
STARTS_WITHIN_S = 120.0


def as_a_stranger() -> dict[str, str]:
    """The environment without what a test run or a developer has set for the product."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}
    return {name: value for name, value in kept.items() if not name.startswith(("HOMESTRETCH", "DJANGO"))}


def wait_until(what: str, condition: Callable[[], object], limit_s: float) -> float:
    """How long it took; TimeoutError when it takes longer."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > limit_s:
            raise TimeoutError(f"waited {limit_s:g} s for {what}")
        time.sleep(0.1)
    return time.monotonic() - started


def send(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Without those that have ended and that nobody has asked how: a container's first process may never ask."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


class Tree:
    def __init__(self, data: Path, variables: dict[str, str]) -> None:
        self.data, self.variables, self.port = data, variables, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data.with_name(f"{data.name}.log")
        self.runner: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return as_a_stranger() | self.variables

    # --- its life

    def spawn(self) -> None:
        self.data.mkdir(exist_ok=True)
        (self.data / "demo-loaded").touch()  # the demo squad would only be in the way
        with self.log.open("ab") as log:
            log.write(b"--- up\n")
            log.flush()
            self.read_from = log.tell()
            self.runner = subprocess.Popen(
                [ROOT / "homestretch", "up", "--port", str(self.port), "--data", self.data],
                env=self.environment, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def start(self) -> None:
        self.spawn()
        wait_until("`up` to be ready", self.has_said_ready, STARTS_WITHIN_S)
        self.wait_until_whole()

    def has_said_ready(self) -> bool:
        if not self.runs:
            raise RuntimeError(f"`up` ended:\n{self.said()[-3000:]}")
        return "Homestretch is ready" in self.said()

    def wait_until_whole(self, limit_s: float = STARTS_WITHIN_S) -> None:
        wait_until("web, worker, beat and Valkey", self.is_whole, limit_s)

    def is_whole(self) -> bool:
        try:
            ready = requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False
        return ready and len(self.pool()) >= 2 and bool(self.main("beat")) and self.broker_answers()

    @property
    def runs(self) -> bool:
        return self.runner is not None and self.runner.poll() is None

    def stop(self, number: int = signal.SIGTERM) -> float:
        """How long it took."""
        if self.runner is None:
            return 0.0
        started = time.monotonic()
        if self.runs:
            send(self.all(), signal.SIGCONT)
            self.runner.send_signal(number)
        try:
            self.runner.wait(30)
        except subprocess.TimeoutExpired:
            self.runner.kill()
            self.runner.wait()
        return time.monotonic() - started

    def said(self, since: int | None = None) -> str:
        """The log since the last start, or since a place in it."""
        with self.log.open("rb") as log:
            log.seek(self.read_from if since is None else since)
            return log.read().decode(errors="replace")

    @property
    def log_bytes(self) -> int:
        return self.log.stat().st_size

    # --- its processes

    def all(self) -> list[psutil.Process]:
        assert self.runner is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.runner.pid).children(recursive=True)
        return []

    def main(self, service: str) -> psutil.Process | None:
        assert self.runner is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.runner.pid).children():
                with contextlib.suppress(psutil.Error):
                    if any(MARKS[service] in part for part in child.cmdline()):
                        return child
        return None

    def children(self, service: str) -> list[psutil.Process]:
        main = self.main(service)
        with contextlib.suppress(psutil.NoSuchProcess):
            return main.children(recursive=True) if main else []
        return []

    def pool(self) -> list[psutil.Process]:
        return self.children("worker")

    def service(self, name: str) -> list[psutil.Process]:
        """The main process and all its children."""
        main = self.main(name)
        return [main, *self.children(name)] if main else []

    def kill(self, service: str) -> None:
        send(self.service(service), signal.SIGKILL)

    def kill_main(self, service: str) -> None:
        if main := self.main(service):
            send([main], signal.SIGKILL)

    @contextlib.contextmanager
    def frozen(self, *services: str) -> Any:
        stopped = [process for name in services for process in self.service(name)]
        send(stopped, signal.SIGSTOP)
        try:
            yield
        finally:
            send(stopped, signal.SIGCONT)

    # --- its Valkey

    @property
    def broker(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.data / "valkey.sock"), socket_timeout=5)

    def broker_answers(self) -> bool:
        try:
            return bool(self.broker.ping())
        except redis.RedisError:
            return False


class Rows:
    """A process with the tree's settings that reads and writes its database: `benchmarks.faults.rows`."""

    def __init__(self, tree: Tree) -> None:
        environment = tree.environment | {
            "HOMESTRETCH_MODE": tree.variables.get("HOMESTRETCH_MODE", "embedded"),
            "HOMESTRETCH_DATA": str(tree.data),
            "HOMESTRETCH_SECRETS_FILE": str(tree.data / "secrets.env"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.faults.rows"], env=environment, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=tree.log.open("ab"),
        )  # fmt: skip

    def ask(self, verb: str, **given: Any) -> Any:
        assert self.process.stdin and self.process.stdout
        print(json.dumps([verb, given]), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process that reads the rows ended at {verb!r}")
        answer = json.loads(line)
        if "error" in answer:
            raise RowsError(answer["error"])
        return answer["answer"]

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)


class RowsError(Exception):
    """The database did not answer, or not so."""
