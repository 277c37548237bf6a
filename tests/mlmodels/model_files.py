"""Small real models with their cards, right or wrong in one way each."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from measures.actions import ACTION_CODES
from mlmodels.state.features import FEATURE_SETS, feature_set_hash
from mlmodels.state.table import STATE_VERSION

FEATURES, ACTIONS = len(FEATURE_SETS["observable"]), 4


def write_model(directory: Path, stem: str = "policy-small", *, seed: int = 1, **card: Any) -> Path:
    """`directory/stem.onnx` and its card; keyword arguments replace entries of the card."""
    random = np.random.default_rng(seed)
    weight = random.normal(size=(ACTIONS, FEATURES)).astype(np.float32)
    model = directory / f"{stem}.onnx"
    write_graph(model, weight)
    features = random.uniform(-1, 1, size=(3, FEATURES)).astype(np.float32)
    given = {
        "name": stem,
        "version": "2026.11.1",
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "opset": 17,
        "input_name": "features",
        "output_name": "q_values",
        "n_features": FEATURES,
        "n_actions": ACTIONS,
        "feature_set": "observable",
        "feature_set_hash": feature_set_hash("observable"),
        "state_version": STATE_VERSION,
        "actions": list(ACTION_CODES[:ACTIONS]),
        "training_data": "none",
        "seeds": [seed],
        "reproduce": "in a test",
        "metrics": {"gain_pct": {"mean": 0.31234567}},
        "box": {"low": [-1.0] * FEATURES, "high": [2.0] * FEATURES},
        "golden": [
            {"features": row.tolist(), "q": (weight @ row).tolist()}
            for row in features
        ],
    }  # fmt: skip
    model.with_suffix(".card.json").write_text(json.dumps({**given, **card}))
    return model


def write_graph(model: Path, weight: np.ndarray) -> None:
    actions, features = weight.shape
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["features", "w"], ["q_values"], transB=1)],
        "small",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", features])],
        [helper.make_tensor_value_info("q_values", TensorProto.FLOAT, ["batch", actions])],
        [numpy_helper.from_array(weight, "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), model)


def approved(version):
    """By somebody who said why although neither gate nor shadow mode has seen it: its life is in test_policy_life."""
    from mlmodels.policies import registry
    from tests.factories import make_user

    approver = make_user(f"{version.pk}@example.org", is_staff=True)
    registry.approve(version, by=approver, reason="a test", override="a test")
    return version


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def reshape(model: Path) -> None:
    """Another input width, and a card that carries the new sha256: only opening it tells."""
    write_graph(model, np.ones((ACTIONS, FEATURES + 1), dtype=np.float32))
    card = model.with_suffix(".card.json")
    content = json.loads(card.read_text())
    content["sha256"] = hashlib.sha256(model.read_bytes()).hexdigest()
    card.write_text(json.dumps(content))
