from django.dispatch import Signal

# Sent inside the writing transaction with `athlete_id: int`, `dates: set[date]`, `rings: bool`. Who must not
# lose the news writes its own row there and then: both commit, or neither. `rings` is False for season imports.
day_revised = Signal()

# After commit: an upload waits for the worker. Losing it costs a few seconds, the row is the queue.
upload_waiting = Signal()

# After commit: a mail waits for the worker. Losing it costs a few seconds, too.
mail_waiting = Signal()
