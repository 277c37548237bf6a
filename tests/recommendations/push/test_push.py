"""The sender against a real push service on the loopback, with the real clock moved by time-machine."""

import base64
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.checks import run_checks
from django.utils import timezone

from recommendations.announcing import deliveries
from recommendations.models import Delivery, Device
from recommendations.push import sending, vapid, wire
from recommendations.push.endpoints import EndpointRefused, provider_of
from recommendations.push.messages import topic
from tests import push_service as faults
from tests.factories import make_advice, make_device
from tests.push_service import Fault
from tests.recommendations.pushing import EVENING, MORNING, TODAY, due_now


def outcome(delivery):
    delivery.refresh_from_db()
    return delivery.state, delivery.outcome, delivery.attempts


# --- what travels


def test_the_phone_decrypts_what_was_sent_and_it_holds_no_health_value(waiting, phone, push_service):
    assert sending.send_due() == 1
    assert push_service.refused == []
    (received,) = push_service.received
    assert received.message == {
        "title": "Your plan for today is ready",
        "advice_id": str(waiting.advice_id),
        "date": "2026-11-22",
        "revision": 1,
        "kind": "advice",
    }
    assert received.address == phone.address
    assert received.headers["Topic"] == topic(waiting.advice.athlete_id, "2026-11-22")
    assert (received.headers["TTL"], received.headers["Urgency"]) == ("43200", "normal")
    assert outcome(waiting) == ("sent", "201", 1)
    assert waiting.sent_at == MORNING
    phone.refresh_from_db()
    assert (phone.active, phone.last_success_at) == (True, MORNING)


def test_what_was_sent_is_not_sent_again(waiting, push_service):
    sending.send_due()
    assert sending.send_due() == 0
    assert len(push_service.received) == 1


def test_topics_differ_by_athlete_and_day_and_are_32_characters_of_base64url():
    topics = {topic(1, "2026-11-22"), topic(1, "2026-11-23"), topic(2, "2026-11-22")}
    assert len(topics) == 3
    for one in topics:
        assert len(one) == 32
        base64.urlsafe_b64decode(one)


def test_an_override_is_urgent_and_carries_its_own_id(alice, charlie, phone, push_service):
    from recommendations.models import Override

    advice = make_advice(alice, TODAY, valid_until=EVENING)
    override = Override.objects.create(
        advice=advice, action="active_recovery", reason_code="other", by=charlie, created_at=MORNING
    )
    deliveries.announce([], overrides=[override], now=MORNING)
    sending.send_due()
    (received,) = push_service.received
    assert received.message == {
        "title": "Your coach changed today's plan",
        "advice_id": str(advice.pk),
        "date": "2026-11-22",
        "revision": 1,
        "kind": "override",
        "override_id": str(override.pk),
    }
    assert received.headers["Urgency"] == "high"


def test_a_batch_larger_than_one_claim_is_sent_whole(alice, push_service, clock):
    advice = make_advice(alice, TODAY, valid_until=EVENING)
    for _ in range(sending.BATCH + 3):
        make_device(alice.user, push_service.subscribe())
    deliveries.announce([advice], now=MORNING)
    assert sending.send_due() == sending.BATCH + 3
    assert len({one.address for one in push_service.received}) == sending.BATCH + 3


def test_the_limit_is_kept(alice, push_service, clock):
    for _ in range(3):
        make_device(alice.user, push_service.subscribe())
    deliveries.announce([make_advice(alice, TODAY, valid_until=EVENING)], now=MORNING)
    assert sending.send_due(limit=2) == 2
    assert len(push_service.received) == 2


# --- what push services answer


