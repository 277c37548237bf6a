"""Who may do what: access.csv has a row for each operation and a column for each actor, acting on what is Alice's."""

import csv
import json
from pathlib import Path

import pytest
import time_machine
from django.db import transaction

from tests.rest.operations import Operation, operations
from tests.rest.world import CANARY, NOW, World

TABLE = Path(__file__).parent / "access.csv"
pytestmark = pytest.mark.usefixtures("valkey")


def table() -> dict[tuple[str, str], dict[str, str]]:
    with TABLE.open() as file:
        return {(row.pop("method"), row.pop("path")): row for row in csv.DictReader(file)}


@pytest.fixture
def world(api, settings):
    settings.WRITES_PER_MINUTE = settings.JOIN_TRIES_PER_10_MINUTES = 1_000_000
    settings.WEBHOOK_SECRETS = {"whoop": "a secret"}
    with time_machine.travel(NOW, tick=False):
        yield World(api)


# Who signs in with nothing to do with Alice's health; her coaches never see notes either.
OTHERS = {"anonymous", "team_mate", "coach_status", "coach_values", "coach_medical", "ex_coach", "other_coach", "admin"}
OTHERS |= {"client_records", "client_days", "client_advice"}


OF_ALICE = "?athlete=alice"


def cases() -> list[tuple[Operation, str]]:
    """Every operation, and again with Alice named where one may name an athlete."""
    named = [o for o in operations() if "athlete" in o.parameters]
    return [(operation, "") for operation in operations()] + [(operation, OF_ALICE) for operation in named]


def answers(world: World, operation: Operation, query: str) -> dict[str, str]:
    url = world.url(operation) + query.replace("alice", str(world.alice.pk))
    body = json.dumps(operation.example) if operation.takes_a_body else ""
    found = {}
    for name, actor in world.actors().items():
        client = world.api(actor)
        client.raise_request_exception = False
        with transaction.atomic():
            answer = client.generic(operation.method, url, body, "application/json")
            transaction.set_rollback(True)
        assert name not in OTHERS or CANARY.encode() not in answer.content, f"{name} reads Alice's notes at {operation}"
        found[name] = str(answer.status_code)
    return found


def test_every_operation_has_a_row_and_every_row_an_operation():
    assert {(operation.method, operation.path + query) for operation, query in cases()} == set(table())


def test_who_may_do_what(world):
    expected, wrong = table(), {}
    for operation, query in cases():
        row = expected.get((operation.method, operation.path + query), {})
        for who, status in answers(world, operation, query).items():
            if row.get(who) != status:
                wrong[f"{who}: {operation}{query}"] = f"expected {row.get(who)}, answered {status}"
    assert wrong == {}
