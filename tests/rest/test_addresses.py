"""Whose limit a request counts under, and what a caller can make us believe about that."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client, RequestFactory

from athletes import checks
from rest.addresses import client_address
from tests.factories import PASSWORD
from tests.rest.signing_in import AUTH

PROXY = "10.0.0.1"


@pytest.fixture
def behind_a_proxy(settings):
    settings.BEHIND_PROXY, settings.PROXY_COUNT = True, 1


def from_(address: str, *, forged: str = "", email: str = "alice@example.org", password: str = "wrong") -> str:
    """Signing in as it arrives here: the proxy appended the address it was called from. "": it worked."""
    forwarded = f"{forged}, {address}" if forged else address
    answer = Client().post(
        f"{AUTH}/auth/login",
        {"email": email, "password": password},
        "application/json",
        REMOTE_ADDR=PROXY,
        HTTP_X_FORWARDED_FOR=forwarded,
    )
    return (
        "" if answer.status_code == 200 else answer.json().get("errors", [{"code": str(answer.status_code)}])[0]["code"]
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey", "behind_a_proxy")
def test_a_stranger_behind_the_same_proxy_locks_nobody_out(alice):
    codes = [from_("198.51.100.9", email=f"nobody{n}@example.org") for n in range(12)]
    assert codes == ["email_password_mismatch"] * 10 + ["too_many_login_attempts"] * 2
    assert from_("203.0.113.5", password=PASSWORD) == ""


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey", "behind_a_proxy")
def test_a_forged_address_does_not_open_a_new_limit(alice):
    codes = [from_("198.51.100.9", forged=f"203.0.113.{n}", email=f"nobody{n}@example.org") for n in range(12)]
    assert codes == ["email_password_mismatch"] * 10 + ["too_many_login_attempts"] * 2
    assert from_("203.0.113.5", password=PASSWORD) == ""  # nor closes the one of whose address was forged


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_without_a_proxy_the_header_counts_for_nothing(alice, settings):
    settings.BEHIND_PROXY, settings.PROXY_COUNT = False, 0
    codes = [from_(f"203.0.113.{n}", email=f"nobody{n}@example.org") for n in range(11)]
    assert codes == ["email_password_mismatch"] * 10 + ["too_many_login_attempts"]


@pytest.mark.parametrize(
    ("count", "forwarded", "expected"),
    [
        (0, "203.0.113.5", PROXY),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "6.6.6.6, 203.0.113.5", "203.0.113.5"),
        (1, "6.6.6.6,203.0.113.5:4711", "203.0.113.5"),
        (1, "[2001:db8::7]:4711", "2001:db8::7"),
        (1, "2001:db8::7", "2001:db8::7"),
        (2, "6.6.6.6, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        (2, "203.0.113.5", PROXY),  # came past the outer one
        (1, "unknown", PROXY),
        (1, "", PROXY),
    ],
)
def test_the_address_is_what_the_outermost_of_our_proxies_saw(settings, count, forwarded, expected):
    settings.PROXY_COUNT = count
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=PROXY, **headers)) == expected


def test_a_socket_without_addresses_still_counts(settings):
    settings.PROXY_COUNT = 0
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) == "0.0.0.0"


@pytest.mark.parametrize(
    ("behind", "count", "expected"),
    [(True, 1, []), (False, 0, []), (True, 2, []), (True, 0, ["athletes.E002"]), (False, 1, ["athletes.E003"]),
     (True, -1, ["athletes.E001"])],
)  # fmt: skip
def test_proxies_that_do_not_agree_are_refused_at_the_start(settings, behind, count, expected):
    settings.BEHIND_PROXY, settings.PROXY_COUNT = behind, count
    assert [problem.id for problem in checks.problems()] == expected
    if expected:
        with pytest.raises(SystemCheckError):
            call_command("check")
