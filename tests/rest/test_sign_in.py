"""Accounts as the phone uses them: allauth's headless app client with tokens."""

import time

import pytest
import time_machine
from django.core import mail
from django.test import Client

from athletes.models import Athlete
from tests.factories import PASSWORD, make_user
from tests.rest.signing_in import AUTH, call, code_in_mail, me, refresh, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


def test_signing_up_takes_a_code_from_the_mail_and_makes_an_athlete():
    password = "a long enough secret"
    started = call("POST", f"{AUTH}/auth/signup", {"email": "Zoe@Example.org", "password": password})
    assert started.status_code == 401
    assert {"id": "verify_email", "is_pending": True} in started.json()["data"]["flows"]
    session = started.json()["meta"]["session_token"]

    wrong = call("POST", f"{AUTH}/auth/email/verify", {"key": "WRONG1"}, session=session)
    assert wrong.status_code == 400
    done = call("POST", f"{AUTH}/auth/email/verify", {"key": code_in_mail()}, session=session)
    assert done.status_code == 200, done.content

    token = done.json()["meta"]["access_token"]
    profile = call("GET", "/api/v1/me/", token=token).json()
    assert (profile["email"], profile["is_athlete"], profile["is_coach"]) == ("zoe@example.org", True, False)
    assert sign_in("zoe@example.org", password)["refresh_token"]


def test_signing_up_does_not_tell_whether_an_account_exists(alice):
    answer = call("POST", f"{AUTH}/auth/signup", {"email": "alice@example.org", "password": "a long enough secret"})
    assert answer.status_code == 401
    assert {"id": "verify_email", "is_pending": True} in answer.json()["data"]["flows"]
    assert "already" in mail.outbox[-1].body
    assert Athlete.objects.count() == 1


def test_the_page_of_sessions_shows_ones_own(alice, bob):
    """It was a 500 for everybody: allauth's template needs django.contrib.humanize."""
    for who in ("bob", "alice"):
        browser = Client()
        agent = {"User-Agent": f"browser of {who}"}
        browser.post("/accounts/login/", {"login": f"{who}@example.org", "password": PASSWORD}, headers=agent)
        browser.get("/", headers=agent)
    page = browser.get("/accounts/sessions/", headers=agent)
    assert page.status_code == 200
    assert ("browser of alice" in page.content.decode(), "browser of bob" in page.content.decode()) == (True, False)


@pytest.mark.parametrize("at", ["account/phone", "auth/phone/verify", "auth/phone/verify/resend"])
def test_there_are_no_telephone_numbers(alice, at):
    """allauth answered 500 to whoever was signed in."""
    token = sign_in()["access_token"]
    answers = [call(method, f"{AUTH}/{at}", body, token=token) for method, body in (("GET", None), ("POST", {}))]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_signing_out_ends_the_access_token_at_once(alice):
    tokens = sign_in()
    assert me(tokens["access_token"]) == 200
    assert call("DELETE", f"{AUTH}/auth/session", token=tokens["access_token"]).status_code == 401
    assert me(tokens["access_token"]) == 401
    assert refresh(tokens["refresh_token"]).status_code == 400


def test_access_tokens_last_five_minutes(alice):
    with time_machine.travel("2026-11-22T08:00:00Z", tick=False) as clock:
        token = sign_in()["access_token"]
        clock.shift(299)
        assert me(token) == 200
        clock.shift(2)
        assert me(token) == 401


def test_refreshing_rotates_the_refresh_token(alice):
    first = sign_in()["refresh_token"]
    answer = refresh(first)
    assert answer.status_code == 200
    second = answer.json()["data"]["refresh_token"]
    assert second != first
    assert me(answer.json()["data"]["access_token"]) == 200
    assert refresh(second).status_code == 200


