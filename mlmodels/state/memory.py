"""How the carry of n athletes lies in memory, and how it becomes bytes.

A part (`Part`) declares its values and rings, each once. From the declaration follow the attribute, the row in memory
(in the order declared), the row of the table that shows it, and the place in a packed row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlmodels.state.arrays import BoolArray, FloatArray


class Value(NamedTuple):
    """One number of an athlete's carry."""

    place: int  # in a packed row; never changed while a STATE_VERSION lives
    starts: float
    shown: str  # the row of the table that shows it as it is; "": none


class RingOf(NamedTuple):
    """The values of an athlete's last days."""

    place: int  # among the rings of a packed row
    days: int
    starts: float
    width: int  # values a day, packed one after the other
    kind: type[Ring]


def value(place: int, *, starts: float = 0.0, shown: str = "") -> Any:
    return Value(place, starts, shown)


def ring(place: int, days: int, *, starts: float = np.nan, width: int = 1, kind: type[Ring] | None = None) -> Any:
    return RingOf(place, days, starts, width, kind or Ring)


@lru_cache(maxsize=64)
def _lags(days: int) -> NDArray[np.int64]:
    """Yesterday, the day before, and so on."""
    return np.arange(1, days + 1)


class Clock:
    """How many days were closed since the tracker was made: says which row of a ring is today's."""

    def __init__(self) -> None:
        self.day = 0


class Ring:
    """``rows``: the last days of n athletes, (days, n), or (days, width, n). Day d lies in row d modulo days."""

    def __init__(self, of: RingOf, n: int, clock: Clock) -> None:
        self.rows = np.full((of.days, of.width, n) if of.width > 1 else (of.days, n), of.starts)
        self.clock = clock
        self.recount()

    def back(self, days: int, *, until: int = 0) -> FloatArray:
        """Values of the last ``days`` days, (days, ...), latest first; a view where they lie in one piece.

        ``until`` 0: yesterday is the latest; 1: today, once it is pushed.
        """
        rows, now = self.rows, self.clock.day + until
        end = now % len(rows) or len(rows)
        if end >= days:
            return rows[end - days : end][::-1]
        return rows[(now - _lags(days)) % len(rows)]

    def at(self, days_ago: NDArray[Any]) -> NDArray[Any]:
        """The rows of the days so long ago; 0 is today, which before its push is the day that leaves."""
        rows: NDArray[Any] = (self.clock.day - days_ago) % len(self.rows)
        return rows

    def push(self, values: ArrayLike) -> None:
        """Today's values, in the place of the day that leaves."""
        self.rows[self.clock.day % len(self.rows)] = values

    def recount(self) -> None:
        """What follows from the rows, after they were put in; a plain ring keeps nothing beside them."""

    def put(self, at: NDArray[Any], other: Ring) -> None:
        self.rows[..., at] = np.roll(other.rows, self.clock.day - other.clock.day, axis=0)

    def oldest_first(self) -> FloatArray:
        """(days x width, n) that do not depend on the clock, so that equal histories give equal bytes."""
        rows = np.roll(self.rows, -(self.clock.day % len(self.rows)), axis=0)
        return rows if rows.ndim == 2 else np.concatenate(rows.swapaxes(0, 1))  # of no athlete, too

    def adopt(self, packed: FloatArray) -> None:
        """The inverse of ``oldest_first``, for a clock at 0."""
        rows = self.rows
        rows[:] = packed if rows.ndim == 2 else packed.reshape(rows.shape[1], rows.shape[0], -1).swapaxes(0, 1)
        self.recount()


class KnownDays(Ring):
    """Keeps in step ``count``, (n,): the days that have a value."""

    count: FloatArray

    def recount(self) -> None:
        self.count = count(self.rows == self.rows)

    def push(self, values: ArrayLike) -> None:
        leaving, today = self.rows[self.clock.day % len(self.rows)], np.asarray(values)
        self.count -= leaving == leaving
        self.count += today == today
        leaving[:] = today

    def put(self, at: NDArray[Any], other: Ring) -> None:
        super().put(at, other)
        assert isinstance(other, KnownDays)
        self.count[at] = other.count


