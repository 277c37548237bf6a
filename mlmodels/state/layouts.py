"""How an observation lies in the database: float64 values in a fixed order, behind the number of that order.

A row is read for years, so an order is never changed: other names are another layout. Standard library only: the web
process reads observations, and has no numpy.
"""

import math
import struct
from collections.abc import Mapping

Row = dict[str, float | int | None]

HEAD = struct.Struct("<H")  # the layout's number, which is the state version that it came with

# fmt: off
LAYOUTS: dict[int, tuple[str, ...]] = {
    3: (
        "weekday", "planned_load_au", "planned_share", "plan_automatic", "ill", "injured", "niggle", "illness",
        "red_flag", "pain_0_10", "pain_rising", "soreness_1_5", "fatigue_1_5", "readiness_1_5", "worst_item_1_5",
        "note_asks", "zones_to_settle", "soreness_worst_days", "readiness_worst_days", "check_in_age_days",
        "days_to_main_race", "hours_since_top_speed_h", "age_years", "advice_hold", "hrv_rmssd_ms", "hrv_today_z",
        "hrv_doubted_ms", "hrv_doubted_z", "hrv_mean_7d_ms", "hrv_baseline_ms", "hrv_range_low_ms",
        "hrv_range_high_ms", "hrv_z", "hrv_valid_7d", "hrv_baseline_days", "hrv_age_days", "hrv_low_days",
        "hrv_very_low_days", "hrv_low_lifting", "hrv_very_low_lifting", "hrv_era_days", "hrv_era_changes", "sleep_h",
        "sleep_mean_3d_h", "sleep_short_nights", "sleep_score", "sleep_today_z", "sleep_z", "sleep_age_days",
        "resting_hr_bpm", "resting_hr_delta_bpm", "illness_signal_days", "acute_au", "chronic_au", "lref_au", "acwr",
        "acwr_low_days", "last_load_au", "load_unlogged_days", "week_load_au", "previous_week_load_au",
        "six_day_load_au", "week_before_load_au", "largest_load_28d_au", "monotony", "strain", "strain_rank",
        "monotonous", "days_off", "return_week", "former_chronic_au", "days_since_illness", "hard_days_6d",
        "hard_run_days", "unavailable_28d", "high_average_au", "low_average_au", "high_reference_au",
        "low_reference_au", "high_fatigue_au", "low_fatigue_au", "performance_pct", "performance_sd_pct",
        "t400_level_s", "test_age_days", "test_count", "tests_down", "intensity_run", "intensity_6d", "recovery_3d",
        "days_seen", "load_known_days", "load_known_28d", "hrv_known_days", "seeded", "eased_au", "load_unevenness",
        "hard_unevenness", "plan_of_usual", "day_off_share", "logged_share", "sick_share", "hrv_share", "hrv_scatter",
        "sleep_share", "sleep_scatter",
    ),
}
# Flags, codes and counts: whole numbers wherever they are whole.
WHOLE = frozenset({
    "weekday", "plan_automatic", "ill", "injured", "niggle", "illness", "red_flag", "pain_rising", "note_asks",
    "zones_to_settle", "soreness_worst_days", "readiness_worst_days", "check_in_age_days", "advice_hold",
    "hrv_valid_7d", "hrv_baseline_days", "hrv_age_days", "hrv_low_days", "hrv_very_low_days", "hrv_low_lifting",
    "hrv_very_low_lifting", "hrv_era_days", "hrv_era_changes", "sleep_short_nights", "sleep_age_days",
    "illness_signal_days", "acwr_low_days", "load_unlogged_days", "monotonous", "days_off", "return_week",
    "days_since_illness", "hard_days_6d", "hard_run_days", "unavailable_28d", "test_age_days", "test_count",
    "tests_down", "intensity_run", "intensity_6d", "recovery_3d", "days_seen", "load_known_days", "load_known_28d",
    "hrv_known_days", "seeded",
})
# fmt: on
NEWEST = max(LAYOUTS)


def pack(row: Mapping[str, float | int | None], layout: int = NEWEST) -> bytes:
    """``row`` as bytes, to the last bit; what it lacks or is None is NaN. ValueError: a name the layout has not."""
    names = LAYOUTS[layout]
    if odd := sorted(row.keys() - set(names)):
        raise ValueError(f"layout {layout} of an observation has no {odd}")
    values = (math.nan if (value := row.get(name)) is None else value for name in names)
    return HEAD.pack(layout) + struct.pack(f"<{len(names)}d", *values)


def unpack(packed: bytes) -> Row:
    """The inverse of `pack`: every name of the layout, None where there is no value."""
    (layout,) = HEAD.unpack_from(packed)
    names = LAYOUTS[layout]
    values = struct.unpack_from(f"<{len(names)}d", packed, HEAD.size)
    return {name: plain(value, name in WHOLE) for name, value in zip(names, values, strict=True)}


def plain(value: float, whole: bool) -> float | int | None:
    if value != value:
        return None
    return int(value) if whole and value.is_integer() and str(value) != "-0.0" else value
