"""Why a value of a day was chosen, and why another one was not, in words. The day itself keeps the codes."""

CHOSEN = {
    "first": "The first source of HRV, or the best of those there were when the choice was made.",
    "same_as_before": "The source of the days before. Another one would bring another baseline.",
    "unread": "The source before it has not been read for more than 3 days.",
    "seldom_read": "The source before it was read on less than a third as many of the last 28 days.",
    "your_priority": "You put this source before the former one, and it is read often enough.",
    "your_period": "You named this source for these dates, and not the former one.",
    "rmssd_first": "rMSSD counts before SDNN, and this source is read often enough.",
    "steady_first": "A night or a morning at rest counts before a peak or a spot value, and is read often enough.",
}
WITHOUT_VALUE = "It has no reading of this day; after more than 3 such days another source takes over."

REJECTED = {
    "quarantined": "Far from what is usual. It counts once you or your coach confirm it.",
    "lower_priority": "Another source, or a later reading of the same one, comes first.",
    "other_era": "Of another device or way of measuring, which has a baseline of its own.",
    "nap": "A nap is not the night.",
    "not_the_main_sleep": "The longest sleep of the day counts.",
    "replaced_by_longer": "A longer record of the same night holds it.",
    "same_session": "The same session, reported twice; it counts once.",
    "session_reported": "There was a session on this rest day.",
}
