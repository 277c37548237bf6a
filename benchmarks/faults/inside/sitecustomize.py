"""Python runs this at the start of every process of an *instrumented* copy, before any of the product's code.

Two things that nothing outside a process can do: end it between two given steps, and give it another clock. The
product's code is the one that ships; a crash point is a wrapper around one of its functions.

FAULTS_DIRECTORY/armed: the name of one crash point. The first process that gets there takes the file and is gone, as by
the kernel's hand. FAULTS_DIRECTORY/offset_s: by how much the clock of all of them is ahead.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import threading
import time
from pathlib import Path

DIRECTORY = Path(os.environ["FAULTS_DIRECTORY"])
LOOK_EVERY_S = 0.1

BEFORE, AFTER = "before", "after"
POINTS = {  # name -> module, function, whether the process ends before the function begins or after it has ended
    "after the record's commit, before the hint": ("storage.bell", "ring", BEFORE),
    "hint taken, before the claim": ("recommendations.queue.waiting", "claim_athletes", BEFORE),
    "claimed, before the commit": ("recommendations.queue.waiting", "clear", BEFORE),
    "after the advice's commit, before the delivery": ("recommendations.advice.advising", "answer_batch", AFTER),
    "delivery claimed, before the call": ("recommendations.push.sending", "claim_deliveries", AFTER),
    "call accepted, before its outcome is recorded": ("recommendations.push.sending", "note_success", BEFORE),
}


# --- crash points


def die_if_armed(point):
    try:
        armed = (DIRECTORY / "armed").read_text()
        if armed == point:
            os.rename(DIRECTORY / "armed", DIRECTORY / f"fired-{os.getpid()}")  # of two processes one gets it
            os.kill(os.getpid(), signal.SIGKILL)
    except OSError:
        pass


def crashing(function, point, when):
    def called(*arguments, **named):
        if when == BEFORE:
            die_if_armed(point)
        answer = function(*arguments, **named)
        if when == AFTER and answer:  # an empty batch is no step
            die_if_armed(point)
        return answer

    return called


class Loader(importlib.abc.Loader):
    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        for point, (name, function, when) in POINTS.items():
            if name == module.__name__:
                setattr(module, function, crashing(getattr(module, function), point, when))


class Finder(importlib.abc.MetaPathFinder):
    names = {module for module, _, _ in POINTS.values()}

    def find_spec(self, name, path, target=None):
        if name not in self.names:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec:
            spec.loader = Loader(spec.loader)
        return spec


sys.meta_path.insert(0, Finder())


# --- the clock


class Clock:
    """time-machine changes what time.time() and datetime.now() of this process say; the monotonic clock goes on, as it
    does in a kernel whose wall clock was set."""

    def __init__(self, library):
        self.library, self.traveller, self.offset_s = library, None, 0.0
        self.begin()
        os.register_at_fork(after_in_child=self.begin)

    def begin(self):
        self.look()
        threading.Thread(target=self.keep_looking, name="clock", daemon=True).start()

    def keep_looking(self):
        while True:
            threading.Event().wait(LOOK_EVERY_S)
            self.look()

    def look(self):
        try:
            offset_s = float((DIRECTORY / "offset_s").read_text())
        except (OSError, ValueError):
            return
        if offset_s == self.offset_s:
            return
        self.offset_s = offset_s
        if self.traveller:
            self.traveller.move_to(self.library.escape_hatch.time.time() + offset_s)
        else:
            self.traveller = self.library.travel(time.time() + offset_s, tick=True).start()


if importlib.util.find_spec("time_machine"):  # the runner itself runs on a bare Python and measures with monotonic()
    import time_machine

    Clock(time_machine)
