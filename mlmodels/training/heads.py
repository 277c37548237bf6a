"""One network for what three actions are worth over the plan under each of D structures.

B rows of a batch, K features, D structures
states (B, K) -> worth (B, 3, D) in reward units
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mlmodels.training.look_ahead import LookAheads

Features = NDArray[np.float32]

HIDDEN = 128
STEPS, BATCH = 4000, 1024
RATE, WEIGHT_DECAY = 4e-3, 1e-3


class Heads(nn.Module):
    """K -> 128 -> 128 -> 3 x D."""

    def __init__(self, inputs: int, structures: int) -> None:
        super().__init__()
        self.last = nn.Linear(HIDDEN, 3 * structures)
        self.layers = nn.Sequential(
            nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), self.last
        )
        self.structures = structures

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        worth: torch.Tensor = self.layers(x).reshape(-1, 3, self.structures)
        return worth

    def worth(self, x: Features) -> Features:
        with torch.no_grad():
            return np.asarray(self(torch.from_numpy(np.array(x))).numpy())


def fit(found: LookAheads, seed: int, *, steps: int = STEPS, tick: Callable[[float], object] | None = None) -> Heads:
    """Least squares on what was found, each head in units of its own SD; AdamW, one-cycle rate."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng, states, worth = np.random.default_rng(seed), torch.from_numpy(found.states), torch.from_numpy(found.worth)
    scale = worth.std(0, keepdim=True) + 1e-9
    heads = Heads(states.shape[1], worth.shape[2])
    optimiser = torch.optim.AdamW(heads.parameters(), RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for step in range(steps):
        rows = torch.from_numpy(rng.integers(len(states), size=BATCH))
        loss = (heads(states[rows]) - worth[rows] / scale).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if tick and step % 100 == 99:
            tick((step + 1) / steps)
    with torch.no_grad():
        heads.last.weight.mul_(scale.reshape(-1, 1))
        heads.last.bias.mul_(scale.reshape(-1))
    return heads
