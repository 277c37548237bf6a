"""Whether this code and these keys belong to this database. Asked once, before a process serves or works.

With new keys every row with an encrypted note answered 500, and a newer database under older code looked healthy.
"""

import sys
from importlib import resources

from django.apps import apps
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from athletes.models import KeyCheck
from storage.encryption import EncryptedTextField, Unreadable

WORD = "homestretch"
NOT_TO_BE_TRIED_AGAIN = 78  # EX_CONFIG: started again it would say the same
WRONG_KEYS = (
    "The database was encrypted with other FIELD_ENCRYPTION_KEYS: put back the secrets.env (or the variable) that "
    "belongs to it, from your backup; nothing was changed."
)
NEWER = (
    "The database was written by a newer Homestretch ({app}.{name}): start that version again, or restore a backup "
    "that was made before the upgrade; nothing was changed."
)


def stop_unless_it_fits() -> None:
    if reason := what_does_not_fit():
        print(reason, file=sys.stderr, flush=True)
        sys.exit(NOT_TO_BE_TRIED_AGAIN)


def what_does_not_fit() -> str:
    """Empty when all is well, and when the database cannot be asked: that is said by who uses it."""
    try:
        if unknown := unknown_migration():
            return NEWER.format(app=unknown[0], name=unknown[1])
        return "" if keys_fit() else WRONG_KEYS
    except DatabaseError:
        return ""
    finally:
        connection.close()  # nothing that is open may be forked


def unknown_migration() -> tuple[str, str] | None:
    """One that was applied, and that this code does not have."""
    for app in ("athletes", "mlmodels", "recommendations"):
        package = apps.get_app_config(app).name + ".migrations"
        ours = {file.name.removesuffix(".py") for file in resources.files(package).iterdir()} if has(package) else set()
        applied = MigrationRecorder(connection).migration_qs.filter(app=app).order_by("-name")
        for name in applied.values_list("name", flat=True):
            if name not in ours:
                return app, str(name)
    return None


def has(package: str) -> bool:
    try:
        return resources.files(package).is_dir()
    except ModuleNotFoundError:
        return False


def keys_fit() -> bool:
    kept = KeyCheck.objects.first()
    if kept is not None:
        return not isinstance(kept.word, Unreadable)
    if an_older_row_is_unreadable():
        return False
    KeyCheck.objects.get_or_create(pk=1, defaults={"word": WORD})
    return True


def an_older_row_is_unreadable() -> bool:
    """For a database from before there was a key check: the newest encrypted value of each column."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedTextField):
                newest = model._default_manager.exclude(**{field.name: ""}).order_by("-pk")
                if isinstance(newest.values_list(field.name, flat=True).first(), Unreadable):
                    return True
    return False
