"""What Prometheus may ask. Gauges are counted from rows when asked; counters of all processes are added up."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db import DatabaseError
from django.db.models import Count, F, Min, Q
from django.utils import timezone
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from rest.exposition import EXPOSED

ANSWERED = Counter("homestretch_athletes_answered", "Athletes whose waiting days were answered")
DRAIN_ERRORS = Counter("homestretch_drain_errors", "Athletes whose answer raised an exception", ["error"])
GIVEN_UP = Counter("homestretch_advice_given_up", "Days answered with 'model_unavailable' after repeated failures")
PUSHES = Counter(
    "homestretch_pushes",
    "Push messages by what came of them: sent, failed (tried again), later (quiet hours), dead, obsolete",
    ["kind", "outcome"],
)

WINDOW = timedelta(days=1)  # what "recent" means below


class Rows(Collector):
    def describe(self) -> Iterable[Metric]:
        return []  # otherwise registering would query the database

    def collect(self) -> Iterator[Metric]:
        try:
            counted = [*waiting_days(), *recent_advice(), *recent_deliveries(), *recent_mail()]
        except DatabaseError:
            counted = []  # the other metrics must still be readable when the database is not
        yield gauge("database_answers", "1 when the figures from rows could be counted", float(bool(counted)))
        yield from counted


def waiting_days() -> Iterator[Metric]:
    from recommendations.models import WaitingDay
    from recommendations.queue.waiting import oldest_age_s

    yield gauge("waiting_days", "Days nobody has answered yet", WaitingDay.objects.count())
    yield gauge(
        "waiting_days_failing", "Those that failed at least once", WaitingDay.objects.filter(attempts__gt=0).count()
    )
    yield gauge("oldest_waiting_day_seconds", "Age of the oldest of them", oldest_age_s(timezone.now()))


def recent_advice() -> Iterator[Metric]:
    from recommendations.models import Advice

    recent = Advice.objects.filter(current=True, issued_at__gte=timezone.now() - WINDOW)
    by_status = GaugeMetricFamily("homestretch_advice", "Current advice of the last 24 h", labels=["status", "reason"])
    for row in recent.values("status", "withheld_reason").annotate(n=Count("pk")).order_by():
        by_status.add_metric([row["status"], row["withheld_reason"]], row["n"])
    yield by_status
    counts = recent.exclude(action="").aggregate(
        n=Count("pk"),
        guarded=Count("pk", filter=~Q(action=F("policy_action")) & ~Q(policy_action="")),
        fallback=Count("pk", filter=Q(used_fallback=True)),
    )
    share = max(counts["n"], 1)
    yield gauge("guard_override_ratio", "Share of it where a guard outranked the policy", counts["guarded"] / share)
    yield gauge(
        "fallback_ratio", "Share of it that the rule policy gave in place of the model", counts["fallback"] / share
    )


def recent_deliveries() -> Iterator[Metric]:
    from recommendations.models import Delivery

    family = GaugeMetricFamily("homestretch_deliveries", "Push messages of the last 24 h", labels=["state"])
    recent = Delivery.objects.filter(created_at__gte=timezone.now() - WINDOW)
    for row in recent.values("state").annotate(n=Count("pk")).order_by():
        family.add_metric([row["state"]], row["n"])
    yield family


def recent_mail() -> Iterator[Metric]:
    from athletes.models import Mail
    from athletes.people.mail import waiting

    now = timezone.now()
    family = GaugeMetricFamily("homestretch_mail", "Mails of the last 24 h that have left or not", labels=["state"])
    family.add_metric(["waiting"], waiting().count())
    family.add_metric(["sent"], Mail.objects.filter(sent_at__gte=now - WINDOW).count())
    family.add_metric(["given_up"], Mail.objects.filter(given_up_at__gte=now - WINDOW).count())
    yield family
    oldest = waiting().aggregate(oldest=Min("created_at"))["oldest"]
    age_s = (now - oldest).total_seconds() if oldest else 0.0
    yield gauge("oldest_waiting_mail_seconds", "Age of the oldest mail that has not left", age_s)


def gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"homestretch_{name}", text, value=value)


def register() -> None:
    EXPOSED.register(Rows())
