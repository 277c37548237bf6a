"""The admin shows a coach the own squad and nothing else: every page, with every key, is walked."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from athletes.models import (
    Athlete,
    CheckIn,
    Day,
    HrvReading,
    Membership,
    PlannedSession,
    Squad,
    SquadInvite,
    User,
)
from tests import factories
from tests.athletes.filling import TODAY, fill

pytestmark = pytest.mark.usefixtures("valkey")
CANARY = "Zanzibar"


@pytest.fixture
def canary(charlie):
    """Another squad whose athletes, e-mail addresses and records all bear a name that must never be seen."""
    athlete = factories.make_athlete(f"{CANARY.lower()}@example.org", display_name=f"{CANARY} Athlete")
    squad = factories.make_squad(f"{CANARY} Squad", charlie, athlete, shares_values=True)
    fill(athlete, charlie, CANARY)
    SquadInvite.objects.create(
        squad=squad, code="ZANZ2345", created_by=charlie, expires_at=timezone.now() + timedelta(days=7)
    )
    return athlete


def admin_urls():
    """Every URL pattern below /admin/."""

    def walk(resolver, before=""):
        for pattern in resolver.url_patterns:
            at = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern, at)
            elif isinstance(pattern, URLPattern):
                yield at

    return [url for url in walk(get_resolver()) if url.startswith("admin/")]


def path_of(pattern, ids):
    """A pattern with its converters filled in; a path of regular expressions with the ids in their order."""
    rest = iter(ids)
    plain = pattern.replace("^", "").replace("$", "").replace("\\Z", "")
    plain = re.sub(r"<(?:\w+:)?\w+>|\(\[\^/\]\+\)|\(\?P<[^>]*>.*?\)(?=/|$)", lambda _: str(next(rest, "1")), plain)
    return "/" + plain


def foreign_ids(pattern, canary):
    """The other squad's row of the model a URL is about, and a version of its history."""
    for model in admin.site._registry:
        if f"admin/{model._meta.app_label}/{model._meta.model_name}/" in pattern:
            rows = model._default_manager.all()
            row = rows.filter(pk__isnull=False).order_by("pk").first()
            if row is None:
                return ["1", "1"]
            history = getattr(row, "history", None)
            version = history.order_by("history_id").first().history_id if history and history.exists() else "1"
            return [row.pk, version]
    return ["1", "1"]


PART = CANARY[:5]  # what Eve types comes back to her; the rest of the word must not
KEYS_OF_LISTS = [
    "",
    "?_popup=1",
    f"?q={PART}",
    "?all=",
    "?_facets=True",
    "?o=1",
    "?athlete__user__password__startswith=m",
    "?athlete__user__email__startswith=z",
    "?user__password__startswith=m",
    f"?athlete__display_name__startswith={PART}",
    "?athlete__id__exact={athlete}",
    "?squad__id__exact={squad}",
]
KEYS = ["", "?_popup=1&_changelist_filters=athlete__id__exact%3D{athlete}"]


def seen_in(response):
    return unescape(b"".join(response).decode(errors="replace") if response.streaming else response.content.decode())


def test_no_page_of_the_admin_shows_another_squads_coach_a_trace(client, other_squad, eve, canary):
    fill(other_squad.memberships.get().athlete, eve, "Hurdles")
    client.force_login(eve)
    walked = 0
    for pattern in admin_urls():
        lists = re.fullmatch(r"admin/\w+/\w+/", pattern) is not None
        for key in KEYS_OF_LISTS if lists else KEYS:
            query = key.format(athlete=canary.pk, squad=canary.memberships.get().squad_id)
            url = path_of(pattern, foreign_ids(pattern, canary)) + query
            response = client.get(url, follow=True)
            assert CANARY.lower() not in seen_in(response).lower(), url
            assert response.status_code < 500, url
            walked += 1
            if response.status_code == 403:
                break  # no key opens what is shut
    assert walked > 250


def test_the_walk_would_find_a_trace(client, canary, charlie):
    client.force_login(charlie)
    shown = seen_in(client.get("/admin/athletes/athlete/"))
    assert CANARY in shown


