"""A whole server as `./homestretch up` starts it, for the clients that talk to it."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from benchmarks.faults.engine import Bench

ROOT = Path(__file__).resolve().parents[2]
OWN_VARIABLES = {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "VAPID_PRIVATE_KEY", "VALKEY_URL", "DATABASE_URL"}
PASSWORD = "homestretch-demo"
REGISTER = """
from allauth.idp.oidc.models import Client
client = Client(id="folder-sync", name="Folder sync", type="public", default_scopes="records:write")
client.set_scopes(["records:write", "days:read", "advice:read"])
client.set_grant_types(["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"])
client.save()
"""


def as_a_stranger() -> dict[str, str]:
    """The environment without what these tests set for themselves."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}
    return {name: value for name, value in kept.items() if not name.startswith(("HOMESTRETCH", "DJANGO"))}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class LiveServer:
    url: str
    env: dict[str, str]

    def manage(self, *arguments: str) -> None:
        command = [str(ROOT / "homestretch"), "manage", *arguments]
        subprocess.run(command, env=self.env, check=True, capture_output=True, timeout=120)

    def sign_in(self, email: str) -> dict[str, str]:
        """The phone's header."""
        answer = requests.post(
            f"{self.url}/_allauth/app/v1/auth/login", json={"email": email, "password": PASSWORD}, timeout=20
        )
        return {"Authorization": f"Bearer {answer.json()['meta']['access_token']}"}

    def get(self, path: str, email: str = "alice@example.org") -> Any:
        return requests.get(self.url + path, headers=self.sign_in(email), timeout=20).json()

    def browser(self, email: str) -> requests.Session:
        """Signed in on the pages, as the athlete is when she types the code."""
        session = requests.Session()
        page = session.get(f"{self.url}/accounts/login/", timeout=20)
        fields = {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": csrf_token(page.text)}
        session.post(f"{self.url}/accounts/login/", fields, timeout=20, allow_redirects=False)
        return session


def csrf_token(page: str) -> str:
    return re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]


@pytest.fixture(scope="session")
def live(tmp_path_factory) -> Iterator[LiveServer]:
    data, port = tmp_path_factory.mktemp("live"), free_port()
    env = {**as_a_stranger(), "HOMESTRETCH_DATA": str(data)}
    server, log = LiveServer(f"http://127.0.0.1:{port}", env), data / "log"
    with log.open("w") as file:
        runner = subprocess.Popen(
            [str(ROOT / "homestretch"), "up", "--port", str(port), "--data", str(data)],
            env=env,
            stdout=file,
            stderr=file,
        )
    try:
        for _ in range(1500):  # five minutes: on a busy machine migrations and the demo squad alone took two
            if "Homestretch is ready" in log.read_text():
                break
            assert runner.poll() is None, log.read_text()[-3000:]
            time.sleep(0.2)
        else:
            pytest.fail(f"not ready: {log.read_text()[-3000:]}")
        server.manage("shell", "-c", REGISTER)
        yield server
    finally:
        runner.send_signal(signal.SIGTERM)
        runner.wait(60)


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Iterator[Bench]:
    """A running copy that may be broken, with phones and a push service."""
    database = os.environ.get("HOMESTRETCH_TEST_DATABASE", "sqlite")
    running = Bench(database, tmp_path_factory.mktemp("f"), short=True)
    yield running
    running.close()
