"""Callers who send slowly, too much, or bombs, beside a crowd that only wants to check in; and a mail server that says
nothing to the mails they cause."""

from __future__ import annotations

import gzip
import json
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.faults.engine import Bench
from benchmarks.faults.fault import Act, fault
from benchmarks.faults.load import Client, Phone
from benchmarks.faults.tree import wait_until
from benchmarks.heavy_athlete import GARBAGE_BYTES, GARBAGE_FILES, OBJECTS, many_readings, small_export

SLOW = 40
LOGIN = "/_allauth/app/v1/auth/login"
SMALL_WAITS_S, STORED_WITHIN_S = 15.0, 400.0
THREE_YEARS_D = 1095
LATE_ATHLETES = 8


def slowly(beginning: bytes, drop: bytes, full_s: float) -> Act:
    """Forty connections, each sends a few bytes every now and then."""

    def act(bench: Bench) -> Iterator[None]:
        lines = [socket.create_connection(("127.0.0.1", bench.tree.port), timeout=10) for _ in range(SLOW)]
        try:
            for line in lines:
                line.sendall(beginning)
            for _ in bench.every(2, bench.seconds(full_s, 6)):
                for line in lines:
                    try:
                        line.sendall(drop)
                    except OSError:
                        continue  # it was told 408 and is closed
        finally:
            for line in lines:
                line.close()
        yield

    return act


