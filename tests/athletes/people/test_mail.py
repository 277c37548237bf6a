"""Mail waits as a row, and the worker takes it to the mail server."""

import logging
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail as django_mail
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from athletes.models import Mail
from athletes.people import mail
from athletes.tasks import send_mail
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db
SIGN_UP = {"email": "zoe@example.org", "password": "a long enough secret"}
MORNING = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def rows(settings, valkey):
    settings.EMAIL_BACKEND = "athletes.people.mail.RowsBackend"


@pytest.fixture
def smtp(settings):
    """smtp(server): what the worker talks to from here on."""

    def use(server: MailServer, timeout_s: float = 5) -> MailServer:
        settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, timeout_s
        return server

    return use


@pytest.fixture
def errors():
    """What the sender logs as an error."""
    records = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = records.append
    logger = logging.getLogger("athletes.people.mail")
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


def write(to="zoe@example.org", body="The code is ABCD-1234."):
    return django_mail.send_mail("Homestretch: a code", body, None, [to])


def sign_up():
    return Client().post("/_allauth/app/v1/auth/signup", SIGN_UP, content_type="application/json")


def test_a_sign_up_code_leaves_by_the_worker_and_is_erased(smtp):
    with MailServer() as server:
        smtp(server)
        assert sign_up().status_code == 401
        assert (server.connections, Mail.objects.filter(sent_at=None).count()) == (0, 1)
        assert send_mail() == 1
        (received,) = server.received
    row = Mail.objects.get()
    assert received.recipients == ["zoe@example.org"]
    assert received.message["To"] == "zoe@example.org"
    assert received.message["Subject"].startswith("Homestretch: ")
    assert received.message["Message-ID"] == f"<{row.pk}@localhost>"
    assert re.search(r"^[A-Z0-9]{4}-?[A-Z0-9]{2,4}\r?$", received.message.get_content(), re.M)
    assert (row.content, row.error, row.attempts) == ("", "", 1)
    assert row.sent_at is not None
    assert send_mail() == 0


def test_text_html_and_all_addresses_arrive_as_they_were_written(smtp):
    message = django_mail.EmailMultiAlternatives(
        "Grüße", "Täxt", "coach@example.org", ["a@example.org"], ["b@example.org"], cc=["c@example.org"],
        reply_to=["r@example.org"], headers={"X-Test": "1"},
    )  # fmt: skip
    message.attach_alternative("<p>Täxt</p>", "text/html")
    assert message.send() == 1
    with MailServer() as server:
        smtp(server)
        send_mail()
        (received,) = server.received
    assert (received.sender, received.recipients) == (
        "coach@example.org",
        ["a@example.org", "c@example.org", "b@example.org"],
    )
    headers = ("Subject", "From", "To", "Cc", "Bcc", "Reply-To", "X-Test")
    assert [received.message[name] for name in headers] == [
        "Grüße", "coach@example.org", "a@example.org", "c@example.org", None, "r@example.org", "1",
    ]  # fmt: skip
    parts = [(part.get_content_type(), part.get_content().strip()) for part in received.message.iter_parts()]
    assert parts == [("text/plain", "Täxt"), ("text/html", "<p>Täxt</p>")]


def test_what_waits_cannot_be_read_in_the_database():
    write()
    with connection.cursor() as cursor:
        cursor.execute("SELECT recipients, subject, content FROM athletes_mail")
        (stored,) = cursor.fetchall()
    assert not [text for text in stored if "zoe" in text or "code" in text.lower() or "ABCD" in text]


def test_a_mail_is_part_of_its_writers_transaction():
    with pytest.raises(RuntimeError), transaction.atomic():
        write()
        raise RuntimeError
    assert not Mail.objects.exists()


def test_nobody_keeps_what_no_header_may_hold_and_no_attachments():
    with pytest.raises(django_mail.BadHeaderError):
        django_mail.send_mail("a\nb", "", None, ["zoe@example.org"])
    message = django_mail.EmailMessage("a", "b", None, ["zoe@example.org"])
    message.attach("a.txt", "a")
    with pytest.raises(ValueError, match="no attachments"):
        message.send()
    assert not Mail.objects.exists()


def test_a_server_that_takes_connections_and_never_answers_delays_nobody_who_signs_up(smtp):
    with MailServer(silent=True) as server:
        smtp(server, timeout_s=0.3)
        begun = time.monotonic()
        assert sign_up().status_code == 401
        assert time.monotonic() - begun < 1
        assert server.connections == 0
        write("a@example.org")
        write("b@example.org")
        begun = time.monotonic()
        assert send_mail() == 3
        assert time.monotonic() - begun < 1, "one time-out for all of them"
        assert server.connections == 1
    rows = Mail.objects.all()
    assert {(row.attempts, row.error, row.sent_at, row.given_up_at) for row in rows} == {
        (1, "SMTPServerDisconnected", None, None)
    }
    assert all(row.content and row.not_before > row.created_at for row in rows)


