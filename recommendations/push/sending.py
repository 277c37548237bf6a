"""The sender: claim a Delivery, call its push service outside any transaction, write down what came of it.

A crash between the call and the note sends it again: at least once on the wire, once before the athlete's eyes.
"""

import random
import time
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from recommendations.announcing import notices
from recommendations.announcing.deliveries import after_quiet_hours
from recommendations.models import Delivery, Device
from recommendations.monitoring.metrics import PUSHES
from recommendations.push.breaker import PAUSE_S, Breaker
from recommendations.push.devices import retire
from recommendations.push.messages import message_of
from recommendations.push.transports import transport_for
from recommendations.push.wire import CONNECTIONS, TransportError

# Whoever takes over from a sender that was killed waits for it, and must be through a minute after: of 60 s and the
# sweep's pause the backlog was gone after 65. All of a batch hanging until their time is out takes 26 s.
LEASE = timedelta(seconds=40)
BATCH = 2 * CONNECTIONS
STOP_CLAIMING_AFTER_S = 60.0
BACKOFF_FIRST_S = 2.0
BACKOFF_CAP_S = 600.0
OUTAGE_CAP_S = 45.0  # an outage ends for all at once: the backlog must be gone a minute later
NEEDED = (
    "kind", "state", "attempts", "next_attempt_at", "valid_until", "outcome", "override_id",
    "device__kind", "device__user_id", "device__address", "device__p256dh", "device__auth", "device__active",
    "advice__date", "advice__revision", "advice__athlete_id",
    "advice__athlete__user_id", "advice__athlete__locale", "advice__athlete__wants_push", "advice__athlete__timezone",
    "advice__athlete__quiet_hours_start", "advice__athlete__quiet_hours_end",
    "notice__kind", "notice__date", "notice__seen_at", "notice__coach__is_active", "notice__coach__is_superuser",
    "notice__coach__browser_language", "notice__coach__athlete__locale",
    "notice__athlete__display_name", "notice__athlete__timezone",
)  # fmt: skip

log = structlog.get_logger(__name__)
breaker = Breaker()


def send_due(limit: int = 500) -> int:
    """Send what is due, up to `limit` messages; say how many were handled."""
    handled = 0
    hurry_what_is_of_the_future(timezone.now())
    stop_at = time.monotonic() + STOP_CLAIMING_AFTER_S
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="push") as threads:
        while handled < limit and time.monotonic() < stop_at:
            batch = claim_deliveries(min(BATCH, limit - handled), timezone.now())
            if not batch:
                break
            calls = {threads.submit(attempt, delivery): delivery for delivery in batch if may_still_go(delivery)}
            for call in as_completed(calls):
                record(calls[call], call)
            handled += len(batch)
    return handled


def hurry_what_is_of_the_future(now: datetime) -> None:
    """What was announced while the clock was ahead would wait until the clock is there again."""
    Delivery.objects.filter(state=Delivery.State.WAITING, next_attempt_at__gt=now, created_at__gt=now).update(
        created_at=now, next_attempt_at=now
    )


def claim_deliveries(count: int, now: datetime) -> list[Delivery]:
    """Compare and swap on next_attempt_at: of two senders that see a row one gets it, for the length of a lease."""
    due = list(
        Delivery.objects.filter(state=Delivery.State.WAITING, next_attempt_at__lte=now)
        .select_related("device", "advice__athlete", "notice__coach__athlete", "notice__athlete")
        .only(*NEEDED)
        .order_by("next_attempt_at", "pk")[:count]
    )
    if not due:
        return []
    with transaction.atomic():
        return [delivery for delivery in due if _lease(delivery, now + LEASE)]


def _lease(delivery: Delivery, until: datetime) -> bool:
    if not _held(delivery).update(next_attempt_at=until, attempts=F("attempts") + 1):
        return False
    delivery.next_attempt_at, delivery.attempts = until, delivery.attempts + 1
    return True


def _held(delivery: Delivery) -> QuerySet[Delivery]:
    """The row, if it is still as this process knows it: the moment of the next attempt is the lease's mark."""
    return Delivery.objects.filter(
        pk=delivery.pk, state=Delivery.State.WAITING, next_attempt_at=delivery.next_attempt_at
    )


