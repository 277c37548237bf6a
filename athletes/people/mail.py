"""Mail as rows: whoever sends one writes it in its own transaction; the worker takes it to the mail server.

A crash between the server's answer and the note sends it again, under the same Message-ID.
"""

import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any

import structlog
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from athletes.models import Mail
from storage import bell

ENCRYPTED = ("recipients", "subject", "content")  # read one by one: a row that no key opens is given up alone
UNMAKEABLE = (ValueError, TypeError, LookupError, InvalidToken)  # an address, a header or a row no mail can be made of
BATCH = 10
LEASE = timedelta(seconds=120)
STOP_CLAIMING_AFTER_S = 30.0
FIRST_PAUSE = timedelta(seconds=15)  # after a failure; twice as long after each further one
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=1)

log = structlog.get_logger(__name__)


# --- writing ----------------------------------------------------------------------------------------------------------


class RowsBackend(BaseEmailBackend):
    """Django's door for mail, so that everybody's (allauth's too) goes through it: no server is waited for here."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        messages = [message for message in email_messages if message.recipients()]
        with transaction.atomic():
            for message in messages:
                keep(message, timezone.now())
            if messages:
                transaction.on_commit(lambda: bell.ring(bell.MAIL), robust=True)
        return len(messages)


def keep(message: EmailMessage, now: datetime) -> Mail:
    if message.attachments or message.content_subtype != "plain":
        raise ValueError("A mail that waits as a row is plain text, perhaps with alternatives, and has no attachments.")
    mail = Mail(created_at=now, not_before=now, recipients="\n".join(message.to), subject=str(message.subject))
    content = {
        "body": str(message.body),
        "from_email": message.from_email,
        "cc": list(message.cc),
        "bcc": list(message.bcc),
        "reply_to": list(message.reply_to),
        "headers": {"Message-ID": message_id(mail)} | {k: str(v) for k, v in message.extra_headers.items()},
        "alternatives": [[str(text), str(kind)] for text, kind in getattr(message, "alternatives", ())],
    }
    mail.content = json.dumps(content)
    message_of(mail).message()  # refuses what no header may hold, while the caller can still be told
    mail.save(force_insert=True)
    return mail


def message_id(mail: Mail) -> str:
    """Ours: Django's would ask the name server for this machine's name, in the request and without a time-out."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ")
    return f"<{mail.pk}@{domain}>"


def message_of(mail: Mail) -> EmailMultiAlternatives:
    content: dict[str, Any] = json.loads(mail.content)
    return EmailMultiAlternatives(subject=mail.subject, to=mail.recipients.splitlines(), **content)


# --- sending ----------------------------------------------------------------------------------------------------------


def waiting() -> QuerySet[Mail]:
    return Mail.objects.filter(sent_at=None, given_up_at=None)


def send_due() -> int:
    """Send what is due; say how many were handled. A server that does not answer costs one time-out, not one a mail."""
    handled, stop_at = 0, time.monotonic() + STOP_CLAIMING_AFTER_S
    while time.monotonic() < stop_at and (batch := claim_mails(timezone.now())):
        deliver(batch)
        handled += len(batch)
    return handled


def claim_mails(now: datetime) -> list[Mail]:
    """Leased by compare and swap on `attempts`. One sender at a time: the worker's other hands belong to the advice."""
    if not waiting().filter(not_before__lte=now).exists():
        return []
    with transaction.atomic():
        if waiting().filter(leased_until__gt=now).exists():
            return []
        first = waiting().filter(not_before__lte=now).order_by("not_before", "pk").defer(*ENCRYPTED)
        due = list(first[:BATCH])
        return [mail for mail in due if lease(mail, now + LEASE)]


def lease(mail: Mail, until: datetime) -> bool:
    held = waiting().filter(pk=mail.pk, attempts=mail.attempts)
    if not held.update(attempts=F("attempts") + 1, not_before=until, leased_until=until):
        return False
    mail.attempts += 1
    return True


def deliver(batch: Sequence[Mail]) -> None:
    """Over one connection. After a failure that is not about one mail nothing more is tried on it."""
    connection = get_connection(settings.MAIL_TRANSPORT)
    left = list(batch)
    try:
        connection.open()
        while left:
            send(connection, left[0])
            left.pop(0)
    except (SMTPException, OSError) as error:
        for mail in left:
            put_off(mail, error)
    finally:
        close(connection)


def send(connection: Any, mail: Mail) -> None:
    try:
        connection.send_messages([message_of(mail)])
    except (SMTPRecipientsRefused, SMTPDataError) as error:  # about this mail alone
        if is_permanent(error):
            give_up(mail, error)
        else:
            put_off(mail, error)
    except UNMAKEABLE as error:  # it must not keep the others waiting for ever
        give_up(mail, error)
    else:
        finish(mail, sent_at=timezone.now(), error="")


def close(connection: Any) -> None:
    try:
        connection.close()
    except (SMTPException, OSError):
        pass  # what it was asked to do is done and noted


def codes_of(error: Exception) -> list[int]:
    if isinstance(error, SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, SMTPResponseException) else []


def is_permanent(error: Exception) -> bool:
    codes = codes_of(error)
    return bool(codes) and min(codes) >= 500


def named(error: Exception) -> str:
    """Never the server's words: they repeat addresses."""
    return " ".join([type(error).__name__, *map(str, codes_of(error))])[:120]


def put_off(mail: Mail, error: Exception) -> None:
    now = timezone.now()
    if now - mail.created_at >= GIVE_UP_AFTER:
        give_up(mail, error)
        return
    log.warning("mail put off", mail=str(mail.pk), error=named(error), attempt=mail.attempts)
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(mail.attempts - 1, 10))
    held(mail).update(not_before=now + pause, leased_until=None, error=named(error))


def give_up(mail: Mail, error: Exception) -> None:
    log.error("mail given up", mail=str(mail.pk), error=named(error), attempt=mail.attempts)
    finish(mail, given_up_at=timezone.now(), error=named(error))


def finish(mail: Mail, **values: Any) -> None:
    held(mail).update(content="", leased_until=None, **values)


def held(mail: Mail) -> QuerySet[Mail]:
    """The row, if nobody has taken it up since."""
    return waiting().filter(pk=mail.pk, attempts=mail.attempts)
