"""Apple Health's export.zip, or the export.xml in it, read as a stream: memory does not grow with the file.

The file begins with a DTD that declares no entities. One that declares any, or points outside, is an attack.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from django.utils.translation import gettext as _

from athletes.wearables.accepting import first_length, reading
from athletes.wearables.merging import Segment, sessions
from athletes.wearables.payloads import zip_in_order
from athletes.wearables.readers import apple_samples as samples
from athletes.wearables.readings import (
    Field,
    Item,
    Payload,
    Reader,
    Reading,
    ReadingProfile,
    Tally,
    Unreadable,
    record_id,
    source,
    version_of,
)

TABLE = (
    Field("Record.type", "the kind of sample"),
    Field("Record.value", "hrv_reading.value_ms; a stage of a sleep_session; training_session.rpe", "as unit says"),
    Field("Record.unit", "ms or s -> ms"),
    Field("Record.startDate", "hrv_reading.measured_at, sleep_session.start_at"),
    Field("Record.endDate", "sleep_session.end_at"),
    Field("Record.sourceName", "which source a night is of; part of client_record_id as a digest"),
    Field("Record.creationDate", "client_record_version"),
    Field("Record.device", "source.device_model", "", "its hardware"),
    Field("Record.metadata.HKTimeZone", "timezone"),
    Field("Workout.workoutActivityType", "training_session.kind"),
    Field("Workout.duration", "training_session.duration_min", "as durationUnit says"),
    Field("Workout.durationUnit", "min, s or hr -> min"),
    Field("Workout.startDate", "training_session.started_at"),
    Field("Workout.endDate", "finds the effort score given for this time"),
    Field("Workout.sourceName", "part of client_record_id, as a digest"),
    Field("Workout.creationDate", "client_record_version"),
    Field("Workout.device", "source.device_model", "", "its hardware"),
    Field(
        "Workout.totalDistance",
        "training_session.distance_m",
        "as totalDistanceUnit says",
        "from iOS 16 the sum of WorkoutStatistics of Distance...",
    ),
    Field("Workout.totalDistanceUnit", "m, km, mi, yd or ft -> m"),
    Field("Workout.metadata.HKTimeZone", "timezone"),
    Field("Workout.averageHeartRate", "training_session.avg_hr_bpm", "bpm", "WorkoutStatistics of HeartRate"),
    Field("Workout.maximumHeartRate", "training_session.max_hr_bpm", "bpm", "WorkoutStatistics of HeartRate"),
)
NOT_USED = {
    "HKQuantityTypeIdentifierHeartRate": "single beats per minute; each Record type not used is counted by its name",
    "Workout of walking": "no training session",
    "ActivitySummary": "counted by its name, as all other elements",
    "export_cda.xml": "the same in another format",
}
CHUNK = 1 << 16
MOST_XML_BYTES = 8 << 30
MOST_RATIO = 200  # export.xml shrinks to a twentieth; a bomb to a thousandth
LONGEST_RECORD = 200  # attributes and children kept of one element
NEAR = timedelta(minutes=1)
HARDWARE = re.compile(r"hardware:(\w{1,30}(?:,\w{1,10})?)")
DISTANCE = re.compile(r"HKQuantityTypeIdentifierDistance[A-Z]")  # WalkingRunning, Cycling, Swimming ...
HEART_RATE = "HKQuantityTypeIdentifierHeartRate"
WANTED = {samples.HRV, samples.RESTING_HR, samples.SLEEP, *samples.EFFORT}

Element = tuple[str, dict[str, Any], str]


class Elements:
    """The target of the parser: top-level elements that are wanted, with their metadata; the others by their name."""

    def __init__(self, tally: Tally) -> None:
        self.tally, self.depth, self.root = tally, 0, ""
        self.current: dict[str, Any] | None = None
        self.tag, self.line = "", 0
        self.done: list[Element] = []
        self.parser: Any = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth == 1:
            self.root = tag
            if tag != "HealthData":
                raise Unreadable("wrong_provider", _("Not an export of Apple Health."))
        elif self.depth == 2:
            self.tag, self.current = tag, None
            if tag == "Workout" or (tag == "Record" and attributes.get("type") in WANTED):
                self.current = {**attributes, "metadata": {}}
                self.line = self.parser.parser.CurrentLineNumber
            else:
                name = attributes.get("type", "Record") if tag == "Record" else tag
                self.tally.ignored[name[:80]] += 1
        elif self.current is not None and self.depth == 3:
            self.child(tag, attributes)

    def child(self, tag: str, attributes: dict[str, str]) -> None:
        assert self.current is not None
        metadata = self.current["metadata"]
        if tag == "MetadataEntry" and len(metadata) < LONGEST_RECORD:
            metadata[attributes.get("key", "")] = attributes.get("value")
        elif tag == "WorkoutStatistics" and attributes.get("type") == HEART_RATE:
            self.current["averageHeartRate"] = attributes.get("average")
            self.current["maximumHeartRate"] = attributes.get("maximum")
        elif tag == "WorkoutStatistics" and DISTANCE.match(attributes.get("type", "")) and attributes.get("sum"):
            self.current.setdefault("totalDistance", attributes.get("sum"))
            self.current.setdefault("totalDistanceUnit", attributes.get("unit"))

    def end(self, tag: str) -> None:
        if self.depth == 2 and self.current is not None:
            self.done.append((self.tag, self.current, f"line {self.line}"))
            self.current = None
        self.depth -= 1

    def data(self, text: str) -> None:
        """The file keeps everything in attributes."""

    def close(self) -> None:
        """Nothing is built, so there is nothing to hand over."""


def read(payload: Payload, tally: Tally, profile: ReadingProfile) -> Iterator[Reading]:
    segments: list[Segment] = []
    efforts: list[tuple[Any, Any, float]] = []
    with opened(payload) as xml:
        for tag, attributes, where in elements(xml, tally):
            item = Item(attributes, tally, path=tag, where=where, texts=True)
            if tag == "Workout":
                yield from workout(item, efforts, tally, profile)
            else:
                yield from record(item, segments, efforts, tally, profile)
            settle(item)
    for session in sessions(segments, tally):
        yield from samples.night(session, tally, profile)


def settle(item: Item) -> None:
    item.asked |= {"metadata", "sourceVersion"}
    item.children.clear()  # what else the metadata says is of no interest
    item.settle()


def elements(xml: IO[bytes], tally: Tally) -> Iterator[Element]:
    target = Elements(tally)
    parser = DefusedXMLParser(target=target, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    target.parser = parser
    total = 0
    try:
        while chunk := unpacked(xml):
            total += len(chunk)
            if total > MOST_XML_BYTES:
                raise Unreadable("too_large", _("The export is too large."))
            parser.feed(chunk)
            done, target.done = target.done, []
            yield from done
        parser.close()
    except DefusedXmlException:
        raise Unreadable("forbidden_xml", _("The file declares entities, or points outside itself.")) from None
    except Unreadable:
        raise
    except (ParseError, LookupError, ValueError):  # the last two: an encoding that expat does not know
        raise Unreadable("not_xml", _("Not an XML file, or cut off.")) from None
    yield from target.done


def unpacked(xml: IO[bytes]) -> bytes:
    with zip_in_order():
        return xml.read(CHUNK)


@contextmanager
def opened(payload: Payload) -> Iterator[IO[bytes]]:
    if isinstance(payload, dict | list):
        raise Unreadable("not_a_file", _("A file was expected."))
    file = io.BytesIO(payload) if isinstance(payload, bytes) else payload
    head = file.read(4)
    file.seek(0)
    if not head.startswith(b"PK"):
        yield file
        return
    with ExitStack() as stack:
        with zip_in_order():
            archive = stack.enter_context(zipfile.ZipFile(file))
            xml = stack.enter_context(archive.open(export_in(archive)))
        yield xml


def export_in(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The largest XML file but for the clinical one: its name depends on the phone's language."""
    found = [i for i in archive.infolist() if i.filename.lower().endswith(".xml") and "cda" not in i.filename.lower()]
    if not found:
        raise Unreadable("wrong_zip", _("The zip file holds no export.xml."))
    info = max(found, key=lambda i: i.file_size)
    if info.file_size > MOST_XML_BYTES or info.file_size > MOST_RATIO * max(info.compress_size, 1 << 12):
        raise Unreadable("zip_bomb", _("The zip file unpacks to far more than an export does."))
    return info


