"""What coaches are told unasked, from the check-in to the phone and the mailbox."""

import json
import re
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from athletes.models import Day, Mail, Membership
from athletes.tasks import send_mail
from recommendations.advice.advising import drain
from recommendations.announcing import notices
from recommendations.models import Advice, Delivery, Notice, NoticePreference
from recommendations.monitoring import retention
from recommendations.push import sending
from recommendations.tasks import send_pushes, slow_silence
from tests.factories import make_advice, make_athlete, make_coach, make_device, make_squad
from tests.mail_server import MailServer
from tests.recommendations.seasons import TODAY, live, wake_up

pytestmark = pytest.mark.django_db
TEN_PAST_SEVEN = datetime.fromisoformat("2026-05-20T07:10:00+02:00")
WORDS = re.compile(r"fever|ill|injur|pain|chest|flag|sleep|recover|hrv|[0-9]", re.I)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(TEN_PAST_SEVEN, tick=False) as traveller:
        yield traveller


@pytest.fixture
def check_in(api, valkey):
    """check_in(alice, illness="fever"): the phone reports the morning, and the worker answers."""

    def send(athlete, on=TODAY, **answers):
        body = {"scale": "mclean_1_5", "fatigue": 4, "sleep_quality": 4, "muscle_soreness": 4, "stress": 4, "mood": 4}
        answer = api(athlete).put(f"/api/v1/check-ins/{on}/", body | answers)
        assert answer.status_code in (200, 201)
        drain(datetime.now(tz=TEN_PAST_SEVEN.tzinfo))

    return send


@pytest.fixture
def history(alice, bob):
    for athlete in (alice, bob):
        live(athlete, 40)


def told():
    return list(
        Notice.objects.order_by("created_at", "kind").values_list("coach__email", "athlete__display_name", "kind")
    )


def deliver():
    """What the worker does within five seconds."""
    send_pushes()
    send_mail()


# --- who is told, and once


def test_a_fever_at_ten_past_seven_is_one_notice_to_her_coach_alone(
    alice, charlie, squad, other_squad, history, check_in
):
    deaf = make_coach("deaf@example.org")
    make_squad("Relay", deaf, alice, shares_status=False)
    former = make_coach("former@example.org")
    left = make_squad("Old club", former, alice)
    Membership.objects.filter(squad=left).update(left_at=TEN_PAST_SEVEN)
    check_in(alice, illness="fever")
    assert told() == [("charlie@example.org", "Alice", "health_stop")]
    row, advice = Notice.objects.get(), Advice.objects.get(athlete=alice, current=True)
    assert (row.date, row.advice_id, row.created_at) == (TODAY, advice.pk, TEN_PAST_SEVEN)
    assert (row.seen_at, row.over_at, row.level) == (None, None, "stop")


def test_an_ordinary_morning_tells_nobody(alice, squad, history, check_in):
    check_in(alice)
    assert Advice.objects.filter(athlete=alice).exists()
    assert told() == []


def test_revising_the_check_in_makes_no_second_notice(alice, charlie, squad, history, check_in):
    make_device(charlie, "token-of-charlie")
    check_in(alice, illness="fever")
    check_in(alice, illness="fever", mood=1)
    assert Advice.objects.filter(athlete=alice).count() == 2
    assert told() == [("charlie@example.org", "Alice", "health_stop")]
    assert Delivery.objects.count() == 1


def test_taken_back_and_said_again_is_unread_once_more_and_calls_nobody_twice(alice, charlie, squad, history, check_in):
    make_device(charlie, "token-of-charlie")
    check_in(alice, illness="fever")
    notices.mark_seen(charlie, TEN_PAST_SEVEN)
    check_in(alice, illness="none")
    assert Notice.objects.get().over_at == TEN_PAST_SEVEN
    check_in(alice, illness="fever")
    row = Notice.objects.get()
    assert (row.over_at, row.seen_at) == (None, None)
    assert Delivery.objects.count() == 1


