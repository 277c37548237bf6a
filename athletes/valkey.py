"""Valkey as a convenience: it counts and remembers, and when it is down or frozen requests go on without it."""

import os
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import redis
import structlog
from django.core.cache import BaseCache, caches
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.functional import cached_property
from prometheus_client import Counter

PAUSE_S = 2.0

failures = Counter("homestretch_cache_failures", "Cache calls that failed, or were skipped while the breaker was open")
logger = structlog.get_logger(__name__)


class Breaker:
    """After a failure nobody tries again for a while: a frozen server costs one time-out, not one a request."""

    def __init__(self, pause_s: float = PAUSE_S) -> None:
        self.pause_s = pause_s
        self.open_until_s = 0.0

    @property
    def open(self) -> bool:
        return time.monotonic() < self.open_until_s

    def trip(self) -> None:
        self.open_until_s = time.monotonic() + self.pause_s


breaker = Breaker()


class Line(threading.local):
    """Each thread's own connection, for the two calls that every write makes: commands out, their answers back.

    What redis-py has around it (pool, retries, pipelines, encoding) cost 45 us of web CPU a call, this costs 10; who
    need not wait for the answer is spared being put to sleep and woken, which cost a busy server more than that.
    """

    most_unread = 8  # answers that nobody waited for; a server that owes more is waited for, and may turn out frozen

    def __init__(self, url: str, **options: Any) -> None:
        self.url, self.options = url, options
        self.connection: Any = None
        self.process_id = 0
        self.unread = 0

    def ask(self, *commands: tuple[str, ...]) -> list[Any]:
        """RedisError when there is no answer."""
        return self.begin(*commands)()

    def begin(self, *commands: tuple[str, ...]) -> Callable[[], list[Any]]:
        """Sends; what it returns waits for the answers, and must be called before anything else is sent."""
        message = b"".join(map(packed, commands))
        was_open = self.send(message, len(commands))

        def answers() -> list[Any]:
            try:
                return self.receive(len(commands))
            except redis.ConnectionError:  # lost since the last call
                if not was_open:
                    raise
                self.send(message, len(commands))
                return self.receive(len(commands))

        return answers

    def tell(self, *commands: tuple[str, ...]) -> None:
        """Sends. What the server says to it is looked at with the next call."""
        try:
            self.receive(0, wait=False)
        except redis.ConnectionError:
            pass  # lost since the last call: what was told may be lost, too
        self.send(b"".join(map(packed, commands)), len(commands))

    def send(self, message: bytes, answers: int) -> bool:
        """Whether the connection was open. One that was lost since the last call is opened again."""
        if self.process_id != os.getpid():  # forked: the connection is the parent's
            self.connection, self.process_id, self.unread = None, os.getpid(), 0
        was_open = self.connection is not None
        try:
            if was_open:
                self.connection.send_packed_command([message], check_health=False)
        except redis.ConnectionError:
            was_open = False
            self.give_up()
        except redis.TimeoutError:
            self.give_up()
            raise
        if not was_open:
            self.open(message)
        self.unread += answers
        return was_open

    def open(self, message: bytes) -> None:
        connection: Any = redis.ConnectionPool.from_url(self.url, protocol=2, **self.options).make_connection()
        connection.connect()
        connection.send_packed_command([message], check_health=False)
        self.connection, self.unread = connection, 0

    def receive(self, answers: int, *, wait: bool = True) -> list[Any]:
        """The last so many answers; what comes before them was not waited for."""
        found: list[Any] = []
        if self.connection is None or self.process_id != os.getpid():
            return found
        try:
            while self.unread and (wait or self.unread > self.most_unread or self.connection.can_read(0)):
                found.append(self.connection.read_response())
                self.unread -= 1
        except BaseException:  # what is still to come would be taken for the next answer
            self.give_up()
            raise
        return found[len(found) - answers :]

    def give_up(self) -> None:
        connection, self.connection, self.unread = self.connection, None, 0
        connection.disconnect()


