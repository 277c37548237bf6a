"""What beat rings and hints wake. The work and its rows are elsewhere; a task that runs twice changes nothing."""

from celery import shared_task
from django.utils import timezone


@shared_task
def drain() -> int:
    from recommendations.advice import advising
    from storage import bell

    bell.heard()
    return advising.drain()


@shared_task
def ring_due_mornings() -> int:
    from recommendations.queue import deadlines
    from storage import bell

    rung = deadlines.ring_due(timezone.now())
    if rung:
        bell.ring()
    return rung


@shared_task
def send_pushes() -> int:
    from recommendations.announcing import notices
    from recommendations.push.sending import send_due

    notices.write_due_mails(timezone.now())
    return send_due()


@shared_task
def slow_silence() -> int:
    from recommendations.announcing import notices

    now = timezone.now()
    return notices.note_silent(now) + notices.note_stopped(now)


@shared_task
def slow_forecasts() -> int:
    from recommendations.forecasts import forecasting
    from storage import bell

    bell.heard(bell.FORECASTS)
    return forecasting.compute_waiting()


@shared_task
def slow_carries() -> int:
    from recommendations.queue import rebuilding

    return rebuilding.rebuild(timezone.now())


@shared_task
def slow_tidy_up() -> dict[str, int]:
    from recommendations.monitoring import retention

    return retention.tidy_up(timezone.now())


@shared_task
def slow_policies() -> int:
    from mlmodels.policies import registry

    return len(registry.register_shipped())