@pytest.mark.parametrize("gone", [faults.GONE, faults.NOT_FOUND])
def test_a_device_that_is_gone_is_deactivated_and_nothing_waits_for_it(alice, waiting, phone, push_service, gone):
    other = make_advice(alice, TODAY + timedelta(days=1), valid_until=EVENING)
    deliveries.announce([other], now=EVENING)
    push_service.next_answers(gone)
    sending.send_due()
    reason = str(gone.status)
    assert outcome(waiting) == ("dead", reason, 1)
    assert outcome(Delivery.objects.get(advice=other)) == ("dead", reason, 0)
    phone.refresh_from_db()
    assert (phone.active, phone.deactivated_reason) == (False, "gone")


def test_a_message_that_is_too_large_dies_and_the_device_lives(waiting, phone, push_service):
    push_service.next_answers(faults.TOO_LARGE)
    sending.send_due()
    assert outcome(waiting) == ("dead", "413", 1)
    phone.refresh_from_db()
    assert phone.active


@pytest.mark.parametrize(
    ("retry_after", "next_attempt_at"),
    [
        ("120", MORNING + timedelta(minutes=2)),
        ("Sun, 22 Nov 2026 08:10:00 GMT", MORNING + timedelta(minutes=10)),
        ("Sun, 22 Nov 2026 07:00:00 GMT", MORNING),
    ],
)
def test_429_is_taken_at_its_word(waiting, push_service, retry_after, next_attempt_at):
    push_service.next_answers(faults.busy(retry_after))
    sending.claim_deliveries(0, MORNING)
    sending.send_due(limit=1)
    assert outcome(waiting) == ("waiting", "429", 1)
    assert waiting.next_attempt_at == next_attempt_at


def test_retry_after_beyond_the_day_is_the_end(waiting, push_service):
    push_service.next_answers(faults.busy("86400"))
    sending.send_due()
    assert outcome(waiting) == ("dead", "expired; 429", 1)


def test_a_retry_after_that_makes_no_sense_is_as_if_it_were_not_there():
    for nonsense in ("soon", "-5", "1e9", "²"):
        assert wire.retry_after_s(nonsense, MORNING) is None


def test_a_broken_service_is_tried_again_after_a_random_pause_and_then_it_works(waiting, push_service):
    push_service.next_answers(faults.BROKEN)
    sending.send_due(limit=1)
    assert outcome(waiting) == ("waiting", "500", 1)
    assert MORNING <= waiting.next_attempt_at <= MORNING + timedelta(seconds=4)
    due_now(waiting)
    sending.send_due()
    assert outcome(waiting) == ("sent", "201", 2)


def test_the_pause_grows_to_45_s_in_an_outage_and_to_10_min_for_other_refusals():
    for cap, error in ((45, wire.TransportError("x", provider_down=True)), (600, wire.TransportError("x"))):
        pauses = [sending.pause_s(attempts, error) for attempts in (12, 500, 32767) for _ in range(200)]
        assert min(pauses) < cap / 4
        assert cap * 3 / 4 < max(pauses) <= cap


def test_an_answer_lost_after_acceptance_sends_it_again_and_the_phone_shows_it_once(waiting, push_service):
    push_service.next_answers(faults.DROPPED)
    sending.send_due(limit=1)
    assert outcome(waiting) == ("waiting", "ConnectionError", 1)
    due_now(waiting)
    sending.send_due()
    assert len(push_service.received) == 2
    assert push_service.shown() == [(str(waiting.advice_id), 1, None)]


def test_a_service_that_hangs_is_left_after_the_time_limit(waiting, push_service, monkeypatch):
    monkeypatch.setattr(wire, "TIMEOUT_S", (1, 0.2))
    push_service.next_answers(Fault(hang_s=1.0))
    sending.send_due(limit=1)
    assert outcome(waiting) == ("waiting", "timeout", 1)


def test_a_service_that_is_not_there_is_tried_again(waiting, push_service):
    push_service.close()
    sending.send_due(limit=1)
    assert outcome(waiting) == ("waiting", "ConnectionError", 1)


