"""Everybody asks everything: the answer, what it tells of whom, and whose rows it changes are as access.csv says.

Each athlete of the world has values that nobody else has (canaries.py); an answer holds exactly those that the consent
opens to who asked (actors.py), and a request that was refused has changed nothing (asking.py).
"""

import json
from typing import Any

import pytest

from tests.rest.actors import OWN, SEES
from tests.rest.asking import Seen
from tests.rest.attempts import Attempts
from tests.rest.canaries import LEVEL
from tests.rest.operations import operations, writes
from tests.rest.routes import METHODS, routes
from tests.rest.table import asked, row_for, table, told

pytestmark = pytest.mark.usefixtures("valkey")
SURFACES = {"api": "/api/", "accounts of the app": "/_allauth/", "admin": "/admin/", "pages": "/"}
LEAST = 4_500
CURIOUS = ("anonymous", "team_mate", "coach_medical", "other_coach", "support", "client_all")
REFUSALS = {"401", "403", "404", "405"}
ALIKE = ("/add/", "/delete/", "/history/", "/{object_id}/", "/{version}/")  # in the admin: a list and a row are asked
WHO = ("athlete", "athlete_id", "user", "id", "created_by")


def surface_of(path: str) -> str:
    return next(name for name, start in SURFACES.items() if path.startswith(start))


def of_surface(surface: str) -> list[tuple[str, str]]:
    return [(method, path) for method, path in asked() if surface_of(path) == surface]


def test_every_method_of_every_address_has_a_row_and_every_row_an_address():
    rows = {each: row_for(*each) for each in asked()}
    assert {f"{method} {path}" for (method, path), row in rows.items() if row is None} == set()
    used = {(row.method, row.path) for row in rows.values() if row is not None}
    assert set(table()) - used == set()
    for row in table().values():
        everybody = surface_of(row.path) in ("api", "accounts of the app") and "{" in row.path
        assert set(row.outcomes) == set(SEES) if everybody else row.outcomes, row
    planned = sum(len(row.outcomes) for row in rows.values() if row is not None)
    print(f"{planned:,} requests at {len(rows)} methods of {len(routes())} addresses")
    assert planned >= LEAST


def test_the_table_objects_to_a_value_too_many_one_too_few_another_answer_and_a_change():
    row = table()["GET", "/api/v1/red-flags/?athlete=alice"]
    whole = frozenset({("alice", "red_flag.kind"), ("alice", "red_flag.note")})
    assert row.objections("coach_medical", Seen("200", whole, frozenset())) == []
    assert row.objections("coach_status", Seen("200", frozenset(), frozenset())) == []
    assert row.objections("coach_status", Seen("200", whole, frozenset())) == [f"told {sorted(whole)}"]
    assert row.objections("coach_medical", Seen("200", frozenset(), frozenset())) == [f"not told {sorted(whole)}"]
    changed = frozenset({("athletes_redflag", "alice")})
    assert row.objections("team_mate", Seen("404", frozenset(), changed)) == ["changed athletes_redflag of alice"]
    assert row.objections("team_mate", Seen("403", frozenset(), frozenset())) == ["404 expected, 403"]


@pytest.mark.parametrize("surface", SURFACES)
def test_who_may_do_what(asker, surface):
    attempts, wrong = Attempts(asker.cast), {}
    asker.look()
    changed: dict[str, set[str]] = {}
    for method, path in of_surface(surface):
        row, url, body = row_for(method, path), attempts.url(method, path), attempts.body(method, path)
        assert row is not None
        for actor in row.outcomes:
            seen = asker.ask(method, url, asker.cast.headers(actor, url), body)
            if objections := row.objections(actor, seen):
                wrong[f"{actor}: {method} {path}"] = objections
            changed.setdefault(str(row), set()).update(table for table, _ in seen.changed)
    assert not wrong, told(wrong)
    promised = {str(row): row.changes for row in table().values() if str(row) in changed}
    assert {row: tables for row, tables in changed.items() if tables != promised[row]} == {}
    print(f"{asker.asked:,} requests")


