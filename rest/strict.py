"""Serializers and fields that take exactly what the document says: nothing is converted, nothing is ignored."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, cast
from zoneinfo import available_timezones

from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.utils.formatting import lazy_format

from rest.problems import LISTED_CHOICE

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
LOCAL_TIME = re.compile(r"\d{2}:\d{2}(:\d{2})?", re.ASCII)
RFC3339 = re.compile(
    r"(?P<local>\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)(?P<offset>[Zz]|[+-]\d{2}:\d{2})?", re.ASCII
)
FARTHEST_OFFSET = timedelta(hours=14)  # Kiritimati; the other side ends at -12:00
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


if TYPE_CHECKING:
    MixedIn = serializers.Serializer[Any]  # what it is mixed into
else:
    MixedIn = object


class StrictFields(MixedIn):
    """Refuses fields it does not know, fields that are read-only, and an empty object."""

    may_be_empty = False
    default_error_messages = {
        "not_an_object": gettext_lazy("Must be an object."),
        "unknown_field": gettext_lazy("There is no such field."),
        "read_only_field": gettext_lazy("This field cannot be written."),
        "empty": gettext_lazy("Nothing was sent."),
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError({"non_field_errors": [self._problem("not_an_object")]})
        is_the_body = cast(Any, self.parent) is None  # the stubs take every serializer for a field of another
        if not data and is_the_body and not self.may_be_empty:
            raise serializers.ValidationError({"non_field_errors": [self._problem("empty")]})
        refused = {
            name: [self._problem("read_only_field" if name in self.fields else "unknown_field")]
            for name in data
            if name not in self.fields or self.fields[name].read_only
        }
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as failure:
            found = cast(dict[str, Any], failure.detail)  # of fields, by name
            raise serializers.ValidationError({**found, **refused}) from None
        if refused:
            raise serializers.ValidationError(refused)
        return value

    def _problem(self, code: str) -> serializers.ErrorDetail:
        return serializers.ErrorDetail(str(self.error_messages[code]), code)


class StrictSerializer(StrictFields, serializers.Serializer[Any]):
    pass


def speak_each_time(field: serializers.Field[Any, Any, Any, Any]) -> None:
    """DRF writes a limit's message once, in the language of who came first; our serializers live as long as the
    process."""
    limits: list[Any] = [each for each in field.validators if isinstance(getattr(each, "message", None), lazy_format)]
    for limit in limits:
        limit.message = format_lazy(limit.message.format_string, **limit.message.kwargs)


class StrictFloatField(serializers.FloatField):
    """A finite JSON number. `zero_is_missing`: 0 and -1 are how devices spell "not measured"; null is how we do."""

    default_error_messages = {
        "not_a_number": gettext_lazy("Must be a number."),
        "step": gettext_lazy("Must be a multiple of {step}."),
        "missing_sentinel": gettext_lazy(
            "0 and -1 are not measurements; send null, or nothing, for what was not measured."
        ),
    }

    def __init__(self, *, zero_is_missing: bool = False, step: float | None = None, **kwargs: Any) -> None:
        self.zero_is_missing, self.step = zero_is_missing, step
        super().__init__(**kwargs)
        speak_each_time(self)

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("not_a_number")
        try:
            value = float(data)
        except OverflowError:
            self.fail("not_a_number")
        if not math.isfinite(value):
            self.fail("not_a_number")
        if self.zero_is_missing and value in (0, -1):
            self.fail("missing_sentinel")
        if self.step and not math.isclose(value / self.step, round(value / self.step), abs_tol=1e-9):
            self.fail("step", step=f"{self.step:g}")
        return value


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer; 5.0, "5" and true are none."""

    default_error_messages = {
        "not_an_integer": gettext_lazy("Must be a whole number."),
        "missing_sentinel": StrictFloatField.default_error_messages["missing_sentinel"],
    }

    def __init__(self, *, zero_is_missing: bool = False, **kwargs: Any) -> None:
        self.zero_is_missing = zero_is_missing
        kwargs.setdefault("min_value", -(2**63))
        kwargs.setdefault("max_value", 2**63 - 1)
        super().__init__(**kwargs)
        speak_each_time(self)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("not_an_integer")
        if self.zero_is_missing and data in (0, -1):
            self.fail("missing_sentinel")
        return data


class StrictBooleanField(serializers.BooleanField):
    default_error_messages = {"not_a_boolean": gettext_lazy("Must be true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("not_a_boolean")
        return data


class StrictCharField(serializers.CharField):
    """Text. NUL is refused by DRF's own validator, half surrogates by the parser."""

    default_error_messages = {"not_a_string": gettext_lazy("Must be a string.")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 2000)
        super().__init__(**kwargs)
        speak_each_time(self)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and data is not None and not isinstance(data, str):
            self.fail("not_a_string")
        return super().run_validation(data)


class StrictChoiceField(serializers.ChoiceField):
    """Its error lists the codes of the document, never what was sent."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices=choices, **kwargs)
        self.listed = ", ".join(str(code) for code in self.choices if code != "")

    def fail(self, key: str, **kwargs: Any) -> NoReturn:
        if key == "invalid_choice":
            raise serializers.ValidationError(_("Not one of: %(codes)s.") % {"codes": self.listed}, LISTED_CHOICE)
        super().fail(key, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice")
        return super().to_internal_value(data)


class StrictUUIDField(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ISODateField(serializers.DateField):
    """2026-11-22 and nothing else: no week dates, no times."""

    default_error_messages = {"not_a_date": gettext_lazy("Must be a date like 2026-11-22.")}

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not ISO_DATE.fullmatch(value):
            self.fail("not_a_date")
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail("not_a_date")


@extend_schema_field({"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2})?$", "examples": ["06:30"]})
class LocalTimeField(serializers.TimeField):
    """06:30 or 06:30:00, on the athlete's own clock."""

    default_error_messages = {"not_a_time": gettext_lazy("Must be a local time like 06:30.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", **kwargs)

    def to_internal_value(self, value: Any) -> time:
        if not isinstance(value, str) or not LOCAL_TIME.fullmatch(value):
            self.fail("not_a_time")
        try:
            return time.fromisoformat(value)
        except ValueError:
            self.fail("not_a_time")


class OffsetDateTimeField(serializers.DateTimeField):
    """An RFC 3339 instant with its offset. The offset is kept: it decides to which local day a record belongs."""

    default_error_messages = {
        "not_an_instant": gettext_lazy("Must be a time like 2026-11-22T06:52:10+08:00."),
        "missing_offset": gettext_lazy("The time needs an offset, like +08:00 or Z."),
        "out_of_range": gettext_lazy("The time or its offset is out of range."),
    }

    def to_internal_value(self, value: Any) -> datetime:
        match = RFC3339.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.fail("not_an_instant")
        if match["offset"] is None:
            self.fail("missing_offset")
        try:
            instant = datetime.fromisoformat(value.upper())
        except ValueError:
            self.fail("not_an_instant")
        offset = instant.utcoffset() or timedelta()
        if abs(offset) > FARTHEST_OFFSET or not EARLIEST <= instant < LATEST:
            self.fail("out_of_range")
        return instant


@cache
def zones() -> frozenset[str]:
    """Asking for them walks the tz database's folders, 10 ms each time."""
    return frozenset(available_timezones())


@extend_schema_field({"type": "string", "examples": ["Europe/Berlin"]})
class TimezoneField(StrictCharField):
    """An IANA zone that this server's tz database knows."""

    default_error_messages = {"unknown_timezone": gettext_lazy("Not an IANA time zone such as Europe/Berlin.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in zones():
            self.fail("unknown_timezone")
        return name
