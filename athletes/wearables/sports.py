"""What a vendor's word for a sport means here. A watch knows neither sprints nor tempo runs: the athlete says so."""

import re
from collections.abc import Sequence

# The first word that fits decides. None: no training session. A walk would need an RPE before the day had a load.
WORDS: tuple[tuple[str, str | None], ...] = (
    (r"walk|hik|stroll|commut|transport|stand|golf|housework|dog", None),
    (r"strength|weight|lift|functional|crossfit|circuit|core|gym|resistance|bodybuild", "strength"),
    (r"plyo|jump", "plyometric"),
    (r"yoga|pilates|stretch|mobil|flexib|cool ?down|mind|breath|meditat|massage|sauna|recover|tai", "recovery"),
    (r"sprint", "track_sprint"),
    (r"track", "other"),
    (r"run|jog|treadmill", "endurance"),
    (
        r"cycl|bik|bicycl|spin|ride|swim|row|ellip|stair|ski|skat|hiit|interval|ball|soccer|tennis|badminton|hockey"
        r"|box|martial|judo|karate|danc|climb|aerobic|cardio|cross|paddl|kayak|surf|rugby|squash|sport",
        "cross_training",
    ),
)


def kind_of(names: Sequence[object]) -> str | None:
    """The kind of training session, 'other' where the words say nothing, None for what is no training."""
    told = " ".join(str(name) for name in names if name)
    plain = re.sub(r"[_\-]+|(?<=[a-z])(?=[A-Z])", " ", told).lower()
    return next((kind for words, kind in WORDS if re.search(rf"\b(?:{words})", plain)), "other")