def test_an_injury_that_stays_open_is_told_on_its_first_day(alice, squad, history, check_in, clock):
    check_in(alice, injury={"status": "open"})
    for later in (1, 2):
        clock.move_to(TEN_PAST_SEVEN + timedelta(days=later))
        check_in(alice, TODAY + timedelta(days=later), injury={"status": "open"})
    assert told() == [("charlie@example.org", "Alice", "health_stop")]
    clock.move_to(TEN_PAST_SEVEN + timedelta(days=3))
    check_in(alice, TODAY + timedelta(days=3), injury={"status": "none"})
    clock.move_to(TEN_PAST_SEVEN + timedelta(days=4))
    check_in(alice, TODAY + timedelta(days=4), injury={"status": "open"})
    assert list(Notice.objects.order_by("date").values_list("date", "kind")) == [
        (TODAY, "health_stop"),
        (TODAY + timedelta(days=4), "health_stop"),
    ]


def test_a_stop_for_another_reason_is_told_although_one_lasts(alice, squad, history, check_in, clock):
    """Whoever has a hold, or is ill for weeks, can hurt herself on top of it."""
    alice.hold = "clinician"
    alice.save()
    check_in(alice)
    clock.move_to(TEN_PAST_SEVEN + timedelta(days=1))
    check_in(alice, TODAY + timedelta(days=1))
    assert [notice.date for notice in Notice.objects.order_by("date")] == [TODAY]
    clock.move_to(TEN_PAST_SEVEN + timedelta(days=2))
    check_in(alice, TODAY + timedelta(days=2), illness="fever")
    assert [notice.date for notice in Notice.objects.order_by("date")] == [TODAY, TODAY + timedelta(days=2)]


def test_every_worst_morning_is_told(alice, squad, history, check_in, clock):
    worst = dict.fromkeys(("fatigue", "sleep_quality", "muscle_soreness", "stress", "mood"), 1)
    for later in (0, 1):
        clock.move_to(TEN_PAST_SEVEN + timedelta(days=later))
        check_in(alice, TODAY + timedelta(days=later), **worst)
    found = Notice.objects.filter(kind="worst_morning").order_by("date").values_list("date", flat=True)
    assert list(found) == [TODAY, TODAY + timedelta(days=1)]


def test_a_season_that_is_imported_tells_nobody(alice, squad, history):
    wake_up(alice, rings=False, illness="fever")
    drain(TEN_PAST_SEVEN)
    assert Advice.objects.filter(athlete=alice).exists()
    assert told() == []


def test_a_notice_lives_and_dies_with_its_advice(alice, squad, history, monkeypatch, check_in):
    from recommendations.advice import advising

    def fails(*args):
        raise RuntimeError("after the notices were written")

    monkeypatch.setattr(advising.shadowing, "after_commit", fails)
    check_in(alice, illness="fever")
    assert not Advice.objects.filter(athlete=alice).exists()
    assert told() == []


def guarded(alice, *guards, **values):
    seen = {"injured": 0.0, "illness": 0.0, "sleep_h": 7.5, "recovery_3d": 0.0} | values.pop("seen", {})
    rows = [{"code": code, "effect": effect} for code, effect in guards]
    return Advice(athlete=alice, guards=rows, observation=seen, **values)


@pytest.mark.parametrize(
    ("guards", "seen", "kinds"),
    [
        ([("G01", "suspended")], {}, {"red_flag"}),
        ([("G01", "no_increase")], {}, set()),
        ([("G02", "rest")], {"illness": 3.0}, {"health_stop"}),
        ([("G02", "rest")], {"illness": 2.0}, {"health_stop"}),
        ([("G02", "rest")], {"illness": 4.0}, set()),  # a warning sign that was cleared today
        ([("G02", "no_increase")], {"illness": 3.0}, set()),
        ([("G04", "suspended")], {"injured": 1.0}, {"health_stop"}),
        ([("G04", "suspended")], {}, {"health_stop"}),
        ([("G18", "suspended")], {}, {"health_stop"}),
        ([("G05", "rest")], {}, {"health_stop"}),
        ([("G05", "active_recovery")], {}, set()),
        ([("G10", "active_recovery")], {}, {"worst_morning"}),
        ([("G10", "no_increase")], {}, set()),
        ([("G09", "active_recovery")], {"sleep_h": 3.9}, {"worst_morning"}),
        ([("G09", "active_recovery")], {"sleep_h": 5.0}, set()),
        ([("G09", "active_recovery")], {"sleep_h": None}, set()),
        ([("G01", "suspended"), ("G05", "rest")], {}, {"red_flag", "health_stop"}),
    ],
)
def test_what_the_guards_of_an_advice_tell(guards, seen, kinds):
    assert notices.kinds_of(guarded(None, *guards, seen=seen)) == kinds