@pytest.mark.parametrize("surface", ["api", "accounts of the app", "pages"])
def test_what_proves_nothing_is_answered_as_a_stranger_is(asker, surface):
    attempts, wrong = Attempts(asker.cast), {}
    asker.look()
    for method, path in of_surface(surface):
        row, url, body = row_for(method, path), attempts.url(method, path), attempts.body(method, path)
        assert row is not None
        is_public = row.outcomes.get("anonymous", "200") == "200"
        for what, headers in () if is_public else asker.cast.nobodies(url).items():
            if objections := row.objections("anonymous", asker.ask(method, url, headers, body)):
                wrong[f"{what}: {method} {path}"] = objections
    assert not wrong, told(wrong)


def told_too_much(actor: str, seen: Seen) -> list[Any]:
    too_much: list[Any] = [each for each in seen.canaries if LEVEL[each[1]] not in SEES[actor].get(each[0], set())]
    return too_much + sorted(each for each in seen.changed if each[1] != OWN.get(actor, actor))


def test_a_method_that_is_not_answered_tells_and_changes_nothing(asker):
    attempts, wrong = Attempts(asker.cast), {}
    asker.look()
    for path, answered in routes().items():
        surface = surface_of(path)
        if path.endswith(ALIKE):
            continue
        curious = {"api": CURIOUS, "accounts of the app": CURIOUS[:2]}.get(surface, ("other_coach",))
        for method in {*METHODS, "OPTIONS"} - {*answered} if len(curious) > 1 else ["DELETE"]:
            url = attempts.url(method, path)
            for actor in curious:
                seen = asker.ask(method, url, asker.cast.headers(actor, url))
                fine = surface != "api" or path == "/api/" or seen.outcome in REFUSALS
                if told_too_much(actor, seen) or not fine:
                    wrong[f"{actor}: {method} {path}"] = (seen.outcome, told_too_much(actor, seen))
    assert not wrong, told(wrong)


def test_a_parameter_that_names_alice_where_nobody_may_be_named_reaches_nothing_of_hers(asker):
    attempts, wrong = Attempts(asker.cast), {}
    asker.look()
    for operation in operations():
        if "athlete" in operation.parameters:
            continue
        url, body = attempts.url(operation.method, operation.path), attempts.body(operation.method, operation.path)
        for actor in ("team_mate", "other_coach", "client_of_bob"):
            query = f"{url}?athlete={asker.cast.alice.pk}"
            seen = asker.ask(operation.method, query, asker.cast.headers(actor, url), body)
            if told_too_much(actor, seen_of_alice := of_alice(seen)):
                wrong[f"{actor}: {operation}"] = seen_of_alice
    assert not wrong, told(wrong)


def test_a_body_that_names_alice_is_refused_or_about_who_sends_it(asker):
    attempts, wrong, accepted = Attempts(asker.cast), {}, set()
    asker.look()
    for operation in writes():
        url, example = attempts.url(operation.method, operation.path), operation.example
        for name in WHO:
            value = str(asker.cast.ids["advice"]) if name == "id" else asker.cast.alice.pk
            for actor in ("team_mate", "other_coach", "client_of_bob"):
                seen = asker.ask(operation.method, url, asker.cast.headers(actor, url), {**example, name: value})
                if seen.allowed:
                    accepted.add(f"{operation} {name}")
                if told_too_much(actor, seen_of_alice := of_alice(seen)):
                    wrong[f"{actor}: {operation} {name}"] = seen_of_alice
    assert not wrong, told(wrong)
    assert accepted == set(), json.dumps(sorted(accepted))


def of_alice(seen: Seen) -> Seen:
    canaries = frozenset(each for each in seen.canaries if each[0] == "alice")
    return Seen(seen.outcome, canaries, frozenset(each for each in seen.changed if each[1] == "alice"))
