"""What a coach reads of one athlete."""

import pytest
import time_machine

from athletes.models import Membership
from recommendations.advice import overriding
from recommendations.advice.advising import drain
from recommendations.models import Advice
from tests.recommendations.seasons import MORNING, live, wake_up
from tests.recommendations.speaking import COACH, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def morning(alice, squad):
    with time_machine.travel(MORNING, tick=False):
        live(alice, 40)
        wake_up(alice)
        drain(MORNING)
        yield


def test_the_page_of_an_advice_speaks_to_the_coach_and_shows_days_only_with_values(client, charlie, alice, morning):
    client.force_login(charlie)
    url = f"/admin/recommendations/advice/{Advice.objects.get(athlete=alice).pk}/change/"
    page = client.get(url).content.decode()
    assert "does not share measured values" in page
    assert "The last 14 days" not in page
    Membership.objects.filter(athlete=alice).update(shares_values=True)
    page = client.get(url).content.decode().split("Technical details")[0]
    assert "The last 14 days" in page and "/override/" in page
    assert told(Advice.objects.get(athlete=alice), COACH).reasons[0]["text"] in page
    assert "Your " not in page and "your " not in page


def test_the_board_says_how_many_do_not_share(client, charlie, alice, morning):
    Membership.objects.filter(athlete=alice).update(shares_status=False)
    client.force_login(charlie)
    page = client.get("/admin/").content.decode()
    assert "1 more does not share with you." in page
    assert "Squads today" in page and "Site administration" not in page


def test_where_a_coach_ordered_otherwise_the_page_begins_with_the_order(client, charlie, alice, morning):
    advice = Advice.objects.get(athlete=alice, current=True)
    with time_machine.travel(MORNING, tick=False):
        overriding.override(advice, by=charlie, action="rest", reason_code="seen_at_training", now=MORNING)
        client.force_login(charlie)
        page = client.get(f"/admin/recommendations/advice/{advice.pk}/change/").content.decode()
    assert "Rest, a coach&#x27;s order" in page
    assert "Ordered by a coach: What I saw at training." in page
    assert f"The advice had been: {told(advice, COACH).headline}." in page
    assert "What the advice had rested on" in page
