"""The hint that saves the worker from waiting for the next sweep. It may be lost: rows are the queue."""

import json
import uuid
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import redis
import structlog
from django.conf import settings
from prometheus_client import Counter

from storage.valkey import AGAIN, Breaker


class Bell(NamedTuple):
    task: str
    pending_key: str
    queue: str | None = None  # None: the default one


ADVICE = Bell("recommendations.tasks.drain", "homestretch:wake")
UPLOADS = Bell("athletes.tasks.slow_uploads", "homestretch:wake:uploads", "slow")
FORECASTS = Bell("recommendations.tasks.slow_forecasts", "homestretch:wake:forecasts", "slow")
MAIL = Bell("athletes.tasks.send_mail", "homestretch:wake:mail", "push")
PENDING_MS = 1_000  # while a hint is on its way nobody sends another; the drain deletes the key before it looks
EXPIRES = timedelta(seconds=10)  # a worker that comes back later finds the rows by itself
SOCKET_S = 0.2

# One round trip: nobody else's hint is pending -> put the message on Celery's list.
HINT = "if redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then redis.call('LPUSH', KEYS[2], ARGV[2]) end"

WAKE_ERRORS = Counter(
    "homestretch_wake_errors", "Hints to the worker that Valkey did not take; the sweep finds the rows"
)
log = structlog.get_logger()
breaker = Breaker()


@cache
def client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.VALKEY_URL,
        socket_timeout=SOCKET_S,
        socket_connect_timeout=SOCKET_S,
        retry=AGAIN,
    )


def ring(bell: Bell = ADVICE) -> None:
    """Called after commit, in the request, and never an exception."""
    if breaker.open:
        return
    try:
        client().eval(HINT, 2, bell.pending_key, queue_of(bell), PENDING_MS, message(bell))
    except (redis.RedisError, OSError) as error:
        breaker.trip()
        WAKE_ERRORS.inc()
        log.warning("wake_failed", error=type(error).__name__)


def heard(bell: Bell = ADVICE) -> None:
    """The drain begins: whoever commits from now on must ring again. A failure here only delays the next hint."""
    try:
        client().delete(bell.pending_key)
    except (redis.RedisError, OSError):
        WAKE_ERRORS.inc()


def queue_of(bell: Bell) -> str:
    return bell.queue or str(settings.CELERY_TASK_DEFAULT_QUEUE)


def message(bell: Bell = ADVICE) -> str:
    """A task as kombu would put it on the list (protocol 2); a kept producer costs four times the CPU, and memory."""
    task_id = str(uuid.uuid4())
    body = b64encode(json.dumps([[], {}, dict.fromkeys(("callbacks", "errbacks", "chain", "chord"))]).encode())
    envelope: dict[str, Any] = {
        "body": body.decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": bell.task,
            "id": task_id,
            "root_id": task_id,
            "parent_id": None,
            "group": None,
            "retries": 0,
            "timelimit": [None, None],
            "eta": None,
            "expires": (datetime.now(UTC) + EXPIRES).isoformat(),
            "argsrepr": "()",
            "kwargsrepr": "{}",
            "origin": "web",
            "ignore_result": True,
        },
        "properties": {
            "correlation_id": task_id,
            "reply_to": "",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue_of(bell)},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        },
    }
    return json.dumps(envelope)
