"""Open Wearables: what its phone SDK uploads, and what its webhooks deliver.

The SDK sends one record a stage of sleep: those of one parentId are one night. A webhook's group event and its granular
ones both fire for a batch: the same readings get the same ids. The metric is taken from the type alone; the group type
`heart_rate_variability` of a webhook names none, so there each sample's own type must.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from athletes.wearables import sports
from athletes.wearables.accepting import first_length, reading
from athletes.wearables.merging import STAGED, Segment, Session, fit
from athletes.wearables.payloads import json_object
from athletes.wearables.readings import (
    Field,
    Item,
    Payload,
    Reader,
    Reading,
    ReadingProfile,
    Tally,
    Unreadable,
    one_of,
    record_id,
    source,
    version_of,
)
from measures.providers import NAMES

METRICS = {
    "HKQuantityTypeIdentifierHeartRateVariabilitySDNN": "sdnn",
    "heart_rate_variability_sdnn": "sdnn",
    "HEART_RATE_VARIABILITY": "rmssd",
    "HEART_RATE_VARIABILITY_RMSSD": "rmssd",
    "heart_rate_variability_rmssd": "rmssd",
}
TABLE = (
    Field("data.records[].id", "client_record_id"),
    Field("data.records[].type", "hrv_reading.metric", "", "rMSSD or SDNN by its name, spot"),
    Field("data.records[].startDate", "hrv_reading.measured_at"),
    Field("data.records[].zoneOffset", "its offset"),
    Field("data.records[].value", "hrv_reading.value_ms, resting_hr_reading.value_bpm", "as unit says"),
    Field("data.records[].unit", "ms or s -> ms; bpm"),
    Field("data.records[].source", "source.device_model", "", "its deviceModel or name"),
    Field("data.sleep[].id", "client_record_id", "", "where there is no parentId"),
    Field("data.sleep[].parentId", "client_record_id", "", "one night"),
    Field("data.sleep[].stage", "sleep_session.awake_s, light_s, deep_s, rem_s, duration_s, time_in_bed_s"),
    Field("data.sleep[].startDate", "sleep_session.start_at"),
    Field("data.sleep[].endDate", "sleep_session.end_at"),
    Field("data.sleep[].zoneOffset", "their offset"),
    Field("data.sleep[].values[].type", "sleepScore"),
    Field("data.sleep[].values[].value", "sleep_session.score", "0-100"),
    Field("data.workouts[].id", "client_record_id"),
    Field("data.workouts[].type", "training_session.kind"),
    Field("data.workouts[].startDate", "training_session.started_at"),
    Field("data.workouts[].endDate", "training_session.duration_min", "to min"),
    Field("data.workouts[].zoneOffset", "its offset"),
    Field("data.workouts[].values[].type", "distance, meanHeartRate, averageHeartRate or maxHeartRate"),
    Field(
        "data.workouts[].values[].value",
        "training_session.distance_m, training_session.avg_hr_bpm, training_session.max_hr_bpm",
        "as unit says",
    ),
    Field("data.workouts[].values[].unit", "m, km or mi -> m; bpm"),
    Field("type", "which event of a webhook"),
    Field("data.user_id", "", "", "one payload, one person"),
    Field("data.samples[].timestamp", "hrv_reading.measured_at, client_record_id", "", "webhook"),
    Field("data.samples[].zone_offset", "its offset"),
    Field("data.samples[].type", "hrv_reading.metric"),
    Field("data.samples[].value", "hrv_reading.value_ms, resting_hr_reading.value_bpm", "as unit says"),
    Field("data.samples[].unit", "ms or s -> ms; bpm"),
    Field("data.samples[].source.provider", "source.provider", "", "a known one; else open_wearables"),
    Field("data.samples[].source.device", "source.device_model"),
    Field("data.id", "client_record_id", "", "webhook: sleep, workout"),
    Field("data.start_time", "sleep_session.start_at, training_session.started_at"),
    Field("data.end_time", "sleep_session.end_at, training_session.duration_min"),
    Field("data.zone_offset", "their offset"),
    Field("data.efficiency_percent", "sleep_session.efficiency_pct", "%"),
    Field("data.stages.awake_minutes", "sleep_session.awake_s", "min -> s"),
    Field("data.stages.light_minutes", "sleep_session.light_s", "min -> s"),
    Field("data.stages.deep_minutes", "sleep_session.deep_s", "min -> s"),
    Field("data.stages.rem_minutes", "sleep_session.rem_s", "min -> s"),
    Field("data.is_nap", "sleep_session.is_nap"),
    Field("data.source.provider", "source.provider", "", "a known one; else open_wearables"),
    Field("data.source.device", "source.device_model"),
    Field("data.type", "training_session.kind"),
    Field("data.workout_type", "training_session.kind", "", "where there is no type"),
    Field("data.avg_heart_rate_bpm", "training_session.avg_hr_bpm", "bpm"),
    Field("data.max_heart_rate_bpm", "training_session.max_hr_bpm", "bpm"),
    Field("data.distance_meters", "training_session.distance_m", "m"),
    Field("data.sleep_duration_seconds", "sleep_session.duration_s", "s", "where there are no stages"),
)
NOT_USED = {
    "data.duration_seconds": "from start to end, which are used",
    "series_type": "a group's name says no metric; each sample's own type does",
    "samples of other types": "counted by their name",
    "data.chunk_index": "each chunk is read for itself",
}
RESTING_HR = {"HKQuantityTypeIdentifierRestingHeartRate", "RESTING_HEART_RATE", "resting_heart_rate"}
BEATS_A_MINUTE = ("bpm", "count/min")
STAGES = {
    "in_bed": "in_bed", "inBed": "in_bed", "awake": "awake", "sleeping": "asleep", "light": "light", "deep": "deep",
    "rem": "rem", "unknown": "unknown",
}  # fmt: skip
IN_MS = {"ms": 1.0, "s": 1000.0}
STATISTICS = {
    "distance": ("distance_m", {"m": 1.0, "km": 1000.0, "mi": 1609.344}),
    "meanHeartRate": ("avg_hr_bpm", {"bpm": 1.0, "count/min": 1.0}),
    "averageHeartRate": ("avg_hr_bpm", {"bpm": 1.0, "count/min": 1.0}),
    "maxHeartRate": ("max_hr_bpm", {"bpm": 1.0, "count/min": 1.0}),
}


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    root = json_object(payload, tally)
    data = root.item("data")
    if data is None:
        raise Unreadable("wrong_provider", _("Holds no data of Open Wearables."))
    event = root.text("type") or ""
    tally.belongs_to(data.ident("user_id"))
    if event.startswith("sleep."):
        yield from told_sleep(data, tally, profile)
    elif event.startswith("workout."):
        yield from told_workout(data, tally, profile)
    elif event:
        for item in data.each("samples"):
            yield from told_sample(item, tally, profile)
    elif not {"records", "sleep", "workouts"} & set(data.raw):
        raise Unreadable("wrong_provider", _("Holds neither records nor sleep nor workouts."))
    else:
        yield from uploaded(data, tally, profile)
    root.settle()


# --- the SDK's upload ------------------------------------------------------------------------------------------------


def uploaded(data: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    for item in data.each("records"):
        yield from record(item, tally, profile)
    nights: dict[str, list[Segment]] = defaultdict(list)
    scores: dict[str, float] = {}
    for item in data.each("sleep"):
        collect_stage(item, nights, scores, tally, profile)
    for name, segments in nights.items():
        session = Session(tuple(segments))
        yield from reading(
            "sleep_session", segments[0].where, tally, client_record_id=record_id(name),
            client_record_version=version_of(session.last.end, profile), source=source("open_wearables"),
            **session.data(), score=scores.get(name),
        )  # fmt: skip
    for item in data.each("workouts"):
        yield from workout(item, tally, profile)


def at(item: Item, name: str, offset_name: str, profile: ReadingProfile) -> datetime | None:
    instant, offset = item.instant(name, profile), item.offset(offset_name)
    return instant and instant.astimezone(offset or instant.tzinfo)


def value_ms(item: Item) -> float | None:
    value, unit = item.measured("value"), item.text("unit")
    if value is None:
        return None
    if unit not in IN_MS:
        item.find("unit", "unknown_unit", _("Must be ms or s."))
        return None
    return value * IN_MS[unit]


def value_bpm(item: Item) -> float | None:
    value, unit = item.measured("value"), item.text("unit")
    if value is not None and unit not in BEATS_A_MINUTE:
        item.find("unit", "unknown_unit", _("Must be bpm or count/min."))
        return None
    return value


def measured(
    item: Item, kind: str, name: str | None, measured_at: datetime | None, provenance: dict[str, str], tally: Tally,
    profile: ReadingProfile,
) -> Iterator[Reading]:  # fmt: skip
    """HRV, whose metric its type names, or a resting heart rate."""
    common = {
        "client_record_id": name, "client_record_version": version_of(None, profile), "source": provenance,
        "measured_at": measured_at,
    }  # fmt: skip
    if kind in RESTING_HR:
        if (bpm := value_bpm(item)) is not None:
            yield from reading("resting_hr_reading", item.where, tally, **common, value_bpm=bpm)
    elif (ms := value_ms(item)) is not None:
        yield from reading(
            "hrv_reading", item.where, tally, **common, metric=METRICS[kind], context="spot", value_ms=ms
        )


def is_wanted(item: Item, kind: str, tally: Tally) -> bool:
    if kind in METRICS or kind in RESTING_HR:
        return True
    tally.ignored[(kind or "samples without a type")[:80]] += 1
    item.asked.update(item.raw)
    return False


def record(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = item.text("type") or ""
    if is_wanted(item, kind, tally):
        name, told = item.ident("id"), item.get("source")
        device = (told.get("deviceModel") or told.get("name")) if isinstance(told, dict) else told
        provenance, measured_at = (
            source("open_wearables", device_model=device),
            at(item, "startDate", "zoneOffset", profile),
        )
        yield from measured(item, kind, name and record_id(name), measured_at, provenance, tally, profile)


def collect_stage(
    item: Item, nights: dict[str, list[Segment]], scores: dict[str, float], tally: Tally, profile: ReadingProfile
) -> None:
    own, parent, stage = item.ident("id"), item.ident("parentId"), item.text("stage")
    name = parent or own
    start, end = at(item, "startDate", "zoneOffset", profile), at(item, "endDate", "zoneOffset", profile)
    for told in item.each("values"):
        score = told.number("value")
        if told.text("type") == "sleepScore" and name and score is not None:
            scores[name] = score
    if name is None or stage not in STAGES or start is None or end is None:
        item.find("stage", "unusable_stage", _("Needs an id, a known stage, a start and an end."))
        return
    segment = Segment(STAGES[stage], start, end, name, item.where)
    if fit(segment, tally):
        nights[name].append(segment)


def workout(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    start, end = at(item, "startDate", "zoneOffset", profile), item.instant("endDate", profile)
    told = dict(statistics(item))
    yield from session_of(
        item, item.text("type"), start, end, source("open_wearables"), tally, profile,
        avg_hr_bpm=told.get("avg_hr_bpm"), max_hr_bpm=told.get("max_hr_bpm"), distance_m=told.get("distance_m"),
    )  # fmt: skip


def statistics(item: Item) -> Iterator[tuple[str, float]]:
    """A workout's values[]: each names its type and unit."""
    for told in item.each("values"):
        field_name, units = STATISTICS.get(told.text("type") or "", ("", {}))
        value, unit = told.number("value"), told.text("unit")
        if field_name and value is not None and unit in units:
            yield field_name, value * units[unit or ""]
        elif field_name:
            told.find("unit", "unknown_unit", one_of(units))


