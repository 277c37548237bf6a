"""The shipped policy in ONNX Runtime, one thread: one athlete, and 1,000 at once against the core's sgemm peak.

    .venv/bin/python -m benchmarks.policy [--repeats 2000]

The peak is the best of square float32 matrix products, by numpy's BLAS and by ONNX Runtime, in the same run.
Goals: 1,000 rows at >= 60 % of it; one row in <= 20 us, the session's call alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.one_thread import restart_in_one_thread
from benchmarks.servers import verdict
from mlmodels.policies import policy as policies
from mlmodels.policies.policy import OnnxPolicy

GOAL_SHARE, GOAL_ONE_US = 0.60, 20.0
ROWS = (1, 10, 100, 1_000, 10_000)


def fastest_s(work: Any, repeats: int) -> float:
    best = np.inf
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return float(best)


def products(size: int) -> Iterator[Any]:
    """The same square product by both libraries."""
    import onnxruntime
    from onnx import TensorProto, helper

    a, b = np.random.default_rng(1).random((2, size, size), dtype=np.float32)
    out = np.empty_like(a)
    yield lambda: np.matmul(a, b, out=out)
    square = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [size, size]) for name in "abc"]
    graph = helper.make_graph([helper.make_node("MatMul", ["a", "b"], ["c"])], "square", square[:2], square[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    yield lambda: session.run(None, {"a": a, "b": b})


def sgemm_peak(repeats: int) -> float:
    """Floating-point operations a second of the best square product."""
    return max(2 * n**3 / fastest_s(work, repeats) for n in (128, 256, 384, 512, 768) for work in products(n))


def operations(model: Path) -> int:
    """Of one row: a multiplication and an addition for each weight of the network's matrices."""
    import onnx

    graph = onnx.load(model).graph
    return sum(2 * int(np.prod(w.dims)) for w in graph.initializer if len(w.dims) == 2)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repeats", type=int, default=2_000)
    given = arguments.parse_args()
    restart_in_one_thread("benchmarks.policy")
    peak = sgemm_peak(max(given.repeats // 20, 5))
    print(f"sgemm peak of this core: {peak / 1e9:.1f} GFLOP/s\n")
    print(f"{'model':24} {'rows':>7} {'us':>9} {'ns a row':>9} {'of peak':>8}")
    reached = True
    for model in sorted((Path(policies.__file__).parent / "artifacts").glob("*.onnx")):
        policy = OnnxPolicy.load(model, model.with_suffix(".card.json"))
        per_row = operations(model)
        for rows in ROWS:
            features = np.random.default_rng(2).uniform(-0.5, 0.5, (rows, policy.card["n_features"])).astype(np.float32)
            seconds = fastest_s(lambda f=features, p=policy: p.scores(f), given.repeats if rows <= 1_000 else 100)
            share = rows * per_row / seconds / peak
            print(f"{model.stem:24} {rows:7,} {1e6 * seconds:9.1f} {1e9 * seconds / rows:9.0f} {share:8.0%}")
            if rows == 1:
                reached &= 1e6 * seconds <= GOAL_ONE_US
            if rows == 1_000 and model.stem.startswith("observable"):
                reached &= share >= GOAL_SHARE
    print(f"\none row <= {GOAL_ONE_US:.0f} us, 1,000 rows (16 features) >= {GOAL_SHARE:.0%}: {verdict(reached)}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
