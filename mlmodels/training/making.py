"""From a season log to a policy file: fit the twin, learn on it, look at what was learned, export."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from measures.actions import ACTION_CODES, Action
from mlmodels.baselines.two_lines import PARAMETERS, RULE_DOUBT
from mlmodels.reward import FORMS
from mlmodels.training.careful import DOUBT, FEATURE_SET, Effort, Tick, learn_carefully
from mlmodels.training.dqn import Asked, Settings, Trained, explore
from mlmodels.training.export import Learned, export_policy
from mlmodels.training.several import train_as_one
from mlmodels.twin.doubt import FITTED_WEIGHT
from mlmodels.twin.environment import SeasonEnv
from mlmodels.twin.loading import twin_of
from mlmodels.twin.model import Twin, sha256

CHECK_SEASONS, CHECK_DAYS, CHECK_SEED = 256, 336, 77_000


@dataclass(frozen=True)
class Made:
    onnx: Path
    card: Path
    figures: list[tuple[str, str]]


def make_policy(
    log: pd.DataFrame,
    how: Effort | Settings,
    *,
    seed: int = 1,
    feature_set: str = FEATURE_SET,
    reward: str = "homestretch",
    directory: Path,
    reproduce: str,
    twin_file: Path | None = None,
    ships: bool = False,
    processes: int = 1,
    may_write: Callable[..., object] | None = None,
    tick: Tick | None = None,
) -> Made:
    """Train on a season log and write ONNX + card into ``directory``; ``how``: the recipe, by its settings.

    ``may_write(onnx, card)`` raises where they may not be written.

    Raises: TooLittleData from the fit; ValueError when ``twin_file`` was fitted to another log; ParityError.
    """
    began = time.perf_counter()
    twin = twin_of(log, twin_file, seed)
    fit_s = time.perf_counter() - began
    learned, network, found, learning_s = _learned(twin, how, seed, feature_set, reward, processes, tick)
    own, shares, lived = on_the_twin(twin, feature_set, reward, network)
    plan, _, _ = on_the_twin(twin, feature_set, reward, None)
    onnx, card = export_policy(
        learned,
        feature_set=feature_set,
        directory=directory,
        training_data={
            "season_log_sha256": twin.fingerprint,
            "twin_sha256": sha256(twin_file) if twin_file else "fitted in the same run, not kept",
            "athletes": len(twin.usual_load_au),
            "rows": len(log),
            "fitted": twin.levels,
        },
        seeds={"policy": seed, "twin": seed},
        reproduce=reproduce,
        ships=ships,
        lived=lived,
        may_write=may_write,
        metrics={
            "reward_form": reward,
            "reward_weights": {name: getattr(FORMS[reward][1], name) for name in FORMS[reward][1].__slots__},
            "reward_per_day_on_twin": {"policy": own, "plan_unchanged": plan},
            "action_share_on_twin": dict(zip(ACTION_CODES, shares, strict=True)),
            **found,
        },
    )
    figures = [
        ("twin fitted, s", f"{fit_s:.2f}"),
        ("athlete-days learned from", f"{learned.athlete_days:,}"),
        ("learning, s", f"{learning_s:.1f}"),
        ("reward a day on new twin seasons", f"{own:+.4f}"),
        ("the plan unchanged there", f"{plan:+.4f}"),
        ("intensity/volume/recovery/plan, %", "/".join(f"{100 * share:.0f}" for share in shares)),
        ("unclear below, reward over the plan", f"{learned.doubt:.4f}"),
        ("bytes", f"{onnx.stat().st_size:,}"),
    ]
    return Made(onnx, card, figures)


def _learned(
    twin: Twin, how: Effort | Settings, seed: int, feature_set: str, reward: str, processes: int, tick: Tick | None
) -> tuple[Learned, Asked, dict[str, Any], float]:
    """What to export, the network itself, what else the card is to hold, and the seconds it took."""
    if isinstance(how, Settings):
        trained = learn_on(twin, replace(how, seed=seed), feature_set=feature_set, reward=reward, processes=processes,
                           tick=_days(how, tick))  # fmt: skip
        return Learned.of_dqn(trained), trained.network, {"recipe": "td"}, trained.seconds
    if (feature_set, reward) != (FEATURE_SET, "homestretch"):
        raise ValueError(f"the careful recipe knows the {FEATURE_SET} features and the homestretch reward alone")
    careful = learn_carefully(twin, seed, effort=how, processes=processes, tick=tick)
    agreed = careful.network.q(careful.states).argmax(1) == careful.wanted.argmax(1)
    found: dict[str, Any] = {
        "recipe": "careful",
        "rule": dict(zip(PARAMETERS, (round(float(x), 6) for x in careful.rule.numbers), strict=True)),
        "rule_value": round(careful.rule.value, 4),
        "structures": {name: careful.doubt.names.count(name) for name in sorted(set(careful.doubt.names))},
        "agrees_with_careful_q": float(agreed.mean()),
    }
    settings = {**asdict(how), "seed": seed, "fitted_weight": FITTED_WEIGHT, "rule_doubt": RULE_DOUBT, "doubt": DOUBT}
    return Learned.of_careful(careful, settings), careful.network, found, careful.seconds


def _days(settings: Settings, tick: Tick | None) -> Callable[[dict[str, float]], None] | None:
    """The DQN's ticks, one per 100 days of a network, as shares of its one stage."""
    if tick is None:
        return None
    done = [0]

    def on(_figures: dict[str, float]) -> None:
        done[0] += 100
        tick("learning", min(1.0, done[0] / (settings.days * settings.networks)))

    return on


def learn_on(
    twin: Twin,
    settings: Settings,
    *,
    feature_set: str,
    reward: str,
    processes: int = 1,
    tick: Callable[[dict[str, float]], None] | None = None,
) -> Trained:
    """The whole recipe on a twin: every member its own seasons, then one network for all."""
    return train_as_one(
        SeasonsOf(twin, settings.seasons, feature_set, reward), settings, processes=processes, tick=tick
    )


@dataclass(frozen=True)
class SeasonsOf:
    """Seed -> learning environment; picklable, so that members may train in processes of their own."""

    twin: Twin
    seasons: int
    feature_set: str
    reward: str

    def __call__(self, seed: int) -> SeasonEnv:
        return SeasonEnv(self.twin, self.seasons, seed, feature_set=self.feature_set, reward=self.reward)


def on_the_twin(
    twin: Twin, feature_set: str, reward: str, network: Asked | None
) -> tuple[float, list[float], NDArray[np.float32]]:
    """Mean reward a day, shares of proposed actions and every seventh day's states (n, K), on seasons it was not
    trained on; None = the plan unchanged."""
    env = SeasonEnv(twin, CHECK_SEASONS, CHECK_SEED, feature_set=feature_set, reward=reward)
    rng = np.random.default_rng(0)
    rewards, states, counts = [], [], np.zeros(len(ACTION_CODES))
    for day in range(CHECK_DAYS):
        asked = env.asked()
        if day % 7 == day // 7 % 7:  # each weekday in turn
            states.append(env.features()[asked])
        action = (
            np.full(env.n, int(Action.AS_PLANNED)) if network is None else explore(network, env.features(), 0.0, rng)
        )
        counts += np.bincount(action[asked], minlength=len(counts))
        rewards.append(env.step(action)[0][asked])
    return float(np.concatenate(rewards).mean()), [float(c) for c in counts / counts.sum()], np.concatenate(states)
