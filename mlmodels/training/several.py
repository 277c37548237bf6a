"""Several networks of one recipe, and one network that says what they say on average.

Two seeds of the same recipe rank the actions of an ordinary day differently: their gains in one world differ by up to
0.13 % of 400 m time, more than most planners differ. The mean of their Q-values does not, and one small network can
repeat that mean (policy distillation, Rusu 2016, arXiv 1511.06295), so that what serves stays one file.

    M members, N seasons side by side, K features, A actions
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mlmodels.training.dqn import Asked, Environment, QNetwork, Settings, Trained, explore, train

Features = NDArray[np.float32]
MakeEnvironment = Callable[[int], Environment]  # seed -> environment
Tick = Callable[[dict[str, float]], None]

DISTIL_DAYS = 196  # of seasons under the members' mean, in which the states to agree on are met
DISTIL_EPSILON = 0.15  # some days go otherwise, so that the student knows what lies beside the path
DISTIL_BATCH = 1024
DISTIL_RATE = 3e-3
LEVEL_WEIGHT = 0.1  # of the level of a state's values against their differences, which decide
SEED_APART = 100  # members of one seed do not meet those of the next


class Mean:
    """Members as one: the mean of their Q-values less ``doubt`` SDs of their disagreement."""

    def __init__(self, members: Sequence[Asked], doubt: float = 0.0) -> None:
        self.members, self.doubt = members, doubt

    def q(self, x: Features) -> Features:
        """(B, K) -> (B, A)."""
        each = np.stack([member.q(x) for member in self.members])
        return np.asarray(each.mean(0) - self.doubt * each.std(0), dtype=np.float32)


def seeds_of(settings: Settings) -> list[int]:
    """One per member; the first is the recipe's own."""
    return [settings.seed + SEED_APART * member for member in range(settings.networks)]


def train_members(
    make_environment: MakeEnvironment, settings: Settings, *, processes: int = 1, tick: Tick | None = None
) -> list[Trained]:
    """M networks that differ by their seed alone. More than one process needs a picklable ``make_environment``.

    The networks are the same however many processes train them.
    """
    runs = [replace(settings, seed=seed) for seed in seeds_of(settings)]
    if processes <= 1 or len(runs) == 1:
        return [train(make_environment(run.seed), run, tick) for run in runs]
    with ProcessPoolExecutor(min(processes, len(runs)), mp_context=get_context("spawn")) as pool:
        members = []
        for member in pool.map(partial(_train_one, make_environment), runs):
            members.append(member)
            if tick:
                for reward in member.rewards:
                    tick({"reward": reward})
        return members


def _train_one(make_environment: MakeEnvironment, settings: Settings) -> Trained:
    return train(make_environment(settings.seed), settings)


def train_as_one(
    make_environment: MakeEnvironment, settings: Settings, *, processes: int = 1, tick: Tick | None = None
) -> Trained:
    """The recipe: M members and the network that repeats their mean; with one member, that one."""
    began = time.perf_counter()
    members = train_members(make_environment, settings, processes=processes, tick=tick)
    if len(members) == 1:
        return members[0]
    mean = Mean([member.network for member in members])
    states = states_under(make_environment(settings.seed + SEED_APART - 1), mean, settings.seed)
    return Trained(
        distilled(mean, states, settings),
        settings,
        sum(member.athlete_days for member in members),
        time.perf_counter() - began,
        np.mean([member.rewards for member in members], axis=0).tolist(),
        np.min([member.low for member in members], axis=0),
        np.max([member.high for member in members], axis=0),
        members[0].sample,
    )


def states_under(environment: Environment, teacher: Asked, seed: int) -> Features:
    """The states a teacher meets, (R, K)."""
    rng, met = np.random.default_rng(seed), []
    for _ in range(DISTIL_DAYS):
        state, asked = environment.features(), environment.asked()
        if asked.any():
            met.append(state[asked].copy())
        environment.step(explore(teacher, state, DISTIL_EPSILON, rng))
    return np.concatenate(met)


def distilled(teacher: Asked, states: Features, settings: Settings) -> QNetwork:
    """A network of the usual size whose Q-values are the teacher's: squared error, Adam, cosine-annealed rate."""
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    wanted = torch.from_numpy(teacher.q(states))
    level = wanted.mean(1, keepdim=True)
    differences = wanted - level
    scale, level_scale = differences.var() + 1e-12, level.var() + 1e-12
    inputs = torch.from_numpy(states)
    network = QNetwork(states.shape[1], wanted.shape[1], settings.hidden)
    optimiser = torch.optim.Adam(network.parameters(), DISTIL_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.distil_steps)
    for _ in range(settings.distil_steps):
        rows = torch.from_numpy(rng.integers(len(states), size=DISTIL_BATCH))
        q: Any = network(inputs[rows])
        own_level = q.mean(1, keepdim=True)
        loss = (q - own_level - differences[rows]).square().mean() / scale
        loss = loss + LEVEL_WEIGHT * (own_level - level[rows]).square().mean() / level_scale
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network
