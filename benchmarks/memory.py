"""Memory of everything ./homestretch up starts, as PSS: shared pages are counted once, divided among their users.

    .venv/bin/python -m benchmarks.memory [--quick]

Starts the runner on throw-away data with the demo squad, sends some check-ins so that every process has done its work,
then reads /proc/PID/smaps_rollup. Limits: one web worker 110 MB, one worker child 130 MB, the whole tree 350 MB.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
import urllib.request
from datetime import date
from pathlib import Path

import psutil

from benchmarks.servers import ROOT, Server, answers, free_port, running, scratch, verdict, wait_until

LIMITS_MB = {"web": 110, "worker child": 130, "whole tree": 350}
PASSWORD = "homestretch-demo"


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


def ask(port: int, method: str, path: str, body: dict[str, object] | None = None, token: str = "") -> dict[str, object]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, json.dumps(body).encode() if body else None, timeout=10) as answer:
        return dict(json.load(answer))


def warm_up(port: int, check_ins: int) -> None:
    """Check-ins of the demo athlete, so that web, worker and model are all in use, and the pages a coach would open."""
    signed_in = ask(port, "POST", "/_allauth/app/v1/auth/login", {"email": "alice@example.org", "password": PASSWORD})
    token = str(signed_in["meta"]["access_token"])  # type: ignore[index]
    me = ask(port, "GET", "/api/v1/me/", token=token)
    today = str(me.get("today", date.today()))
    for i in range(check_ins):
        body = {"fatigue": 1 + i % 5, "hrv": {"metric": "rmssd", "value_ms": 55.0 + i % 9, "context": "morning_supine"}}
        ask(port, "PUT", f"/api/v1/check-ins/{today}/", body, token)
        ask(port, "GET", "/api/v1/advice/today/", token=token)
        time.sleep(0.1)


def measure(server: Server) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for process in server.tree():
        with contextlib.suppress(psutil.NoSuchProcess):
            found.setdefault(role(process), []).append(pss_mb(process.pid))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="10 check-ins instead of 60")
    given = parser.parse_args()
    port = free_port()
    with scratch() as data:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("HOMESTRETCH", "DJANGO", "DATABASE", "VALKEY"))}
        argv = [ROOT / "homestretch", "up", "--port", port, "--data", data / "var"]
        with running("homestretch", *argv, env=env, data=data) as server:
            wait_until(lambda: answers(port) and "is ready" in server.log.read_text(), server, 180)
            warm_up(port, 10 if given.quick else 60)
            time.sleep(5)
            found = measure(server)
    for name, sizes in sorted(found.items()):
        print(f"{name:<14} {len(sizes)} x  {', '.join(f'{size:.0f}' for size in sizes)} MB PSS")
    figures = {
        "web": max(found.get("web child", found.get("web main", [0.0]))),
        "worker child": max(found.get("worker child", [0.0])),
        "whole tree": sum(map(sum, found.values())),
    }
    for name, size in figures.items():
        print(f"{name:<14} {size:6.0f} MB   limit {LIMITS_MB[name]} MB   {verdict(size <= LIMITS_MB[name])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
