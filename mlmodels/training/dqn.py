"""Deep Q-learning of the daily training choice, in one file.

A double DQN (van Hasselt 2016, arXiv 1509.06461) with a dueling head (Wang 2016, arXiv 1511.06581), n-step returns,
a Polyak-averaged target and an epsilon that adapts to progress, over many seasons at once. The environment is anything
with ``features``, ``asked`` and ``step`` (`twin/environment.py` is one); shapes are said once, here:

    N seasons side by side, K features, A actions, B rows of a batch
    features (N, K) float32 -> Q-values (N, A) float32

One update, for B transitions (s, a, ret, s') that lie n days apart; ``ret`` is the sum of gamma^i times reward i:

    best   = argmax over a' of Q(s', a')                       the online network chooses,
    goal   = ret + gamma^n Q_target(s', best)                  the target network values the choice
    loss   = mean of smooth L1(Q(s, a) - goal)                 Q takes one step of Adam
    target = target + polyak (Q - target)                      all weights

``train`` says when; `learner.py` works it out (``Learner.learn``), with the derivatives written out for speed.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mlmodels.training.learner import Learner

Features = NDArray[np.float32]


@dataclass(frozen=True)
class Settings:
    """Every number the learner knows."""

    seed: int = 1
    networks: int = 3  # of seeds of their own, averaged into the one that serves (``several.py``); ``train`` makes one
    distil_steps: int = 3000  # updates that make one network of several
    seasons: int = 512  # N
    days: int = 1500  # environment steps; times N = athlete-days
    warm_up_days: int = 120  # steps before the first update
    hidden: int = 64
    gamma: float = 0.98  # per day
    n_step: int = 5  # days
    batch: int = 1024
    updates_per_day: int = 6  # with 2 of 512 the choice among increases was not settled
    replay: int = 300_000  # transitions
    learning_rate: float = 1e-3
    final_learning_rate: float = 3e-5
    polyak: float = 0.01
    epsilon_start: float = 1.0
    epsilon_end: float = 0.05
    epsilon_until: float = 0.5  # share of the run by which epsilon is down, if the reward never falls behind
    reward_scale: float = 10.0  # inside the learner only; exported Q-values are in reward units


class Environment(Protocol):
    """N seasons advancing one day at a time; a season that ends is replaced by a new one."""

    n: int
    n_features: int
    n_actions: int

    def features(self) -> Features:
        """What the policy sees this morning, (N, K); rows that are not asked may hold anything finite."""

    def asked(self) -> NDArray[np.bool_]:
        """Rows whose state is complete, (N,)."""

    def step(self, action: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Live the day. Returns the rewards and the rows whose season was cut after it (truncation), both (N,)."""


class QNetwork(nn.Module):
    """K -> hidden -> hidden -> value and advantages -> Q-values (B, A)."""

    def __init__(self, n_features: int, n_actions: int, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(n_features, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, 1)
        self.advantage = nn.Linear(hidden, n_actions)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu(self.second(torch.relu(self.first(x))))
        advantage = self.advantage(h)
        q: torch.Tensor = self.value(h) + advantage - advantage.mean(1, keepdim=True)
        return q

    def q(self, x: Features) -> Features:
        with torch.no_grad():
            values: Features = self(torch.from_numpy(np.require(x, requirements="W"))).numpy()
        return values

    @torch.no_grad()
    def give(self, learner: Learner) -> None:
        """Both networks of the learner start as this one."""
        net = learner.online
        net.w1[:], net.b1[:] = self.first.weight.numpy().T, self.first.bias.numpy()
        net.w2[:], net.b2[:] = self.second.weight.numpy().T, self.second.bias.numpy()
        net.w3[:, :1], net.b3[:1] = self.value.weight.numpy().T, self.value.bias.numpy()
        net.w3[:, 1:], net.b3[1:] = self.advantage.weight.numpy().T, self.advantage.bias.numpy()
        learner.target.flat[:] = net.flat

    @torch.no_grad()
    def take(self, learner: Learner) -> None:
        """Become what was learned."""
        net = learner.online
        layers = (
            (self.first, net.w1, net.b1),
            (self.second, net.w2, net.b2),
            (self.value, net.w3[:, :1], net.b3[:1]),
            (self.advantage, net.w3[:, 1:], net.b3[1:]),
        )
        for layer, weight, bias in layers:
            layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight.T)))
            layer.bias.copy_(torch.from_numpy(bias.copy()))


class Replay:
    """The last ``capacity`` n-step transitions, overwritten in a circle."""

    def __init__(self, capacity: int, n_features: int) -> None:
        # A transition in one row: a batch of 1,024 out of 300,000 is gathered in 28 us, from several arrays in 93.
        rows = np.zeros((capacity, 2 * n_features + 2), dtype=np.float32)
        self.state, self.next_state = rows[:, :n_features], rows[:, n_features : 2 * n_features]
        self.action, self.ret, self._rows = rows[:, -2], rows[:, -1], rows
        self.capacity, self.size, self.at = capacity, 0, 0

    def add(self, state: Features, action: NDArray[np.int64], ret: NDArray[Any], next_state: Features) -> None:
        before_end = min(len(state), self.capacity - self.at)
        for part, at in ((slice(before_end), self.at), (slice(before_end, None), 0)):
            place = slice(at, at + len(action[part]))
            self.state[place], self.next_state[place] = state[part], next_state[part]
            self.action[place], self.ret[place] = action[part], ret[part]
        self.at = (self.at + len(state)) % self.capacity
        self.size = min(self.size + len(state), self.capacity)

    def sample(self, batch: int, rng: np.random.Generator) -> tuple[Features, NDArray[np.int64], Features, Features]:
        """state (B, K), action (B,), return (B,), next state (B, K)."""
        rows, k = self._rows.take(rng.integers(self.size, size=batch), axis=0), self.state.shape[1]
        return rows[:, :k], rows[:, -2].astype(np.int64), rows[:, -1], rows[:, k : 2 * k]


