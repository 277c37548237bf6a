"""Policies: a checked ONNX network, and the rule that stands in for it.

A model file is untrusted input. Its card is verified before a session is opened, its golden states after; ``argmax``
is only ever taken of finite Q-values of finite features inside the box the policy was trained in. Any other row is
answered by the rule policy, and the answer says so.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from measures import risk
from measures.actions import ACTION_CODES, Action
from mlmodels.policies.novelty import Known
from mlmodels.state.arrays import BoolArray, IntArray
from mlmodels.state.features import FEATURE_SETS, feature_set_hash
from mlmodels.state.observation import Observation
from mlmodels.state.table import STATE_VERSION

GOLDEN_TOLERANCE = 1e-5  # largest |dQ| between the card and this machine's runtime
BOX_MARGIN = 1e-6  # float32 rounding at the edge of the training box
MAX_MODEL_BYTES = 4 * 1024 * 1024  # a 64-64 network is 22 KB


class ModelRefused(ValueError):
    """A model file that may not be used. The message says what is wrong and what to do."""


class Policy(Protocol):
    """Whatever turns n observations into n actions.

    One that also has ``q_values(obs)`` -> (n, 3 or 4) float32 is asked for those instead: what each action is worth,
    NaN rows where it has no answer; ``doubt`` is by how much they may be wrong, ``strange(obs)`` whom it does not know.
    """

    name: str
    sha256: str

    def choose(self, obs: Observation) -> IntArray:
        """(n,) actions; -1 where this policy has no answer."""
        ...


@dataclass(slots=True)
class Answer:
    """What n athletes were answered before the guards. ``q_values`` NaN where no learned policy was asked."""

    action: IntArray
    q_values: NDArray[np.float32]
    used_fallback: BoolArray
    unclear: BoolArray  # the plan, because what was preferred to it stood above it by less than the policy's own error
    strange: IntArray  # row of ``novelty.NAMES`` that set this athlete apart from all it learned on; -1 = none


class RulePolicy:
    """The plan unchanged, or recovery where readiness is low. It never increases, so it needs no data to be safe.

    In plan-based worlds the plan alone beat every literature rule that also increases; the lines are those of the
    guards, one step earlier (convention).
    """

    name = "rule"
    feature_set = "observable"
    sha256 = hashlib.sha256(b"homestretch rule policy 1").hexdigest()

    def choose(self, obs: Observation) -> IntArray:
        very_low = obs.hrv_z < risk.HRV_VERY_LOW_SD
        low_and_tired = (obs.hrv_z < risk.HRV_LOW_SD) & (obs.sleep_z < risk.SLEEP_LOW_SD)
        worst = (obs.readiness_1_5 <= risk.WELLNESS_WORST) | (obs.fatigue_1_5 <= risk.WELLNESS_WORST)
        sick = (obs.ill > 0) | (obs.injured > 0) | (obs.illness > 0)
        recover = very_low | low_and_tired | worst | sick | (obs.acwr > risk.ACWR_DANGER)
        return np.where(recover, np.int64(Action.ACTIVE_RECOVERY), np.int64(Action.AS_PLANNED))


class OnnxPolicy:
    """A Q-network in ONNX Runtime, one thread. Make one with ``load``, which refuses what it cannot trust."""

    def __init__(self, card: dict[str, Any], session: Any) -> None:
        self.card = card
        self.name: str = card["name"]
        self.version: str = card["version"]
        self.sha256: str = card["sha256"]
        self.feature_set: str = card["feature_set"]
        self.n_actions: int = card["n_actions"]
        self._low = np.array(card["box"]["low"], dtype=np.float32) - BOX_MARGIN
        self._high = np.array(card["box"]["high"], dtype=np.float32) + BOX_MARGIN
        self.doubt = float(card.get("doubt", 0.0))
        self.known = Known.from_card(card["novelty"]) if "novelty" in card else None
        self._session = session
        self._outputs, self._input = [card["output_name"]], card["input_name"]

    @classmethod
    def load(cls, path: Path | str, card_path: Path | str) -> OnnxPolicy:
        """Verify card, sha256, names, shapes, features and golden states, and open the session.

        Raises ``ModelRefused``; nothing else comes out of a missing, altered or wrong-shaped file.
        """
        path, card_path = Path(path), Path(card_path)
        card = _read_card(card_path)
        _check_features(card, card_path)
        session = _open(_read_model(path, card), path)
        _check_shapes(card, session, path)
        policy = cls(card, session)
        policy._check_golden(path)
        return policy

    def scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, k) features -> (n, a) raw Q-values."""
        result = self._session.run(self._outputs, {self._input: np.ascontiguousarray(features, dtype=np.float32)})
        return cast(NDArray[np.float32], result[0])

    def q_values(self, obs: Observation) -> NDArray[np.float32]:
        """(n, a) Q-values; NaN for a row that is refused, strange, out of the box, or whose answer is not finite."""
        features = obs.features(self.feature_set)
        unknown = np.flatnonzero(~self.in_box(features) | (obs.refused != 0) | (self.strange(obs) >= 0))
        if len(unknown):
            features = features.copy()
            features[unknown] = 0.0
        q = self.scores(features)
        q[unknown] = np.nan
        finite = np.isfinite(q)
        if np.count_nonzero(finite) < q.size:
            q[~np.asarray(finite.all(axis=1))] = np.nan
        return q

    def choose(self, obs: Observation) -> IntArray:
        return clear_action(self.q_values(obs), self.doubt)[0]

    def strange(self, obs: Observation) -> IntArray:
        """Row of ``novelty.NAMES`` that sets an athlete apart from all this policy learned on, -1 where none does."""
        return np.full(len(obs), -1) if self.known is None else self.known.strange(obs)

    def in_box(self, features: NDArray[np.float32]) -> BoolArray:
        """Rows whose every feature is finite and within the range seen in training."""
        outside = ~((features >= self._low) & (features <= self._high))
        inside = np.ones(len(features), dtype=bool)
        inside[np.flatnonzero(outside) // features.shape[1]] = False
        return inside

    def _check_golden(self, path: Path) -> None:
        golden = self.card["golden"]
        features = np.array([state["features"] for state in golden], dtype=np.float32)
        expected = np.array([state["q"] for state in golden], dtype=np.float32)
        actual = self.scores(features)
        if actual.shape != expected.shape or not np.isfinite(actual).all():
            raise ModelRefused(f"{path.name} answers its golden states with {actual.shape} or not finite. {_REDO}")
        worst = float(np.abs(actual - expected).max())
        if not worst <= GOLDEN_TOLERANCE:
            raise ModelRefused(f"{path.name} misses the golden Q-values of its card by {worst:.2g}. {_REDO}")


def best_action(q: NDArray[np.float32]) -> IntArray:
    """Row-wise argmax, -1 where any value is not finite. Ties go to the safest: recovery, plan, volume, intensity."""
    values = np.ascontiguousarray(q.T)
    first, *others = (action for action in _SAFEST_FIRST if action < len(values))
    best, most = np.full(len(q), first, dtype=np.int64), values[first]
    for action in others:
        best[values[action] > most] = action
        most = np.maximum(most, values[action])
    finite = np.isfinite(values)
    if np.count_nonzero(finite) < finite.size:
        best[~finite.all(axis=0)] = -1
    return best


def clear_action(q: NDArray[np.float32], doubt: float) -> tuple[IntArray, BoolArray]:
    """``best_action``, but the plan where it stands less than ``doubt`` below; and where that was so."""
    best = best_action(q)
    if q.shape[1] <= Action.AS_PLANNED or not doubt > 0:
        return best, np.zeros(len(q), dtype=bool)
    ahead = q[np.arange(len(q)), np.maximum(best, 0)] - q[:, Action.AS_PLANNED]
    unclear = (best >= 0) & (best != Action.AS_PLANNED) & (ahead < doubt)
    return np.where(unclear, np.int64(Action.AS_PLANNED), best), unclear


_SAFEST_FIRST = (Action.ACTIVE_RECOVERY, Action.AS_PLANNED, Action.INCREASE_VOLUME, Action.INCREASE_INTENSITY)


def ask(policy: Policy, obs: Observation, fallback: Policy | None = None) -> Answer:
    """Ask a policy; rows it has no answer for (-1) are answered by ``fallback`` (the rule policy)."""
    fallback = RulePolicy() if fallback is None else fallback
    q_values, strange = getattr(policy, "q_values", None), getattr(policy, "strange", None)
    unclear = np.zeros(len(obs), dtype=bool)
    if q_values is not None:
        q = q_values(obs)
        action, unclear = clear_action(q, getattr(policy, "doubt", 0.0))
    else:
        q = np.full((len(obs), len(ACTION_CODES)), np.nan, dtype=np.float32)
        action = np.asarray(policy.choose(obs), dtype=np.int64)
    silent = (action < 0) | (action >= len(ACTION_CODES))
    if silent.any():
        action = np.where(silent, fallback.choose(obs), action)
    apart = strange(obs) if strange is not None and silent.any() else np.full(len(obs), -1)
    return Answer(action, q, silent, unclear, apart)


# --- Reading a model -----------------------------------------------------------------------------------------------

_REDO = "Export it again with train_policy, or activate another policy with activate_policy."
_CARD_TYPES: dict[str, type | tuple[type, ...]] = {
    "name": str, "version": str, "sha256": str, "opset": int, "input_name": str, "output_name": str,
    "n_features": int, "n_actions": int, "feature_set": str, "feature_set_hash": str, "state_version": int,
    "actions": list, "training_data": (str, dict), "seeds": (list, int, dict), "reproduce": str, "metrics": dict,
    "box": dict, "golden": list,
}  # fmt: skip


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelRefused(f"The card {path.name} is missing. {_REDO}") from None
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ModelRefused(f"The card {path.name} cannot be read: {error}. {_REDO}") from error
    if not isinstance(card, dict):
        raise ModelRefused(f"The card {path.name} is not an object. {_REDO}")
    wrong = [name for name, kind in _CARD_TYPES.items() if not isinstance(card.get(name), kind)]
    if wrong:
        raise ModelRefused(f"The card {path.name} lacks or mistypes {', '.join(wrong)}. {_REDO}")
    return card


def _check_features(card: dict[str, Any], path: Path) -> None:
    if card["feature_set"] not in FEATURE_SETS:
        raise ModelRefused(f"{path.name} wants the unknown feature set {card['feature_set']!r}. {_REDO}")
    k, a = len(FEATURE_SETS[card["feature_set"]]), card["n_actions"]
    expected = {
        "feature_set_hash": feature_set_hash(card["feature_set"]),
        "state_version": STATE_VERSION,
        "n_features": k,
        "actions": list(ACTION_CODES[:a]),
    }
    for name, value in expected.items():
        if card[name] != value:
            raise ModelRefused(f"{path.name}: {name} is {card[name]!r}, this code has {value!r}. {_REDO}")
    doubt = card.get("doubt", 0.0)
    if isinstance(doubt, bool) or not isinstance(doubt, int | float) or not 0 <= doubt < math.inf:
        raise ModelRefused(f"{path.name}: doubt is {doubt!r}, not a number of 0 or more. {_REDO}")
    try:
        _ = Known.from_card(card["novelty"]) if "novelty" in card else None
    except ValueError as error:
        raise ModelRefused(f"{path.name}: {error}. {_REDO}") from error
    if a not in (3, 4):
        raise ModelRefused(f"{path.name}: {a} actions, neither 3 nor 4. {_REDO}")
    box = card["box"]
    tables = [box.get("low"), box.get("high"), *(s.get("features") for s in card["golden"] if isinstance(s, dict))]
    if not card["golden"] or not all(_numbers(table, k) for table in tables) or len(tables) != 2 + len(card["golden"]):
        raise ModelRefused(f"{path.name}: box and golden states must be lists of {k} finite numbers. {_REDO}")
    if not all(_numbers(state.get("q"), a) for state in card["golden"]):
        raise ModelRefused(f"{path.name}: golden Q-values must be lists of {a} finite numbers. {_REDO}")


def _numbers(values: object, length: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == length
        and all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values)
    )


