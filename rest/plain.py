"""A serializer's rules without its frame: values that are plainly fine pass in a tenth of the time.

The rules stay where they are declared, in the fields: their `to_internal_value`, limits and validators are read off the
serializer once. What is not plainly fine is not judged here: the serializer itself looks at it again and says what is
wrong, so there is one set of errors.
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    ProhibitNullCharactersValidator,
)
from rest_framework import serializers
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from rest import strict

Convert = Callable[[Any], Any]
MISSING = object()
NUMBERS = (strict.StrictFloatField, strict.StrictIntegerField)
OF_TEXT = (ProhibitNullCharactersValidator, ProhibitSurrogateCharactersValidator, MaxLengthValidator)


class NotPlain(ValueError):
    pass


def plainly(serializer: serializers.Serializer[Any]) -> Callable[[Any], dict[str, Any] | None]:
    """What `serializer.run_validation` would answer, or None: ask that one."""
    convert = compiled(serializer)

    def take(data: Any) -> dict[str, Any] | None:
        try:
            taken: dict[str, Any] = convert(data)
            return taken
        except (NotPlain, serializers.ValidationError, DjangoValidationError):
            return None

    return take


def compiled(serializer: Any) -> Convert:
    writable = [(str(name), field) for name, field in serializer.fields.items() if not field.read_only]
    for name, field in writable:
        if field.source != name or field.default is not serializers.empty or hasattr(serializer, f"validate_{name}"):
            raise TypeError(f"{type(serializer).__name__}.{name} is not a plain field")
    if not issubclass(type(serializer), strict.StrictFields) or serializer.validators:
        raise TypeError(f"{type(serializer).__name__} has rules of its own")
    names = frozenset(name for name, _ in writable)
    may_be_empty = serializer.parent is not None or serializer.may_be_empty
    plan = [
        (name, field.required and not serializer.partial, field.allow_null, conversion(field))
        for name, field in writable
    ]

    def convert(data: Any) -> dict[str, Any]:
        if type(data) is not dict or not (data or may_be_empty) or not names.issuperset(data):
            raise NotPlain
        taken: dict[str, Any] = {}
        for name, required, nullable, convert_field in plan:
            value = data.get(name, MISSING)
            if value is MISSING:
                if required:
                    raise NotPlain
            elif value is None:
                if not nullable:
                    raise NotPlain
                taken[name] = None
            else:
                taken[name] = convert_field(value)
        valid: dict[str, Any] = serializer.validate(taken)
        return valid

    return convert


def conversion(field: serializers.Field[Any, Any, Any, Any]) -> Convert:
    """A value's way through the field, without the checks for null and for nothing. Unknown kinds: the field's own."""
    if isinstance(field, strict.StrictSerializer):
        return compiled(field)
    if type(field) is strict.StrictCharField:
        return text_of(field)
    if type(field) in NUMBERS:
        return number_of(field)
    if type(field) in (strict.StrictChoiceField, strict.StrictBooleanField) or isinstance(
        field, strict.OffsetDateTimeField | strict.ISODateField
    ):
        return followed_by(field.to_internal_value, field.validators)
    return field.run_validation


def number_of(field: Any) -> Convert:
    low = max((v.limit_value for v in field.validators if type(v) is MinValueValidator), default=None)
    high = min((v.limit_value for v in field.validators if type(v) is MaxValueValidator), default=None)
    others = [v for v in field.validators if type(v) not in (MinValueValidator, MaxValueValidator)]
    take = followed_by(field.to_internal_value, others)

    def convert(value: Any) -> Any:
        number = take(value)
        if (low is not None and number < low) or (high is not None and number > high):
            raise NotPlain
        return number

    return convert


def text_of(field: Any) -> Convert:
    longest = min(v.limit_value for v in field.validators if type(v) is MaxLengthValidator)
    follow = followed_by(lambda text: text, [v for v in field.validators if type(v) not in OF_TEXT])
    trims = field.trim_whitespace

    def convert(value: Any) -> Any:
        if type(value) is not str or not value.isascii() or "\x00" in value or not (text := value.strip()):
            return field.run_validation(value)
        text = text if trims else value
        if len(text) > longest:
            raise NotPlain
        return follow(text)

    return convert


def followed_by(convert: Convert, validators: list[Any]) -> Convert:
    if not validators:
        return convert

    def converted(value: Any) -> Any:
        value = convert(value)
        for validator in validators:
            validator(value)
        return value

    return converted
