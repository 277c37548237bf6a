"""What lies in the database file of somebody's health: read as a thief reads it, past the models."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.db import connection
from django.utils import timezone

from athletes.models import Athlete, CheckIn, Day, RedFlag, SeasonDay
from athletes.reports import season_logs
from recommendations.advice.advising import drain
from recommendations.inputs import frames
from recommendations.models import Advice, Delivery, Notice
from storage import encryption
from tests import factories
from tests.recommendations.seasons import TODAY, live

SEVEN = datetime.fromisoformat("2026-05-20T07:10:00+02:00")
# Not "niggle": every observation of an advice has a key of that name (docs/privacy.md says what it holds).
CANARIES = ("fever", "below_neck", "above_neck", "head_injury", "fainting", "pregnancy", "left_hamstring", "a secret")
BEFORE, AFTER = ("athletes", "0019_medical_detail_is_shared"), ("athletes", "0021_medical_detail_is_encrypted")
SAID = {"illness": "fever", "injury_status": "open", "red_flag": "head_injury", "pain_0_10": 7}


def whole_database():
    """Every value of every row as the driver reads it."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                yield table, " ".join(as_text(value) for value in row)


def as_text(value):
    return bytes(value).decode(errors="replace") if isinstance(value, memoryview | bytes) else str(value)


def found_in_the_database():
    return {(table, word) for table, text in whole_database() for word in CANARIES if word in text}


@pytest.fixture
def alice_is_ill(api, alice, charlie, squad, valkey, capfd):
    factories.make_device(charlie, "token-of-charlie")
    factories.make_device(alice.user, "token-of-alice")
    with time_machine.travel(SEVEN, tick=False):
        live(alice, 40, injury_status="niggle")
        assert api(alice).patch("/api/v1/me/", {"hold": "pregnancy"}).status_code == 200
        site = {"status": "niggle", "body_site": "left_hamstring"}
        answers = {"illness": "fever", "injury": site, "pain_0_10": 7, "notes": "a secret"}
        for ago in (2, 1, 0):
            on = TODAY - timedelta(days=ago)
            said = answers | ({"red_flag": "head_injury"} if ago == 0 else {})
            assert api(alice).put(f"/api/v1/check-ins/{on}/", said).status_code == 201
            drain(SEVEN)
        Athlete.objects.filter(pk=alice.pk).update(hold="none")
        wanted = {"date": date(2026, 1, 5), "ill": 1, "illness": "above_neck", "red_flag": "fainting", "pain_0_10": 6}
        season_logs.import_season(Athlete.objects.get(pk=alice.pk), [wanted], file_sha256="-")
        drain(SEVEN)
        return "".join(capfd.readouterr())


@pytest.mark.django_db
def test_no_row_no_history_and_no_log_names_what_ails_her(alice, alice_is_ill):
    assert found_in_the_database() == set()
    assert [word for word in CANARIES if word in alice_is_ill] == []
    kept = (CheckIn, Day, RedFlag, SeasonDay, Advice, Notice, Delivery, Athlete.history.model)
    assert {model.__name__: model.objects.exists() for model in kept} == {model.__name__: True for model in kept}
    check_in, day = CheckIn.objects.get(date=TODAY), Day.objects.get(date=TODAY)
    assert (check_in.illness, check_in.pain_0_10, check_in.injury_body_site) == ("fever", 7, "left_hamstring")
    assert (day.illness, day.injury_status, day.red_flag, day.pain_0_10) == ("fever", "niggle", "head_injury", 7)
    assert {version.hold for version in Athlete.history.filter(id=alice.pk)} == {"none", "pregnancy"}
    assert {flag.kind for flag in RedFlag.objects.all()} == {"head_injury", "fainting"}


@pytest.mark.django_db
def test_the_thief_would_find_them_in_a_plain_column(alice):
    alice.event = "fever"
    alice.save()
    assert {table for table, _ in found_in_the_database()} == {"athletes_athlete", "athletes_historicalathlete"}


@pytest.mark.django_db
def test_the_length_of_a_column_tells_no_answer_from_another(alice):
    for at, answer in enumerate(["none", "chest_pain", "breathless_at_rest", "head_injury"]):
        Day.objects.create(athlete=alice, date=TODAY + timedelta(days=at), red_flag=answer, illness="none",
                           pain_0_10=at, revised_at=SEVEN)  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT red_flag, illness, pain_0_10 FROM athletes_day")
        rows = cursor.fetchall()
    lengths = {len(value) for row in rows for value in row}
    assert lengths == {120}
    assert len({value for row in rows for value in row}) == 12  # nor does the same answer read the same


