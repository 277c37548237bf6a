"""Everything of one athlete that changed, in the order in which it was committed.

Rows carry `change_seq`, drawn while their writer holds the lock of the athlete's stream until it commits: a row with a
lower number than one that is visible is visible too, so "above the highest seen" skips nothing that commits late. There
are two streams, because there are two locks: what is reported (`one_writer.lock_athlete`) and what is said of it (the
athlete's row, which the worker holds). One statement reads both, so all of it is one snapshot.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from django.core import signing
from django.db.models import CharField, F, QuerySet, Subquery, Value
from django.db.models.functions import Cast

from athletes.models import Athlete, CheckIn, Day, Deletion, PlannedSession
from athletes.reports.records import RECORDS
from athletes.serializers import check_in_body, day_body, in_utc, record_body

TOMBSTONES_KEPT = timedelta(days=90)

Stream = Literal["reported", "advised"]
Position = dict[str, int]  # stream -> the highest number seen
START: Position = {"reported": 0, "advised": 0}


@dataclass(frozen=True)
class Item:
    """`data` None: deleted."""

    kind: str
    id: str | None
    date: date | None
    data: dict[str, Any] | None
    client_record_id: str | None = None
    provider: str | None = None

    def body(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "id": self.id,
            "date": self.date and self.date.isoformat(),
            "client_record_id": self.client_record_id,
            "provider": self.provider,
            "deleted": self.data is None,
            "data": self.data,
        }


@dataclass(frozen=True)
class Feed:
    """Rows of one kind with their `change_seq`, and what a phone is told of them, by their keys."""

    kind: str
    stream: Stream
    rows: Callable[[Athlete], "QuerySet[Any]"]
    items: Callable[[Athlete, Sequence[Any]], dict[Any, Item]]


FEEDS: dict[str, Feed] = {}


def register(feed: Feed) -> None:
    FEEDS[feed.kind] = feed


def lock_advised(athlete_id: int) -> None:
    """For writers beside the worker; before any row of the advice is locked, as the worker does it."""
    Athlete.objects.select_for_update(no_key=True).values_list("pk").get(pk=athlete_id)


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    items: list[Item]
    position: Position
    has_more: bool


def page(athlete: Athlete, after: Position, limit: int) -> Page:
    rows = places(athlete, after)[: limit + 1]
    found = [(kind, FEEDS[kind].rows(athlete).model._meta.pk.to_python(key), place) for kind, key, place in rows]
    shown = found[:limit]
    keys: dict[str, list[Any]] = defaultdict(list)
    for kind, key, _ in shown:
        keys[kind].append(key)
    items = {kind: FEEDS[kind].items(athlete, of_kind) for kind, of_kind in keys.items()}
    position = dict(after)
    for kind, _, place in shown:
        position[FEEDS[kind].stream] = place  # they come in order
    told = [items[kind][key] for kind, key, _ in shown if key in items[kind]]  # deleted since: it comes again as that
    if after == START:
        told = [item for item in told if item.data is not None]  # who knows nothing has nothing to forget
    return Page(told, position, len(found) > limit)


def places(athlete: Athlete, after: Position) -> Any:
    first, *others = [
        feed.rows(athlete)
        .filter(change_seq__gt=after[feed.stream])
        .order_by()
        .annotate(change_kind=Value(kind, CharField()), change_key=Cast("pk", CharField()), place=F("change_seq"))
        .values_list("change_kind", "change_key", "place")
        for kind, feed in FEEDS.items()
    ]
    return first.union(*others, all=True).order_by("place")


def position_of(athlete: Athlete) -> Position:
    """The highest numbers committed so far, in one statement."""
    newest = {
        f"newest_{kind}": Subquery(feed.rows(athlete).order_by("-change_seq").values("change_seq")[:1])
        for kind, feed in FEEDS.items()
    }
    row = Athlete.objects.filter(pk=athlete.pk).annotate(**newest).values(*newest).get()
    position = dict(START)
    for kind, feed in FEEDS.items():
        position[feed.stream] = max(position[feed.stream], row[f"newest_{kind}"] or 0)
    return position


# --- cursors ----------------------------------------------------------------------------------------------------------


class CursorTooOld(ValueError):
    """What was deleted since is not known any more."""


def cursor_of(athlete: Athlete, position: Position) -> str:
    return signing.dumps([position["reported"], position["advised"]], salt=salt_of(athlete))


def position_in(athlete: Athlete, cursor: str) -> Position:
    """ValueError for what is no cursor of this athlete's."""
    try:
        reported, advised = signing.loads(cursor, salt=salt_of(athlete), max_age=TOMBSTONES_KEPT)
    except signing.SignatureExpired:
        raise CursorTooOld from None
    except signing.BadSignature:
        raise ValueError from None
    return {"reported": reported, "advised": advised}


