"""Text columns that are unreadable in a stolen database file or backup."""

from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
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


class Unreadable(str):
    """Read where no key opens the column. It is shown, counts as nothing, and stored again it is what it was."""

    stored: str

    @classmethod
    def of(cls, stored: str) -> "Unreadable":
        self = cls("(cannot be read)")
        self.stored = stored
        return self

    def __bool__(self) -> bool:
        return False


def decrypted(stored: str | None) -> str | None:
    if not stored:
        return stored
    try:
        return cipher().decrypt(stored.encode()).decode()
    except InvalidToken:
        return Unreadable.of(stored)


class EncryptedTextField(TextField):
    """Cannot be searched or ordered by: only ever read whole."""

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Unreadable):
            return value.stored
        return cipher().encrypt(str(value).encode()).decode() if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypted(value)