@pytest.mark.django_db
def test_what_no_key_opens_holds_her_back_and_is_stored_as_it_was(alice, settings):
    """A wrong key of single columns: the morning is neither an error nor an all-clear."""
    live(alice, 40)
    Day.objects.create(athlete=alice, date=TODAY, revised_at=SEVEN, **SAID)
    Athlete.objects.filter(pk=alice.pk).update(hold="pregnancy")

    def stored():
        with connection.cursor() as cursor:
            cursor.execute("SELECT illness, injury_status, pain_0_10, red_flag FROM athletes_day ORDER BY date DESC")
            return cursor.fetchone()

    before = stored()
    own_keys, settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS, [Fernet.generate_key().decode()]
    encryption.cipher.cache_clear()
    try:
        day, her = Day.objects.get(date=TODAY), Athlete.objects.get(pk=alice.pk)
        assert (str(day.illness), str(her.hold), bool(day.illness)) == ("(cannot be read)", "(cannot be read)", False)
        day.save()
        her.save()
        asked = [frames.Asked(her, TODAY, frames.day_rows({her.pk: TODAY})[her.pk])]
        seen = frames.stand(asked).observation
        assert (seen.ill[0], seen.advice_hold[0]) == (1.0, 1.0)
    finally:
        settings.FIELD_ENCRYPTION_KEYS = own_keys
        encryption.cipher.cache_clear()
    assert stored() == before
    assert Athlete.objects.get(pk=alice.pk).hold == "pregnancy"


# --- the way there, and back ------------------------------------------------------------------------------------------


def rows_of(apps):
    """What the models of that time read of one athlete."""
    columns = {
        "Athlete": ("hold",),
        "HistoricalAthlete": ("hold",),
        "CheckIn": ("date", "illness", "injury_status", "injury_body_site", "red_flag", "pain_0_10"),
        "Day": ("date", "illness", "injury_status", "red_flag", "pain_0_10"),
        "SeasonDay": ("date", "ill", "injured", "illness", "injury", "red_flag", "pain_0_10"),
        "RedFlag": ("kind", "raised_on"),
    }
    return {
        name: sorted(map(repr, apps.get_model("athletes", name).objects.values_list(*of_model)))
        for name, of_model in columns.items()
    }


def test_rows_of_before_are_encrypted_and_come_back_as_they_were(migrate):
    old = migrate(BEFORE)
    model = {name: old.get_model("athletes", name) for name in ("User", "Athlete", "HistoricalAthlete", "CheckIn")}
    model |= {name: old.get_model("athletes", name) for name in ("Day", "SeasonDay", "RedFlag")}
    now = timezone.now()
    alice = model["Athlete"].objects.create(user=model["User"].objects.create(email="a@example.org"), hold="pregnancy")
    model["HistoricalAthlete"].objects.create(
        id=alice.pk, hold="red_s", history_date=now, history_type="~", created_at=now, morning_deadline="09:00",
    )  # fmt: skip
    for at in range(1203):  # more than two batches of 500
        said = SAID if at % 2 else {"illness": "", "injury_status": "none", "red_flag": "", "pain_0_10": None}
        model["Day"].objects.create(athlete=alice, date=TODAY - timedelta(days=at), revised_at=now, **said)
    for at, pain in enumerate((0, 7, None)):
        on = TODAY - timedelta(days=at)
        site = "left_hamstring" if at else ""
        model["CheckIn"].objects.create(
            athlete=alice, date=on, submitted_at=now, injury_body_site=site, **(SAID | {"pain_0_10": pain})
        )
        model["SeasonDay"].objects.create(
            athlete=alice, date=on, file_sha256="-", ill=(True, False, None)[at], injured=(None, True, False)[at],
            illness="fever" if at else "", pain_0_10=pain,
        )  # fmt: skip
    model["RedFlag"].objects.create(athlete=alice, kind="head_injury", raised_on=TODAY, raised_at=now)
    before = rows_of(old)
    assert ("athletes_day", "fever") in found_in_the_database()
    assert rows_of(migrate(AFTER)) == before
    assert found_in_the_database() == set()
    assert RedFlag.objects.get().kind == "head_injury"
    assert rows_of(migrate(BEFORE)) == before
    assert ("athletes_day", "fever") in found_in_the_database()