@dataclass
class Trained:
    """A learned network and how it came about."""

    network: QNetwork
    settings: Settings
    athlete_days: int
    seconds: float
    rewards: list[float] = field(default_factory=list)  # mean reward a day, one value per 100 days
    low: Features = field(default_factory=lambda: np.empty(0, np.float32))  # (K,), over all states it was asked in
    high: Features = field(default_factory=lambda: np.empty(0, np.float32))
    sample: Features = field(default_factory=lambda: np.empty((0, 0), np.float32))  # some of the last ones


def train(env: Environment, settings: Settings, tick: Callable[[dict[str, float]], None] | None = None) -> Trained:
    """Learn a policy; the same settings, seed and environment give the same network on the same machine."""
    began = time.perf_counter()
    torch.manual_seed(settings.seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(settings.seed)
    network = QNetwork(env.n_features, env.n_actions, settings.hidden)
    learner = Learner(
        env.n_features,
        settings.hidden,
        env.n_actions,
        discount=settings.gamma**settings.n_step,
        polyak=settings.polyak,
    )
    network.give(learner)
    replay = Replay(settings.replay, env.n_features)
    recent: deque[tuple[Features, NDArray[np.int64], NDArray[Any], NDArray[np.bool_]]] = deque(maxlen=settings.n_step)
    epsilon, pace, best_pace, rewards, block = settings.epsilon_start, 0.0, -np.inf, [], []
    low, high = np.full(env.n_features, np.inf, np.float32), np.full(env.n_features, -np.inf, np.float32)
    for day in range(settings.days):
        state, asked = env.features(), env.asked()
        if asked.any():
            seen = state[asked]
            low, high = np.minimum(low, seen.min(0)), np.maximum(high, seen.max(0))
        if len(recent) == settings.n_step:
            remember(replay, recent, state, asked, settings.gamma)
        action = explore(learner, state, epsilon, rng)
        reward, cut = env.step(action)
        recent.append((state, np.where(asked, action, -1), reward * settings.reward_scale, cut))
        if day >= settings.warm_up_days and replay.size >= settings.batch:
            rate = annealed(settings, day)
            for _ in range(settings.updates_per_day):
                learner.learn(*replay.sample(settings.batch, rng), rate)
            # Explore less only while that pays: epsilon waits when the recent reward falls behind the best so far.
            pace = 0.98 * pace + 0.02 * float(reward[asked].mean() if asked.any() else 0.0)
            best_pace = max(best_pace, pace)
            if pace >= best_pace - 0.1 * abs(best_pace) or day > settings.days // 2:
                epsilon = max(settings.epsilon_end, epsilon * epsilon_decay(settings))
        block.append(float(reward.mean()))
        if len(block) == 100:
            rewards.append(float(np.mean(block)))
            block.clear()
            if tick:
                tick({"reward": rewards[-1], "epsilon": epsilon})
    network.take(learner)
    return Trained(
        network,
        settings,
        settings.days * env.n,
        time.perf_counter() - began,
        rewards,
        low,
        high,
        replay.state[rng.integers(replay.size, size=64)],
    )


def remember(replay: Replay, recent: Any, state: Features, asked: NDArray[np.bool_], gamma: float) -> None:
    """Store the transition that began n days ago, where the policy was asked then and is asked now.

    Windows across the end of a season are left out: the cut is no outcome, so nothing may be learned from it.
    """
    first_state, first_action, _, _ = recent[0]
    ret = sum(gamma**k * reward for k, (_, _, reward, _) in enumerate(recent))
    keep = asked & (first_action >= 0)
    for _, _, _, cut in recent:
        keep &= ~cut
    keep = np.flatnonzero(keep)
    replay.add(first_state[keep], first_action[keep], ret[keep], state[keep])


class Asked(Protocol):
    """Whatever has Q-values: (B, K) -> (B, A)."""

    def q(self, x: Features) -> Features: ...


def explore(network: Asked, state: Features, epsilon: float, rng: np.random.Generator) -> NDArray[np.int64]:
    q = network.q(state)
    greedy: NDArray[np.int64] = q.argmax(1)
    random = rng.integers(q.shape[1], size=len(q))
    return np.where(rng.random(len(q)) < epsilon, random, greedy)


def epsilon_decay(settings: Settings) -> float:
    """Factor per day that takes epsilon from start to end in the given share of the run."""
    days = max(settings.epsilon_until * settings.days - settings.warm_up_days, 1.0)
    return float((settings.epsilon_end / settings.epsilon_start) ** (1 / days))


def annealed(settings: Settings, day: int) -> float:
    """The learning rate falls geometrically over the second half of the run."""
    progress = max(0.0, 2 * day / settings.days - 1)
    return float(settings.learning_rate * (settings.final_learning_rate / settings.learning_rate) ** progress)
