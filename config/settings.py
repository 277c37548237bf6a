"""One settings file; the environment decides. A wrong value stops the start, a wrong combination is a system check."""

import base64
import ipaddress
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy

from config import broker
from rest.tracebacks import WithoutException, frames_without_values

env = broker.env
BASE_DIR: Path = broker.BASE_DIR
DATA_DIR: Path = broker.DATA_DIR

# embedded: one machine, one command, demo accounts. production: everything must be given.
MODE = env.str("HOMESTRETCH_MODE", default="production")
if MODE not in ("embedded", "production"):
    raise ImproperlyConfigured(f"HOMESTRETCH_MODE must be embedded or production, not {MODE!r}")
EMBEDDED = MODE == "embedded"

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
# Newest first; the older ones still decrypt (rotation).
FIELD_ENCRYPTION_KEYS: list[str] = env.list("FIELD_ENCRYPTION_KEYS")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PUBLIC_URL = env.str("HOMESTRETCH_PUBLIC_URL", default="http://localhost:8000")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",  # allauth's page of sessions says how long ago
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.idp.oidc",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_prometheus",
    "django_structlog",
    "simple_history",
    "csp",
    "athletes",
    "mlmodels",
    "recommendations",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "rest.requests.RequestLog",
    "athletes.people.languages.ReadersLanguage",
    "rest.requests.ApiRules",
    "rest.requests.SessionsOfPages",
    "rest.requests.SlashesOfPages",
    "django.middleware.csrf.CsrfViewMiddleware",
    "rest.requests.UsersOfPages",
    "rest.requests.MessagesOfPages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "athletes.sign_in.second_factor.SecondFactorOfStaff",
    "rest.requests.OwnSessionsOfPages",
    "simple_history.middleware.HistoryRequestMiddleware",
    "rest.requests.ContentSecurityPolicy",
    "rest.requests.Metrics",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- database ---------------------------------------------------------------------------------------------------------


def database() -> dict[str, Any]:
    config: dict[str, Any] = env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'homestretch.sqlite3'}")
    config["CONN_MAX_AGE"] = None
    config["CONN_HEALTH_CHECKS"] = True
    if "sqlite" in config["ENGINE"]:
        # Django's defaults gave 10 % "database is locked" under 8 writers; with these, none.
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
            " PRAGMA cache_size=-32000; PRAGMA mmap_size=134217728;",
        }
    elif "postgresql" in config["ENGINE"]:
        # Halves PostgreSQL's CPU: statements are prepared on their third use.
        options = {"server_side_binding": True, "prepare_threshold": 3}
        # Whoever waits longer is told 503 and comes again; a server that is gone must not hold a thread for minutes.
        patience = {
            "options": "-c lock_timeout=10s -c idle_in_transaction_session_timeout=120s",
            "connect_timeout": 5,
            "tcp_user_timeout": 20_000,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        }
        config["OPTIONS"] = patience | config.get("OPTIONS", {}) | options
    else:
        raise ImproperlyConfigured("DATABASE_URL must be sqlite:///... or postgres://...")
    return config


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Valkey: broker, throttles, wake hints ----------------------------------------------------------------------------

VALKEY_URL: str = broker.VALKEY_URL
CELERY_TASK_DEFAULT_QUEUE: str = broker.CELERY_TASK_DEFAULT_QUEUE  # where the web server puts its hints
CACHES = {
    "default": {
        "BACKEND": "storage.valkey.Cache",
        "LOCATION": VALKEY_URL,
        "OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2},
    },
    # While Valkey does not answer: what nobody may get round by that (storage.valkey)
    "without_valkey": {
        "BACKEND": "storage.valkey.Rows",
        "LOCATION": "athletes_limitwithoutvalkey",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # culling takes live entries too
    },
}

