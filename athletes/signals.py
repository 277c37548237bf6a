from django.dispatch import Signal

# Sent inside the writing transaction with `athlete_id: int`, `dates: set[date]`, `rings: bool`. A listener that must not lose
# the news writes its own row there and then, so that both commit or neither does. `rings` is False for season imports.
day_revised = Signal()
