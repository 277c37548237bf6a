"""SQLite has one writer: drains take turns, and nobody's row is forgotten."""

import fcntl
import os

import pytest
from django.conf import settings

from athletes.local_days.local_time import local_today
from athletes.reports import intake
from recommendations.advice import advising
from recommendations.models import Advice, WaitingDay
from recommendations.queue import waiting

MORNING = {"fatigue": 4, "hrv": {"metric": "rmssd", "value_ms": 55.0, "context": "morning_supine"}}
sqlite_only = pytest.mark.skipif(
    "sqlite" not in settings.DATABASES["default"]["ENGINE"], reason="PostgreSQL skips rows"
)


def check_in(athlete) -> None:
    intake.record_check_in(athlete, local_today(athlete), MORNING)


@pytest.fixture
def somebody_drains():
    """Another process in the middle of its turn."""
    with open(settings.DATA_DIR / "drain.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield lambda: fcntl.flock(file, fcntl.LOCK_UN)


@sqlite_only
def test_a_second_drain_leaves_the_rows_to_the_first(alice, somebody_drains):
    check_in(alice)
    assert advising.drain() == 0
    assert WaitingDay.objects.count() == 1
    somebody_drains()
    assert advising.drain() == 1
    assert not WaitingDay.objects.exists()


@sqlite_only
def test_who_came_while_the_turn_was_ours_is_answered_before_we_stop(alice, bob, monkeypatch):
    """Bob checks in after our last look and before we let go; his own drain is refused the turn."""
    check_in(alice)
    last_look, looks = waiting.anybody, []

    def look(now):
        seen = last_look(now)
        looks.append(seen)
        if len(looks) == 1:
            check_in(bob)
            assert advising.drain() == 0
        return seen

    monkeypatch.setattr(waiting, "anybody", look)
    assert advising.drain() == 2
    assert Advice.objects.count() == 2


@sqlite_only
def test_the_turn_of_a_process_that_died_is_free_again(alice):
    pid = os.fork()
    if pid == 0:
        file = open(settings.DATA_DIR / "drain.lock", "w")  # noqa: SIM115
        fcntl.flock(file, fcntl.LOCK_EX)
        os._exit(0)
    os.waitpid(pid, 0)
    check_in(alice)
    assert advising.drain() == 1
