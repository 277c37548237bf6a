"""What a fault is, and the one table that all of them are found in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.faults.engine import Bench

Act = Callable[["Bench"], Iterator[None]]
"""Up to its `yield` it makes the fault and ends it; behind it, once all is settled, it looks at what else must hold."""


@dataclass(frozen=True)
class Fault:
    number: str
    name: str
    holds: str
    act: Act
    only: str = ""
    """sqlite or postgres, where the other one has no such fault."""
    tree: str = "plain"
    """plain: the shared one. instrumented: with crash points and a clock that can be set. production: with SMTP.
    none: the fault starts what it needs itself, on data of its own."""
    refusals: bool = False
    """503 with Retry-After is the right answer: what is broken is the database."""
    silence: bool = False
    """Requests may stay without an answer: what is broken is the web server, or the database stands still."""
    slow: bool = False
    """Answers may take longer than P12's second: what is broken is the database or the web server."""
    dead_letters: bool = False
    history_d: int = 0
    zone: str = ""
    """Of the crowd; else one where it is noon."""
    at: str = ""
    """When it begins, on an instrumented copy's clock."""
    prepares: bool = False
    """It has one `yield` more, first: what comes before it is done before anybody reports."""
    silent_phones: bool = False
    """The athletes have no browser that could be pushed to."""


TABLE: dict[str, Fault] = {}


def fault(number: str, name: str, holds: str, **features: object) -> Callable[[Act], Act]:
    def add(act: Act) -> Act:
        if number in TABLE:
            raise ValueError(f"two faults have the number {number}")
        TABLE[number] = Fault(number, name, holds, act, **features)  # type: ignore[arg-type]
        return act

    return add
