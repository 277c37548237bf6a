from datetime import date

import pytest
from django.utils import timezone

from recommendations.announcing import deliveries
from recommendations.models import Delivery, Device
from recommendations.push import vapid
from tests.factories import make_advice, make_device
from tests.push_service import Subscription, from_base64url

URL = "/api/v1/devices/"
ORIGIN = "https://updates.push.services.mozilla.com"


@pytest.fixture
def browser():
    return Subscription(ORIGIN)


def webpush(subscription, **more):
    return {"kind": "webpush", "subscription": subscription.as_json(), **more}


def errors(response):
    assert response.headers["Content-Type"] == "application/problem+json"
    return {(error["pointer"], error["code"]) for error in response.json()["errors"]}


def test_a_browser_registers_and_its_address_and_keys_are_never_shown(api, alice, browser):
    response = api(alice).post(URL, webpush(browser, name="Pixel 9"))
    assert response.status_code == 201
    device = Device.objects.get()
    shown = {
        "id": str(device.pk),
        "kind": "webpush",
        "name": "Pixel 9",
        "active": True,
        "deactivated_reason": "",
        "created_at": device.created_at.isoformat().replace("+00:00", "Z"),
        "last_success_at": None,
    }
    assert response.json() == shown
    assert api(alice).get(URL).json() == {"results": [shown], "next_cursor": None, "previous_cursor": None}
    assert api(alice).get(f"{URL}{device.pk}/").json() == shown
    keys = browser.as_json()["keys"]
    assert (device.user, device.address, device.p256dh, device.auth) == (
        alice.user,
        browser.endpoint,
        keys["p256dh"],
        keys["auth"],
    )


def test_the_address_and_its_keys_cannot_be_read_in_the_database(api, alice, browser):
    from django.db import connection

    api(alice).post(URL, webpush(browser))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM recommendations_device")
        stored = str(cursor.fetchall())
    assert browser.path not in stored
    assert browser.as_json()["keys"]["auth"] not in stored


def test_registering_again_is_one_device_with_the_newest_keys_and_brings_it_back_to_life(api, alice, browser):
    first = api(alice).post(URL, webpush(browser)).json()
    Device.objects.update(active=False, deactivated_reason="gone")
    again = Subscription(ORIGIN, path=browser.path)
    response = api(alice).post(URL, webpush(again))
    assert response.status_code == 200
    assert response.json() == {**first, "active": True, "deactivated_reason": ""}
    assert Device.objects.get().p256dh == again.as_json()["keys"]["p256dh"]


def test_registering_moves_the_owner_and_nothing_of_the_former_one_is_sent(api, alice, bob, browser):
    api(alice).post(URL, webpush(browser))
    deliveries.announce([make_advice(alice, date(2026, 11, 22))], now=timezone.now())
    assert api(bob).post(URL, webpush(browser)).status_code == 200
    assert Device.objects.get().user == bob.user
    assert api(alice).get(URL).json()["results"] == []
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.outcome) == ("obsolete", "the device changed hands")


def test_the_eleventh_device_takes_the_place_of_the_oldest(api, alice, bob):
    make_device(bob.user, "bobs-token")
    for _ in range(11):
        assert api(alice).post(URL, webpush(Subscription(ORIGIN))).status_code == 201
    mine = Device.objects.filter(user=alice.user).order_by("created_at", "pk")
    assert [device.active for device in mine] == [False] + [True] * 10
    assert mine[0].deactivated_reason == "replaced"
    assert Device.objects.get(user=bob.user).active


def test_an_android_app_registers_its_token(api, alice, settings):
    settings.FCM_CREDENTIALS_FILE = "account.json"
    token = "fGk3:APA91bE_" + "x" * 140
    assert api(alice).post(URL, {"kind": "fcm", "token": token}).status_code == 201
    assert (Device.objects.get().kind, Device.objects.get().address) == ("fcm", token)


def test_a_server_without_fcm_says_so(api, alice):
    response = api(alice).post(URL, {"kind": "fcm", "token": "fGk3:APA91bE_example_token"})
    assert (response.status_code, response.json()["code"]) == (422, "push_not_configured")
    assert not Device.objects.exists()


