"""Which processes began, what became of tasks, when beat last rang. Imported by each of them: nothing heavy here."""

from prometheus_client import Counter, Gauge, Histogram

STARTS = Counter(
    "homestretch_process_starts", "Processes that began: web, web_worker, worker, worker_child, beat", ["process"]
)
TASKS = Counter(
    "homestretch_tasks", "Tasks that ended: success, failure, retry, timeout, expired, revoked", ["task", "outcome"]
)
TASK_SECONDS = Histogram(
    "homestretch_task_duration_seconds",
    "How long tasks ran in the worker's children",
    ["task"],
    buckets=(0.01, 0.05, 0.25, 1, 5, 15, 60, 300),
)
LAST_RING = Gauge(
    "homestretch_beat_last_ring_timestamp_seconds",
    "When the broker last took a task from beat, in seconds since 1970",
    multiprocess_mode="max",  # of all processes: the latest moment
)
