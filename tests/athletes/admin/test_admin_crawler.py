"""What a member of staff may not see makes no difference to any page of the admin.

Every page is fetched twice; between the two only values that the actor must not learn have changed. Whatever differs
has leaked: a word, a number, an order, a count. So no page needs to be understood, and no leak to be foreseen.

HOMESTRETCH_ADMIN_CRAWL=1 asks every field path with every lookup, and reverse relations; the short run one of each.
"""

import os
import re
from contextlib import suppress
from datetime import timedelta
from itertools import cycle

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import IntegrityError, models, transaction
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from athletes.admin.scope import OfferedOnly
from athletes.models import Athlete, CheckIn, Day, Membership, RedFlag, SeasonDay, User
from athletes.people import access, squads
from recommendations.announcing import notices
from recommendations.models import Advice, Delivery, Feedback, Override, Warning
from storage.encryption import EncryptedJSONField
from tests import factories
from tests.athletes.filling import TODAY, fill

pytestmark = pytest.mark.usefixtures("valkey")
LONG = bool(os.environ.get("HOMESTRETCH_ADMIN_CRAWL"))
LOOKUPS = ("", "__exact", "__gt", "__contains")
A, B = 0, 1
NUMBERS = {
    "resting_hr_bpm": (43, 57), "value_bpm": (43, 57), "max_hr_bpm": (181, 193), "sleep_duration_min": (401, 433),
    "time_s": (47.1, 58.3), "t400_s": (47.1, 58.3), "duration_min": (41, 73), "utc_offset_min": (60, 120),
    "wellness_score": (41, 73), "sleep_score": (41, 73), "score": (41, 73), "high_intensity_share": (0.25, 0.75),
    "avg_hr_bpm": (121, 133), "hrv_ms": (41, 73), "hrv_value_ms": (41, 73), "value_ms": (41, 73),
    "hrv_doubted_ms": (41, 73),
    "load_au": (301, 402), "usual_session_min": (61, 92), "planned_high_intensity_share": (0.25, 0.75),
}  # fmt: skip
# Left alone: keys, what the page is about, and what two fields say together by a constraint of the database.
ALONE = {
    "id", "athlete", "date", "advice", "user", "created_at", "updated_at", "change_seq", "password", "timezone",
    "client_record_id", "deleted_at", "same_session_as", "provider", "status", "current", "action", "revision",
    "withheld_reason", "load_basis", "date_basis", "zone", "locale", "is_superuser", "is_staff", "is_active",
}  # fmt: skip
MEDICAL = {
    Athlete: {"hold"},
    CheckIn: {"illness", "injury_status", "injury_body_site", "red_flag", "pain_0_10", "notes"},
    Day: {"illness", "injury_status", "red_flag", "pain_0_10"},
    SeasonDay: {"illness", "injury", "red_flag", "pain_0_10", "ill", "injured"},
    RedFlag: {"kind", "note"},
    Feedback: {"reason_code"},
}
NEVER = {Athlete: {"birth_date"}, User: {"email", "first_name", "last_name"}, Feedback: {"comment"}}
NO_MEDICAL = {model: NEVER.get(model, set()) | MEDICAL.get(model, set()) for model in NEVER | MEDICAL}
STATUS_ONLY = {
    **NO_MEDICAL,
    Athlete: {"hold", "birth_date", "sex", "max_hr_bpm", "usual_session_min", "usual_session_rpe"},
    CheckIn: "all",
    Day: "all",
    SeasonDay: "all",
    Advice: {"q_values", "observation", "doses"},
    Warning: {"evidence"},
    Membership: set(),
    Override: set(),
    Delivery: {"outcome"},
}


