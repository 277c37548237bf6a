"""A whole retrain of a squad's policy: twin fitted, networks learned, one file exported, the gate in its quick form.

    .venv/bin/python -m benchmarks.retrain [--athletes 25] [--days 168] [--processes 2]

The season log is an invented squad's and is made before the clock starts. Everything else is what ``train_policy`` and
``promote --quick`` do, by the same code; interpreters and imports of the training processes are inside the clock,
one thread in each process.
Goal: 60 s on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.one_thread import restart_in_one_thread
from benchmarks.servers import verdict
from mlmodels.evaluation.comparing import rounds_of
from mlmodels.evaluation.promotion import table_rows
from mlmodels.evaluation.trial import tried
from mlmodels.policies.policy import OnnxPolicy
from mlmodels.training.dqn import Settings
from mlmodels.training.making import make_policy
from mlmodels.worlds import WORLDS
from mlmodels.worlds.simulator import make_cohort

GOAL_S = 60.0
QUICK = {"seed": 3000, "cohorts": 2, "athletes": 40, "days": 168}  # as promote --quick


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--athletes", type=int, default=25)
    parser.add_argument("--days", type=int, default=168)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    log = make_cohort(options.athletes, options.days, 1)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        made = make_policy(
            log, Settings(), feature_set="observable", reward="homestretch", directory=Path(folder),
            reproduce="benchmarks.retrain", processes=options.processes,
        )  # fmt: skip
        trained = time.perf_counter()
        policy = OnnxPolicy.load(made.onnx, made.card)
        lines = tried(policy, policy.card["metrics"]["parity"], {"true": WORLDS["true"]}, rounds_of(**QUICK))
        done = time.perf_counter()
    for what, figure in made.figures:
        print(f"{what:<40} {figure:>12}")
    print(f"{'fit, learn, export, s':<40} {trained - began:>12.1f}")
    print(f"{'gate in quick form, s':<40} {done - trained:>12.1f}")
    missed = [row for row in table_rows(lines) if row[-1] != "passed"]
    print(f"gate: {len(lines) - len(missed)} of {len(lines)} lines passed on so few athletes")
    total = done - began
    print(f"{'whole retrain, s':<40} {total:>12.1f}   {verdict(total <= GOAL_S)}")
    return 0 if total <= GOAL_S else 1


if __name__ == "__main__":
    restart_in_one_thread("benchmarks.retrain")
    raise SystemExit(main())
