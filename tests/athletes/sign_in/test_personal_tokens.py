"""Keys for an athlete's own scripts: made after the password, shown once, good for their scopes, taken back at once."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from athletes.models import HrvReading, PersonalToken
from athletes.sign_in import personal_tokens
from recommendations.monitoring import retention
from tests.rest.signing_in import AUTH, PASSWORD, call, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
MINE = "/api/v1/me/tokens/"
READING = {
    "client_record_id": "r1", "measured_at": "2026-11-20T06:00:00+01:00", "metric": "rmssd",
    "context": "morning_supine", "value_ms": 61.0,
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-11-22T08:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def phone(alice):
    """Alice's access token, just after she said her password again."""
    alice.user.set_password(PASSWORD)
    alice.user.save()
    token = sign_in()["access_token"]
    assert call("POST", f"{AUTH}/auth/reauthenticate", {"password": PASSWORD}, token=token).status_code == 200
    return token


def make(phone, **changes):
    return call("POST", MINE, {"name": "my watch", "scopes": ["records:write"]} | changes, token=phone)


def test_a_token_is_shown_once_and_opens_its_scopes_alone(phone, alice):
    made = make(phone).json()
    key = made.pop("token")
    assert re.fullmatch(r"hsp_[A-Za-z0-9_-]{43}", key)
    shown = {
        "id": str(PersonalToken.objects.get().pk), "name": "my watch", "scopes": ["records:write"],
        "created_at": "2026-11-22T08:00:00Z", "expires_at": "2027-11-22T08:00:00Z", "last_used_on": None,
    }  # fmt: skip
    assert made == shown
    assert call("POST", "/api/v1/hrv-readings/", READING, token=key).status_code == 201
    assert HrvReading.objects.get().athlete == alice
    refused = call("GET", "/api/v1/days/2026-11-20/", token=key)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert call("GET", MINE, token=key).status_code == 403
    assert call("GET", MINE, token=phone).json() == {"results": [shown | {"last_used_on": "2026-11-22"}]}
    assert key not in str(PersonalToken.objects.values())


def test_what_is_medical_stays_untold_to_a_script_too(phone):
    key = make(phone, scopes=["days:read"]).json()["token"]
    call("PUT", "/api/v1/check-ins/2026-11-22/", {"fatigue": 3, "illness": "fever", "pain_0_10": 4}, token=phone)
    body = call("GET", "/api/v1/days/2026-11-22/", token=key).json()
    assert {name: body[name] for name in ("illness", "pain_0_10", "injury_status", "red_flag")} == dict.fromkeys(
        ("illness", "pain_0_10", "injury_status", "red_flag")
    )


def test_a_token_taken_back_or_at_its_end_opens_nothing(phone, clock):
    first, second = make(phone).json(), make(phone, days=1).json()
    assert call("DELETE", f"{MINE}{first['id']}/", token=phone).status_code == 204
    assert call("DELETE", f"{MINE}{first['id']}/", token=phone).status_code == 404
    assert call("POST", "/api/v1/hrv-readings/", READING, token=first["token"]).status_code == 401
    clock.shift(timedelta(days=1))
    answer = call("POST", "/api/v1/hrv-readings/", READING, token=second["token"])
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    retention.tidy_up(timezone.now() + timedelta(days=29))
    assert PersonalToken.objects.count() == 1
    retention.tidy_up(timezone.now() + timedelta(days=31))
    assert not PersonalToken.objects.exists()


def test_a_stolen_access_token_makes_no_lasting_one(phone, clock):
    clock.shift(timedelta(minutes=4, seconds=59))
    assert make(phone).status_code == 201
    thief = sign_in()["access_token"]
    refused = make(thief)
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_required")


def test_the_owner_is_told_by_mail(phone):
    make(phone, name="kitchen scales")
    message = mail.outbox[-1]
    assert (message.to, message.subject) == (["alice@example.org"], "Homestretch: A personal access token was made")
    assert "kitchen scales" in message.body


def test_nobody_touches_anothers_token(phone, bob):
    made = make(phone).json()
    bob.user.set_password(PASSWORD)
    bob.user.save()
    other = sign_in("bob@example.org")["access_token"]
    assert call("DELETE", f"{MINE}{made['id']}/", token=other).status_code == 404
    assert call("GET", MINE, token=other).json() == {"results": []}


def test_a_deactivated_account_has_no_scripts(phone, alice):
    key = make(phone).json()["token"]
    type(alice.user).objects.filter(pk=alice.user.pk).update(is_active=False)
    assert call("POST", "/api/v1/hrv-readings/", READING, token=key).status_code == 401


def test_twenty_are_enough(phone, monkeypatch):
    monkeypatch.setattr(personal_tokens, "MOST", 2)
    assert [make(phone).status_code for _ in range(3)] == [201, 201, 409]


@pytest.mark.parametrize(
    "changes",
    [{"scopes": []}, {"scopes": ["everything"]}, {"name": ""}, {"days": 0}, {"days": 731}, {"days": True}, {"more": 1}],
)
def test_what_is_no_token_is_refused(phone, changes):
    answer = make(phone, **changes)
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")
    assert not PersonalToken.objects.exists()


def test_a_key_nobody_made_opens_nothing(alice):
    assert call("GET", "/api/v1/days/2026-11-20/", token="hsp_" + "a" * 43).status_code == 401
