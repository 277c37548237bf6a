"""A warning sign: raised by an answer, cleared by no answer."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from athletes.models import CheckIn, Day, Membership, RedFlag
from athletes.people.access import coaches_of
from athletes.reports import intake, red_flags
from athletes.signals import day_revised
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 20)
MORNING = datetime(2026, 5, 20, 5, 31, tzinfo=UTC)  # 07:31 in Berlin
ONE_DAY = timedelta(days=1)
SEEN_TODAY = {"seen_by_doctor_on": "2026-05-20"}


@pytest.fixture(autouse=True)
def half_past_seven_in_berlin(settings):
    settings.WRITES_PER_MINUTE = 1_000_000
    with time_machine.travel(MORNING, tick=False):
        yield


def check_in(athlete, on=TODAY, **answers):
    return intake.record_check_in(athlete, on, {"fatigue": 4, **answers}, now=MORNING)


def answer(athlete, on=TODAY):
    return intake.record_check_in(athlete, on, {"note_checked": True}, keep_rest=True, now=MORNING)


def hit(athlete, on=TODAY):
    check_in(athlete, on, red_flag="head_injury")
    return RedFlag.objects.get(athlete=athlete)


def let(user):
    user.user_permissions.add(Permission.objects.get(codename="clear_redflag"))
    return user


def clear_url(flag):
    return f"/api/v1/red-flags/{flag.pk}/clear/"


def problem(answer):
    body = answer.json()
    return answer.status_code, body["code"], body["detail"], body["errors"]


def spans(athlete):
    """By the day it was raised on, the closed before the open."""
    rows = RedFlag.objects.filter(athlete=athlete).values_list("kind", "raised_on", "cleared_on")
    return sorted(rows, key=lambda row: (row[1], row[2] or date.max))


# --- raising ----------------------------------------------------------------------------------------------------------


def test_three_seconds_later_none_takes_nothing_back(alice):
    hit(alice)
    check_in(alice, red_flag="none")
    assert CheckIn.objects.get().red_flag == "none"
    assert spans(alice) == [("head_injury", TODAY, None)]


def test_neither_does_a_change_nor_the_deletion_of_the_check_in(alice):
    hit(alice)
    intake.record_check_in(alice, TODAY, {"red_flag": "none"}, keep_rest=True, now=MORNING)
    intake.delete_check_in(alice, TODAY)
    assert spans(alice) == [("head_injury", TODAY, None)]


def test_each_kind_is_one_row_however_often_it_is_said(alice):
    for on in (TODAY - ONE_DAY, TODAY):
        check_in(alice, on, red_flag="head_injury")
    check_in(alice, red_flag="none")
    check_in(alice, red_flag="head_injury")
    check_in(alice, red_flag="fainting")
    assert spans(alice) == [("head_injury", TODAY - ONE_DAY, None), ("fainting", TODAY, None)]


def test_said_for_an_earlier_day_it_stands_since_then(alice):
    hit(alice)
    check_in(alice, TODAY - 2 * ONE_DAY, red_flag="head_injury")
    assert spans(alice) == [("head_injury", TODAY - 2 * ONE_DAY, None)]


def test_a_late_value_in_the_same_check_in_reports_nothing_anew(alice):
    flag = hit(alice)
    red_flags.clear(flag, by=alice.user, seen_by_doctor_on=TODAY)
    check_in(alice, red_flag="head_injury", mood=3)
    assert spans(alice) == [("head_injury", TODAY, TODAY)]
    check_in(alice, red_flag="none")
    check_in(alice, red_flag="head_injury")
    assert spans(alice) == [("head_injury", TODAY, TODAY), ("head_injury", TODAY, None)]


def test_an_ordinary_morning_asks_nothing_of_the_warning_signs(alice):
    with CaptureQueriesContext(connection) as queries:
        check_in(alice, red_flag="none")
    assert not [query for query in queries if "redflag" in query["sql"]]


def test_a_clearing_has_its_date(alice):
    flag = {"athlete": alice, "kind": "head_injury", "raised_on": TODAY, "raised_at": MORNING}
    for wrong in (flag | {"cleared_at": MORNING}, flag | {"cleared_on": TODAY}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RedFlag.objects.create(**wrong)


# --- clearing ---------------------------------------------------------------------------------------------------------


def test_alice_says_on_which_day_a_doctor_has_seen_it(alice, api):
    flag = hit(alice)
    answer = api(alice).post(clear_url(flag), SEEN_TODAY, format="json")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "id": str(flag.pk),
            "athlete": alice.pk,
            "kind": "head_injury",
            "state": "cleared",
            "raised_on": "2026-05-20",
            "raised_at": "2026-05-20T05:31:00Z",
            "cleared_on": "2026-05-20",
            "cleared_at": "2026-05-20T05:31:00Z",
            "cleared_by": "Alice",
            "seen_by_doctor_on": "2026-05-20",
            "note": "",
        },
    )
    again = api(alice).post(clear_url(flag), SEEN_TODAY, format="json")
    assert problem(again) == (409, "already_cleared", "This warning sign has been cleared.", [])


@pytest.mark.parametrize(
    ("statement", "code", "message"),
    [
        ({}, "statement_needed", "Say on which day a doctor has looked at it."),
        ({"seen_by_doctor_on": None}, "statement_needed", "Say on which day a doctor has looked at it."),
        ({"seen_by_doctor_on": "2026-05-21"}, "date_in_future", "This day has not begun where the athlete is."),
        (
            {"seen_by_doctor_on": "2026-05-18"},
            "date_before_flag",
            "The doctor must have seen it after it was reported.",
        ),
    ],
)
def test_a_statement_that_cannot_be_is_refused_and_clears_nothing(alice, api, statement, code, message):
    flag = hit(alice, TODAY - ONE_DAY)
    answer = api(alice).post(clear_url(flag), statement, format="json")
    where = [{"pointer": "#/seen_by_doctor_on", "code": code, "message": message}]
    assert problem(answer) == (400, code, message, where)
    assert spans(alice) == [("head_injury", TODAY - ONE_DAY, None)]


def test_charlie_needs_the_permission(alice, charlie, squad, api):
    flag = hit(alice)
    detail = "Only the athlete, or a coach with the permission to clear warning signs, can clear it."
    refused = api(charlie).post(clear_url(flag), {"note": "Fine."}, format="json")
    assert problem(refused) == (403, "may_not_clear", detail, [])
    assert spans(alice) == [("head_injury", TODAY, None)]
    answer = api(let(charlie)).post(clear_url(flag), {"note": "Seen by our doctor."}, format="json")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "id": str(flag.pk),
            "athlete": alice.pk,
            "kind": None,
            "state": "cleared",
            "raised_on": "2026-05-20",
            "raised_at": "2026-05-20T05:31:00Z",
            "cleared_on": "2026-05-20",
            "cleared_at": "2026-05-20T05:31:00Z",
            "cleared_by": "a coach",
            "seen_by_doctor_on": None,
            "note": None,
        },
    )
    assert RedFlag.objects.get().note == "Seen by our doctor."


def test_whoever_holds_the_permission_needs_a_statement_for_an_own_one_all_the_same(alice, api):
    let(alice.user)
    flag = hit(alice)
    assert problem(api(alice).post(clear_url(flag), {}, format="json"))[:2] == (400, "statement_needed")


def test_for_eve_there_is_none_whatever_she_may(alice, eve, squad, other_squad, api):
    flag = hit(alice)
    answer = api(let(eve)).post(clear_url(flag), SEEN_TODAY, format="json")
    assert problem(answer) == (404, "not_found", "Not found.", [])
    assert problem(api(eve).get(f"/api/v1/red-flags/?athlete={alice.pk}"))[:2] == (404, "not_found")
    with pytest.raises(red_flags.MayNotClear):
        red_flags.clear(flag, by=eve)
    assert spans(alice) == [("head_injury", TODAY, None)]


def test_a_clearing_revises_the_day_it_is_made_on(alice):
    flag, heard = hit(alice, TODAY - ONE_DAY), []

    def listen(sender, **news):
        heard.append((news["athlete_id"], news["dates"], news["rings"]))

    day_revised.connect(listen)
    try:
        red_flags.clear(flag, by=alice.user, seen_by_doctor_on=TODAY)
    finally:
        day_revised.disconnect(listen)
    assert heard == [(alice.pk, {TODAY}, True)]


# --- reading ----------------------------------------------------------------------------------------------------------


def test_alice_reads_hers_and_charlie_learns_which_only_where_values_are_shared(alice, charlie, squad, api):
    flag = hit(alice)
    row = {
        "id": str(flag.pk),
        "athlete": alice.pk,
        "kind": "head_injury",
        "state": "open",
        "raised_on": "2026-05-20",
        "raised_at": "2026-05-20T05:31:00Z",
        "cleared_on": None,
        "cleared_at": None,
        "cleared_by": None,
        "seen_by_doctor_on": None,
        "note": "",
    }
    assert api(alice).get("/api/v1/red-flags/").json()["results"] == [row]
    named = f"/api/v1/red-flags/?athlete={alice.pk}"
    assert api(charlie).get(named).json()["results"] == [row | {"kind": None, "note": None}]
    Membership.objects.filter(athlete=alice).update(shares_values=True, shares_medical=True)
    assert api(charlie).get(named).json()["results"] == [row | {"kind": None, "note": None}]
    factories.permit_medical(charlie)
    assert api(charlie).get(named).json()["results"] == [row]
    Membership.objects.filter(athlete=alice).update(shares_medical=False)
    assert api(charlie).get(named).json()["results"] == [row | {"kind": None, "note": None}]


# --- the coach's admin ------------------------------------------------------------------------------------------------


def test_charlie_clears_it_in_the_admin_once_he_may(client, alice, charlie, squad):
    flag = hit(alice)
    page, act = f"/admin/athletes/redflag/{flag.pk}/change/", f"/admin/athletes/redflag/{flag.pk}/clear/"
    client.force_login(charlie)
    assert act not in client.get(page).content.decode()
    assert client.post(act, {"note": "Fine."}).status_code == 403
    client.force_login(let(charlie))
    assert act in client.get(page).content.decode()
    assert "Clear it and tell the athlete" in client.get(act).content.decode()
    client.post(act, {"seen_by_doctor_on": "2026-05-21"})  # refused: it has not begun
    assert spans(alice) == [("head_injury", TODAY, None)]
    assert client.post(act, {"seen_by_doctor_on": "2026-05-20", "note": "Fine."}).status_code == 302
    flag.refresh_from_db()
    assert (flag.cleared_by, flag.seen_by_doctor_on, flag.note) == (charlie, TODAY, "Fine.")
    assert act not in client.get(page).content.decode()


def test_the_admin_names_the_sign_only_with_medical_detail_and_nobody_edits_it(client, alice, charlie, squad):
    flag = hit(alice)
    client.force_login(charlie)
    page = f"/admin/athletes/redflag/{flag.pk}/change/"
    for url in (page, "/admin/athletes/redflag/"):
        assert "Head Injury" not in client.get(url).content.decode()
    factories.permit_medical(charlie)
    Membership.objects.filter(athlete=alice).update(shares_medical=True)
    assert "Head Injury" in client.get(page).content.decode()
    assert "Head Injury" in client.get("/admin/athletes/redflag/").content.decode()
    for url in ("/admin/athletes/redflag/add/", page.replace("change", "delete")):
        assert client.get(url).status_code == 403
    assert client.post(page, {"kind": "fainting"}).status_code == 403


def test_eve_finds_none_in_the_admin(client, alice, eve, squad, other_squad):
    flag = hit(alice)
    client.force_login(let(eve))
    assert "Alice" not in client.get("/admin/athletes/redflag/").content.decode()
    assert client.post(f"/admin/athletes/redflag/{flag.pk}/clear/").status_code == 403
    assert spans(alice) == [("head_injury", TODAY, None)]


# --- what stood before ------------------------------------------------------------------------------------------------


def test_answers_that_stood_become_rows(alice, bob):
    def said(athlete, ago, answer):
        on = TODAY - ago * ONE_DAY
        Day.objects.create(athlete=athlete, date=on, red_flag=answer, revised_at=MORNING - ago * ONE_DAY)

    for ago, answer in [(9, "none"), (8, "fainting"), (7, ""), (6, "fainting"), (5, "head_injury"), (3, "none"),
                        (2, "none"), (1, "fainting")]:  # fmt: skip
        said(alice, ago, answer)
    said(bob, 4, "chest_pain")
    import_module("athletes.migrations.0010_red_flags").rows_of_standing_answers(apps, None)

    def day(ago):
        return TODAY - ago * ONE_DAY

    assert spans(alice) == [("fainting", day(8), day(3)), ("head_injury", day(5), day(3)), ("fainting", day(1), None)]
    assert spans(bob) == [("chest_pain", day(4), None)]
    was = next(flag for flag in RedFlag.objects.all() if flag.kind == "head_injury")
    assert (was.raised_at, was.cleared_at, was.cleared_by) == (MORNING - 5 * ONE_DAY, MORNING - 3 * ONE_DAY, None)
    assert was.note == "Answered with none in a check-in, which cleared it at that time."


# --- where a stranger looked ------------------------------------------------------------------------------------------


def test_a_flight_west_over_midnight_hides_no_open_sign(alice):
    """Reported on the 20th in Berlin; at the same moment it is the 19th in Honolulu."""
    flag = hit(alice)
    type(alice).objects.filter(pk=alice.pk).update(timezone="Pacific/Honolulu")
    alice.refresh_from_db()
    yesterday = TODAY - ONE_DAY
    assert red_flags.signs_on({alice.pk: yesterday}).is_open(alice.pk, yesterday)
    (found,) = red_flags.of_days([alice.pk], [yesterday])[alice.pk]
    assert (found.pk, red_flags.state_on(found, yesterday)) == (flag.pk, red_flags.OPEN)


def test_a_log_that_knows_an_open_sign_from_earlier_moves_its_beginning_and_clears_nothing(alice):
    flag = hit(alice)
    red_flags.raise_from_log(alice, {TODAY - 4 * ONE_DAY: "head_injury", TODAY - 3 * ONE_DAY: ""})
    assert spans(alice) == [("head_injury", TODAY - 4 * ONE_DAY, None)]
    red_flags.raise_from_log(alice, {TODAY: "none"})
    flag.refresh_from_db()
    assert flag.cleared_on is None


def test_an_athlete_who_coaches_the_own_squad_silences_no_other_coach(alice, charlie, squad):
    squad.coaches.add(alice.user)
    assert coaches_of([alice.pk]) == {alice.pk: {charlie.pk}}


@pytest.mark.parametrize(
    "note",
    [
        "my chest hurts and I feel dizzy", "lost consciousness for a moment", "Blackout after the last rep",
        "got knocked out", "hit my head on the bar", "banged head", "Engegefühl", "kurz bewusstlos",
        "schwarz vor Augen", "Kopf angeschlagen", "胸口痛",
    ],
)  # fmt: skip
def test_words_of_a_warning_sign_are_asked_about(alice, note):
    for _retry in range(2):
        assert check_in(alice, notes=note, note_checked=True).day.note_asks is True  # nobody had asked yet
    assert answer(alice).day.note_asks is False


def test_a_note_that_asks_is_not_taken_back_in_place_of_an_answer(alice, api):
    check_in(alice, notes="chest felt tight")
    phone, url = api(alice), f"/api/v1/check-ins/{TODAY}/"
    refusal = phone.delete(url)
    assert (refusal.status_code, refusal.json()["code"]) == (409, "note_asks")
    assert refusal.json()["detail"] == "Say first whether the note tells of a warning sign."
    answer(alice)
    assert phone.delete(url).status_code == 204


def test_only_an_answer_to_the_question_ends_it_and_only_for_the_note_it_was_about(alice):
    form = {"notes": "chest felt tight", "red_flag": "none", "mood": 4}
    for _retry in range(2):  # forms send `none` unasked, and a retry sends the form again
        stored = check_in(alice, **form)
        assert (stored.day.note_asks, stored.check_in.quality["note"]) == (True, {"status": "asks"})
    stored = answer(alice)
    assert (stored.day.note_asks, stored.check_in.quality["note"]) == (False, {"status": "answered"})
    assert check_in(alice, **form).day.note_asks is False  # the first form, come late
    assert check_in(alice, **form | {"mood": 5}).day.note_asks is False
    assert check_in(alice, **form | {"notes": "chest felt tight again"}).day.note_asks is True
    assert check_in(alice, **form | {"notes": ""}).day.note_asks is True  # no note is no answer either
    assert check_in(alice, **form | {"notes": "all well", "note_checked": True}).day.note_asks is True
    assert answer(alice).day.note_asks is False
    stored = check_in(alice, **form | {"red_flag": "chest_pain"})
    assert (stored.day.note_asks, stored.day.red_flag) == (False, "chest_pain")


@pytest.mark.parametrize("note", ["", "tired legs, good mood", "Beine schwer", "腿酸"])
def test_other_notes_ask_nothing(alice, note):
    assert check_in(alice, notes=note).day.note_asks is False
