"""The reading, if the API would take it; else findings. The limits are the API's own, read off its serializers."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from athletes.serializers import (
    BODIES,
    HIGHEST_BPM,
    LONGEST_SLEEP_S,
    LONGEST_ZONE_S,
    MOST_ZONES,
    STAGES,
    CheckInBody,
    HrvOfCheckIn,
    too_little_asleep,
)
from athletes.wearables.readings import Reading, Tally, rfc3339
from measures.quality import STAGES_TOLERANCE_S
from rest.strict import StrictSerializer

# Convention: nobody covers under 100 m in ten minutes of a session that has a distance, or more than 90 km in an hour.
LONG_MIN, SHORTEST_M, FASTEST_M_MIN = 10.0, 100.0, 1500.0


@dataclass(frozen=True)
class Limit:
    low: float
    high: float
    zero_is_missing: bool
    step: float
    whole: bool
    required: bool


@cache
def limits_of(kind: str) -> dict[str, Limit]:
    """The API's own limits of each number, read off its serializers."""
    bodies: dict[str, type[StrictSerializer]] = {**BODIES, "check_in": CheckInBody, "hrv": HrvOfCheckIn}
    fields: Mapping[str, Any] = dict(bodies[kind]().fields)
    return {
        name: Limit(
            -math.inf if f.min_value is None else float(f.min_value),
            math.inf if f.max_value is None else float(f.max_value),
            f.zero_is_missing,
            getattr(f, "step", None) or 0.0,
            not hasattr(f, "step"),
            f.required,
        )
        for name, f in fields.items()
        if hasattr(f, "zero_is_missing") and not f.read_only
    }


def refusal_of(value: float, limit: Limit) -> tuple[str, str] | None:
    if limit.zero_is_missing and value in (0, -1):
        return "missing_sentinel", _("0 and -1 are not measurements.")
    if not limit.low <= value <= limit.high:
        bounds = {"low": limit.low, "high": limit.high}
        return "out_of_range", _("Must lie between %(low)g and %(high)g: another unit?") % bounds
    if limit.step and not math.isclose(value / limit.step, round(value / limit.step), abs_tol=1e-9):
        return "step", _("Must be a multiple of %(step)g.") % {"step": limit.step}
    return None


def within_limits(kind: str, data: dict[str, Any], where: str, tally: Tally) -> dict[str, Any] | None:
    """`data` without what is null or out of range, each with its finding. None: something required is missing."""
    limits, kept = limits_of(kind), {}
    for name, value in data.items():
        limit = limits.get(name)
        if value is None or limit is None or isinstance(value, bool):
            kept[name] = value
            continue
        number = round(value) if limit.whole and math.isfinite(value) else value
        refusal = refusal_of(number, limit)
        if refusal:
            tally.find(f"{where} ({name})" if where else name, *refusal)
        else:
            kept[name] = number
    missing = [name for name, limit in limits.items() if limit.required and kept.get(name) is None]
    if missing and all(name not in data or data[name] is None for name in missing):
        tally.find(where, "nothing_measured", nothing_measured(missing[0]))
    return None if missing else {name: value for name, value in kept.items() if value is not None}


WHY_LEFT_OUT = {
    "client_record_id": gettext_noop("Left out: it has neither an id nor a time by which it could be known again."),
    **dict.fromkeys(("measured_at", "started_at", "tested_at"), gettext_noop("Left out: it does not say when it was.")),
    **dict.fromkeys(("start_at", "end_at"), gettext_noop("Left out: the start or the end of the sleep is not told.")),
    "date": gettext_noop("Left out: it has no date."),
}
MEASURED = {
    "value_ms": gettext_noop("Left out: it tells no HRV."),
    "value_bpm": gettext_noop("Left out: it tells no resting heart rate."),
    "duration_min": gettext_noop("Left out: it does not say how long the session was."),
    "time_s": gettext_noop("Left out: it tells no time of the test."),
}


def nothing_measured(name: str) -> str:
    return _(MEASURED[name]) if name in MEASURED else _("Left out: it tells no value.")


NEEDED = {
    "hrv_reading": ("client_record_id", "measured_at"),
    "resting_hr_reading": ("client_record_id", "measured_at"),
    "sleep_session": ("client_record_id", "start_at", "end_at"),
    "training_session": ("client_record_id", "started_at"),
    "performance_test": ("client_record_id", "tested_at"),
    "rest_day": ("client_record_id", "date"),
    "check_in": ("date",),
}


