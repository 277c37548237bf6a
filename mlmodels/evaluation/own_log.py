"""What a squad that trains its own policy would have."""

from __future__ import annotations

from mlmodels.evaluation.ceiling import Network
from mlmodels.evaluation.rollouts import MakeWorld
from mlmodels.policies.novelty import Known
from mlmodels.twin.fitting import fit_twin
from mlmodels.worlds.simulator import World, make_cohort

LOG_D = 168


def learned_from(
    squad: int, seed: int, *, make_world: MakeWorld = World, effort: float = 1.0, processes: int = 1
) -> Network:
    """The careful policy of one invented squad's season log. Raises: TooLittleData."""
    from mlmodels.training.careful import FEATURE_SET, Effort, learn_carefully

    twin = fit_twin(make_cohort(squad, LOG_D, seed, make_world=make_world), seed=seed)
    careful = learn_carefully(twin, seed, effort=Effort().times(effort), processes=processes)
    name, known = f"log {seed}, {squad} athletes", Known.of(careful.portraits)
    return Network(name, FEATURE_SET, careful.network, doubt=careful.unclear_below(), known=known)
