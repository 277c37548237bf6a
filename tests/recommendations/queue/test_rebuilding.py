"""After an upgrade everybody's history is walked again: in the slow queue, and in the way of nobody who reports."""

import pytest

from mlmodels.state.table import STATE_VERSION
from recommendations.advice.advising import answer_batch, drain
from recommendations.inputs import frames
from recommendations.models import Advice, StateCarry, WaitingDay
from recommendations.queue import rebuilding, waiting
from tests import factories
from tests.recommendations.seasons import MORNING, TODAY, live, wake_up

pytestmark = pytest.mark.django_db


def kept(athlete):
    return dict(StateCarry.objects.filter(athlete=athlete).values_list("through", "packed"))


def after_an_upgrade():
    StateCarry.objects.update(state_version=STATE_VERSION - 1, packed=b"of the version before")


def test_the_slow_queue_carries_everybody_on_as_the_drain_would(alice, bob):
    for athlete in (alice, bob):
        live(athlete, 40)
        wake_up(athlete)
    drain(MORNING)
    as_drained = kept(alice), kept(bob)
    after_an_upgrade()
    assert rebuilding.rebuild(MORNING) == 2
    assert (kept(alice), kept(bob)) == as_drained
    assert set(StateCarry.objects.values_list("state_version", flat=True)) == {STATE_VERSION}
    assert rebuilding.rebuild(MORNING) == 0


def test_who_waits_for_advice_or_has_not_reported_for_a_month_is_left_to_the_drain(alice, bob):
    live(alice, 40)
    live(bob, 40)
    bob.days.filter(date__gte=TODAY - rebuilding.ACTIVE).delete()
    WaitingDay.objects.all().delete()
    waiting.enqueue(alice.pk, [TODAY], rings=True)
    StateCarry.objects.all().delete()
    assert rebuilding.rebuild(MORNING) == 0
    assert not StateCarry.objects.exists()


def test_one_whose_days_raise_does_not_keep_the_others_from_it(alice, bob):
    for athlete in (alice, bob):
        live(athlete, 40)
    WaitingDay.objects.all().delete()
    type(alice).objects.filter(pk=alice.pk).update(birth_date="no date")
    assert rebuilding.rebuild(MORNING) == 2
    assert (kept(alice), set(kept(bob)) <= frames.kept_evenings(TODAY)) == ({}, True)
    assert kept(bob)


def test_those_who_are_carried_do_not_wait_for_many_who_are_not(alice, monkeypatch):
    monkeypatch.setattr(rebuilding, "AT_ONCE", 2)
    others = [factories.make_athlete(f"a{n}@example.org") for n in range(5)]
    for athlete in (*others, alice):
        live(athlete, 20)
        wake_up(athlete)
    drain(MORNING)
    StateCarry.objects.filter(athlete__in=others).delete()
    for athlete in (*others, alice):
        waiting.enqueue(athlete.pk, [TODAY], rings=True)
    answered = []
    while answer_batch(MORNING):
        answered.append({a for a in (*others, alice) if not WaitingDay.objects.filter(athlete=a).exists()})
    assert [len(each) for each in answered] == [3, 5, 6]
    assert alice in answered[0]
    assert Advice.objects.filter(current=True).count() == 6
