"""The rows of the table that an observation is: their order, and ``ROWS``, which finds them by name."""

from __future__ import annotations

from typing import overload

from mlmodels.state.carry import HabitValues, LoadValues, PerformanceValues, SignalValues

STATE_VERSION = 3

# The table's rows: neighbours are what is worked out, copied or tested together. What the tracker carries is shown in
# the order of its declaration (``carry``); up to ``MAY_BE_MISSING`` a tracker leaves nothing open.
_KNOWN = (
    "weekday", "planned_load_au", "planned_share", "plan_automatic", "ill", "injured", "niggle", "illness", "red_flag",
    "note_asks", "zones_to_settle", "pain_rising", "advice_hold", "hrv_valid_7d", "hrv_baseline_days", "hrv_era_days",
    "hrv_era_changes", "lref_au", "acwr", "return_week", "hard_days_6d", "unavailable_28d", "test_age_days",
    "intensity_6d", "recovery_3d", "load_known_28d", "hrv_known_days",
)  # fmt: skip
_MISSING = (
    "week_load_au", "previous_week_load_au", "six_day_load_au", "week_before_load_au", "largest_load_28d_au",
    "hrv_z", "sleep_z", "hrv_today_z", "sleep_today_z",
    "hrv_mean_7d_ms", "hrv_baseline_ms", "hrv_range_low_ms", "hrv_range_high_ms", "t400_level_s",
    "performance_pct", "performance_sd_pct", "hrv_rmssd_ms", "hrv_doubted_ms", "hrv_doubted_z", "sleep_h",
    "sleep_mean_3d_h", "sleep_score", "resting_hr_bpm", "resting_hr_delta_bpm", "pain_0_10", "soreness_1_5",
    "fatigue_1_5", "readiness_1_5", "worst_item_1_5", "days_to_main_race", "hours_since_top_speed_h", "age_years",
)  # fmt: skip
_CARRIED = (*SignalValues.shown(), *PerformanceValues.shown(), *HabitValues.shown(), *LoadValues.shown())
TABLE = (*_KNOWN, *_CARRIED, *_MISSING)
MAY_BE_MISSING = TABLE[TABLE.index("monotony") :]


class _Rows:
    """``ROWS[name]``: its row in the table; ``ROWS[first, last]``: the block of rows from one to the other."""

    def __init__(self) -> None:
        self._of = {name: row for row, name in enumerate(TABLE)}

    @overload
    def __getitem__(self, names: str) -> int: ...

    @overload
    def __getitem__(self, names: tuple[str, str]) -> slice: ...

    def __getitem__(self, names: str | tuple[str, str]) -> int | slice:
        if isinstance(names, str):
            return self._of[names]
        first, last = names
        return slice(self._of[first], self._of[last] + 1)


ROWS = _Rows()
