"""Going to state version 2: nobody is left with what was worked out under version 1."""

from importlib import import_module

from django.apps import apps

from mlmodels.state import STATE_VERSION
from recommendations.advising import drain
from recommendations.models import Advice, StateCarry, WaitingDay
from tests.factories import make_advice
from tests.recommendations.test_advising import MORNING, TODAY, YESTERDAY, live

upgrade = import_module("recommendations.migrations.0006_state_version_2")


def test_todays_advice_of_the_version_before_is_given_again_from_the_days(alice, monkeypatch):
    live(alice, 40)
    make_advice(alice, TODAY, state_version=1, headline="Do a little more today")
    make_advice(alice, YESTERDAY, state_version=1, current=True)
    StateCarry.objects.create(athlete=alice, through=YESTERDAY, state_version=1, packed=b"old")
    monkeypatch.setattr(upgrade.timezone, "now", lambda: MORNING)
    upgrade.ask_again(apps, None)
    assert not StateCarry.objects.exists()
    assert set(WaitingDay.objects.values_list("athlete", "date")) == {(alice.pk, TODAY), (alice.pk, YESTERDAY)}
    drain(MORNING)
    now = Advice.objects.get(athlete=alice, date=TODAY, current=True)
    assert (now.state_version, now.revision) == (STATE_VERSION, 2)
    assert StateCarry.objects.get(athlete=alice).state_version == STATE_VERSION


def test_advice_of_this_version_stands(alice):
    make_advice(alice, TODAY, state_version=STATE_VERSION)
    upgrade.ask_again(apps, None)
    assert not WaitingDay.objects.exists()
