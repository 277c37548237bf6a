"""Fixtures of this folder."""

from tests.rest.asking import asker  # noqa: F401
