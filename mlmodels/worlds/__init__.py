"""The worlds a policy is judged in, by name, and the stress table. Nothing that learns may import them.

``true``     the simulator, calibrated to real figures
``shifted``  the same structure, other parameters
``other``    another structure: see ``delayed.py``
``whole``    a third structure, in which a usual day is absorbed whole: see ``whole.py``

Three structures, four worlds. What differs from the true world in one thing is no world but a row of ``STRESS``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlmodels.worlds.delayed import DelayedWorld
from mlmodels.worlds.related import ShiftedWorld
from mlmodels.worlds.simulator import World
from mlmodels.worlds.stressed import STRESS
from mlmodels.worlds.whole import WholeWorld

WORLDS: dict[str, Callable[[int, int], Any]] = {
    "true": World,
    "shifted": ShiftedWorld,
    "other": DelayedWorld,
    "whole": WholeWorld,
}

__all__ = ["STRESS", "WORLDS"]
