"""Phones that report at a steady rate, with a log of what was answered: the operations of a Jepsen test."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import requests

from tests.push_service import Subscription

PER_SECOND, CLIENTS, REPEATED_SHARE = 8.0, 16, 0.2
PATIENCE_S = 30.0
TOO_LATE_S = 2.0  # a phone that was kept waiting so long leaves the turns that it has missed
RATING_STEPS = (1, 5)
SAID = ("fatigue", "sleep_quality", "muscle_soreness", "mood", "sleep_duration_min")
Said = tuple[int, ...]


@dataclass
class Phone:
    """An athlete's, and what it needs to report: the token, the zone it shows, and perhaps a browser's subscription."""

    athlete: int
    token: str
    zone: str
    subscription: Subscription | None

    def today(self, now_s: float) -> str:
        return datetime.fromtimestamp(now_s, UTC).astimezone(ZoneInfo(self.zone)).date().isoformat()


@dataclass(frozen=True)
class Answered:
    """One request. `status` 0: no answer came, so it may or may not have been stored, now or later."""

    athlete: int
    date: str
    said: Said
    status: int
    took_s: float
    retry_after: bool
    while_it_lasted: bool
    """The date was the athlete's today when the answer came, too: there must be an advice of it."""
    sender: str


@dataclass
class Log:
    answers: list[Answered] = field(default_factory=list)
    failures: set[str] = field(default_factory=set)
    """What was said to those that were refused, and the exceptions of those without an answer."""


class Client:
    """One client's way to the server: a real HTTP client with keep-alive."""

    def __init__(self, url: str, log: Log, now_s: Callable[[], float], headers: dict[str, str]) -> None:
        self.url, self.log, self.now_s = url, log, now_s
        self.session = requests.Session()
        self.session.headers.update(headers)

    def ask(self, method: str, path: str, phone: Phone, **given: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {phone.token}"} | given.pop("headers", {})
        return self.session.request(method, self.url + path, headers=headers, timeout=PATIENCE_S, **given)

    def check_in(self, phone: Phone, said: Said, sender: str = "", **more: str) -> int:
        on, sent = phone.today(self.now_s()), time.monotonic()
        status, retry_after, body = 0, False, dict(zip(SAID, said, strict=True)) | more
        try:
            answer = self.ask("PUT", f"/api/v1/check-ins/{on}/", phone, json=body)
            status, retry_after = answer.status_code, "Retry-After" in answer.headers
            if status >= 400:
                clock = f"clock {self.now_s() - time.time():+.0f} s"
                self.log.failures.add(f"{status}, {clock}: {answer.text[:100]}")
        except requests.RequestException as error:
            self.log.failures.add(type(error).__name__)
        took_s = time.monotonic() - sent
        lasted = on == phone.today(self.now_s())
        self.log.answers.append(Answered(phone.athlete, on, said, status, took_s, retry_after, lasted, sender))
        return status


class Load:
    """Each phone belongs to one client, so its reports arrive in order. What was not acknowledged is sent again."""

    def __init__(self, phones: list[Phone], line: Callable[[], Client], seed: str) -> None:
        self.phones, self.line, self.seed = phones, line, seed
        self.over, self.paused = threading.Event(), threading.Event()
        self.busy = [False] * CLIENTS
        self.threads = [threading.Thread(target=self.run, args=[client], daemon=True) for client in range(CLIENTS)]

    def start(self) -> None:
        self.started = time.monotonic()
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE_S + 5)

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """No request is on its way inside."""
        self.paused.set()
        give_up_at = time.monotonic() + PATIENCE_S
        while any(self.busy) and time.monotonic() < give_up_at:
            time.sleep(0.02)
        try:
            yield
        finally:
            self.paused.clear()

    def run(self, client: int) -> None:
        line, rng = self.line(), random.Random(f"{self.seed} {client}")
        own = self.phones[client::CLIENTS]
        last: dict[int, tuple[Said, bool]] = {}
        turn = client
        while not self.over.is_set():
            late_s = time.monotonic() - self.started - turn / PER_SECOND
            if late_s < 0:
                self.over.wait(-late_s)
                continue
            phone = own[turn // CLIENTS % len(own)]
            turn += CLIENTS
            self.busy[client] = not (late_s > TOO_LATE_S or self.paused.is_set())
            if not self.busy[client]:
                continue
            said, acknowledged = last.get(phone.athlete, ((), True))
            if not said or (acknowledged and rng.random() > REPEATED_SHARE):
                said = any_answers(rng)
            last[phone.athlete] = said, line.check_in(phone, said, sender=f"client {client}") in (200, 201)
            self.busy[client] = False


def any_answers(rng: random.Random) -> Said:
    return (*(rng.randint(*RATING_STEPS) for _ in range(4)), rng.randint(240, 600))
