"""Query parameters are taken as strictly as bodies: an unknown, repeated or malformed one is 400, never ignored."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from rest.paging import invalid_parameter
from rest.problems import Problem, error, errors_of
from rest.strict import ISODateField, OffsetDateTimeField

LONGEST_RANGE_DAYS = 3660
PAGE_PARAMETERS = ("cursor", "limit")
DESCRIPTIONS = {
    "date_from": ("date", "First local date, included."),
    "date_to": ("date", "Last local date, included."),
    "updated_since": ("date-time", "Only what changed at or after this instant."),
}


def strict_query(request: Any, allowed: Iterable[str] = ()) -> dict[str, str]:
    """The query parameters as a plain dict. For views that take parameters of their own."""
    names = set(allowed)
    errors = [
        error(
            "unknown_parameter" if name not in names else "repeated_parameter",
            _("Not accepted here."),
            parameter=name[:64],
        )
        for name, values in request.GET.lists()
        if name not in names or len(values) > 1
    ]
    if errors:
        raise Problem(400, errors[0]["code"], _("A query parameter cannot be accepted."), errors)
    return {name: str(request.GET[name]) for name in request.GET}


def date_parameter(query: dict[str, str], name: str) -> date | None:
    with as_parameter(name):
        return ISODateField().to_internal_value(query[name]) if name in query else None


def instant_parameter(query: dict[str, str], name: str) -> datetime | None:
    # In a query string a bare + is a space: +08:00 arrives as " 08:00" from clients that forget to encode it.
    with as_parameter(name):
        return OffsetDateTimeField().to_internal_value(query[name].replace(" ", "+")) if name in query else None


@contextmanager
def as_parameter(name: str) -> Iterator[None]:
    """A field's refusal becomes a problem that names the query parameter."""
    try:
        yield
    except serializers.ValidationError as failure:
        refusal = next(errors_of(failure.detail))
        raise invalid_parameter(name, refusal["code"], refusal["message"]) from None


class RecordFilter(BaseFilterBackend):
    """date_from, date_to, updated_since. A view names fewer with `filter_parameters`, another column with
    `date_column` and `updated_column`, and what it reads itself with `query_parameters`."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        names = filter_parameters(view)
        query = strict_query(request, (*names, *PAGE_PARAMETERS, *getattr(view, "query_parameters", ())))
        date_from, date_to = date_parameter(query, "date_from"), date_parameter(query, "date_to")
        check_range(date_from, date_to)
        bounds = {
            f"{getattr(view, 'date_column', 'date')}__gte": date_from,
            f"{getattr(view, 'date_column', 'date')}__lte": date_to,
            f"{getattr(view, 'updated_column', 'updated_at')}__gte": instant_parameter(query, "updated_since"),
        }
        return queryset.filter(**{lookup: bound for lookup, bound in bounds.items() if bound is not None})

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": DESCRIPTIONS[name][1],
                "schema": {"type": "string", "format": DESCRIPTIONS[name][0]},
            }
            for name in filter_parameters(view)
        ]


def filter_parameters(view: Any) -> tuple[str, ...]:
    return tuple(getattr(view, "filter_parameters", tuple(DESCRIPTIONS)))


def check_range(date_from: date | None, date_to: date | None) -> None:
    if date_from and date_to:
        if date_from > date_to:
            raise invalid_parameter("date_to", "reversed_range", _("Must not be before date_from."))
        if (date_to - date_from).days > LONGEST_RANGE_DAYS:
            raise invalid_parameter(
                "date_to", "range_too_long", _("At most %(days)d days after date_from.") % {"days": LONGEST_RANGE_DAYS}
            )
