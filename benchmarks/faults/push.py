"""A push service in trouble. Pull is the truth: check-ins and advice go on whatever it does."""

from __future__ import annotations

import http.server
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.faults.engine import Bench
from benchmarks.faults.fault import Act, fault
from tests.push_service import BROKEN, DROPPED, GONE, NOT_FOUND, TOO_LARGE, Fault, busy, elsewhere


@contextmanager
def trouble(bench: Bench, *answers: Fault | None) -> Iterator[None]:
    """Each call gets the next of these answers, in turn."""
    turns, own = itertools.cycle(answers), bench.push.next_fault

    def next_fault() -> Fault | None:
        with bench.push.lock:
            bench.push.calls += 1
            return next(turns)

    bench.push.next_fault = next_fault  # type: ignore[method-assign]
    try:
        yield
    finally:
        bench.push.next_fault = own  # type: ignore[method-assign]


def answering(full_s: float, *answers: Fault | None) -> Act:
    def act(bench: Bench) -> Iterator[None]:
        calls = bench.push.calls
        with trouble(bench, *answers):
            time.sleep(bench.seconds(full_s, 5))
        bench.expect(bench.push.calls > calls, "the push service was not called")
        yield

    return act


fault("13", "push service answers 5xx", "it is tried again until the advice ends, and all arrive after the outage")(
    answering(15, BROKEN)
)
fault("14", "push service drops answers after accepting", "sent again under the same id, which the phone shows once")(
    answering(10, DROPPED, None)
)
fault("15", "push service answers 404 and 410", "the device is retired with a reason, the others are told",
      dead_letters=True)(answering(10, GONE, None, NOT_FOUND, None))  # fmt: skip
fault("16", "push service answers 413", "a dead letter with a reason; the device stays", dead_letters=True)(
    answering(10, TOO_LARGE, None)
)
fault("17", "push service answers 429", "it waits as long as it was told to")(answering(10, busy("3"), None))
fault("18", "push service hangs", "ten seconds a call, then nobody asks it for a while; all arrive afterwards")(
    answering(15, Fault(hang_s=14), None)
)


class Private(http.server.BaseHTTPRequestHandler):
    """Stands for what only this machine may reach."""

    visited: list[str] = []

    def do_POST(self) -> None:
        self.visited.append(self.path)
        self.send_error(404)

    do_GET = do_PUT = do_POST


@fault("19", "push service redirects to a private address", "nobody goes there; it is tried again where it was")
def redirecting(bench: Bench) -> Iterator[None]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Private) as private:
        threading.Thread(target=private.serve_forever, daemon=True).start()
        with trouble(bench, elsewhere(f"http://127.0.0.1:{private.server_port}/private"), None):
            time.sleep(bench.seconds(10, 5))
        yield
        private.shutdown()
    bench.expect(not Private.visited, f"the sender went to {Private.visited}")