@pytest.mark.parametrize(
    ("action", "recovery_3d", "tells_coach", "kinds"),
    [
        ("active_recovery", 2.0, True, {"third_recovery"}),
        ("active_recovery", 1.0, True, set()),
        ("active_recovery", 2.0, False, set()),
        ("as_planned", 3.0, True, set()),
        ("", 3.0, True, set()),
    ],
)
def test_the_third_recovery_of_four_days_is_told(action, recovery_3d, tells_coach, kinds):
    seen = {"recovery_3d": recovery_3d}
    assert notices.kinds_of(guarded(None, action=action, tells_coach=tells_coach, seen=seen)) == kinds


def test_the_codes_are_those_of_the_science():
    assert notices.kinds_of(Advice(guards=[], observation=None)) == set()


# --- what leaves, and when


def test_phone_and_mailbox_hear_that_somebody_is_to_be_looked_at_and_not_why(
    alice, charlie, eve, squad, other_squad, history, check_in, push_service, settings
):
    phone = make_device(charlie, push_service.subscribe())
    make_device(eve, push_service.subscribe())
    settings.EMAIL_BACKEND = "athletes.people.mail.RowsBackend"
    settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
    check_in(alice, illness="fever", pain_0_10=8)
    assert (push_service.received, Mail.objects.count()) == ([], 0)
    with MailServer() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        deliver()
        deliver()
        (letter,) = server.received
    first = Notice.objects.get(kind="health_stop")
    (received,) = push_service.received
    assert push_service.refused == []
    assert received.address == phone.address
    assert received.message == {
        "title": "A stop for health",
        "body": "Alice: please look at the board",
        "notice_id": str(first.pk),
        "date": "2026-05-20",
        "kind": "notice",
        "level": "stop",
    }
    assert not WORDS.search(received.message["title"] + received.message["body"])
    assert (letter.recipients, letter.message["Subject"]) == (["charlie@example.org"], "A stop for health")
    text = letter.message.get_content().replace("\r\n", "\n")
    assert text == "Alice: please look at the board.\n\nhttp://localhost:8000/admin/\n"
    assert list(Delivery.objects.values_list("kind", "state", "advice", "notice")) == [
        ("notice", "sent", None, first.pk)
    ]


def test_without_a_display_name_no_address_stands_in_its_place(alice, charlie, squad):
    alice.display_name = ""
    row = Notice(athlete=alice, coach=charlie, kind="health_stop", date=TODAY)
    assert notices.line_of(row) == "One of your athletes: please look at the board"


def test_what_is_mailed_and_pushed_by_default_differs_by_level_and_never_by_illness(
    charlie, squad, api, valkey, django_assert_num_queries
):
    pushed_and_mailed = {"push": True, "mail": True}
    pushed = {"push": True, "mail": False}
    assert api(charlie).get("/api/v1/me/notices/").json() == {
        "red_flag": pushed_and_mailed,
        "health_stop": pushed_and_mailed,
        "worst_morning": pushed,
        "third_recovery": pushed,
        "source_silent": pushed,
        "source_stopped": pushed,
    }


def test_a_coach_chooses_how_to_hear_of_each_kind(alice, charlie, squad, history, api, check_in):
    make_device(charlie, "token-of-charlie")
    client = api(charlie)
    wanted = client.get("/api/v1/me/notices/").json() | {"health_stop": {"push": False, "mail": False}}
    assert client.put("/api/v1/me/notices/", wanted).json() == wanted
    assert client.put("/api/v1/me/notices/", wanted).json() == wanted
    assert client.get("/api/v1/me/notices/").json() == wanted
    check_in(alice, illness="fever")
    deliver()
    assert told() == [("charlie@example.org", "Alice", "health_stop")]
    assert (Delivery.objects.count(), mail.outbox) == (0, [])
    refused = client.put("/api/v1/me/notices/", {"health_stop": {"push": True, "mail": True}})
    assert (refused.status_code, refused.json()["code"]) == (400, "validation_failed")


