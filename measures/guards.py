"""The guards by name, what each is about, and what their effects leave. When one fires is told by `deciding.guard`."""

from __future__ import annotations

from enum import Flag, IntFlag, StrEnum, auto

from measures.actions import Action


class About(Flag):
    """What holds of a guard whenever it fires."""

    NOTHING = 0
    STOP = auto()  # never tuned, never weighed against a gain, never lowered by a coach
    BODY = auto()  # of what was measured or said this morning, not of the load
    MEDICAL = auto()  # names a medical detail
    PASSES = auto()  # time or rest ends it, so that the athlete can be told what to wait for


class Guard(StrEnum):
    """The code that an advice keeps, and the API shows."""

    about: About

    def __new__(cls, code: str, about: About = About.NOTHING) -> Guard:
        guard = str.__new__(cls, code)
        guard._value_ = code
        guard.about = about
        return guard

    WARNING_SIGN = "G01", About.STOP
    ILLNESS = "G02", About.STOP | About.BODY | About.MEDICAL | About.PASSES
    COLD = "G03", About.STOP | About.BODY | About.MEDICAL | About.PASSES
    INJURY = "G04", About.STOP | About.MEDICAL
    PAIN = "G05", About.STOP | About.BODY | About.MEDICAL | About.PASSES
    LOAD = "G06"
    WEEK = "G07"
    HRV = "G08", About.BODY | About.PASSES
    SLEEP = "G09", About.BODY | About.PASSES
    ANSWERS = "G10", About.BODY | About.PASSES
    MONOTONY = "G11"
    LAY_OFF = "G12", About.PASSES
    AGE = "G13", About.STOP
    GAPS = "G14"
    NO_TRUST = "G15"  # in damaged values, or in the learned policy
    RACE = "G16", About.PASSES
    INTENSITY = "G17"
    HOLD = "G18", About.STOP | About.MEDICAL
    SIGNS = "G19", About.BODY | About.PASSES


def those(about: About) -> frozenset[str]:
    """The codes of all guards of which that holds."""
    return frozenset(guard.value for guard in Guard if about in guard.about)


STOPS, BODY, MEDICAL, PASSING = (those(about) for about in (About.STOP, About.BODY, About.MEDICAL, About.PASSES))


class Effect(IntFlag):
    """What a guard takes away; a stricter effect contains the milder ones."""

    NONE = 0
    NO_VOLUME = 1
    NO_INTENSITY = 2
    NO_INCREASE = 3
    RECOVERY = 7
    REST = 15  # no training today
    SUSPENDED = 31  # no advice either: a person decides
    RULE_POLICY = 32  # the learned policy is not asked
    CAPPED = 67  # the planned session, but not more than so much of it

    @property
    def code(self) -> str:
        """``no_increase``, ``active_recovery`` and so on; the strictest one contained."""
        return _EFFECT_CODES.get(self.strictest, "none")

    @property
    def strictest(self) -> Effect:
        return next((strict for strict in STRICTEST_FIRST if self & strict == strict), Effect.NONE)

    @property
    def leaves(self) -> frozenset[str]:
        """The codes of the actions that a coach may still choose."""
        taken = {
            Action.INCREASE_VOLUME: Effect.NO_VOLUME,
            Action.INCREASE_INTENSITY: Effect.NO_INTENSITY,
            Action.AS_PLANNED: Effect.RECOVERY,
            Action.ACTIVE_RECOVERY: Effect.REST,
        }
        return frozenset(action.code for action, by in taken.items() if self & by != by)


_EFFECT_CODES = {
    Effect.SUSPENDED: "suspended",
    Effect.REST: "rest",
    Effect.RECOVERY: "active_recovery",
    Effect.CAPPED: "load_capped",
    Effect.NO_INCREASE: "no_increase",
    Effect.NO_INTENSITY: "no_intensity",
    Effect.NO_VOLUME: "no_volume",
    Effect.RULE_POLICY: "rule_policy",
}
STRICTEST_FIRST = tuple(_EFFECT_CODES)
EFFECTS = {code: effect for effect, code in _EFFECT_CODES.items()}  # by the code that an advice keeps
NO_TRAINING = frozenset({Effect.REST.code, Effect.SUSPENDED.code})
EASED = NO_TRAINING | {Effect.RECOVERY.code}
