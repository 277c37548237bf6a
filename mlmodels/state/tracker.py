"""One definition of every feature: an incremental tracker of n athletes, one local day at a time.

Serving, training and evaluation all run this code. ``morning`` answers with what is known before today's session and
does not advance; ``evening`` closes the day. Days follow one another without gaps: a day of which nothing is known is
a ``Morning`` and an ``Evening`` of NaN. What is carried is declared in ``carry``; the parts work it out.

Method: Zhang, Wang & Niu 2026, doi 10.1038/s41598-026-41946-w (the six-part state); windows and lines in ``risk``.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from mlmodels.state.arrays import BoolArray, FloatArray, IntArray
from mlmodels.state.days import Evening, Morning, Profiles, same_for_all
from mlmodels.state.habits import Habits
from mlmodels.state.load import Load
from mlmodels.state.memory import Clock, PackedOrder
from mlmodels.state.observation import Observation
from mlmodels.state.performance import Performance
from mlmodels.state.signals import Signals
from mlmodels.state.table import ROWS, STATE_VERSION, TABLE

_PACKED_ORDER = PackedOrder((Signals, Load, Performance, Habits))
_HEADER = struct.Struct("<4sHHQ")  # magic, STATE_VERSION, values in the row, reserved
_MAGIC = b"HSTR"

# Shown as reported, under the name of the morning's field; flags are shown as 1 where it is above 0.
_REPORTED = (
    "weekday", "illness", "pain_0_10", "soreness_1_5", "fatigue_1_5", "readiness", "days_to_main_race",
    "hours_since_top_speed_h", "hrv_rmssd_ms", "sleep_h", "resting_hr_bpm", "worst_item_1_5", "hrv_doubted_ms",
    "zones_to_settle",
)  # fmt: skip
_FLAGS = ("ill", "injured", "niggle", "red_flag", "note_asks")
_OTHER_NAME = {"readiness": "readiness_1_5"}  # of the observation
_SHAREABLE = [(_OTHER_NAME.get(name, name), name) for name in (*_REPORTED, *_FLAGS)]
_SHOWN_REPORTED = [(ROWS[_OTHER_NAME.get(name, name)], name) for name in _REPORTED]
_SHOWN_FLAGS = [(ROWS[name], name) for name in _FLAGS]


class Tracker:
    """The carry of n athletes in four parts: 70 values and 10 rings each (3 KB), all float64.

    A step of ``morning`` and ``evening`` costs O(n) numpy work and no Python loop over athletes.
    """

    def __init__(self, n: int, profiles: Profiles | None = None) -> None:
        self._begin(n, Profiles.default(n) if profiles is None else profiles, seeded=True)

    def _begin(self, n: int, profiles: Profiles, *, seeded: bool) -> None:
        self.n, self.profiles, self._clock = n, profiles, Clock()
        self._signals = Signals(n, self._clock)
        self._load = Load(n, self._clock, profiles.seed_load_au if seeded else None)
        self._performance = Performance(n, self._clock)
        self._habits = Habits(n, self._clock)
        self._parts = self._signals, self._load, self._performance, self._habits

    def morning(self, m: Morning) -> Observation:
        """What is known this morning. Does not advance; may be asked again with other values for the same day."""
        with np.errstate(divide="ignore", invalid="ignore"):
            table = np.empty((len(TABLE), self.n))
            self._see_today(m, table)
            self._signals.see(m, self.profiles.age_years, table)
            self._load.see(m, table)
            self._performance.see(table)
            self._habits.see(table)
        return Observation.of_table(table, self._shared(m))

    def evening(self, m: Morning, e: Evening) -> None:
        """Close the day of ``m`` with what became known of it, and advance one local day."""
        with np.errstate(divide="ignore", invalid="ignore"):
            look = self._signals.look(m, self.profiles.age_years)
            self._signals.close(m, look)
            self._performance.close(e)
            day = self._load.close(m, e, look.z[0])
            self._habits.close(m, day, self._load, look.value, look.z[2:])
        self._clock.day += 1
        self._load.days += 1.0

    def _see_today(self, m: Morning, table: FloatArray) -> None:
        for row, name in _SHOWN_REPORTED:
            table[row] = getattr(m, name)
        for row, name in _SHOWN_FLAGS:
            table[row] = getattr(m, name) > 0
        table[ROWS["age_years"]], table[ROWS["advice_hold"]] = self.profiles.age_years, self.profiles.advice_hold

    def _shared(self, m: Morning) -> dict[str, float]:
        if not self.n:
            return {}
        known = [(field, getattr(m, name)) for field, name in _SHAREABLE]
        known += (("age_years", self.profiles.age_years), ("advice_hold", self.profiles.advice_hold))
        shared = {field: column.item(0) for field, column in known if same_for_all(column)}
        # One and the same NaN, so that equal mornings are equal keys.
        shared = {field: value if value == value else math.nan for field, value in shared.items()}
        shared |= {field: float(shared[field] > 0) for field in _FLAGS if field in shared}
        if math.isnan(shared.get("pain_0_10", 0.0)):
            shared["pain_rising"] = 0.0
        return shared

    # --- asked beside the observation ---

    @property
    def hrv_era(self) -> FloatArray:
        """(n,) the number of the era that HRV is read in, 0 = none yet; may be written in place."""
        return self._signals.hrv_era

    def sleep_baseline(self, same: BoolArray | bool = True) -> tuple[FloatArray, FloatArray]:
        """Own mean and SD of the sleep score, NaN below the least number of nights; ``same``: no new source today."""
        return self._signals.sleep_baseline(same)

    def recent_loads_au(self) -> FloatArray:
        """Loads of the last 28 days as used (reported or imputed), (28, n), yesterday first."""
        return self._load.loads.back(28)

    def hrv_turns(self, m: Morning) -> BoolArray:
        """Whose HRV is of another era from this morning on, whether that era has read anything today or not."""
        return self._signals.hrv_turns(m)

    def turn_hrv(self, index: IntArray, era: FloatArray, past_ms: FloatArray) -> None:
        """Go on with another HRV era, whose own readings take the place of the former one's in every window.

        ``index``, ``era``: (k,) which athletes, and the number of the era; ``past_ms``: (67, k) rMSSD ms of the days
        before today, yesterday first, NaN where that era read nothing. An era that nobody turned to starts anew.
        """
        self._signals.turn_hrv(index, era, past_ms)

    # --- athletes taken out, put in, packed ---

    @classmethod
    def _from(cls, packed: FloatArray, profiles: Profiles) -> Tracker:
        tracker = cls.__new__(cls)
        tracker._begin(packed.shape[1], profiles, seeded=False)
        _PACKED_ORDER.adopt(tracker._parts, packed)
        return tracker

    def select(self, index: Any) -> Tracker:
        """A copy of some athletes (any numpy index)."""
        return Tracker._from(_PACKED_ORDER.packed(self._parts)[:, index], self.profiles.select(index))

    def put(self, index: Any, other: Tracker) -> None:
        """Replace the athletes at ``index`` by those of ``other``, profiles included: a new season in their place."""
        at = np.arange(self.n)[index]
        for part, others in zip(self._parts, other._parts, strict=True):
            part.put(at, others)
        self._signals.forget_look()
        columns = [getattr(self.profiles, f.name).copy() for f in fields(Profiles)]
        for column, f in zip(columns, fields(Profiles), strict=True):
            column[index] = getattr(other.profiles, f.name)
        self.profiles = Profiles(*columns)

    def pack(self) -> list[bytes]:
        """One row of bytes an athlete, bit-exact; ``unpack`` refuses another version."""
        header = _HEADER.pack(_MAGIC, STATE_VERSION, _PACKED_ORDER.values, 0)
        return [header + row.tobytes() for row in np.ascontiguousarray(_PACKED_ORDER.packed(self._parts).T)]

    @classmethod
    def unpack(cls, blobs: Sequence[bytes], profiles: Profiles | None = None) -> Tracker:
        """Athletes from their rows. A row of another version or length is a ValueError: rebuild it from the days."""
        size = _HEADER.size + 8 * _PACKED_ORDER.values
        expected = _HEADER.pack(_MAGIC, STATE_VERSION, _PACKED_ORDER.values, 0)
        for i, blob in enumerate(blobs):
            if len(blob) != size or bytes(blob[: _HEADER.size]) != expected:
                raise ValueError(f"row {i} is no tracker row of version {STATE_VERSION}; rebuild it from the days")
        table = np.frombuffer(b"".join(blobs), dtype=np.uint8).reshape(len(blobs), size)[:, _HEADER.size :]
        values = np.ascontiguousarray(table).view(np.float64)
        return cls._from(values.T.copy(), Profiles.default(len(blobs)) if profiles is None else profiles)
