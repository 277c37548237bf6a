"""The columns of a season log: one row per athlete and local date."""

COLUMNS: tuple[str, ...] = (
    "athlete",
    "date",
    "hrv_rmssd_ms",
    "sleep_score",
    "sleep_h",
    "load_au",
    "high_intensity_share",
    "rest_day",
    "t400_s",
    "timing",
    "ill",
    "injured",
    "planned_load_au",
    "planned_high_intensity_share",
    "action",
)
# What an export from here adds, where it has anything to say, so that importing it changes no advice. Training looks
# at none of it: it is derived, doubted, assumed, or of a device that other logs do not name.
MARKS: tuple[str, ...] = (
    "hrv_era",  # metric/provider/context that the day stands on; without it hrv_rmssd_ms is any rMSSD
    "hrv_readings",  # era=ms of every era that was read that day, SDNN too
    "hrv_doubted_ms",
    "resting_hr_bpm",
    "fatigue_1_5",  # 5 best, as all answers
    "soreness_1_5",
    "readiness_1_5",
    "worst_item_1_5",
    "pain_0_10",
    "note_asks",
    "illness",  # above_neck, below_neck or fever, where `ill` says only whether
    "injury",  # niggle, where `injured` says only whether
    "red_flag",
    "load_estimated",  # load_au stands in part on heart rate
    "assumed_load_au",  # in part the plan's, so it is no load_au
    "assumed_high_intensity_share",
    "advised",  # 0-3, and not declined; `action` is what is known to have been done
)
ALL_COLUMNS = (*COLUMNS, *MARKS)
REQUIRED = ("athlete", "date")
VALUES = ALL_COLUMNS[len(REQUIRED) :]
FLAGS = ("rest_day", "ill", "injured", "note_asks", "load_estimated")
TEXTS = ("timing", "hrv_era", "hrv_readings", "illness", "injury", "red_flag")
CODES = ("action", "advised", "pain_0_10")  # whole numbers
LONGEST_NAME = 80  # of an athlete, here and in the database
LONGEST_ADDRESS = 254
