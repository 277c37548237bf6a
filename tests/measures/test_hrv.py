"""An era has one text and one number."""

import pytest

from measures.hrv import Era, era_number


def test_an_eras_text_is_read_back():
    era = Era("rmssd", "oura", "overnight_mean")
    assert str(era) == "rmssd/oura/overnight_mean"
    assert Era.parse(str(era)) == era


@pytest.mark.parametrize("text", ["", "rmssd", "rmssd/oura", "rmssd/oura/overnight_mean/more"])
def test_what_is_no_era_is_refused_by_its_name(text):
    with pytest.raises(ValueError, match=f"'{text}' is no HRV era"):
        Era.parse(text)


def test_the_number_is_the_same_on_every_machine():
    assert era_number("rmssd/oura/overnight_mean") == 1_939_015_897
    assert era_number("") == era_number(None) == 0
