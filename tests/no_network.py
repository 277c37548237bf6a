"""Tests talk to this machine alone. Imported by conftest; sees every Python socket, whichever library opens it."""

import ipaddress
import sys
from typing import Any

import pytest


class NetworkReached(RuntimeError):
    """Not an OSError: what handles network faults must not handle this."""


def is_local(address: Any) -> bool:
    if not isinstance(address, tuple):  # a unix socket's path
        return True
    host = address[0].decode() if isinstance(address[0], bytes) else address[0]
    try:
        return host in (None, "", "localhost") or ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse_other_machines(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto") and not is_local(arguments[1]):
        raise NetworkReached(f"a test tried to reach {arguments[1]}")
    if event == "socket.getaddrinfo" and not is_local(arguments[:1]):
        raise NetworkReached(f"a test tried to look up {arguments[0]}")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> None:
    sys.addaudithook(refuse_other_machines)
