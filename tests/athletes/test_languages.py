"""Whose language a request, a mail and a page are in."""

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import translation

from athletes.languages import language_of, supported
from athletes.mail import send_due
from athletes.models import Athlete, User

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
    from athletes.rest.etags import conditional

    def etag():
        request = api(alice).get(reverse("me")).wsgi_request
        return conditional(request, dict, 1)["ETag"]

    with translation.override("de"):
        german = etag()
    assert german != etag()


def test_a_coach_s_browser_is_remembered_once(charlie, client, django_assert_num_queries):
    client.force_login(charlie)

    def page(**headers):
        response = client.get(reverse("admin:index"), headers=headers)
        charlie.refresh_from_db()
        return response["Content-Language"], charlie.browser_language

    assert page() == ("en", "")
    assert page(**{"accept-language": "de-CH"}) == ("de", "de")
    assert page() == ("de", "de")
    written = User.objects.filter(pk=charlie.pk).update(browser_language="de")
    assert written == 1
    assert page(**{"accept-language": "de"}) == ("de", "de")
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
