"""A day as the guards leave it, in worlds that know loads and in worlds that know actions alone."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from mlmodels.state.actions import dose
from mlmodels.state.arrays import FloatArray, IntArray
from mlmodels.state.observation import Observation


def takes_load_cap(world: Any) -> bool:
    """Whether ``step`` takes ``load_cap_au``; several worlds side by side: whether each of them does."""
    parts = getattr(world, "worlds", None)
    if parts is not None:
        return all(map(takes_load_cap, parts))
    taken = inspect.signature(world.step).parameters.values()
    return any(one.name == "load_cap_au" or one.kind is one.VAR_KEYWORD for one in taken)


def as_actions(action: IntArray, load_cap_au: FloatArray, obs: Observation) -> IntArray:
    """For a world that knows no loads: recovery where a cap is nearer to recovery's dose than to the action's."""
    load, _ = dose(action, obs.planned_load_au, 0.0, obs.chronic_au, under_18=obs.under_18)
    easy, _ = dose(np.int64(Action.ACTIVE_RECOVERY), obs.planned_load_au, 0.0, obs.chronic_au)
    easier: NDArray[np.bool_] = load_cap_au < (easy + load) / 2
    return np.where(easier, np.int64(Action.ACTIVE_RECOVERY), action)


class Capped:
    """A world lived under caps. Whether it takes them is found out once."""

    def __init__(self, world: Any) -> None:
        self._world, self._takes = world, takes_load_cap(world)

    def done(self, action: IntArray, load_cap_au: FloatArray, obs: Observation) -> IntArray:
        """What is done today: the action itself wherever the world takes caps."""
        return action if self._takes else as_actions(action, load_cap_au, obs)

    def step(self, done: IntArray, load_cap_au: FloatArray) -> dict[str, Any]:
        evening: dict[str, Any] = (
            self._world.step(done, load_cap_au=load_cap_au) if self._takes else self._world.step(done)
        )
        return evening
