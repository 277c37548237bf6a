"""One athlete sends what is large, broken or a bomb; another one's small things must not wait.

    .venv/bin/python -m benchmarks.heavy_athlete [--database sqlite|postgres] [--part garbage|bomb|readings]

Starts Valkey, web, worker and beat on throw-away data, for each part anew:

- *garbage*: six different files of 60 MB that no reader can read. How many bytes of them stay on the disk.
- *bomb*: 30 KB of gzip that are 31 MB of `{}`, sent twice; a second later another athlete's file of 500 bytes. The
  largest RSS of any process of the worker's tree, and how long the small file waited until it was stored.
- *readings*: 7.8 MB of JSON with 120,000 readings, and beside it 40 small syncs of another athlete.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import servers
from benchmarks.large_upload import Watch, ask
from benchmarks.servers import Server, verdict

GARBAGE_FILES, GARBAGE_BYTES = 6, 60_000_000
OBJECTS = 10_400_000  # of two bytes and a comma
READINGS, SYNCS = 120_000, 40
GIVEN_UP_S = 150  # a wait that is longer is told as that
LIMIT_MB, LIMIT_WAIT_S, LIMIT_SYNC_S = 350, 15.0, 5.0


def tokens(data: Path, env: dict[str, str]) -> list[dict[str, str]]:
    path = data / "tokens.json"
    argv = [sys.executable, "-m", "benchmarks.cast", "--athletes", "2", "--days", "40", "--tokens", str(path)]
    subprocess.run(argv, env=env, cwd=servers.ROOT, check=True, capture_output=True)
    return [{"Authorization": f"Bearer {token}"} for token in json.loads(path.read_text())]


def state_of(port: int, upload: str, bearer: dict[str, str]) -> dict[str, Any]:
    return ask(port, "GET", f"/api/v1/uploads/{upload}/", **bearer)[1]


def finished(port: int, upload: str, bearer: dict[str, str], limit_s: float = GIVEN_UP_S) -> tuple[float, str]:
    """Seconds until it was done or failed, and how it ended."""
    start = time.monotonic()
    while time.monotonic() - start < limit_s:
        told = state_of(port, upload, bearer)
        if told["state"] in ("done", "failed"):
            problem = f" ({told['problem']['code']})" if told["problem"] else ""
            return time.monotonic() - start, f"{told['state']}{problem} {told['summary'] or ''}".strip()
        time.sleep(0.1)
    told = state_of(port, upload, bearer)
    return limit_s, f"still {told['state']}, {told['progress']['readings_done']} readings stored"


def garbage(port: int, alice: dict[str, str], bob: dict[str, str], data: Path, watch: Watch) -> bool:
    answers = Counter[str]()
    for _ in range(GARBAGE_FILES):
        status, body, _ = ask(
            port, "POST", "/api/v1/ingest/apple_export/", os.urandom(GARBAGE_BYTES),
            Content_Type="application/octet-stream", **alice,
        )  # fmt: skip
        end = finished(port, body["id"], alice, 60)[1] if status == 202 else body.get("code", "")
        answers[f"{status} {end}"] += 1
    left_mb = sum(path.stat().st_size for path in (data / "uploads").glob("*")) / 1e6
    sent_mb = GARBAGE_FILES * GARBAGE_BYTES / 1e6
    print(f"garbage: {dict(answers)}; {left_mb:.0f} MB of {sent_mb:.0f} MB stay on the disk")
    return left_mb == 0


def bomb(port: int, alice: dict[str, str], bob: dict[str, str], data: Path, watch: Watch) -> bool:
    sent = []
    for more in range(2):
        raw = b'{"hrv": [' + b"{}," * (OBJECTS + more) + b"{}]}"
        headers = {"Content_Type": "application/json", "Content_Encoding": "gzip", **alice}
        sent.append(ask(port, "POST", "/api/v1/ingest/garmin/", gzip.compress(raw, 9), **headers))
    print(f"bomb: {len(raw) / 2**20:.0f} MiB, answered {[status for status, _, _ in sent]}")
    time.sleep(1)
    small = small_export()
    status, body, _ = ask(
        port, "POST", "/api/v1/ingest/apple_export/", small, Content_Type="application/octet-stream", **bob
    )
    waited_s, end = finished(port, body["id"], bob)
    print(f"  the other athlete's {len(small)} bytes: {status}, {end} after {waited_s:.1f} s")
    for _, told, _ in sent:
        if "id" in told:
            seconds, end = finished(port, told["id"], alice, 20)
            print(f"  the bomb: {end} after another {seconds:.1f} s")
    largest_mb = max(watch.largest_mb.values())
    print(f"  largest process of the worker: {largest_mb:.0f} MB RSS")
    return waited_s <= LIMIT_WAIT_S and largest_mb <= LIMIT_MB


def small_export() -> bytes:
    at = datetime.now(UTC) - timedelta(days=1)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<HealthData locale="de_DE">\n'
        '<Record type="HKQuantityTypeIdentifierHeartRateVariabilitySDNN" sourceName="Watch" unit="ms"'
        f' creationDate="{at:%Y-%m-%d %H:%M:%S} +0000" startDate="{at:%Y-%m-%d %H:%M:%S} +0000"'
        f' endDate="{at:%Y-%m-%d %H:%M:%S} +0000" value="48"/>\n</HealthData>\n'
    ).encode()


def readings(port: int, alice: dict[str, str], bob: dict[str, str], data: Path, watch: Watch) -> bool:
    raw = many_readings()
    status, body, _ = ask(port, "POST", "/api/v1/ingest/garmin/", raw, Content_Type="application/json", **alice)
    print(f"readings: {len(raw) / 1e6:.1f} MB, {READINGS} readings, answered {status}")
    start, answers, took_s = time.monotonic(), Counter[int](), []
    for number in range(SYNCS):
        entry = {
            "kind": "rest_day",
            "data": {
                "client_record_id": f"rest-{number}",
                "date": f"{datetime.now(UTC) - timedelta(days=number + 100):%Y-%m-%d}",
            },
        }
        headers = {"Content_Type": "application/json", **bob}
        answered, _, seconds = ask(port, "POST", "/api/v1/sync/", json.dumps({"records": [entry]}).encode(), **headers)
        answers[answered] += 1
        took_s.append(seconds)
        time.sleep(max(0.0, 1.0 - seconds))
    told = state_of(port, body["id"], alice)
    took_s.sort()
    print(f"  {SYNCS} small syncs in {time.monotonic() - start:.0f} s beside it: {dict(answers)}, ", end="")
    print(f"p50 {took_s[SYNCS // 2] * 1000:.0f} ms, slowest {took_s[-1]:.2f} s")
    print(f"  the large one then: {told['state']}, {told['progress']['readings_done']} stored")
    seconds, end = finished(port, body["id"], alice, GIVEN_UP_S)
    print(f"  and {end} after another {seconds:.0f} s; findings {state_of(port, body['id'], alice)['findings'][:1]}")
    print(f"  largest process of the worker: {max(watch.largest_mb.values()):.0f} MB RSS")
    return set(answers) == {200} and took_s[-1] <= LIMIT_SYNC_S


def many_readings() -> bytes:
    """Two readings a night of Garmin's, many of a day: newest first, as vendors send."""
    newest = int(datetime.now(UTC).timestamp()) - 86_400
    nights = (
        {"summaryId": f"n{n}", "lastNightAvg": 44 + n % 9, "lastNight5MinHigh": 60 + n % 9,
         "durationInSeconds": 3600, "startTimeInSeconds": newest - 3600 * n}
        for n in range(READINGS // 2)
    )  # fmt: skip
    return json.dumps({"hrv": list(nights)}).encode()


PARTS = {part.__name__: part for part in (garbage, bomb, readings)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--part", choices=PARTS, action="append")
    given = parser.parse_args()
    reached = True
    for name in given.part or PARTS:
        with servers.scratch() as data, servers.database(given.database, data) as url:
            env = servers.environment(data, url)
            with servers.valkey(data, env):
                servers.manage(env, "migrate", "--verbosity", 0)
                reached &= measured(name, data, env, given.database)
    return 0 if reached else 1


def measured(name: str, data: Path, env: dict[str, str], database: str) -> bool:
    with ExitStack() as stack:
        _, port = stack.enter_context(servers.web(data, env))
        worker: Server = stack.enter_context(servers.worker(data, env))
        stack.enter_context(servers.beat(data, env))
        alice, bob = tokens(data, env)
        watch = Watch(worker)
        watch.start()
        reached = PARTS[name](port, alice, bob, data, watch)
        watch.over.set()
    print(f"{name} on {database}: {verdict(reached)}", flush=True)
    return reached


if __name__ == "__main__":
    sys.exit(main())
