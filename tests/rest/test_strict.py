from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from rest_framework.serializers import ValidationError

from rest import strict
from rest.problems import errors_of


def code_of(field, value) -> str:
    with pytest.raises(ValidationError) as refused:
        field.run_validation(value)
    (code,) = {problem["code"] for problem in errors_of(refused.value.detail)}
    return code


@pytest.mark.parametrize("value", [True, False, "6", "6e1", [], {}, float("nan"), float("inf"), 10**400])
def test_only_a_finite_json_number_is_a_number(value):
    assert code_of(strict.StrictFloatField(), value) == "not_a_number"


@pytest.mark.parametrize("value", [True, "6", 6.0, 6.5, []])
def test_only_a_json_integer_is_an_integer(value):
    assert code_of(strict.StrictIntegerField(), value) == "not_an_integer"


def test_ranges_are_kept():
    field = strict.StrictFloatField(min_value=1, max_value=5)
    assert field.run_validation(5) == 5.0
    assert code_of(field, 0.99) == "min_value"
    assert code_of(field, 5.01) == "max_value"
    assert code_of(strict.StrictIntegerField(), 2**63) == "max_value"


@pytest.mark.parametrize("field", [strict.StrictFloatField, strict.StrictIntegerField])
@pytest.mark.parametrize("value", [0, -1])
def test_zero_never_means_missing(field, value):
    assert code_of(field(zero_is_missing=True, min_value=1), value) == "missing_sentinel"


def test_steps_are_kept():
    field = strict.StrictFloatField(step=0.5)
    assert field.run_validation(7.5) == 7.5
    assert code_of(field, 7.3) == "step"


@pytest.mark.parametrize("value", ["true", 1, 0, "on", []])
def test_only_true_and_false_are_booleans(value):
    assert code_of(strict.StrictBooleanField(), value) == "not_a_boolean"


@pytest.mark.parametrize("value", [5, 5.0, True, [], {}])
def test_only_a_string_is_text(value):
    assert code_of(strict.StrictCharField(), value) == "not_a_string"


def test_choices_name_the_allowed_values_and_do_not_repeat_what_was_sent():
    with pytest.raises(ValidationError) as refused:
        strict.StrictChoiceField(choices=["a", "b"]).run_validation("secret")
    assert list(errors_of(refused.value.detail)) == [
        {"pointer": "#", "code": "invalid_choice", "message": "Not one of: a, b."}
    ]
    assert code_of(strict.StrictChoiceField(choices=["1"]), 1) == "invalid_choice"
    assert code_of(strict.StrictChoiceField(choices=["a"]), ["a"]) == "invalid_choice"


@pytest.mark.parametrize(
    "value",
    ["2026-W45-1", "2026-313", "20261109", "2026-02-30", "2026-11-09T00:00:00Z", "2026-11-9", 20261109, "٢٠٢٦-11-09"],
)
def test_a_date_is_written_in_one_way(value):
    assert code_of(strict.ISODateField(), value) == "not_a_date"


def test_a_date():
    assert strict.ISODateField().run_validation("2026-11-09") == date(2026, 11, 9)


def test_a_local_time():
    assert strict.LocalTimeField().run_validation("06:30") == time(6, 30)
    assert code_of(strict.LocalTimeField(), "6:30") == "not_a_time"
    assert code_of(strict.LocalTimeField(), "24:30") == "not_a_time"


def test_an_instant_keeps_its_offset():
    instant = strict.OffsetDateTimeField().run_validation("2026-11-22T06:52:10+08:00")
    assert instant == datetime(2026, 11, 22, 6, 52, 10, tzinfo=timezone(timedelta(hours=8)))
    assert instant.utcoffset() == timedelta(hours=8)
    assert strict.OffsetDateTimeField().run_validation("2026-11-22t06:52:10.123456789z").tzinfo == UTC


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("2026-11-22T06:52:10", "missing_offset"),
        ("2026-11-22T06:52:10+25:00", "not_an_instant"),
        ("2026-11-22T06:52:10+15:00", "out_of_range"),
        ("2026-11-22T06:52:60Z", "not_an_instant"),
        ("0001-01-01T00:00:00+14:00", "out_of_range"),
        ("9999-12-31T23:59:59-14:00", "out_of_range"),
        ("2026-11-22", "not_an_instant"),
        ("2026-W45-1T06:52:10Z", "not_an_instant"),
        (1700000000, "not_an_instant"),
        ("now", "not_an_instant"),
    ],
)
def test_an_instant_needs_an_offset_and_a_sane_range(value, code):
    assert code_of(strict.OffsetDateTimeField(), value) == code


def test_a_time_zone_is_an_iana_zone():
    assert strict.TimezoneField().run_validation("Asia/Kathmandu") == "Asia/Kathmandu"
    assert code_of(strict.TimezoneField(), "Mars/Olympus") == "unknown_timezone"
    assert code_of(strict.TimezoneField(), "../../etc/passwd") == "unknown_timezone"


class Reading(strict.StrictSerializer):
    value_ms = strict.StrictFloatField(min_value=1, max_value=500)


class Morning(strict.StrictSerializer):
    fatigue = strict.StrictIntegerField(min_value=1, max_value=5, required=False)
    hrv = Reading(required=False)
    load_au = strict.StrictFloatField(read_only=True)


def problems(data) -> list[tuple[str, str]]:
    serializer = Morning(data=data)
    assert not serializer.is_valid()
    return [(problem["pointer"], problem["code"]) for problem in errors_of(serializer.errors)]


def test_every_bad_field_is_named_at_once():
    assert problems({"fatigue": 9, "hrv": {"value_ms": "62", "unit": "ms"}, "load_au": 3, "a/b~": 1}) == [
        ("#/fatigue", "max_value"),
        ("#/hrv/value_ms", "not_a_number"),
        ("#/hrv/unit", "unknown_field"),
        ("#/load_au", "read_only_field"),
        ("#/a~1b~0", "unknown_field"),
    ]


def test_nothing_is_not_something():
    assert problems({}) == [("#", "empty")]
    assert problems({"hrv": []}) == [("#/hrv", "not_an_object")]
    assert problems({"fatigue": None}) == [("#/fatigue", "null")]
