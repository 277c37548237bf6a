"""A database opens with its own keys; what no key opens is shown as such and is not lost."""

import base64

import pytest
import time_machine
from django.db.migrations.recorder import MigrationRecorder

from athletes import key_check
from athletes.models import Athlete, CheckIn, KeyCheck
from storage.encryption import cipher

OTHER_KEY = base64.urlsafe_b64encode(b"another key of thirty-two bytes!").decode()
CHECK_IN = "/api/v1/check-ins/2026-11-22/"
MORNING = {"fatigue": 4, "sleep_quality": 4, "muscle_soreness": 4, "stress": 4, "mood": 4, "scale": "mclean_1_5"}


@pytest.fixture
def with_other_keys(settings):
    """Call it: from then on the process has other keys."""

    def change() -> None:
        settings.FIELD_ENCRYPTION_KEYS = [OTHER_KEY]
        cipher.cache_clear()

    yield change
    cipher.cache_clear()


@pytest.fixture(autouse=True)
def connection_stays(monkeypatch):
    """The test's transaction ends with its connection."""
    monkeypatch.setattr(key_check.connection, "close", lambda: None)


def test_a_new_database_is_marked_and_then_opens_with_its_own_keys_alone(db, with_other_keys):
    assert key_check.what_does_not_fit() == ""
    assert KeyCheck.objects.get().word == key_check.WORD
    assert key_check.what_does_not_fit() == ""
    with_other_keys()
    assert key_check.what_does_not_fit() == key_check.WRONG_KEYS


def test_keys_in_rotation_open_it(db, settings):
    assert key_check.what_does_not_fit() == ""
    settings.FIELD_ENCRYPTION_KEYS = [OTHER_KEY, *settings.FIELD_ENCRYPTION_KEYS]
    cipher.cache_clear()
    assert key_check.what_does_not_fit() == ""
    cipher.cache_clear()


def test_a_database_from_before_the_mark_is_known_by_what_is_encrypted_in_it(alice, with_other_keys):
    Athlete.objects.update(birth_date="2001-02-03")
    with_other_keys()
    assert key_check.what_does_not_fit() == key_check.WRONG_KEYS
    assert not KeyCheck.objects.exists()


def test_a_database_of_a_newer_version_is_refused_by_name(db):
    MigrationRecorder.Migration.objects.create(app="athletes", name="9999_later")
    assert "athletes.9999_later" in key_check.what_does_not_fit()


@time_machine.travel("2026-11-22T07:00:00Z", tick=False)
def test_what_no_key_opens_is_said_in_the_api_and_kept_as_it_was(api, alice, with_other_keys):
    client = api(alice)
    Athlete.objects.update(birth_date="2001-02-03")
    assert client.put(CHECK_IN, MORNING | {"notes": "slept badly"}).status_code in (200, 201)
    stored = CheckIn.objects.extra(select={"raw": "notes"}).values_list("raw", flat=True).get()
    with_other_keys()
    for answer in (client.get(CHECK_IN), client.get("/api/v1/me/"), client.get("/api/v1/sync/changes/")):
        assert answer.status_code == 200, answer.content
    assert client.get(CHECK_IN).json()["notes"] == "(cannot be read)"
    CheckIn.objects.get().save()
    assert CheckIn.objects.extra(select={"raw": "notes"}).values_list("raw", flat=True).get() == stored
    assert client.put(CHECK_IN, MORNING | {"notes": "new"}).status_code == 200
    assert client.get(CHECK_IN).json()["notes"] == "new"
