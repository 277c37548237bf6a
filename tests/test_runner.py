"""./homestretch up, with real processes: started, watched, and ended in every way a person or a machine ends it."""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RUNNER_VARIABLES = {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "VAPID_PRIVATE_KEY", "VALKEY_URL", "DATABASE_URL"}

pytestmark = pytest.mark.processes


class Copy:
    """One running copy of the product, its output, and the processes that carry its data directory's name."""

    def __init__(self, data: Path, port: int, **variables: str) -> None:
        self.data, self.port, self.lines = data, port, []
        kept = {name: value for name, value in os.environ.items() if name not in RUNNER_VARIABLES}
        kept = {name: value for name, value in kept.items() if not name.startswith(("HOMESTRETCH", "DJANGO"))}
        self.process = subprocess.Popen(
            [str(ROOT / "homestretch"), "up", "--port", str(port), "--data", str(data)],
            cwd=data.parent, env=kept | variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
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

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)


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
    ("service", "processes"), [("\0worker\0", 3), ("\0beat\0", 1), ("config.serve\0", 3), ("valkey-server", 1)]
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
    copy = Copy(tmp_path / "data", free_port(), **given)
    try:
        copy.wait_until_ready()
        assert database.exists()
        assert "homestretch-demo" not in copy.output
        assert not copy.descendants("valkey-server")
        assert not {"demo-loaded", "homestretch.sqlite3"} & {path.name for path in copy.data.iterdir()}
    finally:
        copy.end()


def test_without_its_guardian_the_runner_still_stops_everything(copy):
    guardian = copy.descendants("/homestretch\0up\0")
    os.kill(guardian.pop(), signal.SIGKILL)
    copy.process.send_signal(signal.SIGTERM)
    assert copy.process.wait(30) == 0
    assert copy.descendants() == set()


def test_a_killed_runner_leaves_no_orphan(copy):
    wait_for(lambda: len(copy.descendants()) == 9, 20, copy)  # guardian, valkey, web 3, celery 3, beat
    copy.process.kill()
    copy.process.wait()
    wait_for(lambda: not copy.descendants(), 5, copy)
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
    (tmp_path / "valkey").mkdir()
    (tmp_path / "valkey/appendonlydir").touch()  # where Valkey wants a directory
    copy = Copy(tmp_path, free_port())
    assert copy.process.wait(100) == 1
    wait_for(lambda: "valkey does not start: it ended 5 times" in copy.output, 2, copy)
    assert copy.descendants() == set()


def test_help_is_the_file_s_own_description():
    result = subprocess.run([ROOT / "homestretch", "--help"], capture_output=True, text=True, check=True)
    for command in ("up", "setup", "manage", "test", "check"):
        assert f"./homestretch {command}" in result.stdout