def test_a_redirect_to_a_private_address_is_not_followed(waiting, push_service):
    push_service.next_answers(faults.elsewhere(f"{push_service.origin}/private"))
    sending.send_due(limit=1)
    assert outcome(waiting) == ("waiting", "307", 1)
    assert push_service.visited == [waiting.device.address.removeprefix(push_service.origin)]


def test_credentials_in_netrc_do_not_replace_the_servers_identification(waiting, push_service, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    sending.send_due()
    assert outcome(waiting) == ("sent", "201", 1)


def test_a_refusal_of_our_key_is_tried_again_until_the_day_ends(waiting, push_service, settings):
    settings.VAPID_PRIVATE_KEY = ""
    sending.send_due(limit=1)
    assert outcome(waiting) == ("waiting", "configuration: no usable VAPID_PRIVATE_KEY or VAPID_CONTACT", 1)
    assert push_service.calls == 0


def test_five_failures_in_a_row_give_the_service_a_rest(alice, push_service, clock):
    for _ in range(sending.BATCH):
        make_device(alice.user, push_service.subscribe())
    deliveries.announce([make_advice(alice, TODAY, valid_until=EVENING)], now=MORNING)
    push_service.standing_fault = faults.BROKEN
    sending.send_due(limit=sending.BATCH)
    asked = push_service.calls
    assert 5 <= asked < 5 + wire.CONNECTIONS
    Delivery.objects.update(next_attempt_at=MORNING)
    sending.send_due(limit=sending.BATCH)
    assert push_service.calls == asked
    resting = Delivery.objects.filter(outcome="provider rests")
    assert resting.count() == sending.BATCH
    assert max(row.next_attempt_at for row in resting) <= MORNING + timedelta(seconds=45)


def test_after_its_rest_one_failure_more_closes_it_again_and_one_success_opens_it():
    now = 0.0
    breaker = sending.Breaker(lambda: now)
    for _ in range(5):
        assert breaker.pause_s("a") == 0
        breaker.failed("a")
    assert (breaker.pause_s("a"), breaker.pause_s("b")) == (30, 0)
    now = 31.0
    assert breaker.pause_s("a") == 0
    breaker.failed("a")
    assert breaker.pause_s("a") == 30
    now = 62.0
    breaker.answered("a")
    breaker.failed("a")
    assert breaker.pause_s("a") == 0


# --- what changed since the announcement


def test_what_is_no_longer_valid_is_not_sent(waiting, push_service, clock):
    clock.move_to(EVENING)
    sending.send_due()
    assert outcome(waiting) == ("dead", "expired; never tried", 1)
    assert push_service.calls == 0


def test_a_phone_that_changed_hands_gets_nothing_of_its_former_owner(waiting, phone, bob, push_service):
    Device.objects.filter(pk=phone.pk).update(user=bob.user)
    sending.send_due()
    assert outcome(waiting) == ("obsolete", "the device changed hands", 1)
    assert push_service.calls == 0


def test_pushes_switched_off_meanwhile_are_not_sent(alice, waiting, push_service):
    alice.wants_push = False
    alice.save()
    sending.send_due()
    assert outcome(waiting) == ("obsolete", "the athlete wants no pushes", 1)


def test_a_device_that_was_removed_or_deactivated_gets_nothing(waiting, phone, push_service):
    Device.objects.filter(pk=phone.pk).update(active=False)
    sending.send_due()
    assert outcome(waiting) == ("dead", "device inactive", 1)
    assert push_service.calls == 0


def test_a_retry_that_falls_into_quiet_hours_waits_for_their_end(alice, waiting, push_service, clock):
    Delivery.objects.update(valid_until=EVENING + timedelta(hours=24))
    clock.move_to(datetime(2026, 11, 22, 22, 0, tzinfo=UTC))
    sending.send_due()
    assert outcome(waiting) == ("waiting", "quiet hours", 1)
    assert waiting.next_attempt_at == datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
    assert push_service.calls == 0


def test_an_endpoint_whose_host_left_the_list_is_retired(waiting, phone, push_service, settings):
    settings.PUSH_INSECURE_ORIGINS = []
    sending.send_due()
    assert push_service.calls == 0
    phone.refresh_from_db()
    assert (phone.active, phone.deactivated_reason) == (False, "gone")
    assert outcome(waiting) == ("dead", "endpoint refused: not an https URL of a plain host name", 1)


def test_a_message_that_breaks_the_sender_is_put_aside_and_the_others_go_out(alice, waiting, phone, push_service):
    Device.objects.filter(pk=phone.pk).update(p256dh="AAAA")
    make_device(alice.user, push_service.subscribe())
    deliveries.announce([waiting.advice], now=MORNING)
    sending.send_due()
    assert outcome(waiting) == ("dead", "error in the sender: WebPushException", 1)
    assert len(push_service.received) == 1


# --- leases


def test_of_two_senders_one_gets_the_message(waiting):
    assert [one.pk for one in sending.claim_deliveries(10, MORNING)] == [waiting.pk]
    assert sending.claim_deliveries(10, MORNING) == []


def test_a_sender_that_died_is_succeeded_when_its_lease_has_ended(waiting, push_service, clock):
    sending.claim_deliveries(10, MORNING)
    clock.shift(39)
    assert sending.send_due() == 0
    clock.shift(1)
    assert sending.send_due() == 1
    assert outcome(waiting) == ("sent", "201", 2)


def test_what_was_announced_while_the_clock_was_ahead_leaves_when_it_was_set_right(waiting, push_service, clock):
    clock.shift(timedelta(hours=-2))
    assert sending.send_due() == 1
    assert outcome(waiting) == ("sent", "201", 1)


def test_a_late_failure_does_not_disturb_whoever_holds_the_row_now(waiting, clock):
    (slow,) = sending.claim_deliveries(10, MORNING)
    clock.shift(61)
    (current,) = sending.claim_deliveries(10, datetime.now(UTC))
    sending.note_failure(slow, wire.TransportError("timeout"))
    waiting.refresh_from_db()
    assert (waiting.next_attempt_at, waiting.outcome) == (current.next_attempt_at, "")


@pytest.mark.django_db(transaction=True)
def test_many_senders_at_once_send_each_message_once(alice, push_service):
    from django.db import connection

    alice.quiet_hours_start = alice.quiet_hours_end
    alice.save()
    for _ in range(40):
        make_device(alice.user, push_service.subscribe())
    deliveries.announce([make_advice(alice, TODAY)], now=MORNING)

    def run():
        sending.send_due()
        connection.close()

    senders = [threading.Thread(target=run) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(push_service.received) == 40
    assert {row.state for row in Delivery.objects.all()} == {"sent"}


# --- FCM


@pytest.fixture
def fcm(push_service, settings, tmp_path):
    settings.FCM_CREDENTIALS_FILE = str(push_service.account_file(tmp_path))
    return push_service


@pytest.fixture
def android(alice, fcm, clock):
    device = make_device(alice.user, fcm.register_fcm())
    deliveries.announce([make_advice(alice, TODAY, valid_until=EVENING)], now=MORNING)
    return device


def test_fcm_gets_the_same_message_and_the_phone_replaces_repeats(android, fcm):
    sending.send_due()
    assert fcm.refused == []
    (received,) = fcm.received
    delivery = Delivery.objects.get()
    assert received.message == {
        "title": "Your plan for today is ready",
        "advice_id": str(delivery.advice_id),
        "date": "2026-11-22",
        "revision": "1",
        "kind": "advice",
    }
    envelope = json.loads(received.headers["envelope"])
    tag = topic(delivery.advice.athlete_id, "2026-11-22")
    assert envelope["notification"] == {"title": "Your plan for today is ready"}
    assert envelope["android"] == {
        "ttl": "43200s",
        "collapse_key": tag,
        "priority": "NORMAL",
        "notification": {"tag": tag},
    }
    assert envelope["apns"]["headers"]["apns-collapse-id"] == tag
    assert outcome(delivery) == ("sent", "200", 1)


def test_one_token_exchange_serves_many_messages(alice, android, fcm):
    for _ in range(20):
        make_device(alice.user, fcm.register_fcm())
    deliveries.announce([Delivery.objects.get().advice], now=MORNING)
    sending.send_due()
    assert len(fcm.received) == 21
    assert len(fcm.tokens) == 1


def test_an_access_token_that_google_forgot_is_fetched_again(android, fcm):
    sending.send_due()
    fcm.tokens.clear()
    Delivery.objects.update(state="waiting", next_attempt_at=MORNING)
    sending.send_due(limit=1)
    Delivery.objects.update(next_attempt_at=MORNING)
    sending.send_due()
    assert fcm.refused == ["no such access token"]
    assert outcome(Delivery.objects.get())[:2] == ("sent", "200")


@pytest.mark.parametrize(
    ("answer", "state", "words", "active"),
    [
        (faults.fcm_error(404, "UNREGISTERED"), "dead", "404 UNREGISTERED", False),
        (faults.fcm_error(403, "SENDER_ID_MISMATCH"), "dead", "403 SENDER_ID_MISMATCH", False),
        (faults.NOT_FOUND, "waiting", "404", True),
        (faults.fcm_error(400, "INVALID_ARGUMENT"), "dead", "400 INVALID_ARGUMENT", True),
        (faults.busy("60"), "waiting", "429", True),
        (faults.fcm_error(503, "UNAVAILABLE"), "waiting", "503 UNAVAILABLE", True),
        (Fault(500, body={"error": "text"}), "waiting", "500", True),
    ],
)
def test_what_fcm_answers_is_understood(android, fcm, answer, state, words, active):
    fcm.next_answers(answer)
    sending.send_due(limit=1)
    assert outcome(Delivery.objects.get()) == (state, words, 1)
    android.refresh_from_db()
    assert android.active is active


def test_without_fcm_credentials_the_message_waits(alice, push_service, clock, settings):
    settings.FCM_CREDENTIALS_FILE = "/nowhere/account.json"
    make_device(alice.user, push_service.register_fcm())
    deliveries.announce([make_advice(alice, TODAY, valid_until=EVENING)], now=MORNING)
    sending.send_due(limit=1)
    assert outcome(Delivery.objects.get()) == ("waiting", "configuration: no usable FCM_CREDENTIALS_FILE", 1)


# --- where a push may go


@pytest.mark.parametrize(
    ("endpoint", "provider"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:DEF-_", "fcm.googleapis.com"),
        ("https://updates.push.services.mozilla.com/wpush/v2/gAAA", "updates.push.services.mozilla.com"),
        ("https://web.push.apple.com/QGz", "web.push.apple.com"),
        ("https://db5p.notify.windows.com/w/?token=BQ%2b%3d", "db5p.notify.windows.com"),
    ],
)
def test_the_known_push_services_may_be_called(endpoint, provider):
    assert provider_of(endpoint) == provider


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com",
        "https://example.com/x",
        "https://evilfcm.googleapis.com.example.com/x",
        "https://evil-push.apple.com.evil.org/x",
        "https://notpush.apple.company/x",
        "https://xpush.apple.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:443/x",
        "https://user@fcm.googleapis.com/x",
        "https://user:password@fcm.googleapis.com/x",
        "https://fcm.googleapis.com@169.254.169.254/x",
        "https://fcm.googleapis.com\\@169.254.169.254/x",
        "https://fcm.googleapis.com#@169.254.169.254/x",
        "https://169.254.169.254/fcm.googleapis.com",
        "https://2852039166/x",
        "https://0x7f.1/x",
        "https://[::1]/x",
        "https://localhost/x",
        "https://FCM.googleapis.com/x",
        "https://fcm.googleapis.com./x",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com/x\n",
        "https://fcm.googleapis.com/x\r\nHost: inside",
        "https://fcm.googleapis.com/\x00",
        "https://fcm.googleapis。com/x",
        "https://fcm.googleapis.com/ü",
        "https://fcm.googleapis.com/x\\y",
        "//fcm.googleapis.com/x",
        "file:///etc/passwd",
        "gopher://fcm.googleapis.com/x",
        "https://fcm.googleapis.com/" + "x" * 2000,
    ],
)
def test_nothing_else_may_be_called(endpoint):
    with pytest.raises(EndpointRefused):
        provider_of(endpoint)


