"""How long the first start's demo takes to load: two squads, twelve weeks, the last four advised day by day.

    .venv/bin/python -m benchmarks.demo [--rounds 3]

Each round is the command as ``./homestretch up`` runs it, Python's own start included, on a new SQLite database.
Goal: under 15 s.
"""

from __future__ import annotations

import argparse
import os
import time
from statistics import median

from benchmarks.servers import database, environment, manage, scratch, verdict

GOAL_S = 15.0


def load_s() -> float:
    with scratch() as data, database("sqlite", data) as url:
        env = environment(data, url)
        manage(env, "migrate", "--verbosity", 0)
        started = time.perf_counter()
        print(manage(env, "load_demo").strip())
        return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    seconds = [load_s() for _ in range(parser.parse_args().rounds)]
    print(f"demo loaded in {', '.join(f'{s:.1f}' for s in seconds)} s; load average {os.getloadavg()[0]:.1f}")
    print(f"median under {GOAL_S:g} s: {verdict(median(seconds) < GOAL_S)}")


if __name__ == "__main__":
    main()