class MarkedDays(KnownDays):
    """The same of days that are marked by 1 among days of 0."""

    def recount(self) -> None:
        self.count = self.rows.sum(axis=0)

    def push(self, values: ArrayLike) -> None:
        leaving = self.rows[self.clock.day % len(self.rows)]
        self.count -= leaving
        self.count += np.asarray(values)
        leaving[:] = values


class Part:
    """Some values and rings of n athletes. ``memory``: (values, n), whose rows are the attributes.

    Every write to a value goes in place, so that ``memory`` stays the one copy.
    """

    values: ClassVar[dict[str, Value]] = {}
    rings: ClassVar[dict[str, RingOf]] = {}

    def __init_subclass__(cls) -> None:
        cls.values = cls.values | {name: v for name, v in vars(cls).items() if isinstance(v, Value)}
        cls.rings = cls.rings | {name: r for name, r in vars(cls).items() if isinstance(r, RingOf)}

    def __init__(self, n: int, clock: Clock) -> None:
        self.n, self.clock = n, clock
        starts = np.array([v.starts for v in self.values.values()])
        self.memory = np.repeat(starts[:, None], n, axis=1)
        self.__dict__.update(zip(self.values, self.memory, strict=True))
        self.__dict__.update({name: of.kind(of, n, clock) for name, of in self.rings.items()})

    @classmethod
    def shown(cls) -> tuple[str, ...]:
        """The rows of the table that show the first values of the part as they are."""
        return tuple(v.shown for v in cls.values.values() if v.shown)

    @classmethod
    def row(cls, name: str) -> int:
        return list(cls.values).index(name)

    @classmethod
    def block(cls, first: str, last: str) -> slice:
        """The rows of ``memory`` from one value to another."""
        return slice(cls.row(first), cls.row(last) + 1)

    def put(self, at: NDArray[Any], other: Part) -> None:
        """Replace the athletes at ``at`` by those of ``other``."""
        self.memory[:, at] = other.memory
        for name in self.rings:
            getattr(self, name).put(at, getattr(other, name))


class PackedOrder:
    """The order of a packed row: the values by their place, then the rings by theirs."""

    def __init__(self, parts: Sequence[type[Part]]) -> None:
        places = [v.place for part in parts for v in part.values.values()]
        assert sorted(places) == list(range(len(places))), "each value has a place of its own"
        self._places = np.array(places)
        self._by_place = np.argsort(self._places)
        rings = [(of, i, name) for i, part in enumerate(parts) for name, of in part.rings.items()]
        self._rings = sorted(rings, key=lambda one: one[0].place)
        self.values = len(places) + sum(of.days * of.width for of, _, _ in rings)

    def packed(self, parts: Sequence[Part]) -> FloatArray:
        """(values, n) with every ring oldest first."""
        memory = np.concatenate([part.memory for part in parts])
        rings = [getattr(parts[i], name).oldest_first() for _, i, name in self._rings]
        return np.concatenate([memory[self._by_place], *rings], axis=0)

    def adopt(self, parts: Sequence[Part], packed: FloatArray) -> None:
        """The inverse of ``packed``, for parts whose clock is at 0."""
        start = 0
        for part in parts:
            part.memory[:] = packed[self._places[start : start + len(part.values)]]
            start += len(part.values)
        for (_, i, name), rows in zip(self._rings, self._ring_rows(packed), strict=True):
            getattr(parts[i], name).adopt(rows)

    def _ring_rows(self, packed: FloatArray) -> Iterator[FloatArray]:
        start = len(self._places)
        for of, _, _ in self._rings:
            yield packed[start : start + of.days * of.width]
            start += of.days * of.width


def count(seen: BoolArray) -> FloatArray:
    """How many of up to 255 rows; adding bytes takes a fifth of what ``count_nonzero`` takes along this axis."""
    return np.asarray(np.add.reduce(seen.view(np.uint8), axis=0, dtype=np.uint8), dtype=np.float64)


def run_of_days(previous: FloatArray, now: BoolArray, known: BoolArray | bool = True) -> FloatArray:
    """Length of a run of days: one longer, back to 0, or held where today is not known."""
    if known is True:
        return np.where(now, previous + 1.0, 0.0)
    return np.where(now, previous + 1.0, np.where(known, 0.0, previous))
