"""Columns that are unreadable in a stolen database file or backup. No statement can search or order by them."""

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    TextField = models.TextField[Any, Any]
else:
    TextField = models.TextField

SAME_LENGTH = 31  # bytes: the longest code has 18, and a 32nd would begin another block of AES


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


def encrypted(value: str) -> str:
    return cipher().encrypt(value.encode()).decode()


def decrypted(stored: str | None) -> str | None:
    if not stored:
        return stored
    try:
        return cipher().decrypt(stored.encode()).decode()
    except InvalidToken:
        return Unreadable.of(stored)


class EncryptedTextField(TextField):
    """Only ever read whole. Empty is stored as empty."""

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Unreadable):
            return value.stored
        return self.to_stored(value) if value else value

    def to_stored(self, value: Any) -> str:
        return encrypted(str(value))

    def from_stored(self, stored: str | None) -> Any:
        return decrypted(stored)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return self.from_stored(value)


class EncryptedCodeField(EncryptedTextField):
    """One of a few codes, all stored at one length: else the length would tell which it is."""

    def to_stored(self, value: Any) -> str:
        return padded(str(value))

    def from_stored(self, stored: str | None) -> Any:
        return unpadded(stored)


class EncryptedJSONField(EncryptedTextField):
    """A number, or yes and no; null is stored as null."""

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Unreadable):
            return None if value is None else value.stored
        return padded(json.dumps(value))

    def from_stored(self, stored: str | None) -> Any:
        return loaded(stored)


def padded(value: str) -> str:
    block = SAME_LENGTH + 1
    spaces = -(len(value.encode()) + 1) % block
    return encrypted(value + " " * spaces)


def unpadded(stored: str | None) -> str | None:
    found = decrypted(stored)
    return found if not found or isinstance(found, Unreadable) else found.rstrip(" ")


def loaded(stored: str | None) -> Any:
    found = decrypted(stored)
    return found if not found or isinstance(found, Unreadable) else json.loads(found)