# --- people and sign-in -----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "athletes.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "athletes.sign_in.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Homestretch: "
# Whoever asks is answered alike, after the same work; a mail to an address without an account is not kept (adapter).
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
# An access token changes neither addresses nor second factor nor sessions: the password is asked for again.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_EMAIL_NOTIFICATIONS = True
USERSESSIONS_ADAPTER = "athletes.sign_in.accounts.SessionsAdapter"
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "athletes.sign_in.tokens.RefreshFamilies"
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 300
HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN = int(timedelta(days=30).total_seconds())
HEADLESS_JWT_ROTATE_REFRESH_TOKEN = True
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
IDP_OIDC_ADAPTER = "athletes.sign_in.clients.Adapter"
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 3600
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = int(timedelta(days=90).total_seconds())
IDP_OIDC_DEVICE_CODE_EXPIRES_IN = 600
IDP_OIDC_USERINFO_ENDPOINT = "/api/v1/me/"  # never advertised: allauth's own would answer without a scope
# Whoever is staff has so many days to set up a second factor; then the admin opens only with one.
STAFF_MFA_GRACE_DAYS = env.int("STAFF_MFA_GRACE_DAYS", default=14)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
USERSESSIONS_TRACK_ACTIVITY = False
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
# Every mail is a row first, in the caller's transaction; the worker takes it on by MAIL_TRANSPORT.
EMAIL_BACKEND = "athletes.people.mail.RowsBackend"
MAIL_TRANSPORT = f"django.core.mail.backends.{'filebased' if EMBEDDED else 'smtp'}.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"
if not EMBEDDED:
    vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25") | {"EMAIL_BACKEND": EMAIL_BACKEND})
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)  # seconds a call; without it a silent server holds the worker
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="homestretch@localhost")

# --- REST -------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["athletes.sign_in.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest.json.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest.json.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "rest.paging.RecordCursorPagination",
    "DEFAULT_THROTTLE_CLASSES": ["rest.throttling.WriteThrottle"],
    "DEFAULT_SCHEMA_CLASS": "rest.schema.ProblemAutoSchema",
    "EXCEPTION_HANDLER": "rest.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_METADATA_CLASS": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
WRITES_PER_MINUTE = env.int("HOMESTRETCH_WRITES_PER_MINUTE", default=120)
JOIN_TRIES_PER_10_MINUTES = 10
# /metrics: with a token only for who sends it as Bearer, else for these networks and never through a proxy.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
PRIVATE_NETWORKS = ["127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
METRICS_NETWORKS = [ipaddress.ip_network(given) for given in env.list("METRICS_NETWORKS", default=PRIVATE_NETWORKS)]
API_DESCRIPTION = """Morning check-ins in, the day's training advice with reasons out. Not medical advice.

**Sign in:** `POST /_allauth/app/v1/auth/login` with `{"email": ..., "password": ...}` answers `meta.access_token` (five
minutes) and `meta.refresh_token` (30 days, replaced at each use; `POST /_allauth/app/v1/tokens/refresh`). Send
`Authorization: Bearer <access_token>`. Sign-up (`auth/signup`) and a forgotten password take a code
from a mail: `docs/api/sign_in.md`.

**Conventions:** units are in the names (`_ms _s _min _bpm _au`); instants end in `_at` and carry an offset; `date` is
the athlete's local day. Null means not measured, zero never means missing. Unknown fields and parameters are refused.
Sending any write again is safe. Lists take `limit` and `cursor`. Errors are RFC 9457 problems with a stable `code`.
"""
SPECTACULAR_SETTINGS = {
    "TITLE": "Homestretch",
    "DESCRIPTION": API_DESCRIPTION,
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": [],  # enums stay where they are used: two fields called "status" need no invented names
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- the web process (config/front.py, config/serve.py) ---------------------------------------------------------------

HANDLER_THREADS = env.int("HOMESTRETCH_HANDLER_THREADS", default=4)  # one would let a check-in wait for a password
STUCK_AFTER_S = env.float("HOMESTRETCH_STUCK_AFTER_S", default=30.0)

# --- vendors' payloads ------------------------------------------------------------------------------------------------

UPLOADS_DIR = DATA_DIR / "uploads"  # raw bodies, 30 days; web and worker must share it
INGEST_AT_ONCE_BYTES = 1024 * 1024  # answered in the request, if it also holds no more readings than this:
INGEST_AT_ONCE_READINGS = 500
INGEST_JSON_BYTES = env.int("HOMESTRETCH_INGEST_JSON_BYTES", default=32 * 1024 * 1024)  # read as a whole
INGEST_FILE_BYTES = env.int("HOMESTRETCH_INGEST_FILE_BYTES", default=200 * 1024 * 1024)
INGEST_BYTES_PER_DAY = env.int("HOMESTRETCH_INGEST_BYTES_PER_DAY", default=512 * 1024 * 1024)  # of an athlete, unpacked
INGEST_KEPT_BYTES = env.int("HOMESTRETCH_INGEST_KEPT_BYTES", default=1024 * 1024 * 1024)  # of an athlete, worked off
INGEST_READER_BYTES = env.int("HOMESTRETCH_INGEST_READER_BYTES", default=512 * 1024 * 1024)  # a reader's memory
# Without its secret a vendor's webhook does not exist.
WEBHOOK_SECRETS = {
    "whoop": env.str("WHOOP_WEBHOOK_SECRET", default=""),  # the app's client secret
    "oura": env.str("OURA_WEBHOOK_SECRET", default=""),  # the app's client secret
    "open_wearables": env.str("OPEN_WEARABLES_WEBHOOK_SECRET", default=""),  # Svix's, whsec_...
}
OURA_VERIFICATION_TOKEN = env.str("OURA_VERIFICATION_TOKEN", default="")

# --- warning signs ----------------------------------------------------------------------------------------------------

EMERGENCY_NUMBER = env.str("EMERGENCY_NUMBER", default="112")

# --- push -------------------------------------------------------------------------------------------------------------

VAPID_PRIVATE_KEY = env.str("VAPID_PRIVATE_KEY", default="")
VAPID_CONTACT = env.str("VAPID_CONTACT", default="mailto:admin@localhost")
# A web-push endpoint is user input: only these hosts (and their subdomains) are ever called, over https.
PUSH_HOSTS: list[str] = env.list(
    "HOMESTRETCH_PUSH_HOSTS",
    default=["fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com"],
)
# For a local push service in tests and demos: origins that may be called over plain http. Never in production.
PUSH_INSECURE_ORIGINS: list[str] = env.list("HOMESTRETCH_PUSH_INSECURE_ORIGINS", default=[])
FCM_BASE_URL = env.str("FCM_BASE_URL", default="https://fcm.googleapis.com")
FCM_CREDENTIALS_FILE = env.str("FCM_CREDENTIALS_FILE", default="")

# --- language, time, files --------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# --- security ---------------------------------------------------------------------------------------------------------

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not EMBEDDED
SECURE_HSTS_SECONDS = 0 if EMBEDDED else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not EMBEDDED
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
# Each appends the address it was called from to X-Forwarded-For: so many entries from the right are true, no more.
PROXY_COUNT = env.int("PROXY_COUNT", default=int(BEHIND_PROXY))
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],  # the admin needs more, see rest.requests.ContentSecurityPolicy
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
    }
}

