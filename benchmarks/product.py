"""All of the product, as ./homestretch up starts it, on throw-away data with athletes who have a history and tokens."""

from __future__ import annotations

import contextlib
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.cast import tokens_of
from benchmarks.servers import (
    ROOT,
    Server,
    answers,
    database,
    environment,
    free_port,
    manage,
    running,
    scratch,
    wait_until,
)


@dataclass
class Product:
    """`tokens`: of the athletes, and last of their coach."""

    server: Server
    port: int
    data: Path
    url: str
    tokens: list[str]


def started(stack: ExitStack, kind: str, athletes: int, days: int) -> Product:
    data = stack.enter_context(scratch())
    url = stack.enter_context(database(kind, data))
    env = environment(data, url)
    manage(env, "migrate", "--verbosity", 0)
    tokens = tokens_of(env, data, athletes, "--days", days, "--coached")
    (data / "demo-loaded").touch()
    port = free_port()
    env.pop("VALKEY_URL")  # the runner brings its own
    up = [sys.executable, ROOT / "homestretch", "up", "--port", port, "--data", data]
    server = stack.enter_context(running("homestretch", *up, env=env | {"LOG_LEVEL": "INFO"}, data=data))
    wait_until(lambda: answers(port) and "is ready" in server.log.read_text(), server, 180)
    return Product(server, port, data, url, tokens)


def pss_mb(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def role(process: psutil.Process) -> str:
    """Which of the product's processes this is, from its command line and whether its parent is of the same kind."""
    line = " ".join(process.cmdline())
    parent = " ".join(process.parent().cmdline()) if process.parent() else ""
    for word, name in (("config.serve", "web"), ("beat", "beat"), ("worker", "worker"), ("valkey-server", "valkey")):
        if word in line:
            return f"{name} child" if word in parent and word != "valkey-server" else f"{name} main"
    return "runner"
