"""Staff and their second factor: how long without, what then, and the way in."""

from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.apps import apps
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from tests.factories import PASSWORD, make_athlete, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
NOW = "2026-11-22T08:00:00Z"
ADDRESS = "dana@club.test"


@pytest.fixture(autouse=True)
def production(settings):
    settings.EMBEDDED = False
    settings.STAFF_MFA_GRACE_DAYS = 14


def signed_in(user) -> Client:
    browser = Client()
    browser.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return browser


def shown(browser: Client) -> tuple[int, bool]:
    """The answer of the admin, and whether it is the page that says why not."""
    page = browser.get("/admin/")
    return page.status_code, "A second factor is needed" in page.content.decode()


def test_after_fourteen_days_the_admin_opens_only_with_a_second_factor():
    with time_machine.travel(NOW, tick=False) as clock:
        user = make_user(ADDRESS, is_staff=True)
        clock.shift(timedelta(days=14) - timedelta(seconds=1))
        assert shown(signed_in(user)) == (200, False)
        clock.shift(1)
        browser = signed_in(user)
        assert shown(browser) == (403, True)
        assert browser.get("/admin/athletes/athlete/").status_code == 403
        assert browser.post("/admin/athletes/checkin/1/change/").status_code == 403


def test_the_page_leads_to_the_way_in():
    with time_machine.travel(NOW) as clock:
        user = make_user(ADDRESS, is_staff=True)
        clock.shift(timedelta(days=20))
        browser = Client()
        browser.post("/accounts/login/", {"login": ADDRESS, "password": PASSWORD})
        page = browser.get("/admin/")
        assert b'href="/accounts/2fa/totp/activate/"' in page.content
        assert browser.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")
        browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
        secret = browser.get("/accounts/2fa/totp/activate/").context["form"].secret
        code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
        assert browser.post("/accounts/2fa/totp/activate/", {"code": code}).status_code == 302
        assert set(Authenticator.objects.filter(user=user).values_list("type", flat=True)) == {"totp", "recovery_codes"}
        assert shown(browser) == (200, False)


def test_signing_out_is_always_open():
    user = make_user(ADDRESS, is_staff=True)
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        browser = signed_in(user)
        assert browser.post("/admin/logout/").status_code == 200
        assert browser.get("/admin/").status_code == 302


def test_the_days_begin_when_somebody_becomes_staff_and_again_the_next_time():
    with time_machine.travel(NOW, tick=False) as clock:
        user = make_user(ADDRESS)
        assert user.staff_since is None
        clock.shift(timedelta(days=100))
        user.is_staff = True
        user.save(update_fields=["is_staff"])
        user.refresh_from_db()
        assert user.staff_since == timezone.now()
        assert shown(signed_in(user)) == (200, False)
        clock.shift(timedelta(days=15))
        assert shown(signed_in(user)) == (403, True)
        user.is_staff = False
        user.save()
        assert get_user_model().objects.get(pk=user.pk).staff_since is None


def test_the_upgrade_gives_everybody_who_is_staff_the_same_days():
    with time_machine.travel(NOW, tick=False):
        user, athlete = make_user(ADDRESS, is_staff=True), make_athlete("zoe@club.test")
        get_user_model().objects.update(staff_since=None)
        import_module("athletes.migrations.0016_accounts").those_who_are_staff_now(apps, None)
        user.refresh_from_db()
        athlete.user.refresh_from_db()
        assert (user.staff_since, athlete.user.staff_since) == (timezone.now(), None)


def test_made_staff_by_sql_the_days_begin_with_the_first_visit():
    with time_machine.travel(NOW, tick=False) as clock:
        user = make_user(ADDRESS)
        get_user_model().objects.filter(pk=user.pk).update(is_staff=True)
        user.refresh_from_db()
        assert shown(signed_in(user)) == (200, False)
        clock.shift(timedelta(days=15))
        assert shown(signed_in(user)) == (403, True)


@pytest.mark.parametrize(
    ("embedded", "email", "superuser", "expected"),
    [
        (True, ADDRESS, True, 200),
        (True, "coach@example.org", False, 200),
        (True, ADDRESS, False, 403),
        (False, ADDRESS, True, 403),
        (False, "coach@example.org", False, 403),
    ],
)
def test_only_the_demo_on_one_machine_is_exempt(settings, embedded, email, superuser, expected):
    settings.EMBEDDED = embedded
    user = make_user(email, is_staff=True, is_superuser=superuser)
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert shown(signed_in(user))[0] == expected


def test_the_page_speaks_the_readers_language():
    user = make_user(ADDRESS, is_staff=True)
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        page = signed_in(user).get("/admin/", headers={"Accept-Language": "de"})
    assert "Ein zweiter Faktor ist nötig" in page.content.decode()