def test_an_insecure_origin_is_honoured_in_embedded_mode_alone(settings):
    settings.PUSH_INSECURE_ORIGINS = ["http://127.0.0.1:9000"]
    assert provider_of("http://127.0.0.1:9000/push/1") == "http://127.0.0.1:9000"
    for other in ("http://127.0.0.1:90001/push/1", "http://127.0.0.1:9000@example.com/", "http://127.0.0.1:9000"):
        with pytest.raises(EndpointRefused):
            provider_of(other)
    settings.EMBEDDED = False
    with pytest.raises(EndpointRefused):
        provider_of("http://127.0.0.1:9000/push/1")


def found():
    return {message.id for message in run_checks(tags=["push"], include_deployment_checks=True)}


def test_production_settings_with_an_insecure_origin_do_not_pass_the_checks(settings):
    settings.PUSH_INSECURE_ORIGINS = ["http://127.0.0.1:9000"]
    assert "recommendations.E001" not in found()
    settings.EMBEDDED = False
    assert "recommendations.E001" in found()


@pytest.mark.parametrize("entry", ["https://push.apple.com", "*.apple.com", "push.apple.com:443", "10.0.0.1", "com"])
def test_a_push_host_that_is_no_host_name_is_an_error(settings, entry):
    assert "recommendations.E002" not in found()
    settings.PUSH_HOSTS = [entry]
    assert "recommendations.E002" in found()


