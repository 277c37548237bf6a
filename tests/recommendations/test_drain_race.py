"""Writers and two workers at once, on a database that lets them."""

import random
import threading

import pytest
from django.db import connection, connections, transaction

from athletes.models import Day
from recommendations import waiting
from recommendations.advising import drain
from recommendations.models import Advice, WaitingDay
from tests import factories
from tests.recommendations.seasons import MORNING, TODAY, live, wake_up

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]


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
