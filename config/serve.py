"""The web server: python -m config.serve [--host H] [--port N] [--workers N] [--stop-within S]

Django is loaded once and the workers are forked from what is loaded, so they share its memory, and one that was killed
is back at once: loaded anew it took 2.5 s, on a busy machine 19 s. The listening socket belongs to the main process
and to all workers, so a connection never waits for one particular worker.

Each worker says every few seconds that a request could be answered: its beat goes through a handler thread. One that
has not said so for STUCK_AFTER_S is killed and replaced, be it stopped, in a deadlock, or with all its threads held.
"""

import argparse
import asyncio
import contextlib
import functools
import os
import signal
import struct
import threading
import time
from typing import Any

from django.conf import settings
from granian._granian import ListenerSpec
from granian.constants import Interfaces
from granian.server import MPServer

from config import front  # first: it sets Django up

# isort: split
from athletes import key_check
from config.metrics import STARTS

STUCK_AFTER_S: float = settings.STUCK_AFTER_S
BEAT_EVERY_S = min(3.0, STUCK_AFTER_S / 5)
PID = struct.Struct("i")


class Beats:
    """A pipe from the workers to the main process: whoever could answer a request writes its process id."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        os.set_blocking(self.write_end, False)
        self.last: dict[int, float] = {}

    def beat(self) -> None:
        with contextlib.suppress(BlockingIOError):  # the main process stands still: it will read older ones
            os.write(self.write_end, PID.pack(os.getpid()))

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a worker, from its loop through its threads."""
        front.handlers.put(self.beat)
        loop.call_later(BEAT_EVERY_S, self.begin, loop)

    def stuck(self, workers: dict[int, float], now: float) -> list[int]:
        """Of workers, given with the time they were started, those that have not been heard of for too long."""
        with contextlib.suppress(BlockingIOError):
            while read := os.read(self.read_end, 64 * 1024):
                self.last |= {pid: now for (pid,) in PID.iter_unpack(read)}
        self.last = {pid: at for pid, at in self.last.items() if pid in workers}
        return [pid for pid, born in workers.items() if now - self.last.get(pid, born) > STUCK_AFTER_S]


class Server(MPServer):
    """granian's, with one listening socket instead of one for each worker (SO_REUSEPORT): on Linux the connections that
    waited at a dead or a stopped worker's own socket would wait there for ever."""

    def __init__(self, **options: Any) -> None:
        super().__init__("config.front:application", interface=Interfaces.RSGI, websockets=False, **options)
        self.beats = Beats()

    def _init_shared_socket(self) -> None:
        shared: Any = ListenerSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._ssp, self._shd, self._sso, self._sfd = None, shared, None, shared.get_fd()

    def startup(self, *given: Any) -> None:
        super().startup(*given)
        threading.Thread(target=self.watch, name="watch", daemon=True).start()

    def watch(self) -> None:
        while True:
            time.sleep(1)
            workers: list[Any] = list(self.wrks)
            alive = {worker.inner.pid: worker.birth for worker in workers if worker.is_alive()}
            for pid in self.beats.stuck(alive, time.monotonic()):
                print(f"web worker {pid} has answered nothing for {STUCK_AFTER_S:g} s and is killed", flush=True)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


class Application:
    def __init__(self, beats: Beats) -> None:
        self.beats = beats
        self.__rsgi__ = front.application

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        STARTS.labels("web_worker").inc()
        self.beats.begin(loop)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m config.serve", description="Serve Homestretch until SIGTERM.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--stop-within", type=int, default=10, help="seconds that requests have to end in")
    given = parser.parse_args()
    key_check.stop_unless_it_fits()
    STARTS.labels("web").inc()
    server = Server(
        address=given.host, port=given.port, workers=given.workers, workers_kill_timeout=given.stop_within,
        respawn_failed_workers=True,
    )  # fmt: skip
    loader: Any = functools.partial(Application, server.beats)
    server.serve(target_loader=loader, wrap_loader=False)


if __name__ == "__main__":
    main()
