"""How long a request may wait for PostgreSQL: its thread is one of a few, and the caller can come again."""

from typing import Any

WEB_STATEMENT_S = 20


def end_long_statements(sender: Any, connection: Any, **kwargs: Any) -> None:
    """For each new connection of a web process; commands and the worker may take their time. Answered with 503."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = '{WEB_STATEMENT_S}s'")
