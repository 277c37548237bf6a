"""Warnings: up at once, down after two days under the line, at most one push a day."""

from datetime import timedelta

import pytest

from athletes.models import Day
from mlmodels.deciding import hazards
from mlmodels.deciding.hazards import Hazard, Level
from recommendations.advice import showing, warnings_log
from recommendations.advice.advising import drain
from recommendations.models import Delivery, Device, Warning
from recommendations.queue import waiting
from tests.recommendations.seasons import MORNING, TODAY, live, wake_up
from tests.recommendations.speaking import ATHLETE, COACH

pytestmark = pytest.mark.django_db

SPIKE = Hazard(
    "load_spike", Level.DANGER, {"acwr": 1.6, "acute_au": 600.0, "chronic_au": 375.0}, "Murray 2017", 1, True
)
LOW = {"hrv_z": -0.8, "hrv_mean_7d_ms": 52.0, "hrv_range_low_ms": 58.0, "hrv_low_days": 3, "hrv_very_low_days": 0}


def hrv(level):
    return Hazard("hrv_below_range", level, LOW, "Plews 2013", 1, level >= Level.WARNING)


def note(athlete, day_number, *found, rings=True):
    day = TODAY + timedelta(days=day_number)
    ring = {athlete.pk} if rings else set()
    return warnings_log.note([(athlete, day, found)], ring, MORNING + timedelta(days=day_number)) == {athlete.pk}


def shown(athlete):
    rows = Warning.objects.filter(athlete=athlete, closed_on=None).order_by("kind")
    return [(row.kind, row.level) for row in rows]


def test_a_warning_keeps_what_it_rests_on(alice):
    note(alice, 0, SPIKE)
    row = Warning.objects.get()
    assert (row.kind, row.level, row.opened_on, row.last_seen_on, row.closed_on) == (
        "load_spike", "danger", TODAY, TODAY, None,
    )  # fmt: skip
    assert showing.warning_words(row, ATHLETE) == (
        "Your load rose very fast: your last days were about 60 % above your usual."
    )
    assert showing.warning_words(row, COACH) == (
        "The load rose very fast: the last days were about 60 % above the usual."
    )
    assert row.evidence == {"acwr": 1.6, "acute_au": 600.0, "chronic_au": 375.0}
    assert (row.citation, row.rule_version) == ("Murray 2017", 1)


def test_it_closes_after_two_days_under_the_line_and_not_before(alice):
    note(alice, 0, SPIKE)
    note(alice, 1)
    assert shown(alice) == [("load_spike", "danger")]
    note(alice, 2)
    assert shown(alice) == []
    assert Warning.objects.get().closed_on == TODAY + timedelta(days=2)


def test_a_day_over_the_line_starts_the_wait_again(alice):
    note(alice, 0, SPIKE)
    note(alice, 1)
    note(alice, 2, SPIKE)
    note(alice, 3)
    assert shown(alice) == [("load_spike", "danger")]
    assert Warning.objects.count() == 1


def test_the_level_rises_at_once_and_falls_after_two_days(alice):
    levels = []
    for day, level in enumerate([Level.CAUTION, Level.WARNING, Level.CAUTION, Level.CAUTION, Level.CAUTION]):
        note(alice, day, hrv(level))
        levels += [level for _, level in shown(alice)]
    assert levels == ["caution", "warning", "warning", "caution", "caution"]


def test_several_revisions_of_a_morning_are_one_day(alice):
    note(alice, 0, SPIKE)
    for _ in range(5):
        note(alice, 1)
    assert shown(alice) == [("load_spike", "danger")]


def test_what_only_a_mistaken_morning_opened_closes_with_its_correction(alice):
    note(alice, 0, SPIKE)
    note(alice, 0)
    assert shown(alice) == []


def test_it_comes_back_as_a_new_row(alice):
    for day, found in enumerate([[SPIKE], [], [], [SPIKE]]):
        note(alice, day, *found)
    assert Warning.objects.count() == 2
    assert shown(alice) == [("load_spike", "danger")]


def test_one_push_a_day_at_most(alice):
    assert note(alice, 0, SPIKE) is True
    assert note(alice, 0, SPIKE, hrv(Level.WARNING)) is False
    assert note(alice, 1, SPIKE, hrv(Level.WARNING)) is False
    assert note(alice, 2, SPIKE, hrv(Level.DANGER)) is True


def test_what_may_not_push_by_itself_does_not(alice):
    assert note(alice, 0, hrv(Level.CAUTION)) is False


def test_an_import_leaves_the_days_push_to_the_next_report(alice):
    assert note(alice, 0, SPIKE, rings=False) is False
    assert Warning.objects.get().pushed_on is None


def test_athletes_are_kept_apart(alice, bob):
    warnings_log.note([(alice, TODAY, (SPIKE,)), (bob, TODAY, (hrv(Level.CAUTION),))], set(), MORNING)
    assert (shown(alice), shown(bob)) == ([("load_spike", "danger")], [("hrv_below_range", "caution")])


def test_every_level_has_its_word():
    assert set(Warning.Level.values) == {level.name.lower() for level in hazards.Level if level}


def test_a_morning_with_a_new_danger_rings_although_the_action_stays(alice):
    Device.objects.create(user=alice.user, kind="webpush", address_sha256="a", address="https://x")
    live(alice, 40)
    wake_up(alice, illness="above_neck", sleep_duration_min=290.0)  # a second signal: a spike alone may not push
    drain(MORNING)
    assert Delivery.objects.count() == 1
    Day.objects.filter(athlete=alice, date__gte=TODAY - timedelta(days=3), date__lt=TODAY).update(load_au=2_200.0)
    waiting.enqueue(alice.pk, [TODAY - timedelta(days=1)], rings=True)
    drain(MORNING)
    assert ("load_spike", "danger") in shown(alice)
    assert Delivery.objects.count() == 2
