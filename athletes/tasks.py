"""What beat and hints wake. The rows are the queue: a task that is lost or runs twice changes nothing."""

from celery import shared_task
from django.utils import timezone


# 150 MB of XML take 5 s, so 200 MB of zip, perhaps 4 GB of XML, take minutes; below the broker's visibility timeout.
@shared_task(time_limit=840)
def slow_uploads() -> int:
    from athletes.wearables import ingest

    return ingest.work()


@shared_task
def slow_tidy_up() -> int:
    from athletes.wearables import uploads

    return uploads.tidy_up(timezone.now())


@shared_task(time_limit=100)  # below the lease: nobody sends what another holds
def send_mail() -> int:
    from athletes.people import mail

    return mail.send_due()
