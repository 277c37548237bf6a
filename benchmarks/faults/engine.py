"""One fault after the other on a running copy: load, fault, its end, the wait for the backlog, the comparison."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.faults.compare import ACKNOWLEDGED, Comparison
from benchmarks.faults.fault import Fault
from benchmarks.faults.load import Client, Load, Log, Phone
from benchmarks.faults.postgres import Postgres
from benchmarks.faults.tree import Rows, RowsError, Tree, wait_until
from tests.mail_server import MailServer
from tests.push_service import PushService

PHONES = 32
SETTLES_WITHIN_S = 60.0
SLOWEST_P99_S = 1.0  # P12 of the reliability document
INSIDE = Path(__file__).parent / "inside"
RESTARTED = re.compile(r"starts again in|and is ended$|and is killed$|^--- up$", re.MULTILINE)


class Skipped(Exception):
    """It cannot be tried on this machine, and why."""


@dataclass
class Result:
    fault: Fault
    misses: list[str] = field(default_factory=list)
    skipped: str = ""
    statuses: Counter[int] = field(default_factory=Counter)
    took_ms: list[float] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0
    pushed: int = 0
    wire_repeats: int = 0
    settled_s: float | None = None
    restarts: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return sum(self.statuses[status] for status in ACKNOWLEDGED)

    def percentile_ms(self, percent: int) -> float:
        if len(self.took_ms) < 2:
            return self.took_ms[0] if self.took_ms else 0.0
        return statistics.quantiles(self.took_ms, n=100, method="inclusive")[percent - 1]

    @property
    def verdict(self) -> str:
        return "skipped" if self.skipped else "MISSED" if self.misses else "held"


class Bench:
    """What a fault may use. One for a database; the running copy is kept from fault to fault, and mended where one
    left it down."""

    def __init__(self, database: str, scratch: Path, *, short: bool, say: Any = print) -> None:
        self.database, self.scratch, self.short, self.say = database, scratch, short, say
        self.push, self.mail = PushService(), MailServer(silent=True)
        self.postgres = Postgres(scratch / "postgres") if database == "postgres" else None
        self.trees: dict[str, Tree] = {}
        self.running = ""
        self.rows: Rows | None = None
        self.number = 0

    def close(self) -> None:
        self.stop_tree()
        self.push.close()
        self.mail.__exit__()
        if self.postgres:
            self.postgres.end()

    # --- the running copy

    def variables(self, kind: str) -> dict[str, str]:
        given = {
            "HOMESTRETCH_MODE": "embedded", "LOG_LEVEL": "WARNING", "XDG_RUNTIME_DIR": str(self.scratch),
            "HOMESTRETCH_PUSH_INSECURE_ORIGINS": self.push.origin,
        }  # fmt: skip
        if self.postgres:
            given["DATABASE_URL"] = self.postgres.url
        if kind == "instrumented":
            given |= {"PYTHONPATH": str(INSIDE), "FAULTS_DIRECTORY": str(self.faults_directory)}
        if kind == "production":
            given |= {
                "HOMESTRETCH_MODE": "production", "BEHIND_PROXY": "true", "ALLOWED_HOSTS": "127.0.0.1",
                "EMAIL_URL": f"smtp://127.0.0.1:{self.mail.port}", "VAPID_CONTACT": "mailto:ops@faults.example",
            }  # fmt: skip
        return given

    @property
    def faults_directory(self) -> Path:
        """Where the instrumented copy looks for crash points and the time (inside/sitecustomize.py)."""
        path = self.scratch / "inside"
        path.mkdir(exist_ok=True)
        return path

    @property
    def tree(self) -> Tree:
        return self.trees["shared"]

    def stop_tree(self) -> None:
        if self.rows:
            self.rows.close()
            self.rows = None
        if self.running:
            self.tree.stop()
            self.running = ""

    def use_tree(self, kind: str) -> None:
        """The copies differ in their environment alone; their data is the same."""
        if self.running == kind and self.tree.runs:
            return self.tree.wait_until_whole()
        self.stop_tree()
        self.set_clock(0.0)
        self.trees["shared"] = Tree(self.scratch / "data", self.variables(kind))
        self.start_tree(kind)
        return None

    def start_tree(self, kind: str) -> None:
        if self.postgres:
            self.postgres.start()
        self.running = kind
        self.tree.start()
        if self.rows is None:
            self.rows = Rows(self.tree)

    def ask(self, verb: str, **given: Any) -> Any:
        assert self.rows is not None
        return self.rows.ask(verb, **given)

    def at_rest(self) -> Path:
        """A copy of the data as a stopped `up` leaves it, to be harmed."""
        if not (self.scratch / "rest").exists():
            self.stop_tree()
            if not (self.scratch / "data").exists():
                self.use_tree("plain")
                self.stop_tree()
            leave = shutil.ignore_patterns("*.sock", "uploads")
            shutil.copytree(self.scratch / "data", self.scratch / "rest", ignore=leave)
        self.number += 1
        leave = shutil.ignore_patterns("postgres")
        return Path(shutil.copytree(self.scratch / "rest", self.scratch / f"harmed-{self.number}", ignore=leave))

    # --- the time

    clock_offset_s = 0.0
    load: Load | None = None

    def set_clock(self, offset_s: float) -> None:
        """How far an instrumented copy's clock is ahead of this machine's."""
        path = self.faults_directory / "offset_s"
        partial = path.with_suffix(".partial")
        partial.write_text(str(offset_s))
        with self.load.pause() if self.load else contextlib.nullcontext():  # no request meets two clocks
            partial.replace(path)
            time.sleep(0.5)  # each process looks ten times a second
            self.clock_offset_s = offset_s

    def now_s(self) -> float:
        return time.time() + self.clock_offset_s

    # --- for the faults

    def seconds(self, full: float, short: float) -> float:
        return short if self.short else full

    def note(self, text: str) -> None:
        self.result.notes.append(text)
        self.say(f"      {text}")

    def expect(self, held: object, otherwise: str) -> None:
        if not held:
            self.result.misses.append(otherwise)

    def every(self, pause_s: float, seconds: float) -> Iterator[float]:
        """Seconds since the start, again and again until they are over."""
        started = time.monotonic()
        while (passed_s := time.monotonic() - started) < seconds:
            yield passed_s
            time.sleep(min(pause_s, max(0.0, seconds - (time.monotonic() - started))))

    def make_phones(self, count: int, *, zone: str = "", history_d: int = 0, pushed: bool = True) -> list[Phone]:
        subscriptions = [self.push.subscribe() for _ in range(count if pushed else 0)]
        self.number += 1
        made = self.ask(
            "prepare", label=f"f{os.getpid()}-{self.number}", count=count, zone=zone, history_d=history_d,
            subscriptions=[one.as_json() for one in subscriptions],
        )  # fmt: skip
        phones = [
            Phone(athlete, token, made["zone"], subscriptions[i] if pushed else None)
            for i, (athlete, token) in enumerate(zip(made["athletes"], made["tokens"], strict=True))
        ]
        self.phones += phones
        return phones

    def line(self) -> Client:
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"} if self.running == "production" else {}
        return Client(self.tree.url, self.log, self.now_s, headers)

    # --- one fault

    def run(self, fault: Fault) -> Result:
        self.result, started = Result(fault), time.monotonic()
        self.say(f"{fault.number:>4}  {fault.name}")
        try:
            if fault.only not in ("", self.database):
                raise Skipped(f"only on {fault.only}")
            if fault.tree == "none":
                for _ in fault.act(self):
                    pass
            else:
                self.under_load(fault)
        except Skipped as skipped:
            self.result.skipped = str(skipped)
        except Exception as error:  # noqa: BLE001  what broke here must not keep the other faults from being tried
            self.result.misses.append(f"{type(error).__name__}: {error}")
        self.result.seconds = time.monotonic() - started
        self.say_result()
        return self.result

    def under_load(self, fault: Fault) -> None:
        self.use_tree(fault.tree)
        self.forget()
        if fault.tree == "instrumented":
            self.set_clock(datetime.fromisoformat(fault.at).timestamp() - time.time() if fault.at else 0.0)
        crowd = self.make_phones(PHONES, zone=fault.zone, history_d=fault.history_d, pushed=not fault.silent_phones)
        log_from = self.tree.log_bytes
        self.load = load = Load(crowd, self.line, seed=fault.number)
        act = fault.act(self)
        if fault.prepares:
            next(act)
        load.start()
        try:
            time.sleep(self.seconds(1.5, 0.7))
            next(act)
            ended = time.monotonic()
            time.sleep(self.seconds(2.0, 1.0))
        finally:
            load.stop()
            self.load = None
        self.settle(ended)
        with contextlib.suppress(StopIteration):
            next(act)
        self.judge(fault)
        self.result.restarts = len(RESTARTED.findall(self.tree.said(log_from)))

    def forget(self) -> None:
        self.push.received.clear()
        self.push.refused.clear()
        self.push.visited.clear()
        self.phones: list[Phone] = []
        self.exempt: list[int] = []
        self.log = Log()

    def settle(self, ended: float) -> None:
        """Until nothing waits and all processes are back, with nobody's hand in it."""
        left: dict[str, int] = {}

        def settled() -> bool:
            nonlocal left
            try:
                left = self.ask("backlog", exempt=self.exempt)
            except RowsError as error:
                left = {str(error): 1}
            return not any(left.values())

        try:
            wait_until("the backlog to be empty", settled, SETTLES_WITHIN_S + ended - time.monotonic())
            self.result.settled_s = time.monotonic() - ended
        except TimeoutError:
            self.result.misses.append(f"not settled after {SETTLES_WITHIN_S:g} s: {json.dumps(left)}")

    def judge(self, fault: Fault) -> None:
        result, answers = self.result, self.log.answers
        rows = self.ask("outcome", athletes=[phone.athlete for phone in self.phones])
        found = Comparison(self.phones, self.log, rows, self.push)
        found.check_ins()
        found.advice()
        found.pushes(may_be_dead=fault.dead_letters)
        result.misses += found.misses
        result.lost, result.doubled = found.lost, found.doubled
        result.pushed, result.wire_repeats = found.sent, found.wire_repeats
        result.statuses = Counter(answer.status for answer in answers)
        result.took_ms = sorted(1000 * answer.took_s for answer in answers)
        unexplained = {
            status: number
            for status, number in result.statuses.items()
            if status not in ACKNOWLEDGED
            and not (status == 503 and fault.refusals)
            and not (status == 0 and fault.silence)
        }
        self.expect(not unexplained, f"answers other than 200: {unexplained} {sorted(self.log.failures)}")
        self.expect(all(answer.retry_after for answer in answers if answer.status == 503), "a 503 without Retry-After")
        self.expect(result.acknowledged, "nothing was acknowledged")
        if not (fault.slow or self.short):
            p99_s = result.percentile_ms(99) / 1000
            self.expect(p99_s <= SLOWEST_P99_S, f"p99 {p99_s:.2f} s, promised {SLOWEST_P99_S:g} s")

    def say_result(self) -> None:
        result = self.result
        if result.took_ms:
            settled = "-" if result.settled_s is None else f"{result.settled_s:.1f} s"
            p50_ms, p99_ms = result.percentile_ms(50), result.percentile_ms(99)
            self.say(
                f"      {result.acknowledged} of {len(result.took_ms)} acknowledged, lost {result.lost}, "
                f"double {result.doubled}, 503 {result.statuses[503]}, no answer {result.statuses[0]}, "
                f"p50 {p50_ms:.0f} p99 {p99_ms:.0f} max {result.took_ms[-1]:.0f} ms, settled {settled}, "
                f"restarts {result.restarts}, pushes {result.pushed} (+{result.wire_repeats} repeats)"
            )
        misses = Counter(result.misses)
        for miss, number in list(misses.items())[:12]:
            self.say(f"      MISSED: {miss}{f' ({number} times)' if number > 1 else ''}")
        self.say(f"      {result.verdict} {result.skipped} ({result.seconds:.0f} s)".rstrip())
