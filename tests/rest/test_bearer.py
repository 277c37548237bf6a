"""The one statement behind every signed-in request says what the ORM's three would say."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from athletes.days import reported
from athletes.models import Athlete, CheckIn, Day, User
from athletes.reports import intake
from athletes.sign_in import sessions
from athletes.sign_in.authentication import vouches_for
from measures import quality
from measures.hrv import Era
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


def columns(row) -> dict:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_session_user_and_profile_are_what_the_orm_reads(alice, api, django_assert_num_queries):
    alice.birth_date = "2001-03-14"
    alice.save()
    assert api(alice).get("/api/v1/me/").status_code == 200
    session = Session.objects.get()
    with django_assert_num_queries(1):
        data, user = sessions.signed_in(session.session_key, alice.user_id, timezone.now())
        assert columns(user.athlete) == columns(Athlete(**columns(alice)))
    assert data == session.session_data
    assert columns(user) == columns(User.objects.get())
    assert columns(user.athlete) == columns(Athlete.objects.get())
    assert user.athlete.user is user


def test_a_user_without_a_profile_has_none(api):
    coach = make_user("charlie@example.org")
    assert api(coach).get("/api/v1/me/").json()["is_athlete"] is False
    _, user = sessions.signed_in(Session.objects.get().session_key, coach.pk, timezone.now())
    assert getattr(user, "athlete", None) is None
    assert api(coach).get("/api/v1/check-ins/").status_code == 403


def end_session(user: User) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def delete_session(user: User) -> None:
    Session.objects.all().delete()


def deactivate(user: User) -> None:
    User.objects.update(is_active=False)


def change_password(user: User) -> None:
    user.set_password("another long secret")
    user.save()


@pytest.mark.parametrize("what", [end_session, delete_session, deactivate, change_password], ids=lambda w: w.__name__)
def test_a_token_dies_at_once(alice, api, what):
    phone = api(alice)
    assert phone.get("/api/v1/me/").status_code == 200
    what(alice.user)
    assert phone.get("/api/v1/me/").status_code == 401


def test_a_token_of_one_user_does_not_open_the_session_of_another(alice, bob, api):
    assert api(alice).get("/api/v1/me/").json()["email"] == "alice@example.org"
    key = Session.objects.get().session_key
    found = sessions.signed_in(key, bob.user_id, timezone.now())
    assert found is not None
    assert not vouches_for(SessionStore().decode(found[0]), found[1])


def test_a_session_of_a_backend_that_is_no_longer_used_is_refused(alice, api, settings):
    phone = api(alice)
    settings.AUTHENTICATION_BACKENDS = ["somebody.elses.Backend"]
    assert phone.get("/api/v1/me/").status_code == 401


def test_a_session_outlives_the_rotation_of_the_secret_key_while_the_old_one_is_named(alice, api, settings):
    assert api(alice).get("/api/v1/me/").status_code == 200
    data = Session.objects.get().get_decoded()
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another one, as long as the one before it was"
    assert not vouches_for(data, alice.user)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert vouches_for(data, alice.user)


def test_the_hrv_of_earlier_check_ins_is_what_the_orm_reads(alice, bob):
    today = timezone.now().date()
    told = (
        (alice, 1, "spot", 51.5), (alice, 2, "spot", 300.0), (alice, 3, "morning_supine", 60.0), (bob, 1, "spot", 40.0),
    )  # fmt: skip
    for athlete, ago, context, ms in told:
        hrv = {"metric": "rmssd", "value_ms": ms, "context": context}
        intake.record_check_in(athlete, today - timedelta(days=ago), {"hrv": hrv})
    Day.objects.filter(athlete=alice, date=today - timedelta(days=3)).update(hrv_era="")  # as a season log's
    first, last = today - quality.HRV_HISTORY, today - timedelta(days=1)
    said, resolved = reported.hrv_before(alice.pk, first, last, Era("rmssd", "manual", "spot"))
    own = CheckIn.objects.filter(athlete=alice, hrv_context="spot").values_list("hrv_value_ms", "quality")
    assert sorted(said, key=str) == sorted(own, key=str)
    assert len(said) == 2
    days = Day.objects.filter(athlete=alice, hrv_era__in=("rmssd/manual/spot", "")).exclude(hrv_ms=None)
    assert sorted(resolved) == sorted(days.values_list("hrv_ms", flat=True)) != []


def test_the_narrow_account_is_the_wide_one_with_columns_left_out(alice, bob, api):
    assert api(alice).get("/api/v1/me/").status_code == 200
    key, now = Session.objects.get().session_key, timezone.now()
    (data, wide), (same_data, narrow) = (
        sessions.signed_in(key, alice.user_id, now, narrow=narrow) for narrow in (False, True)
    )
    assert data == same_data
    for read, stored in ((wide, narrow), (wide.athlete, narrow.athlete)):
        left_out = stored.get_deferred_fields()
        assert left_out == {f.attname for f in read._meta.concrete_fields} - set(vars(stored))
        assert "last_login" in left_out or "created_at" in left_out
        assert [getattr(read, f.attname) for f in read._meta.concrete_fields] == [
            getattr(stored, f.attname)
            for f in read._meta.concrete_fields  # what was left out is read when asked for
        ]
