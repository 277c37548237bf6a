"""One function over many tasks, in several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

Task = TypeVar("Task")
Found = TypeVar("Found")


def in_order(play: Callable[[Task], Found], tasks: Sequence[Task], processes: int) -> Iterator[Found]:
    """What ``play`` finds, in the order of ``tasks``; tasks and what is found have to be picklable, ``play`` has not.

    Forked, not spawned: an open ONNX session is inherited but cannot be sent.
    """
    if processes <= 1 or len(tasks) <= 1:
        yield from map(play, tasks)
        return
    with ProcessPoolExecutor(
        min(processes, len(tasks)), mp_context=get_context("fork"), initializer=_inherit, initargs=(play,)
    ) as pool:
        yield from pool.map(_play_inherited, tasks)


_INHERITED: list[Callable[[Any], Any]] = []


def _inherit(play: Callable[[Any], Any]) -> None:
    _INHERITED[:] = [play]


def _play_inherited(task: Any) -> Any:
    return _INHERITED[0](task)
