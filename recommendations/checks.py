"""Is the worker there, is beat, did messages die? Asked of the rows: `manage.py check --database default`."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError, connections
from django.utils import timezone

from athletes.models import Athlete, Mail
from athletes.people import mail
from recommendations.models import Delivery, WaitingDay
from recommendations.push.wire import CONFIGURATION
from recommendations.queue import waiting

SLOW = timedelta(seconds=60)  # the promise: the backlog is empty a minute after any fault
SILENT = timedelta(minutes=10)  # beat rings mornings every 30 s
MAIL_SLOW = timedelta(minutes=10)  # sign-up codes are good for a quarter of an hour
RECENT = timedelta(days=1)


@register(Tags.database, "queue")
def queue_is_served(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    if "default" not in (databases or ()):
        return []
    try:
        needed = {WaitingDay._meta.db_table, Mail._meta.db_table}
        if not needed <= set(connections["default"].introspection.table_names()):
            return []  # before the first migrate, or the one that brought mail
        return list(problems(timezone.now()))
    except DatabaseError as error:
        hint = "Look whether the database of DATABASE_URL runs and takes connections."
        return [Warning(f"The queue cannot be read ({type(error).__name__}).", hint=hint, id="recommendations.W004")]


def problems(now: datetime) -> Iterator[CheckMessage]:
    age_s = waiting.oldest_age_s(now)
    if age_s > SLOW.total_seconds():
        yield Warning(
            f"The oldest of {WaitingDay.objects.count()} waiting days has waited {age_s:.0f} s for its advice.",
            hint="Look whether the worker runs, and whether it takes the queue 'advice'; nothing is lost meanwhile.",
            id="recommendations.W005",
        )
    if failing := WaitingDay.objects.filter(attempts__gt=0).count():
        yield Warning(
            f"The advice of {failing} days failed and is tried again.",
            hint="The worker's log says why (athlete_put_off); the rows are under Waiting days in the admin.",
            id="recommendations.W006",
        )
    if Athlete.objects.filter(next_morning_at__lt=now - SILENT).exists():
        yield Warning(
            "Beat is silent: a morning deadline is over and nobody has rung it.",
            hint="Look whether beat runs. When it does, today's mornings are rung again by themselves.",
            id="recommendations.W007",
        )
    ours = Delivery.objects.filter(outcome__contains=CONFIGURATION + ": ", created_at__gte=now - RECENT)
    if refused := ours.exclude(state=Delivery.State.SENT).first():
        yield Warning(
            f"{ours.count()} push messages of the last day were refused for this server's own settings.",
            hint=f"The newest says: {refused.outcome}. The phones are well; messages wait until their day ends.",
            id="recommendations.W011",
        )
    dead = Delivery.objects.filter(state=Delivery.State.DEAD, created_at__gte=now - RECENT).count()
    if dead:
        yield Warning(
            f"{dead} push messages of the last day could not be delivered.",
            hint="Their outcome is under Deliveries in the admin; the advice itself can still be pulled.",
            id="recommendations.W008",
        )
    late = mail.waiting().filter(created_at__lt=now - MAIL_SLOW).count()
    given_up = Mail.objects.filter(given_up_at__gte=now - RECENT).count()
    if late or given_up:
        yield Warning(
            f"{late} mails have waited for more than ten minutes, {given_up} of the last day were given up.",
            hint="Their errors are under Mail in the admin. Look at EMAIL_URL, and whether the mail server answers.",
            id="recommendations.W009",
        )
