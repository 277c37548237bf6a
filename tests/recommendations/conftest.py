"""Fixtures of this folder; a file that has one of the same name means its own."""

from tests.recommendations.pushing import clock, phone, waiting  # noqa: F401
