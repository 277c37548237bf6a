"""What is carried of an athlete from day to day: every value and ring once, in the order in which they lie in memory.

Neighbours are what is advanced or shown together. The number is the place in a packed row.
"""

from __future__ import annotations

from measures import risk
from mlmodels.state.actions import PLAN_RECOVERING_D
from mlmodels.state.arrays import FloatArray
from mlmodels.state.memory import KnownDays, MarkedDays, Part, Ring, ring, value

NAN, NEVER = float("nan"), float(risk.NEVER_DAYS)
HRV_MEMORY_D = risk.HRV_BASELINE_LAST_LAG


class SignalValues(Part):
    """HRV, sleep, resting heart rate, illness and the answers of the check-in."""

    # Worked out each morning, kept each evening
    hrv_age: FloatArray = value(30, starts=NEVER, shown="hrv_age_days")
    sleep_age: FloatArray = value(39, starts=NEVER, shown="sleep_age_days")
    since_illness: FloatArray = value(24, starts=NEVER, shown="days_since_illness")
    hrv_low: FloatArray = value(34, shown="hrv_low_days")
    hrv_very_low: FloatArray = value(35, shown="hrv_very_low_days")
    sleep_short: FloatArray = value(41, shown="sleep_short_nights")
    soreness_worst: FloatArray = value(52, shown="soreness_worst_days")
    readiness_worst: FloatArray = value(53, shown="readiness_worst_days")
    illness_signal: FloatArray = value(44, shown="illness_signal_days")
    check_in_age: FloatArray = value(54, starts=NEVER, shown="check_in_age_days")
    hrv_low_lifting: FloatArray = value(68, shown="hrv_low_lifting")
    hrv_very_low_lifting: FloatArray = value(69, shown="hrv_very_low_lifting")
    # Windows of the days that make the baseline: how many readings, their sum and their sum of squares
    hrv_n: FloatArray = value(27)
    sleep_n: FloatArray = value(36)
    hrv_sum: FloatArray = value(28)
    sleep_sum: FloatArray = value(37)
    hrv_squares: FloatArray = value(29)
    sleep_squares: FloatArray = value(38)
    hrv_era: FloatArray = value(31)
    hrv_era_days: FloatArray = value(32)
    hrv_era_changes: FloatArray = value(33)
    sleep_source: FloatArray = value(40)  # 0 none yet, 1 a watch's score, 2 reported hours
    resting_hr: FloatArray = value(42, starts=NAN)  # mean, bpm
    resting_hr_n: FloatArray = value(43)

    readings: Ring = ring(0, HRV_MEMORY_D, width=2)  # ln rMSSD minus HRV_ORIGIN, of one era; sleep score
    pain: Ring = ring(8, 2)
    sleep_hours: Ring = ring(9, 2)


class LoadValues(Part):
    """Training load and what was done; loads are AU a day."""

    acute: FloatArray = value(4, starts=NAN, shown="acute_au")
    chronic: FloatArray = value(5, starts=NAN, shown="chronic_au")
    high_average: FloatArray = value(15, starts=NAN, shown="high_average_au")
    low_average: FloatArray = value(16, starts=NAN, shown="low_average_au")
    high_fatigue: FloatArray = value(19, starts=NAN, shown="high_fatigue_au")
    low_fatigue: FloatArray = value(20, starts=NAN, shown="low_fatigue_au")
    high_reference: FloatArray = value(17, starts=NAN, shown="high_reference_au")
    low_reference: FloatArray = value(18, starts=NAN, shown="low_reference_au")
    last_load: FloatArray = value(10, starts=NAN, shown="last_load_au")
    acwr_low_days: FloatArray = value(25, shown="acwr_low_days")
    unlogged: FloatArray = value(7, shown="load_unlogged_days")
    monotonous: FloatArray = value(14, shown="monotonous")
    days_off: FloatArray = value(21, shown="days_off")
    hard_run: FloatArray = value(26, shown="hard_run_days")
    intensity_run: FloatArray = value(55, shown="intensity_run")
    days: FloatArray = value(0, shown="days_seen")
    known_days: FloatArray = value(3, shown="load_known_days")
    seeded: FloatArray = value(1, shown="seeded")
    eased: FloatArray = value(57, shown="eased_au")
    # From here on a value may be missing (`MAY_BE_MISSING` of the table)
    monotony: FloatArray = value(11, starts=NAN, shown="monotony")
    strain: FloatArray = value(12, starts=NAN, shown="strain")
    strain_rank: FloatArray = value(13, starts=NAN, shown="strain_rank")
    former_chronic: FloatArray = value(22, starts=NAN, shown="former_chronic_au")
    # Not shown as they are
    seed_sum: FloatArray = value(2)
    seed_high_sum: FloatArray = value(56)
    lref: FloatArray = value(6, starts=NAN)
    adherence_load: FloatArray = value(8)
    adherence_plan: FloatArray = value(9)
    return_day: FloatArray = value(23)

    loads: Ring = ring(1, 28)  # as used: reported or imputed
    reported: KnownDays = ring(2, 28, kind=KnownDays)
    chronics: Ring = ring(3, 28)
    strains: KnownDays = ring(4, 84, kind=KnownDays)
    unavailable: MarkedDays = ring(5, PLAN_RECOVERING_D, starts=0.0, kind=MarkedDays)
    actions: Ring = ring(6, 7)
    hard: Ring = ring(7, 6, starts=0.0)


class PerformanceValues(Part):
    """The 400 m: level and its variance in ln seconds."""

    tests: FloatArray = value(48, shown="test_count")
    tests_down: FloatArray = value(50, shown="tests_down")
    level: FloatArray = value(45, starts=NAN)
    level_variance: FloatArray = value(46, starts=NAN)
    baseline_sum: FloatArray = value(47)  # of the first tests
    test_age: FloatArray = value(49, starts=NEVER)  # days
    level_before_down: FloatArray = value(51, starts=NAN)


class HabitValues(Part):
    """How an athlete trains and measures; 1 where that is what is expected until something is known."""

    load_unevenness: FloatArray = value(58, shown="load_unevenness")
    hard_unevenness: FloatArray = value(59, shown="hard_unevenness")
    plan_of_usual: FloatArray = value(60, starts=1.0, shown="plan_of_usual")
    day_off_share: FloatArray = value(61, shown="day_off_share")
    logged_share: FloatArray = value(62, shown="logged_share")
    sick_share: FloatArray = value(63, shown="sick_share")
    hrv_share: FloatArray = value(64, shown="hrv_share")
    hrv_scatter: FloatArray = value(65, starts=1.0, shown="hrv_scatter")
    sleep_share: FloatArray = value(66, shown="sleep_share")
    sleep_scatter: FloatArray = value(67, starts=1.0, shown="sleep_scatter")


HABITS = HabitValues.shown()  # what ``novelty`` compares athletes by, beside the features
