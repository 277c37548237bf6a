"""Beat, with the settings it ships with and a real Valkey to ring at."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from config.beat import Scheduler, app

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock(valkey):
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def rings(scheduler: Scheduler) -> int:
    return scheduler.schedule["sweep-waiting-days"].total_run_count


def rung_within(seconds: int, scheduler: Scheduler, clock) -> int:
    """As beat runs it: it sleeps as long as the last tick said."""
    before, until = rings(scheduler), datetime.now(UTC) + timedelta(seconds=seconds)
    while datetime.now(UTC) < until:
        clock.shift(max(0.01, scheduler.tick()))
    return rings(scheduler) - before


def test_beat_goes_on_ringing_when_the_clock_was_set_back_or_ahead(clock, tmp_path):
    scheduler = Scheduler(app=app, schedule_filename=str(tmp_path / "schedule"))
    assert rung_within(12, scheduler, clock) in (3, 4)
    clock.shift(timedelta(hours=2))
    assert rung_within(12, scheduler, clock) in (4, 5)
    clock.shift(timedelta(hours=-3))
    assert rung_within(12, scheduler, clock) in (3, 4)
    scheduler.close()


def test_beat_that_starts_with_a_schedule_from_the_future_rings(clock, tmp_path):
    first = Scheduler(app=app, schedule_filename=str(tmp_path / "schedule"))
    rung_within(12, first, clock)
    first.close()
    clock.shift(timedelta(days=-400))
    again = Scheduler(app=app, schedule_filename=str(tmp_path / "schedule"))
    assert rung_within(12, again, clock) in (3, 4)
    again.close()
