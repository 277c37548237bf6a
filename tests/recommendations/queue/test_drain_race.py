"""Writers and two workers at once. On SQLite workers take turns, and no writer waits for the computing."""

import random
import threading

import pytest
import time_machine
from django.db import connection, connections, transaction

from athletes.models import Athlete, Day
from recommendations.advice import advising
from recommendations.advice.advising import drain
from recommendations.models import Advice, StateCarry, WaitingDay
from recommendations.queue import waiting
from tests import factories
from tests.recommendations.seasons import MORNING, TODAY, live, wake_up

sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL locks rows, not the database")

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_last_report_is_in_the_one_current_advice():
    athletes = [factories.make_athlete(f"a{n}@example.org") for n in range(12)]
    for athlete in athletes:
        live(athlete, 30)
        wake_up(athlete)
    failures: list[BaseException] = []
    stop = threading.Event()

    def guarded(work):
        def run():
            try:
                work()
            except BaseException as error:
                failures.append(error)
            finally:
                connections.close_all()

        return threading.Thread(target=run)

    def report(seed):
        dice = random.Random(seed)
        for _ in range(60):
            with transaction.atomic():
                athlete = dice.choice(athletes)
                Day.objects.filter(athlete=athlete, date=TODAY).update(hrv_ms=dice.uniform(45, 80))
                waiting.enqueue(athlete.pk, [TODAY], rings=True)

    def work():
        while not stop.is_set():
            drain(MORNING)

    workers, writers = [guarded(work) for _ in range(2)], [guarded(lambda n=n: report(n)) for n in range(2)]
    for thread in workers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in workers:
        thread.join()
    drain(MORNING)
    assert failures == []
    assert not WaitingDay.objects.exists()
    for athlete in athletes:
        advice = Advice.objects.get(athlete=athlete, date=TODAY, current=True)
        assert advice.observation["hrv_rmssd_ms"] == Day.objects.get(athlete=athlete, date=TODAY).hrv_ms
        revisions = list(Advice.objects.filter(athlete=athlete).order_by("revision").values_list("revision", flat=True))
        assert revisions == list(range(1, len(revisions) + 1))


def at_once(write):
    """In a thread: a connection of its own, as another process has."""

    def run():
        with transaction.atomic():
            write()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(5)
    assert not thread.is_alive(), "the writer waits for the computing"


def measure_again(athlete):
    Day.objects.filter(athlete=athlete, date=TODAY).update(hrv_ms=44.0)
    waiting.enqueue(athlete.pk, [TODAY], rings=True)


def train_more(athlete):
    own = Athlete.objects.get(pk=athlete.pk)
    own.usual_sessions_per_week, own.usual_session_min, own.usual_session_rpe = 9, 120, 8
    with time_machine.travel(MORNING, tick=False):
        own.save()


@sqlite_only
def test_who_is_revised_while_it_is_worked_out_is_answered_once_and_with_the_newest_facts(alice, bob, monkeypatch):
    for athlete in (alice, bob):
        live(athlete, 30)
        wake_up(athlete, hrv_ms=60.0)
    work_out, revised = advising.decide_observed, []

    def slowly(observation, policy):
        if not revised:
            revised.append(at_once(lambda: measure_again(alice)))
        return work_out(observation, policy)

    monkeypatch.setattr(advising, "decide_observed", slowly)
    assert drain(MORNING) == 2
    found = {advice.athlete_id: advice for advice in Advice.objects.all()}
    assert (found[alice.pk].revision, found[alice.pk].observation["hrv_rmssd_ms"]) == (1, 44.0)
    assert (found[bob.pk].revision, found[bob.pk].observation["hrv_rmssd_ms"]) == (1, 60.0)
    assert not WaitingDay.objects.exists()


@sqlite_only
def test_a_profile_changed_while_it_is_worked_out_leaves_no_evening_of_the_old_one(alice, monkeypatch):
    live(alice, 30)
    wake_up(alice)
    work_out, changed = advising.decide_observed, []

    def slowly(observation, policy):
        if not changed:
            changed.append(at_once(lambda: train_more(alice)))
        return work_out(observation, policy)

    monkeypatch.setattr(advising, "decide_observed", slowly)
    drain(MORNING)
    kept = dict(StateCarry.objects.filter(athlete=alice).values_list("through", "packed"))
    StateCarry.objects.all().delete()
    waiting.enqueue(alice.pk, [TODAY], rings=True)
    drain(MORNING)
    assert kept == dict(StateCarry.objects.filter(athlete=alice).values_list("through", "packed"))
