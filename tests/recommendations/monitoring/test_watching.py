"""We know first: metrics and system checks say what waits, what failed and who is silent. And what is thrown away."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from prometheus_client import REGISTRY, generate_latest

from athletes.models import RestDay, SquadInvite
from recommendations import checks, tasks
from recommendations.advice import advising
from recommendations.models import Advice, Delivery, Device, WaitingDay
from recommendations.monitoring import retention
from recommendations.queue import deadlines, waiting
from tests.recommendations.seasons import AFTER_DEADLINE, MORNING, TODAY, live, wake_up

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seven_in_berlin():
    with time_machine.travel(MORNING, tick=False):
        yield


def said(now=MORNING):
    return [message.id for message in checks.problems(now)]


def value(name, **labels):
    return REGISTRY.get_sample_value(name, labels)


def delivery(athlete, state="waiting"):
    device = Device.objects.create(user=athlete.user, kind="webpush", address_sha256=state, address="https://x")
    return Delivery.objects.create(
        device=device, advice=Advice.objects.get(athlete=athlete, current=True), state=state, next_attempt_at=MORNING,
        valid_until=AFTER_DEADLINE,
    )  # fmt: skip


def test_all_is_quiet_when_nobody_waits(alice):
    deadlines.ring_due(MORNING)
    assert said() == []
    assert value("homestretch_waiting_days") == 0
    assert value("homestretch_oldest_waiting_day_seconds") == 0
    assert value("homestretch_database_answers") == 1


def test_a_worker_that_does_not_come_is_noticed(alice):
    waiting.enqueue(alice.pk, [TODAY], rings=True)
    assert said(MORNING + timedelta(seconds=59)) == []
    assert said(MORNING + timedelta(seconds=61)) == ["recommendations.W005"]
    with time_machine.travel(MORNING + timedelta(seconds=61), tick=False):
        assert value("homestretch_oldest_waiting_day_seconds") == 61
        assert value("homestretch_waiting_days") == 1


def test_an_advice_that_fails_is_noticed(alice, monkeypatch):
    monkeypatch.setattr(advising.frames, "days_to_race", lambda athlete, day: 1 / 0)
    live(alice, 40)
    wake_up(alice)
    advising.drain(MORNING)
    assert said() == ["recommendations.W006"]
    assert value("homestretch_waiting_days_failing") == 1


def test_a_silent_beat_is_noticed(alice):
    deadlines.ring_due(MORNING)
    assert said(AFTER_DEADLINE) == ["recommendations.W007"]
    deadlines.ring_due(AFTER_DEADLINE)
    WaitingDay.objects.all().delete()
    assert said(AFTER_DEADLINE) == []


def test_dead_messages_are_noticed(alice):
    live(alice, 40)
    wake_up(alice)
    advising.drain(MORNING)
    delivery(alice, "dead")
    assert said() == ["recommendations.W008"]
    assert value("homestretch_deliveries", state="dead") == 1


def test_the_check_command_says_it_with_a_hint(alice, capsys):
    waiting.enqueue(alice.pk, [TODAY], rings=True)
    WaitingDay.objects.update(since=MORNING - timedelta(hours=1))
    call_command("check", "--database", "default", "--tag", "queue")
    shown = capsys.readouterr().err
    assert "has waited 3600 s" in shown
    assert "HINT: Look whether the worker runs" in shown


def test_advice_is_counted_by_status_and_by_who_gave_it(alice, bob):
    live(alice, 40)
    for athlete in (alice, bob):
        wake_up(athlete)
    advising.drain(MORNING)
    assert value("homestretch_advice", status="final", reason="") == 1
    assert value("homestretch_advice", status="withheld", reason="insufficient_history") == 1
    fallback = Advice.objects.get(athlete=alice).used_fallback
    assert value("homestretch_fallback_ratio") == float(fallback)
    Advice.objects.filter(athlete=alice).update(policy_action="increase_volume", action="as_planned")
    assert value("homestretch_guard_override_ratio") == 1


def test_the_metrics_hold_no_name(alice):
    live(alice, 40)
    wake_up(alice)
    advising.drain(MORNING)
    assert b"alice" not in generate_latest(REGISTRY).lower()


def test_the_tasks_do_what_their_names_say(alice, valkey):
    with time_machine.travel(AFTER_DEADLINE, tick=False):
        assert tasks.ring_due_mornings() == 1
        assert tasks.drain() == 1
        assert tasks.send_pushes() == 0
    assert Advice.objects.get().withheld_reason == "insufficient_history"


def test_what_is_old_is_thrown_away_and_nothing_else(alice, charlie, squad):
    def rest_day(n, deleted_ago):
        deleted = None if deleted_ago is None else MORNING - timedelta(days=deleted_ago)
        RestDay.objects.create(
            athlete=alice, date=TODAY, date_basis="given", client_record_id=str(n), content_hash="x", deleted_at=deleted
        )

    for n, ago in enumerate((None, 89, 91)):
        rest_day(n, ago)
    for n, expired_ago in enumerate((-7, 29, 31)):
        SquadInvite.objects.create(
            squad=squad, code=f"CODE{n}", created_by=charlie, expires_at=MORNING - timedelta(days=expired_ago)
        )
    live(alice, 40)
    wake_up(alice)
    advising.drain(MORNING)
    for state in ("waiting", "sent"):
        Delivery.objects.filter(pk=delivery(alice, state).pk).update(created_at=MORNING - timedelta(days=31))
    removed = retention.tidy_up(MORNING)
    assert {name: n for name, n in removed.items() if n} == {"RestDay": 1, "SquadInvite": 1, "Delivery": 1}
    assert list(Delivery.objects.values_list("state", flat=True)) == ["waiting"]
    assert retention.tidy_up(MORNING) == dict.fromkeys(removed, 0)
    assert Advice.objects.exists()
