import io

import orjson
import pytest

from rest.json import JSONRenderer, StrictJSONParser, depth_of
from rest.problems import Problem


class Request:
    def __init__(self, **headers):
        self.META = headers


def parse(body: bytes, **headers):
    return StrictJSONParser().parse(io.BytesIO(body), "application/json", {"request": Request(**headers)})


def refusal(body: bytes, **headers) -> tuple[int, str]:
    with pytest.raises(Problem) as caught:
        parse(body, **headers)
    return caught.value.status_code, caught.value.code


def test_an_object_is_taken_as_it_is():
    assert parse('{"fatigue": 4, "notes": "tired, ümlaut 😀", "hrv": {"value_ms": 62.0}, "list": ["a"]}'.encode()) == {
        "fatigue": 4,
        "notes": "tired, ümlaut 😀",
        "hrv": {"value_ms": 62.0},
        "list": ["a"],
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_json"),
        (b'{"fatigue": 4', "malformed_json"),
        (b'\xef\xbb\xbf{"fatigue": 4}', "malformed_json"),
        (b'{"notes": "\xff"}', "not_utf8"),
        ('{"fatigue": 4}'.encode("utf-16"), "not_utf8"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, "too_deep"),
        (b"[" * 10_000, "too_deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "malformed_json"),
        (b'{"a": 1e999}', "number_too_large"),
        (b'{"a": -1e999}', "number_too_large"),
        (b'{"a": NaN}', "not_a_number"),
        (b'{"a": [Infinity]}', "not_a_number"),
        (b'{"a": -Infinity}', "not_a_number"),
        (b'{"a": nan}', "malformed_json"),
        (b'{"a": 1, "a": 1}', "duplicate_key"),
        (b'{"hrv": {"a": 1, "a": 2}}', "duplicate_key"),
        (b'{"a": "x\\u0000y"}', "forbidden_character"),
        (b'{"a\\u0000": 1}', "forbidden_character"),
        (b'{"a": [["\\ud800"]]}', "forbidden_character"),
        (b'{"a": "\\udfff"}', "forbidden_character"),
    ],
)
def test_what_is_not_one_plain_object_is_400(body, code):
    assert refusal(body) == (400, code)


def test_a_surrogate_pair_is_a_character():
    assert parse(rb'{"notes": "\ud83d\ude00"}') == {"notes": "😀"}


def test_brackets_in_text_do_not_nest():
    assert depth_of('{"notes": "' + "[" * 100 + '\\"{"}') == 1
    assert depth_of("[" * 17 + "]" * 17) == 17


def test_a_body_over_the_limit_is_413_whatever_its_content_length_says():
    body = b'{"notes": "' + b"x" * 65_536 + b'"}'
    assert refusal(body) == (413, "body_too_large")
    assert refusal(body, CONTENT_LENGTH="10") == (413, "body_too_large")
    assert refusal(b"{}", CONTENT_LENGTH="999999999999") == (413, "body_too_large")


def test_a_body_that_ends_early_is_refused_even_if_it_is_whole_json():
    assert refusal(b'{"fatigue": 4}', CONTENT_LENGTH="200") == (400, "incomplete_body")


def test_a_view_may_take_more():
    class View:
        max_body_bytes = 100_000

    body = b'{"notes": "' + b"x" * 65_536 + b'"}'
    context = {"request": Request(), "view": View()}
    assert len(StrictJSONParser().parse(io.BytesIO(body), "application/json", context)["notes"]) == 65_536


def test_compressed_bodies_are_415():
    assert refusal(b"\x1f\x8b", HTTP_CONTENT_ENCODING="gzip") == (415, "unsupported_content_encoding")


def test_nan_is_written_as_null():
    assert orjson.loads(JSONRenderer().render({"hrv": float("nan"), "load": float("inf")})) == {
        "hrv": None,
        "load": None,
    }


def test_a_type_json_does_not_know_is_an_error_and_no_silent_null():
    with pytest.raises(TypeError):
        JSONRenderer().render({"a": object()})
