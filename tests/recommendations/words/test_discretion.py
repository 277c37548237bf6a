"""What a coach learns of an athlete's health: that it asks for less, and which it is only where she and the club agree.

An attacker reads everything that is offered. So two mornings that ask for the same are told apart by nothing at all.
"""

import re
from datetime import datetime

import pytest
import time_machine
from django.db import transaction

from athletes.models import Athlete
from recommendations.advice.advising import drain
from recommendations.models import Advice
from tests import factories
from tests.recommendations.seasons import TODAY, live

pytestmark = pytest.mark.usefixtures("valkey")
SEVEN = datetime.fromisoformat("2026-05-20T07:10:00+02:00")
FEELS_WELL = dict.fromkeys(("fatigue", "sleep_quality", "muscle_soreness", "stress", "mood"), 4)
ASK_FOR_THE_SAME = {
    "rest": [{"illness": "fever"}, {"illness": "below_neck"}, {"pain_0_10": 8}],
    "recovery": [{"illness": "above_neck"}, {"pain_0_10": 5}],
    "no increase": [{"pain_0_10": 2}, {"injury": {"status": "niggle", "body_site": "left_hamstring"}}],
    "no advice": [
        {"injury": {"status": "open", "body_site": "left_hamstring"}},
        *({"hold": hold} for hold in Athlete.Hold.values if hold != "none"),
    ],
    "a doctor": [{"red_flag": kind} for kind in ("chest_pain", "fainting", "head_injury")],
}
OF_A_ROW = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/(?:change|history|delete)/)")
NAMES_A_KIND = re.compile(
    r"fever|neck|\bill\b|illness|injur|hamstring|pain|niggle|pregnan|heart.disease|red_s|RED-S|clinician|faint|"
    r"palpitation|chest|head.injury|\bG0[2345]\b|\bG18\b",
    re.I,
)


@pytest.fixture(autouse=True)
def ten_past_seven():
    with time_machine.travel(SEVEN, tick=False):
        yield


@pytest.fixture
def coaches(alice):
    """By what Alice shows them. Milo has her consent to medical detail, and no permission."""
    shares = {"charlie": {}, "chloe": {"shares_values": True}, "milo": {"shares_values": True, "shares_medical": True}}
    shares["mila"] = shares["milo"]
    found = {}
    for name, consent in shares.items():
        found[name] = factories.make_coach(f"{name}@example.org")
        factories.make_squad(f"Squad of {name}", found[name], alice, **consent)
    found["mila"] = factories.permit_medical(found["mila"])
    live(alice, 40)
    return found


def wake(api, athlete, said):
    said = dict(said)
    Athlete.objects.filter(pk=athlete.pk).update(hold=said.pop("hold", "none"))
    answer = api(athlete).put(f"/api/v1/check-ins/{TODAY}/", FEELS_WELL | {"notes": "a secret"} | said)
    assert answer.status_code == 201
    drain(SEVEN)


def pages(api, client, coach, athlete):
    """Everything that is offered, without what is new every time."""
    squad, advice = coach.coached_squads.get(), Advice.objects.get(athlete=athlete, current=True)
    check_in, own = athlete.check_ins.get(), f"?athlete={athlete.pk}"
    phone, read = api(coach), {}
    for path in (
        f"squads/{squad.pk}/board/", f"advice/today/{own}", f"advice/{own}", f"warnings/{own}", f"red-flags/{own}",
        f"what-if/{own}", "notices/", f"planned-sessions/{own}",
    ):  # fmt: skip
        read[path] = phone.get(f"/api/v1/{path}").content.decode()
    client.force_login(coach)
    for path in (
        "", "recommendations/advice/", f"recommendations/advice/{advice.pk}/change/",
        f"recommendations/advice/{advice.pk}/override/", "recommendations/warning/", "recommendations/delivery/",
        "athletes/checkin/", f"athletes/checkin/{check_in.pk}/change/", "athletes/day/", "athletes/redflag/",
        f"athletes/day/{athlete.days.get(date=TODAY).pk}/change/", f"athletes/athlete/{athlete.pk}/change/",
        *(f"athletes/redflag/{flag.pk}/change/" for flag in athlete.red_flags.all()),
    ):  # fmt: skip
        read[OF_A_ROW.sub("ID", path)] = client.get(f"/admin/{path}").content.decode()
    return {path: without_what_is_new(text) for path, text in read.items()}


def without_what_is_new(text):
    text = OF_A_ROW.sub("ID", text)
    return re.sub(r'(csrfmiddlewaretoken" value=|csrfToken|"X-CSRFToken": )"?[\w-]+', "", text)


def told_apart(api, client, coach, athlete, mornings):
    """The pages on which one of the mornings reads otherwise than the first, and where."""
    first, apart = None, {}
    for said in mornings:
        with transaction.atomic():
            wake(api, athlete, said)
            read = pages(api, client, coach, athlete)
            transaction.set_rollback(True)
        first = first or read
        apart |= {path: difference(first[path], read.get(path, "")) for path in first if read.get(path) != first[path]}
    return apart


def difference(one, other):
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[max(at - 60, 0) : at + 60], other[max(at - 60, 0) : at + 60]


@pytest.mark.parametrize("who", ["charlie", "chloe", "milo"])
@pytest.mark.parametrize("asks_for", ASK_FOR_THE_SAME)
def test_mornings_that_ask_for_the_same_are_not_told_apart(api, client, alice, coaches, who, asks_for):
    assert told_apart(api, client, coaches[who], alice, ASK_FOR_THE_SAME[asks_for]) == {}


def test_who_has_the_consent_and_the_permission_tells_them_apart(api, client, alice, coaches):
    apart = told_apart(api, client, coaches["mila"], alice, ASK_FOR_THE_SAME["rest"])
    assert {"", f"advice/today/?athlete={alice.pk}", "athletes/checkin/", "athletes/checkin/ID/change/"} <= set(apart)


@pytest.mark.parametrize("who", ["charlie", "milo"])
def test_no_page_names_what_it_is(api, client, alice, coaches, who):
    for said in (morning for mornings in ASK_FOR_THE_SAME.values() for morning in mornings):
        with transaction.atomic():
            wake(api, alice, said)
            read = pages(api, client, coaches[who], alice)
            transaction.set_rollback(True)
        for path, text in read.items():
            shown = re.sub(r"<(script|style|thead).*?</\1>|<[^>]+>", "", text, flags=re.S)
            assert {match[0] for match in NAMES_A_KIND.finditer(shown)} == set(), (said, path)
            assert "a secret" not in text
