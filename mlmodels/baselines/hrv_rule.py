"""HRV-guided training: hard while HRV is inside or above the own range, easy while it is below."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from measures.actions import Action
from measures.risk import HRV_LOW_SD
from mlmodels.baselines.rule import Choices, Rule
from mlmodels.state.observation import Observation

HARD_SHARE = 0.2  # a planned session with at least this much high intensity counts as hard (convention)


class HrvRule(Rule):
    """After Kiviniemi 2007 (doi 10.1007/s00421-007-0552-2) and Javaloyes 2019 (doi 10.1123/ijspp.2018-0122).

    On planned hard days: more intensity, unless the 7-day mean is below the range; then recovery on any day.
    """

    name = "HRV rule"

    def __init__(
        self, low_z: ArrayLike = HRV_LOW_SD, hard_share: ArrayLike = HARD_SHARE, fresh_z: ArrayLike | None = None
    ) -> None:
        """One value for everybody, or one per athlete. ``fresh_z``: more intensity above it only (low_z without it)."""
        self.low_z, self.hard_share = np.asarray(low_z), np.asarray(hard_share)
        self.fresh_z = self.low_z if fresh_z is None else np.asarray(fresh_z)

    def choose(self, obs: Observation) -> Choices:
        hard_day = obs.planned_share >= self.hard_share
        chosen = np.where(hard_day & (obs.hrv_z >= self.fresh_z), Action.INCREASE_INTENSITY, Action.AS_PLANNED)
        return np.where(obs.hrv_z < self.low_z, Action.ACTIVE_RECOVERY, chosen).astype(np.int64)
