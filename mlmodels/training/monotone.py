"""A Q-network in which a worse sign never turns recovery into the plan, or either into an increase.

Hidden units of the first kind do not see the signs (7-day HRV and sleep, today's HRV, last night). Those of the second
kind see everything, the signs through weights >= 0 alone, and only they carry the signs on; on the way to the Q-values
they can raise both increases alike and lower recovery, never the reverse. So each gap (increase over plan, plan over
recovery) can only grow with a better sign, and which of the two increases is the better one does not depend on a sign
(more volume is the larger dose): by construction, where a penalty left 0.2 % of states the wrong way round (Sill 1998,
Monotonic Networks, NeurIPS 10).

    B rows of a batch, K features; K -> 64 -> 64 -> 4 as three matrix products, as any other Q-network here
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from measures.actions import Action
from mlmodels.state.features import FEATURE_SETS

Features = NDArray[np.float32]

SIGNS = ("hrv", "sleep", "hrv_today", "sleep_today")
CARRIES_SIGNS = 0.5  # of the hidden units
STEPS, BATCH, RATE = 4500, 1024, 1e-2
LEVEL_WEIGHT = 0.1  # of the level of a state's values against their differences, which decide
REGRET_WEIGHT = 10.0  # of what the wrong choice would lose against the squared error of the values
CHOICE_WIDTH = 0.1  # SDs of the differences within which a choice counts as half made


class MonotoneQ(nn.Module):
    """Q-values (B, 4) whose gaps grow with every sign."""

    def __init__(self, feature_set: str, hidden: int) -> None:
        super().__init__()
        names = FEATURE_SETS[feature_set]
        signs = torch.zeros(len(names), dtype=torch.bool)
        signs[[names.index(sign) for sign in SIGNS if sign in names]] = True
        carries = torch.arange(hidden) >= round((1 - CARRIES_SIGNS) * hidden)
        self.first, self.second = nn.Linear(len(names), hidden), nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, len(Action))
        # Where a weight may be anything, only >= 0, only <= 0, or nothing but 0.
        self._zero_1, self._up_1 = ~carries[:, None] & signs, carries[:, None] & signs
        self._zero_2, self._up_2 = ~carries[:, None] & carries, carries[:, None] & carries
        more = torch.tensor([action in (Action.INCREASE_INTENSITY, Action.INCREASE_VOLUME) for action in Action])
        rest, plan = (torch.tensor([action == other for action in Action])
                      for other in (Action.ACTIVE_RECOVERY, Action.AS_PLANNED))  # fmt: skip
        self._more = more
        self._up_3, self._down_3 = more[:, None] & carries, rest[:, None] & carries
        self._zero_3 = plan[:, None] & carries
        with torch.no_grad():
            for layer, up in ((self.first, self._up_1), (self.second, self._up_2), (self.last, self._up_3)):
                layer.weight.copy_(torch.where(up, layer.weight.abs(), layer.weight))
            self.last.weight.copy_(torch.where(self._down_3, -self.last.weight.abs(), self.last.weight))
        self.keep()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q: torch.Tensor = self.last(torch.relu(self.second(torch.relu(self.first(x)))))
        return q

    def q(self, x: Features) -> Features:
        with torch.no_grad():
            values: Features = self(torch.from_numpy(np.require(x, requirements="W"))).numpy()
        return values

    @torch.no_grad()
    def keep(self) -> None:
        """Put every weight back where it may be: after each step of an optimiser."""
        for layer, zero, up in (
            (self.first, self._zero_1, self._up_1),
            (self.second, self._zero_2, self._up_2),
            (self.last, self._zero_3, self._up_3),
        ):
            layer.weight.copy_(torch.where(up, layer.weight.clamp(min=0.0), layer.weight).masked_fill(zero, 0.0))
        self.last.weight.copy_(torch.where(self._down_3, self.last.weight.clamp(max=0.0), self.last.weight))
        both = self.last.weight[self._more].mean(0)
        self.last.weight.copy_(torch.where(self._up_3, both, self.last.weight))

    def layers(self) -> Sequence[nn.Linear]:
        return self.first, self.second, self.last


def repeating(
    states: Features,
    wanted: Features,
    *,
    feature_set: str,
    hidden: int,
    seed: int,
    steps: int = STEPS,
    tick: Callable[[float], object] | None = None,
) -> MonotoneQ:
    """A network with the Q-values ``wanted`` (R, 4) of ``states`` (R, K), as far as a monotone one can have them."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng, inputs = np.random.default_rng(seed), torch.from_numpy(states)
    target = torch.from_numpy(wanted)
    level = target.mean(1, keepdim=True)
    apart, lost = target - level, target.max(1, keepdim=True).values - target
    scale = apart.var() + 1e-12
    level_scale = level.var() + 0.01 * scale  # where all levels are alike they must not become all that counts
    unit = scale.sqrt()
    network = MonotoneQ(feature_set, hidden)
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        rows = torch.from_numpy(rng.integers(len(states), size=BATCH))
        q: Any = network(inputs[rows]) * unit
        own = q.mean(1, keepdim=True)
        loss = (q - own - apart[rows]).square().mean() / scale
        loss = loss + LEVEL_WEIGHT * (own - level[rows]).square().mean() / level_scale
        chosen = torch.softmax((q - own) / (CHOICE_WIDTH * unit), 1)
        loss = loss + REGRET_WEIGHT * (chosen * lost[rows]).sum(1).mean() / unit
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        network.keep()
        if tick and step % 100 == 99:
            tick((step + 1) / steps)
    with torch.no_grad():
        network.last.weight.mul_(unit)
        network.last.bias.mul_(unit)
    return network
