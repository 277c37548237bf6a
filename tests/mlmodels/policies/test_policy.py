"""A model is untrusted input: what is refused, what is answered, and by whom."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from measures.actions import ACTION_CODES, Action
from mlmodels.policies.policy import ModelRefused, OnnxPolicy, RulePolicy, ask, best_action
from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.features import FEATURE_SETS, feature_set_hash
from mlmodels.state.table import STATE_VERSION
from mlmodels.state.tracker import Tracker


def network(k, actions, seed=0, last=None):
    """Two layers k-16-actions as a graph with a free batch size; ``last`` replaces the output weights."""
    rng = np.random.default_rng(seed)
    shapes = {"w0": (16, k), "b0": (16,), "w1": (actions, 16), "b1": (actions,)}
    weights = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    if last is not None:
        weights["w1"] = np.full((actions, 16), last, dtype=np.float32)
    nodes = [
        helper.make_node("Gemm", ["features", "w0", "b0"], ["z"], transB=1),
        helper.make_node("Relu", ["z"], ["h"]),
        helper.make_node("Gemm", ["h", "w1", "b1"], ["q_values"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", k])],
        [helper.make_tensor_value_info("q_values", TensorProto.FLOAT, ["batch", actions])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 10
    return model.SerializeToString(), weights


def by_hand(weights, features):
    hidden = np.maximum(features @ weights["w0"].T + weights["b0"], 0)
    return hidden @ weights["w1"].T + weights["b1"]


def write(directory, feature_set="paper-6", actions=4, last=None):
    """A model and its card on disk."""
    k = len(FEATURE_SETS[feature_set])
    model, weights = network(k, actions, last=last)
    golden = np.random.default_rng(1).uniform(-1, 1, (5, k)).astype(np.float32)
    answers = by_hand(weights, golden) if last is None else np.zeros((5, actions), dtype=np.float32)
    card = {
        "name": "tiny", "version": "1", "sha256": hashlib.sha256(model).hexdigest(), "opset": 17,
        "input_name": "features", "output_name": "q_values", "n_features": k, "n_actions": actions,
        "feature_set": feature_set, "feature_set_hash": feature_set_hash(feature_set), "state_version": STATE_VERSION,
        "actions": list(ACTION_CODES[:actions]), "training_data": {"sha256": "0"}, "seeds": {"network": 1},
        "reproduce": "manage.py train_policy", "metrics": {}, "box": {"low": [-1.0] * k, "high": [1.0] * k},
        "golden": [{"features": row.tolist(), "q": q.tolist()} for row, q in zip(golden, answers, strict=True)],
    }  # fmt: skip
    path, card_path = directory / "tiny.onnx", directory / "tiny.card.json"
    path.write_bytes(model)
    card_path.write_text(json.dumps(card))
    return path, card_path, weights


def observed(n=4, **morning):
    """Alice, Bob and others after 40 ordinary days."""
    rng = np.random.default_rng(5)
    tracker = Tracker(n, Profiles.of(n, seed_load_au=np.full(n, 300.0)))
    for _ in range(40):
        today = Morning.of(
            n,
            hrv_rmssd_ms=60 * np.exp(0.1 * rng.standard_normal(n)),
            sleep_score=75 + 5 * rng.standard_normal(n),
            planned_load_au=np.full(n, 300.0),
        )
        tracker.evening(today, Evening.of(n, load_au=rng.uniform(200, 400, n)))
    return tracker.morning(replace(today, **{name: np.asarray(value, float) for name, value in morning.items()}))


@pytest.mark.parametrize(("feature_set", "actions"), [("paper-6", 3), ("paper-6", 4), ("observable", 4)])
def test_a_sound_model_answers_what_its_weights_say(tmp_path, feature_set, actions):
    path, card, weights = write(tmp_path, feature_set, actions)
    policy = OnnxPolicy.load(path, card)
    policy._low[:], policy._high[:] = -9, 9
    obs = observed()
    expected = by_hand(weights, obs.features(feature_set))
    np.testing.assert_allclose(policy.q_values(obs), expected, atol=1e-5)
    assert policy.choose(obs).tolist() == expected.argmax(axis=1).tolist()


def test_a_row_has_the_same_bits_alone_and_in_any_batch(tmp_path):
    path, card, _ = write(tmp_path, "observable")
    policy = OnnxPolicy.load(path, card)
    features = np.random.default_rng(2).uniform(-1, 1, (300, 16)).astype(np.float32)
    together = policy.scores(features)
    for size in (1, 2, 3, 7, 256):
        parts = [policy.scores(features[i : i + size]) for i in range(0, 300, size)]
        assert np.concatenate(parts).tobytes() == together.tobytes(), size


def spoiled(**changes):
    """A sound model with entries of its card replaced."""

    def make(directory):
        _, card_path, _ = write(directory)
        card_path.write_text(json.dumps(json.loads(card_path.read_text()) | changes))

    return make


def altered(directory):
    write(directory)
    path = directory / "tiny.onnx"
    model = bytearray(path.read_bytes())
    model[len(model) // 2] ^= 1
    path.write_bytes(model)


def resealed(spoil):
    """A graph that is not what the card describes, with the card's sha256 made to fit."""

    def make(directory):
        _, card_path, _ = write(directory)
        model = spoil()
        (directory / "tiny.onnx").write_bytes(model)
        card = json.loads(card_path.read_text())
        card_path.write_text(json.dumps(card | {"sha256": hashlib.sha256(model).hexdigest()}))

    return make


