"""Other people's programs: let in by the athlete, for what she ticked, until she takes it back."""

import base64
import hashlib
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from allauth.idp.oidc.models import Client, Token
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from athletes.models import HrvReading
from athletes.sign_in import clients
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
VERIFIER = "a-verifier-of-at-least-43-characters-as-rfc-7636-has-it"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BACK = "https://sync.example.org/back"
READING = {
    "client_record_id": "r1", "measured_at": "2026-11-20T06:00:00+01:00", "metric": "rmssd",
    "context": "morning_supine", "value_ms": 61.0,
}  # fmt: skip


@pytest.fixture
def program():
    """Registered, let in by nobody yet."""
    grants = "authorization_code", "urn:ietf:params:oauth:grant-type:device_code", "refresh_token"
    client = Client(name="Folder sync", type="public", redirect_uris=BACK)
    client.set_scopes(["records:write", "days:read"])
    client.set_default_scopes(["records:write", "days:read"])
    client.set_grant_types(list(grants))
    client.save()
    return client


@pytest.fixture
def browser(alice):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(alice.user, "allauth.account.auth_backends.AuthenticationBackend")
    return browser


def ask(browser, program, **changes):
    query = {
        "client_id": program.pk, "response_type": "code", "redirect_uri": BACK, "scope": "records:write days:read",
        "state": "s1", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    return browser.get("/identity/o/authorize", {**query, **changes})


def hidden(page, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]+)"', page.content.decode())[1]


def allow(browser, page, *scopes: str, action: str = "grant"):
    fields = {name: hidden(page, name) for name in ("csrfmiddlewaretoken", "request")}
    return browser.post("/identity/o/authorize", {**fields, "scopes": scopes, "action": action})


def redeem(program, **fields):
    return posted("/identity/o/api/token", {"client_id": program.pk, **fields})


def posted(url: str, fields: dict):
    return Browser().post(url, urlencode(fields), "application/x-www-form-urlencoded")


def tokens_for(browser, program, *scopes: str):
    answer = allow(browser, ask(browser, program), *scopes)
    code = parse_qs(urlsplit(answer["Location"]).query)["code"][0]
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return redeem(program, **fields).json()


def with_token(api, token: str):
    client = api(None)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def code_of(answer):
    return answer.status_code, answer.json()["code"]


def test_the_consent_page_says_in_plain_words_who_asks_for_what(browser, program):
    page = ask(browser, program)
    text = page.content.decode()
    assert page.status_code == 200
    assert "Let Folder sync in?" in text and "alice@example.org" in text
    assert all(str(clients.SCOPE_TEXTS[scope]) in text for scope in ("records:write", "days:read"))
    assert str(clients.SCOPE_TEXTS["advice:read"]) not in text
    assert "form-action 'self' https://sync.example.org" in page["Content-Security-Policy"]


def test_a_program_may_do_what_was_ticked_for_that_athlete_and_nothing_else(api, alice, bob, browser, program):
    tokens = tokens_for(browser, program, "records:write")
    client = with_token(api, tokens["access_token"])
    assert tokens["scope"] == "records:write"
    assert client.post("/api/v1/hrv-readings/", READING).status_code == 201
    assert HrvReading.objects.get().athlete == alice
    for url in ("/api/v1/days/2026-11-20/", "/api/v1/me/", "/api/v1/hrv-readings/", "/api/v1/me/clients/"):
        assert code_of(client.get(url)) == (403, "insufficient_scope")
    assert client.get("/_allauth/app/v1/auth/session").status_code in (401, 410)


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": ""},
        {"code_challenge_method": "plain", "code_challenge": VERIFIER},
        {"scope": "records:write advice:read"},
        {"redirect_uri": "https://evil.example.org/"},
        {"client_id": "nobody"},
    ],
    ids=["no PKCE", "plain PKCE", "a scope it is not registered for", "another address", "unknown program"],
)
def test_what_is_asked_wrongly_never_becomes_a_consent_page(browser, program, changes):
    page = ask(browser, program, **changes)
    assert b"Allow" not in page.content
    assert "code=" not in page.get("Location", "")


def test_a_stolen_code_is_worth_nothing_without_the_verifier(browser, program):
    code = parse_qs(urlsplit(allow(browser, ask(browser, program), "days:read")["Location"]).query)["code"][0]
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    assert redeem(program, **fields, code_verifier="x" * 50).status_code == 400
    assert redeem(program, **fields).status_code == 400


def test_refusing_shares_nothing(browser, program):
    answer = allow(browser, ask(browser, program), action="cancel")
    assert answer["Location"] == f"{BACK}?error=access_denied&state=s1"
    assert not Token.objects.exists()


