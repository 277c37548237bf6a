"""The guards with some of them left out, for evaluation alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager

from mlmodels.deciding import guard


def without(code: str) -> AbstractContextManager[None]:
    """The guard table without one code, in this process, until the block ends."""
    return only([other for other in guard.GUARD_CODES if other != code])


def only(codes: Collection[str]) -> AbstractContextManager[None]:
    """The guard table with these codes alone, in this process, until the block ends."""
    return _where(lambda rule: rule.code in codes)


def all_but(line: guard.Rule) -> AbstractContextManager[None]:
    """The guard table without one of its lines, in this process, until the block ends."""
    return _where(lambda rule: rule is not line)


@contextmanager
def _where(kept: Callable[[guard.Rule], bool]) -> Iterator[None]:
    table = guard._TABLE
    guard._TABLE = tuple(entry for entry in table if kept(entry[2]))
    try:
        yield
    finally:
        guard._TABLE = table
