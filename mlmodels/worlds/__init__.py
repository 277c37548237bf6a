"""The worlds a policy is judged in, by name. Nothing that learns may import them.

``true``     the simulator, calibrated to real figures
``shifted``  the same structure, other parameters
``other``    another structure: see ``delayed.py``
``sceptic``  the simulator in which a fast rise of load does not injure anybody
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlmodels.simulator import World
from mlmodels.worlds.delayed import DelayedWorld
from mlmodels.worlds.related import ScepticWorld, ShiftedWorld

WORLDS: dict[str, Callable[[int, int], Any]] = {
    "true": World,
    "shifted": ShiftedWorld,
    "other": DelayedWorld,
    "sceptic": ScepticWorld,
}