def test_at_night_only_a_warning_sign_calls(alice, bob, charlie, squad, history, check_in, clock, push_service):
    make_device(charlie, push_service.subscribe())
    late = datetime.fromisoformat("2026-05-20T23:30:00+02:00")
    clock.move_to(late)
    check_in(alice, illness="fever")
    check_in(bob, red_flag="chest_pain")
    deliver()
    assert [one.message["body"] for one in push_service.received] == ["Bob: please look at the board"]
    assert [letter.body.split(":")[0] for letter in mail.outbox] == ["Bob"]
    clock.move_to(datetime.fromisoformat("2026-05-21T05:59:00+02:00"))
    deliver()
    assert len(push_service.received) == len(mail.outbox) == 1
    clock.move_to(datetime.fromisoformat("2026-05-21T06:00:00+02:00"))
    deliver()
    assert [one.message["body"].split(":")[0] for one in push_service.received] == ["Bob", "Alice"]
    assert [letter.body.split(":")[0] for letter in mail.outbox] == ["Bob", "Alice"]


def test_the_night_is_by_the_coachs_own_clock_or_else_by_the_athletes(charlie, alice):
    row = Notice(athlete=alice, coach=charlie, kind="health_stop", date=TODAY)
    at = datetime.fromisoformat("2026-05-20T23:30:00+00:00")  # 01:30 in Berlin, 16:30 in Los Angeles
    assert notices.not_before(row, None, at) == datetime.fromisoformat("2026-05-21T06:00:00+02:00")
    runs_too = make_athlete("runner@example.org", timezone="America/Los_Angeles")
    assert notices.not_before(row, runs_too, at) == at


def test_what_was_seen_or_may_not_be_seen_any_more_is_not_sent(alice, bob, charlie, squad, history, check_in, clock):
    make_device(charlie, "token-of-charlie")
    clock.move_to(datetime.fromisoformat("2026-05-20T23:30:00+02:00"))
    check_in(alice, illness="fever")
    check_in(bob, illness="fever")
    notices.mark_seen(charlie, TEN_PAST_SEVEN, athlete=alice.pk)
    Membership.objects.filter(athlete=bob).update(shares_status=False)
    clock.move_to(datetime.fromisoformat("2026-05-21T06:00:00+02:00"))
    deliver()
    assert mail.outbox == []
    assert set(Delivery.objects.values_list("notice__athlete__display_name", "state", "outcome")) == {
        ("Alice", "obsolete", "seen on the board"),
        ("Bob", "obsolete", "the coach sees this athlete no more"),
    }


def test_a_device_that_changes_hands_keeps_what_is_for_its_new_owner(alice, charlie, eve, squad, history, check_in):
    from recommendations.push import devices

    device = make_device(charlie, "token-of-charlie")
    check_in(alice, illness="fever")
    devices.register(charlie, kind="fcm", address=device.address)
    assert Delivery.objects.get().state == "waiting"
    devices.register(eve, kind="fcm", address=device.address)
    assert (Delivery.objects.get().state, Delivery.objects.get().outcome) == ("obsolete", "the device changed hands")


def test_her_own_advice_goes_to_the_athletes_phone_as_before(alice, charlie, squad, history, check_in, push_service):
    make_device(alice.user, push_service.subscribe())
    make_device(charlie, push_service.subscribe())
    check_in(alice, illness="fever")
    assert sending.send_due() == 2
    assert sorted(one.message["kind"] for one in push_service.received) == ["advice", "notice"]


