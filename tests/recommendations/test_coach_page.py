"""What a coach reads of one athlete."""

import pytest
import time_machine

from athletes.models import Membership
from recommendations.advising import drain
from recommendations.models import Advice
from tests.recommendations.seasons import MORNING, live, wake_up

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
    assert "Their " in page and "Your " not in page


def test_the_board_says_how_many_do_not_share(client, charlie, alice, morning):
    Membership.objects.filter(athlete=alice).update(shares_status=False)
    client.force_login(charlie)
    page = client.get("/admin/").content.decode()
    assert "1 more does not share with you." in page
    assert "Squads today" in page and "Site administration" not in page
