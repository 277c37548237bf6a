"""From a season log to a policy file: fit the twin, learn on it, look at what was learned, export."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlmodels.actions import ACTION_CODES, Action
from mlmodels.reward import FORMS
from mlmodels.training.dqn import QNetwork, Settings, Trained, explore
from mlmodels.training.export import export_policy
from mlmodels.training.several import train_as_one
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
    settings: Settings,
    *,
    feature_set: str,
    reward: str,
    directory: Path,
    reproduce: str,
    twin_file: Path | None = None,
    ships: bool = False,
    processes: int = 1,
    tick: Callable[[dict[str, float]], None] | None = None,
) -> Made:
    """Train on a season log and write ONNX + card into ``directory``.

    Raises: TooLittleData from the fit; ValueError when ``twin_file`` was fitted to another log; ParityError.
    """
    began = time.perf_counter()
    twin = twin_of(log, twin_file, settings.seed)
    fit_s = time.perf_counter() - began
    trained = learn_on(twin, settings, feature_set=feature_set, reward=reward, processes=processes, tick=tick)
    own, shares, lived = on_the_twin(twin, feature_set, reward, trained.network)
    plan, _, _ = on_the_twin(twin, feature_set, reward, None)
    onnx, card = export_policy(
        trained,
        feature_set=feature_set,
        directory=directory,
        training_data={
            "season_log_sha256": twin.fingerprint,
            "twin_sha256": sha256(twin_file) if twin_file else "fitted in the same run, not kept",
            "athletes": len(twin.usual_load_au),
            "rows": len(log),
            "fitted": twin.levels,
        },
        seeds={"policy": settings.seed, "twin": settings.seed},
        reproduce=reproduce,
        ships=ships,
        lived=lived,
        metrics={
            "reward_form": reward,
            "reward_weights": {name: getattr(FORMS[reward][1], name) for name in FORMS[reward][1].__slots__},
            "reward_per_day_on_twin": {"policy": own, "plan_unchanged": plan},
            "action_share_on_twin": dict(zip(ACTION_CODES, shares, strict=True)),
        },
    )
    figures = [
        ("twin fitted, s", f"{fit_s:.2f}"),
        ("athlete-days learned from", f"{trained.athlete_days:,}"),
        ("learning, s", f"{trained.seconds:.1f}"),
        ("athlete-days a second", f"{trained.athlete_days / trained.seconds:,.0f}"),
        ("reward a day on new twin seasons", f"{own:+.4f}"),
        ("the plan unchanged there", f"{plan:+.4f}"),
        ("intensity/volume/recovery/plan, %", "/".join(f"{100 * share:.0f}" for share in shares)),
        ("bytes", f"{onnx.stat().st_size:,}"),
    ]
    return Made(onnx, card, figures)


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
    twin: Twin, feature_set: str, reward: str, network: QNetwork | None
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
