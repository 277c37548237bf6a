"""What-if for one athlete on one core: four first actions x 28 days x 200 samples on the twin.

    .venv/bin/python -m benchmarks.what_if [--runs 40]

The forecast lives through the tracker, the policy and the guards that serve, day by day for 800 rows; beside it what
each part takes, and the same with 8 rows, which is the price of the calls alone. Goal: <= 15 ms.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.one_thread import restart_in_one_thread
from benchmarks.servers import verdict
from measures.actions import Action
from mlmodels.deciding import decision
from mlmodels.explaining import what_if
from mlmodels.explaining.contributions import contributions
from mlmodels.policies.policy import OnnxPolicy
from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.tracker import Tracker
from mlmodels.twin.model import Twin, TwinWorld

GOAL_MS = 15.0
DAYS_KNOWN = 100
ARTIFACTS = Path(what_if.__file__).parent / "artifacts"


def athlete(twin: Twin, n: int = 1) -> tuple[Tracker, Morning, TwinWorld]:
    """Tracker and morning after some weeks of the plan."""
    world = TwinWorld(twin, n, 5)
    tracker = Tracker(n, Profiles.of(n, seed_load_au=world.usual_load_au))
    action = np.full(n, int(Action.AS_PLANNED))
    for _ in range(DAYS_KNOWN):
        morning = Morning.of(n, **world.morning(), weekday=world.weekday)
        day = world.step(action)
        tracker.evening(
            morning, Evening.of(n, load_au=day["load_au"], t400_s=day["t400_s"], action_taken=action)
        )  # fmt: skip
    return tracker, Morning.of(n, **world.morning(), weekday=world.weekday), world


def best_ms(work: Any, runs: int) -> tuple[float, float]:
    """Fastest and median of so many runs."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - began))
    return min(times), float(np.median(times))


def parts(twin: Twin, policy: OnnxPolicy, rows: int, runs: int) -> dict[str, float]:
    """Milliseconds of a day's parts at so many rows."""
    tracker, morning, world = athlete(twin, rows)
    action = np.full(rows, int(Action.AS_PLANNED))
    evening = Evening.of(rows, load_au=300.0, action_taken=action)

    def decide() -> None:
        decision.resolve(seen.select(slice(None)), policy)

    seen = tracker.morning(morning)
    works = {
        "tracker, morning": lambda: tracker.morning(morning),
        "policy and guards": decide,
        "twin": lambda: world.step(action),
        "tracker, evening": lambda: (tracker.morning(morning), tracker.evening(morning, evening)),
    }
    found = {name: best_ms(work, runs)[0] for name, work in works.items()}
    found["tracker, evening"] -= found["tracker, morning"]
    return found


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=40)
    given = arguments.parse_args()
    restart_in_one_thread("benchmarks.what_if")
    twin = Twin.load(ARTIFACTS / "twin.json")
    model = next(ARTIFACTS.glob("observable-*.onnx"))
    policy = OnnxPolicy.load(model, model.with_suffix(".card.json"))
    tracker, morning, _ = athlete(twin)
    fastest, middle = best_ms(lambda: what_if.what_if(tracker, morning, twin, policy), given.runs)
    few, _ = best_ms(lambda: what_if.what_if(tracker, morning, twin, policy, samples=2), given.runs)
    print(f"what-if, 4 x 28 x 200: fastest {fastest:.1f} ms, median {middle:.1f} ms; goal {GOAL_MS:.0f} ms: "
          f"{verdict(fastest <= GOAL_MS)}")  # fmt: skip
    print(f"the same with 2 samples: {few:.1f} ms")
    print(f"\n{'ms a day':20} {'800 rows':>9} {'8 rows':>9}")
    many, one = parts(twin, policy, 800, given.runs), parts(twin, policy, 8, given.runs)
    for name in many:
        print(f"{name:20} {many[name]:9.3f} {one[name]:9.3f}")
    obs = tracker.morning(morning)
    for name, work in (
        ("contributions, exact", lambda: contributions(policy, obs)),
        ("would change if", lambda: decision.would_change_if(tracker, morning, policy)),
    ):
        print(f"{name}: {best_ms(work, given.runs)[0]:.1f} ms")
    return 0 if fastest <= GOAL_MS else 1


if __name__ == "__main__":
    sys.exit(main())