def packed(words: tuple[str, ...]) -> bytes:
    encoded = [word.encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded)


def or_else(method: Callable[..., Any], otherwise: Any) -> Callable[..., Any]:
    """`method`, or what `otherwise` makes of the same arguments when the server does not answer."""

    @wraps(method)
    def forgiving(*args: Any, **kwargs: Any) -> Any:
        if not breaker.open:
            try:
                return method(*args, **kwargs)
            except redis.RedisError as problem:
                breaker.trip()
                logger.warning("cache_unavailable", kind=type(problem).__name__, pause_s=breaker.pause_s)
        failures.inc()
        return otherwise(*args, **kwargs)

    return forgiving


def must_hold(key: str) -> bool:
    """What allauth keeps: how often somebody guessed, which codes of the second factor and of OAuth were used."""
    return ":allauth" in key


def rows() -> BaseCache:
    return caches["without_valkey"]


class ForgivingClient(RedisCacheClient):
    """Down means: nothing is remembered, and whoever wants a lock gets it; but what must hold is a row meanwhile."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clients: dict[int, redis.Redis] = {}
        pool_options: dict[str, Any] = self._pool_options  # type: ignore[attr-defined]
        options = {name: value for name, value in pool_options.items() if name.startswith("socket_")}
        self.line = Line(self._servers[0], **options)  # type: ignore[attr-defined]

    add = or_else(RedisCacheClient.add, lambda self, key, *what: not must_hold(key) or rows().add(key, *what))
    get = or_else(RedisCacheClient.get, lambda self, key, other: rows().get(key, other) if must_hold(key) else other)
    set = or_else(RedisCacheClient.set, lambda self, key, *what: rows().set(key, *what) if must_hold(key) else None)
    touch = or_else(RedisCacheClient.touch, lambda *args: False)
    delete = or_else(RedisCacheClient.delete, lambda self, key: must_hold(key) and rows().delete(key))
    get_many = or_else(RedisCacheClient.get_many, lambda *args: {})
    has_key = or_else(RedisCacheClient.has_key, lambda *args: False)
    incr = or_else(RedisCacheClient.incr, lambda self, key, delta: delta)
    set_many = or_else(RedisCacheClient.set_many, lambda *args: None)
    delete_many = or_else(RedisCacheClient.delete_many, lambda *args: None)
    clear = or_else(RedisCacheClient.clear, lambda *args: False)

    def get_client(self, key: Any = None, *, write: bool = False) -> redis.Redis:
        """One client for each server and thread pool: building one a call took longer than the call."""
        server = self._get_connection_pool_index(write)  # type: ignore[attr-defined]
        if server not in self._clients:
            self._clients[server] = super().get_client(key, write=write)
        return self._clients[server]

    def _begin_count(self, key: str, lifetime_s: int) -> Callable[[], list[Any]]:
        return self.line.begin(("INCR", key), ("EXPIRE", key, str(lifetime_s), "NX"))

    def _ping(self) -> bool:
        return bool(self.get_client().ping())

    begin_count = or_else(_begin_count, lambda *args: None)
    finish_count = or_else(lambda self, finish: int(finish()[0]), lambda *args: 0)
    ping = or_else(_ping, lambda *args: False)


class Cache(RedisCache):
    @cached_property
    def _cache(self) -> ForgivingClient:
        return ForgivingClient(self._servers, **self._options)  # type: ignore[attr-defined]

    def begin_count(self, key: str, lifetime_s: int) -> Callable[[], int]:
        """Adds one; what it returns says how many there are now, 0 when Valkey does not answer.

        In between the thread may do something else, but nothing else with Valkey.
        """
        finish = self._cache.begin_count(self.make_and_validate_key(key), lifetime_s)
        return (lambda: 0) if finish is None else (lambda: int(self._cache.finish_count(finish)))

    def answers(self) -> bool:
        return bool(self._cache.ping())
