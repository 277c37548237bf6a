"""Which sessions nobody has rated, and what is known of each athlete to estimate their load.

An estimate stands on what lies before its session: ratings that come later never change it. A rating of an earlier
session, or its correction, is a correction of all that stands on it, whichever came first: so the same records give
the same estimates in any order.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.db.models import Q

from athletes.days import reported, resolving
from athletes.models import CheckIn, PlannedSession, Quality, RestingHrReading, TrainingSession
from athletes.reports.sheet import Sheet
from measures import loads
from measures.ages import age_years

MEMORY = timedelta(days=180)  # ratings and highest heart rates older than this say nothing of today's heart
RESTING = timedelta(days=28)
ONE_DAY = timedelta(days=1)  # a local date may be one off that of the instant; and sessions of one day share its plan
COLUMNS = (
    "pk", "date", "started_at", "duration_min", "kind", "rpe", "rated_rpe", "avg_hr_bpm", "max_hr_bpm", "hr_zones",
    "provider", "client_record_id", "same_session_as",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """What one session says about the others."""

    pk: UUID
    date: date
    started_at: datetime
    duration_min: float
    kind: str
    rpe: float | None
    rated_rpe: float | None
    avg_hr_bpm: float | None
    max_hr_bpm: float | None
    hr_zones: list[loads.Zone]
    provider: str
    client_record_id: str
    same_session_as: str

    @property
    def key(self) -> str:
        return key_of(self.provider, self.client_record_id)

    @property
    def said_rpe(self) -> float | None:
        return self.rpe if self.rated_rpe is None else self.rated_rpe

    @property
    def effort(self) -> loads.Effort:
        return loads.Effort(self.duration_min, self.avg_hr_bpm, self.hr_zones)

    @property
    def has_heart_rate(self) -> bool:
        return self.avg_hr_bpm is not None or bool(self.hr_zones)


def key_of(provider: str, client_record_id: str) -> str:
    return f"{provider}/{client_record_id}"


def judge(sheet: Sheet) -> None:
    """Which of the changed sessions are told twice, and the load of every unrated one that stands on what changed."""
    moved = [m for m in sheet.moved if isinstance(m, TrainingSession)]
    changed_at = [m.started_at for m in moved]
    changed_at += [m.measured_at for m in sheet.moved if isinstance(m, RestingHrReading)]
    if not changed_at:
        return
    tell_apart(sheet, {m.date for m in moved} | {sheet.before[m.pk][0] for m in moved if m.pk in sheet.before})
    unrated = unrated_since(sheet, min(changed_at) - ONE_DAY)
    if unrated:
        known = Known(sheet, unrated)
        for session in unrated:
            put(sheet, session, known.load_of(session))


def put(sheet: Sheet, session: TrainingSession, load: loads.Load) -> None:
    columns = loads.as_columns(load)
    if any(getattr(session, name) != value for name, value in columns.items()):
        session = sheet.adopt(session)
        for name, value in columns.items():
            setattr(session, name, value)


def tell_apart(sheet: Sheet, dates: Collection[date]) -> None:
    """By the rule that the day counts by, over the same sessions."""
    if not dates:
        return
    rows = sheet.current(sheet.stored("training_session").filter(deleted_at=None, date__in=dates), "training_session")
    by_date: dict[date, list[Any]] = defaultdict(list)
    for row in rows:
        if row.date in dates:
            by_date[row.date].append(row)
    for on, sessions in by_date.items():
        _, rejected = resolving.counted_sessions(sheet.athlete, on, map(as_reported, sessions))
        others = {entry["source"]["id"]: entry.get("same_as", "") for entry in rejected}
        for session in sessions:
            same_as = others.get(str(session.pk), "")
            if session.same_session_as != same_as:
                sheet.adopt(session).same_session_as = same_as


def as_reported(session: TrainingSession) -> dict[str, Any]:
    """As `reported.between` would read it back."""
    _, columns = reported.REPORTED["training_session"]
    return {name: getattr(session, name) for name in columns} | {"id": str(session.pk)}


def unrated_since(sheet: Sheet, since: datetime) -> list[TrainingSession]:
    rows = sheet.stored("training_session").filter(deleted_at=None, rpe=None, rated_rpe=None)
    rows = rows.filter(date__gte=since.date() - ONE_DAY, started_at__gte=since)
    found: list[Any] = sheet.current(rows, "training_session")
    return sorted(
        (s for s in found if s.said_rpe is None and s.started_at >= since),
        key=lambda s: (s.started_at, s.provider, s.client_record_id),
    )


class Known:
    """What the estimates of some sessions stand on, read in four statements however many they are."""

    def __init__(self, sheet: Sheet, unrated: Sequence[TrainingSession]) -> None:
        self.athlete = sheet.athlete
        first, last = unrated[0].started_at, unrated[-1].started_at
        self.facts = facts(sheet, first - MEMORY)
        self.starts = [fact.started_at for fact in self.facts]
        self.by_key = {fact.key: fact for fact in self.facts}
        told = [(fact, rpe) for fact in self.facts if fact.has_heart_rate and (rpe := self.rpe_of(fact)) is not None]
        self.pairs = {
            hard: [(f.started_at, f.effort, rpe) for f, rpe in told if (f.kind in loads.HR_UNDERESTIMATES) == hard]
            for hard in (False, True)
        }
        self.resting = resting_hr(sheet, first.date() - RESTING - ONE_DAY, last.date() + ONE_DAY)
        dates = {session.date for session in unrated}
        self.plans = {plan.date: plan for plan in PlannedSession.objects.filter(athlete=sheet.athlete, date__in=dates)}
        self.minutes: dict[date, float] = defaultdict(float)
        for fact in self.facts:
            if not fact.same_session_as:
                self.minutes[fact.date] += fact.duration_min

    def load_of(self, session: TrainingSession) -> loads.Load:
        effort = loads.Effort(session.duration_min, session.avg_hr_bpm, session.hr_zones)
        return loads.estimated(
            effort, str(session.kind), self.heart_at(session), self.pairs_before(session), self.plan_of(session)
        )

    def before(self, session: TrainingSession) -> list[Fact]:
        start = bisect_left(self.starts, session.started_at - MEMORY)
        return self.facts[start : bisect_left(self.starts, session.started_at)]

    def pairs_before(self, session: TrainingSession) -> list[tuple[loads.Effort, float]]:
        pairs = self.pairs[session.kind in loads.HR_UNDERESTIMATES]
        last = bisect_left(pairs, session.started_at, key=lambda pair: pair[0])
        first = bisect_left(pairs, session.started_at - MEMORY, hi=last, key=lambda pair: pair[0])
        return [(effort, rpe) for _, effort, rpe in pairs[max(first, last - loads.MOST_PAIRS) : last]]

    def rpe_of(self, fact: Fact) -> float | None:
        """Its own, else that of the same session as it was typed in beside the watch."""
        if fact.said_rpe is not None or not fact.same_session_as:
            return fact.said_rpe
        counted = self.by_key.get(fact.same_session_as)
        return counted.said_rpe if counted else None

    def heart_at(self, session: TrainingSession) -> loads.Heart:
        seen = [f.max_hr_bpm for f in self.before(session) if f.max_hr_bpm is not None and not f.same_session_as]
        since = session.date - RESTING
        return loads.heart_of(
            sex=str(self.athlete.sex),
            age_years=age_years(self.athlete.birth_date, session.date),
            stated_max_bpm=self.athlete.max_hr_bpm,
            seen_max_bpm=seen,
            resting_bpm=[bpm for on, bpm in self.resting.items() if since < on <= session.date],
        )

    def plan_of(self, session: TrainingSession) -> loads.Plan | None:
        plan = self.plans.get(session.date)
        return None if plan is None else loads.Plan(plan.load_au, plan.duration_min or self.minutes[session.date])


def facts(sheet: Sheet, since: datetime) -> list[Fact]:
    """Sessions that were rated, or have a heart rate, as they now are; by their start."""
    rows = sheet.stored("training_session").filter(deleted_at=None, date__gte=since.date() - ONE_DAY)
    rows = rows.filter(started_at__gte=since)
    found = {row[0]: Fact(*row) for row in rows.values_list(*COLUMNS)}
    for pk, row in sheet.by_id.items():
        if isinstance(row, TrainingSession):
            found.pop(pk, None)
            if row.deleted_at is None and row.started_at >= since:
                found[pk] = Fact(*(getattr(row, name) for name in COLUMNS))
    return sorted(found.values(), key=lambda fact: (fact.started_at, fact.provider, fact.client_record_id))


def resting_hr(sheet: Sheet, first: date, last: date) -> dict[date, float]:
    """Per date what was typed in, else the middle of what devices said."""
    rows = sheet.stored("resting_hr_reading").filter(deleted_at=None, date__range=(first, last))
    told: dict[date, list[float]] = defaultdict(list)
    for reading in sheet.current(rows, "resting_hr_reading"):
        if reading.quality_status != Quality.QUARANTINED:
            told[reading.date].append(reading.value_bpm)
    typed = CheckIn.objects.filter(athlete=sheet.athlete, date__range=(first, last), resting_hr_bpm__isnull=False)
    said = typed.order_by("date").values_list("date", "resting_hr_bpm")
    measured = {on: median(values) for on, values in told.items()}
    return measured | {on: bpm for on, bpm in said if bpm is not None}


# --- who waits --------------------------------------------------------------------------------------------------------

# How long a session is asked about: ratings given two weeks later agree with those of the day (Christen et al. 2016,
# doi 10.1123/ijspp.2015-0438).
ASKED_FOR = timedelta(days=14)
WAITING = Q(deleted_at=None, same_session_as="", load_basis__in=loads.WAITING)


def waiting(athletes: Iterable[int], first: date, last: date) -> list[tuple[int, date, str]]:
    """(athlete, date, basis) of each session that waits for a rating."""
    rows = TrainingSession.objects.filter(WAITING, athlete__in=athletes, date__range=(first, last)).order_by()
    return list(rows.values_list("athlete_id", "date", "load_basis"))
