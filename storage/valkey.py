"""Valkey as a convenience: it counts and remembers, and when it is down or frozen requests go on without it."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import redis
import structlog
from django.core.cache import BaseCache, caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.db import OperationalError
from django.utils.functional import cached_property
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.retry import Retry

PAUSE_S = 2.0
# A connection that was lost since the last call is opened anew, once; a server that does not answer is not asked again.
AGAIN = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))

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


class Rows(DatabaseCache):
    """Django's says nothing when the database refuses: on a full disk an athlete read "too many attempts"."""

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        for _ in range(2):  # between these two lines whoever had it may have given it up
            if super().add(key, value, timeout, version):
                return True
            if self.get(key, version=version) is not None:
                return False
        raise OperationalError("the database stores no row of the cache")

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        key = self.make_and_validate_key(key, version=version)
        # Of two at once that both insert, one fails, and overwrites at its second try.
        if not any(self._base_set("set", key, value, timeout) for _ in range(2)):  # type: ignore[attr-defined]
            raise OperationalError("the database stores no row of the cache")


class ForgivingClient(RedisCacheClient):
    """Down means: nothing is remembered, and whoever wants a lock gets it; but what must hold is a row meanwhile."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, retry=AGAIN, **kwargs)
        self._clients: dict[int, redis.Redis] = {}

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

    def _count(self, key: str, lifetime_s: int) -> int:
        with self.get_client(key, write=True).pipeline(transaction=False) as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, lifetime_s, nx=True)
            count, _ = pipeline.execute()
        return int(count)

    def _ping(self) -> bool:
        return bool(self.get_client().ping())

    count = or_else(_count, lambda *args: 0)
    ping = or_else(_ping, lambda *args: False)


class Cache(RedisCache):
    @cached_property
    def _cache(self) -> ForgivingClient:
        return ForgivingClient(self._servers, **self._options)  # type: ignore[attr-defined]

    def count(self, key: str, lifetime_s: int) -> int:
        """Adds one, and says how many there are now: 0 when Valkey does not answer."""
        return int(self._cache.count(self.make_and_validate_key(key), lifetime_s))

    def answers(self) -> bool:
        return bool(self._cache.ping())
