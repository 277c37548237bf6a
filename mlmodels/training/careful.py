"""A policy that deviates from the coach's plan only where that is surely worth it.

J(new) - J(base) is the sum of the base's advantages over the states that the new policy meets (Kakade & Langford 2002,
ICML, performance-difference lemma): who deviates only where the advantage is not below zero, in every physiology that
the log cannot exclude, harms nobody. Four steps, each in a file of its own:

1. a rule of 24 numbers, searched on the doubtful twin (``baselines.two_lines``);
2. what each action is worth over the plan under each structure, by paired look-ahead (``look_ahead``), and a network
   that tells it from the state (``heads``): one step of policy iteration on the rule;
3. the careful Q below: worth less doubt about the *effect of deviating*, not about the level;
4. one small network that repeats it and is monotone in HRV and sleep (``monotone``).

    B states, D structures
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from mlmodels.baselines.threshold import Search
from mlmodels.baselines.two_lines import ATHLETES, CANDIDATES, ROUNDS, TwoLines, search
from mlmodels.policies.novelty import portraits
from mlmodels.training.heads import Heads, fit
from mlmodels.training.look_ahead import LOOK_AHEAD_D, PLAN, collect, env_of
from mlmodels.training.monotone import MonotoneQ, repeating
from mlmodels.twin.doubt import FITTED_WEIGHT, Doubt
from mlmodels.twin.environment import guarded
from mlmodels.twin.model import Twin

Floats = NDArray[np.float64]
Features = NDArray[np.float32]
Ints = NDArray[np.int64]

FEATURE_SET = "observable"
DOUBT = 0.5  # SDs of the effect of deviating that it counts less (0 and 0.25 made no difference on development seeds)
MARGIN = 0.01  # reward: by at least so much the choice stands above the others, so that the network can tell them apart
RIGHT, LEAST_CHOICES = 0.6, 200  # below three in five a choice is no clear one (convention)
LIVED_SEASONS, LIVED_D, LIVED_FROM, EPSILON = 768, 260, 28, 0.15
REST = int(Action.ACTIVE_RECOVERY)

# Stage -> its share of the time, for a progress bar.
STAGES = {"rule": 0.3, "looking ahead": 0.4, "worth": 0.12, "living": 0.04, "network": 0.14}
Tick = Callable[[str, float], object]


@dataclass(frozen=True)
class Careful:
    """What was learned, with what it was learned from."""

    network: MonotoneQ
    rule: Search
    heads: Heads
    doubt: Doubt
    states: Features  # (R, K) met under the careful choice
    wanted: Features  # (R, 4) careful Q there
    portraits: Floats  # (R', 13) ``novelty.portraits`` of every seventh day
    seed: int
    athlete_days: int
    seconds: float

    def unclear_below(self) -> float:
        """Reward by which the network's choice must stand above the plan to be right ``RIGHT`` of the time.

        Right is what the careful Q-values also put above the plan. Choices are looked at in the order of that distance,
        a hundredth of them at a time.
        """
        own, rows = self.network.q(self.states), np.arange(len(self.states))
        choice = own.argmax(1)
        ahead = (own[rows, choice] - own[:, PLAN])[choice != PLAN]
        right = (self.wanted[rows, choice] > self.wanted[:, PLAN])[choice != PLAN]
        if len(ahead) < LEAST_CHOICES:  # too few to tell right from wrong: none of them is clear
            return float(ahead.max(initial=0.0))
        order, width = np.argsort(ahead), max(len(ahead) // 100, LEAST_CHOICES // 4)
        share = np.convolve(right[order], np.full(width, 1.0 / width), "valid")
        clear = np.flatnonzero(share >= RIGHT)
        return float(ahead[order][clear[0] if len(clear) else -1])


@dataclass(frozen=True)
class Effort:
    """How much is practised; the shipped policy had the default."""

    search_athletes: int = ATHLETES
    search_rounds: int = ROUNDS
    search_candidates: int = CANDIDATES
    seasons: int = 896
    days: int = 240
    head_steps: int = 3000
    network_steps: int = 4500
    hidden: int = 64

    def times(self, factor: float) -> Effort:
        """More or less of everything but the network's size; at least a little of each."""
        scaled = {f.name: max(4, round(factor * getattr(self, f.name))) for f in fields(self) if f.name != "hidden"}
        return replace(self, **scaled | {"days": max(LIVED_FROM + 14, scaled["days"])})


