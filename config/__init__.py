import os

if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # here, because it must come before anybody makes a metric
    from config import slots

    slots.share_counters()
