"""One request, and what came of it: how it was answered, which canaries it told, and whose rows it changed."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import redis
import time_machine
from django.conf import settings
from django.contrib import messages
from django.db import connection, transaction
from django.test import Client

from athletes.models import Athlete
from tests.factories import Program
from tests.rest.actors import OWN, Cast
from tests.rest.world import NOW

# What every request may leave behind, and nobody learns anything from.
OF_THE_REQUEST = {"usersessions_usersession", "athletes_changenumber", "athletes_limitwithoutvalkey"}
WRITE = re.compile(r'^\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM|REPLACE\s+INTO)\s+"?(\w+)"?', re.I)
REFUSED = {"login", "index"}
SIGNING_OUT = ("DELETE", "/_allauth/app/v1/auth/session")  # done with a 401: nobody is signed in any more


@dataclass(frozen=True)
class Seen:
    outcome: str  # the status; of redirects to a sign-in or away from what is not there: login, index
    canaries: frozenset[tuple[str, str]]  # (athlete, canary)
    changed: frozenset[tuple[str, str]]  # (table, whose)
    signed_out: bool = False

    @property
    def allowed(self) -> bool:
        return self.signed_out or (self.outcome not in REFUSED and int(self.outcome) < 400)


class Asker:
    def __init__(self, cast: Cast) -> None:
        self.cast, self.asked = cast, 0
        self.client = Client(raise_request_exception=False)
        self.limits = redis.Redis(unix_socket_path=settings.VALKEY_URL.removeprefix("unix://"))
        self.before: dict[str, dict[Any, Any]] = {}
        self.owners = Owners(cast)

    def ask(self, method: str, url: str, headers: dict[str, str], body: Any = None) -> Seen:
        """Rolled back afterwards, so that everybody asks the same world."""
        self.asked += 1
        self.limits.flushall()
        self.client.cookies.clear()
        with transaction.atomic(), written_tables() as tables:
            answer = self.client.generic(method, url, *encoded(url, body), headers=headers)
            content = b"".join(answer) if answer.streaming else answer.content
            changed = frozenset(self.changed_in(tables - OF_THE_REQUEST))
            transaction.set_rollback(True)
        told = content + b" ".join(value.encode() for value in answer.headers.values())
        canaries = self.cast.aviary.found_in(told, codes=url.startswith("/api/v1/"))
        return Seen(outcome_of(answer), frozenset(canaries), changed, (method, url) == SIGNING_OUT)

    def changed_in(self, tables: set[str]) -> Iterator[tuple[str, str]]:
        for table in tables:
            before, after = self.before[table], rows_of(table)
            if table == "django_session":  # new ones and other contents are the request's own; an end is somebody's
                yield from ((table, self.cast.sessions.get(key, "somebody")) for key in before.keys() - after.keys())
                continue
            for pk in before.keys() | after.keys():
                if before.get(pk) != after.get(pk):
                    yield table, self.owners.of(table, after.get(pk) or before[pk])

    def look(self) -> None:
        """At every row, before anybody asks."""
        self.before = {table: rows_of(table) for table in connection.introspection.table_names()}


def outcome_of(answer: Any) -> str:
    to = answer.headers.get("Location", "")
    if "/login/" in to:
        return "login"
    said = getattr(getattr(answer.wsgi_request, "_messages", None), "_queued_messages", ())
    not_there = to == "/admin/" and any(message.level == messages.WARNING for message in said)
    return "index" if not_there else str(answer.status_code)


def encoded(url: str, body: Any) -> tuple[Any, str]:
    """Data and content type: pages take forms."""
    if body is None:
        return "", "application/json"
    if url.startswith(("/api/", "/_allauth/")):
        return json.dumps(body), "application/json"
    return urlencode(body, doseq=True), "application/x-www-form-urlencoded"


@contextmanager
def written_tables() -> Iterator[set[str]]:
    tables: set[str] = set()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if found := WRITE.match(sql):
            tables.add(found[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield tables


def rows_of(table: str) -> dict[Any, dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        names = [column[0] for column in cursor.description]
        key = next((names.index(name) for name in ("history_id", "id") if name in names), 0)  # a history has both
        return {row[key]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


class Owners:
    """Whose a row is, by the column that says so: an athlete's name, or the actor's."""

    def __init__(self, cast: Cast) -> None:
        self.names: dict[str, str] = {}
        for who, actor in cast.actors().items() | {"zara": cast.zara}.items():
            if actor is not None and not isinstance(actor, Program):
                name = OWN.get(who, who)
                self.names[f"user {getattr(actor, 'user', actor).pk}"] = name
                if hasattr(actor, "user"):
                    self.names[f"athlete {actor.pk}"] = name
        self.advice = {pk: row["athlete_id"] for pk, row in rows_of("recommendations_advice").items()}

    def of(self, table: str, row: dict[str, Any]) -> str:
        athlete = row["id"] if table in ("athletes_athlete", "athletes_historicalathlete") else row.get("athlete_id")
        user = row["id"] if table == "athletes_user" else row.get("user_id") or row.get("coach_id")
        if athlete is None and row.get("advice_id") is not None:
            athlete = self.advice.get(row["advice_id"])
        if athlete is not None and f"athlete {athlete}" not in self.names:  # a profile that this request has made
            user = Athlete.objects.filter(pk=athlete).values_list("user_id", flat=True).first()
        if athlete is None and user is None:
            return "nobody"
        return self.names.get(f"athlete {athlete}") or self.names.get(f"user {user}", "somebody")


@pytest.fixture
def asker(api, settings) -> Iterator[Asker]:
    settings.WRITES_PER_MINUTE = settings.JOIN_TRIES_PER_10_MINUTES = 1_000_000
    settings.WEBHOOK_SECRETS = {"whoop": "a secret"}
    with time_machine.travel(NOW, tick=False):
        yield Asker(Cast(api))
