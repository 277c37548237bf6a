"""Going to another state version: nobody is left with what was worked out under the one before."""

from importlib import import_module

import pytest
import time_machine
from django.apps import apps

from mlmodels.deciding import guard
from mlmodels.state.table import STATE_VERSION
from recommendations.advice.advising import drain
from recommendations.models import Advice, StateCarry, WaitingDay
from tests.factories import make_advice
from tests.recommendations.seasons import MORNING, TODAY, YESTERDAY, live, wake_up

UPGRADES = [
    import_module(f"recommendations.migrations.{name}") for name in ("0006_state_version_2", "0008_state_version_3")
]


@pytest.mark.parametrize("upgrade", UPGRADES)
def test_todays_advice_of_the_version_before_is_given_again_from_the_days(alice, monkeypatch, upgrade):
    live(alice, 40)
    make_advice(alice, TODAY, state_version=1)
    make_advice(alice, YESTERDAY, state_version=1, current=True)
    StateCarry.objects.create(athlete=alice, through=YESTERDAY, state_version=1, packed=b"old")
    monkeypatch.setattr(upgrade.timezone, "now", lambda: MORNING)
    upgrade.ask_again(apps, None)
    assert not StateCarry.objects.exists()
    assert set(WaitingDay.objects.values_list("athlete", "date")) == {(alice.pk, TODAY), (alice.pk, YESTERDAY)}
    drain(MORNING)
    now = Advice.objects.get(athlete=alice, date=TODAY, current=True)
    assert (now.state_version, now.revision) == (STATE_VERSION, 2)
    assert set(StateCarry.objects.filter(athlete=alice).values_list("state_version", flat=True)) == {STATE_VERSION}


NEW_IN_3 = ("worst_item_1_5", "note_asks", "zones_to_settle", "hrv_doubted_ms", "hrv_doubted_z", "hrv_low_lifting",
            "hrv_very_low_lifting", "largest_load_28d_au")  # fmt: skip


def test_advice_of_the_version_before_can_still_be_read_by_both_and_overruled(alice, charlie, squad, api, client):
    """Its observation lacks what the words of today look at, and nobody kept what other actions would have been."""
    squad.memberships.filter(athlete=alice).update(shares_values=True)
    live(alice, 40)
    wake_up(alice, pain_0_10=2, sleep_duration_min=280.0, hrv_ms=44.0)
    with time_machine.travel(MORNING, tick=False):
        drain(MORNING)
        advice = Advice.objects.get(athlete=alice, current=True)
        niggle = [{"code": "G05", "effect": "no_intensity"}]  # which version 7 knows no more
        every = niggle + [{"code": rule.code, "effect": rule.effect.code} for rule in guard.RULES if rule.code < "G19"]
        kept = {name: value for name, value in advice.observation.items() if name not in NEW_IN_3}
        advice.observation = kept | {"pain_0_10": None, "niggle": 1}
        advice.guards, advice.doses, advice.state_version, advice.guard_version = every, {}, 2, 5
        advice.save()
        body = api(alice).get("/api/v1/advice/today/").json()
        assert [shown["code"] for shown in body["guards"]] == [fired["code"] for fired in every]
        client.force_login(charlie)
        assert client.get(f"/admin/recommendations/advice/{advice.pk}/change/").status_code == 200
        assert client.get("/admin/").status_code == 200
        assert client.get(f"/admin/recommendations/advice/{advice.pk}/override/").status_code == 200
        order = {"action": "rest", "reason_code": "seen_at_training"}
        ordered = api(charlie).post(f"/api/v1/advice/{advice.pk}/override/", order)
        assert (ordered.status_code, ordered.json()["prescription"]["load_au"]) == (201, 0)


@pytest.mark.parametrize("upgrade", UPGRADES)
def test_advice_of_this_version_stands(alice, upgrade):
    make_advice(alice, TODAY, state_version=STATE_VERSION)
    upgrade.ask_again(apps, None)
    assert not WaitingDay.objects.exists()
