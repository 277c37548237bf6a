"""The simulator's structure with other parameters: a world, and a variant that a sceptic of ACWR would recognise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlmodels.worlds.simulator import Laws, Parameters, World


class ShiftedWorld(World):
    """Slower adaptation, a lower tolerance, more stress that lasts longer, HRV that says less, more missing mornings.

    Time constants 46, 42 and 11 days stay inside the ranges of Hellard 2006 (doi 10.1080/02640410500244697).
    """

    laws = Laws(
        absorbed_floor=0.10,
        absorbed_centre=-0.9,
        absorbed_width=0.42,
        intensity_days=46.0,
        volume_days=42.0,
        fatigue_days=11.0,
        strain_per_excess=4.6,
        tolerance_learnt=0.15,
        stress_memory=0.90,
        hrv_per_readiness=0.055,
        hrv_noise=0.160,
        ill_a_day=0.0085,
        injured_a_day=0.0030,
        injury_per_acwr=1.6,
        injury_per_strain=0.15,
    )

    def draw(self, n: int, rng: np.random.Generator) -> Parameters:
        who = Parameters.draw(n, rng)
        return replace(
            who,
            gain_intensity_pct=0.8 * who.gain_intensity_pct,
            gain_volume_pct=1.1 * who.gain_volume_pct,
            cost_fatigue_pct=1.25 * who.cost_fatigue_pct,
            tolerance=0.93 * who.tolerance,
            compliance_ln=1.5 * who.compliance_ln - 0.02,
            hrv_missing=np.clip(who.hrv_missing + 0.08, 0.10, 0.60),
        )


class ScepticWorld(World):
    """Injury does not depend on ACWR at all (Impellizzeri 2021, doi 10.1007/s40279-020-01378-6), only on strain.

    One term of one hazard: policies gain what they gain in the true world to 0.01 %. A row of the stress table.
    """

    laws = replace(World.laws, injury_per_acwr=0.0)
