"""What each HRV era read on an athlete's days: what baselines, choices and the state stand on."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from athletes.models import EraReading
from storage import upserts


class EraRead(NamedTuple):
    value_ms: float
    doubted: bool
    logged: bool  # by a season log

    @classmethod
    def of(cls, row: EraReading) -> "EraRead":
        return cls(row.value_ms, row.doubted, row.logged)


def replace(athlete_id: int, of_days: Mapping[date, Mapping[str, EraRead]]) -> None:
    """These days' rows become these, in the caller's transaction, which holds the athlete's lock."""
    if not of_days:
        return
    stored = EraReading.objects.filter(athlete=athlete_id, date__in=[*of_days])
    kept = {(row.date, row.era): row for row in stored}
    read = {(on, era): read for on, eras in of_days.items() for era, read in eras.items()}
    if gone := [row.pk for key, row in kept.items() if key not in read]:
        EraReading.objects.filter(pk__in=gone).delete()
    new = [
        EraReading(athlete_id=athlete_id, date=on, era=era, **of_era._asdict())
        for (on, era), of_era in read.items()
        if (on, era) not in kept or of_era != EraRead.of(kept[on, era])
    ]
    upserts.upsert_many(new, unique=("athlete_id", "date", "era"))


def between(athletes: Iterable[int], first: date, last: date) -> Iterator[tuple[int, date, str, float]]:
    """(athlete, date, era, ms) of these days' believed readings, whether the day stands on the era or not."""
    rows = EraReading.objects.filter(athlete__in=athletes, date__range=(first, last), doubted=False)
    yield from rows.order_by("date", "era").values_list("athlete_id", "date", "era", "value_ms")


def believed(athlete_id: int, first: date, last: date) -> dict[date, frozenset[str]]:
    """Which eras devices and the athlete read on these dates. What a season log says chooses no era."""
    rows = EraReading.objects.filter(athlete=athlete_id, date__range=(first, last), doubted=False, logged=False)
    eras: dict[date, set[str]] = defaultdict(set)
    for on, era in rows.order_by().values_list("date", "era"):
        eras[on].add(era)
    return {on: frozenset(of_day) for on, of_day in eras.items()}