def may_still_go(delivery: Delivery) -> bool:
    """Much can change between the announcement and the sending; what is not to be sent is settled here."""
    now = timezone.now()
    if delivery.valid_until <= now:
        finish(delivery, Delivery.State.DEAD, f"expired; {delivery.outcome or 'never tried'}")
    elif not delivery.device.active:
        finish(delivery, Delivery.State.DEAD, "device inactive")
    elif delivery.device.user_id != delivery.addressee_id:
        finish(delivery, Delivery.State.OBSOLETE, "the device changed hands")
    elif reason := why_not(delivery):
        finish(delivery, Delivery.State.OBSOLETE, reason)
    elif (later := not_before(delivery, now)) > now:
        postpone(delivery, later, "quiet hours")
        PUSHES.labels(delivery.device.kind, "later").inc()
    else:
        return True
    return False


def why_not(delivery: Delivery) -> str:
    if delivery.notice is not None:
        return notices.why_not(delivery.notice)
    assert delivery.advice is not None  # by constraint
    return "" if delivery.advice.athlete.wants_push else "the athlete wants no pushes"


def not_before(delivery: Delivery, at: datetime) -> datetime:
    """`at`, or the end of the quiet hours of whom it is for."""
    if delivery.notice is not None:
        profile = notices.profiles([delivery.notice.coach_id]).get(delivery.notice.coach_id)
        return notices.not_before(delivery.notice, profile, at)
    assert delivery.advice is not None  # by constraint
    return after_quiet_hours(delivery.advice.athlete, at)


def attempt(delivery: Delivery) -> str:
    """Runs in a thread: everything it reads is loaded, and it touches no database."""
    transport = transport_for(delivery.device.kind)
    provider = transport.provider(delivery.device)
    if pause_s := breaker.pause_s(provider):
        raise TransportError("provider rests", retry_after_s=pause_s + random.uniform(0, PAUSE_S / 2))
    try:
        answer = transport.send(delivery.device, message_of(delivery))
    except TransportError as error:
        if error.provider_down:
            breaker.failed(provider)
        else:
            breaker.answered(provider)
        raise
    breaker.answered(provider)
    return answer


def record(delivery: Delivery, call: Future[str]) -> None:
    try:
        answer = call.result()
    except TransportError as error:
        say = log.error if error.ours else log.info
        say("push not delivered", delivery=str(delivery.pk), reason=error.reason, attempt=delivery.attempts)
        note_failure(delivery, error)
    except Exception as error:  # put aside, or it would hold up the rest of the batch every minute
        log.exception("push put aside", delivery=str(delivery.pk))
        finish(delivery, Delivery.State.DEAD, f"error in the sender: {type(error).__name__}")
    else:
        note_success(delivery, answer)


def note_success(delivery: Delivery, answer: str) -> None:
    now = timezone.now()
    with transaction.atomic():
        finish(delivery, Delivery.State.SENT, answer, sent_at=now)
        Device.objects.filter(pk=delivery.device_id).update(last_success_at=now)


def note_failure(delivery: Delivery, error: TransportError) -> None:
    if error.device_gone:
        retire(delivery.device, Device.Reason.GONE, error.reason)
    elif error.permanent:
        finish(delivery, Delivery.State.DEAD, error.reason)
    else:
        now = timezone.now()
        later = not_before(delivery, now + timedelta(seconds=pause_s(delivery.attempts, error)))
        if later < delivery.valid_until:
            postpone(delivery, later, error.reason)
            PUSHES.labels(delivery.device.kind, "failed").inc()
        else:
            finish(delivery, Delivery.State.DEAD, f"expired; {error.reason}")


def pause_s(attempts: int, error: TransportError) -> float:
    """What the service asked for, else full jitter: a crowd that failed together must not come back together."""
    if error.retry_after_s is not None:
        return error.retry_after_s
    cap_s = OUTAGE_CAP_S if error.provider_down else BACKOFF_CAP_S
    return random.uniform(0, min(cap_s, BACKOFF_FIRST_S * 2 ** min(attempts, 10)))


def postpone(delivery: Delivery, until: datetime, outcome: str) -> None:
    _held(delivery).update(next_attempt_at=until, outcome=outcome[:120])


def finish(delivery: Delivery, state: Delivery.State, outcome: str, *, sent_at: datetime | None = None) -> None:
    """Not bound to the lease: a message that has arrived has arrived, whoever holds the row by now."""
    settled = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.WAITING).update(
        state=state, outcome=outcome[:120], sent_at=sent_at
    )
    PUSHES.labels(delivery.device.kind, state).inc(settled)
