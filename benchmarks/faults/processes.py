"""Processes that die, stand still, or are there twice."""

from __future__ import annotations

import shelve
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

from benchmarks.faults.engine import Bench, Skipped
from benchmarks.faults.fault import Act, fault
from benchmarks.faults.push import trouble
from benchmarks.faults.tree import alive, send, wait_until
from benchmarks.servers import ROOT
from tests.push_service import BROKEN, DROPPED

STUCK_S = 30.0  # HOMESTRETCH_STUCK_AFTER_S, its default


@fault("1", "pool child killed every 3 s", "its task is taken up again, by a row or by Celery; nothing is done twice")
def pool_child(bench: Bench) -> Iterator[None]:
    for _ in bench.every(3, bench.seconds(12, 4)):
        send(bench.tree.pool()[:1], signal.SIGKILL)
    yield


@fault("2", "whole worker killed", "the supervisor starts it again and the rows that waited are answered")
def worker(bench: Bench) -> Iterator[None]:
    for _ in bench.every(5, bench.seconds(10, 1)):
        bench.tree.kill("worker")
    yield


@fault("3", "worker frozen", "check-ins are answered meanwhile, advice comes when it thaws")
def frozen_worker(bench: Bench) -> Iterator[None]:
    with bench.tree.frozen("worker"):
        time.sleep(bench.seconds(30, 4))
    yield


@fault("W", "web worker killed", "the port stays open; another worker answers within a second", silence=True)
def web_worker(bench: Bench) -> Iterator[None]:
    for _ in bench.every(6.5, bench.seconds(13, 1)):
        send(bench.tree.children("web"), signal.SIGKILL)
    yield


@fault("X", "supervisor killed", "no orphan works on; `up` again answers and finishes what waited",
       silence=True, slow=True)  # fmt: skip
def supervisor(bench: Bench) -> Iterator[None]:
    before = bench.tree.all()
    assert bench.tree.runner is not None
    bench.tree.runner.send_signal(signal.SIGKILL)
    bench.tree.runner.wait()
    wait_until("the orphans to be gone", lambda: not alive(before), 5)
    started = time.monotonic()
    bench.tree.start()
    bench.note(f"ready again after {time.monotonic() - started:.1f} s")
    yield


@fault("Y", "web server frozen as a whole", "the watch ends it after 30 s without an answer, and a new one answers",
       silence=True, slow=True)  # fmt: skip
def frozen_web(bench: Bench) -> Iterator[None]:
    if bench.short:
        raise Skipped(f"takes {STUCK_S:.0f} s")
    place, frozen = bench.tree.log_bytes, bench.tree.service("web")
    send(frozen, signal.SIGSTOP)
    took_s = wait_until("the watch", lambda: "and is ended" in bench.tree.said(place), STUCK_S + 20)
    took_s += wait_until("a new web server", bench.tree.is_whole, 30)
    bench.note(f"answers again {took_s:.0f} s after it froze")
    yield


@fault("C", "pool child, worker and broker killed while the push service fails",
       "what each of them alone does not lose they do not lose together")  # fmt: skip
def together(bench: Bench) -> Iterator[None]:
    with trouble(bench, *[None] * 6, DROPPED, None, BROKEN):
        for _ in bench.every(1, bench.seconds(20, 3)):
            send(bench.tree.pool()[:1], signal.SIGKILL)
            time.sleep(bench.seconds(3, 1))
            bench.tree.kill("worker")
            time.sleep(bench.seconds(3, 1))
            bench.tree.kill("valkey")
            time.sleep(bench.seconds(3, 1))
    yield


@fault("22", "two beats", "everything is rung twice and done once")
def two_beats(bench: Bench) -> Iterator[None]:
    environment = bench.tree.environment | {
        "HOMESTRETCH_DATA": str(bench.tree.data), "VALKEY_URL": f"unix://{bench.tree.data / 'valkey.sock'}",
        "HOMESTRETCH_SECRETS_FILE": str(bench.tree.data / "secrets.env"),
    }  # fmt: skip
    command = [sys.executable, "-m", "config.beat", "--schedule", bench.scratch / "second"]
    with (bench.scratch / "second.log").open("wb") as log:
        second = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
    time.sleep(bench.seconds(12, 6))
    bench.expect(second.poll() is None, "the second beat did not run")
    second.kill()
    second.wait()
    yield


@fault("23", "beat down, and back as if after a day", "advice comes by hints meanwhile, what waited for a day is rung")
def beat_down(bench: Bench) -> Iterator[None]:
    with bench.tree.frozen("beat"):
        time.sleep(bench.seconds(20, 4))
    bench.tree.kill("beat")
    with shelve.open(str(bench.tree.data / "beat-schedule"), writeback=True) as kept:
        for entry in kept["entries"].values():
            entry.last_run_at -= timedelta(days=1)
    wait_until("beat", lambda: bench.tree.main("beat"), 30)
    yield


def crash(point: str) -> Act:
    """A fault for each pair of steps: the process that is between them is gone at once, three times."""

    def act(bench: Bench) -> Iterator[None]:
        times = 1 if bench.short or point.startswith("after the record") else 3  # a web worker twice is a crash loop
        for _ in range(times):
            (bench.faults_directory / "armed.new").write_text(point)
            (bench.faults_directory / "armed.new").rename(bench.faults_directory / "armed")
            wait_until(f"a process to be {point}", lambda: not (bench.faults_directory / "armed").exists(), 20)
            time.sleep(bench.seconds(2, 0.5))
        yield

    return act


CRASH_POINTS = (
    "after the record's commit, before the hint", "hint taken, before the claim", "claimed, before the commit",
    "after the advice's commit, before the delivery", "delivery claimed, before the call",
    "call accepted, before its outcome is recorded",
)  # fmt: skip
for letter, step in zip("abcdef", CRASH_POINTS, strict=True):
    in_web = letter == "a"
    holds = "the next sweep finds the rows; a message may come twice on the wire, never before the athlete's eyes"
    fault(f"24{letter}", f"process killed: {step}", holds, tree="instrumented", silence=in_web)(crash(step))


@fault("39", "SIGTERM during load", "all stops within 8 s; `up` again finishes what waited", silence=True, slow=True)
def terminated(bench: Bench) -> Iterator[None]:
    took_s = bench.tree.stop(signal.SIGTERM)
    bench.expect(took_s <= 8, f"stopping took {took_s:.1f} s")
    bench.note(f"stopped after {took_s:.1f} s")
    bench.tree.start()
    yield
