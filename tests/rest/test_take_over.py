"""What somebody can do who got hold of an access token, and what the owner of the account learns of it."""

import json
import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from tests.factories import PASSWORD
from tests.rest.signing_in import AUTH, call, code_in_mail, me, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
REAUTHENTICATE = {"id": "reauthenticate"}
SENSITIVE = [
    ("POST", "account/email", {"email": "thief@example.org"}),
    ("PATCH", "account/email", {"email": "second@example.org", "primary": True}),
    ("DELETE", "account/email", {"email": "second@example.org"}),
    ("POST", "account/authenticators/recovery-codes", {}),
    ("DELETE", "account/authenticators/totp", {}),
]


def confirm(token: str, password: str = PASSWORD):
    return call("POST", f"{AUTH}/auth/reauthenticate", {"password": password}, token=token)


def addresses() -> list[tuple[str, bool]]:
    return list(EmailAddress.objects.order_by("pk").values_list("email", "primary"))


def told() -> list[tuple[str, str]]:
    """Who was written to, and what stands in the second part of the subject."""
    return [(message.to[0], message.subject.removeprefix("Homestretch: ")) for message in mail.outbox]


@pytest.fixture
def second_address(alice):
    return EmailAddress.objects.create(user=alice.user, email="second@example.org", verified=True)


@pytest.mark.parametrize(("method", "path", "body"), SENSITIVE, ids=[f"{m} {p}" for m, p, _ in SENSITIVE])
def test_a_token_alone_changes_nothing_about_the_account(alice, second_address, method, path, body):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    token = sign_in()["access_token"]
    TOTP.activate(alice.user, generate_totp_secret())
    RecoveryCodes.activate(alice.user)
    before = addresses(), list(Authenticator.objects.order_by("pk").values_list("pk", "type"))
    answer = call(method, f"{AUTH}/{path}", body, token=token)
    assert answer.status_code == 401
    assert REAUTHENTICATE in answer.json()["data"]["flows"]
    assert answer.json()["meta"]["is_authenticated"] is True
    assert (addresses(), list(Authenticator.objects.order_by("pk").values_list("pk", "type"))) == before
    assert mail.outbox == []


def test_whoever_says_the_password_again_may_for_five_minutes(alice):
    with time_machine.travel("2026-11-22T08:00:00Z", tick=False) as clock:
        token = sign_in()["access_token"]
        assert confirm(token, "not hers").status_code == 400
        assert call("POST", f"{AUTH}/account/email", {"email": "a@example.org"}, token=token).status_code == 401
        assert confirm(token).status_code == 200
        clock.shift(290)
        assert call("POST", f"{AUTH}/account/email", {"email": "a@example.org"}, token=token).status_code == 200
        clock.shift(9)
        assert me(token) == 200
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False) as clock:
        meta = sign_in()
        confirm(meta["access_token"])
        clock.shift(290)
        renewed = call("POST", f"{AUTH}/tokens/refresh", {"refresh_token": meta["refresh_token"]}).json()["data"]
        clock.shift(11)
        answer = call("POST", f"{AUTH}/account/email", {"email": "b@example.org"}, token=renewed["access_token"])
        assert (me(renewed["access_token"]), answer.status_code) == (200, 401)


def test_another_password_takes_the_old_one_and_the_old_address_is_told(alice):
    token = sign_in()["access_token"]
    wrong = {"current_password": "not hers", "new_password": "another long secret"}
    assert call("POST", f"{AUTH}/account/password/change", wrong, token=token).status_code == 400
    assert told() == []
    right = wrong | {"current_password": PASSWORD}
    assert call("POST", f"{AUTH}/account/password/change", right, token=token).status_code == 200
    assert told() == [("alice@example.org", "Password Changed")]


def test_ending_her_other_sessions_takes_the_password_and_signing_out_does_not(alice):
    thief, phone = sign_in()["access_token"], sign_in()["access_token"]
    sessions = call("GET", f"{AUTH}/auth/sessions", token=thief).json()["data"]
    hers = [each["id"] for each in sessions if not each["is_current"]]
    refused = call("DELETE", f"{AUTH}/auth/sessions", {"sessions": hers}, token=thief)
    assert refused.status_code == 401
    assert REAUTHENTICATE in refused.json()["data"]["flows"]
    assert me(phone) == 200
    own = [each["id"] for each in sessions if each["is_current"]]
    assert call("DELETE", f"{AUTH}/auth/sessions", {"sessions": own}, token=thief).status_code == 401
    assert (me(thief), me(phone)) == (401, 200)


