"""The guards with some of them left out, for evaluation alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager

from mlmodels import guard


def without(code: str) -> AbstractContextManager[None]:
    """The guard table without one code, in this process, until the block ends."""
    return only([other for other in guard.GUARD_CODES if other != code])


@contextmanager
def only(codes: Collection[str]) -> Iterator[None]:
    """The guard table with these codes alone, in this process, until the block ends."""
    table = guard._TABLE
    guard._TABLE = tuple(entry for entry in table if entry[2].code in codes)
    try:
        yield
    finally:
        guard._TABLE = table
