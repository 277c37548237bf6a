"""What beat and the workers must agree on, without Django: beat needs nothing else, and is 10 MB smaller without it."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
if secrets_file := env.str("HOMESTRETCH_SECRETS_FILE", default=""):
    environ.Env.read_env(secrets_file)

DATA_DIR = Path(env.str("HOMESTRETCH_DATA", default=str(BASE_DIR / "var"))).resolve()
VALKEY_URL = env.str("VALKEY_URL", default=f"unix://{DATA_DIR / 'valkey.sock'}")
CELERY_BROKER_URL = VALKEY_URL.replace("unix://", "redis+socket://") if VALKEY_URL.startswith("unix:") else VALKEY_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_DEFAULT_QUEUE = "advice"
CELERY_TASK_ROUTES = {
    "recommendations.tasks.send_pushes": {"queue": "push"},
    "athletes.tasks.send_mail": {"queue": "push"},
    "recommendations.tasks.slow_*": {"queue": "slow"},
    "athletes.tasks.slow_*": {"queue": "slow"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_DB_REUSE_MAX = 10_000  # Celery 5.7 otherwise closes the connection around every task
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
# expires: a beat that rings while the worker is down must not leave a pile of the same bell behind
CELERY_BEAT_SCHEDULE = {
    "sweep-waiting-days": {"task": "recommendations.tasks.drain", "schedule": 3.0, "options": {"expires": 3}},
    "sweep-deliveries": {"task": "recommendations.tasks.send_pushes", "schedule": 5.0, "options": {"expires": 5}},
    "sweep-mail": {"task": "athletes.tasks.send_mail", "schedule": 5.0, "options": {"expires": 5}},
    "ring-due-mornings": {
        "task": "recommendations.tasks.ring_due_mornings",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "sweep-forecasts": {
        "task": "recommendations.tasks.slow_forecasts",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "sweep-uploads": {"task": "athletes.tasks.slow_uploads", "schedule": 10.0, "options": {"expires": 10}},
    # one short query while every shipped policy has its row
    "register-shipped-policies": {
        "task": "recommendations.tasks.slow_policies",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "tidy-up-uploads": {"task": "athletes.tasks.slow_tidy_up", "schedule": 3600.0, "options": {"expires": 3600}},
    "note-silent-sources": {
        "task": "recommendations.tasks.slow_silence",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "carries": {"task": "recommendations.tasks.slow_carries", "schedule": 60.0, "options": {"expires": 60}},
    "tidy-up": {"task": "recommendations.tasks.slow_tidy_up", "schedule": 3600.0, "options": {"expires": 3600}},
}
