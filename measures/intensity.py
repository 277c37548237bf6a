"""How much of a session's load counts as high intensity when the athlete does not say.

A convention of this project, not a measurement: on the scale of the automatic plan, where a hard day is 0.40 and an
easy one 0.05. A share given with the session always wins.
"""

SHARE_OF_KIND = {
    "track_sprint": 0.40,
    "track_intervals": 0.40,
    "competition": 0.50,
    "plyometric": 0.40,
    "tempo": 0.10,
    "strength": 0.20,
    "technique": 0.05,
    "endurance": 0.00,
    "cross_training": 0.05,
    "recovery": 0.00,
    "other": 0.15,
}


def share_of(kind: str, given: float | None) -> float:
    return SHARE_OF_KIND[kind] if given is None else given