# --- logs: ids only, never a health value -----------------------------------------------------------------------------

DJANGO_STRUCTLOG_USER_ID_FIELD = ""  # reading request.user there freezes it: token sign-in then answers 401
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
DJANGO_STRUCTLOG_CELERY_ENABLED = False
LOG_RENDERER = structlog.dev.ConsoleRenderer(colors=False) if EMBEDDED else structlog.processors.JSONRenderer()
SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
    frames_without_values,
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": LOG_RENDERER,
            "foreign_pre_chain": SHARED_PROCESSORS,
        }
    },
    "filters": {"without_exception": {"()": WithoutException}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # These repeat the path or the Host header, the client's own text; the request's line says the same without it.
        "django.request": {"level": "CRITICAL"},
        "django.security": {"level": "CRITICAL"},
        "django.server": {"level": "WARNING"},
        "celery.app.trace": {"filters": ["without_exception"]},
    },
}
structlog.configure(
    processors=[*SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

UNFOLD = {
    "SITE_TITLE": "Homestretch",
    "SITE_HEADER": "Homestretch",
    "SITE_SUBHEADER": gettext_lazy("Squads, days and advice"),
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": None,
    "DASHBOARD_CALLBACK": "recommendations.coach.board.dashboard",
    "SIDEBAR": {"navigation": "recommendations.coach.menu.navigation"},
}


def _check_encryption_keys() -> None:
    for key in FIELD_ENCRYPTION_KEYS:
        if len(base64.urlsafe_b64decode(key)) != 32:
            raise ImproperlyConfigured(
                "FIELD_ENCRYPTION_KEYS must be Fernet keys (32 bytes, base64url), comma-separated"
            )


_check_encryption_keys()
