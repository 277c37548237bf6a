"""Our DQN against stable-baselines3's: on the very same vectorised twin seasons, and against it as commonly run.

    .venv/bin/python -m benchmarks.training [--quick] [--seconds-to-plateau 600]

stable-baselines3 is no dependency of the project: it requires torch in the lock. Into a directory of its own:

    .venv/bin/uv pip install --target var/sb3 --no-deps stable-baselines3 gymnasium cloudpickle farama-notifications

Same environment, network widths, n-step, batch, updates a day and replay on both sides, one thread each; the figure is
the time of a day of all seasons with its updates (environment included, and shown by itself). Rows that the policy is
not asked about are learned from by stable-baselines3, which cannot leave them out.
Time to plateau: learning time until the greedy policy's reward on seasons of its own reaches 90 % of what our full run
gains over the plan unchanged; the time of these looks is not counted. "As commonly run": one environment and the
library's own settings but for gamma.
Goals: >= 2.5 times at every size; >= 20 times to the plateau.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.one_thread import restart_in_one_thread
from benchmarks.servers import ROOT, verdict
from measures.actions import Action
from mlmodels.training import dqn
from mlmodels.twin.environment import SeasonEnv
from mlmodels.twin.model import Twin

sys.path.append(str(ROOT / "var" / "sb3"))

GOAL, GOAL_PLATEAU = 2.5, 20.0
FEATURES = "observable"
UPDATES = 2
CHECK_SEASONS, CHECK_DAYS, CHECK_SEED = 128, 196, 77_000
PLATEAU_SHARE = 0.90


@dataclass(frozen=True)
class Size:
    seasons: int
    hidden: int
    batch: int

    def __str__(self) -> str:
        return f"{self.seasons} seasons, {self.hidden}x{self.hidden}, batch {self.batch}"

    def settings(self, days: int, warm_up: int) -> dqn.Settings:
        return dqn.Settings(
            seasons=self.seasons, days=days, warm_up_days=warm_up, hidden=self.hidden, batch=self.batch,
            updates_per_day=UPDATES,
        )  # fmt: skip


SIZES = (Size(128, 64, 128), Size(512, 64, 512), Size(1024, 64, 1024))


def twin() -> Twin:
    return Twin.load(Path(dqn.__file__).parents[1] / "artifacts" / "twin.json")


def season_env(seasons: int, seed: int = 1) -> SeasonEnv:
    return SeasonEnv(twin(), seasons, seed, feature_set=FEATURES)


# --- stable-baselines3 ------------------------------------------------------------------------------------------------


def vec_env(seasons: int, seed: int = 1) -> Any:
    """``SeasonEnv`` as a stable-baselines3 VecEnv: the same arrays, cut seasons marked as truncated."""
    from gymnasium import spaces
    from stable_baselines3.common.vec_env import VecEnv

    class Seasons(VecEnv):
        def __init__(self) -> None:
            self.inner = season_env(seasons, seed)
            box = spaces.Box(-5.0, 5.0, (self.inner.n_features,), np.float32)
            super().__init__(seasons, box, spaces.Discrete(self.inner.n_actions))

        def reset(self) -> Any:
            return self.inner.features().copy()

        def step_async(self, actions: Any) -> None:
            self.actions = actions

        def step_wait(self) -> Any:
            before = self.inner.features()
            reward, cut = self.inner.step(self.actions)
            infos: list[dict[str, Any]] = [{} for _ in range(seasons)]
            for i in np.flatnonzero(cut):
                infos[i] = {"TimeLimit.truncated": True, "terminal_observation": before[i]}
            return self.inner.features().copy(), (10.0 * reward).astype(np.float32), cut, infos

        def close(self) -> None: ...

        def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
            return [None] * seasons

        def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None: ...

        def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
            return [None] * seasons

        def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
            return [False] * seasons

    return Seasons()


def sb3_like_ours(size: Size, days: int, warm_up: int) -> Any:
    from stable_baselines3 import DQN

    ours = size.settings(days, warm_up)
    return DQN(
        "MlpPolicy", vec_env(size.seasons), learning_rate=ours.learning_rate, buffer_size=ours.replay,
        learning_starts=warm_up * size.seasons, batch_size=size.batch, tau=ours.polyak, gamma=ours.gamma,
        train_freq=1, gradient_steps=UPDATES, target_update_interval=1, n_steps=ours.n_step,
        exploration_fraction=ours.epsilon_until, exploration_final_eps=ours.epsilon_end, seed=1, device="cpu",
        policy_kwargs={"net_arch": [size.hidden, size.hidden]},
    )  # fmt: skip


def sb3_as_commonly_run() -> Any:
    from stable_baselines3 import DQN

    return DQN("MlpPolicy", vec_env(1), gamma=dqn.Settings().gamma, seed=1, device="cpu")


# --- the same work ----------------------------------------------------------------------------------------------------


def cpu_s(work: Any) -> float:
    """CPU seconds of this one-threaded process: other work on the machine does not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def of_ours(size: Size, days: int, warm_up: int) -> float:
    """CPU seconds a day with its updates: a run with them less the warm-up alone."""
    full = cpu_s(lambda: dqn.train(season_env(size.seasons), size.settings(days + warm_up, warm_up)))
    return (full - cpu_s(lambda: dqn.train(season_env(size.seasons), size.settings(warm_up, warm_up)))) / days


