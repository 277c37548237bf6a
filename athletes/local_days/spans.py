"""Stretches of time: which touch, which lie in which, and which are one thing told by several sources."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

Span = tuple[datetime, datetime]
T = TypeVar("T")


def are_one(one: Span, other: Span) -> bool:
    """More than half of the shorter lies in both: by the instants, whatever the clocks or zones of the sources say."""
    together = min(one[1], other[1]) - max(one[0], other[0])
    return together > 0.5 * min(one[1] - one[0], other[1] - other[0])


def told_again(things: Iterable[T], span_of: Callable[[T], Span]) -> list[list[T]]:
    """Groups of what `are_one` binds together, directly or by a third; who comes first does not matter."""
    over: list[list[T]] = []
    running: list[list[T]] = []
    for thing in sorted(things, key=span_of):
        span = span_of(thing)
        lasting = [any(span_of(other)[1] > span[0] for other in group) for group in running]
        over += [group for group, lasts in zip(running, lasting, strict=True) if not lasts]
        running = [group for group, lasts in zip(running, lasting, strict=True) if lasts]
        same = [any(are_one(span_of(other), span) for other in group) for group in running]
        joined = [other for group, is_same in zip(running, same, strict=True) if is_same for other in group]
        running = [group for group, is_same in zip(running, same, strict=True) if not is_same] + [[*joined, thing]]
    return over + running


def merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def lies_in(spans: Sequence[Span], instant: datetime) -> bool:
    """`spans`: as `merged` gives them."""
    place = bisect_right(spans, instant, key=lambda span: span[0])
    return place > 0 and instant <= spans[place - 1][1]


def touches(spans: Sequence[Span], span: Span) -> bool:
    """`spans`: as `merged` gives them."""
    before_end = bisect_right(spans, span[1], key=lambda other: other[0])
    return before_end > 0 and spans[before_end - 1][1] >= span[0]