def reading(kind: str, where: str, tally: Tally, /, **data: Any) -> Iterator[Reading]:
    """The reading, if the API would take it; else findings. Instants are given as datetimes."""
    missing = [name for name in NEEDED[kind] if not data.get(name)]
    if missing:
        tally.find(where, f"no_{missing[0]}", _(WHY_LEFT_OUT[missing[0]]))
        return
    kept = within_limits(kind, data, where, tally)
    if kept is not None and kind == "sleep_session":
        kept = coherent_night(kept, where, tally)
    if kept is not None and kind == "training_session":
        kept = coherent_session(kept, where, tally)
    if kept is not None:
        written = {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in kept.items()}
        yield Reading(kind, written)


def coherent_night(data: dict[str, Any], where: str, tally: Tally) -> dict[str, Any] | None:
    """Parts that do not fit into the whole are left out: the start and the end are what the watch knows best."""
    span_s = (data["end_at"] - data["start_at"]).total_seconds()
    if not 0 < span_s <= LONGEST_SLEEP_S:
        tally.find(where, "impossible_session", _("Must end after it starts, and within 24 h."))
        return None
    left_out: list[str] = []
    if data.get("time_in_bed_s", 0) > span_s + STAGES_TOLERANCE_S:
        left_out.append("time_in_bed_s")
    bed_s = span_s if left_out else data.get("time_in_bed_s", span_s)
    if data.get("duration_s", 0) > bed_s + STAGES_TOLERANCE_S:
        left_out.append("duration_s")
    stages = [f"{stage}_s" for stage in STAGES]
    if sum(data.get(name, 0) for name in stages) > bed_s + STAGES_TOLERANCE_S:
        left_out += stages
    for name in left_out:
        if name in data:
            tally.find(f"{where} ({name})", "longer_than_the_night", _("Left out: it does not fit into the night."))
    kept = {name: value for name, value in data.items() if name not in left_out}
    if "duration_s" in kept and too_little_asleep(kept, span_s):
        tally.find(f"{where} (duration_s)", "implausible_unit", _("Left out: under a quarter of the night."))
        del kept["duration_s"]
    if not tells_sleep(kept):
        tally.find(where, "no_sleep_told", _("A time in bed without a length of sleep: it is not counted as sleep."))
        return None
    return kept


def tells_sleep(night: Mapping[str, Any]) -> bool:
    """A start and an end alone are a time in bed. Stored, they would count as asleep from one to the other."""
    return "duration_s" in night or any(night.get(f"{stage}_s") for stage in STAGES if stage != "awake")


def coherent_session(data: dict[str, Any], where: str, tally: Tally) -> dict[str, Any]:
    """A highest heart rate below the mean one is neither. No zones are no field."""
    highest, mean = data.get("max_hr_bpm"), data.get("avg_hr_bpm")
    impossible = highest is not None and mean is not None and highest < mean
    if impossible:
        tally.find(f"{where} (max_hr_bpm)", "below_the_average", _("Left out: it lies below the mean heart rate."))
    left_out = {"max_hr_bpm"} if impossible else set()
    if not plausible_distance(data.get("distance_m"), data["duration_min"]):
        tally.find(f"{where} (distance_m)", "implausible_unit", _("Left out: no distance for this time, in metres."))
        left_out.add("distance_m")
    if data.get("distance_m") == 0:
        left_out.add("distance_m")  # indoors: not measured
    return {name: value for name, value in data.items() if name not in left_out and value != []}


def plausible_distance(distance_m: float | None, duration_min: float) -> bool:
    """Kilometres told as metres, or metres as kilometres."""
    if not distance_m:
        return True
    shortest_m = SHORTEST_M if duration_min >= LONG_MIN else 0.0
    return shortest_m <= distance_m <= FASTEST_M_MIN * duration_min


def first_length(*lengths: float | None) -> float | None:
    """The first that is one: a watch that saw no movement tells a moving time of 0 beside the time that passed."""
    return next((length for length in lengths if length), None)


def hr_zones(told: Iterable[tuple[float | None, float | None, float | None]]) -> list[dict[str, float]]:
    """(low bpm, high bpm, seconds) as the field of a training session; what is no stretch of either is left out."""
    return [
        {"low_bpm": float(low), "high_bpm": float(high), "duration_s": float(seconds)}
        for low, high, seconds in told
        if low is not None and high is not None and seconds
        and 0 <= low < high <= HIGHEST_BPM and 0 < seconds <= LONGEST_ZONE_S
    ][:MOST_ZONES]  # fmt: skip


def deletion(kind: str, *, source: dict[str, str], client_record_id: str, client_record_version: int) -> Reading:
    data = {"client_record_id": client_record_id, "client_record_version": client_record_version, "source": source}
    return Reading(kind, data, deleted=True)
