"""One athlete who lives a fixed week."""

import numpy as np

from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.tracker import Tracker

WEEK_AU = np.array([420.0, 340.0, 170.0, 430.0, 280.0, 420.0, 110.0])
WEEK_SHARE = np.array([0.30, 0.18, 0.05, 0.32, 0.12, 0.28, 0.00])


def season(days, *, labels=1.0, seed_load_au=310.0, done=1.0, actions=None):
    """One athlete who lives a fixed week; ``labels``: what the coach calls intense, times this."""
    tracker = Tracker(1, Profiles.of(1, seed_load_au=[seed_load_au]))
    for t in range(days):
        planned = {"planned_load_au": WEEK_AU[[t % 7]], "planned_high_intensity_share": labels * WEEK_SHARE[[t % 7]]}
        morning = Morning.of(1, weekday=[t % 7], hrv_rmssd_ms=[60.0 + t % 3], **planned)
        seen = tracker.morning(morning)
        action = 3 if actions is None else actions(t)
        factor = 0.35 if action == 2 else done
        tracker.evening(
            morning,
            Evening.of(1, load_au=factor * WEEK_AU[[t % 7]], high_intensity_share=labels * WEEK_SHARE[[t % 7]],
                       action_taken=[float(action)]),
        )  # fmt: skip
    return seen
