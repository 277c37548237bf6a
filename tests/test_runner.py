"""./homestretch up, with real processes: started, watched, and ended in every way a person or a machine ends it."""

import base64
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RUNNER_VARIABLES = {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "VAPID_PRIVATE_KEY", "VALKEY_URL", "DATABASE_URL"}

ALICE = {"email": "alice@example.org", "password": "homestretch-demo"}

pytestmark = pytest.mark.processes


def of_a_stranger() -> dict[str, str]:
    """The environment without what the tests have set for the product."""
    kept = {name: value for name, value in os.environ.items() if name not in RUNNER_VARIABLES}
    return {name: value for name, value in kept.items() if not name.startswith(("HOMESTRETCH", "DJANGO"))}


class Copy:
    """One running copy of the product, its output, and the processes that carry its data directory's name."""

    def __init__(self, data: Path, port: int, **variables: str) -> None:
        self.data, self.port, self.lines = data, port, []
        self.process = subprocess.Popen(
            [str(ROOT / "homestretch"), "up", "--port", str(port), "--data", str(data)],
            cwd=data.parent, env=of_a_stranger() | variables, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True).start()

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_until_ready(self) -> None:
        wait_for(lambda: "Homestretch is ready" in self.output or self.process.poll() is not None, 120, self)
        assert self.process.poll() is None, self.output

    def descendants(self, word: str = "") -> set[int]:
        """Found by the data directory in their environment or arguments, so that re-parented orphans count too."""
        mark, found = str(self.data).encode(), set()
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and int(entry.name) != self.process.pid:
                    arguments = (entry / "cmdline").read_bytes()
                    if mark in (entry / "environ").read_bytes() + arguments and word.encode() in arguments:
                        found.add(int(entry.name))
        return found

    def counters(self) -> Path:
        """Where its processes count, as one of them was told."""
        told = Path(f"/proc/{min(self.descendants('config.serve'))}/environ").read_text().split("\0")
        return Path(dict(pair.split("=", 1) for pair in told if pair)["PROMETHEUS_MULTIPROC_DIR"])

    def answers(self) -> bool:
        return answers(self.port)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_for(condition: Callable[[], object], limit_s: float, copy: Copy) -> None:
    give_up_at = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < give_up_at, copy.output
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Used by each copy in turn, so that only the first has to migrate and to fill the demo squad."""
    return tmp_path_factory.mktemp("runner") / "data"


@pytest.fixture(scope="module")
def latest(data: Path) -> Iterator[list[Copy]]:
    copies: list[Copy] = []
    yield copies
    for each in copies:
        each.end()


@pytest.fixture
def copy(data: Path, latest: list[Copy]) -> Copy:
    """A copy that answers: the one of the test before, or a new one where that test ended it."""
    if not latest or latest[-1].process.poll() is not None:
        latest.append(Copy(data, free_port()))
        latest[-1].wait_until_ready()
    return latest[-1]


@pytest.fixture(scope="module")
def at_rest(data: Path, latest: list[Copy], tmp_path_factory) -> Path:
    """Such a data directory, as a copy that was stopped leaves it: to be copied and harmed."""
    if not (data / "demo-loaded").exists():
        latest.append(Copy(data, free_port()))
        latest[-1].wait_until_ready()
    for each in latest:
        each.end()
    # A copy that was killed leaves a log behind, and whoever opens the file next moves it in: its size would change
    with contextlib.closing(sqlite3.connect(data / "homestretch.sqlite3")) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "somebody still has it open"
    return shutil.copytree(data, tmp_path_factory.mktemp("at") / "rest", ignore=shutil.ignore_patterns("*.sock"))


def test_up_serves_and_says_where_and_stops_everything_on_ctrl_c(copy):
    assert copy.answers()
    assert f"http://127.0.0.1:{copy.port}/admin/" in copy.output
    for address in ("alice@example.org", "charlie@example.org", "eve@example.org", "homestretch-demo"):
        assert address in copy.output
    wait_for(
        lambda: len(copy.descendants("celery\0--quiet\0-A\0config.celery\0worker")) == 3, 20, copy
    )  # the worker and its two pool children
    copy.process.send_signal(signal.SIGINT)
    assert copy.process.wait(30) == 0
    assert copy.descendants() == set()
    assert [line.split("|")[0].strip() for line in copy.lines if "shutdown" in line.lower()][-1] == "valkey"


def test_secrets_are_made_once_and_only_the_owner_reads_them(data, copy):
    text = (data / "secrets.env").read_text()
    assert stat.S_IMODE((data / "secrets.env").stat().st_mode) == 0o600
    named = dict(line.split("=", 1) for line in text.splitlines())
    assert set(named) == {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "VAPID_PRIVATE_KEY"}
    assert not [name for name, secret in named.items() if secret in copy.output]
    copy.end()
    again = Copy(data, copy.port)
    again.wait_until_ready()
    again.end()
    assert (data / "secrets.env").read_text() == text
    assert "load_demo" not in again.output


@pytest.mark.parametrize(
    ("service", "processes"), [("\0worker\0", 3), ("config.beat", 1), ("config.serve\0", 2), ("valkey-server", 1)]
)
def test_a_service_that_is_killed_is_started_again_and_leaves_nothing_behind(copy, service, processes):
    wait_for(lambda: len(copy.descendants(service)) == processes, 20, copy)
    before = copy.descendants(service)
    os.kill(min(before), signal.SIGKILL)
    wait_for(lambda: not before & copy.descendants(service), 20, copy)
    wait_for(lambda: len(copy.descendants(service)) == processes, 20, copy)
    wait_for(copy.answers, 20, copy)
    assert "starts again in" in copy.output


def test_a_port_in_use_is_refused_before_anything_starts(data, copy, tmp_path):
    second = Copy(tmp_path / "second", copy.port)
    assert second.process.wait(60) == 1
    wait_for(lambda: f"cannot listen on 127.0.0.1 port {copy.port}" in second.output, 2, second)
    assert "--port" in second.output
    assert second.descendants() == set()
    assert copy.answers()


def test_a_data_directory_in_use_is_refused(data, copy):
    second = Copy(data, free_port())
    assert second.process.wait(60) == 1
    wait_for(lambda: f"another copy runs on {data}" in second.output, 2, second)
    assert copy.answers()


def test_two_copies_run_side_by_side(copy, tmp_path):
    deep = tmp_path / ("deep" * 20)  # the address of a socket in there would be too long
    deep.mkdir()
    second = Copy(deep / "second", free_port())
    try:
        second.wait_until_ready()
        assert copy.answers() and second.answers()
        assert not copy.descendants() & second.descendants()
    finally:
        second.end()
    assert second.descendants() == set()
    assert copy.answers()


def test_production_settings_make_no_demo_squad_and_given_servers_are_used(tmp_path, valkey):
    database = tmp_path / "elsewhere.sqlite3"
    given = {"HOMESTRETCH_MODE": "production", "VALKEY_URL": valkey, "DATABASE_URL": f"sqlite:///{database}"}
    copy = Copy(tmp_path / "data", free_port(), **given, VAPID_CONTACT="mailto:ops@homestretch.example")
    try:
        copy.wait_until_ready()
        assert database.exists()
        assert "homestretch-demo" not in copy.output
        assert not copy.descendants("valkey-server")
        assert not {"demo-loaded", "homestretch.sqlite3"} & {path.name for path in copy.data.iterdir()}
    finally:
        copy.end()


def test_without_its_guardian_the_runner_still_stops_everything(copy):
    guardian, counters = copy.descendants("/homestretch\0up\0"), copy.counters()
    os.kill(guardian.pop(), signal.SIGKILL)
    copy.process.send_signal(signal.SIGTERM)
    assert copy.process.wait(30) == 0
    assert copy.descendants() == set()
    assert not counters.exists()


def test_a_killed_runner_leaves_no_orphan(copy):
    wait_for(lambda: len(copy.descendants()) == 8, 20, copy)  # guardian, valkey, web 2, celery 3, beat
    counters = copy.counters()
    copy.process.kill()
    copy.process.wait()
    wait_for(lambda: not copy.descendants() and not counters.exists(), 5, copy)
    assert not copy.answers()


def run(*arguments, **variables):
    return subprocess.run(
        [ROOT / "homestretch", *arguments], capture_output=True, text=True, check=False, timeout=60,
        env=os.environ | variables,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "99999"), "--port 99999: ports go from 1 to 65535"),
        (("--port", "-1"), "--port -1: ports go from 1 to 65535"),
        (("--host", "300.1.1.1"), "--host 300.1.1.1: no such address"),
        (("--host", "nosuch.invalid"), "--host nosuch.invalid: no such address"),
        (("--data", str(ROOT / "README.md")), "README.md: cannot keep files there (File exists)"),
        (("--data", "/proc/x"), "--data /proc/x: cannot keep files there"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence_before_anything_starts(arguments, said):
    result = run("up", *(() if "--port" in arguments else ("--port", str(free_port()))), *arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("mistyped", [("upp",), ("--bogus",), ("up", "--bogus"), ("setup", "--bogus")])
def test_a_mistyped_command_is_named(mistyped):
    result = run(*mistyped)
    assert (result.returncode, result.stdout) == (2, "")
    assert mistyped[-1] in result.stderr


def test_setup_installs_and_starts_nothing():
    result = run("setup")
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, f"installed in {ROOT / '.venv'}")


def test_a_child_that_never_gets_up_ends_the_run_with_its_message(tmp_path):
    (tmp_path / "valkey.sock" / "in the way").mkdir(parents=True)  # where Valkey wants its socket
    copy = Copy(tmp_path, free_port())
    assert copy.process.wait(100) == 1
    wait_for(lambda: "valkey does not start: it ended 5 times" in copy.output, 2, copy)
    assert copy.descendants() == set()


def web_worker(copy: Copy) -> int:
    """The younger of the two: the main process has forked it."""
    wait_for(lambda: len(copy.descendants("config.serve\0")) == 2, 20, copy)
    return max(copy.descendants("config.serve\0"))


def test_a_web_worker_that_is_killed_is_replaced_while_the_port_stays_open(copy):
    for _ in range(2):
        killed = web_worker(copy)
        os.kill(killed, signal.SIGKILL)
        for _ in range(50):  # also in the moment without a worker connections are taken and answered
            assert copy.answers(), copy.output
            time.sleep(0.02)
        assert web_worker(copy) != killed
        time.sleep(6)  # twice within 5.5 s granian takes for a crash loop, and ends
    assert "web ended" not in copy.output


def test_a_web_server_that_stands_still_is_replaced_be_it_one_worker_or_all_of_it(tmp_path):
    copy = Copy(tmp_path, free_port(), HOMESTRETCH_STUCK_AFTER_S="10")
    try:
        copy.wait_until_ready()
        stopped = web_worker(copy)
        os.kill(stopped, signal.SIGSTOP)
        wait_for(lambda: web_worker(copy) != stopped and copy.answers(), 40, copy)
        assert f"web worker {stopped} has answered nothing for 10 s and is killed" in copy.output
        both = copy.descendants("config.serve\0")
        for pid in both:
            os.kill(pid, signal.SIGSTOP)
        wait_for(lambda: not both & copy.descendants("config.serve\0"), 60, copy)
        wait_for(copy.answers, 60, copy)
        assert "and is ended" in copy.output
    finally:
        copy.end()


def test_a_damaged_log_of_valkey_is_set_aside_and_up_gets_ready(data, copy):
    copy.end()
    log = max((data / "valkey").rglob("*.incr.aof"), key=lambda path: path.stat().st_size)
    log.write_bytes(b"*3\r\n$3\r\nSET\r\n" + b"garbage" * 100 + log.read_bytes())
    again = Copy(data, copy.port)
    try:
        again.wait_until_ready()
        assert f"starts empty, which loses nothing; they are kept in {data / 'valkey.damaged'}" in again.output
        assert (data / "valkey.damaged" / log.relative_to(data / "valkey")).exists()
    finally:
        again.end()


def ask(copy: Copy, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Message, bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{copy.port}{path}", body or None, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers, refusal.read()


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("only root can mount a disk")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_on_a_full_disk_everything_that_stores_says_come_again_and_readyz_says_why(at_rest, small_disk):
    on_it = shutil.copytree(at_rest, small_disk / "data")
    full = Copy(on_it, free_port())
    try:
        full.wait_until_ready()
        sign_in = "POST", "/_allauth/app/v1/auth/login", json.dumps(ALICE).encode()
        as_json = {"Content-Type": "application/json"}
        status, _, body = ask(full, *sign_in, **as_json)
        assert status == 200, body
        upload = {"Content-Type": "application/octet-stream"}
        upload["Authorization"] = f"Bearer {json.loads(body)['meta']['access_token']}"
        with contextlib.suppress(OSError), open(small_disk / "ballast", "wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))
        for status, headers, body in [
            ask(full, *sign_in, **as_json),
            ask(full, "POST", "/api/v1/ingest/fit/", b"x" * 100_000, **upload),
        ]:
            assert (status, json.loads(body)["status"]) == (503, 503), body
            assert int(headers["Retry-After"]) > 0
        status, _, body = ask(full, "GET", "/readyz")
        assert (status, json.loads(body)["checks"]["disk"]) == (503, "full")
        (small_disk / "ballast").unlink()
        wait_for(lambda: ask(full, "GET", "/readyz")[0] == 200, 30, full)
        assert ask(full, *sign_in, **as_json)[0] == 200
    finally:
        full.end()


def test_a_log_on_a_full_disk_ends_neither_the_runner_nor_what_it_runs(at_rest, tmp_path):
    data, port = shutil.copytree(at_rest, tmp_path / "data"), free_port()
    command = [ROOT / "homestretch", "up", "--port", str(port), "--data", data]
    with open("/dev/full", "w") as full:
        runner = subprocess.Popen(command, env=of_a_stranger(), stdout=full)
    try:
        for _ in range(2):
            give_up_at = time.monotonic() + 60
            while not (workers := [pid for pid in children(runner.pid) if b"config.serve" in arguments(pid)]) or (
                not answers(port)
            ):
                assert runner.poll() is None and time.monotonic() < give_up_at
                time.sleep(0.1)
            os.kill(workers[0], signal.SIGKILL)  # which it says, and starts it again
            time.sleep(0.2)
    finally:
        runner.send_signal(signal.SIGTERM)
        runner.wait(30)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def arguments(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def from_a_newer_version(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('athletes', '9999_later', '')")
        connection.commit()


def cut_in_half(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.truncate(database, database.stat().st_size // 2)


OTHER_KEYS = f"SECRET_KEY={'x' * 50}\nFIELD_ENCRYPTION_KEYS={base64.urlsafe_b64encode(b'other' * 6 + b'!!').decode()}\n"


@pytest.mark.parametrize(
    ("file", "harm", "said"),
    [
        ("secrets.env", Path.unlink, "has a database and no secrets.env"),
        ("secrets.env", lambda file: file.write_bytes(b""), "must hold SECRET_KEY and FIELD_ENCRYPTION_KEYS"),
        ("secrets.env", lambda file: file.write_bytes(b"\xff\xfe\x00"), "must hold SECRET_KEY and"),
        ("secrets.env", lambda file: file.write_text("SECRET_KEY=x\nFIELD_ENCRYPTION_KEYS=no"), "must hold SECRET_KEY"),
        ("secrets.env", lambda file: file.write_text(OTHER_KEYS), "was encrypted with other FIELD_ENCRYPTION_KEYS"),
        ("homestretch.sqlite3", cut_in_half, "is damaged: move it away and put a backup in its place"),
        ("homestretch.sqlite3", lambda file: file.write_bytes(b"garbage" * 999), "is damaged: move it away"),
        ("homestretch.sqlite3", from_a_newer_version, "a newer Homestretch (athletes.9999_later): start that version"),
    ],
    ids=["secrets lost", "secrets empty", "secrets not UTF-8", "bad keys", "other keys", "cut", "garbage", "newer"],
)
def test_data_that_does_not_fit_is_refused_in_a_sentence_that_says_what_to_do(at_rest, tmp_path, file, harm, said):
    harmed = shutil.copytree(at_rest, tmp_path / "data")
    harm(harmed / file)
    before = (harmed / "homestretch.sqlite3").stat().st_size
    run = Copy(harmed, free_port())
    assert run.process.wait(60) == 1
    wait_for(lambda: said in run.output, 2, run)
    assert "Traceback" not in run.output
    assert len([line for line in run.lines if said in line and "|" not in line]) == 1
    assert (harmed / "homestretch.sqlite3").stat().st_size == before
    assert run.descendants() == set()


def test_help_is_the_file_s_own_description():
    result = subprocess.run([ROOT / "homestretch", "--help"], capture_output=True, text=True, check=True)
    for command in ("up", "setup", "manage", "test", "check"):
        assert f"./homestretch {command}" in result.stdout
