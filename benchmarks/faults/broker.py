"""Valkey that is gone, wiped, frozen or full, and messages that nobody meant to send."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import redis

from benchmarks.faults.engine import Bench
from benchmarks.faults.fault import fault

QUEUES = ("advice", "push", "slow")


@fault("4", "broker stopped", "check-ins are answered without it; the sweep finds what no hint told of")
def stopped(bench: Bench) -> Iterator[None]:
    for _ in bench.every(0.2, bench.seconds(20, 4)):
        bench.tree.kill("valkey")
    yield


@fault("5", "broker wiped", "hints and limits are forgotten, nothing else is")
def wiped(bench: Bench) -> Iterator[None]:
    for _ in bench.every(0.5, bench.seconds(8, 3)):
        with contextlib.suppress(redis.RedisError):
            bench.tree.broker.flushall()
    yield


@fault("6", "broker frozen", "one time-out, then nobody asks it for two seconds; check-ins are answered")
def frozen(bench: Bench) -> Iterator[None]:
    with bench.tree.frozen("valkey"):
        time.sleep(bench.seconds(12, 4))
    yield


@fault("7", "broker full", "what it refuses is not needed; it recovers with its memory")
def full(bench: Bench) -> Iterator[None]:
    bench.tree.broker.config_set("maxmemory", "1mb")
    time.sleep(bench.seconds(12, 4))
    bench.tree.broker.config_set("maxmemory", "0")
    yield


@fault("7b", "broker flooded", "15,500 hints too many, or of tasks that do not exist, change nothing")
def flooded(bench: Bench) -> Iterator[None]:
    drain = bench.ask("hint")
    unknown = renamed(drain, "recommendations.tasks.nosuch")
    with bench.tree.broker.pipeline(transaction=False) as pipe:
        for number in range(int(bench.seconds(15_500, 1_000))):
            pipe.lpush("advice", drain if number % 2 else unknown)
        pipe.execute()
    time.sleep(bench.seconds(8, 3))
    yield


@fault("7c", "messages that cannot be decoded", "the worker begins anew without them; no advice is lost")
def undecodable(bench: Bench) -> Iterator[None]:
    good = json.loads(bench.ask("hint"))
    for message in ("garbage{", "[1, 2]", json.dumps({"a": 1}), json.dumps(good | {"body": "%%%a"}),
                    json.dumps(good | {"headers": None})):  # fmt: skip
        bench.tree.broker.lpush("advice", message)
    time.sleep(bench.seconds(8, 3))
    yield


def renamed(message: str, task: str) -> str:
    envelope = json.loads(message)
    envelope["headers"]["task"] = task
    return json.dumps(envelope)


class Echo(threading.Thread):
    """Puts each message that arrives at a queue there again, as a client of Valkey's that watches it (MONITOR)."""

    def __init__(self, broker: redis.Redis, again: Callable[[redis.Redis, str, str], None]) -> None:
        super().__init__(daemon=True)
        self.broker, self.again = broker, again
        self.over, self.seen, self.own = threading.Event(), 0, set[str]()

    def run(self) -> None:
        with contextlib.suppress(redis.RedisError, OSError), self.broker.monitor() as monitor:
            while not self.over.is_set():
                queue, message = pushed(monitor.next_command()["command"])
                if not message or (tag := json.loads(message)["properties"]["delivery_tag"]) in self.own:
                    continue
                self.own.add(tag)
                self.seen += 1
                self.again(self.broker, queue, message)

    def copy(self, message: str) -> str:
        """With a delivery tag of its own, without which kombu would take it for the same one."""
        envelope = json.loads(message)
        envelope["properties"]["delivery_tag"] = str(uuid.uuid4())
        self.own.add(envelope["properties"]["delivery_tag"])
        return json.dumps(envelope)


def pushed(command: str) -> tuple[str, str]:
    words = command.split(" ", 2)
    if len(words) == 3 and words[0].upper() == "LPUSH" and words[1] in QUEUES:
        return words[1], words[2]
    return "", ""


@fault("20", "every Celery message three times", "a task that runs again finds nothing to do")
def three_times(bench: Bench) -> Iterator[None]:
    def again(broker: redis.Redis, queue: str, message: str) -> None:
        for _ in range(2):
            broker.lpush(queue, echo.copy(message))

    echo = Echo(bench.tree.broker, again)
    yield from echoed(bench, echo)


@fault("21", "Celery messages out of order", "late, early and twice: the rows are the order")
def out_of_order(bench: Bench) -> Iterator[None]:
    kept: list[tuple[str, str]] = []

    def again(broker: redis.Redis, queue: str, message: str) -> None:
        kept.append((queue, echo.copy(message)))
        if len(kept) >= 8:
            random.Random(echo.seen).shuffle(kept)
            while kept:
                name, one = kept.pop()
                (broker.lpush if echo.seen % 2 else broker.rpush)(name, one)

    echo = Echo(bench.tree.broker, again)
    yield from echoed(bench, echo)


def echoed(bench: Bench, echo: Echo) -> Iterator[None]:
    echo.start()
    time.sleep(bench.seconds(12, 5))
    echo.over.set()
    bench.note(f"{echo.seen} messages seen and sent again")
    bench.expect(echo.seen, "no message was seen")
    yield


@fault("A", "Valkey's append-only file damaged", "`up` sets it aside, says so and starts with none",
       silence=True, slow=True)  # fmt: skip
def damaged_log(bench: Bench) -> Iterator[None]:
    bench.tree.stop(signal.SIGTERM)
    directory = bench.tree.data / "valkey"
    log = max(directory.rglob("*.incr.aof"), key=lambda path: path.stat().st_size)
    log.write_bytes(b"*3\r\n$3\r\nSET\r\n" + b"garbage" * 100 + log.read_bytes())
    bench.tree.start()
    bench.expect("starts empty, which loses nothing" in bench.tree.said(), "`up` did not say that it set them aside")
    yield
