"""What an athlete may answer, as the numbers that the state holds. Worse answers of one kind have higher numbers."""

HOLD_NONE, HOLD_CLINICIAN, HOLD_PREGNANCY, HOLD_HEART, HOLD_REDS = range(5)
# The last is no answer of the athlete: a warning sign stands, or was cleared that day.
ILLNESS_NONE, ILLNESS_ABOVE_NECK, ILLNESS_BELOW_NECK, ILLNESS_FEVER, ILLNESS_WARNING_SIGN = range(5)
TIMING_TRIAL, TIMING_HAND, TIMING_FAT = range(3)  # how a 400 m was timed, the truer the higher
