import pytest
from django.urls import reverse

from recommendations.announcing import deliveries
from recommendations.models import Delivery, Device
from tests.factories import make_advice, make_device, make_user
from tests.recommendations.pushing import MORNING as NOON
from tests.recommendations.pushing import TODAY


@pytest.fixture
def delivery(alice, squad, other_squad):
    make_device(alice.user, "canary-token", name="canary-phone")
    deliveries.announce([make_advice(alice, TODAY)], now=NOON)
    return Delivery.objects.get()


def pages(client, delivery):
    return {
        "list": client.get(reverse("admin:recommendations_delivery_changelist")),
        "one": client.get(reverse("admin:recommendations_delivery_change", args=[delivery.pk])),
        "by athlete": client.get(reverse("admin:recommendations_delivery_changelist") + "?advice__athlete=1"),
        "by secret": client.get(
            reverse("admin:recommendations_delivery_changelist") + "?device__address__startswith=canary"
        ),
        "history": client.get(reverse("admin:recommendations_delivery_history", args=[delivery.pk])),
    }


def test_her_coach_sees_that_the_message_waits_and_no_secret_of_the_phone(client, charlie, delivery):
    client.force_login(charlie)
    seen = pages(client, delivery)
    assert seen["list"].status_code == seen["one"].status_code == 200
    assert "Alice" in seen["list"].content.decode()
    for page in seen.values():
        assert "canary" not in page.content.decode().replace("device__address__startswith=canary", "")


def test_another_squads_coach_sees_nothing(client, eve, delivery):
    client.force_login(eve)
    for page in pages(client, delivery).values():
        assert "Alice" not in page.content.decode()


def test_nobody_writes_deliveries_and_a_coach_sees_no_devices(client, charlie, delivery):
    device = Device.objects.get()
    for user in (charlie, make_user("admin@example.org", is_staff=True, is_superuser=True)):
        client.force_login(user)
        for act in ("change", "delete"):
            url = reverse(f"admin:recommendations_delivery_{act}", args=[delivery.pk])
            assert client.post(url, {"post": "yes", "state": "sent"}).status_code == 403
        assert client.get(reverse("admin:recommendations_delivery_add")).status_code == 403
    client.force_login(charlie)
    assert client.get(reverse("admin:recommendations_device_changelist")).status_code == 403
    assert client.get(reverse("admin:recommendations_device_change", args=[device.pk])).status_code == 403
    assert Delivery.objects.get().state == "waiting"


def test_a_superuser_sees_devices_without_their_addresses_and_can_deactivate_one(client, delivery):
    client.force_login(make_user("admin@example.org", is_staff=True, is_superuser=True))
    device = Device.objects.get()
    changelist = reverse("admin:recommendations_device_changelist")
    listed = client.get(changelist).content.decode()
    page = client.get(reverse("admin:recommendations_device_change", args=[device.pk])).content.decode()
    assert "canary-phone" in listed
    assert "canary-token" not in listed + page
    client.post(changelist, {"action": "deactivate", "_selected_action": [device.pk]})
    device.refresh_from_db()
    delivery.refresh_from_db()
    assert (device.active, device.deactivated_reason) == (False, "by_staff")
    assert (delivery.state, delivery.outcome) == ("dead", "deactivated by staff")
