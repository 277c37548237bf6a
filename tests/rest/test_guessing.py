"""What cannot be found out by trying: not with Valkey down, and not with a stopwatch."""

import re

import pytest
import time_machine
from django.contrib.auth import hashers
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from athletes.models import Athlete, LimitWithoutValkey, Mail, User
from storage import valkey as of_valkey
from tests.athletes.mornings import MORNING, URL
from tests.factories import PASSWORD, make_user
from tests.rest.signing_in import AUTH, call

pytestmark = pytest.mark.django_db


@pytest.fixture
def valkey_down(settings, monkeypatch):
    """Nothing listens there. The breaker is closed before each call: it must be the server that does not answer."""
    line = {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/valkey.sock"}
    settings.CACHES = {**settings.CACHES, "default": line}
    monkeypatch.setattr(of_valkey, "breaker", of_valkey.Breaker())
    assert cache.add("k", 1) and cache.get("k") is None


@pytest.mark.usefixtures("valkey_down")
def test_passwords_are_not_guessed_while_valkey_is_down(alice):
    def code_of(password: str) -> str:
        answer = call("POST", f"{AUTH}/auth/login", {"email": "alice@example.org", "password": password})
        return answer.json()["errors"][0]["code"]

    codes = [code_of(f"wrong {n}") for n in range(8)]
    assert codes == ["email_password_mismatch"] * 5 + ["too_many_login_attempts"] * 3
    assert code_of(PASSWORD) == "too_many_login_attempts"
    assert LimitWithoutValkey.objects.exists()


@pytest.mark.usefixtures("valkey_down")
def test_whoever_knows_the_password_gets_in_while_valkey_is_down(alice):
    for _ in range(7):
        answer = call("POST", f"{AUTH}/auth/login", {"email": "alice@example.org", "password": PASSWORD})
        assert answer.status_code == 200


@pytest.mark.usefixtures("valkey_down")
@time_machine.travel("2026-11-22T08:00:01Z")
def test_codes_of_squads_are_not_guessed_while_valkey_is_down(api, alice, bob):
    phone = api(alice)
    answers = [phone.post("/api/v1/squads/join/", {"code": f"ABCD23{n:02}"}).status_code for n in range(12)]
    assert answers[10:] == [429, 429] and 429 not in answers[:10]
    assert api(bob).post("/api/v1/squads/join/", {"code": "ABCD2300"}).status_code != 429


@pytest.mark.usefixtures("valkey_down")
def test_a_code_of_the_second_factor_is_good_once_while_valkey_is_down(alice):
    from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time

    totp = TOTP.activate(alice.user, "A" * 32)
    code = format_hotp_value(hotp_value("A" * 32, next(yield_hotp_counters_from_time())))
    assert [totp.validate_code(code), totp.validate_code(code)] == [True, False]


@pytest.mark.usefixtures("valkey_down")
def test_check_ins_are_stored_and_counted_nowhere_while_valkey_is_down(api, alice):
    answer = api(alice).put(URL, MORNING)
    assert answer.status_code == 201
    assert not LimitWithoutValkey.objects.exists()


class Work:
    """How often a password was hashed, and what was written where, whatever became of it."""

    def __init__(self, monkeypatch) -> None:
        self.hashes = 0
        plain = hashers.MD5PasswordHasher.encode

        def counted(hasher, password, salt):
            self.hashes += 1
            return plain(hasher, password, salt)

        monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)

    def of(self, path: str, body: dict) -> tuple[int, int, list[str]]:
        self.hashes = 0
        with CaptureQueriesContext(connection) as asked:
            status = call("POST", f"{AUTH}/{path}", body).status_code
        writes = [re.match(r'INSERT INTO "(\w+)"', query["sql"]) for query in asked.captured_queries]
        return status, self.hashes, sorted(found[1] for found in writes if found)


@pytest.mark.usefixtures("valkey")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("auth/signup", {"password": "a long enough secret"}),
        ("auth/password/request", {}),
        ("auth/login", {"password": "wrong"}),
    ],
    ids=["sign-up", "password reset", "sign-in"],
)
def test_the_same_work_is_done_whether_there_is_an_account_or_not(alice, monkeypatch, settings, path, body):
    settings.EMAIL_BACKEND = "athletes.people.mail.RowsBackend"
    work = Work(monkeypatch)
    known = work.of(path, {"email": "alice@example.org", **body})
    unknown = work.of(path, {"email": "nobody@example.org", **body})
    assert known == unknown


@pytest.mark.usefixtures("valkey")
def test_of_the_work_for_the_stopwatch_nothing_is_left(alice, settings):
    settings.EMAIL_BACKEND = "athletes.people.mail.RowsBackend"
    call("POST", f"{AUTH}/auth/signup", {"email": "alice@example.org", "password": "a long enough secret"})
    call("POST", f"{AUTH}/auth/password/request", {"email": "nobody@example.org"})
    assert (User.objects.count(), Athlete.objects.count()) == (1, 1)
    assert [mail.recipients for mail in Mail.objects.all()] == ["alice@example.org"]


@pytest.mark.usefixtures("valkey")
def test_a_stopwatch_does_not_tell_who_has_an_account(settings, monkeypatch):
    """9-51 ms against 780-1,160 it was. What takes the time is hashing: it is counted, as no clock is as steady."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    hashed, encode = [], hashers.PBKDF2PasswordHasher.encode

    def counted(self, password, salt, iterations=None):
        hashed.append(iterations or self.iterations)
        return encode(self, password, salt, iterations)

    def work(email: str) -> list[int]:
        del hashed[:]
        answer = call("POST", f"{AUTH}/auth/signup", {"email": email, "password": "a long enough secret"})
        assert answer.status_code == 401
        return [*hashed]

    make_user("known@example.org")
    monkeypatch.setattr(hashers.PBKDF2PasswordHasher, "encode", counted)
    assert work("known@example.org") == work("nobody@example.org") == [hashers.PBKDF2PasswordHasher.iterations]
