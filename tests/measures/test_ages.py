"""Ages are whole years, counted as people count them."""

from datetime import date

import pytest

from measures.ages import age_years, is_under_18


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        ("2008-11-21", date(2026, 11, 20), 17),
        ("2008-11-21", date(2026, 11, 21), 18),
        ("2008-02-29", date(2026, 2, 28), 17),
        ("2008-02-29", date(2026, 3, 1), 18),
        ("2026-11-20", date(2026, 11, 20), 0),
        ("", date(2026, 11, 20), None),
    ],
)
def test_a_birthday_makes_a_year(born, on, age):
    assert age_years(born, on) == age
    assert is_under_18(born, on) is (age is not None and age < 18)
