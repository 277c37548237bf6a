"""access.csv: who may do what. A row for each method of each address, a column for each actor.

`whose`: whose data the address is about: the actor's `own`, `all` whom the actor may see, or whom of them it names.
`shows`: which canaries an answer holds for whom all levels are open; each actor is told those of the own levels. With a
level of its own, where an address is stricter than others: `advice.prescription:values`.
`changes`: the tables in which rows of whom it is about may change. An empty cell: the actor is not asked (pages only).
A row of /admin/{app}/{model}/ holds for every model that has none of its own.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.rest.actors import OWN, SEES
from tests.rest.asking import Seen
from tests.rest.attempts import OF_ALICE
from tests.rest.canaries import LEVEL
from tests.rest.operations import operations
from tests.rest.routes import any_model, routes

Sees = dict[str, frozenset[str]]
TABLE = Path(__file__).parent / "access.csv"


@dataclass(frozen=True)
class Row:
    method: str
    path: str
    whose: str
    shows: dict[str, str]  # canary -> level
    changes: frozenset[str]
    outcomes: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def subjects(self, column: str, sees: Sees) -> set[str]:
        """Whose data an answer to this actor is about."""
        if self.whose == "own":
            return {OWN[column]} if column in OWN else set()
        return set(sees) if self.whose == "all" else set(self.whose.split())

    def told_to(self, column: str, sees: Sees) -> set[tuple[str, str]]:
        return {
            (who, name)
            for who in self.subjects(column, sees)
            for name, level in self.shows.items()
            if level in sees.get(who, set())
        }

    def objections(self, column: str, seen: Seen, *, actor: str = "", sees: Sees | None = None) -> list[str]:
        """What is not as the column says it. `actor` and `sees`: of somebody who has only just become like it."""
        expected, actor, sees = self.outcomes[column], actor or column, SEES[column] if sees is None else sees
        found = [] if seen.outcome == expected else [f"{expected} expected, {seen.outcome}"]
        wanted = self.told_to(column, sees) if seen.allowed else set()
        if unheard := seen.canaries - wanted - own_name(actor):
            found.append(f"told {sorted(unheard)}")
        if missing := wanted - seen.canaries:
            found.append(f"not told {sorted(missing)}")
        of_whom = {"nobody", OWN.get(actor, actor)} | (set() if self.whose == "own" else self.subjects(column, sees))
        for table, whose in seen.changed:
            if not seen.allowed or table not in self.changes or whose not in of_whom:
                found.append(f"changed {table} of {whose}")
        return found


def told(wrong: dict[str, Any]) -> str:
    """Every line: pytest would cut a dict of many."""
    return "\n".join(f"{what}: {objections}" for what, objections in sorted(wrong.items()))


def own_name(actor: str) -> set[tuple[str, str]]:
    """Who is signed in may be named anywhere, also where a password is asked for first."""
    return {(OWN.get(actor, ""), name) for name in ("user.email", "athlete.display_name")}


@cache
def table() -> dict[tuple[str, str], Row]:
    with TABLE.open() as file:
        return {(line["method"], line["path"]): row_of(line) for line in csv.DictReader(file)}


def row_of(line: dict[str, str]) -> Row:
    named = {name: line.pop(name) for name in ("method", "path", "whose", "shows", "changes")}
    return Row(
        named["method"], named["path"], named["whose"], dict(map(with_level, named["shows"].split())),
        frozenset(named["changes"].split()), {actor: outcome for actor, outcome in line.items() if outcome},
    )  # fmt: skip


def with_level(name: str) -> tuple[str, str]:
    canary, _, level = name.partition(":")
    return canary, level or LEVEL[canary]


def asked() -> list[tuple[str, str]]:
    """Every method that an address answers, and again with Alice named where one may name an athlete."""
    named = [(o.method, o.path + OF_ALICE) for o in operations() if "athlete" in o.parameters]
    return [(method, path) for path, methods in routes().items() for method in methods] + named


def row_for(method: str, path: str) -> Row | None:
    return table().get((method, path)) or table().get((method, any_model(path)))
