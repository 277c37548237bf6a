"""Whose language a request, a mail and a page are in."""

from http import HTTPStatus

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from rest_framework.exceptions import ValidationError

from athletes.local_days.local_time import local_today
from athletes.models import Athlete
from athletes.people.languages import language_of, supported
from athletes.people.mail import send_due
from rest import strict
from rest.problems import PHRASES, errors_of

pytestmark = pytest.mark.usefixtures("valkey")


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("de", "de"), ("de-AT", "de"), ("de-Latn-DE", "de"), ("en-GB", "en"), ("zh-Hans-CN", "zh-hans"),
        ("zh-Hans", "zh-hans"), ("zh-CN", "zh-hans"), ("zh", "zh-hans"), ("fr", "en"), ("pt-BR", "en"), ("", "en"),
        ("i-klingon", "en"), ("not a tag", "en"), ("x" * 600, "en"), ("a-" * 600, "en"),
    ],
)  # fmt: skip
def test_every_tag_leads_to_one_of_ours(tag, language):
    assert supported(tag) == language


def test_the_profile_decides_then_the_browser_s_last_wish(alice, charlie):
    speaks(alice, "zh-Hans-CN")
    assert language_of(alice.user) == "zh-hans"
    assert language_of(charlie) == "en"
    charlie.browser_language = "de"
    assert language_of(charlie) == "de"


def speaks(athlete, locale):
    athlete.locale = locale
    athlete.save()


def test_the_profile_goes_before_the_request_and_the_request_before_english(alice, charlie, api):
    speaks(alice, "de-AT")
    me = reverse("me")
    assert said(api(alice).get(me, headers={"accept-language": "zh-CN"})) == "de"
    assert said(api(charlie).get(me, headers={"accept-language": "zh-CN"})) == "zh-hans"
    assert said(api(charlie).get(me, headers={"accept-language": "fr"})) == "en"
    assert said(api(None).get(me, headers={"accept-language": "fr, de;q=0.5"})) == "de"
    assert said(api(alice).put("/api/v1/check-ins/2026-13-01/", {"mood": 3})) == "de"  # what goes past REST framework
    assert translation.get_language() == "en"


def said(response):
    assert "Accept-Language" in response["Vary"]
    return response["Content-Language"]


def test_an_etag_is_of_one_language(alice, api):
    from rest.etags import conditional

    def etag():
        request = api(alice).get(reverse("me")).wsgi_request
        return conditional(request, dict, 1)["ETag"]

    with translation.override("de"):
        german = etag()
    assert german != etag()


def test_a_coach_s_browser_is_remembered_once(charlie, client):
    client.force_login(charlie)

    def page(**headers):
        response = client.get(reverse("admin:index"), headers=headers)
        charlie.refresh_from_db()
        return response["Content-Language"], charlie.browser_language

    assert page() == ("en", "")
    assert page(**{"accept-language": "de-CH"}) == ("de", "de")
    assert page() == ("de", "de")
    with CaptureQueriesContext(connection) as queries:
        assert page(**{"accept-language": "de"}) == ("de", "de")
    assert [
        query for query in queries if query["sql"].startswith("UPDATE") and "browser_language" in query["sql"]
    ] == []
    assert page(**{"accept-language": "zh-CN"}) == ("zh-hans", "zh-hans")


def test_the_page_of_somebody_with_a_profile_follows_the_profile(alice, client):
    speaks(alice, "zh-Hans-CN")
    client.force_login(alice.user)
    response = client.get("/accounts/password/change/", headers={"accept-language": "de"})
    assert response["Content-Language"] == "zh-hans"
    alice.user.refresh_from_db()
    assert alice.user.browser_language == ""


def test_a_mail_is_in_the_language_of_who_reads_it(alice, client):
    speaks(alice, "de")
    body = {"email": alice.user.email}
    answer = client.post(
        "/_allauth/app/v1/auth/password/request", body, "application/json", headers={"accept-language": "zh-CN"}
    )
    assert answer.status_code in (200, 401)
    send_due()
    with translation.override("de"):
        expected = translation.gettext("Password Reset Code")
    assert expected != "Password Reset Code"
    assert mail.outbox[-1].subject == f"Homestretch: {expected}"


def test_whoever_signs_up_is_written_to_in_the_language_of_the_request(client, db):
    body = {"email": "nora@example.org", "password": "a long enough one"}
    client.post("/_allauth/app/v1/auth/signup", body, "application/json", headers={"accept-language": "zh-CN"})
    send_due()
    assert Athlete.objects.get(user__email="nora@example.org").locale == "zh-Hans"
    assert any("\u4e00" <= letter <= "\u9fff" for letter in mail.outbox[-1].body)


def test_a_limit_is_said_anew_in_each_reader_s_language(alice, api):
    """The serializers live as long as the process, and DRF's messages of limits remember their first language."""
    url = f"/api/v1/check-ins/{local_today(alice).isoformat()}/"

    def refusal(locale):
        speaks(alice, locale)
        (error,) = api(alice).put(url, {"mood": 99}).json()["errors"]
        assert (error["pointer"], error["code"]) == ("#/mood", "max_value")
        assert "7" in error["message"]
        return error["message"]

    english, german, chinese = refusal("en"), refusal("de"), refusal("zh-Hans")
    assert len({english, german, chinese}) == 3
    assert refusal("en") == english


@pytest.mark.parametrize("language", ["en", "de", "zh-hans"])
def test_a_refused_choice_lists_the_codes_in_every_language_and_keeps_its_own(language):
    with translation.override(language), pytest.raises(ValidationError) as refused:
        strict.StrictChoiceField(choices=["a", "b"]).run_validation("secret")
    (error,) = errors_of(refused.value.detail)
    assert error["code"] == "invalid_choice"
    assert "a, b" in error["message"]
    assert "secret" not in error["message"]


def test_every_status_that_a_problem_has_is_marked():
    used = {400, 401, 403, 404, 405, 406, 409, 410, 411, 412, 413, 415, 422, 429, 500, 503}
    assert {HTTPStatus(status).phrase for status in used} <= set(PHRASES)


def test_the_document_of_the_api_is_english_whoever_asks(client, db):
    def document(language):
        return client.get("/api/openapi.yaml", headers={"accept-language": language}).content

    assert document("de") == document("en")