@pytest.mark.parametrize("key", ["", "AAAA", "not base64url!", "_" * 43])
def test_a_vapid_key_that_is_none_is_noticed(settings, key):
    assert "recommendations.W003" not in found()
    settings.VAPID_PRIVATE_KEY = key
    assert "recommendations.W003" in found()
    with pytest.raises(vapid.NoVapidKey):
        vapid.public_key()


@pytest.mark.parametrize(
    ("contact", "good"),
    [
        ("mailto:coach@club.de", True),
        ("https://club.de/contact", True),
        ("mailto:admin@localhost", False),
        ("https://localhost", False),
        ("mailto:admin@server.local", False),
        ("coach@club.de", False),
        ("http://club.de", False),
        ("", False),
    ],
)
def test_a_contact_that_reaches_nobody_is_refused_in_production(settings, contact, good):
    settings.VAPID_CONTACT = contact
    assert "recommendations.E010" not in found()
    settings.EMBEDDED = False
    assert ("recommendations.E010" not in found()) == good


def test_a_refusal_of_our_key_says_what_to_change():
    import requests

    from recommendations.push.webpush import explained

    answer = requests.Response()
    answer.status_code, answer._content = 403, b'{"reason":"BadJwtToken"}'
    error = explained(answer)
    assert error.ours
    assert not error.permanent
    assert not error.device_gone
    assert error.reason.startswith("configuration: 403 BadJwtToken, the push service refuses VAPID_PRIVATE_KEY")
    answer._content = b"<html>"
    assert explained(answer).reason.startswith("configuration: 403, ")


def test_messages_refused_for_our_own_settings_are_a_warning_of_the_checks(waiting):
    from recommendations import checks

    before = {message.id for message in checks.problems(timezone.now())}
    Delivery.objects.filter(pk=waiting.pk).update(outcome="configuration: 403 BadJwtToken")
    after = {message.id for message in checks.problems(timezone.now())}
    assert after - before == {"recommendations.W011"}
