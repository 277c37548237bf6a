"""What goes into the tracker: what is known of athletes beforehand, in the morning, and once the day is over."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from measures.answers import HOLD_NONE, TIMING_TRIAL
from mlmodels.state.arrays import FloatArray


@lru_cache(maxsize=64)
def constant_column(n: int, value: float) -> FloatArray:
    """One value for everybody, kept once: its stride of 0 tells so (see ``same_for_all``)."""
    return np.broadcast_to(np.float64(value), (n,))


def same_for_all(column: FloatArray) -> bool:
    """One value kept once stands for everybody, so that what follows from it need not be asked athlete by athlete."""
    return column.strides == (0,)


def _column(n: int, value: ArrayLike | None, default: float) -> FloatArray:
    if value is None:
        return constant_column(n, default)
    array = np.asarray(value, dtype=np.float64)
    return array if array.shape == (n,) else np.broadcast_to(array, (n,))


@dataclass(slots=True)
class Profiles:
    """What is known of n athletes beforehand.

    ``seed_load_au``: usual week / 7, AU/d, NaN if unknown; ``age_years``: NaN if unknown; ``advice_hold``: HOLD_ codes.
    """

    seed_load_au: FloatArray
    age_years: FloatArray
    advice_hold: FloatArray

    @classmethod
    def of(
        cls,
        n: int,
        *,
        seed_load_au: ArrayLike | None = None,
        age_years: ArrayLike | None = None,
        advice_hold: ArrayLike | None = None,
    ) -> Profiles:
        return cls(_column(n, seed_load_au, np.nan), _column(n, age_years, np.nan), _column(n, advice_hold, HOLD_NONE))

    @classmethod
    def default(cls, n: int) -> Profiles:
        return cls.of(n)

    def select(self, index: Any) -> Profiles:
        return Profiles(self.seed_load_au[index], self.age_years[index], self.advice_hold[index])


@dataclass(slots=True)
class Morning:
    """What is known in the morning of the day, arrays of n, NaN = not measured.

    Wellness items are 1-5 with 5 best (McLean 2010). ``hrv_era`` numbers (metric, provider, context); a reading of
    another era starts a new baseline; 0 = unknown, which belongs to any era. ``illness``: ILLNESS_ codes.
    """

    hrv_rmssd_ms: FloatArray
    hrv_era: FloatArray
    sleep_score: FloatArray
    sleep_h: FloatArray
    ill: FloatArray
    injured: FloatArray
    planned_load_au: FloatArray
    planned_high_intensity_share: FloatArray
    weekday: FloatArray
    illness: FloatArray
    red_flag: FloatArray
    pain_0_10: FloatArray
    soreness_1_5: FloatArray
    fatigue_1_5: FloatArray
    readiness: FloatArray
    resting_hr_bpm: FloatArray
    days_to_main_race: FloatArray
    hours_since_top_speed_h: FloatArray
    niggle: FloatArray  # 1: a complaint that is no open injury
    worst_item_1_5: FloatArray  # the lowest of this morning's answers
    hrv_doubted_ms: FloatArray  # a reading that does not count until it is confirmed
    note_asks: FloatArray  # 1: words of a warning sign in the note, and the question after one not answered
    zones_to_settle: FloatArray  # time zones crossed lately, less one for each day since

    @classmethod
    def of(cls, n: int, **arrays: ArrayLike | None) -> Morning:
        """The arrays given, the rest not measured. An unknown name is a TypeError."""
        unknown = arrays.keys() - _MORNING_DEFAULTS.keys()
        if unknown:
            raise TypeError(f"Morning has no {sorted(unknown)}")
        return cls(*(_column(n, arrays.get(name), default) for name, default in _MORNING_DEFAULTS.items()))

    def select(self, index: Any) -> Morning:
        return Morning(*(getattr(self, name)[index] for name in _MORNING_DEFAULTS))


_ZERO_WHEN_UNKNOWN = (
    "hrv_era", "ill", "injured", "weekday", "illness", "red_flag", "niggle", "note_asks", "zones_to_settle",
)  # fmt: skip
_MORNING_DEFAULTS = {f.name: 0.0 if f.name in _ZERO_WHEN_UNKNOWN else np.nan for f in fields(Morning)}


@dataclass(slots=True)
class Evening:
    """What is known once the day is over, arrays of n.

    ``load_au``: session-RPE load, 0 = a confirmed rest day, NaN = nobody reported (Foster 2001,
    doi 10.1519/00124278-200102000-00019); ``action_taken``: -1 unknown; ``timing``: TIMING_ codes of the 400 m test;
    ``load_assumed``: 1 = the load is the plan's over the minutes trained: used as an imputed one is, and not logged.
    """

    load_au: FloatArray
    high_intensity_share: FloatArray
    t400_s: FloatArray
    action_taken: FloatArray
    timing: FloatArray
    load_assumed: FloatArray

    @classmethod
    def of(
        cls,
        n: int,
        *,
        load_assumed: ArrayLike | None = None,
        load_au: ArrayLike | None = None,
        high_intensity_share: ArrayLike | None = None,
        t400_s: ArrayLike | None = None,
        action_taken: ArrayLike | None = None,
        timing: ArrayLike | None = None,
    ) -> Evening:
        return cls(
            _column(n, load_au, np.nan),
            _column(n, high_intensity_share, np.nan),
            _column(n, t400_s, np.nan),
            _column(n, action_taken, -1.0),
            _column(n, timing, TIMING_TRIAL),
            _column(n, load_assumed, 0.0),
        )
