"""Celery beat without Django: it only rings, and needs no models. 44 MB instead of 111, and a second less to start."""

from typing import Any

from celery import Celery
from celery.beat import PersistentScheduler

app = Celery("homestretch", fixups=[])
app.config_from_object("config.settings", namespace="CELERY")


class Scheduler(PersistentScheduler):  # type: ignore[misc]
    """Celery's rings again when the clock shows the last ring's time plus the pause: a clock that was set back by two
    hours, or that was ahead when the schedule's file was written, silenced it for two hours."""

    def tick(self, *given: Any, **named: Any) -> Any:
        now = self.app.now()
        if ahead := [entry for entry in self.schedule.values() if entry.last_run_at > now]:
            for entry in ahead:
                entry.last_run_at = now
            self.populate_heap()
        return super().tick(*given, **named)
