"""The demo tells a story that is in the database and on the coaches' pages."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command

from athletes.models import Athlete, Day, HrvReading, Membership, Quality, User
from recommendations.coach import board
from recommendations.demo import ADVISED_DAYS, DOUBTED_MS
from recommendations.models import Advice, Delivery, Override, WaitingDay
from recommendations.words import wording

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
NOW = datetime(2026, 5, 20, 10, 0, tzinfo=UTC)  # a Wednesday, after everybody's deadline
TODAY = NOW.date()


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    with time_machine.travel(NOW, tick=False):
        yield load()


def load():
    out = StringIO()
    call_command("load_demo", stdout=out)
    return out.getvalue()


def named(name):
    return Athlete.objects.get(user__email=f"{name}@example.org")


def advice(name, ago=0):
    return Advice.objects.get(athlete=named(name), date=TODAY - timedelta(days=ago), current=True)


def codes(row):
    return [guard["code"] for guard in row.guards]


def reasons(row):
    return [wording.code_of(reason) for reason in row.said["reasons"]]


def lines(coach):
    user = User.objects.get(email=f"{coach}@example.org")
    (shown,) = board.boards(user, NOW)
    return {line["display_name"]: line for line in board.board_body(shown, NOW)["results"]}


def test_the_demo_tells_its_story(told):
    assert "alice@example.org" in told
    assert told.splitlines()[1:5] == [f"demo: {n} of {ADVISED_DAYS} mornings" for n in (7, 14, 21, 28)]
    everybody_was_advised_every_morning()
    alice_is_well_and_has_not_reported_yet()
    bob_had_a_fever_and_came_back()
    danas_hrv_is_doubted()
    assert named("femi").main_race_on == TODAY + timedelta(days=9)
    greta_is_silent()
    charlie_overruled_jia()
    assert (codes(advice("kofi"))[0], reasons(advice("kofi"))[0]) == ("G05", "niggle")
    what_the_coaches_see()
    nobody_is_woken_and_nothing_is_left_to_do()
    before = Athlete.objects.count(), Day.objects.count(), Advice.objects.count()
    assert load() == "the demo squads are already there\n"
    assert (Athlete.objects.count(), Day.objects.count(), Advice.objects.count()) == before


def everybody_was_advised_every_morning():
    for athlete in Athlete.objects.all():
        dates = Advice.objects.filter(athlete=athlete, current=True).order_by("date").values_list("date", flat=True)
        assert list(dates) == [TODAY - timedelta(days=ago) for ago in range(ADVISED_DAYS - 1, -1, -1)]
    assert all(row.issued_at.date() == row.date for row in Advice.objects.all())
    assert not Advice.objects.exclude(withheld_reason="").exists()


def alice_is_well_and_has_not_reported_yet():
    alice = named("alice")
    assert alice.user.check_password("homestretch-demo")
    assert alice.days.filter(date__lte=TODAY).count() >= 84
    assert not alice.check_ins.filter(date=TODAY).exists()
    assert alice.check_ins.count() == ADVISED_DAYS - 1
    assert {row.illness for row in alice.check_ins.all()} == {"none"}


def bob_had_a_fever_and_came_back():
    for ago in (10, 9, 8):
        assert (codes(advice("bob", ago))[0], reasons(advice("bob", ago))[0]) == ("G02", "illness")
    assert reasons(advice("bob", 7))[0] == "return_from_illness"
    assert "G02" not in codes(advice("bob"))
    loads = dict(named("bob").days.values_list("date", "load_au"))
    assert loads[TODAY - timedelta(days=9)] == 0.0


def danas_hrv_is_doubted():
    reading = HrvReading.objects.get(athlete=named("dana"), date=TODAY)
    assert (reading.value_ms, reading.quality_status) == (DOUBTED_MS, Quality.QUARANTINED)
    assert reasons(advice("dana"))[0] == "hrv_doubted"


def greta_is_silent():
    assert named("greta").days.filter(checked_in_at__isnull=False).latest("date").date == TODAY - timedelta(days=2)


def charlie_overruled_jia():
    word = Override.objects.get()
    assert (word.by.email, word.advice) == ("charlie@example.org", advice("jia"))
    assert word.action != word.advice.action


def what_the_coaches_see():
    charlies, eves = lines("charlie"), lines("eve")
    assert set(charlies) == {"Alice", "Bob", "Dana", "Femi", "Greta", "Jia", "Kofi"}
    assert list(Membership.objects.filter(shares_status=False).values_list("athlete__display_name", flat=True)) == [
        "Hiro"
    ]
    assert set(eves) == {"Ivan"}
    assert {name for name, line in charlies.items() if not line["checked_in"]} == {"Alice", "Greta"}
    assert charlies["Kofi"]["needs_a_look"]
    assert (charlies["Jia"]["status"], charlies["Jia"]["override_action"]) == (
        "overridden",
        Override.objects.get().action,
    )
    assert "22 ms" in charlies["Dana"]["because"]


def nobody_is_woken_and_nothing_is_left_to_do():
    assert not Delivery.objects.exists()
    assert not WaitingDay.objects.filter(date__lte=TODAY).exists()
    assert not WaitingDay.objects.filter(rings=True).exists()


@pytest.mark.parametrize("hour", [0, 5])
def test_it_loads_at_night_too(monkeypatch, hour):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    with time_machine.travel(datetime(2026, 5, 19, 22 + hour, 3, tzinfo=UTC) if hour == 0 else NOW.replace(hour=hour)):
        load()
    assert Override.objects.count() == 1
