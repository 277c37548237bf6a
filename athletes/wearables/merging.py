"""Stages of sleep that come one by one, from several apps at once, become sessions of one source each.

Phones tell every stage as a record of its own; beside the watch's stages there are the phone's own hours in bed. Of the
sources that cover the same night the one that tells most is used, never a mixture.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from athletes.local_days.nights import MERGE_GAP
from athletes.wearables.readings import Tally

STAGED = ("light", "deep", "rem")
LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Segment:
    """`stage`: light, deep, rem, asleep, awake, in_bed or unknown."""

    stage: str
    start: datetime
    end: datetime
    source: str
    where: str
    zone: str = ""
    device: str = ""


@dataclass(frozen=True)
class Session:
    segments: tuple[Segment, ...]

    @property
    def start(self) -> datetime:
        return min(s.start for s in self.segments)

    @property
    def last(self) -> Segment:
        return max(self.segments, key=lambda s: s.end)

    @property
    def source(self) -> str:
        return self.segments[0].source

    @property
    def detail(self) -> int:
        """3: stages, 2: asleep or awake, 1: in bed."""
        stages = {s.stage for s in self.segments}
        return 3 if stages & set(STAGED) else 2 if "asleep" in stages else 1

    def seconds(self, *stages: str) -> float | None:
        """Seconds in these stages, what overlaps counted once; None: not told."""
        spans = sorted((s.start, s.end) for s in self.segments if s.stage in stages)
        total, covered = timedelta(), None
        for start, end in spans:
            begin = start if covered is None else max(start, covered)
            total += max(end - begin, timedelta())
            covered = end if covered is None else max(end, covered)
        return total.total_seconds() if spans else None

    def data(self) -> dict[str, Any]:
        """The fields of a sleep session."""
        bed_s = self.seconds("in_bed")
        return {
            "start_at": self.start,
            "end_at": self.last.end,
            "timezone": self.last.zone or None,
            "duration_s": self.seconds(*STAGED, "asleep"),
            "time_in_bed_s": bed_s if bed_s and bed_s >= (self.seconds(*STAGED, "asleep", "awake") or 0) else None,
            **{f"{stage}_s": self.seconds(stage) for stage in ("awake", *STAGED)},
        }


def fit(segment: Segment, tally: Tally) -> bool:
    if not timedelta() < segment.end - segment.start <= LONGEST:
        tally.find(segment.where, "impossible_segment", _("Must end after it starts, and within 24 h."))
        return False
    return True


def sessions(segments: Iterable[Segment], tally: Tally) -> list[Session]:
    """One session a night: fragments of one source up to 120 min apart are one, of several sources the best is kept."""
    by_source: dict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        if fit(segment, tally):
            by_source[segment.source].append(segment)
    found = [Session(tuple(group)) for own in by_source.values() for group in grouped(own)]
    kept: list[Session] = []
    for session in sorted(found, key=lambda s: (-s.detail, -(s.seconds(*STAGED, "asleep") or 0), s.start, s.source)):
        if any(overlaps(session, other) for other in kept if other.source != session.source):
            tally.ignored["sleep of another source that tells less"] += 1
        else:
            kept.append(session)
    return sorted(kept, key=lambda s: s.start)


def grouped(segments: Sequence[Segment]) -> list[list[Segment]]:
    groups: list[list[Segment]] = []
    until: datetime | None = None
    for segment in sorted(set(segments), key=lambda s: (s.start, s.end, s.stage)):
        if groups and until is not None and segment.start - until <= MERGE_GAP:
            groups[-1].append(segment)
            until = max(until, segment.end)
        else:
            groups.append([segment])
            until = segment.end
    return groups


def overlaps(one: Session, other: Session) -> bool:
    return one.start < other.last.end and other.start < one.last.end
