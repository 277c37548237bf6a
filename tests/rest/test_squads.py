import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from athletes.models import Membership, SquadInvite
from athletes.people import squads
from athletes.people.access import athletes_visible_to
from tests import factories
from tests.factories import make_athlete

pytestmark = pytest.mark.usefixtures("valkey")
JOIN = "/api/v1/squads/join/"
SHARES = {"shares_status": True}


def refusal(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_coach_sees_the_squads_she_coaches(api, charlie, squad, other_squad):
    body = api(charlie).get("/api/v1/squads/").json()
    assert body == {
        "results": [
            {
                "id": squad.pk,
                "name": "Sprints",
                "role": "coach",
                "athletes": 2,
                "shares_status": None,
                "shares_values": None,
                "shares_medical": None,
            }
        ],
        "next_cursor": None,
        "previous_cursor": None,
    }


def test_an_athlete_sees_what_she_shares_with_her_squads(api, alice, squad, other_squad):
    (shown,) = api(alice).get("/api/v1/squads/").json()["results"]
    assert (shown["role"], shown["athletes"], shown["shares_status"], shown["shares_values"]) == (
        "athlete",
        None,
        True,
        False,
    )


def test_a_code_of_eight_clear_characters_is_good_for_seven_days(api, charlie, squad):
    answer = api(charlie).post(f"/api/v1/squads/{squad.pk}/invites/")
    assert answer.status_code == 201
    assert re.fullmatch("[2-9A-HJ-NP-Z]{8}", answer.json()["code"])
    left = SquadInvite.objects.get().expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_joining_uses_the_code_up(api, charlie, squad):
    dora = make_athlete("dora@example.org")
    code = squads.invite(squad, by=charlie).code
    assert dora not in athletes_visible_to(charlie)
    shares = {"shares_status": True, "shares_values": True}
    answer = api(dora).post(JOIN, {"code": f"{code[:4].lower()}-{code[4:]}", **shares})
    assert answer.status_code == 201
    assert answer.json() == {
        "id": squad.pk,
        "name": "Sprints",
        "role": "athlete",
        "athletes": None,
        "shares_status": True,
        "shares_values": True,
        "shares_medical": False,
    }
    assert dora in athletes_visible_to(charlie, values=True)
    assert refusal(api(make_athlete("emil@example.org")).post(JOIN, {"code": code, **SHARES})) == (
        409,
        "invite_used",
    )


def test_a_code_that_is_wrong_old_or_not_needed(api, alice, charlie, squad):
    assert refusal(api(alice).post(JOIN, {"code": "ABCDEFGH", **SHARES})) == (404, "invite_not_found")
    invite = squads.invite(squad, by=charlie)
    assert refusal(api(alice).post(JOIN, {"code": invite.code, **SHARES})) == (409, "already_a_member")
    invite.refresh_from_db()
    assert invite.used_at is None
    SquadInvite.objects.update(expires_at=timezone.now())
    assert refusal(api(make_athlete("dora@example.org")).post(JOIN, {"code": invite.code, **SHARES})) == (
        409,
        "invite_expired",
    )


@time_machine.travel("2026-11-22T08:00:00Z", tick=False)
def test_ten_tries_in_ten_minutes(api, alice):
    client = api(alice)
    answers = [client.post(JOIN, {"code": f"WRONG{n:03}", **SHARES}) for n in range(12)]
    tries = [answer.status_code for answer in answers]
    assert tries == [404] * 10 + [429] * 2
    assert 1 <= int(answers[-1]["Retry-After"]) <= 600


def test_only_a_coach_of_the_squad_invites(api, alice, eve, squad, other_squad):
    assert refusal(api(alice).post(f"/api/v1/squads/{squad.pk}/invites/")) == (403, "not_the_coach")
    assert refusal(api(eve).post(f"/api/v1/squads/{squad.pk}/invites/")) == (404, "not_found")
    assert not SquadInvite.objects.exists()


def test_sharing_less_counts_from_the_next_request_on(api, alice, charlie, squad):
    url = f"/api/v1/squads/{squad.pk}/membership/"
    client = api(alice)
    assert client.patch(url, {"shares_values": True}).json()["shares_values"] is True
    assert alice in athletes_visible_to(charlie, values=True)
    assert client.patch(url, {"shares_medical": True}).json()["shares_medical"] is True
    charlie = factories.permit_medical(charlie)
    assert alice in athletes_visible_to(charlie, medical=True)
    assert client.patch(url, {"shares_medical": False}).json()["shares_medical"] is False
    assert alice not in athletes_visible_to(charlie, medical=True)
    assert client.patch(url, {"shares_status": False}).status_code == 200
    assert alice not in athletes_visible_to(charlie)


def test_leaving_a_squad_ends_what_its_coaches_see(api, alice, charlie, squad):
    url = f"/api/v1/squads/{squad.pk}/membership/"
    client = api(alice)
    assert client.delete(url).status_code == 204
    assert alice not in athletes_visible_to(charlie)
    assert Membership.objects.get(athlete=alice).left_at is not None
    assert client.delete(url).status_code == 404
    assert client.get("/api/v1/squads/").json()["results"] == []


def test_joining_says_what_is_shared(api, charlie, squad):
    """Silence shares nothing and uses no code up: it is asked for."""
    dora, code = make_athlete("dora@example.org"), squads.invite(squad, by=charlie).code
    answer = api(dora).post(JOIN, {"code": code})
    assert answer.status_code == 400
    assert "true or false" in str(answer.json())
    assert api(dora).post(JOIN, {"code": code, "shares_status": False}).status_code == 201
    assert dora not in athletes_visible_to(charlie)
    assert Membership().shares_status is False