def test_a_dead_mail_server_delays_neither_the_advice_nor_the_push(
    alice, charlie, squad, history, check_in, push_service, settings
):
    settings.EMAIL_BACKEND = "athletes.people.mail.RowsBackend"
    settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
    make_device(charlie, push_service.subscribe())
    with MailServer(silent=True) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 0.2
        check_in(alice, illness="fever")
        send_pushes()
        assert (len(push_service.received), server.connections) == (1, 0)
        send_mail()
    assert Mail.objects.get().error == "SMTPServerDisconnected"


# --- silence


def test_who_sends_nothing_for_two_days_is_told_once_a_silence(alice, bob, charlie, squad, clock):
    live(alice, 5)
    live(bob, 30, until=TODAY - timedelta(days=20))  # away since weeks, and the coach knows it
    clock.move_to(datetime.fromisoformat("2026-05-21T04:59:00+00:00"))
    assert slow_silence() == 0
    clock.move_to(datetime.fromisoformat("2026-05-21T05:00:00+00:00"))
    assert slow_silence() == 1
    assert slow_silence() == 0
    row = Notice.objects.get()
    assert (row.kind, row.date, row.coach, row.athlete, row.level) == (
        "source_silent", date(2026, 5, 21), charlie, alice, "silent",
    )  # fmt: skip
    assert (notices.title_of(row), row.mail_at) == ("Silent for two days", None)
    clock.move_to(datetime.fromisoformat("2026-05-23T05:00:00+00:00"))
    assert slow_silence() == 0
    wake_up(alice, date(2026, 5, 23))
    clock.move_to(datetime.fromisoformat("2026-05-25T05:00:00+00:00"))
    assert slow_silence() == 1


def test_a_plan_that_the_coach_writes_is_no_report(alice, squad, clock):
    live(alice, 5)
    clock.move_to(datetime.fromisoformat("2026-05-21T06:00:00+00:00"))
    Day.objects.create(
        athlete=alice, date=date(2026, 5, 21), planned_load_au=300, revised_at=datetime.now(tz=TEN_PAST_SEVEN.tzinfo)
    )
    assert slow_silence() == 1


# --- the coach looks


def test_the_list_shows_whom_and_when_and_not_what(alice, charlie, eve, squad, other_squad, history, check_in, api):
    check_in(alice, illness="fever")
    row = Notice.objects.get()
    shown = {
        "id": str(row.pk),
        "athlete": alice.pk,
        "display_name": "Alice",
        "date": "2026-05-20",
        "level": "stop",
        "title": "A stop for health",
        "advice": str(row.advice_id),
        "created_at": "2026-05-20T05:10:00Z",
        "seen_at": None,
    }
    page = {"results": [shown], "next_cursor": None, "previous_cursor": None}
    assert api(charlie).get("/api/v1/notices/?unseen=true").json() == page
    assert api(charlie).get("/api/v1/notices/?unseen=false").json()["results"] == []
    assert api(eve).get("/api/v1/notices/").json()["results"] == []
    assert api(eve).post(f"/api/v1/notices/{row.pk}/seen/").status_code == 404
    seen = api(charlie).post(f"/api/v1/notices/{row.pk}/seen/").json()
    assert seen == shown | {"seen_at": "2026-05-20T05:10:00Z"}
    assert api(charlie).get("/api/v1/notices/?unseen=true").json()["results"] == []
    assert api(charlie).get("/api/v1/notices/").json()["results"] == [seen]
    assert api(charlie).get("/api/v1/notices/?unseen=maybe").status_code == 400
    assert "fever" not in json.dumps(seen)


def test_athletes_are_told_that_notices_are_for_coaches(alice, squad, api, valkey):
    for path in ("notices/", "me/notices/"):
        answer = api(alice).get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_a_coach")


def test_the_board_says_new_until_the_athletes_page_was_opened(
    alice, bob, charlie, squad, history, check_in, api, client
):
    check_in(alice, illness="fever")
    check_in(bob, illness="fever")
    client.force_login(charlie)
    board = reverse("admin:index")
    for _ in range(2):
        page = client.get(board).content.decode()
        assert len(re.findall(r">new</span>", page)) == 2
    rows = api(charlie).get(f"/api/v1/squads/{squad.pk}/board/").json()["results"]
    assert {row["display_name"]: row["unread"] for row in rows} == {"Alice": 1, "Bob": 1}
    advice = Advice.objects.get(athlete=alice, current=True)
    assert client.get(reverse("admin:recommendations_advice_change", args=[advice.pk])).status_code == 200
    rows = api(charlie).get(f"/api/v1/squads/{squad.pk}/board/").json()["results"]
    assert {row["display_name"]: row["unread"] for row in rows} == {"Alice": 0, "Bob": 1}
    assert len(re.findall(r">new</span>", client.get(board).content.decode())) == 1