def salt_of(athlete: Athlete) -> str:
    return f"changes of {athlete.pk}"


# --- what is reported -------------------------------------------------------------------------------------------------


def check_in_items(athlete: Athlete, keys: Sequence[Any]) -> dict[Any, Item]:
    rows = CheckIn.objects.filter(pk__in=keys)
    return {row.pk: Item("check_in", str(row.pk), row.date, check_in_body(row)) for row in rows}


def day_items(athlete: Athlete, keys: Sequence[Any]) -> dict[Any, Item]:
    return {row.pk: Item("day", None, row.date, day_body(row)) for row in Day.objects.filter(pk__in=keys)}


def plan_items(athlete: Athlete, keys: Sequence[Any]) -> dict[Any, Item]:
    rows = PlannedSession.objects.filter(pk__in=keys)
    return {row.pk: Item("planned_session", None, row.date, plan_body(row)) for row in rows}


def plan_body(plan: PlannedSession) -> dict[str, Any]:
    return {
        "date": plan.date,
        "author": plan.author,
        "kind": plan.kind,
        "title": plan.title,
        "load_au": plan.load_au,
        "duration_min": plan.duration_min,
        "rpe": plan.rpe,
        "high_intensity_share": plan.high_intensity_share,
        "competition_priority": plan.competition_priority or None,
        "updated_at": in_utc(plan.updated_at),
    }


def deletion_items(athlete: Athlete, keys: Sequence[Any]) -> dict[Any, Item]:
    return {row.pk: deleted(row) for row in Deletion.objects.filter(pk__in=keys)}


def deleted(row: Deletion) -> Item:
    if row.kind in RECORDS:
        provider, _, name = row.key.partition("/")
        return Item(row.kind, None, None, None, client_record_id=name, provider=provider)
    return Item(row.kind, None, date.fromisoformat(row.key), None)


def record_feed(kind: str) -> Feed:
    model = RECORDS[kind]

    def items(athlete: Athlete, keys: Sequence[Any]) -> dict[Any, Item]:
        rows = model._default_manager.filter(pk__in=keys)
        return {row.pk: record_item(kind, row) for row in rows}

    return Feed(kind, "reported", lambda athlete: model._default_manager.filter(athlete=athlete), items)


def record_item(kind: str, row: Any) -> Item:
    data = None if row.deleted_at else record_body(kind, row)
    return Item(kind, str(row.pk), row.date, data, client_record_id=row.client_record_id, provider=str(row.provider))


for record_kind in RECORDS:
    register(record_feed(record_kind))
register(Feed("check_in", "reported", lambda athlete: CheckIn.objects.filter(athlete=athlete), check_in_items))
register(Feed("planned_session", "reported", lambda a: PlannedSession.objects.filter(athlete=a), plan_items))
register(Feed("day", "reported", lambda athlete: Day.objects.filter(athlete=athlete), day_items))
register(Feed("deletion", "reported", lambda athlete: Deletion.objects.filter(athlete=athlete), deletion_items))
