"""Celery beat without Django: it only rings, and needs no models. 44 MB instead of 111, and a second less to start."""

from typing import Any

from celery import Celery, signals

from config.metrics import LAST_RING, STARTS

app = Celery("homestretch", fixups=[])
app.config_from_object("config.settings", namespace="CELERY")


@signals.beat_init.connect  # type: ignore[untyped-decorator]
def beat_began(**kwargs: Any) -> None:
    STARTS.labels("beat").inc()


@signals.after_task_publish.connect  # type: ignore[untyped-decorator]
def rang(**kwargs: Any) -> None:
    LAST_RING.set_to_current_time()