def learn_carefully(
    twin: Twin,
    seed: int,
    *,
    effort: Effort | None = None,
    fitted_weight: float = FITTED_WEIGHT,
    processes: int = 1,
    tick: Tick | None = None,
) -> Careful:
    """The four steps. The same twin, seed and effort give the same network, however many ``processes``."""
    began, effort = time.perf_counter(), effort or Effort()
    doubt = Doubt.of(twin, fitted_weight)

    def during(stage: str) -> Callable[[float], object] | None:
        return (lambda share: tick(stage, share)) if tick else None

    with _pool(processes) as pool:
        found = search(
            doubt, seed, athletes=effort.search_athletes, rounds=effort.search_rounds,
            candidates=effort.search_candidates, pool=pool, tick=during("rule"),
        )  # fmt: skip
        rule = TwoLines(found.numbers)
        looked = collect(
            doubt, rule, seed, seasons=effort.seasons, days=effort.days, pool=pool, tick=during("looking ahead")
        )
    heads = fit(looked, seed, steps=effort.head_steps, tick=during("worth"))
    states, wanted, seen = lived(doubt, rule, heads, seed, tick=during("living"))
    network = repeating(
        states, wanted, feature_set=FEATURE_SET, hidden=effort.hidden, seed=seed, steps=effort.network_steps,
        tick=during("network"),
    )  # fmt: skip
    days = len(Action) * LOOK_AHEAD_D * len(looked.states)
    return Careful(network, found, heads, doubt, states, wanted, seen, seed, days, time.perf_counter() - began)


def careful_q(worth: Features, weight: Floats, base: Ints, doubt: float = DOUBT) -> Features:
    """Q-values (B, 4) in reward units over the rule's action, from ``worth`` (B, 3, D) and that action ``base`` (B,).

    Mean of the effect of deviating from the rule less ``doubt`` SDs of it between structures. Rest is never added to
    the rule's; a deviation from the plan that is not worth more than the plan on average becomes the plan.
    """
    rows = np.arange(len(worth))
    four = np.concatenate([worth, np.zeros_like(worth[:, :1])], axis=1)
    apart = four - four[rows, base][:, None]
    mean = apart @ weight
    q = mean - doubt * np.sqrt(np.maximum((apart * apart) @ weight - mean * mean, 0.0))
    q[base != REST, REST] = np.minimum(q[base != REST, REST], -MARGIN)
    chosen = q.argmax(1)
    chosen = np.where((four @ weight)[rows, chosen] > 0, chosen, PLAN)
    top = q.max(1)
    q = np.minimum(q, (top - MARGIN)[:, None])
    q[rows, chosen] = top
    return np.asarray(q, dtype=np.float32)


def lived(
    doubt: Doubt, rule: TwoLines, heads: Heads, seed: int, tick: Callable[[float], object] | None = None
) -> tuple[Features, Features, Floats]:
    """States met under the careful choice, (R, K), its Q-values there, (R, 4), and how those athletes live."""
    env, rng = env_of(doubt, LIVED_SEASONS, 11 * seed), np.random.default_rng(seed)
    states, wanted, seen = [], [], []
    for day in range(LIVED_D):
        asked, x = env.asked(), env.features()
        q = careful_q(heads.worth(x), doubt.weight, guarded(rule.choose(env.obs), env.obs.as_if_measured()))
        if day >= LIVED_FROM and asked.any():
            states.append(x[asked].copy())
            wanted.append(q[asked])
            if day % 7 == day // 7 % 7:  # each weekday in turn
                seen.append(portraits(env.obs)[asked])
        random = rng.integers(len(Action), size=env.n)
        env.live(np.where(rng.random(env.n) < EPSILON, random, q.argmax(1)))
        env.restart_ended()
        if tick:
            tick((day + 1) / LIVED_D)
    return np.concatenate(states), np.concatenate(wanted), np.concatenate(seen)


def _pool(processes: int) -> ProcessPoolExecutor | nullcontext[Executor | None]:
    if processes <= 1:
        return nullcontext(None)
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
