"""The coach's first page."""

from datetime import timedelta

import pytest
import time_machine

from athletes.models import Membership
from recommendations.advice import overriding
from recommendations.advice.advising import drain
from recommendations.coach.board import BAD_MORNING, boards
from recommendations.models import Advice, Warning
from recommendations.views.serializers import BoardLineView
from tests import factories
from tests.recommendations.seasons import MORNING, TODAY, live, wake_up
from tests.recommendations.speaking import COACH, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seven_in_berlin():
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def morning(alice, bob, squad):
    for athlete in (alice, bob):
        live(athlete, 40)
    wake_up(alice)
    wake_up(bob, red_flag="chest_pain")
    drain(MORNING)


def lines(user):
    return [
        (board.squad.name, [(str(line.athlete), line.checked_in, line.needs_a_look) for line in board.lines])
        for board in boards(user, MORNING)
    ]


def test_one_line_an_athlete_who_needs_a_look_first(charlie, morning):
    assert lines(charlie) == [("Sprints", [("Bob", True, True), ("Alice", True, False)])]


@pytest.mark.parametrize("reported", [{"illness": "fever"}, {"pain_0_10": 4}, {"injury_status": "open"}])
def test_whom_illness_injury_or_pain_decided_about_needs_a_look(charlie, alice, squad, reported):
    live(alice, 40)
    wake_up(alice, **reported)
    drain(MORNING)
    assert lines(charlie)[0][1] == [("Alice", True, True), ("Bob", False, False)]


STRETCHES = [(0, 0), (1, 1), (2, 2), (7, 7), (8, 8), (27, 27), (28, 28), (35, 28)]


@pytest.mark.parametrize(("bad_days", "since_days"), STRETCHES)
def test_it_is_told_for_how_many_days_it_is_as_bad(charlie, alice, squad, bad_days, since_days):
    for ago in range(37):
        factories.make_advice(alice, TODAY - timedelta(days=ago), tells_coach=ago <= bad_days)
    (line,) = (line for line in boards(charlie, MORNING)[0].lines if line.athlete == alice)
    assert (line.severity, line.since_days) == (BAD_MORNING, since_days)


def test_a_coach_sees_their_own_squads_and_who_shares(charlie, eve, alice, other_squad, morning):
    Membership.objects.filter(athlete=alice).update(shares_status=False)
    assert lines(charlie) == [("Sprints", [("Bob", True, True)])]
    assert lines(eve) == [("Hurdles", [("Mallory", False, False)])]
    Membership.objects.filter(athlete__display_name="Bob").update(left_at=MORNING)
    assert lines(charlie) == [("Sprints", [])]


def test_each_athletes_own_today_counts(charlie, squad, db):
    keoni = factories.make_athlete("keoni@example.org", timezone="Pacific/Honolulu")  # 19:00 of the day before
    Membership.objects.create(athlete=keoni, squad=squad, shares_status=True)
    found = {str(line.athlete): line.day for line in boards(charlie, MORNING)[0].lines}
    assert (found["Alice"], found["Keoni"]) == (TODAY, TODAY - timedelta(days=1))


def test_the_number_of_queries_does_not_grow_with_the_squad(charlie, morning, squad, django_assert_max_num_queries):
    for n in range(60):
        athlete = factories.make_athlete(f"athlete{n}@example.org")
        Membership.objects.create(athlete=athlete, squad=squad, shares_status=True)
    with django_assert_max_num_queries(9):
        assert len(boards(charlie, MORNING)[0].lines) == 62


def test_other_clients_read_it_as_json(charlie, alice, squad, morning, api):
    body = api(charlie).get(f"/api/v1/squads/{squad.pk}/board/").json()
    advice = Advice.objects.get(athlete=alice)
    assert body["squad"] == {"id": squad.pk, "name": "Sprints"}
    assert [row["display_name"] for row in body["results"]] == ["Bob", "Alice"]
    assert body["results"][1] == {
        "athlete": alice.pk,
        "display_name": "Alice",
        "date": "2026-05-20",
        "needs_a_look": False,
        "checked_in": True,
        "unread": 0,
        "advice": str(advice.pk),
        "status": "final",
        "withheld_reason": None,
        "action": advice.action,
        "override_action": None,
        "headline": told(advice, COACH).headline,
        "because": body["results"][1]["because"],
        "red_flag": None,
        "warnings": [],
    }
    assert tuple(BoardLineView().fields) == tuple(body["results"][0])
    yesterday = api(charlie).get(f"/api/v1/squads/{squad.pk}/board/?date=2026-05-19").json()["results"]
    assert {(row["date"], row["status"]) for row in yesterday} == {("2026-05-19", "expired")}


def test_only_its_coaches_read_the_board_of_a_squad(alice, eve, other_squad, squad, api):
    for stranger in (alice, eve):
        assert api(stranger).get(f"/api/v1/squads/{squad.pk}/board/").status_code == 404


