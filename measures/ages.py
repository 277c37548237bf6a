"""Ages in whole years, as everybody counts them."""

from datetime import date

from measures import risk


def age_years(born: str, on: date) -> int | None:
    """Whole years on that day; None where no birth date is known. `born`: an ISO date, as it is kept.

    Who was born on 29 February is a year older on 1 March where there is no 29th.
    """
    if not born:
        return None
    birth = date.fromisoformat(born)
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def is_under_18(born: str, on: date) -> bool:
    """False where no birth date is known."""
    age = age_years(born, on)
    return age is not None and age < risk.ADULT_YEARS
