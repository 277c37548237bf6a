"""A database that keeps a request waiting costs that request, not the thread for ever."""

import psycopg
import pytest
from django.db import connection

from athletes.local_days.local_time import local_today
from storage.patience import end_long_statements

pytestmark = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL: SQLite has its timeout")


def shown(name):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_locks_and_idle_transactions_end_and_long_statements_of_the_web_too():
    assert (shown("lock_timeout"), shown("idle_in_transaction_session_timeout")) == ("10s", "2min")
    end_long_statements(None, connection)
    assert shown("statement_timeout") == "20s"


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_answers_503_and_when_to_come_again(alice, api):
    other = psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": None, "context": None})
    other.execute("SELECT 1 FROM athletes_athlete WHERE id = %s FOR UPDATE", [alice.pk])
    today = local_today(alice)
    phone = api(alice)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    try:
        answer = phone.put(f"/api/v1/check-ins/{today}/", {"mood": 4})
    finally:
        other.close()
        connection.close()
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer["Retry-After"] == "2"
