"""A small real policy file that passes every check at its opening, and answers NaN to any state but its golden ones."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.mlmodels.model_files import ACTIONS, FEATURES, write_model

ANYWHERE = {"low": [-1e6] * FEATURES, "high": [1e6] * FEATURES}  # it claims to have learned every state
GOLDEN_SCALE = 1e-3


def write_policy(directory: Path, stem: str) -> Path:
    return write_model(directory, stem, seed=abs(hash(stem)) % 1000, box=ANYWHERE)


def write_nan_policy(directory: Path, stem: str) -> Path:
    """Q + sqrt(1 - k |features|^2): finite near zero, where its golden states are, NaN elsewhere."""
    random = np.random.default_rng(1)
    weight = random.normal(size=(ACTIONS, FEATURES)).astype(np.float32)
    golden = (GOLDEN_SCALE * random.uniform(-1, 1, size=(3, FEATURES))).astype(np.float32)
    steepness = np.float32(0.5 / (FEATURES * GOLDEN_SCALE**2))
    model = write_model(directory, stem, seed=1)
    constants = {"w": weight, "k": steepness, "one": np.float32(1)}
    nodes = [
        helper.make_node("Gemm", ["features", "w"], ["linear"], transB=1),
        helper.make_node("ReduceSumSquare", ["features"], ["square"], axes=[1]),
        helper.make_node("Mul", ["square", "k"], ["scaled"]),
        helper.make_node("Sub", ["one", "scaled"], ["left"]),
        helper.make_node("Sqrt", ["left"], ["root"]),
        helper.make_node("Add", ["linear", "root"], ["q_values"]),
    ]
    graph = helper.make_graph(
        nodes, "nan",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", FEATURES])],
        [helper.make_tensor_value_info("q_values", TensorProto.FLOAT, ["batch", ACTIONS])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), model)
    q = golden @ weight.T + np.sqrt(1 - steepness * (golden**2).sum(axis=1, keepdims=True))
    card = model.with_suffix(".card.json")
    content = json.loads(card.read_text()) | {
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(), "box": ANYWHERE,
        "golden": [{"features": row.tolist(), "q": q[i].tolist()} for i, row in enumerate(golden)],
    }  # fmt: skip
    card.write_text(json.dumps(content))
    return model
