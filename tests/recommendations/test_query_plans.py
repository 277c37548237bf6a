"""What happens every morning reads by an index: nothing that grows with the years is walked to use one day."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from athletes.models import Day
from athletes.reports import intake
from recommendations.advice.advising import drain
from recommendations.coach import board
from recommendations.models import Advice
from recommendations.queue import waiting
from tests.recommendations.seasons import MORNING, TODAY, live, wake_up

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite plans a small table as it plans a large one"),
]
YESTERDAY = TODAY - timedelta(days=1)
GROWS = {
    "athletes_day", "athletes_checkin", "athletes_hrvreading", "athletes_sleepsession", "athletes_trainingsession",
    "athletes_performancetest", "athletes_restday", "athletes_restinghrreading", "athletes_plannedsession",
    "athletes_seasonday", "athletes_deletion", "athletes_historicalathlete", "recommendations_advice",
    "recommendations_warning", "recommendations_override", "recommendations_feedback", "recommendations_forecast",
    "recommendations_statecarry", "recommendations_delivery", "recommendations_notice",
}  # fmt: skip


@pytest.fixture
def season(alice, squad):
    with time_machine.travel(MORNING, tick=False):
        live(alice, 40)
        wake_up(alice)
        drain(MORNING)
        yield f"/admin/recommendations/advice/{Advice.objects.get(current=True).pk}/change/"


def walked(queries):
    """Tables that grow and are read from one end to the other, with the statement that does."""
    found = []
    for query in queries:
        sql = query["sql"]
        if not re.match(r"(?i)\s*(select|update|delete|with|insert)", sql):
            continue
        names = dict(re.findall(r'(?i)(?:from|join|update|into)\s+"(\w+)"\s+"?(U\d+|T\d+)"?', sql))
        aliases = {alias: table for table, alias in names.items()}
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + sql.replace("%", "%%"))
            for *_, detail in cursor.fetchall():
                scanned = re.match(r"SCAN (\w+)", detail)
                if scanned and aliases.get(scanned[1], scanned[1]) in GROWS:
                    found.append((detail, sql))
    return found


def late_session(alice, **_):
    Day.objects.filter(athlete=alice, date=YESTERDAY).update(load_au=500.0)
    waiting.enqueue(alice.pk, [YESTERDAY], rings=True)
    drain(MORNING)


def bad_morning(alice, charlie, **_):
    """Since when is looked up in the advice of four weeks."""
    Advice.objects.filter(athlete=alice).update(tells_coach=True)
    (line,) = (line for line in board.boards(charlie, MORNING)[0].lines if line.athlete == alice)
    assert (line.severity, line.since_days) == (board.BAD_MORNING, 0)


def answered(answer):
    assert answer.status_code == 200


MORNINGS = {
    "a check-in": lambda alice, **_: intake.record_check_in(alice, TODAY, {"mood": 3}, now=MORNING),
    "the drain": lambda alice, **_: (waiting.enqueue(alice.pk, [TODAY], rings=True), drain(MORNING)),
    "a late session": late_session,
    "the phone's advice": lambda alice, api, **_: answered(api(alice).get("/api/v1/advice/today/")),
    "the phone's list of advice": lambda alice, api, **_: answered(api(alice).get("/api/v1/advice/")),
    "the phone's day": lambda alice, api, **_: answered(api(alice).get(f"/api/v1/days/{YESTERDAY}/")),
    "the phone's changes": lambda alice, api, **_: answered(api(alice).get("/api/v1/sync/changes/")),
    "the phone's warnings": lambda alice, api, **_: answered(api(alice).get("/api/v1/warnings/")),
    "the coach's board": lambda charlie, **_: board.boards(charlie, MORNING),
    "the coach's board on a bad morning": bad_morning,
    "the coach's page": lambda client, charlie, page, **_: (client.force_login(charlie), client.get(page)),
}


@pytest.mark.parametrize("what", MORNINGS)
def test_nothing_that_grows_is_walked_for(what, season, alice, charlie, api, client):
    with CaptureQueriesContext(connection) as queries:
        MORNINGS[what](alice=alice, charlie=charlie, api=api, client=client, page=season)
    assert len(queries) > 1
    assert walked(queries.captured_queries) == []


def test_a_walk_is_seen(season, alice):
    with CaptureQueriesContext(connection) as queries:
        list(Day.objects.filter(load_au__gt=100))
        list(Day.objects.filter(athlete=alice, date=TODAY))
    assert [detail for detail, _ in walked(queries.captured_queries)] == ["SCAN athletes_day"]
