"""The worker's tasks as Celery runs them, one after the other in one process."""

import psycopg
import pytest
import time_machine
from django.db import connection

import config.celery  # noqa: F401  what the worker does before each task
from recommendations import tasks
from recommendations.models import Advice, WaitingDay
from tests.recommendations.seasons import MORNING, live, wake_up


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL: another session ends this one")
def test_a_connection_that_was_ended_costs_no_task_after_it(alice):
    with time_machine.travel(MORNING, tick=False):
        live(alice, 40)
        wake_up(alice)
        for _again in range(2):
            end_every_connection()
            tasks.send_pushes.apply()  # its first statement is outside of a transaction
        assert tasks.drain.apply().state == "SUCCESS"
    assert not WaitingDay.objects.exists()
    assert Advice.objects.filter(athlete=alice, current=True).count() == 1


def end_every_connection():
    with psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": None, "context": None}) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


def test_celery_takes_every_setting_and_warns_of_none():
    from config import broker
    from config.celery import app

    assert not app.conf.maybe_warn_deprecated_settings()
    assert app.conf.get("CELERY_DB_REUSE_MAX") == broker.CELERY_DB_REUSE_MAX  # as Celery's Django fixup asks for it
    given = {name.removeprefix("CELERY_").lower() for name in vars(broker) if name.startswith("CELERY_")}
    assert given - {"db_reuse_max"} <= set(app.conf.table())
    assert app.conf.task_acks_late is True