@pytest.mark.parametrize("model", ["athlete", "membership", "plannedsession", "checkin", "hrvreading"])
def test_autocomplete_offers_only_the_own_squad(client, other_squad, eve, canary, model):
    client.force_login(eve)
    for app, name, field in (("athletes", "plannedsession", "athlete"), ("athletes", model, "athlete")):
        response = client.get("/admin/autocomplete/", {"app_label": app, "model_name": name, "field_name": field})
        assert CANARY not in seen_in(response)
    offered = client.get(
        "/admin/autocomplete/", {"app_label": "athletes", "model_name": "plannedsession", "field_name": "athlete"}
    )
    assert [row["text"] for row in offered.json()["results"]] == ["Mallory"]


def test_a_page_asks_once_whether_its_reader_coaches_a_squad(client, squad, charlie):
    """It asked 66 times, once for every act on every model: half of the page's time."""
    client.force_login(charlie)
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/admin/athletes/squad/").status_code == 200
    questions = [query["sql"] for query in asked if query["sql"].startswith("SELECT 1 AS")]
    assert sum('FROM "athletes_squad" INNER JOIN "athletes_squad_coaches"' in sql for sql in questions) == 1


def test_no_post_of_a_foreign_id_changes_anything(client, other_squad, eve, canary):
    client.force_login(eve)
    mallory = other_squad.memberships.get().athlete
    plan = PlannedSession.objects.get(athlete=canary)
    reading = HrvReading.objects.get(athlete=canary)
    membership = Membership.objects.get(athlete=canary)
    version = membership.history.first().history_id
    Membership.objects.filter(pk=membership.pk).update(shares_values=False)
    body = {"athlete": canary.pk, "date": TODAY + timedelta(days=1), "kind": "tempo", "load_au": 900}
    posts = [
        ("/admin/athletes/plannedsession/add/", body),
        (f"/admin/athletes/plannedsession/{plan.pk}/change/", {**body, "athlete": mallory.pk}),
        (f"/admin/athletes/plannedsession/{plan.pk}/delete/", {"post": "yes"}),
        ("/admin/athletes/plannedsession/", {"action": "delete_selected", "_selected_action": plan.pk, "post": "yes"}),
        ("/admin/athletes/hrvreading/", {"action": "confirm", "_selected_action": str(reading.pk)}),
        ("/admin/athletes/membership/", {"action": "end_membership", "_selected_action": membership.pk}),
        (f"/admin/athletes/membership/{membership.pk}/history/{version}/", {}),
        ("/admin/athletes/squadinvite/add/", {"squad": membership.squad_id}),
        (f"/admin/athletes/athlete/{canary.pk}/change/", {"display_name": "Hacked"}),
    ]
    for url, data in posts:
        response = client.post(url, data, follow=True)
        assert CANARY not in seen_in(response).replace("Zanzibar Squad is not", ""), url
    plan.refresh_from_db()
    assert (plan.load_au, PlannedSession.objects.count()) == (300.0, 1)
    reading.refresh_from_db()
    membership.refresh_from_db()
    assert (reading.quality_status, membership.left_at, membership.shares_values) == ("quarantined", None, False)
    assert SquadInvite.objects.count() == 1
    assert Athlete.objects.get(pk=canary.pk).display_name == f"{CANARY} Athlete"


def test_an_old_version_cannot_be_brought_back_by_posting_the_history_page(client, squad, charlie, alice):
    """simple-history saves it for anybody who may view the row: a coach could undo a withdrawn consent."""
    membership = Membership.objects.get(athlete=alice)
    membership.shares_values = True
    membership.save()
    sharing = membership.history.first().history_id
    membership.shares_values = False
    membership.save()
    client.force_login(charlie)
    assert client.get(f"/admin/athletes/membership/{membership.pk}/history/{sharing}/").status_code == 200
    assert client.post(f"/admin/athletes/membership/{membership.pk}/history/{sharing}/").status_code == 403
    membership.refresh_from_db()
    assert membership.shares_values is False


def test_values_are_hidden_until_they_are_shared_and_notes_for_ever(client, squad, charlie, alice):
    fill(alice, charlie, "Alice")
    check_in, day = CheckIn.objects.get(athlete=alice), Day.objects.get(athlete=alice, date=TODAY - timedelta(days=1))
    client.force_login(charlie)
    pages = [
        "/admin/athletes/day/",
        f"/admin/athletes/day/{day.pk}/change/",
        "/admin/athletes/checkin/",
        f"/admin/athletes/checkin/{check_in.pk}/change/",
        "/admin/athletes/trainingsession/",
    ]
    before = [seen_in(client.get(page, follow=True)) for page in pages]
    assert "not shared" in before[0]
    assert not any("300" in page.split("<main")[-1] and ">300<" in page for page in before)
    assert "Hrv ms" not in before[1]
    assert "Fatigue" not in before[3]
    row = f"/admin/athletes/trainingsession/{alice.trainingsessions.get().pk}/change/"
    assert row not in before[4]
    Membership.objects.filter(athlete=alice).update(shares_values=True)
    after = [seen_in(client.get(page)) for page in pages]
    assert ">300<" in after[0].replace(" ", "").replace("\n", "")
    assert "Fatigue" in after[3]
    assert row in after[4]
    for page in before + after:
        assert "Alice notes" not in page