def test_the_page_says_who_does_what_and_why(client, charlie, alice, morning):
    advice = Advice.objects.get(athlete=alice)
    overriding.override(advice, by=charlie, action="active_recovery", reason_code="athlete_asked", now=MORNING)
    Warning.objects.create(
        athlete=alice, kind="load_spike", level="danger", opened_on=TODAY, last_seen_on=TODAY, rule_version=1,
        evidence={"acwr": 1.66}, citation="x",
    )  # fmt: skip
    client.force_login(charlie)
    page = client.get("/admin/").content.decode()
    assert "Sprints today: 2 to look at first" in page
    assert "Active recovery · coach" in page
    assert "Load spike" in page
    assert "66 %" not in page  # she does not share values
    Membership.objects.filter(athlete=alice).update(shares_values=True)
    told_with_values = "The load rose very fast: the last days were about 66 % above the usual."
    assert told_with_values in client.get("/admin/").content.decode()


def test_a_name_cannot_smuggle_markup(client, charlie, alice, squad):
    alice.display_name = "<script>alert(1)</script>"
    alice.save()
    client.force_login(charlie)
    page = client.get("/admin/").content.decode()
    assert "<script>alert(1)" not in page


def test_another_squads_names_are_nowhere_on_the_page(client, eve, other_squad, morning):
    client.force_login(eve)
    page = client.get("/admin/").content.decode()
    assert "Mallory" in page
    assert "Alice" not in page and "Bob" not in page


ADMIN = ["advice", "warning", "override", "feedback"]


@pytest.mark.parametrize("model", ADMIN)
def test_coaches_read_their_own_athletes_rows_and_write_none(client, charlie, eve, other_squad, alice, morning, model):
    client.force_login(charlie)
    assert client.get(f"/admin/recommendations/{model}/").status_code == 200
    assert client.get(f"/admin/recommendations/{model}/add/").status_code == 403
    advice = Advice.objects.get(athlete=alice)
    assert client.get(f"/admin/recommendations/advice/{advice.pk}/change/").status_code == 200
    assert client.get(f"/admin/recommendations/advice/{advice.pk}/delete/").status_code == 403
    client.force_login(eve)
    assert "Alice" not in client.get(f"/admin/recommendations/{model}/").content.decode()
    assert client.get(f"/admin/recommendations/advice/{advice.pk}/change/").status_code in (302, 403, 404)


def test_an_advice_page_shows_values_only_when_they_are_shared(client, charlie, alice, morning):
    advice = Advice.objects.get(athlete=alice)
    client.force_login(charlie)
    url = f"/admin/recommendations/advice/{advice.pk}/change/"

    def shown():
        page = client.get(url).content.decode()
        return "q values" in page.lower(), "hrv_mean_7d_ms" in page

    assert shown() == (False, False)
    Membership.objects.filter(athlete=alice).update(shares_values=True)
    assert shown() == (True, False)  # the observation holds illness and pain
    Membership.objects.filter(athlete=alice).update(shares_medical=True)
    assert shown() == (True, False)
    factories.permit_medical(charlie)
    assert shown() == (True, True)


def test_the_queue_is_for_superusers(client, charlie, morning):
    client.force_login(charlie)
    assert client.get("/admin/recommendations/waitingday/").status_code == 403


@pytest.mark.parametrize(
    ("medical", "order"),
    [
        (True, ["Emma", "Dora", "Cora", "Berta", "Anna", "Gina", "Finja"]),
        (False, ["Emma", "Cora", "Anna", "Berta", "Dora", "Gina", "Finja"]),  # the order by kind would tell the kind
    ],
)
def test_the_worst_comes_first_and_among_equals_the_longest(charlie, squad, medical, order):
    """Three red rows by the alphabet had put a head injury fourth; a niggle of days had come before a fresh fever."""
    charlie = factories.permit_medical(charlie)
    told = {
        "Anna": [{"pain_0_10": 6}],
        "Berta": [{"illness": "fever"}],
        "Cora": [{"illness": "fever"}, {"illness": "fever"}, {"illness": "fever"}],
        "Dora": [{"injury_status": "open"}],
        "Emma": [{"red_flag": "head_injury"}],
        "Finja": [{}],
        "Gina": [{"injury_status": "niggle"}, {"injury_status": "niggle"}, {"injury_status": "niggle"}],
    }
    athletes = {name: factories.make_athlete(f"{name.lower()}@example.org") for name in told}
    for athlete in athletes.values():
        Membership.objects.create(athlete=athlete, squad=squad, shares_status=True, shares_medical=medical)
        live(athlete, 40)
    for ago in (2, 1, 0):
        for name, mornings in told.items():
            if ago < len(mornings):
                wake_up(athletes[name], TODAY - timedelta(days=ago), **mornings[-1 - ago])
        drain(MORNING - timedelta(days=ago))
    shown = [str(line.athlete) for line in boards(charlie, MORNING)[0].lines]
    assert [name for name in shown if name in told] == order
