"""Limits per user, counted in one step: DRF's own throttles read, then write, and let parallel requests past."""

import time
from typing import Any, cast

from django.conf import settings
from django.core.cache import cache, caches
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from storage.valkey import Cache


class WindowThrottle(BaseThrottle):
    """So many requests in each window of so many seconds. Without Valkey nobody is held back, but see `within`."""

    scope: str
    setting: str
    window_s = 60

    def allow_request(self, request: Request, view: Any) -> bool:
        if not (request.user and request.user.is_authenticated):
            return True
        return self.admits(request.user.pk)

    def admits(self, user_id: int) -> bool:
        """Counts this request, and says whether it is within the limit."""
        key = f"{self.scope}:{user_id}:{int(time.time()) // self.window_s}"
        count = cast(Cache, cache).count(key, 2 * self.window_s)
        return count <= int(getattr(settings, self.setting))

    def wait(self) -> float:
        return seconds_left(self.window_s)


class WriteThrottle(WindowThrottle):
    scope = "write"
    setting = "WRITES_PER_MINUTE"

    def allow_request(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or super().allow_request(request, view)


class JoinThrottle(WindowThrottle):
    """A code of 8 characters must not be found by trying, with Valkey or without it."""

    scope = "join"
    setting = "JOIN_TRIES_PER_10_MINUTES"
    window_s = 600

    def allow_request(self, request: Request, view: Any) -> bool:
        who = request.user.pk if request.user and request.user.is_authenticated else None
        return who is None or within(f"{self.scope}:{who}", getattr(settings, self.setting), self.window_s)


def within(key: str, limit: int, window_s: int) -> bool:
    """Counts one more in this window. What somebody could guess by trying is counted without Valkey, too."""
    key = f"{key}:{int(time.time()) // window_s}"
    count = cast(Cache, cache).count(key, 2 * window_s)
    return count <= limit if count else claimed(key, limit, window_s)


def claimed(key: str, limit: int, window_s: int) -> bool:
    """One of so many rows, each taken once: counting up in a row would let parallel requests past."""
    rows = caches["without_valkey"]
    return any(rows.add(f"{key}:{number}", True, window_s) for number in range(limit))


def seconds_left(window_s: int) -> float:
    return window_s - time.time() % window_s
