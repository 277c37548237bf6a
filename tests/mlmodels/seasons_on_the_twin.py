"""Trackers that lived some weeks of a twin's seasons as planned."""

import numpy as np

from measures.actions import Action
from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.tracker import Tracker
from mlmodels.twin.model import TwinWorld


def squad_morning(twin, n, *, days, seed=5, plans=True):
    """(tracker, morning) of n athletes after `days` days."""
    world = TwinWorld(twin, n, seed)
    tracker = Tracker(n, Profiles.of(n, seed_load_au=world.usual_load_au))
    action = np.full(n, int(Action.AS_PLANNED))
    for _ in range(days):
        morning = Morning.of(n, **world.morning(), weekday=world.weekday)
        day = world.step(action)
        tracker.evening(
            morning,
            Evening.of(
                n,
                load_au=day["load_au"],
                high_intensity_share=day["high_intensity_share"],
                t400_s=day["t400_s"],
                action_taken=action,
            ),
        )
    known = world.morning()
    if not plans:
        known |= {"planned_load_au": np.nan, "planned_high_intensity_share": np.nan}
    return tracker, Morning.of(n, **known, weekday=world.weekday)
