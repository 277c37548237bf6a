"""Who a session stands for, in one statement: the user and the athlete profile beside it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.contrib.sessions.models import Session
from django.db import connection, models

from athletes.models import Athlete, User
from storage.encryption import EncryptedCodeField

M = TypeVar("M", bound=models.Model)
Converters = list[tuple[int, Any, list[Callable[..., Any]]]]  # place in the row, expression, converters


def signed_in(session_key: str, user_id: int, now: datetime, *, narrow: bool = False) -> tuple[str, User] | None:
    """The data of a session that has not ended, and the user with the athlete profile already read.

    `narrow`: without what storing a check-in does not need; a column that is asked for after all is read then.
    """
    of_user, of_athlete = _account_columns(User, narrow), _account_columns(Athlete, narrow)
    with connection.cursor() as cursor:
        cursor.execute(_signed_in_sql(narrow), [session_key, connection.ops.adapt_datetimefield_value(now), user_id])
        row = cursor.fetchone()
    if row is None:
        return None
    first = 1 + len(of_user)
    user = _instance(User, of_user, row[1:first])
    if row[first] is not None:
        _instance(Athlete, of_athlete, row[first:]).user = user  # fills the caches of both sides
    else:
        User._meta.get_field("athlete").set_cached_value(user, None)  # known: nobody asks
    return row[0], user


@cache
def _signed_in_sql(narrow: bool) -> str:
    columns = [
        f'{alias}."{field.column}"'
        for alias, model in (("u", User), ("a", Athlete))
        for field in _account_columns(model, narrow)
    ]
    return (
        f'SELECT s."session_data", {", ".join(columns)} FROM "{User._meta.db_table}" u'  # noqa: S608
        f' JOIN "{Session._meta.db_table}" s ON s."session_key" = %s AND s."expire_date" > %s'
        f' LEFT JOIN "{Athlete._meta.db_table}" a ON a."user_id" = u."id" WHERE u."id" = %s'
    )


Columns = tuple["models.Field[Any, Any]", ...]


@cache
def _account_columns(model: type[models.Model], narrow: bool) -> Columns:
    """The key comes first. Times and codes that are encrypted are the dearest columns to read, and of the user only
    sign-in counts."""
    fields = tuple(model._meta.concrete_fields)
    if not narrow:
        return fields
    if model is User:
        return tuple(field for field in fields if field.attname in ("id", "password", "is_active"))
    dear = (models.DateTimeField, models.TimeField, EncryptedCodeField)
    return tuple(field for field in fields if not isinstance(field, dear))


def _instance(model: type[M], fields: Columns, row: Sequence[Any]) -> M:
    values = list(row)
    for place, expression, converters in _converters(model, fields):
        for convert in converters:
            values[place] = convert(values[place], expression, connection)
    return model.from_db(connection.alias, [field.attname for field in fields], values)


@cache
def _converters(model: type[models.Model], fields: Columns) -> Converters:
    """Per column that needs it what turns the database's value into Python's: the ORM's own converters."""
    found: Converters = []
    for place, field in enumerate(fields):
        expression = field.get_col(model._meta.db_table)
        converters = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
        if converters:
            found.append((place, expression, converters))
    return found