def record(
    item: Item, segments: list[Segment], efforts: list[tuple[Any, Any, float]], tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    kind = item.text("type")
    if kind == samples.HRV:
        name = named("hrv", item, item.instant("startDate", profile))
        item.asked |= {"endDate"}
        yield from samples.hrv(item, name, provenance(item, profile), tally, profile)
    elif kind == samples.RESTING_HR:
        name = named("resting_hr", item, item.instant("startDate", profile))
        item.asked |= {"endDate"}
        yield from samples.resting_hr(item, name, provenance(item, profile), tally, profile)
    elif kind == samples.SLEEP:
        item.asked |= {"creationDate", "unit"}
        found = samples.segment(item, item.text("sourceName") or "", hardware(item), profile)
        segments += [found] if found else []
    else:
        item.asked |= {"creationDate", "unit", "sourceName", "device"}
        start, end, value = item.instant("startDate", profile), item.instant("endDate", profile), item.number("value")
        value = samples.effort(value, item, "value")
        if start and end and value is not None:
            efforts.append((start, end, value))


def workout(
    item: Item, efforts: list[tuple[Any, Any, float]], tally: Tally, profile: ReadingProfile
) -> Iterator[Reading]:
    kind = samples.kind_of_activity(item.text("workoutActivityType"))
    if kind is None:
        tally.ignored["Workout of walking"] += 1
        item.asked.update(item.raw)
        return
    start, end = item.instant("startDate", profile), item.instant("endDate", profile)
    told_min = samples.in_unit(item, "duration", "durationUnit", samples.IN_MIN)
    name = named("workout", item, start)
    rpe = [v for s, e, v in efforts if start and end and abs(s - start) <= NEAR and abs(e - end) <= NEAR]
    yield from reading(
        "training_session", item.where, tally, client_record_id=name, **provenance(item, profile),
        timezone=samples.zone_of(item), started_at=start,
        duration_min=first_length(told_min, samples.duration_min(start, end)), kind=kind,
        rpe=rpe[-1] if rpe else None, avg_hr_bpm=item.measured("averageHeartRate"),
        max_hr_bpm=item.measured("maximumHeartRate"),
        distance_m=samples.in_unit(item, "totalDistance", "totalDistanceUnit", samples.IN_M),
    )  # fmt: skip


def named(kind: str, item: Item, start: datetime | None) -> str | None:
    """The export leaves out the samples' own ids."""
    writer = samples.digest(item.text("sourceName") or "")
    return None if start is None else record_id(kind, writer, int(start.timestamp()))


def provenance(item: Item, profile: ReadingProfile) -> dict[str, Any]:
    return {
        "client_record_version": version_of(item.instant("creationDate", profile), profile),
        "source": source("apple", device_model=hardware(item)),
    }


def hardware(item: Item) -> str:
    match = HARDWARE.search(item.text("device") or "")
    return match[1] if match else ""


READER = Reader(
    name="apple_export",
    title="Apple Health export.zip and export.xml",
    provider="apple",
    formats=("zip", "xml"),
    function=read,
    table=TABLE,
    day_rule="the end of the night in HKTimeZone, else in the offset of endDate",
    identity="source and start, as a digest; version: creationDate (a night: its end)",
    not_used=NOT_USED,
)
READERS = (READER,)
