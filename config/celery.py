import gc
import importlib
import os
from typing import Any

import structlog
from celery import Celery, signals
from django.db import close_old_connections
from kombu.exceptions import OperationalError

from config import broker, task_metrics  # noqa: F401  receivers of Celery's signals connect themselves

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
PREFIX = "CELERY_"
app = Celery("homestretch")
# By their own names: given with a prefix, Celery 5.6 takes six of them for those it will drop, and warns at each start.
app.conf.update({name.removeprefix(PREFIX).lower(): it for name, it in vars(broker).items() if name.startswith(PREFIX)})
app.conf["CELERY_DB_REUSE_MAX"] = broker.CELERY_DB_REUSE_MAX  # its Django fixup asks by this name
app.autodiscover_tasks()

# What the children's work imports. Loaded before they are forked it is in memory once; sessions are still opened after.
SHARED = (
    "onnxruntime", "recommendations.advice.advising", "recommendations.forecasts.forecasting",
    "recommendations.push.sending", "mlmodels.policies.policy",
)  # fmt: skip


log = structlog.get_logger()


@signals.worker_init.connect
def forget_old_hints(**kwargs: Any) -> None:
    """A message that Celery cannot decode ends the worker, is put back as it ends, and meets it again when it starts.

    Messages are hints: the rows they point at are found by the next sweep, so a worker begins with empty queues.
    """
    try:
        with app.connection_for_write() as connection:
            app.control.purge(connection=connection)
    except (OperationalError, OSError) as error:  # the broker is down, and keeps nothing that we could drop
        log.warning("hints_not_dropped", error=type(error).__name__)


@signals.task_prerun.connect
def look_at_the_connection(**kwargs: Any) -> None:
    """As Django does before each request: a connection that was lost is opened anew, and its health is looked at.

    Celery keeps it over tasks (CELERY_DB_REUSE_MAX). Without this a task whose first statement met a lost connection
    left it unusable, and every later one failed at it, for ever.
    """
    close_old_connections()


@signals.worker_init.connect
def stop_unless_the_database_fits(**kwargs: Any) -> None:
    """A mail that cannot be read would be given up; the web server says the same and ends, too."""
    importlib.import_module("athletes.key_check").stop_unless_it_fits()


@signals.worker_init.connect
def load_what_children_share(**kwargs: Any) -> None:
    """After Django is set up, which Celery's own receiver of this signal does first."""
    for module in SHARED:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # else the first collection in each child writes to, and so copies, every page