def test_another_coach_of_the_same_athlete_still_finds_it_unread(alice, charlie, squad, history, check_in):
    chloe = make_coach("chloe@example.org")
    make_squad("400 m", chloe, alice)
    check_in(alice, illness="fever")
    notices.mark_seen(charlie, TEN_PAST_SEVEN, athlete=alice.pk)
    assert list(Notice.objects.filter(seen_at=None).values_list("coach__email", flat=True)) == ["chloe@example.org"]


def test_a_coach_sets_the_own_preferences_in_the_admin_and_sees_nobody_elses(charlie, eve, squad, other_squad, client):
    page = reverse("admin:recommendations_noticepreference_changelist")
    for user in (eve, charlie):
        client.force_login(user)
        assert client.get(page).status_code == 200
    rows = list(NoticePreference.objects.filter(user=charlie).order_by("pk"))
    assert [row.kind for row in rows] == list(notices.Kind)
    form = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "Save"}
    for at, row in enumerate(rows):
        form |= {f"form-{at}-id": row.pk, f"form-{at}-push": "on"}
    assert client.post(page, form).status_code == 302
    assert set(notices.preferences([charlie.pk])[charlie.pk].values()) == {(True, False)}
    assert notices.preferences([eve.pk])[eve.pk][notices.Kind.HEALTH_STOP] == (True, True)
    of_eve = NoticePreference.objects.filter(user=eve).first()
    stranger = reverse("admin:recommendations_noticepreference_change", args=[of_eve.pk])
    assert client.get(stranger).status_code in (302, 403, 404)


def test_athletes_find_no_such_page_in_the_admin(alice, squad, client):
    client.force_login(alice.user)
    assert client.get(reverse("admin:recommendations_noticepreference_changelist")).status_code == 302


def test_deliveries_of_notices_are_listed_for_superusers_alone(
    alice, charlie, squad, history, check_in, admin_client, client
):
    make_device(charlie, "token-of-charlie")
    check_in(alice, illness="fever")
    page = reverse("admin:recommendations_delivery_changelist")
    assert "2026-05-20" in admin_client.get(page).content.decode()
    client.force_login(charlie)
    assert "Alice" not in client.get(page).content.decode()


def test_notices_that_are_over_go_after_half_a_year(alice, charlie, squad):
    given = {"coach": charlie, "athlete": alice, "created_at": TEN_PAST_SEVEN}
    Notice.objects.create(kind="health_stop", date=TODAY, over_at=TEN_PAST_SEVEN, **given)
    Notice.objects.create(kind="red_flag", date=TODAY, **given)
    Notice.objects.create(kind="source_silent", date=TODAY, **given)
    assert retention.tidy_up(TEN_PAST_SEVEN + timedelta(days=179))["Notice"] == 0
    assert retention.tidy_up(TEN_PAST_SEVEN + timedelta(days=181))["Notice"] == 2
    assert Notice.objects.get().kind == "red_flag"


def test_the_number_of_queries_does_not_grow_with_the_events(squad, charlie, django_assert_max_num_queries):
    make_device(charlie, "token-of-charlie")
    stop = {"guards": [{"code": "G01", "effect": "suspended"}], "action": "as_planned"}
    rows = []
    for n in range(20):
        athlete = make_athlete(f"athlete{n}@example.org")
        Membership.objects.create(athlete=athlete, squad=squad, shares_status=True)
        rows.append(make_advice(athlete, TODAY, **stop))
    with django_assert_max_num_queries(7):
        assert notices.of_advice(rows, rings={row.athlete_id for row in rows}, now=TEN_PAST_SEVEN) == 20
    assert Delivery.objects.count() == 20
