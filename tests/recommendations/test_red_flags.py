"""What a warning sign does to the advice, and what the coach sees of it."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from athletes.models import RedFlag
from athletes.reports import intake, red_flags
from measures.answers import ILLNESS_WARNING_SIGN
from recommendations.advice.advising import drain
from recommendations.coach.board import because_cell, boards
from recommendations.inputs import frames
from recommendations.inputs.frames import Asked
from recommendations.models import Advice
from recommendations.words import wording
from tests import factories
from tests.recommendations.seasons import MORNING, TODAY, live, ordinary, wake_up
from tests.recommendations.speaking import spoken, told

pytestmark = pytest.mark.django_db
HALF_PAST_SEVEN = MORNING + timedelta(minutes=31)
TEN_PAST_NINE = MORNING + timedelta(minutes=130)
ONE_DAY = timedelta(days=1)
WELL = {"fatigue": 4, "sleep_quality": 4, "muscle_soreness": 4, "stress": 4, "mood": 4, "illness": "none"}


@pytest.fixture(autouse=True)
def seven_in_berlin():
    with time_machine.travel(MORNING, tick=False):
        yield


def check_in(athlete, at=HALF_PAST_SEVEN, **answers):
    intake.record_check_in(athlete, at.date(), WELL | answers, now=at)
    drain(at)


def clear(athlete, by, at=TEN_PAST_NINE, **said):
    with time_machine.travel(at, tick=False):
        flag = red_flags.clear(RedFlag.objects.get(athlete=athlete, cleared_at=None), by=by, now=at, **said)
    drain(at)
    return flag


def todays(athlete, day=TODAY):
    return Advice.objects.get(athlete=athlete, date=day, current=True)


def said(advice):
    return advice.status, advice.withheld_reason, told(advice).headline, wording.code_of(advice.said["reasons"][0])


def line(coach, athlete, now=MORNING):
    return next(line for board in boards(coach, now) for line in board.lines if line.athlete == athlete)


def looks(coach, athlete, now=MORNING):
    found = line(coach, athlete, now)
    return found.red_flag, found.needs_a_look, because_cell(found)


STOPPED = ("withheld", "red_flag", "No training today. Please see a doctor", "red_flag")


def test_the_next_tap_gives_no_training_back(alice):
    live(alice, 40)
    check_in(alice, red_flag="head_injury")
    assert said(todays(alice)) == STOPPED
    check_in(alice, HALF_PAST_SEVEN + timedelta(seconds=3), red_flag="none")
    assert said(todays(alice)) == STOPPED


def test_nor_does_none_on_the_days_after(alice):
    live(alice, 40)
    check_in(alice, red_flag="head_injury")
    for ahead in (1, 2):
        check_in(alice, HALF_PAST_SEVEN + ahead * ONE_DAY, red_flag="none")
        assert said(todays(alice, TODAY + ahead * ONE_DAY)) == STOPPED


def test_the_words_name_whom_to_ring_and_no_way_around(alice, settings):
    settings.EMERGENCY_NUMBER = "911"
    live(alice, 40)
    check_in(alice, red_flag="chest_pain")
    assert told(todays(alice)).detail == (
        "You reported a warning sign. If it is still there, or anything gets worse, ring 911 now."
        " Advice goes on once a doctor has looked at it: say on which day."
    )


def test_every_text_of_what_is_withheld_takes_the_number():
    for reason in Advice.WithheldReason.values:
        decided = wording.Decided(action="", policy_action="", withheld_reason=reason)
        assert "%" not in spoken(wording.say(decided)).detail


def test_once_cleared_today_is_rest_and_the_return_goes_in_steps(alice):
    live(alice, 40)
    check_in(alice, red_flag="head_injury")
    clear(alice, alice.user, seen_by_doctor_on=TODAY)
    today = todays(alice)
    assert (today.status, told(today).headline, told(today).reasons[0]) == (
        "final",
        "Rest today",
        {
            "code": "warning_sign_cleared",
            "text": "Your warning sign was looked at today: no training today, then the return goes in steps",
            "value": None,
            "unit": "",
            "range": None,
        },
    )
    assert today.guards[0] == {"code": "G02", "effect": "rest"}
    shown = []
    for ahead in range(1, 6):
        at = HALF_PAST_SEVEN + ahead * ONE_DAY
        check_in(alice, at)
        advice = todays(alice, at.date())
        observed = advice.observation
        shown.append((observed["days_since_illness"], [g["effect"] for g in advice.guards if g["code"] == "G02"][:1]))
    assert shown[0] == (1, ["rest"])
    assert [days for days, _ in shown] == [1, 2, 3, 4, 5]
    assert shown[1][1] in (["load_capped"], ["no_increase"])
    assert shown[4][1] == []


def test_a_fever_of_the_same_day_is_still_called_a_fever(alice):
    live(alice, 40)
    check_in(alice, red_flag="fainting", illness="fever")
    clear(alice, alice.user, seen_by_doctor_on=TODAY)
    assert said(todays(alice)) == ("final", "", "Rest today", "illness")


def test_the_days_it_stood_count_as_illness_when_they_are_walked_again(alice):
    live(alice, 40)
    check_in(alice, MORNING - 3 * ONE_DAY, red_flag="palpitations", illness="above_neck")
    clear(alice, alice.user, at=MORNING - 1 * ONE_DAY, seen_by_doctor_on=TODAY - ONE_DAY)
    seen = frames.stand([Asked(alice, TODAY, frames.NOTHING | ordinary(TODAY))]).observation.row(0)
    names = ("ill", "illness", "red_flag", "days_since_illness", "unavailable_28d")
    assert [seen[name] for name in names] == [0, 0, 0, 1, 3]


def test_one_query_finds_the_warning_signs_of_all(alice, bob):
    keoni = factories.make_athlete("keoni@example.org", timezone="Pacific/Honolulu")  # still yesterday there
    for athlete in (alice, bob, keoni):
        live(athlete, 20)
        red_flags.raise_if_reported(athlete, "fainting", TODAY - 3 * ONE_DAY, MORNING)
    mornings = [(alice, TODAY), (bob, TODAY), (keoni, TODAY - ONE_DAY)]
    asked = [Asked(who, today, frames.NOTHING) for who, today in mornings]
    with CaptureQueriesContext(connection) as queries:
        seen = frames.stand(asked).observation
    assert list(seen.red_flag) == list(seen.ill) == [1, 1, 1]
    assert list(seen.illness) == [ILLNESS_WARNING_SIGN] * 3
    assert len([query for query in queries if "redflag" in query["sql"]]) == 1
    assert not [query for query in queries if "red_flag" in query["sql"]]  # the days' answers are not asked


# --- the board --------------------------------------------------------------------------------------------------------


def test_the_board_keeps_it_all_day(alice, charlie, squad):
    live(alice, 40)
    check_in(alice, red_flag="head_injury")
    assert looks(charlie, alice) == ("open", True, "Warning sign since 07:31")
    check_in(alice, HALF_PAST_SEVEN + timedelta(seconds=3), red_flag="none")
    assert looks(charlie, alice) == ("open", True, "Warning sign since 07:31")
    charlie.is_superuser = True
    clear(alice, charlie)
    cleared = ("cleared", True, "Warning sign 07:31, cleared 09:10 by a coach")
    assert looks(charlie, alice) == cleared


def test_it_names_the_day_of_an_older_one_and_lets_go_the_day_after(alice, charlie, squad):
    live(alice, 40)
    check_in(alice, HALF_PAST_SEVEN - ONE_DAY, red_flag="head_injury")
    assert looks(charlie, alice) == ("open", True, "Warning sign since 19 May 07:31")
    clear(alice, alice.user, seen_by_doctor_on=TODAY)
    assert looks(charlie, alice) == ("cleared", True, "Warning sign 19 May 07:31, cleared 09:10 by Alice")
    tomorrow = MORNING + ONE_DAY
    with time_machine.travel(tomorrow, tick=False):
        assert line(charlie, alice, tomorrow).red_flag is None


def test_other_clients_read_the_same(alice, bob, charlie, squad, api):
    live(alice, 40)
    wake_up(bob)
    check_in(alice, red_flag="head_injury")
    body = api(charlie).get(f"/api/v1/squads/{squad.pk}/board/").json()
    advice = todays(alice)
    assert body["results"][0] == {
        "athlete": alice.pk,
        "display_name": "Alice",
        "date": "2026-05-20",
        "needs_a_look": True,
        "checked_in": True,
        "unread": 1,
        "advice": str(advice.pk),
        "status": "withheld",
        "withheld_reason": "red_flag",
        "action": None,
        "override_action": None,
        "headline": "No training today: a doctor should look at it",
        "because": "Warning sign since 07:31",
        "red_flag": "open",
        "warnings": [],
    }
    assert body["results"][1]["red_flag"] is None
    of_yesterday = api(charlie).get(f"/api/v1/squads/{squad.pk}/board/?date=2026-05-19").json()
    assert [row["red_flag"] for row in of_yesterday["results"]] == [None, None]


def test_the_page_says_it_and_not_which(client, alice, charlie, squad):
    check_in(alice, red_flag="head_injury")
    client.force_login(charlie)
    page = client.get("/admin/").content.decode()
    assert "Warning sign since 07:31" in page
    assert "ead_injury" not in page and "ead injury" not in page
