"""One athlete's rows that a batch is about. Rules over it: `versions`, `filing`, `doubting`, `unrated`."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from athletes import one_writer
from athletes.local_days.local_time import local_today
from athletes.models import Athlete, Deletion, Record
from athletes.reports.records import RECORDS, Key, deletion_key, key_of, state_of
from storage import upserts


class Sheet:
    """Rows read in a few statements, changed in memory, written once. Its user holds the athlete's lock."""

    def __init__(self, athlete: Athlete, now: datetime) -> None:
        self.athlete, self.now = athlete, now
        self.today = local_today(athlete, now)
        self.rows: dict[Key, Record] = {}
        self.by_id: dict[UUID, Record] = {}
        self.deletions: dict[Key, Deletion] = {}
        self.before: dict[UUID, tuple[Any, ...]] = {}  # of the rows that the database has
        self.moved: list[Record] = []  # as they were and as they are: what lies near them is derived again
        self.lifted: list[int] = []
        self.touched: set[date] = set()

    def read(self, keys: Iterable[Key]) -> None:
        names: dict[str, set[str]] = defaultdict(set)
        wanted = set(keys)
        for kind, _provider, name in wanted:
            names[kind].add(name)
        for kind, of_kind in names.items():
            for record in self.stored(kind).filter(client_record_id__among=sorted(of_kind)):
                self.adopt(record)
        missing = {deletion_key(key): key for key in wanted if key not in self.rows}
        if missing:
            for deletion in Deletion.objects.filter(athlete=self.athlete, kind__in=RECORDS, key__among=sorted(missing)):
                if (key := missing[deletion.key])[0] == deletion.kind:
                    self.deletions[key] = deletion

    def stored(self, kind: str) -> Any:
        return RECORDS[kind]._default_manager.filter(athlete=self.athlete).order_by()

    def adopt(self, record: Record) -> Any:
        """Take a row of the database in; one that is here already stays as it is here."""
        if record.pk in self.by_id:
            return self.by_id[record.pk]
        record.athlete = self.athlete
        self.before[record.pk] = state_of(record)
        self.keep(record)
        return record

    def keep(self, record: Record) -> None:
        self.by_id[record.pk] = record
        self.rows[key_of(record)] = record

    def current(self, rows: Iterable[Record], kind: str) -> list[Any]:
        """These rows of the database as they now are, and those of the sheet; without what is deleted."""
        found = {row.pk: self.by_id.get(row.pk, row) for row in rows}
        found |= {pk: row for pk, row in self.by_id.items() if isinstance(row, RECORDS[kind])}
        return [row for row in found.values() if row.deleted_at is None]

    def changed(self) -> list[Record]:
        known = self.before
        return [row for pk, row in self.by_id.items() if pk not in known or known[pk] != state_of(row)]

    def write(self) -> None:
        changed = self.changed()
        deletions = [d for d in self.deletions.values() if d.pk is None]
        one_writer.number([*changed, *deletions])
        for model in RECORDS.values():
            rows = [row for row in changed if type(row) is model]
            upserts.insert_many([row for row in rows if row.pk not in self.before])
            upserts.upsert_many([row for row in rows if row.pk in self.before], unique=("id",), keep=("created_at",))
        for row in changed:
            was = self.before.get(row.pk)
            self.touched |= {was[0]} if was and was[1] is None else set()
            self.touched |= {row.date} if row.deleted_at is None else set()
            self.before[row.pk] = state_of(row)
            row._state.adding = False
        if self.lifted:
            Deletion.objects.filter(pk__in=self.lifted).delete()
        upserts.upsert_many(deletions, unique=("athlete_id", "kind", "key"))
