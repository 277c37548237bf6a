"""Slots: as many files of counters as processes live at one time, and what a dead one counted is gone on with."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PROGRAM = """
import os, sys
import config
from prometheus_client import Counter, Histogram

COUNTED = Counter("counted", "")
TOOK = Histogram("took", "", buckets=(1,))
COUNTED.inc()  # before the fork
for n in range(5):
    if os.fork() == 0:
        COUNTED.inc()
        TOOK.observe(0.5)
        if n == 4 and os.fork() == 0:  # a grandchild
            COUNTED.inc()
            os._exit(0)
        if n == 4:
            os.wait()
        os.kill(os.getpid(), 9)
    os.wait()
COUNTED.inc()
print(sorted(os.listdir(os.environ["PROMETHEUS_MULTIPROC_DIR"])))
"""

SUM = """
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

registry = CollectorRegistry()
MultiProcessCollector(registry)
value = registry.get_sample_value
print(value("counted_total"), value("took_count"), value("took_bucket", {"le": "1.0"}))
"""


def said_by(program, variables):
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.stdout


def test_children_that_are_killed_one_after_the_other_leave_one_set_of_files_and_all_their_counts(tmp_path):
    variables = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    files = ["counter_0.db", "counter_1.db", "counter_2.db", "histogram_0.db", "histogram_1.db", "histogram_2.db"]
    for runs in (1, 2):  # the second time each process finds what the first left
        assert said_by(PROGRAM, variables) == f"{[*files, 'slots']}\n"
        assert said_by(SUM, variables) == f"{8.0 * runs} {5.0 * runs} {5.0 * runs}\n"
