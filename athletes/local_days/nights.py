"""From the sleep sessions a device sends to nights: fragments merge, partial sessions that grew are replaced."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

MERGE_GAP = timedelta(minutes=120)

STAGES = ("awake_s", "light_s", "deep_s", "rem_s")
Session = dict[str, Any]  # id, start_at, end_at, duration_s, time_in_bed_s, those of STAGES, score


@dataclass(frozen=True)
class Night:
    """One stretch of sleep of one source: its fragments in order, and the shorter sessions a longer one replaced."""

    fragments: tuple[Session, ...]
    replaced: tuple[Session, ...]

    @property
    def start_at(self) -> datetime:
        start_at: datetime = self.fragments[0]["start_at"]
        return start_at

    @property
    def last(self) -> Session:
        """The fragment that ends last: its end decides the date."""
        return max(self.fragments, key=lambda fragment: fragment["end_at"])

    @property
    def end_at(self) -> datetime:
        end_at: datetime = self.last["end_at"]
        return end_at

    @property
    def longest(self) -> Session:
        return max(self.fragments, key=asleep_s)

    @property
    def asleep_s(self) -> float:
        return max(0.0, sum(map(asleep_s, self.fragments)) - overlap_s(self.fragments))

    @property
    def score(self) -> float | None:
        """Of the longest fragment that has one: scores are never averaged."""
        scored = [fragment for fragment in self.fragments if fragment["score"] is not None]
        return max(scored, key=asleep_s)["score"] if scored else None


def known_asleep_s(session: Session) -> float | None:
    """What the source says; else the sum of its stages; else time in bed (or start to end) less the time awake.

    None: the source says only how long somebody lay in bed, and that is not sleep.
    """
    if session["duration_s"] is not None:
        return float(session["duration_s"])
    stages = [session[name] for name in STAGES if name != "awake_s" and session[name] is not None]
    if stages:
        return float(sum(stages))
    return None if session["awake_s"] is None else float(max(0.0, in_bed_s(session) - session["awake_s"]))


def in_bed_s(session: Session) -> float:
    span_s: float = (session["end_at"] - session["start_at"]).total_seconds()
    return span_s if session["time_in_bed_s"] is None else session["time_in_bed_s"]


def asleep_s(session: Session) -> float:
    return known_asleep_s(session) or 0.0


def overlap_s(fragments: Sequence[Session]) -> float:
    """Seconds that two fragments both cover."""
    covered, seconds = fragments[0]["end_at"], 0.0
    for fragment in fragments[1:]:
        seconds += max(0.0, (min(covered, fragment["end_at"]) - fragment["start_at"]).total_seconds())
        covered = max(covered, fragment["end_at"])
    return seconds


def merge(sessions: Iterable[Session]) -> list[Night]:
    """Sessions of one source (no naps) as nights, in order of time. Of two that cover the same time the one with more
    sleep stays: which came first must not matter. Time in bed alone is no part of a night, nor does it lengthen one."""
    kept: list[Session] = []
    replaced: list[tuple[Session, Session]] = []
    longest_first = sorted((s for s in sessions if known_asleep_s(s) is not None), key=length, reverse=True)
    for session in longest_first:
        around = next((k for k in kept if covers(k, session)), None)
        if around is None:
            kept.append(session)
        else:
            replaced.append((session, around))
    groups: list[list[Session]] = []
    for session in sorted(kept, key=lambda s: (s["start_at"], s["end_at"])):
        if groups and session["start_at"] - max(s["end_at"] for s in groups[-1]) <= MERGE_GAP:
            groups[-1].append(session)
        else:
            groups.append([session])
    return [
        Night(tuple(group), tuple(inner for inner, outer in replaced if any(outer is kept for kept in group)))
        for group in groups
    ]


def length(session: Session) -> tuple[Any, ...]:
    return session["end_at"] - session["start_at"], asleep_s(session), session["score"] or 0.0, str(session["id"])


def covers(longer: Session, shorter: Session) -> bool:
    return bool(longer["start_at"] <= shorter["start_at"] and shorter["end_at"] <= longer["end_at"])