def _read_model(path: Path, card: dict[str, Any]) -> bytes:
    if path.suffix != ".onnx":
        raise ModelRefused(f"{path.name} is not an .onnx file; no other format is ever opened.")
    try:
        size = path.stat().st_size
        model = path.read_bytes() if size <= MAX_MODEL_BYTES else b""
    except FileNotFoundError:
        raise ModelRefused(f"The model {path.name} is missing. {_REDO}") from None
    except OSError as error:
        raise ModelRefused(f"The model {path.name} cannot be read: {error}. {_REDO}") from error
    if size > MAX_MODEL_BYTES:
        raise ModelRefused(f"{path.name} has {size} bytes, more than {MAX_MODEL_BYTES}. {_REDO}")
    found = hashlib.sha256(model).hexdigest()
    if found != card["sha256"]:
        raise ModelRefused(
            f"{path.name} was altered: sha256 {found[:12]}, its card says {card['sha256'][:12]}. {_REDO}"
        )
    return model


def _open(model: bytes, path: Path) -> Any:
    import onnxruntime  # 42 MB a session: only where a policy is really asked, never in the web process

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime raises a class of its own for each kind of broken graph
        raise ModelRefused(f"{path.name} is no graph ONNX Runtime can open: {error}. {_REDO}") from error


def _check_shapes(card: dict[str, Any], session: Any, path: Path) -> None:
    def described(nodes: Any) -> list[tuple[str, str, Any]]:
        return [(node.name, node.type, node.shape[1:] if len(node.shape) == 2 else node.shape) for node in nodes]

    wanted = (
        [(card["input_name"], "tensor(float)", [card["n_features"]])],
        [(card["output_name"], "tensor(float)", [card["n_actions"]])],
    )
    found = (described(session.get_inputs()), described(session.get_outputs()))
    if found != wanted:
        raise ModelRefused(f"{path.name} has inputs and outputs {found}, its card says {wanted}. {_REDO}")
    if isinstance(session.get_inputs()[0].shape[0], int):
        raise ModelRefused(f"{path.name} has a fixed batch size. {_REDO}")