ON_THE_WAY = "Host: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n\r\n"
fault("B", "40 slow bodies at sign-in", "they hold no thread; 408 when their time is over")(
    slowly(f"POST {LOGIN} HTTP/1.1\r\n{ON_THE_WAY}".encode(), b" ", 26)
)
fault("H", "40 slow headers", "they hold no thread")(
    slowly(f"POST {LOGIN} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode(), b"X-Slow: 1\r\n", 14)
)


@fault("M", "silent mail server, with sign-ups", "mail is a row that the worker sends; all mails leave once it speaks",
       tree="production", silent_phones=True)  # fmt: skip
def silent_mail(bench: Bench) -> Iterator[None]:
    bench.mail.received.clear()
    bench.mail.silent = True
    bench.mail.released.clear()
    signed_up, line = [], bench.line()
    for number, _ in enumerate(bench.every(1, bench.seconds(12, 6))):
        email = f"new{os.getpid()}-{time.time():.0f}-{number}@faults.example"
        body = {"email": email, "password": "a long enough secret"}
        sent = time.monotonic()
        answer = line.session.post(f"{line.url}/_allauth/app/v1/auth/signup", json=body, timeout=20)
        took_s = time.monotonic() - sent
        bench.expect(answer.status_code == 401 and took_s < 5, f"a sign-up: {answer.status_code} after {took_s:.1f} s")
        signed_up.append(email)
    connections = bench.mail.connections
    bench.mail.silent = False
    bench.mail.released.set()
    yield
    told = {recipient for one in bench.mail.received for recipient in one.recipients}
    bench.note(f"{len(signed_up)} sign-ups, tried {connections} times, {len(told)} told afterwards")
    bench.expect(told == set(signed_up), f"{len(set(signed_up) - told)} were sent no code")


# --- uploads


def sent(line: Client, phone: Phone, provider: str, body: bytes, **headers: str) -> str:
    """The upload's id."""
    kind = {"Content-Type": "application/octet-stream"} | {k.replace("_", "-"): v for k, v in headers.items()}
    answer = line.ask("POST", f"/api/v1/ingest/{provider}/", phone, data=body, headers=kind)
    if answer.status_code != 202:
        raise RuntimeError(f"an upload was answered {answer.status_code} {answer.text[:200]}")
    return str(answer.json()["id"])


def state(line: Client, phone: Phone, upload: str) -> dict[str, Any]:
    told: dict[str, Any] = line.ask("GET", f"/api/v1/uploads/{upload}/", phone).json()
    return told


def small_upload_waits(bench: Bench, line: Client, phone: Phone) -> None:
    upload = sent(line, phone, "apple_export", small_export())
    waited_s = wait_until(
        "the small upload", lambda: state(line, phone, upload)["state"] in ("done", "failed"), SMALL_WAITS_S
    )
    bench.note(f"the small upload of another athlete waited {waited_s:.1f} s")
    bench.expect(state(line, phone, upload)["state"] == "done", "the small upload failed")


@fault("U", "six uploads of 60 MB of garbage", "refused and gone from the disk; a small upload beside is soon done")
def garbage(bench: Bench) -> Iterator[None]:
    heavy, light = bench.make_phones(2)
    line, before_mb = bench.line(), kept_mb(bench)
    for _ in range(int(bench.seconds(GARBAGE_FILES, 2))):
        sent(line, heavy, "apple_export", os.urandom(GARBAGE_BYTES))
    small_upload_waits(bench, line, light)
    yield
    wait_until("the last body to go from the disk", lambda: kept_mb(bench) < before_mb + 1, 15)


def kept_mb(bench: Bench) -> float:
    return sum(path.stat().st_size for path in (bench.tree.data / "uploads").glob("*")) / 1e6


@fault("Z", "gzip bomb: 30 KB that are 31 MB of {}", "no process grows for it; a small upload beside it is soon done")
def bomb(bench: Bench) -> Iterator[None]:
    heavy, light = bench.make_phones(2)
    line, largest_mb = bench.line(), 0.0
    raw = b'{"hrv": [' + b"{}," * OBJECTS + b"{}]}"
    sent(line, heavy, "garmin", gzip.compress(raw, 6), Content_Type="application/json", Content_Encoding="gzip")
    small_upload_waits(bench, line, light)
    for _ in bench.every(0.5, bench.seconds(10, 3)):
        largest_mb = max(largest_mb, *(process.memory_info().rss / 2**20 for process in bench.tree.service("worker")))
    bench.note(f"largest process of the worker {largest_mb:.0f} MB")
    bench.expect(largest_mb < 350, f"a process of the worker took {largest_mb:.0f} MB")
    yield


@fault("R", "120,000 readings in one JSON beside small syncs", "stored in turns; no sync is refused or waits over 5 s")
def many(bench: Bench) -> Iterator[None]:
    heavy, light = bench.make_phones(2)
    line, longest_s, today = bench.line(), 0.0, datetime.fromtimestamp(bench.now_s(), UTC)
    bench.exempt.append(heavy.athlete)
    upload = sent(line, heavy, "garmin", many_readings(), Content_Type="application/json")
    for number, _ in enumerate(bench.every(1, bench.seconds(25, 5))):
        data = {"client_record_id": f"rest-{number}", "date": f"{today - timedelta(days=number + 100):%Y-%m-%d}"}
        started = time.monotonic()
        answer = line.ask("POST", "/api/v1/sync/", light, json={"records": [{"kind": "rest_day", "data": data}]})
        longest_s = max(longest_s, time.monotonic() - started)
        bench.expect(answer.status_code == 200, f"a small sync was answered {answer.status_code}")
    bench.note(f"the slowest of {number + 1} small syncs took {1000 * longest_s:.0f} ms")
    bench.expect(longest_s <= 5, f"a small sync took {longest_s:.1f} s")
    yield
    progress = state(line, heavy, upload)["progress"]
    bench.note(f"by then {progress['readings_done']} of its readings were stored")
    bench.ask("drop_uploads", athletes=[heavy.athlete])  # or it would go on beside the next faults for minutes


@fault("T", "late records at three years of history", "eight athletes' sessions of yesterday hold up no check-in",
       prepares=True)  # fmt: skip
def late_records(bench: Bench) -> Iterator[None]:
    old = bench.make_phones(LATE_ATHLETES, history_d=int(bench.seconds(THREE_YEARS_D, 200)))
    line, yesterday = bench.line(), datetime.fromtimestamp(bench.now_s(), UTC) - timedelta(days=1)
    yield
    for phone in old:
        line.check_in(phone, (4, 4, 4, 4, 450))
    for number, _ in enumerate(bench.every(1, bench.seconds(10, 4))):
        for phone in old:
            data = {"client_record_id": f"late-{number}", "started_at": yesterday.isoformat(), "duration_min": 60.0,
                    "kind": "tempo", "rpe": 5.0 + number % 4}  # fmt: skip
            body = {"records": [{"kind": "training_session", "data": data}]}
            answer = line.ask("POST", "/api/v1/sync/", phone, data=json.dumps(body),
                              headers={"Content-Type": "application/json"})  # fmt: skip
            bench.expect(answer.status_code == 200, f"a late session was answered {answer.status_code}")
    yield
