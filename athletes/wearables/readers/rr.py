"""Beat-to-beat intervals to rMSSD: bad beats are dropped, and a recording with too many of them is refused.

One ectopic beat in a hundred trebles the rMSSD of a quiet recording: on a series made with 40.0 ms the raw figure is
138.7 ms, this one 39.9 ms. A beat is bad when it is farther from the median of the 11 around it than the larger of
80 ms and 5.2 times the local median deviation; every successive difference that touches one goes with it.
"""

import math
import re
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.utils.translation import gettext as _

from athletes.wearables.accepting import reading
from athletes.wearables.payloads import decoded, held, json_object, looks_like_json, raw_bytes
from athletes.wearables.readings import (
    Field,
    Item,
    Payload,
    Reader,
    Reading,
    ReadingProfile,
    Tally,
    Unreadable,
    decimal,
    parsed_instant,
    record_id,
    source,
    version_of,
)
from measures.hrv import CONTEXTS
from measures.providers import NAMES

FEWEST_BEATS, MOST_BEATS = 50, 20_000
PLAUSIBLE_MS = (250.0, 2_500.0)  # 240 and 24 beats a minute
MEDIAN_OF = 11
DEVIATION_OF = 91
LEAST_DEVIATION_MS, DEVIATIONS = 80.0, 5.2
MOST_ARTIFACTS_PCT = 10.0
MOST_HEADERS, SECONDS_BELOW = 20, 10.0

TABLE = (
    Field("client_record_id", "client_record_id"),
    Field("client_record_version", "client_record_version"),
    Field("provider", "source.provider"),
    Field("device_model", "source.device_model"),
    Field("measured_at", "hrv_reading.measured_at"),
    Field("timezone", "timezone"),
    Field("context", "hrv_reading.context", "", "required: nobody else knows how it was taken"),
    Field("rr_ms", "hrv_reading.value_ms", "ms", "rMSSD of 50-20,000 intervals, cleaned"),
    Field("time", "hrv_reading.measured_at, client_record_id", "", "text: of the first beat; spot"),
    Field("RR interval", "hrv_reading.value_ms", "ms or s", "text: rMSSD, as above"),
)


class TooManyArtifacts(ValueError):
    """What is left would be a guess."""


@dataclass(frozen=True)
class Cleaned:
    rmssd_ms: float
    artifact_pct: float
    beats: int


def rmssd_of(rr_ms: Sequence[float]) -> Cleaned:
    """rMSSD of the good beats. ValueError: too few beats, another unit, or too many artefacts."""
    if len(rr_ms) < FEWEST_BEATS:
        raise ValueError(_("At least %(fewest)d intervals are needed.") % {"fewest": FEWEST_BEATS})
    if not all(math.isfinite(ms) for ms in rr_ms):
        raise ValueError(_("Every interval must be a finite number."))
    if not PLAUSIBLE_MS[0] <= median(rr_ms) <= PLAUSIBLE_MS[1]:
        raise ValueError(_("The intervals are not milliseconds between two heartbeats."))
    good = good_beats(rr_ms)
    artifact_pct = 100 * (1 - sum(good) / len(good))
    if artifact_pct > MOST_ARTIFACTS_PCT:
        raise TooManyArtifacts(_("More than %(pct)g %% of the beats are artefacts.") % {"pct": MOST_ARTIFACTS_PCT})
    squares = [
        (after - before) ** 2
        for before, after, one, other in zip(rr_ms, rr_ms[1:], good, good[1:], strict=False)
        if one and other
    ]
    return Cleaned(math.sqrt(math.fsum(squares) / len(squares)), artifact_pct, len(rr_ms))


def good_beats(rr_ms: Sequence[float]) -> list[bool]:
    from_median = [abs(ms - middle) for ms, middle in zip(rr_ms, running_median(rr_ms, MEDIAN_OF), strict=True)]
    usual = running_median(from_median, DEVIATION_OF)
    return [
        PLAUSIBLE_MS[0] <= ms <= PLAUSIBLE_MS[1] and off <= max(LEAST_DEVIATION_MS, DEVIATIONS * deviation)
        for ms, off, deviation in zip(rr_ms, from_median, usual, strict=True)
    ]


def running_median(values: Sequence[float], width: int) -> list[float]:
    """The median of the `width` values around each; at the ends of those there are."""
    half, window, medians = width // 2, sorted(values[: width // 2]), []
    for index in range(len(values)):
        if index + half < len(values):
            insort(window, values[index + half])
        if index > half:
            del window[bisect_left(window, values[index - half - 1])]
        middle = len(window) // 2
        medians.append(window[middle] if len(window) % 2 else (window[middle - 1] + window[middle]) / 2)
    return medians


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    if looks_like_json(payload := held(payload)):
        yield from read_json(payload, tally, profile)
    else:
        yield from read_text(payload, tally, profile)


