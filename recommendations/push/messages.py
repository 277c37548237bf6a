"""What a push says. Never a health value: it passes through a third party and lights up a lock screen."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime

from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy

from athletes.people.languages import language_of, supported
from recommendations.announcing import notices
from recommendations.models import Delivery, Notice

TITLES = {
    Delivery.Kind.ADVICE: gettext_lazy("Your plan for today is ready"),
    Delivery.Kind.OVERRIDE: gettext_lazy("Your coach changed today's plan"),
}


@dataclass(frozen=True)
class Message:
    """Sent at least once; the phone shows it once by (advice_id, revision) and, where there is one, override_id; a
    coach's by notice_id."""

    data: dict[str, str | int]
    topic: str
    """The same for all messages of one athlete and day, so that a newer one replaces an older one still under way."""
    urgent: bool
    valid_until: datetime

    @property
    def body(self) -> bytes:
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":")).encode()

    def ttl_s(self, now: datetime) -> int:
        return max(1, int((self.valid_until - now).total_seconds()))


def message_of(delivery: Delivery) -> Message:
    if delivery.notice is not None:
        return notice_message(delivery.notice, delivery.valid_until)
    advice = delivery.advice
    assert advice is not None  # by constraint
    with translation.override(supported(advice.athlete.locale)):
        title = str(TITLES[Delivery.Kind(delivery.kind)])
    data: dict[str, str | int] = {
        "title": title,
        "advice_id": str(advice.pk),
        "date": advice.date.isoformat(),
        "revision": advice.revision,
        "kind": delivery.kind,
    }
    if delivery.override_id:
        data["override_id"] = str(delivery.override_id)
    return Message(
        data=data,
        topic=topic(advice.athlete_id, advice.date.isoformat()),
        urgent=delivery.kind == Delivery.Kind.OVERRIDE,
        valid_until=delivery.valid_until,
    )


def notice_message(notice: Notice, valid_until: datetime) -> Message:
    with translation.override(language_of(notice.coach)):
        title, line = notices.title_of(notice), notices.line_of(notice)
    data: dict[str, str | int] = {
        "title": title,
        "body": line,
        "notice_id": str(notice.pk),
        "date": notice.date.isoformat(),
        "kind": Delivery.Kind.NOTICE.value,
        "level": notice.level.value,
    }
    return Message(
        data=data,
        topic=topic(notice.athlete_id, f"{notice.date.isoformat()}:{notice.level}"),
        urgent=notice.level == Notice.Level.STOP,
        valid_until=valid_until,
    )


def topic(athlete_id: int, day: str) -> str:
    """32 characters of base64url (RFC 8030 section 5.4), and no way back to the athlete."""
    digest = salted_hmac("homestretch.push.topic", f"{athlete_id}:{day}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode()[:32]