def session_of(
    item: Item, sport: str | None, start: datetime | None, end: datetime | None, provenance: dict[str, str],
    tally: Tally, profile: ReadingProfile, **told: float | None,
) -> Iterator[Reading]:  # fmt: skip
    kind, name = sports.kind_of([sport]), item.ident("id")
    if kind is None:
        tally.ignored["workouts of walking"] += 1
        return
    yield from reading(
        "training_session", item.where, tally, client_record_id=name and record_id(name),
        client_record_version=version_of(None, profile), source=provenance, started_at=start,
        duration_min=(end - start).total_seconds() / 60 if start and end else None, kind=kind, **told,
    )  # fmt: skip


# --- webhooks --------------------------------------------------------------------------------------------------------


def told_source(item: Item) -> dict[str, str]:
    told = item.item("source")
    provider = (told.text("provider") or "").lower() if told else ""
    known = provider if provider in NAMES and provider != "manual" else "open_wearables"
    return source(known, device_model=told.text("device") if told else None)


def told_sample(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    kind = item.text("type") or ""
    if is_wanted(item, kind, tally):
        measured_at, what = at(item, "timestamp", "zone_offset", profile), METRICS.get(kind, "resting_hr")
        name = None if measured_at is None else record_id("ow", what, int(measured_at.timestamp() * 1000))
        yield from measured(item, kind, name, measured_at, told_source(item), tally, profile)


def told_sleep(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    name, stages = item.ident("id"), item.item("stages")
    told = {f"{stage}_s": in_s(stages, f"{stage}_minutes") for stage in ("awake", *STAGED)}
    asleep_s = sum(told[f"{stage}_s"] or 0 for stage in STAGED)
    yield from reading(
        "sleep_session", item.where, tally, client_record_id=name and record_id(name),
        client_record_version=version_of(None, profile), source=told_source(item),
        start_at=at(item, "start_time", "zone_offset", profile), end_at=at(item, "end_time", "zone_offset", profile),
        is_nap=item.get("is_nap") is True, **told,
        duration_s=first_length(asleep_s, item.number("sleep_duration_seconds")),
        efficiency_pct=item.number("efficiency_percent"),
    )  # fmt: skip


def in_s(stages: Item | None, name: str) -> float | None:
    value = stages.number(name) if stages else None
    return None if value is None else value * 60


def told_workout(item: Item, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    start, end = at(item, "start_time", "zone_offset", profile), item.instant("end_time", profile)
    sport = item.text("type" if "type" in item.raw else "workout_type")
    yield from session_of(
        item, sport, start, end, told_source(item), tally, profile, avg_hr_bpm=item.measured("avg_heart_rate_bpm"),
        max_hr_bpm=item.measured("max_heart_rate_bpm"), distance_m=item.number("distance_meters"),
    )  # fmt: skip


READER = Reader(
    name="open_wearables",
    title="Open Wearables SDK upload and webhook",
    provider="open_wearables",
    formats=("json",),
    function=read,
    table=TABLE,
    day_rule="the end of the night in zoneOffset / zone_offset",
    identity="parentId or id (webhook samples: metric and time); version: the end of the night, else the arrival",
    not_used=NOT_USED,
)
READERS = (READER,)
