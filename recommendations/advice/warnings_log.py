"""Warnings kept over days: up at once, down after two days under the line, each with what it rests on."""

from collections.abc import Sequence
from datetime import date, datetime

from athletes import one_writer
from athletes.models import Athlete
from mlmodels.deciding import hazards
from recommendations.models import Warning

LEVELS = {level: level.name.lower() for level in hazards.Level}
NUMBERS = {name: level for level, name in LEVELS.items()}
Seen = Sequence[tuple[Athlete, date, tuple[hazards.Hazard, ...]]]


def note(seen: Seen, rings: set[int], now: datetime) -> set[int]:
    """Open, step and close the warnings of these athletes. Returns whose phone should ring for one that got worse.

    At most one such push an athlete and day. A flag budget a squad is not kept yet: the board shows every flag.
    """
    athletes = [athlete.pk for athlete, _, _ in seen]
    standing: dict[int, dict[str, Warning]] = {pk: {} for pk in athletes}
    for row in Warning.objects.filter(athlete__in=athletes, closed_on__isnull=True):
        standing[row.athlete_id][row.kind] = row
    pushed = set(
        Warning.objects.filter(athlete__in=athletes, pushed_on__in={day for _, day, _ in seen}).values_list(
            "athlete_id", "pushed_on"
        )
    )
    opened: list[Warning] = []
    changed: list[Warning] = []
    ring: set[int] = set()
    for athlete, day, found in seen:
        fresh, stepped, worse = one_morning(athlete, day, found, standing[athlete.pk])
        if worse and athlete.pk in rings and (athlete.pk, day) not in pushed:
            ring.add(athlete.pk)
            for row in worse:
                row.pushed_on = day
        opened += fresh
        changed += stepped
    one_writer.number([*opened, *changed])
    Warning.objects.bulk_create(opened)
    for row in changed:
        row.updated_at = now
    Warning.objects.bulk_update(
        changed,
        [
            "level",
            "last_seen_on",
            "closed_on",
            "evidence",
            "rule_version",
            "pushed_on",
            "updated_at",
            "change_seq",
        ],
    )
    return ring


def one_morning(
    athlete: Athlete, day: date, found: tuple[hazards.Hazard, ...], standing: dict[str, Warning]
) -> tuple[list[Warning], list[Warning], list[Warning]]:
    """(opened, changed, those of them that may be pushed)."""
    opened, changed, worse = [], [], []
    now_found = {hazard.kind: hazard for hazard in found}
    for hazard in found:
        row = standing.get(hazard.kind)
        before = NUMBERS[row.level] if row else hazards.Level.NONE
        if row is None:
            row = Warning(athlete=athlete, kind=hazard.kind, opened_on=day, citation=hazard.citation)
            opened.append(row)
        else:
            changed.append(row)
        describe(row, hazard, day)
        if hazard.may_push and hazard.level > before:
            worse.append(row)
    for kind, row in standing.items():
        if kind not in now_found and close_if_over(row, day):
            changed.append(row)
    return opened, changed, worse


def describe(row: Warning, hazard: hazards.Hazard, day: date) -> None:
    row.level = LEVELS[level_shown(row, hazard.level, day)]
    if hazard.level >= NUMBERS[row.level]:
        row.last_seen_on = day
    row.evidence = dict(hazard.inputs)
    row.rule_version = hazard.rule_version


def close_if_over(row: Warning, day: date) -> bool:
    """Nothing of this kind was seen: closed when that has lasted, or when it was opened only this morning."""
    if row.opened_on != day and level_shown(row, hazards.Level.NONE, day):
        return False
    row.closed_on = day
    return True


def level_shown(row: Warning, level_now: hazards.Level, day: date) -> hazards.Level:
    if not row.level:
        return level_now
    below = (day - row.last_seen_on).days - 1
    shown, _ = hazards.step(int(NUMBERS[row.level]), int(level_now), below)
    return hazards.Level(int(shown))
