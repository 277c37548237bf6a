"""Valkey as a convenience: it counts and remembers, and when it is down or frozen requests go on without it."""

import os
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import redis
import structlog
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

    What redis-py has around it (pool, retries, pipelines, encoding) cost 45 us of web CPU a call, this costs 10.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self.url, self.options = url, options
        self.connection: Any = None
        self.process_id = 0

    def ask(self, *commands: tuple[str, ...]) -> list[Any]:
        """RedisError when there is no answer. A connection that was lost since the last call is opened again."""
        message = b"".join(map(packed, commands))
        if self.connection is not None and self.process_id == os.getpid():
            try:
                return self.exchange(message, len(commands))
            except redis.ConnectionError:
                pass
        self.connection, self.process_id = None, os.getpid()
        pool = redis.ConnectionPool.from_url(self.url, protocol=2, **self.options)
        self.connection = pool.make_connection()
        return self.exchange(message, len(commands))

    def exchange(self, message: bytes, answers: int) -> list[Any]:
        connection, self.connection = self.connection, None  # given up unless every answer was read
        try:
            connection.connect()
            connection.send_packed_command([message], check_health=False)
            found = [connection.read_response() for _ in range(answers)]
        except BaseException:
            connection.disconnect()
            raise
        self.connection = connection
        return found


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


class ForgivingClient(RedisCacheClient):
    """Down means: nothing is remembered, and whoever wants a lock gets it (allauth's rate limits wait for theirs)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clients: dict[int, redis.Redis] = {}
        pool_options: dict[str, Any] = self._pool_options  # type: ignore[attr-defined]
        options = {name: value for name, value in pool_options.items() if name.startswith("socket_")}
        self.line = Line(self._servers[0], **options)  # type: ignore[attr-defined]

    add = or_else(RedisCacheClient.add, lambda *args: True)
    get = or_else(RedisCacheClient.get, lambda self, key, default: default)
    set = or_else(RedisCacheClient.set, lambda *args: None)
    touch = or_else(RedisCacheClient.touch, lambda *args: False)
    delete = or_else(RedisCacheClient.delete, lambda *args: False)
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

    def _count(self, key: str, lifetime_s: int) -> int:
        counted, _ = self.line.ask(("INCR", key), ("EXPIRE", key, str(lifetime_s), "NX"))
        return int(counted)

    def _ping(self) -> bool:
        return bool(self.get_client().ping())

    count = or_else(_count, lambda *args: 0)
    ping = or_else(_ping, lambda *args: False)


class Cache(RedisCache):
    @cached_property
    def _cache(self) -> ForgivingClient:
        return ForgivingClient(self._servers, **self._options)  # type: ignore[attr-defined]

    def count(self, key: str, lifetime_s: int) -> int:
        """Add one and answer how many there are now, in one step; 0 when Valkey does not answer."""
        return int(self._cache.count(self.make_and_validate_key(key), lifetime_s))

    def answers(self) -> bool:
        return bool(self._cache.ping())