def test_a_phone_that_lost_the_answer_gets_the_same_token_however_late_it_asks(alice):
    with time_machine.travel("2026-11-22T08:00:00Z", tick=False) as clock:
        first = sign_in()["refresh_token"]
        lost = refresh(first).json()["data"]
        for later_s in (30, 75, 3600):
            clock.shift(later_s)
            again = refresh(first)
            assert again.status_code == 200
            assert again.json()["data"]["refresh_token"] == lost["refresh_token"]
            assert me(again.json()["data"]["access_token"]) == 200
        assert refresh(lost["refresh_token"]).status_code == 200


def test_a_refresh_token_that_comes_back_after_its_successor_was_used_ends_the_family_at_once(alice):
    with time_machine.travel("2026-11-22T08:00:00Z", tick=False) as clock:
        stolen = sign_in()["refresh_token"]
        other_phone = sign_in()
        second = refresh(stolen).json()["data"]["refresh_token"]
        newest = refresh(second).json()["data"]
        clock.shift(1)
        assert me(newest["access_token"]) == 200
        assert refresh(stolen).status_code == 400
        assert me(newest["access_token"]) == 401
        assert refresh(newest["refresh_token"]).status_code == 400
        assert refresh(second).status_code == 400
        assert me(other_phone["access_token"]) == 200


def test_a_thief_and_the_owner_never_hold_different_tokens_of_one_family(alice):
    stolen = sign_in()["refresh_token"]
    hers, the_thiefs = (refresh(stolen).json()["data"]["refresh_token"] for _ in range(2))
    assert hers == the_thiefs
    hers = refresh(refresh(hers).json()["data"]["refresh_token"]).json()["data"]
    assert me(hers["access_token"]) == 200
    assert refresh(the_thiefs).status_code == 400
    assert me(hers["access_token"]) == 401


def test_refresh_tokens_are_not_kept_readable(alice):
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    first = sign_in()["refresh_token"]
    second = refresh(first).json()["data"]["refresh_token"]
    held = [str(SessionStore().decode(session.session_data)) for session in Session.objects.all()]
    assert len(held) == 1
    assert first not in held[0] and second not in held[0]


