"""What is counted as it happens: attempts at messages, answers, tasks. Of many processes: flows/test_metrics.py"""

import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from celery import shared_task
from prometheus_client import REGISTRY

from config.beat import rang
from config.celery import app
from recommendations.advice import advising
from recommendations.announcing import deliveries
from recommendations.inputs import frames
from recommendations.models import Delivery
from recommendations.push import sending
from tests import push_service as faults
from tests.factories import make_advice
from tests.recommendations.pushing import EVENING, TODAY, due_now
from tests.recommendations.seasons import MORNING, live, wake_up

pytestmark = pytest.mark.django_db


class Counts:
    """How much a counter has grown since."""

    def __init__(self, name, **fixed):
        self.name, self.fixed = name, fixed
        self.before = self.read()

    def read(self):
        return {
            tuple(value for name, value in sample.labels.items() if name not in self.fixed): sample.value
            for family in REGISTRY.collect()
            for sample in family.samples
            if sample.name == self.name and self.fixed.items() <= sample.labels.items()
        }

    @property
    def grown(self):
        grown = {labels: value - self.before.get(labels, 0) for labels, value in self.read().items()}
        return {labels: value for labels, value in grown.items() if value}


def test_each_attempt_at_a_message_is_counted_by_what_came_of_it(alice, waiting, push_service, clock):
    counts = Counts("homestretch_pushes_total", kind="webpush")
    Delivery.objects.update(valid_until=EVENING + timedelta(hours=24))
    clock.move_to(datetime(2026, 11, 22, 22, 0, tzinfo=UTC))
    sending.send_due()
    assert counts.grown == {("later",): 1}
    push_service.next_answers(faults.BROKEN)
    clock.move_to(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    sending.send_due(limit=1)
    assert counts.grown == {("later",): 1, ("failed",): 1}
    due_now(waiting)
    sending.send_due()
    assert counts.grown == {("later",): 1, ("failed",): 1, ("sent",): 1}
    for ahead in (1, 2):  # the device is gone: what waits for it besides goes with the one that was tried
        deliveries.announce([make_advice(alice, TODAY + timedelta(days=ahead), valid_until=EVENING)], now=EVENING)
    Delivery.objects.filter(state="waiting").update(valid_until=EVENING + timedelta(hours=24))
    push_service.next_answers(faults.GONE)
    sending.send_due(limit=1)
    assert counts.grown == {("later",): 1, ("failed",): 1, ("sent",): 1, ("dead",): 2}


def test_athletes_are_counted_when_they_were_answered_and_not_when_that_failed(alice, bob, monkeypatch):
    answered, errors = Counts("homestretch_athletes_answered_total"), Counts("homestretch_drain_errors_total")
    with time_machine.travel(MORNING, tick=False):
        for athlete in (alice, bob):
            live(athlete, 40)
            wake_up(athlete)
        days_to_race = frames.days_to_race
        monkeypatch.setattr(frames, "days_to_race", lambda who, day: 1 / 0 if who == bob else days_to_race(who, day))
        advising.drain(MORNING)
    assert (answered.grown, errors.grown) == ({(): 1}, {("ZeroDivisionError",): 1})


@shared_task(bind=True, max_retries=1)
def sample(task, end):
    time.sleep(0.06)
    if end == "failure":
        raise ValueError(end)
    if end == "retry" and not task.request.retries:
        raise task.retry(countdown=0)


@pytest.mark.parametrize(
    ("end", "outcomes"),
    [("success", {"success": 1}), ("failure", {"failure": 1}), ("retry", {"retry": 1, "success": 1})],
)
def test_tasks_are_counted_by_outcome_and_time(end, outcomes):
    app.finalize()
    counts = Counts("homestretch_tasks_total", task=sample.name)
    took = Counts("homestretch_task_duration_seconds_bucket", task=sample.name)
    sample.apply([end])
    assert counts.grown == {(outcome,): n for outcome, n in outcomes.items()}
    runs = len(outcomes)
    assert {le: n for (le,), n in took.grown.items() if float(le) < 1} == {"0.25": runs}


def test_beat_says_when_it_last_rang():
    with time_machine.travel(MORNING, tick=False):
        rang()
    assert REGISTRY.get_sample_value("homestretch_beat_last_ring_timestamp_seconds") == MORNING.timestamp()
