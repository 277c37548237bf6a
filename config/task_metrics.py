"""What Celery says of its tasks, counted: by the child that ran one, by the parent where none ran it to its end."""

import time
from typing import Any

from celery import signals
from celery.exceptions import TimeLimitExceeded

from config.metrics import STARTS, TASK_SECONDS, TASKS


@signals.worker_init.connect
def worker_began(**kwargs: Any) -> None:
    STARTS.labels("worker").inc()


@signals.worker_process_init.connect
def child_began(**kwargs: Any) -> None:
    STARTS.labels("worker_child").inc()


@signals.task_prerun.connect
def began(sender: Any, **kwargs: Any) -> None:
    sender.request.began_s = time.monotonic()


@signals.task_postrun.connect
def ended(sender: Any, **kwargs: Any) -> None:
    TASK_SECONDS.labels(sender.name).observe(time.monotonic() - sender.request.began_s)


@signals.task_success.connect
def succeeded(sender: Any, **kwargs: Any) -> None:
    TASKS.labels(sender.name, "success").inc()


@signals.task_failure.connect
def failed(sender: Any, exception: BaseException, **kwargs: Any) -> None:
    TASKS.labels(sender.name, "timeout" if isinstance(exception, TimeLimitExceeded) else "failure").inc()


@signals.task_retry.connect
def to_be_retried(sender: Any, **kwargs: Any) -> None:
    TASKS.labels(sender.name, "retry").inc()


@signals.task_revoked.connect
def not_run(sender: Any, expired: bool, **kwargs: Any) -> None:
    TASKS.labels(sender.name, "expired" if expired else "revoked").inc()
