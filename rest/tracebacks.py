"""Where a program failed, without what it was working on: an exception's text may quote a row or a note."""

import logging
import sys
import traceback
from types import TracebackType
from typing import Any


def frames_without_values(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """structlog processor: the exception as its type and the lines it went through, chained causes included."""
    failure = event.pop("exc_info", None)
    if failure is True:
        failure = sys.exc_info()[1]
    elif isinstance(failure, tuple):
        failure = failure[1]
    if isinstance(failure, BaseException):
        event["traceback"] = described(failure)
    return event


def described(failure: BaseException) -> list[str]:
    lines: list[str] = []
    seen: set[int] = set()
    cause: BaseException | None = failure
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        lines += [f"{type(cause).__module__}.{type(cause).__qualname__}", *frames(cause.__traceback__)]
        cause = cause.__cause__ or cause.__context__
    return lines


def frames(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]


class WithoutException(logging.Filter):
    """For loggers that write the exception into the message itself, as Celery does for a failed task."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, dict):
            record.args = {**record.args, "exc": "", "traceback": ""}
        return True
