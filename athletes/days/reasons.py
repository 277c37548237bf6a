"""Why a value of a day was chosen, and why another one was not, in words. The day itself keeps the codes."""

from django.utils.translation import gettext_lazy

CHOSEN = {
    "first": gettext_lazy("The first source of HRV, or the best of those there were when the choice was made."),
    "same_as_before": gettext_lazy("The source of the days before. Another one would bring another baseline."),
    "unread": gettext_lazy("The source before it has not been read for more than 3 days."),
    "seldom_read": gettext_lazy("The source before it was read on less than a third as many of the last 28 days."),
    "your_priority": gettext_lazy("You put this source before the former one, and it is read often enough."),
    "your_period": gettext_lazy("You named this source for these dates, and not the former one."),
    "rmssd_first": gettext_lazy("rMSSD counts before SDNN, and this source is read often enough."),
    "steady_first": gettext_lazy(
        "A night or a morning at rest counts before a peak or a spot value, and is read often enough."
    ),
}
WITHOUT_VALUE = gettext_lazy("It has no reading of this day; after more than 3 such days another source takes over.")

REJECTED = {
    "quarantined": gettext_lazy("Far from what is usual. It counts once you or your coach confirm it."),
    "lower_priority": gettext_lazy("Another source, or a later reading of the same one, comes first."),
    "by_day": gettext_lazy("Taken by day. What was measured in the night or on waking counts."),
    "other_era": gettext_lazy("Of another device or way of measuring, which has a baseline of its own."),
    "time_in_bed": gettext_lazy("Time in bed. How much of it was sleep is not known."),
    "nap": gettext_lazy("A nap is not the night."),
    "not_the_main_sleep": gettext_lazy("The longest sleep of the day counts."),
    "replaced_by_longer": gettext_lazy("A longer record of the same night holds it."),
    "same_session": gettext_lazy("The same session, reported twice; it counts once."),
    "session_reported": gettext_lazy("There was a session on this rest day."),
}
