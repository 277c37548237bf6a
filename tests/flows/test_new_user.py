"""The walk of a new user, by curl, against everything that ./homestretch up starts."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN_VARIABLES = {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "VAPID_PRIVATE_KEY", "VALKEY_URL", "DATABASE_URL"}

pytestmark = pytest.mark.processes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_a_stranger() -> dict[str, str]:
    """The environment without what these tests set for themselves."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}
    return {name: value for name, value in kept.items() if not name.startswith(("HOMESTRETCH", "DJANGO"))}


def test_a_new_user_goes_from_sign_up_to_advice_a_push_and_the_coachs_override(tmp_path):
    walk = subprocess.run(
        [str(ROOT / "tests/flows/new_user.sh"), str(free_port()), str(tmp_path / "data")],
        env=as_a_stranger(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert walk.returncode == 0, walk.stdout + walk.stderr
    assert walk.stdout.endswith("All as expected.\n")
    assert "Your plan for today is ready" in walk.stdout
    assert "Your coach changed today's plan" in walk.stdout