class World:
    """One squad with an athlete of every consent level, another squad, and who looks at them."""

    def __init__(self, charlie, eve):
        self.charlie, self.eve = factories.permit_medical(charlie), eve
        self.carol = factories.make_coach("carol@example.org")
        self.support = factories.make_user("support@example.org", is_staff=True)
        self.squad = factories.make_squad("Sprints", charlie)
        self.squad.coaches.add(self.carol)
        self.other = factories.make_squad("Hurdles", eve)
        self.nina = self.member("nina", self.squad, shares_status=False)
        self.stan, self.sue = (self.member(name, self.squad, shares_status=True) for name in ("stan", "sue"))
        self.val = self.member("val", self.squad, shares_status=True, shares_values=True)
        self.mia = self.member("mia", self.squad, shares_status=True, shares_values=True, shares_medical=True)
        self.zara = self.member("zara", self.other, shares_status=True, shares_values=True)

    def member(self, name, squad, **shares):
        athlete = factories.make_athlete(f"{name}@example.org", display_name=name.title())
        coach = squad.coaches.exclude(pk=self.carol.pk).get()
        squads.join(athlete, squads.invite(squad, by=coach).code, {"shares_values": False, **shares})
        fill(athlete, coach, name)
        advice = factories.make_advice(athlete, TODAY, q_values={"as_planned": 1.0})
        Warning.objects.create(
            athlete=athlete, kind="hrv_low", level="caution", opened_on=TODAY, last_seen_on=TODAY, citation="-",
            rule_version=1, evidence={"hrv_ms": 41},
        )  # fmt: skip
        Override.objects.create(
            advice=advice, action="rest", reason_code="other", by=self.carol, created_at=timezone.now()
        )
        Feedback.objects.create(advice=advice, followed="yes", comment="-")
        device = factories.make_device(athlete.user, f"token of {name}")
        Delivery.objects.create(
            advice=advice, device=device, valid_until=timezone.now() + timedelta(hours=1), state="sent",
            next_attempt_at=timezone.now(),
        )  # fmt: skip
        return athlete

    def hidden_from(self, actor):
        """Athlete -> what of hers must make no difference: "everything", or fields by model."""
        if actor == self.charlie:
            own = {self.stan: STATUS_ONLY, self.sue: STATUS_ONLY, self.val: NO_MEDICAL, self.mia: NEVER}
            return {self.nina: "everything", **own, self.zara: "everything"}
        foreign = dict.fromkeys((self.nina, self.stan, self.sue, self.val, self.mia), "everything")
        return {**foreign, self.zara: NO_MEDICAL if actor == self.eve else "everything"}


def change(hidden, variant):
    """Stan and Sue get opposite values, so that an order by a hidden value turns round."""
    for n, (athlete, fields) in enumerate(hidden.items()):
        v = (variant + n) % 2
        for rows, model in rows_of(athlete):
            names = (
                "all"
                if fields == "everything"
                else fields.get(model, "all" if fields is STATUS_ONLY and is_values(model) else set())
            )
            for field in model._meta.concrete_fields:
                wanted = names == "all" or field.name in names
                if wanted and field.name not in ALONE and not field.is_relation:
                    with suppress(IntegrityError), transaction.atomic():  # some fields only go together
                        if value := value_of(field, v, athlete):
                            rows.update(**value)


def rows_of(athlete):
    yield Athlete.objects.filter(pk=athlete.pk), Athlete
    yield User.objects.filter(pk=athlete.user_id), User
    for model in admin.site._registry:
        names = {field.name for field in model._meta.concrete_fields}
        if "athlete" in names and model is not Membership:
            yield model._default_manager.filter(athlete=athlete), model
        elif "advice" in names and model is not Delivery:
            yield model._default_manager.filter(advice__athlete=athlete), model


def is_values(model):
    return getattr(admin.site._registry.get(model), "rows_are_values", False)


def value_of(field, variant, athlete):
    other = "BA"[variant]
    match field:
        case EncryptedJSONField():
            return {field.name: (7, 8)[variant] if field.name == "pain_0_10" else bool(variant)}
        case models.CharField() | models.TextField() if field.choices:
            return {field.name: [choice for choice, _ in field.choices if choice][-1 - variant]}
        case models.EmailField():
            return {field.name: f"canary{other}{athlete.pk}@example.org"}
        case models.JSONField():
            return {field.name: {"canary": other}} if field.name in ("evidence", "observation") else {}
        case models.CharField() | models.TextField():
            return {field.name: f"canary{other}"[: field.max_length or 99]}
        case models.BooleanField():
            return {}
        case models.FloatField() | models.IntegerField():
            return {field.name: NUMBERS.get(field.name, (2, 3))[variant]}
    return {}  # dates and times


