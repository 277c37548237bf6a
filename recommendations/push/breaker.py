"""A push service that is down costs ten seconds a message; after a few in a row nobody asks it for a while."""

import time
from collections import defaultdict
from collections.abc import Callable

FAILURES_IN_A_ROW = 5
PAUSE_S = 30.0


class Breaker:
    """One per process, in its memory: what it forgets at a restart it learns again from a handful of messages."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.failures: defaultdict[str, int] = defaultdict(int)
        self.open_until: dict[str, float] = {}

    def pause_s(self, provider: str) -> float:
        """How long to leave `provider` alone; 0 means it may be called."""
        return max(0.0, self.open_until.get(provider, 0.0) - self.clock())

    def answered(self, provider: str) -> None:
        self.failures.pop(provider, None)
        self.open_until.pop(provider, None)

    def failed(self, provider: str) -> None:
        """Counted on after the pause too, so that one more failure then opens it again at once."""
        self.failures[provider] += 1
        if self.failures[provider] >= FAILURES_IN_A_ROW:
            self.open_until[provider] = self.clock() + PAUSE_S
