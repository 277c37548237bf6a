import gc
import importlib
import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("homestretch")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# What the children's work imports. Loaded before they are forked it is in memory once; sessions are still opened after.
SHARED = (
    "onnxruntime", "recommendations.advising", "recommendations.forecasting", "recommendations.push.sending",
    "mlmodels.policy",
)  # fmt: skip


@signals.worker_init.connect  # type: ignore[untyped-decorator]
def load_what_children_share(**kwargs: Any) -> None:
    """After Django is set up, which Celery's own receiver of this signal does first."""
    for module in SHARED:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # else the first collection in each child writes to, and so copies, every page