def read_text(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    """As loggers write it: a beat a line, with its time or below the time of the first. It says nothing of posture."""
    beats = list(beats_of(decoded(raw_bytes(payload)), profile))
    if not beats:
        raise Unreadable("wrong_provider", _("Holds no list of RR intervals."))
    at = next((each for each, _value in beats if each is not None), None)
    if at is None:
        raise Unreadable("no_time", _("The file does not say when the beats were recorded: put the time above them."))
    tally.used |= {"time", "RR interval"}
    cleaned = cleaned_or_found(tally, "RR interval", in_ms([value for _at, value in beats if value is not None]))
    if cleaned is not None:
        yield from reading(
            "hrv_reading", "RR interval", tally, client_record_id=record_id("rr", int(at.timestamp())),
            client_record_version=version_of(None, profile), source=source("other"), measured_at=at, metric="rmssd",
            context="spot", value_ms=cleaned.rmssd_ms,
        )  # fmt: skip


def beats_of(text: str, profile: ReadingProfile) -> Iterator[tuple[datetime | None, float | None]]:
    """(time, interval) of each line: Polar Sensor Logger, HRV Logger, and plain lists of Kubios and Elite HRV.

    A line that is neither is a header or a remark; far below the top it shows that this is another kind of file.
    """
    for number, line in enumerate(text.splitlines()):
        cells = [cell.strip() for cell in re.split(r"[;,\t]", line)]
        at = parsed_instant(cells[0], profile)
        value = decimal(cells[1] if at is not None and len(cells) > 1 else cells[0])
        if at is not None or value is not None:
            yield at, value
        elif line.strip() and number >= MOST_HEADERS:
            return


def in_ms(values: list[float]) -> list[float]:
    """Kubios writes seconds: no heart beats every 10 ms, and none waits 10 s."""
    return [1000 * value for value in values] if values and median(values) < SECONDS_BELOW else values


def read_json(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    root = json_object(payload, tally)
    if "rr_ms" not in root.raw:
        raise Unreadable("wrong_provider", _("Holds no rr_ms."))
    cleaned = cleaned_of(root)
    name, version = root.ident("client_record_id"), root.number("client_record_version")
    measured_at, zone, context = root.instant("measured_at", profile), root.zone("timezone"), context_of(root)
    provider = root.choice("provider", [*NAMES], "unknown_provider", "Not a provider the API knows.")
    provenance = source(provider or "other", device_model=root.text("device_model"))
    root.settle()
    if cleaned is not None and context is not None:
        yield from reading(
            "hrv_reading", "rr_ms", tally, client_record_id=name and record_id(name),
            client_record_version=version_of(None, profile) if version is None else int(version), source=provenance,
            measured_at=measured_at, timezone=zone, metric="rmssd", context=context, value_ms=cleaned.rmssd_ms,
        )  # fmt: skip


def context_of(root: Item) -> str | None:
    context = root.choice("context", [*CONTEXTS], "unknown_context", "Not a context the API knows.")
    if context is None:
        root.find("context", "no_context", _("How it was taken must be said."))
    return context


def cleaned_of(root: Item) -> Cleaned | None:
    values = root.get("rr_ms")
    if not isinstance(values, list) or any(isinstance(ms, bool) or not isinstance(ms, int | float) for ms in values):
        root.find("rr_ms", "not_numbers", _("Must be a list of numbers."))
        return None
    if len(values) > MOST_BEATS:
        root.find("rr_ms", "too_many_beats", _("At most %(most)d intervals.") % {"most": MOST_BEATS})
        return None
    return cleaned_or_found(root.tally, "rr_ms", values)


def cleaned_or_found(tally: Tally, where: str, rr_ms: Sequence[float]) -> Cleaned | None:
    try:
        cleaned = rmssd_of(rr_ms)
    except TooManyArtifacts as refusal:
        tally.find(where, "too_many_artifacts", str(refusal))
    except (ValueError, OverflowError) as refusal:
        tally.find(where, "unusable_intervals", str(refusal))
    else:
        if cleaned.artifact_pct:
            tally.find(
                where, "artifacts_dropped", _("%(pct).1f %% of the beats were dropped.") % {"pct": cleaned.artifact_pct}
            )
        return cleaned
    return None


READER = Reader(
    name="rr",
    title="RR intervals (JSON; text of Polar Sensor Logger, HRV Logger, Kubios, Elite HRV)",
    provider="other",
    formats=("json", "txt", "rr", "csv"),
    function=read,
    table=TABLE,
    day_rule="as any HRV reading: overnight ones on the day their night ends",
    identity="client_record_id and client_record_version of the sender",
)
READERS = (READER,)