def test_a_new_address_is_told_to_the_old_one_when_it_is_confirmed_made_the_first_and_removed(alice):
    token = sign_in()["access_token"]
    confirm(token)
    call("POST", f"{AUTH}/account/email", {"email": "new@example.org"}, token=token)
    assert [to for to, _ in told()] == ["new@example.org"]  # the code; nothing has changed yet
    call("POST", f"{AUTH}/auth/email/verify", {"key": code_in_mail()}, token=token)
    assert addresses() == [("alice@example.org", True), ("new@example.org", False)]
    assert told()[1:] == [("alice@example.org", "Email Address Added")]
    assert "new@example.org" in mail.outbox[-1].body

    mail.outbox.clear()
    first = {"email": "new@example.org", "primary": True}
    assert call("PATCH", f"{AUTH}/account/email", first, token=token).status_code == 200
    assert told() == [("alice@example.org", "Email Changed")]
    assert "new@example.org" in mail.outbox[-1].body

    mail.outbox.clear()
    assert call("DELETE", f"{AUTH}/account/email", {"email": "alice@example.org"}, token=token).status_code == 200
    assert told() == [("alice@example.org", "Email Removed"), ("new@example.org", "Email Removed")]


def test_the_second_factor_switched_on_or_off_is_told(alice):
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    token = sign_in()["access_token"]
    secret = call("GET", f"{AUTH}/account/authenticators/totp", token=token).json()["meta"]["secret"]
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    assert call("POST", f"{AUTH}/account/authenticators/totp", {"code": code}, token=token).status_code == 401
    confirm(token)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.transaction.on_commit", lambda function, **kw: function())
        assert call("POST", f"{AUTH}/account/authenticators/totp", {"code": code}, token=token).status_code == 200
    assert call("DELETE", f"{AUTH}/account/authenticators/totp", token=token).status_code == 200
    assert told() == [
        ("alice@example.org", "Authenticator App Activated"),
        ("alice@example.org", "Authenticator App Deactivated"),
    ]


def test_the_notice_is_in_the_language_of_the_owner_whoever_made_the_request(alice):
    alice.locale = "de"
    alice.save()
    token = sign_in()["access_token"]
    body = json.dumps({"current_password": PASSWORD, "new_password": "another long secret"})
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "zh-hans"}
    Client().generic("POST", f"{AUTH}/account/password/change", body, "application/json", headers=headers)
    assert "Passwort" in mail.outbox[-1].subject


def test_the_pages_ask_for_the_password_too(alice):
    browser = Client()
    browser.post("/accounts/login/", {"login": "alice@example.org", "password": PASSWORD})
    answer = browser.post("/accounts/email/", {"email": "thief@example.org", "action_add": ""})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert addresses() == [("alice@example.org", True)]
    phone = sign_in()["access_token"]
    assert browser.post("/accounts/sessions/")["Location"].startswith("/accounts/reauthenticate/")
    assert me(phone) == 200
    assert re.search("password", browser.get("/accounts/reauthenticate/").content.decode())


def test_a_view_that_asks_for_a_fresh_sign_in_lets_no_older_one_through(alice):
    from rest_framework.response import Response
    from rest_framework.test import APIRequestFactory
    from rest_framework.views import APIView

    from athletes.people.permissions import FreshSignIn

    class Erase(APIView):
        permission_classes = [FreshSignIn]

        def delete(self, request):
            return Response(status=204)

    def erase(token: str):
        answer = Erase.as_view()(APIRequestFactory().delete("/", headers={"Authorization": f"Bearer {token}"}))
        return answer.status_code, (answer.data or {}).get("code", "")

    with time_machine.travel("2026-11-22T08:00:00Z", tick=False) as clock:
        token, thief = sign_in()["access_token"], sign_in()["access_token"]
        assert erase(token) == (403, "fresh_sign_in_required")
        confirm(token)
        assert erase(token) == (204, "")
        assert erase(thief) == (403, "fresh_sign_in_required")  # another session of hers
        clock.shift(299)
        assert erase(token)[0] == 204
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as clock:
        meta = sign_in()
        confirm(meta["access_token"])
        clock.shift(200)
        token = call("POST", f"{AUTH}/tokens/refresh", {"refresh_token": meta["refresh_token"]}).json()["data"][
            "access_token"
        ]
        clock.shift(101)
        assert erase(token) == (403, "fresh_sign_in_required")