def test_what_could_not_be_sent_is_tried_again_at_growing_distances_and_given_up_after_a_day(smtp, errors):
    with MailServer() as server:
        smtp(server)  # whose port nobody listens on in a moment
    pauses = []
    with time_machine.travel(MORNING, tick=False) as clock:
        write()
        while (row := Mail.objects.get()).given_up_at is None:
            clock.move_to(row.not_before)
            send_mail()
            pauses.append((Mail.objects.get().not_before - row.not_before).total_seconds())
            assert len(pauses) < 100
    assert pauses[:9] == [15, 30, 60, 120, 240, 480, 960, 1920, 3600]
    assert set(pauses[9:-1]) == {3600}
    assert timedelta(days=1) <= row.given_up_at - MORNING < timedelta(days=1, hours=1)
    assert (row.content, row.error) == ("", "ConnectionRefusedError")
    assert [record.msg["event"] for record in errors] == ["mail given up"]
    assert "zoe" not in str(errors[0].msg)


def test_an_address_that_does_not_exist_is_given_up_at_once_and_the_others_are_sent(smtp):
    with MailServer(refuses="550 zoe@example.org is nobody here") as server:
        smtp(server)
        write()
        send_mail()
        row = Mail.objects.get()
        assert (row.error, row.content, bool(row.given_up_at)) == ("SMTPRecipientsRefused 550", "", True)
        server.refuses = ""
        write("bob@example.org")
        send_mail()
        assert [one.recipients for one in server.received] == [["bob@example.org"]]


@pytest.mark.parametrize("broken", [{"content": "{"}, {"recipients": "nobody at all\n"}])
def test_a_mail_that_cannot_be_made_is_given_up_alone(smtp, broken):
    with MailServer() as server:
        smtp(server)
        write()
        Mail.objects.update(**broken)
        write("bob@example.org")
        send_mail()
        send_mail()
        assert [one.recipients for one in server.received][-1:] == [["bob@example.org"]]
        assert Mail.objects.filter(sent_at=None, given_up_at=None).count() == 0


def test_a_row_that_no_key_opens_is_given_up_alone(smtp):
    with MailServer() as server:
        smtp(server)
        write()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE athletes_mail SET content = 'of another installation'")
        write("bob@example.org")
        send_mail()
        assert [one.recipients for one in server.received] == [["bob@example.org"]]
        assert Mail.objects.filter(sent_at=None, given_up_at=None).count() == 0


def test_a_mailbox_that_is_full_for_now_is_tried_again(smtp):
    with MailServer(refuses="450 later") as server, time_machine.travel(MORNING, tick=False):
        smtp(server)
        write()
        send_mail()
    row = Mail.objects.get()
    assert (row.error, row.not_before) == ("SMTPRecipientsRefused 450", MORNING + mail.FIRST_PAUSE)
    assert (row.given_up_at, row.leased_until) == (None, None)


def test_while_one_sender_works_no_other_begins_and_a_dead_one_is_replaced():
    with time_machine.travel(MORNING, tick=False) as clock:
        write("a@example.org")
        assert len(mail.claim_mails(MORNING)) == 1
        write("b@example.org")
        assert mail.claim_mails(MORNING) == []
        clock.move_to(MORNING + mail.LEASE)
        assert [row.recipients for row in mail.claim_mails(MORNING + mail.LEASE)] == ["b@example.org", "a@example.org"]


def test_the_worker_is_woken_after_the_commit(valkey_server, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        write()
    assert b'"task": "athletes.tasks.send_mail"' in valkey_server.lindex("push", 0)


def test_every_time_out_of_mail_is_set():
    from config import settings as product

    assert product.EMAIL_TIMEOUT == 10
    assert product.EMAIL_BACKEND == "athletes.people.mail.RowsBackend"


def test_the_checks_and_the_metrics_tell_of_mail_that_does_not_leave(capsys):
    from recommendations.monitoring import metrics

    with time_machine.travel(MORNING, tick=False) as clock:
        write()
        clock.move_to(MORNING + timedelta(minutes=11))
        call_command("check", databases=["default"])
        found = {
            (sample.name, *sample.labels.values()): sample.value
            for family in metrics.recent_mail()
            for sample in family.samples
        }
    assert "recommendations.W009" in capsys.readouterr().err
    assert found == {
        ("homestretch_mail", "waiting"): 1,
        ("homestretch_mail", "sent"): 0,
        ("homestretch_mail", "given_up"): 0,
        ("homestretch_oldest_waiting_mail_seconds",): 660,
    }


def test_rows_of_mail_that_has_left_go_after_a_week():
    from recommendations.monitoring import retention

    with time_machine.travel(MORNING, tick=False):
        write()
        write()
        send_mail()
        write()
    assert retention.tidy_up(MORNING + timedelta(days=6))["Mail"] == 0
    assert retention.tidy_up(MORNING + timedelta(days=8))["Mail"] == 2
    assert Mail.objects.count() == 1