def test_the_athlete_sees_her_programs_and_what_she_takes_back_counts_at_once(api, alice, bob, browser, program):
    with time_machine.travel("2026-11-22T08:00:00Z", tick=False):
        tokens = tokens_for(browser, program, "days:read")
        client, phone = with_token(api, tokens["access_token"]), api(alice)
        assert phone.get("/api/v1/me/clients/").json() == {
            "results": [
                {"id": program.pk, "name": "Folder sync", "scopes": ["days:read"],
                 "connected_at": "2026-11-22T08:00:00Z"}
            ]
        }  # fmt: skip
        assert api(bob).get("/api/v1/me/clients/").json() == {"results": []}
        assert api(bob).delete(f"/api/v1/me/clients/{program.pk}/").status_code == 404
        assert client.get("/api/v1/days/2026-11-20/").status_code == 200
        assert phone.delete(f"/api/v1/me/clients/{program.pk}/").status_code == 204
        assert code_of(client.get("/api/v1/days/2026-11-20/")) == (401, "invalid_token")
        refreshed = redeem(program, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert refreshed.status_code == 400
        assert phone.get("/api/v1/me/clients/").json() == {"results": []}


def test_a_scope_the_program_loses_is_lost_with_the_next_request(api, browser, program):
    client = with_token(api, tokens_for(browser, program, "days:read")["access_token"])
    assert client.get("/api/v1/days/2026-11-20/").status_code == 200
    program.set_scopes(["records:write"])
    program.save()
    assert code_of(client.get("/api/v1/days/2026-11-20/")) == (403, "insufficient_scope")


def test_a_token_ends_after_an_hour_and_is_renewed_without_asking(api, browser, program):
    tokens = tokens_for(browser, program, "days:read")
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=1)):
        assert with_token(api, tokens["access_token"]).get("/api/v1/days/2026-11-20/").status_code == 401
        renewed = redeem(program, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
        assert with_token(api, renewed["access_token"]).get("/api/v1/days/2026-11-20/").status_code == 200
        again = redeem(program, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert again.status_code == 400


def test_an_account_that_is_closed_closes_its_programs_too(api, alice, browser, program):
    client = with_token(api, tokens_for(browser, program, "days:read")["access_token"])
    alice.user.is_active = False
    alice.user.save()
    assert client.get("/api/v1/days/2026-11-20/").status_code == 401


@pytest.mark.parametrize("token", ["x", "A" * 86, "a b", "ü", "x" * 5000])
def test_a_made_up_token_is_401(api, alice, token):
    answer = api(None).get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"})
    assert code_of(answer) == (401, "invalid_token")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_coachs_own_program_does_not_see_her_athletes(api, charlie, squad, alice):
    from athletes.models import Athlete

    own = Athlete.objects.create(user=charlie)
    client = api(factories.Program(own, "advice:read"))
    assert client.get(f"/api/v1/advice/?athlete={own.pk}").status_code == 200
    assert api(charlie).get(f"/api/v1/advice/?athlete={alice.pk}").status_code == 200
    assert client.get(f"/api/v1/advice/?athlete={alice.pk}").status_code == 404


def test_a_program_reads_no_comment_of_the_athlete(api, alice):
    from recommendations.models import Feedback

    advice = factories.make_advice(alice, timezone.localdate())
    Feedback.objects.create(advice=advice, followed="no", comment="my knee hurts")
    url = f"/api/v1/advice/{advice.date}/"
    read = [api(who).get(url).json()["feedback"] for who in (alice, factories.Program(alice, "advice:read"))]
    assert [each["comment"] for each in read] == ["my knee hurts", None]
    assert [each["followed"] for each in read] == ["no", "no"]


def test_a_program_that_reads_the_day_is_not_told_of_illness_injury_pain_or_warning_signs(api, alice):
    """Its consent page speaks of HRV, sleep, load and wellness."""
    from athletes.reports import intake

    on = timezone.localdate()
    said = {
        "fatigue": 4, "illness": "fever", "injury": {"status": "open"}, "red_flag": "fainting", "pain_0_10": 7,
    }  # fmt: skip
    intake.record_check_in(alice, on, said)
    hers, its = (api(who).get(f"/api/v1/days/{on}/").json() for who in (alice, factories.Program(alice, "days:read")))
    differs = {name: (hers[name], its[name]) for name in hers if hers[name] != its[name]}
    assert differs == {
        "illness": ("fever", None), "injury_status": ("open", None), "red_flag": ("fainting", None),
        "pain_0_10": (7, None),
    }  # fmt: skip
    assert hers["fatigue_1_5"] == its["fatigue_1_5"] == 4


def test_who_is_no_athlete_has_nothing_to_share(charlie, program):
    browser = Browser()
    browser.force_login(charlie, "allauth.account.auth_backends.AuthenticationBackend")
    page = ask(browser, program)
    assert page.status_code == 403
    assert "no training data" in page.content.decode()


def test_whoever_is_not_signed_in_signs_in_first(program):
    answer = ask(Browser(), program)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


# --- device code: programs without a browser -------------------------------------------------------------------------


def begin(program, **fields):
    return posted("/identity/o/api/device/code", {"client_id": program.pk, **fields}).json()


def poll(program, begun):
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    return redeem(program, grant_type=grant, device_code=begun["device_code"])


def answer_code(browser, code: str, action: str):
    url = f"/identity/o/device?code={code}"
    page = browser.get(url)
    return page, browser.post(url, {"csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken"), "action": action})


def test_a_program_without_a_browser_is_let_in_by_its_code(api, browser, program):
    begun = begin(program, scope="days:read")
    assert begun["verification_uri"].endswith("/identity/o/device")
    assert poll(program, begun).json()["error"] == "authorization_pending"
    page, answer = answer_code(browser, begun["user_code"], "confirm")
    assert str(clients.SCOPE_TEXTS["days:read"]) in page.content.decode()
    assert str(clients.SCOPE_TEXTS["records:write"]) not in page.content.decode()
    assert "Folder sync is connected" in answer.content.decode()
    with time_machine.travel(timezone.now() + timedelta(seconds=6)):
        tokens = poll(program, begun).json()
        client = with_token(api, tokens["access_token"])
        assert client.get("/api/v1/days/2026-11-20/").status_code == 200
        assert client.post("/api/v1/hrv-readings/", READING).status_code == 403


def test_a_refused_or_guessed_code_lets_nobody_in(browser, program):
    begun = begin(program)
    answer_code(browser, begun["user_code"], "deny")
    assert poll(program, begun).json()["error"] == "access_denied"
    assert "code" in browser.get("/identity/o/device?code=AAAA-AAAA").content.decode().lower()


def test_another_page_cannot_confirm_in_the_athletes_name(browser, program):
    begun = begin(program)
    answer = browser.post(f"/identity/o/device?code={begun['user_code']}", {"action": "confirm"})
    assert answer.status_code == 403
    assert poll(program, begun).json()["error"] == "authorization_pending"


# --- the admin -------------------------------------------------------------------------------------------------------


def test_a_program_is_registered_in_the_admin_with_our_scopes_alone(admin_client):
    url = reverse("admin:allauth_idp_oidc_client_add")
    fields = {
        "name": "Track app", "type": "confidential", "scopes": ["days:read", "advice:read"],
        "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": BACK,
    }  # fmt: skip
    answer = admin_client.post(url, fields, follow=True)
    made = Client.objects.get()
    assert "The client&#x27;s secret, shown this once" in answer.content.decode()
    assert (made.get_scopes(), made.get_default_scopes()) == (["days:read", "advice:read"],) * 2
    assert admin_client.post(url, {**fields, "scopes": ["openid"]}).status_code == 200
    assert Client.objects.count() == 1


def test_coaches_do_not_see_programs_in_the_admin(charlie, program):
    browser = Browser()
    browser.force_login(charlie)
    assert browser.get(reverse("admin:allauth_idp_oidc_client_changelist")).status_code == 403


def test_the_servers_description_names_our_scopes_and_no_account_data():
    told = Browser().get("/.well-known/openid-configuration").json()
    assert told["scopes_supported"] == list(clients.SCOPE_TEXTS)
    assert "userinfo_endpoint" not in told
    assert told["device_authorization_endpoint"].endswith("/identity/o/api/device/code")


# --- what was used once, and what belongs to somebody else ------------------------------------------------------------


def reads(api, access_token: str) -> int:
    return with_token(api, access_token).get("/api/v1/days/2026-11-20/").status_code


def refreshed(program, token: str):
    return redeem(program, grant_type="refresh_token", refresh_token=token)


def test_a_refresh_token_used_twice_ends_that_grant_and_no_other(api, browser, program):
    stolen, other = tokens_for(browser, program, "days:read"), tokens_for(browser, program, "days:read")
    newest = refreshed(program, stolen["refresh_token"]).json()
    assert (reads(api, stolen["access_token"]), reads(api, newest["access_token"])) == (200, 200)
    assert refreshed(program, stolen["refresh_token"]).json()["error"] == "invalid_grant"
    assert (reads(api, stolen["access_token"]), reads(api, newest["access_token"])) == (401, 401)
    assert refreshed(program, newest["refresh_token"]).status_code == 400
    assert reads(api, other["access_token"]) == 200
    assert refreshed(program, other["refresh_token"]).status_code == 200


def test_a_grant_of_before_the_marks_gets_one_with_its_next_refresh(api, browser, program):
    first = tokens_for(browser, program, "days:read")
    Token.objects.update(data=None)
    second = refreshed(program, first["refresh_token"]).json()
    third = refreshed(program, second["refresh_token"]).json()
    assert reads(api, third["access_token"]) == 200
    assert refreshed(program, second["refresh_token"]).status_code == 400
    assert (reads(api, second["access_token"]), reads(api, third["access_token"])) == (401, 401)


def test_a_code_redeemed_twice_ends_what_it_gave(api, browser, program):
    answer = allow(browser, ask(browser, program), "days:read")
    code = parse_qs(urlsplit(answer["Location"]).query)["code"][0]
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    tokens = redeem(program, **fields).json()
    newest = refreshed(program, tokens["refresh_token"]).json()
    assert (reads(api, tokens["access_token"]), reads(api, newest["access_token"])) == (200, 200)
    assert redeem(program, **fields).json()["error"] == "invalid_grant"
    assert (reads(api, tokens["access_token"]), reads(api, newest["access_token"])) == (401, 401)
    assert refreshed(program, newest["refresh_token"]).status_code == 400


def test_what_was_used_is_no_connected_program(api, alice, browser, program):
    tokens = tokens_for(browser, program, "days:read")
    refreshed(program, tokens["refresh_token"])
    refreshed(program, tokens["refresh_token"])
    assert Token.objects.exists()
    assert api(alice).get("/api/v1/me/clients/").json() == {"results": []}
    assert api(alice).delete(f"/api/v1/me/clients/{program.pk}/").status_code == 404


def revoke(program, token: str, **fields) -> int:
    return posted("/identity/o/api/revoke", {"client_id": program.pk, "token": token, **fields}).status_code


@pytest.fixture
def other_program(program):
    other = Client.objects.get(pk=program.pk)
    other.pk, other.name = "other", "Another"
    other.save(force_insert=True)
    return other


def test_a_program_revokes_its_own_tokens_alone(api, browser, program, other_program):
    tokens = tokens_for(browser, program, "days:read")
    assert revoke(other_program, tokens["access_token"]) == revoke(other_program, tokens["refresh_token"]) == 200
    assert reads(api, tokens["access_token"]) == 200
    assert revoke(program, tokens["access_token"], token_type_hint="refresh_token") == 200  # a hint is only that
    assert reads(api, tokens["access_token"]) == 401
    newest = refreshed(program, tokens["refresh_token"]).json()
    assert revoke(program, newest["refresh_token"]) == 200
    assert reads(api, newest["access_token"]) == 401
    assert refreshed(program, newest["refresh_token"]).status_code == 400


def test_another_program_cannot_end_a_grant_by_replaying_its_tokens(api, browser, program, other_program):
    tokens = tokens_for(browser, program, "days:read")
    newest = refreshed(program, tokens["refresh_token"]).json()
    assert refreshed(other_program, tokens["refresh_token"]).status_code == 400
    assert reads(api, newest["access_token"]) == 200


@pytest.mark.parametrize(
    ("registered", "asked"),
    [
        (BACK, f"{BACK}?more=1"), (BACK, f"{BACK}#x"), (BACK, BACK.upper()), (BACK, f"{BACK}/"),
        ("http://127.0.0.1:4000/back", "http://127.0.0.1:4001/back"), ("https://*.example.org/back", BACK),
        (BACK, "https://user@sync.example.org/back"),
    ],
)  # fmt: skip
def test_a_redirect_goes_to_a_registered_address_to_the_letter(browser, program, registered, asked):
    program.redirect_uris, program.allow_uri_wildcards = registered, "*" in registered
    program.save()
    page = ask(browser, program, redirect_uri=asked)
    assert b"Allow" not in page.content
    assert "Location" not in page


@time_machine.travel("2026-11-22T08:00:01Z", tick=False)
def test_device_codes_are_limited_per_program_and_address(program, other_program):
    def begun(who, address: str = "198.51.100.9") -> int:
        body = urlencode({"client_id": who.pk})
        form = "application/x-www-form-urlencoded"
        return Browser().post("/identity/o/api/device/code", body, form, REMOTE_ADDR=address).status_code

    assert [begun(program) for _ in range(12)] == [200] * 10 + [429] * 2
    assert begun(other_program) == 200
    assert begun(program, "203.0.113.5") == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert begun(program) == 200


@time_machine.travel("2026-11-22T08:00:01Z", tick=False)
def test_one_address_cannot_go_round_the_limit_with_more_programs(program):
    def begun(name: str):
        return posted("/identity/o/api/device/code", {"client_id": name})

    assert begun(program.pk).status_code == 200
    refused = [begun(f"made-up-{n}").status_code for n in range(40)]
    assert refused == [400] * 29 + [429] * 11
    answer = begun(program.pk)
    assert (answer.status_code, answer.json()["error"]) == (429, "slow_down")
    assert answer["Retry-After"] == "600"
