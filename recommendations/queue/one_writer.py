"""SQLite has one writer: the drain takes its turn alone, and reads and computes without the lock.

Seen without: two workers passed the write lock to each other every 12 ms, and a check-in waited 350 ms for it at 50 a
second, 5 s at 200, because SQLite's waiting writers look only every 1 to 100 ms whether it is free.
"""

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from django.conf import settings
from django.db import connection, transaction


@contextmanager
def own_turn() -> Iterator[bool]:
    """Whether nobody else drains now; always true on PostgreSQL, where workers skip each other's rows."""
    if connection.vendor != "sqlite":
        yield True
        return
    with open(settings.DATA_DIR / "drain.lock", "w") as file:  # let go by the kernel when the process dies
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def held() -> AbstractContextManager[None]:
    """What is claimed stays claimed until it is answered: PostgreSQL's locks last as long as the transaction.

    SQLite's one lock would keep every writer out while we read and compute; there nobody else drains (`own_turn`), and
    who was revised meanwhile is seen by the tickets of the rows (`waiting.not_overtaken`).
    """
    return nullcontext() if connection.vendor == "sqlite" else transaction.atomic()


def storing() -> AbstractContextManager[None]:
    """All or none of a round: the transaction in which PostgreSQL holds the athletes already, on SQLite a short one."""
    return transaction.atomic() if connection.vendor == "sqlite" else nullcontext()
