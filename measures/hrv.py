"""HRV eras: readings of another metric, provider or context have other levels, and are never mixed or converted."""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

RMSSD, SDNN = "rmssd", "sdnn"
BY_HAND = "manual"  # the provider of what an athlete typed in
# Steady contexts first: where nothing else decides, the first counts.
CONTEXTS = (
    "overnight_mean", "overnight_deep", "morning_supine", "morning_sitting", "morning_standing",
    "overnight_5min_high", "spot",
)  # fmt: skip
UNSTEADY = ("overnight_5min_high", "spot")


def is_overnight(context: str) -> bool:
    return context.startswith("overnight")


def is_morning(context: str) -> bool:
    """Measured by the athlete, at rest after waking."""
    return context.startswith("morning")


class Era(NamedTuple):
    """Its text is `metric/provider/context`, as days, logs and the API name it."""

    metric: str
    provider: str
    context: str

    def __str__(self) -> str:
        return "/".join(self)

    @classmethod
    def parse(cls, text: str) -> Era:
        """ValueError: it is none."""
        try:
            return cls(*text.split("/"))
        except TypeError:
            raise ValueError(f"{text!r} is no HRV era: metric/provider/context") from None


# A season log that names no device: its rMSSD joins whichever era of rMSSD there is.
LOG_NUMBER = crc32(b"season_log")


def era_number(text: str | None) -> int:
    """What the state calls an era: the same number on every machine; 0 = none."""
    return crc32(text.encode()) if text else 0