def test_leaving_the_squad_empties_the_coachs_pages_at_once(client, squad, charlie, alice, bob):
    client.force_login(charlie)
    assert "Alice" in seen_in(client.get("/admin/athletes/athlete/"))
    Membership.objects.filter(athlete=alice).update(left_at=timezone.now())
    assert "Alice" not in seen_in(client.get("/admin/athletes/athlete/"))
    assert client.get(f"/admin/athletes/athlete/{alice.pk}/change/", follow=False).status_code == 302


def test_a_coach_plans_through_the_only_writer(client, squad, charlie, alice):
    client.force_login(charlie)
    body = {"athlete": alice.pk, "date": TODAY, "kind": "track_intervals", "duration_min": 60, "rpe": 7}
    response = client.post("/admin/athletes/plannedsession/add/", body)
    assert response.status_code == 302, re.findall(r"errorlist.*", seen_in(response))
    plan = PlannedSession.objects.get()
    assert (plan.load_au, plan.high_intensity_share, plan.author, plan.created_by) == (420.0, 0.4, "coach", charlie)
    assert Day.objects.get().planned_load_au == 420.0
    change = f"/admin/athletes/plannedsession/{plan.pk}/change/"
    assert client.post(change, {"kind": "tempo", "load_au": 300}).status_code == 302
    assert Day.objects.get().planned_load_au == 300.0
    assert client.post(f"/admin/athletes/plannedsession/{plan.pk}/delete/", {"post": "yes"}).status_code == 302
    assert Day.objects.get().planned_load_au is None


def test_a_coach_confirms_a_doubted_value_of_an_athlete_who_shares_values(client, squad, charlie, alice):
    Membership.objects.filter(athlete=alice).update(shares_values=True)
    fill(alice, charlie, "Alice")
    reading = HrvReading.objects.get()
    client.force_login(charlie)
    client.post("/admin/athletes/hrvreading/", {"action": "confirm", "_selected_action": str(reading.pk)})
    reading.refresh_from_db()
    assert reading.quality_status == "confirmed"
    assert Day.objects.get(date=reading.date).hrv_ms == 300.0


def test_a_coach_makes_an_invite_for_the_own_squad(client, squad, charlie):
    client.force_login(charlie)
    assert client.post("/admin/athletes/squadinvite/add/", {"squad": squad.pk}).status_code == 302
    invite = SquadInvite.objects.get()
    assert (invite.squad, invite.created_by, len(invite.code)) == (squad, charlie, 8)


def test_staff_who_coach_nobody_see_no_health_data(client, squad, db):
    client.force_login(factories.make_user("support@example.org", is_staff=True))
    assert client.get("/admin/").status_code == 200
    for name in ("athlete", "day", "checkin", "user", "squad"):
        assert client.get(f"/admin/athletes/{name}/").status_code == 403


def test_a_superuser_opens_every_list(client, canary):
    client.force_login(User.objects.create_superuser("root@example.org"))
    for model in admin.site._registry:
        meta = model._meta
        assert client.get(f"/admin/{meta.app_label}/{meta.model_name}/").status_code == 200, meta.model_name
    assert client.get(f"/admin/athletes/athlete/{canary.pk}/history/").status_code == 200
    assert client.get("/admin/athletes/user/add/").status_code == 200
    assert Squad.objects.count() == 1
    assert date.today()


def test_a_foreign_history_looks_like_none(client, other_squad, eve, canary):
    client.force_login(eve)
    membership = Membership.objects.get(athlete=canary)
    version = membership.history.first().history_id
    for pk in (membership.pk, 999_999):
        assert client.get(f"/admin/athletes/membership/{pk}/history/").status_code == 404
        assert client.get(f"/admin/athletes/membership/{pk}/history/{version}/").status_code == 404
