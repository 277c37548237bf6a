"""Limits per user, counted in one step: DRF's own throttles read, then write, and let parallel requests past."""

import time
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.core.cache import cache
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from athletes.valkey import Cache


class WindowThrottle(BaseThrottle):
    """So many requests in each window of so many seconds. Without Valkey nobody is held back."""

    scope: str
    setting: str
    window_s = 60

    def allow_request(self, request: Request, view: Any) -> bool:
        if not (request.user and request.user.is_authenticated):
            return True
        return self.begin(request.user.pk)()

    def begin(self, user_id: int) -> Callable[[], bool]:
        """Counts this request; what it returns says whether it is within the limit."""
        key = f"{self.scope}:{user_id}:{int(time.time()) // self.window_s}"
        count = cast(Cache, cache).begin_count(key, 2 * self.window_s)
        return lambda: count() <= int(getattr(settings, self.setting))

    def wait(self) -> float:
        return self.window_s - time.time() % self.window_s


class WriteThrottle(WindowThrottle):
    scope = "write"
    setting = "WRITES_PER_MINUTE"

    def allow_request(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or super().allow_request(request, view)


class JoinThrottle(WindowThrottle):
    """A code of 8 characters must not be found by trying."""

    scope = "join"
    setting = "JOIN_TRIES_PER_10_MINUTES"
    window_s = 600
