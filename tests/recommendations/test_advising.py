"""A waiting morning becomes advice."""

from datetime import timedelta

import pytest

from recommendations.advising import drain
from recommendations.models import Advice, StateCarry, WaitingDay
from tests.recommendations.seasons import AFTER_DEADLINE, MORNING, TODAY, live, wake_up

pytestmark = pytest.mark.django_db


def todays(athlete):
    return Advice.objects.get(athlete=athlete, date=TODAY, current=True)


def test_a_check_in_becomes_one_current_advice_and_leaves_the_queue(alice):
    live(alice, 40)
    wake_up(alice)
    assert drain(MORNING) == 1
    advice = todays(alice)
    assert (advice.status, advice.revision, advice.stage) == ("final", 1, "learned")
    assert advice.action in ("as_planned", "active_recovery", "increase_volume", "increase_intensity")
    assert not WaitingDay.objects.exists()
    assert StateCarry.objects.get(athlete=alice).through == TODAY - timedelta(days=1)
