"""From a trained network to the two files that serve it: an ONNX graph and its card.

A dueling head is folded into one layer, so the graph is three matrix products. It is written with ``onnx.helper``
and then compared with torch through ONNX Runtime: a file that disagrees is never written.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from measures.actions import ACTION_CODES
from mlmodels.deciding.guard import GUARD_VERSION
from mlmodels.policies.drift import distribution
from mlmodels.policies.novelty import Known
from mlmodels.state.features import FEATURE_SETS, feature_set_hash
from mlmodels.state.table import STATE_VERSION
from mlmodels.training.careful import Careful
from mlmodels.training.dqn import QNetwork, Trained

Features = NDArray[np.float32]
Layers = list[tuple[Features, Features]]

OPSET, IR_VERSION = 17, 10  # readable by every ONNX Runtime from 1.18
INPUT, OUTPUT = "features", "q_values"
MAX_DIFFERENCE = 1e-5
DECISIVE_GAP = 1e-4  # reward units; below it two actions count as equal


class ParityError(RuntimeError):
    """The exported graph does not say what the network says."""


def folded_layers(network: QNetwork, reward_scale: float) -> Layers:
    """(weight (out, in), bias (out,)) of the three layers, the last one giving Q-values in reward units.

    Q = V + A - mean(A) is linear in the last hidden layer, so value and advantages fold into one matrix.
    """
    w_adv, b_adv = _arrays(network.advantage)
    w_val, b_val = _arrays(network.value)
    weight = (w_adv - w_adv.mean(0, keepdims=True) + w_val) / reward_scale
    bias = (b_adv - b_adv.mean() + b_val) / reward_scale
    layers = [_arrays(network.first), _arrays(network.second), (weight, bias)]
    return [(w.astype(np.float32), b.astype(np.float32)) for w, b in layers]


def graph_of(layers: Layers, name: str) -> onnx.ModelProto:
    """features (batch, K) float32 -> q_values (batch, A) float32, with a batch of any size."""
    nodes, weights, value = [], [], INPUT
    for i, (weight, bias) in enumerate(layers):
        weights += [numpy_helper.from_array(weight, f"w{i}"), numpy_helper.from_array(bias, f"b{i}")]
        last = i == len(layers) - 1
        out = OUTPUT if last else f"h{i}"
        nodes.append(helper.make_node("Gemm", [value, f"w{i}", f"b{i}"], [out if last else f"z{i}"], transB=1))
        if not last:
            nodes.append(helper.make_node("Relu", [f"z{i}"], [out]))
        value = out
    k, actions = layers[0][0].shape[1], layers[-1][0].shape[0]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", k])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", actions])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="homestretch")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model


@dataclass(frozen=True)
class Learned:
    """What an export needs of a learner. K features, A actions."""

    layers: Layers  # the last one gives Q-values in reward units
    q: Callable[[Features], Features]  # the network's own answers in reward units, (B, K) -> (B, A)
    low: Features  # (K,), over all states it was asked in
    high: Features
    sample: Features  # (64, K) some of them
    seed: int
    settings: dict[str, Any]
    athlete_days: int
    doubt: float = 0.0  # reward below which what stands above the plan is no clear choice
    known: Known | None = None  # how those athletes trained and measured

    @classmethod
    def of_dqn(cls, trained: Trained) -> Learned:
        scale = trained.settings.reward_scale
        return cls(
            folded_layers(trained.network, scale),
            lambda x: np.asarray(trained.network.q(x) / scale, dtype=np.float32),
            trained.low, trained.high, trained.sample, trained.settings.seed, asdict(trained.settings),
            trained.athlete_days,
        )  # fmt: skip

    @classmethod
    def of_careful(cls, careful: Careful, settings: dict[str, Any]) -> Learned:
        rng = np.random.default_rng(careful.seed)
        states = careful.states
        return cls(
            [(w.astype(np.float32), b.astype(np.float32)) for w, b in map(_arrays, careful.network.layers())],
            careful.network.q,
            states.min(0), states.max(0), states[rng.integers(len(states), size=64)], careful.seed, settings,
            careful.athlete_days, careful.unclear_below(), Known.of(careful.portraits),
        )  # fmt: skip


def parity(q: Callable[[Features], Features], onnx_bytes: bytes, states: Features) -> dict[str, float]:
    """Largest |dQ| against torch and how many decisive choices changed, over ``states`` (B, K)."""
    session = onnxruntime.InferenceSession(onnx_bytes, providers=["CPUExecutionProvider"])
    exported, own = session.run(None, {INPUT: states})[0], q(states)
    ordered = np.sort(own, axis=1)
    decisive = ordered[:, -1] - ordered[:, -2] > DECISIVE_GAP
    changed = int((exported.argmax(1) != own.argmax(1))[decisive].sum())
    return {
        "max_abs_difference": float(np.abs(exported - own).max()),
        "changed_choices": changed,
        "states": len(states),
    }


def export_policy(
    learned: Learned,
    *,
    feature_set: str,
    directory: Path,
    training_data: dict[str, Any],
    seeds: dict[str, int],
    reproduce: str,
    metrics: dict[str, Any],
    ships: bool = False,
    lived: NDArray[np.float32] | None = None,
    may_write: Callable[..., object] | None = None,
) -> tuple[Path, Path]:
    """Write ``<feature set>-<hash>.onnx`` and its ``.card.json``, in the form ``policy.OnnxPolicy`` checks.

    Args:
        training_data: fingerprint of the season log and of the twin, and what they hold.
        reproduce: the commands that make this file again.
        metrics: what was measured about it.
        ships: this is the artifact that answers where nobody chose a policy.
        lived: states (n, K) of seasons under this very policy, against which serving measures drift; by default those
            that the learner kept.

    Raises: ParityError, when ONNX Runtime and torch differ by more than 1e-5 or on a decisive choice.
    """
    states = probe_states(learned)
    graph = graph_of(learned.layers, f"homestretch-{feature_set}").SerializeToString()
    agreement = parity(learned.q, graph, states)
    if agreement["max_abs_difference"] > MAX_DIFFERENCE or agreement["changed_choices"]:
        raise ParityError(f"ONNX and torch disagree: {agreement}")
    sha = hashlib.sha256(graph).hexdigest()
    version = sha[:8]
    stem = f"{feature_set}-{version}"
    onnx_path, card_path = directory / f"{stem}.onnx", directory / f"{stem}.card.json"
    if may_write:
        may_write(onnx_path, card_path)
    directory.mkdir(parents=True, exist_ok=True)
    onnx_path.write_bytes(graph)
    n_actions = len(learned.layers[-1][1])
    card = {
        "name": stem,
        "version": version,
        "sha256": sha,
        "opset": OPSET,
        "input_name": INPUT,
        "output_name": OUTPUT,
        "n_features": states.shape[1],
        "n_actions": n_actions,
        "feature_set": feature_set,
        "feature_set_hash": feature_set_hash(feature_set),
        "state_version": STATE_VERSION,
        "guard_version": GUARD_VERSION,
        "actions": list(ACTION_CODES[:n_actions]),
        "training_data": training_data,
        "seeds": seeds,
        "settings": learned.settings,
        "versions": versions(),
        "reproduce": reproduce,
        "ships": ships,
        "metrics": {"athlete_days": learned.athlete_days, "parity": agreement, **metrics},
        "doubt": float(f"{learned.doubt:.4g}"),
        **({"novelty": learned.known.as_card()} if learned.known else {}),
        "box": {"low": _exact(learned.low), "high": _exact(learned.high)},
        "distribution": distribution(learned.sample if lived is None else lived, FEATURE_SETS[feature_set]),
        "golden": golden(graph, states),
    }
    card_path.write_text(json.dumps(card, indent=1) + "\n")
    return onnx_path, card_path


def probe_states(learned: Learned) -> Features:
    """States the policy learned from, then uniform ones from the box around them."""
    rng = np.random.default_rng(learned.seed)
    uniform = rng.uniform(learned.low, learned.high, (4096, len(learned.low))).astype(np.float32)
    return np.vstack([learned.sample, uniform])


def golden(graph: bytes, states: NDArray[np.float32], count: int = 12) -> list[dict[str, Any]]:
    """States and the Q-values the exported graph gives them, checked again whenever the file is loaded."""
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    chosen = states[:count]
    q = session.run(None, {INPUT: chosen})[0]
    return [{"features": _exact(row), "q": _exact(values)} for row, values in zip(chosen, q, strict=True)]


def versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {
        name: version(name) for name in ("numpy", "torch", "onnx", "onnxruntime")
    }


def _arrays(layer: torch.nn.Linear) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return layer.weight.detach().numpy().astype(np.float64), layer.bias.detach().numpy().astype(np.float64)


def _exact(values: NDArray[np.float32]) -> list[float]:
    """float32 as the shortest decimals that read back to the same bits."""
    return [float(str(value)) for value in values]