def test_a_device_can_be_removed_by_its_owner_alone(api, alice, bob, browser):
    device = api(alice).post(URL, webpush(browser)).json()
    url = f"{URL}{device['id']}/"
    for stranger_sees in (api(bob).get(url), api(bob).delete(url)):
        assert (stranger_sees.status_code, stranger_sees.json()["code"]) == (404, "not_found")
    assert api(alice).delete(url).status_code == 204
    assert not Device.objects.exists()
    assert api(alice).delete(url).status_code == 404


def test_strangers_may_nothing(api, db, browser):
    for response in (api().get(URL), api().post(URL, webpush(browser)), api().get(f"{URL}vapid-key/")):
        assert response.status_code == 401


def test_the_key_to_subscribe_with_is_the_public_half_of_the_one_that_signs(api, alice):
    response = api(alice).get(f"{URL}vapid-key/")
    assert response.json() == {"public_key": vapid.public_key()}
    assert len(from_base64url(response.json()["public_key"])) == 65


def test_a_server_without_a_key_says_so(api, alice, settings):
    settings.VAPID_PRIVATE_KEY = ""
    response = api(alice).get(f"{URL}vapid-key/")
    assert (response.status_code, response.json()["code"]) == (404, "push_not_configured")


def replaced(path, value):
    """A good registration with one value at `path` replaced; `...` leaves it out."""
    body = webpush(Subscription(ORIGIN))
    *parents, name = path.split("/")
    inside = body
    for parent in parents:
        inside = inside[parent]
    if value is ...:
        del inside[name]
    else:
        inside[name] = value
    return body


OFF_THE_CURVE = "B" + "A" * 85 + "E"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("kind", ..., "required"),
        ("kind", "apns", "invalid_choice"),
        ("kind", None, "null"),
        ("subscription", ..., "required"),
        ("subscription", "x", "not_an_object"),
        ("subscription/endpoint", ..., "required"),
        ("subscription/endpoint", 5, "not_a_string"),
        ("subscription/endpoint", "https://example.com/x", "unknown_push_service"),
        ("subscription/endpoint", "http://169.254.169.254/latest/meta-data/", "unknown_push_service"),
        ("subscription/endpoint", "https://push.apple.com@127.0.0.1/x", "unknown_push_service"),
        ("subscription/endpoint", ORIGIN + "/" + "x" * 2000, "max_length"),
        ("subscription/keys", ..., "required"),
        ("subscription/keys/p256dh", ..., "required"),
        ("subscription/keys/p256dh", "AAAA", "invalid_key"),
        ("subscription/keys/p256dh", OFF_THE_CURVE, "invalid_key"),
        ("subscription/keys/p256dh", "not base64url!", "invalid_key"),
        ("subscription/keys/auth", "c2hvcnQ", "invalid_key"),
        ("subscription/keys/auth", None, "null"),
        ("subscription/expirationTime", "soon", "not_an_integer"),
        ("subscription/extra", 1, "unknown_field"),
        ("token", "fGk3:APA91bE_example_token", "not_for_this_kind"),
        ("name", "x" * 81, "max_length"),
        ("active", True, "unknown_field"),
    ],
)
def test_a_bad_registration_is_a_problem_that_names_the_field_and_stores_nothing(api, alice, path, value, code):
    response = api(alice).post(URL, replaced(path, value))
    assert response.status_code == 400
    assert errors(response) == {(f"#/{path}", code)}
    assert not Device.objects.exists()


@pytest.mark.parametrize("token", ["short", "with a space and more than twenty", "x" * 5000, "ü" * 40])
def test_a_token_that_is_none_is_refused(api, alice, settings, token):
    settings.FCM_CREDENTIALS_FILE = "account.json"
    response = api(alice).post(URL, {"kind": "fcm", "token": token})
    assert response.status_code == 400
    assert {pointer for pointer, _ in errors(response)} == {"#/token"}


def test_what_a_browser_answers_is_taken_as_it_is(api, alice, browser):
    body = {"kind": "webpush", "subscription": {**browser.as_json(), "expirationTime": None}}
    assert api(alice).post(URL, body).status_code == 201


def test_unknown_query_parameters_are_refused(api, alice):
    response = api(alice).get(URL, {"user": "2"})
    assert (response.status_code, response.json()["code"]) == (400, "unknown_parameter")
