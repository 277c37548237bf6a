"""An observation in the database: numbers in an order that never changes, back to the last bit."""

import math
import struct
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmodels.state import layouts
from mlmodels.state.observation import Observation
from mlmodels.state.table import STATE_VERSION

EVERY = st.dictionaries(
    st.sampled_from(layouts.LAYOUTS[3]), st.none() | st.floats(allow_nan=False) | st.integers(0, 99)
)


def test_the_newest_layout_is_the_observation_of_today():
    """Another observation is another layout: add one, under the next STATE_VERSION, and leave those of before."""
    assert layouts.NEWEST == STATE_VERSION
    assert layouts.LAYOUTS[STATE_VERSION] == tuple(field.name for field in fields(Observation))
    assert set(layouts.LAYOUTS[STATE_VERSION]) >= layouts.WHOLE


def test_the_layouts_of_before_are_as_they_were():
    assert {number: (len(names), hash_of(names)) for number, names in layouts.LAYOUTS.items()} == {3: (106, 3667890187)}


def hash_of(names):
    from zlib import crc32

    return crc32(" ".join(names).encode())


@given(EVERY)
def test_what_goes_in_comes_out_to_the_last_bit(row):
    again = layouts.unpack(layouts.pack(row))
    assert again == dict.fromkeys(layouts.LAYOUTS[3]) | row
    assert all(math.copysign(1, again[name]) == math.copysign(1, value) for name, value in row.items() if value == 0)


def test_flags_and_counts_come_back_whole_and_measurements_as_they_are():
    again = layouts.unpack(layouts.pack({"hrv_low_days": 3.0, "hrv_rmssd_ms": 61.0, "sleep_h": None}))
    assert (repr(again["hrv_low_days"]), repr(again["hrv_rmssd_ms"])) == ("3", "61.0")
    assert again["sleep_h"] is None


def test_a_name_that_has_no_place_is_refused_and_an_order_that_is_not_known_too():
    with pytest.raises(ValueError, match=r"layout 3 of an observation has no \['moon_phase'\]"):
        layouts.pack({"moon_phase": 1.0})
    with pytest.raises(KeyError):
        layouts.unpack(struct.pack("<H", 999) + bytes(848))
