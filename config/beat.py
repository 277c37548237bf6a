"""Celery beat, which only rings: python -m config.beat [--schedule FILE]

Without Django, which it needs no models of, and without Celery's command line, which loads a shell: of 111 MB 40 stay.
"""

import argparse
from typing import Any

from celery import Celery, signals
from celery.beat import PersistentScheduler

from config.metrics import LAST_RING, STARTS

app = Celery("homestretch", fixups=[])
app.config_from_object("config.broker", namespace="CELERY")


@signals.beat_init.connect
def beat_began(**kwargs: Any) -> None:
    STARTS.labels("beat").inc()


@signals.after_task_publish.connect
def rang(**kwargs: Any) -> None:
    LAST_RING.set_to_current_time()


class Scheduler(PersistentScheduler):
    """Celery's rings again when the clock shows the last ring's time plus the pause: a clock that was set back by two
    hours, or that was ahead when the schedule's file was written, silenced it for two hours."""

    def tick(self, *given: Any, **named: Any) -> Any:
        now = self.app.now()
        if ahead := [entry for entry in self.schedule.values() if entry.last_run_at > now]:
            for entry in ahead:
                entry.last_run_at = now
            self.populate_heap()
        return super().tick(*given, **named)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m config.beat", description="Ring until SIGTERM.")
    parser.add_argument("--schedule", help="the file that keeps when what rang last")
    schedule = parser.parse_args().schedule
    app.Beat(loglevel="warning", quiet=True, schedule=schedule, scheduler_cls=Scheduler).run()


if __name__ == "__main__":
    main()
