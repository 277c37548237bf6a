"""What beat and hints wake. The rows are the queue: a task that is lost or runs twice changes nothing."""

from celery import shared_task
from django.utils import timezone


@shared_task  # type: ignore[untyped-decorator]
def slow_uploads() -> int:
    from athletes import ingest

    return ingest.work()


@shared_task  # type: ignore[untyped-decorator]
def slow_tidy_up() -> int:
    from athletes import uploads

    return uploads.tidy_up(timezone.now())