# --- what is asked ----------------------------------------------------------------------------------------------------


def field_paths(model):
    """Own fields, and those of rows one hop away."""
    for field in model._meta.get_fields():
        if field.is_relation and (LONG or field.concrete) and field.related_model is not None:
            name = field.name if field.concrete else field.get_accessor_name() or ""
            query_name = name if field.concrete else field.name
            yield query_name
            for there in field.related_model._meta.concrete_fields:
                yield f"{query_name}__{there.name}"
        elif not field.is_relation:
            yield field.name


def asked_of(field_path, model):
    """The value that is stored in the first pass, so that a filter that works answers otherwise in the second."""
    name = field_path.rpartition("__")[2]
    if name in NUMBERS:
        return NUMBERS[name][0]
    return {"hold": "red_s", "illness": "fever", "red_flag": "head_injury", "kind": "head_injury"}.get(name, "2")


def queries(columns):
    yield from ("", "?q=canary", "?_facets=True&_popup=1")
    if LONG:
        yield from ("?q=example.org", "?all=", "?_popup=1&_to_field=id")
        yield from (f"?o={n}" for n in range(-columns, columns + 1))
    else:  # all columns after one another, each first once in the long run
        yield "?o=" + ".".join(map(str, range(columns, 0, -1)))


def filters(model):
    forms = cycle(LOOKUPS)
    for path in field_paths(model):
        for lookup in LOOKUPS if LONG else (next(forms),):
            yield f"?{path}{lookup}={asked_of(path, model)}"


