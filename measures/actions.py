"""The four actions of an advice."""

from enum import IntEnum


class Action(IntEnum):
    """What an athlete may be told to do with today's planned session. The order is that of the Q-values."""

    INCREASE_INTENSITY = 0
    INCREASE_VOLUME = 1
    ACTIVE_RECOVERY = 2
    AS_PLANNED = 3

    @property
    def code(self) -> str:
        """The name used in the API, in cards and in logs: ``increase_intensity`` and so on."""
        return self.name.lower()


ACTION_CODES: tuple[str, ...] = tuple(action.code for action in Action)
