"""Whose file is whose in PROMETHEUS_MULTIPROC_DIR, where the counters of all processes lie (docs/adr/0022).

prometheus_client names a process's files by its id: each child that is killed and forked anew would leave its files
behind for ever, and two containers, where ids begin at 1 each, would write to the same ones. Here they are named by a
slot, the lowest number that no living process holds: whoever takes it goes on counting where the last holder stopped.
"""

import fcntl
import itertools
import os
from pathlib import Path

from prometheus_client import values


class Slot:
    """A lock on one byte of a file. It ends with the process, however that ends, and a forked child has none of it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.file = (directory / "slots").open("w")  # stays open: closing it would end the lock
        self.process_id, self.number = 0, -1

    def __call__(self) -> int:
        if self.process_id != os.getpid():
            # Never the one that came with the fork: prometheus_client would not notice that it has changed hands.
            self.number = next(n for n in itertools.count() if n != self.number and self.could_take(n))
            self.process_id = os.getpid()
        return self.number

    def could_take(self, number: int) -> bool:
        try:
            fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except (BlockingIOError, PermissionError):
            return False
        return True


def share_counters() -> None:
    slot = Slot(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
    values.ValueClass = values.MultiProcessValue(process_identifier=slot)