def own_links(page):
    """The links of the page's own filters."""
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(\?[^"#]+)"', page)}
    return sorted(links)[: 400 if LONG else 2]


class Crawl:
    def __init__(self, client, actor):
        self.client, self.actor, self.pages, self.refused, self.asked = client, actor, {}, 0, 0
        client.force_login(actor)
        notices.own_rows(actor)  # which their page makes: rolled back, it would make them anew under other numbers

    def get(self, url):
        with transaction.atomic():  # a page may mark a notice as seen: the second pass starts as the first did
            self.client.cookies.pop("messages", None)  # of a page that was refused before
            answer = self.client.get(url)
            transaction.set_rollback(True)
        self.asked += 1
        assert answer.status_code < 500, (answer.status_code, url)
        return answer

    def see(self, url):
        if url in self.pages:
            return None
        answer = self.get(url)
        if answer.status_code in (400, 403, 404) or answer.headers.get("Location", "").endswith("?e=1"):
            self.refused += 1
            return None
        self.pages[url] = plain(answer)
        return self.pages[url]

    def everything(self):
        for url in ("/admin/", *autocompletes()):
            self.see(url)
        for model, its_admin in admin.site._registry.items():
            at = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            first = self.see(at)
            for key in self.object_pages(model, at):
                self.see(key)
            if first is None:
                continue
            for query in (*queries(len(its_admin.list_display)), *own_links(first)):
                self.see(at + query)
            for query in filters(model):
                if LONG or self.lets_through(its_admin, query) or not self.refused:
                    self.see(at + query)

    def lets_through(self, its_admin, query):
        """What Django asks first of every parameter. A page costs 40 ms, and there are a thousand to be refused."""
        request = RequestFactory().get("/")
        request.user = self.actor
        self.asked += 1
        name, _, value = query[1:].partition("=")
        allowed = its_admin.lookup_allowed(name, value, request)
        self.refused += not allowed
        return allowed

    def object_pages(self, model, at):
        for row in rows_to_open(model):
            yield from (f"{at}{row.pk}/{page}/" for page in ("change", "history", *(("delete",) if LONG else ())))
            if hasattr(row, "history"):
                yield from (f"{at}{row.pk}/history/{v.history_id}/" for v in row.history.all()[: 2 if LONG else 1])
            for name in getattr(admin.site._registry[model], "actions_detail", ()):
                info = f"{model._meta.app_label}_{model._meta.model_name}"
                try:
                    yield reverse(f"admin:{info}_{name}", args=[row.pk])
                except NoReverseMatch:
                    continue

    def differing(self):
        return [url for url, page in self.pages.items() if plain(self.get(url)) != page]


def rows_to_open(model):
    """All; in the short run of every athlete one."""
    rows = list(model._default_manager.order_by("pk"))
    if LONG:
        return rows
    of = {getattr(row, "athlete_id", None) or (row.pk if model in (User, Athlete) else None): row for row in rows}
    return [*of.values()][:4] if len(of) > 1 else rows[:2]


def autocompletes():
    for model in admin.site._registry:
        for field in model._meta.concrete_fields:
            if field.is_relation:
                if not LONG and field.related_model not in (Athlete, User):
                    continue
                about = f"app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={field.name}"
                yield from (f"/admin/autocomplete/?{about}", f"/admin/autocomplete/?{about}&term=canary")


def plain(answer):
    text = b"".join(answer) if answer.streaming else answer.content
    text = re.sub(r'(csrfmiddlewaretoken" value=|csrfToken|"X-CSRFToken": )"?[\w-]+', "", text.decode())
    return f"{answer.status_code} {answer.headers.get('Location', '')} {text}"


@pytest.fixture
def world(charlie, eve):
    return World(charlie, eve)


@pytest.mark.parametrize("who", ["charlie", "eve", "support"])
def test_what_is_hidden_from_somebody_makes_no_difference_to_any_page(client, world, who):
    actor = getattr(world, who)
    hidden = world.hidden_from(actor)
    crawl = Crawl(client, actor)
    change(hidden, A)
    crawl.everything()
    change(hidden, B)
    User.objects.filter(pk=world.carol.pk).update(email="canary@example.org")
    differing = crawl.differing()
    assert not differing
    assert crawl.refused > (60 if who == "support" else 300)
    assert len(crawl.pages) > (0 if who == "support" else 100)


def test_the_crawler_finds_what_is_shown(client, world):
    """The same crawl, told that a coach must not see what she may."""
    crawl = Crawl(client, world.charlie)
    shown = {world.val: STATUS_ONLY}
    change(shown, A)
    crawl.everything()
    change(shown, B)
    found = {url.split("?")[0] for url in crawl.differing()}
    assert {"/admin/athletes/checkin/", "/admin/athletes/day/", "/admin/athletes/hrvreading/"} <= found
    assert set(access.athletes_visible_to(world.charlie, values=True)) == {world.val, world.mia}


@pytest.mark.parametrize(
    "asked",
    [
        "checkin/?athlete__hold=pregnancy",
        "checkin/?athlete__hold__exact=pregnancy",
        "checkin/?red_flag=fainting",
        "checkin/?illness__exact=fever",
        "checkin/?pain_0_10__gt=3",
        "day/?hrv_ms__gt=40",
        "membership/?squad__name=Sprints",
        "redflag/?kind=fainting",
    ],
)
def test_only_what_the_page_offers_may_filter(client, world, asked):
    client.force_login(world.charlie)
    assert client.get(f"/admin/athletes/{asked}").status_code == 400


def test_every_list_of_the_admin_offers_its_filters_and_takes_no_other(client, squad):
    """Superusers too: what a page does not show is not to be found out by asking."""
    client.force_login(User.objects.create_superuser("root@example.org"))
    others = [its_admin for its_admin in admin.site._registry.values() if not isinstance(its_admin, OfferedOnly)]
    assert others == []
    answered = {}
    for model in admin.site._registry:
        at = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        asked = (f"{field.name}__regex" for field in model._meta.concrete_fields)
        answered[model._meta.label] = {client.get(at, {name: "0"}).status_code for name in asked}
    assert {label: codes for label, codes in answered.items() if codes != {400}} == {}


def test_a_second_factor_is_removed_in_the_admin_and_read_by_nobody(client, alice):
    from allauth.mfa.models import Authenticator

    factor = Authenticator.objects.create(user=alice.user, type=Authenticator.Type.TOTP, data={"secret": "JBSWY3DP"})
    client.force_login(User.objects.create_superuser("root@example.org"))
    at = "/admin/mfa/authenticator/"
    pages = [client.get(url).content.decode() for url in (at, f"{at}{factor.pk}/change/")]
    assert all("alice@example.org" in page and "JBSWY3DP" not in page for page in pages)
    assert client.get(f"{at}add/").status_code == 403
    client.post(f"{at}{factor.pk}/delete/", {"post": "yes"})
    assert not Authenticator.objects.exists()


def test_what_the_page_offers_filters(client, world):
    client.force_login(world.charlie)
    page = client.get("/admin/athletes/checkin/", {"athlete__id__exact": world.stan.pk}).content.decode()
    table = page[page.index('id="result_list"') :].partition("</table>")[0]
    assert ("Stan" in table, "Sue" in table) == (True, False)
    assert client.get("/admin/athletes/checkin/", {"date__year": TODAY.year}).status_code == 200


def test_search_knows_the_cases_of_every_alphabet_and_no_address_of_anybody(client, world):
    Athlete.objects.filter(pk=world.stan.pk).update(display_name="Jürgen Groß")
    client.force_login(world.charlie)

    def found(text):
        page = client.get("/admin/athletes/athlete/", {"q": text}).content.decode()
        return "Jürgen" in page.partition('id="result_list"')[2].partition("</table>")[0]

    assert [found(text) for text in ("Jürgen", "JÜRGEN", "ju\u0308rgen gross", "jurgen", "stan@")] == [True] * 3 + [
        False
    ] * 2


def test_who_shares_nothing_is_named_nowhere(client, api, world):
    """Nor by the address, where somebody has no name."""
    Athlete.objects.filter(pk__in=[world.nina.pk, world.stan.pk]).update(display_name="")
    client.force_login(world.charlie)
    for at in ("", "athletes/membership/", "athletes/squadinvite/", "athletes/athlete/", "recommendations/advice/"):
        page = client.get(f"/admin/{at}").content.decode()
        assert not re.search(r"nina|stan@", page, re.IGNORECASE), at
        assert f"Athlete {world.nina.pk}" not in page, at
    board = api(world.charlie).get(f"/api/v1/squads/{world.squad.pk}/board/").json()
    assert f"Athlete {world.stan.pk}" in {line["display_name"] for line in board["results"]}


def test_a_version_of_a_membership_names_no_account(client, api, world):
    url = f"/api/v1/squads/{world.squad.pk}/membership/"
    assert api(world.val).patch(url, {"shares_values": False}).status_code == 200
    membership = Membership.objects.get(athlete=world.val)
    membership.history.update(history_user=world.val.user)
    client.force_login(world.charlie)
    page = client.get(f"/admin/athletes/membership/{membership.pk}/history/")
    assert page.status_code == 200
    assert b"val@example.org" not in page.content


def test_user_sessions_are_searched(client, db):
    client.force_login(User.objects.create_superuser("root@example.org"))
    assert client.get("/admin/usersessions/usersession/", {"q": "root"}).status_code == 200


@pytest.mark.parametrize("of", ["athlete", "user"])
def test_a_superuser_deletes_an_athlete_and_every_row_of_hers_goes(client, world, of):
    stan = world.stan
    pk = stan.pk if of == "athlete" else stan.user_id
    client.force_login(User.objects.create_superuser("root@example.org"))
    answer = client.post(f"/admin/athletes/{of}/{pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    kept = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.name in ("athlete", "advice") or (model.__name__ == "HistoricalAthlete" and field.name == "id"):
                path = "advice__athlete" if field.name == "advice" else field.name
                kept[model.__name__] = model._default_manager.filter(**{path: stan.pk}).count()
    assert len(kept) > 20
    assert {name for name, rows in kept.items() if rows} == set()
    assert Athlete.objects.filter(pk=world.sue.pk).exists()
    assert User.objects.filter(pk=stan.user_id).exists() == (of == "athlete")
