"""Found by Django by this name: whoever registers a model is imported here."""

from athletes.admin import days, exchange, people, records  # noqa: F401