def test_a_family_from_before_the_rule_goes_on(alice):
    """Sessions held several live tokens, and the retired ones with the second they were used in."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    token = sign_in()["refresh_token"]
    session = SessionStore(Session.objects.get().pk)
    session["headless_refresh_tokens"]["forked"] = 2_000_000_000
    session["retired_refresh_tokens"] = {"old": 1_700_000_000}
    session.save()
    newest = refresh(token).json()["data"]
    assert me(newest["access_token"]) == 200
    assert list(SessionStore(Session.objects.get().pk)["headless_refresh_tokens"]) != ["forked"]
    assert len(SessionStore(Session.objects.get().pk)["headless_refresh_tokens"]) == 1
    assert refresh(newest["refresh_token"]).status_code == 200


def test_a_phone_may_sleep_for_29_days(alice):
    with time_machine.travel("2026-11-22T08:00:00Z", tick=False) as clock:
        token = sign_in()["refresh_token"]
        clock.shift(29 * 86_400)
        token = refresh(token).json()["data"]["refresh_token"]
        clock.shift(29 * 86_400)
        assert refresh(token).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ünï", "x" * 10_000])
def test_a_malformed_token_is_401_with_the_scheme(alice, token):
    answer = Client().get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="homestretch"')
    assert answer.json()["code"] == "invalid_token"


def test_no_token_is_401_with_the_scheme(db):
    answer = Client().get("/api/v1/me/")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="homestretch"')
    assert answer.json() | {"request_id": ""} == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Authentication credentials were not provided.",
        "instance": "/api/v1/me/",
        "code": "not_authenticated",
        "request_id": "",
        "errors": [],
    }


def test_a_refresh_token_is_no_access_token_and_another_key_signs_nothing(alice, settings):
    tokens = sign_in()
    assert me(tokens["refresh_token"]) == 401
    settings.SECRET_KEY = "somebody else's"
    assert me(tokens["access_token"]) == 401


def test_an_inactive_account_is_out_at_once(alice):
    token = sign_in()["access_token"]
    alice.user.is_active = False
    alice.user.save()
    assert me(token) == 401


def test_a_forgotten_password_is_reset_by_a_code_and_ends_other_sessions(alice):
    old = sign_in()["access_token"]
    asked = call("POST", f"{AUTH}/auth/password/request", {"email": "alice@example.org"})
    assert asked.status_code == 401, asked.content
    session = asked.json()["meta"]["session_token"]
    answer = call(
        "POST",
        f"{AUTH}/auth/password/reset",
        {"key": code_in_mail(), "password": "another long secret"},
        session=session,
    )
    assert answer.status_code in (200, 401), answer.content
    assert me(old) == 401
    assert me(sign_in(password="another long secret")["access_token"]) == 200


def test_a_second_factor_is_asked_for_once_it_is_set_up(alice):
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    def code(secret: str) -> str:
        return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))

    token = sign_in()["access_token"]
    assert call("POST", f"{AUTH}/auth/reauthenticate", {"password": PASSWORD}, token=token).status_code == 200
    secret = call("GET", f"{AUTH}/account/authenticators/totp", token=token).json()["meta"]["secret"]
    added = call("POST", f"{AUTH}/account/authenticators/totp", {"code": code(secret)}, token=token)
    assert added.status_code == 200, added.content

    half = call("POST", f"{AUTH}/auth/login", {"email": "alice@example.org", "password": PASSWORD})
    assert half.status_code == 401
    assert "access_token" not in half.json()["meta"]
    session = half.json()["meta"]["session_token"]
    assert call("POST", f"{AUTH}/auth/2fa/authenticate", {"code": "000000"}, session=session).status_code == 400
    with time_machine.travel(time.time() + 60):  # a code is good once
        whole = call("POST", f"{AUTH}/auth/2fa/authenticate", {"code": code(secret)}, session=session)
        assert whole.status_code == 200, whole.content
        assert me(whole.json()["meta"]["access_token"]) == 200


def test_sessions_can_be_listed_and_ended_one_by_one(alice):
    here, lost_phone = sign_in()["access_token"], sign_in()["access_token"]
    sessions = call("GET", f"{AUTH}/auth/sessions", token=here).json()["data"]
    other = [session["id"] for session in sessions if not session["is_current"]]
    assert len(sessions) == 2
    assert call("POST", f"{AUTH}/auth/reauthenticate", {"password": PASSWORD}, token=here).status_code == 200
    assert call("DELETE", f"{AUTH}/auth/sessions", {"sessions": other}, token=here).status_code == 200
    assert (me(here), me(lost_phone)) == (200, 401)


def test_guessing_a_password_is_slowed_down(alice):
    def code_of(password: str) -> str:
        answer = call("POST", f"{AUTH}/auth/login", {"email": "alice@example.org", "password": password})
        return answer.json()["errors"][0]["code"]

    codes = [code_of(f"wrong {n}") for n in range(8)]
    assert codes == ["email_password_mismatch"] * 5 + ["too_many_login_attempts"] * 3
    assert code_of(PASSWORD) == "too_many_login_attempts"


def test_the_admin_asks_coaches_for_their_second_factor(charlie):
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(charlie, generate_totp_secret())
    browser = Client()
    page = browser.post("/accounts/login/?next=/admin/", {"login": charlie.email, "password": PASSWORD})
    assert page["Location"].startswith("/accounts/2fa/authenticate/")
    assert browser.get("/admin/").status_code == 302
    assert Authenticator.objects.filter(user=charlie).count() == 1


def test_the_admin_sends_strangers_to_the_one_sign_in_page(db):
    answer = Client().get("/admin/login/?next=/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")
    assert answer.status_code == 200


def test_a_stranger_who_signs_up_twice_gets_one_account(db):
    make_user("yan@example.org")
    assert call("POST", f"{AUTH}/auth/login", {"email": "YAN@example.org", "password": PASSWORD}).status_code == 200
