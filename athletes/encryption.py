"""Text columns that are unreadable in a stolen database file or backup."""

from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
else:
    TextField = models.TextField


@cache
def cipher() -> MultiFernet:
    """The first key encrypts; every key decrypts, so that keys can be rotated."""
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])


def decrypted(stored: str | None) -> str | None:
    return cipher().decrypt(stored.encode()).decode() if stored else stored


class EncryptedTextField(TextField):
    """Cannot be searched or ordered by: only ever read whole."""

    def get_prep_value(self, value: Any) -> Any:
        return cipher().encrypt(str(value).encode()).decode() if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypted(value)
