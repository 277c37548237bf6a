"""Phones that come back with a long queue, and two of one athlete that contradict each other."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from benchmarks.faults.engine import Bench
from benchmarks.faults.fault import fault
from benchmarks.faults.load import any_answers

BATCH, RECORDS, TIMES = 100, 500, 3


@fault("33", "offline phone replays 500 records three times", "500 rows, the second and third time unchanged")
def replay(bench: Bench) -> Iterator[None]:
    phone, line = bench.make_phones(1)[0], bench.line()
    newest = datetime.fromtimestamp(bench.now_s(), UTC) - timedelta(days=1)
    records = [
        {
            "kind": "hrv_reading",
            "data": {
                "client_record_id": f"offline-{n}", "client_record_version": 1, "metric": "rmssd",
                "value_ms": 40 + n % 30,
                "measured_at": (newest - timedelta(hours=7 * n)).isoformat(), "context": "morning_supine",
            },
        }
        for n in range(RECORDS)
    ]  # fmt: skip
    for time_ in range(TIMES):
        random.Random(time_).shuffle(records)
        told: list[str] = []
        for first in range(0, RECORDS, BATCH):
            answer = line.ask("POST", "/api/v1/sync/", phone, json={"records": records[first : first + BATCH]})
            bench.expect(answer.status_code == 200, f"a batch was answered {answer.status_code} {answer.text[:200]}")
            told += [result["status"] for result in answer.json()["results"]]
        expected = "unchanged" if time_ else "created"
        bench.expect(told == [expected] * RECORDS, f"time {time_ + 1}: {sorted(set(told))}, not {expected}")
    yield
    stored = bench.ask("readings", athletes=[phone.athlete])["hrv_reading"]
    bench.note(f"{stored} readings stored of {TIMES} x {RECORDS} sent")
    bench.expect(stored == RECORDS, f"{stored} readings are stored")


@fault("34", "two phones write one day at once", "one row, the last words of one of them, and their advice")
def two_phones(bench: Bench) -> Iterator[None]:
    phones, ends = bench.make_phones(4), time.monotonic() + bench.seconds(8, 3)

    def write(sender: str) -> None:
        line, rng = bench.line(), random.Random(sender)
        while time.monotonic() < ends:
            for phone in phones:
                line.check_in(phone, any_answers(rng), sender=sender)
            time.sleep(1.2)  # below the limit on one athlete's writes

    threads = [threading.Thread(target=write, args=[sender]) for sender in ("one phone", "the other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield
