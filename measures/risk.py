"""Every danger line and window, once, with unit and source.

State, reward, guard, warnings, evaluation and admin read these names and write no number of their own.
"Convention" marks a choice of this project that no study fixes.
"""

from __future__ import annotations

# --- Load ----------------------------------------------------------------------------------------------------------
ACUTE_DAYS = 7  # d; Williams 2017, doi 10.1136/bjsports-2016-096589
CHRONIC_DAYS = 28  # d; Williams 2017
ACUTE_LAMBDA = 2.0 / (ACUTE_DAYS + 1)  # per day
CHRONIC_LAMBDA = 2.0 / (CHRONIC_DAYS + 1)  # per day
ACWR_CEILING = ACUTE_LAMBDA / CHRONIC_LAMBDA  # 3.625: no sequence of loads reads more

# Cut-offs for the EWMA form. Associated with injury in some cohorts (Gabbett 2016, doi 10.1136/bjsports-2015-095788;
# Murray 2017, doi 10.1136/bjsports-2016-097152), disputed by others (Lolli 2019, doi 10.1136/bjsports-2017-098110;
# Impellizzeri 2021, doi 10.1007/s40279-020-01378-6): they say that load rose fast, not that an injury will come.
ACWR_CAUTION = 1.2
ACWR_WARNING = 1.3
ACWR_DANGER = 1.5
# A session is capped so that tomorrow's stays at ACWR_DANGER at most even if it is done so much heavier (convention).
SESSION_HEAVIER = 1.22
ACWR_DROPPING = 0.8
ACWR_DROPPING_DAYS = 7  # d

SEED_KNOWN_DAYS = 14  # d of known load that seed both averages when the usual week is not known (convention)
MIN_KNOWN_DAYS_UNSEEDED = 7  # d of known load before any state (convention)
LREF_FIRST_DAYS = 28  # d; Lref is the median chronic load of these
LREF_LAMBDA = 2.0 / (84 + 1)  # per day, after them (convention)
LREF_SICK_DAYS = 3  # ill or injured on more of the last 28 days, and Lref stays as it is (convention)
LREF_FLOOR_AU = 50.0  # AU/d (convention)
CHRONIC_FLOOR_OF_LREF = 0.15  # ACWR divides by at least this much of Lref (convention)
LOAD_STALE_DAYS = 7  # d without a reported load, after which no load-based advice is given
LOAD_UNLOGGED_DAYS = 2  # d without a reported load, after which nothing is increased
DEFAULT_HIGH_SHARE = 0.30  # of a session's load, where neither the session nor the plan says (convention)

# The spiral brake: recovery lowers the usual load, which makes the next session look too much, and so on (convention).
SPIRAL_CHRONIC_OF_LREF = 0.8  # below it recovery needs a sign of the body ...
SPIRAL_BY_ADVICE = 0.5  # ... where recovery on advice took at least this part of what is missing

WEEK_RISE_HOLD = 1.30  # week on week (convention; Nielsen 2014, doi 10.2519/jospt.2014.5164)
WEEK_RISE_RECOVERY = 1.60  # week on week (convention)
WEEK_RISE_VOLUME = 1.30  # the projected week after more volume (convention; 1.15 cost more than it saved, ADR 8)
WEEK_RISE_VOLUME_UNDER_18 = 1.10
WEEK_FLOOR_OF_LREF = 1.0  # a week is compared with the one before or with the usual week (7 Lref), the larger

# Of the largest load of one day in the last 28: a session that would be more is not added to (convention; that a spike
# of one session tells more than a rise of weeks: Frandsen 2025, doi 10.1136/bjsports-2024-109380).
SESSION_SPIKE = 1.20

MONOTONY_HIGH = 2.0  # 7-day mean / SD; Foster 1998, doi 10.1097/00005768-199807000-00023
MONOTONY_CEILING = 10.0  # reported when the SD is 0 (convention)
STRAIN_OWN_TOP = 0.95  # of the athlete's own last 84 values (convention)
STRAIN_MIN_VALUES = 28

DAYS_OFF = 7  # d; more than this is a layoff
OFF_OF_LREF = 0.10  # a day below this much of Lref is a day off (convention)
RETURN_WEEK_1_OF_CHRONIC = 0.50  # of the chronic load before the layoff (convention)
RETURN_WEEK_2_OF_CHRONIC = 0.75
ILLNESS_FREE_DAYS = 1  # d without symptoms before the return begins
# Of the plan, on the three days after that (Schwellnus 2016, doi 10.1136/bjsports-2016-096572).
ILLNESS_RETURN_STEPS = (0.50, 0.75, 1.00)

HARD_DAY_HIGH_OF_LREF = 0.5  # high-intensity load of a hard day, in Lref (convention)
HARD_DAYS_PER_WEEK = 3
TOP_SPEED_REST_H = 48.0  # h since the last session at 90 % of top speed or more

# --- HRV (ln rMSSD) ------------------------------------------------------------------------------------------------
# Plews 2013, doi 10.1007/s40279-013-0071-8; Plews 2014, doi 10.1123/ijspp.2013-0455
HRV_BASELINE_FIRST_LAG = 8  # d: the baseline is days t-67 .. t-8, so that this week does not mask itself
HRV_BASELINE_LAST_LAG = 67  # d
HRV_MIN_BASELINE_PROVISIONAL = 14  # valid days
HRV_MIN_BASELINE = 20  # valid days
HRV_MIN_OF_7 = 3  # valid days of the last 7, today included
HRV_PRIOR_SD_LN = 0.17  # ln ms, the SD towards which the own SD is shrunk
HRV_PRIOR_WEIGHT = 10.0  # days
HRV_FLOOR_SD_LN = 0.08  # ln ms
HRV_RANGE_SD = 0.5  # the normal range is the baseline +- this many SD
HRV_LOW_SD = -0.5
HRV_VERY_LOW_SD = -1.0
HRV_TODAY_LOW_SD = -2.0  # one reading below it: nothing is increased today (convention)
HRV_TODAY_FAR_LOW_SD = -3.0  # one reading below it, or one in doubt that is below the line above: easy (convention)
HRV_TODAY_FAR_HIGH_SD = 3.0  # one reading above it may be extra beats: nothing is increased (convention)
HRV_LOW_HOLD_DAYS = 3  # d: nothing is increased
HRV_LOW_LASTING_DAYS = 5  # d: the coach hears of it too
HRV_VERY_LOW_LASTING_DAYS = 3  # d: the same
HRV_VERY_LOW_RECOVERY_DAYS = 7  # d: recovery (convention; recovery after 3 or 5 days cost more than it saved, ADR 8)
HRV_STALE_AGE_DAYS = 7  # d: older, and the learned policy is not asked

# Suppressed HRV reduces the load that is absorbed: 0.2 + 0.8 sigmoid((z + 1.2) / 0.4) (convention)
GATE_FLOOR = 0.2
GATE_CENTRE_SD = -1.2
GATE_WIDTH_SD = 0.4

# --- Sleep ---------------------------------------------------------------------------------------------------------
SLEEP_NIGHT_WEIGHTS = (0.5, 0.3, 0.2)  # last night first (convention)
SLEEP_MIN_BASELINE = 14  # valid nights, same window as HRV
SLEEP_PRIOR_SD = 8.0  # score points (convention)
SLEEP_PRIOR_WEIGHT = 10.0  # nights
SLEEP_FLOOR_SD = 3.0  # score points
SLEEP_NEED_H = 8.0  # h, adults; Watson 2015, doi 10.5665/sleep.4716
SLEEP_NEED_UNDER_18_H = 9.0  # h; Paruthi 2016, doi 10.5664/jcsm.5866
SLEEP_VERY_SHORT_H = 5.0  # h, one night of so little or less: nothing is increased
SLEEP_RECOVERY_H = 4.0  # h, one night below it: easy, and the coach hears of it (convention)
SLEEP_SHORT_H = 6.0  # h, two nights
SLEEP_SHORT_NIGHTS = 2
SLEEP_SHORT_MEAN_H = 5.5  # h, mean of 3 nights
SLEEP_LOW_SD = -0.5

# --- 400 m ---------------------------------------------------------------------------------------------------------
# SD of one observation of ln time. Race-to-race typical error 0.8-1.1 % in 24,411 results.
T400_SD_TRIAL = 0.013  # a trial in training
T400_SD_HAND = 0.011
T400_SD_FAT = 0.009
T400_PROCESS_SD_PER_WEEK = 0.0015
T400_BASELINE_TESTS = 3
PERFORMANCE_HOLD_DAYS = 21  # d after the last test
PERFORMANCE_HALF_LIFE_DAYS = 21.0  # d, after that (convention)
PERFORMANCE_DOWN_LN = 0.015  # a test slower than the level by 1.5 %
MINIMUM_DETECTABLE_CHANGE_PCT = 1.44  # means of 3 tests

# --- Reports, illness ----------------------------------------------------------------------------------------------
PAIN_STOP = 6.0  # 0-10
PAIN_RECOVERY = 4.0
PAIN_WATCH = 2.0
WELLNESS_WORST = 1.0  # McLean 2010, doi 10.1123/ijspp.5.3.367: 1-5, 5 best
WELLNESS_WORST_DAYS = 2
READINESS_WORST = 1.5  # mean of the answered items: at most this is the worst class: easy (convention)
READINESS_LOW = 2.0  # mean of the answered items: at most this, and nothing is increased today (convention)
RESTING_HR_RISE_BPM = 5.0
SIGN_TODAY_SD = -1.0  # one morning's HRV or night below it is a sign (convention)
RESTING_HR_HIGH_BPM = 10.0  # above the own mean: nothing is increased, and one of several signs (convention)
RESTING_HR_MIN_DAYS = 14
RESTING_HR_LAMBDA = 2.0 / (60 + 1)
ILLNESS_SIGNAL_DAYS = 2
SIGNS_TOGETHER = 2  # so many strong signs on one morning: easy (convention)
ZONES_TO_SETTLE = 3  # time zones; the clock of the body follows by about one a day (convention)
REPORTER_DAYS = 28  # d: who checked in within them is expected to check in this morning
RACE_DAYS_BEFORE = 3  # d before the main race without increases
RACE_DAYS_AFTER = 1
INTENSITY_IN_A_ROW = 2
INTENSITY_IN_7_DAYS = 4
ADULT_YEARS = 18.0
COACH_CONFIRMS_YEARS = 16.0
UNDER_18_HARD_DAYS_IN_A_ROW = 2

# --- Cold start ----------------------------------------------------------------------------------------------------
PROFILE_DAYS = 7  # d: the plan or the rule only
PROVISIONAL_DAYS = 28  # d: guards and rule policy until then
LEARNED_LOAD_COVERAGE = 0.70  # of the last 28 days
LEARNED_HRV_DAYS = 14
LEARNED_TESTS = 2

# --- Drift of what a policy is asked about (mlmodels.policies.drift) -----------------------------------------------
DRIFT_LINE = 0.2  # population stability index (convention of credit scoring)
DRIFT_MIN_STATES = 100  # fewer live mornings are not judged

NEVER_DAYS = 999  # stands for "never" in ages, so that they stay comparable and JSON-safe
