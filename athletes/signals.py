from django.dispatch import Signal

# Sent inside the writing transaction with `athlete_id: int`, `dates: set[date]`, `rings: bool`. Who must not
# lose the news writes its own row there and then: both commit, or neither. `rings` is False for season imports.
day_revised = Signal()