def of_sb3(size: Size, days: int, warm_up: int) -> float:
    def run(total: int) -> None:
        sb3_like_ours(size, days + warm_up, warm_up).learn(total * size.seasons)

    return (cpu_s(lambda: run(days + warm_up)) - cpu_s(lambda: run(warm_up))) / days


def of_environment(size: Size, days: int) -> float:
    env, rng = season_env(size.seasons), np.random.default_rng(1)
    actions = rng.integers(4, size=(days, size.seasons))

    def live() -> None:
        for action in actions:
            env.step(action)

    return cpu_s(live) / days


def same_work(days: int, warm_up: int) -> list[float]:
    ratios = []
    for once in (of_ours, of_sb3):  # first calls of torch and of ONNX Runtime pay for what later ones do not
        once(SIZES[0], 5, warm_up)
    print(f"{'same work, CPU ms a day':32} {'ours':>8} {'sb3':>8} {'env alone':>10} {'ratio':>7} {'learner':>8}")
    for size in SIZES:
        ours, theirs, env = of_ours(size, days, warm_up), of_sb3(size, days, warm_up), of_environment(size, days)
        ratios.append(theirs / ours)
        learner = (theirs - env) / max(ours - env, 1e-9)
        print(f"{size!s:32} {1e3 * ours:8.2f} {1e3 * theirs:8.2f} {1e3 * env:10.2f} {ratios[-1]:7.2f} {learner:8.2f}")
        print(f"{'  athlete-days/s, updates/s':32} {size.seasons / ours:,.0f}, {UPDATES / ours:,.0f}"
              f" | {size.seasons / theirs:,.0f}, {UPDATES / theirs:,.0f}")  # fmt: skip
    return ratios


# --- time to plateau --------------------------------------------------------------------------------------------------


def greedy_reward(choose: Any) -> float:
    """Mean reward of an asked day on seasons that nobody learns from; ``choose(features) -> actions``."""
    env = season_env(CHECK_SEASONS, CHECK_SEED)
    rewards = []
    for _ in range(CHECK_DAYS):
        asked = env.asked()
        rewards.append(env.step(choose(env.features()))[0][asked])
    return float(np.concatenate(rewards).mean())


def plan_unchanged(features: np.ndarray) -> np.ndarray:
    return np.full(len(features), int(Action.AS_PLANNED))


def learned(points: Iterator[tuple[float, float]], goal: float) -> tuple[float | None, float]:
    """(seconds to the goal or None, last reward seen)."""
    reward = float("nan")
    for seconds, reward in points:
        if reward >= goal:
            return seconds, reward
    return None, reward


def of_full_runs(days: int) -> Iterator[tuple[float, float]]:
    """Whole runs of ours (the schedule belongs to the length), each longer: the time of the first that is good."""
    for share in (0.1, 0.2, 0.35, 0.5, 0.7, 1.0):
        settings = replace(dqn.Settings(), days=int(days * share))
        trained: list[dqn.Trained] = []
        seconds = cpu_s(lambda s=settings, t=trained: t.append(dqn.train(season_env(s.seasons), s)))
        yield seconds, greedy_reward(lambda f, t=trained: t[0].network.q(f).argmax(1))


def of_one_environment(limit_s: float) -> Iterator[tuple[float, float]]:
    model = sb3_as_commonly_run()
    seconds, steps = 0.0, 20_000
    while seconds < limit_s:
        seconds += cpu_s(lambda: model.learn(steps, reset_num_timesteps=False))
        yield seconds, greedy_reward(lambda f: model.predict(f, deterministic=True)[0])
        print(f"  {model.num_timesteps:,} days in {seconds:.0f} s", file=sys.stderr)


def plateau(days: int, limit_s: float) -> float:
    plan = greedy_reward(plan_unchanged)
    curve = list(of_full_runs(days))
    goal = plan + PLATEAU_SHARE * (curve[-1][1] - plan)
    ours, _ = learned(iter(curve), goal)
    theirs, last = learned(of_one_environment(limit_s), goal)
    print(f"\nreward a day: plan unchanged {plan:+.4f}, ours in full {curve[-1][1]:+.4f}, goal {goal:+.4f}")
    for seconds, reward in curve:
        print(f"  ours after a run of {seconds:6.1f} s {reward:+.4f}")
    assert ours is not None
    said = f"{theirs:.0f} s" if theirs else f"not within {limit_s:.0f} s (got {last:+.4f})"
    print(f"to the goal: ours {ours:.1f} s, stable-baselines3 in one environment {said}")
    return (theirs or limit_s) / ours


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true", help="fewer days, no plateau")
    arguments.add_argument("--seconds-to-plateau", type=float, default=600.0, help="CPU seconds for one environment")
    given = arguments.parse_args()
    restart_in_one_thread("benchmarks.training")
    try:
        import stable_baselines3
    except ImportError:
        print(__doc__)
        return 2
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="The number of environments used is greater")
    print(f"stable-baselines3 {stable_baselines3.__version__}, torch {torch.__version__}, one thread\n")
    ratios = same_work(60 if given.quick else 300, 60)
    reached = min(ratios) >= GOAL
    print(f"same work: smallest ratio {min(ratios):.2f}, goal {GOAL}: {verdict(reached)}")
    if not given.quick:
        ratio = plateau(dqn.Settings().days, given.seconds_to_plateau)
        reached &= ratio >= GOAL_PLATEAU
        print(f"to the plateau: {ratio:.0f} times, goal {GOAL_PLATEAU:.0f}: {verdict(ratio >= GOAL_PLATEAU)}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
