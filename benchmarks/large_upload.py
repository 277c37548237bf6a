"""Apple's export.zip of 150 MB through the whole product: sent over HTTP, read by the worker, followed to its end.

    .venv/bin/python -m benchmarks.large_upload [--megabytes 150] [--database sqlite|postgres]

Starts Valkey, web, worker and beat on throw-away data, makes an athlete, sends the file as a phone would, and reads
`/uploads/{id}/` until it is done. Meanwhile the memory of every process of web and worker is read ten times a second
(RSS, which counts shared pages in full). What counts is how much the largest worker process grew beyond what it held
before the upload came; an athlete's check-ins and advice are asked for at the same time.

    .venv/bin/python -m benchmarks.large_upload --webhook

Instead: signed webhooks while the worker is stopped (SIGSTOP) and Valkey too. Limit: answered within 2 s.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from benchmarks import servers
from benchmarks.servers import Server, verdict

LIMIT_GROWTH_MB, LIMIT_WEBHOOK_S = 100, 2.0
WEBHOOKS = 100


class Watch(threading.Thread):
    """The largest RSS of each process of these servers, in MB, since the last `restart`."""

    def __init__(self, *watched: Server) -> None:
        super().__init__(daemon=True)
        self.watched, self.largest_mb, self.over = watched, {}, threading.Event()

    def restart(self) -> dict[tuple[str, int], float]:
        before, self.largest_mb = self.largest_mb, {}
        return before

    def run(self) -> None:
        while not self.over.wait(0.1):
            for server in self.watched:
                for process in server.tree():
                    with contextlib.suppress(psutil.NoSuchProcess):
                        key, rss_mb = (server.name, process.pid), process.memory_info().rss / 2**20
                        self.largest_mb[key] = max(self.largest_mb.get(key, 0.0), rss_mb)


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any], float]:
    """Status, JSON and seconds; a file is sent as a stream."""
    start = time.perf_counter()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    line.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = line.getresponse()
    raw = answer.read()
    line.close()
    return answer.status, json.loads(raw) if raw else {}, time.perf_counter() - start


def upload(port: int, token: str, path: Path, watch: Watch) -> bool:
    bearer = {"Authorization": f"Bearer {token}"}
    size = path.stat().st_size
    with path.open("rb") as file:
        headers = {"Content_Type": "application/zip", "Content_Length": str(size), **bearer}
        status, body, seconds = ask(port, "POST", "/api/v1/ingest/apple_export/", file, **headers)
    print(f"sent {size / 2**20:.1f} MB: {status} after {seconds:.2f} s")
    start, told, slowest_s = time.perf_counter(), "", 0.0
    while body["state"] in ("waiting", "working") and time.perf_counter() - start < 600:
        time.sleep(0.5)
        _, body, _ = ask(port, "GET", f"/api/v1/uploads/{body['id']}/", **bearer)
        done, total = body["progress"]["readings_done"], body["progress"]["readings_total"]
        line = f"{body['state']}, {done} of {total or 'as yet unknown'}, {body['progress']['pct']} %"
        if line != told:
            print(f"  {time.perf_counter() - start:5.1f} s  {line}")
            told = line
        slowest_s = max(slowest_s, ask(port, "GET", "/api/v1/advice/today/", **bearer)[2])
    print(f"{body['state']} after {time.perf_counter() - start:.0f} s: {body['summary']}, problem {body['problem']}")
    print(f"meanwhile the slowest GET /advice/today/ took {slowest_s * 1000:.0f} ms")
    return bool(body["state"] == "done")


def measure_upload(data: Path, env: dict[str, str], megabytes: int) -> int:
    path = data / "export.zip"
    writing = [sys.executable, "-m", "benchmarks.apple_export", "--megabytes", str(megabytes), "--write", str(path)]
    subprocess.run(writing, check=True, capture_output=True, cwd=servers.ROOT)
    with ExitStack() as stack:
        web, port = stack.enter_context(servers.web(data, env))
        worker = stack.enter_context(servers.worker(data, env))
        stack.enter_context(servers.beat(data, env))
        token = an_athletes_token(data, env)
        warm_up(port, token)
        watch = Watch(web, worker)
        watch.start()
        time.sleep(3)
        before = watch.restart()
        finished = upload(port, token, path, watch)
        watch.over.set()
    worst_mb = 0.0
    for (name, pid), largest_mb in sorted(watch.largest_mb.items()):
        grown_mb = largest_mb - before.get((name, pid), largest_mb)
        worst_mb = max(worst_mb, grown_mb)
        print(f"  {name:<6} {largest_mb:6.0f} MB RSS at most, {grown_mb:+.0f} MB")
    reached = finished and worst_mb <= LIMIT_GROWTH_MB
    print(f"the process that grew most: {worst_mb:.0f} MB, limit {LIMIT_GROWTH_MB} MB: {verdict(reached)}")
    return 0 if reached else 1


def an_athletes_token(data: Path, env: dict[str, str]) -> str:
    path = data / "tokens.json"
    argv = [sys.executable, "-m", "benchmarks.cast", "--athletes", "1", "--days", "40", "--tokens", str(path)]
    subprocess.run(argv, env=env, cwd=servers.ROOT, check=True, capture_output=True)
    return str(json.loads(path.read_text())[0])


def warm_up(port: int, token: str) -> None:
    """Every process has worked, and holds what it holds anyway."""
    bearer = {"Authorization": f"Bearer {token}"}
    night = b'{"hrv": [{"summaryId": "x", "calendarDate": "2026-01-01", "lastNightAvg": 44, "startTimeInSeconds": 1}]}'
    for _ in range(20):
        ask(port, "GET", "/api/v1/advice/today/", **bearer)
        ask(port, "POST", "/api/v1/ingest/garmin/", night, Content_Type="application/json", **bearer)
        time.sleep(1)


# --- webhooks with nobody behind them ---------------------------------------------------------------------------------

LINK = """
from athletes.models import Athlete, VendorAccount
VendorAccount.objects.create(athlete=Athlete.objects.first(), provider="whoop", vendor_user_id="7")
"""


def measure_webhooks(data: Path, env: dict[str, str], broker: Server) -> int:
    secret = secrets.token_urlsafe(24)
    env = {**env, "WHOOP_WEBHOOK_SECRET": secret}
    with ExitStack() as stack:
        _, port = stack.enter_context(servers.web(data, env))
        worker = stack.enter_context(servers.worker(data, env))
        an_athletes_token(data, env)
        servers.manage(env, "shell", "-c", LINK)
        frozen = [process.pid for process in worker.tree()] + [broker.process.pid]
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            seconds = sorted(webhook(port, secret, number) for number in range(WEBHOOKS))
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
    print(f"{WEBHOOKS} webhooks with worker and Valkey frozen: p50 {seconds[WEBHOOKS // 2] * 1000:.0f} ms, ", end="")
    print(f"slowest {seconds[-1] * 1000:.0f} ms, limit {LIMIT_WEBHOOK_S} s: {verdict(seconds[-1] < LIMIT_WEBHOOK_S)}")
    return 0 if seconds[-1] < LIMIT_WEBHOOK_S else 1


def webhook(port: int, secret: str, number: int) -> float:
    body = json.dumps({"user_id": 7, "id": f"sleep-{number}", "type": "sleep.updated"}).encode()
    stamp = str(int(time.time() * 1000))
    digest = hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
    status, _, seconds = ask(
        port, "POST", "/api/v1/webhooks/whoop/", body, Content_Type="application/json",
        X_WHOOP_Signature=base64.b64encode(digest).decode(), X_WHOOP_Signature_Timestamp=stamp,
    )  # fmt: skip
    if status != 204:
        raise RuntimeError(f"a webhook was answered {status}")
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=150)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--webhook", action="store_true", help="time webhooks instead")
    given = parser.parse_args()
    with servers.scratch() as data, servers.database(given.database, data) as url:
        env = servers.environment(data, url)
        with servers.valkey(data, env) as broker:
            servers.manage(env, "migrate", "--verbosity", 0)
            if given.webhook:
                return measure_webhooks(data, env, broker)
            return measure_upload(data, env, given.megabytes)


if __name__ == "__main__":
    sys.exit(main())