def fixed_batch():
    model = onnx.load_from_string(network(6, 4)[0])
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    return model.SerializeToString()


def removed(name):
    def make(directory):
        write(directory)
        (directory / name).unlink()

    return make


def card_text(text):
    def make(directory):
        write(directory)
        (directory / "tiny.card.json").write_text(text)

    return make


GOLDEN_OFF = [{"features": [0.0] * 6, "q": [9.0] * 4}]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (removed("tiny.onnx"), "model tiny.onnx is missing"),
        (removed("tiny.card.json"), "card tiny.card.json is missing"),
        (altered, "was altered"),
        (card_text("{"), "cannot be read"),
        (card_text("[" * 100_000), "cannot be read"),
        (card_text("[]"), "is not an object"),
        (card_text("{}"), "lacks or mistypes name"),
        (spoiled(sha256="0" * 64), "was altered"),
        (spoiled(feature_set="paper-7"), "unknown feature set"),
        (spoiled(feature_set_hash="0"), "feature_set_hash"),
        (spoiled(state_version=99), "state_version"),
        (spoiled(n_features=7), "n_features"),
        (spoiled(n_actions=5), "actions"),
        (spoiled(actions=["active_recovery"] * 4), "actions"),
        (spoiled(box={"low": [0.0] * 5, "high": [1.0] * 6}), "lists of 6 finite numbers"),
        (spoiled(box={"low": [float("nan")] * 6, "high": [1.0] * 6}), "lists of 6 finite numbers"),
        (spoiled(golden=[]), "lists of 6 finite numbers"),
        (spoiled(golden=[{"features": [0.0] * 6, "q": [0.0] * 3}]), "lists of 4 finite numbers"),
        (spoiled(golden=GOLDEN_OFF), "misses the golden Q-values"),
        (lambda directory: write(directory, last=np.nan), "not finite"),
        (spoiled(input_name="other"), "inputs and outputs"),
        (resealed(lambda: network(6, 3)[0]), "inputs and outputs"),
        (resealed(lambda: network(7, 4)[0]), "inputs and outputs"),
        (resealed(lambda: network(6, 4, seed=9)[0]), "misses the golden Q-values"),
        (resealed(fixed_batch), "fixed batch size"),
        (resealed(lambda: b"no graph at all"), "no graph ONNX Runtime can open"),
        (resealed(lambda: b""), "no graph ONNX Runtime can open"),
        (resealed(lambda: bytes(5 * 1024 * 1024)), "more than"),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_what_to_do(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(ModelRefused, match=message) as refusal:
        OnnxPolicy.load(tmp_path / "tiny.onnx", tmp_path / "tiny.card.json")
    assert "train_policy" in str(refusal.value)


def test_only_onnx_files_are_opened(tmp_path):
    _, card, _ = write(tmp_path)
    pickled = tmp_path / "tiny.pt"
    pickled.write_bytes(b"\x80\x04.")
    with pytest.raises(ModelRefused, match=r"not an \.onnx file"):
        OnnxPolicy.load(pickled, card)


def test_rows_out_of_the_box_or_without_a_state_are_answered_by_the_rule(tmp_path):
    path, card, _ = write(tmp_path)
    policy = OnnxPolicy.load(path, card)
    obs = observed(4)
    obs = replace(obs, acwr=np.array([1.0, 9.0, np.nan, 1.0]), load_unlogged_days=np.array([0.0, 0.0, 0.0, 9.0]))
    answer = ask(policy, obs)
    assert answer.used_fallback.tolist() == [False, True, True, True]
    assert np.isnan(answer.q_values).all(axis=1).tolist() == [False, True, True, True]
    assert answer.action[1:].tolist() == RulePolicy().choose(obs)[1:].tolist()


def test_q_values_that_are_not_finite_are_never_taken_for_an_action():
    q = np.array([[np.nan] * 4, [0, 1, np.inf, 0], [0, 1, 0, 0]], dtype=np.float32)
    assert best_action(q).tolist() == [-1, -1, Action.INCREASE_VOLUME]


@pytest.mark.parametrize(
    ("q", "safest"),
    [
        ([1, 1, 1, 1], Action.ACTIVE_RECOVERY),
        ([1, 1, 0, 1], Action.AS_PLANNED),
        ([1, 1, 0], Action.INCREASE_VOLUME),
        ([2, 1, 1, 1], Action.INCREASE_INTENSITY),
    ],
)
def test_a_tie_goes_to_the_safest_action(q, safest):
    assert best_action(np.array([q], dtype=np.float32)).tolist() == [safest]


def test_the_rule_keeps_the_plan_and_rests_when_readiness_is_low():
    good = observed(1)
    assert RulePolicy().choose(good).tolist() == [Action.AS_PLANNED]
    low = [
        {"hrv_z": -1.1}, {"hrv_z": -0.6, "sleep_z": -0.6}, {"readiness_1_5": 1.0}, {"fatigue_1_5": 1.0}, {"ill": 1.0},
        {"injured": 1.0}, {"illness": 1.0}, {"acwr": 1.6},
    ]  # fmt: skip
    for values in low:
        tired = replace(good, **{name: np.array([value]) for name, value in values.items()})
        assert RulePolicy().choose(tired).tolist() == [Action.ACTIVE_RECOVERY]
    unknown = replace(good, hrv_z=np.array([np.nan]), sleep_z=np.array([np.nan]))
    assert RulePolicy().choose(unknown).tolist() == [Action.AS_PLANNED]
