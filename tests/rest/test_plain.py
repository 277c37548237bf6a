"""The short ways answer what the long ways answer, or nothing at all."""

import copy
import json
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.serializers import ValidationError

from athletes.models import CheckIn, Day
from athletes.serializers import BODIES, CheckInBody
from athletes.views import plain_check_in
from athletes.views.records import EXAMPLES, MORNING, CheckInOfDate
from rest.json import plain_object, read_strictly
from rest.plain import plainly
from rest.problems import Problem

VALIDATORS = {"check_in": CheckInBody(), **{kind: body() for kind, body in BODIES.items()}}
PLAIN = {kind: plainly(validator) for kind, validator in VALIDATORS.items()}
BEGUN = {"check_in": MORNING, **EXAMPLES}

texts = st.one_of(
    st.text(max_size=8),
    st.sampled_from([
        "", " ", " a ", "rmssd", "none", "niggle", "Z", "2026-11-22", "2026-W47-1", "2026-02-30", "Europe/Berlin",
        "Mars/Base", "2026-11-22T06:40:00Z", "2026-11-22T06:40:00+01:00", "2026-11-22T06:40:00",
        "2026-11-22T06:40:00-00:00",
        "0001-01-01T00:00:00+14:00", "a\x00b", "ü", "x" * 200, "garmin", "400m", "gates", "\n",
    ]),
)  # fmt: skip
numbers = st.one_of(
    st.integers(-3, 400), st.sampled_from([2**31, 2**62, 2**63, 10**400, 0, -1]), st.floats(allow_nan=True),
    st.sampled_from([0.0, -0.0, 0.5, 7.25, 1e308]), st.booleans(),
)  # fmt: skip
scalars = st.one_of(st.none(), texts, numbers)
anything = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3))
)


@st.composite
def bodies(draw):
    """An example with some fields changed, some of another kind's added and some left out."""
    kind = draw(st.sampled_from(sorted(BEGUN)))
    data = copy.deepcopy(BEGUN[kind])
    names = [*VALIDATORS[kind].fields, "unknown"]
    for name in draw(st.lists(st.sampled_from(names), max_size=3)):
        if isinstance(data.get(name), dict) and draw(st.booleans()):
            inner = draw(st.sampled_from([*data[name], "unknown"]))
            data[name] = {**data[name], inner: draw(anything)}
        else:
            data[name] = draw(anything)
    for name in draw(st.lists(st.sampled_from(sorted(data)), max_size=2)):
        data.pop(name, None)
    return kind, data


@given(bodies())
def test_what_passes_plainly_is_what_the_serializer_makes_of_it(body):
    kind, data = body
    plain = PLAIN[kind](copy.deepcopy(data))
    if plain is not None:
        whole = VALIDATORS[kind].run_validation(data)
        assert plain == whole
        assert [*map(repr, plain.items())] == [*map(repr, whole.items())]  # and in its order, and its types


@given(bodies())
def test_what_the_serializer_refuses_never_passes_plainly(body):
    kind, data = body
    try:
        VALIDATORS[kind].run_validation(data)
    except ValidationError:
        assert PLAIN[kind](data) is None


@pytest.mark.parametrize("kind", BEGUN)
def test_the_examples_pass_plainly(kind):
    assert PLAIN[kind](BEGUN[kind]) == VALIDATORS[kind].run_validation(BEGUN[kind])


json_texts = st.builds(
    lambda value, indent, ascii_only: json.dumps(value, indent=indent, ensure_ascii=ascii_only),
    st.dictionaries(texts, anything, max_size=4), st.sampled_from([None, 1]), st.booleans(),
)  # fmt: skip


@st.composite
def damaged(draw):
    """JSON with a piece cut out, doubled, or replaced by what readers differ about."""
    text = draw(json_texts)
    first = draw(st.integers(0, len(text)))
    last = draw(st.integers(first, min(len(text), first + 6)))
    odd = [
        "",
        text[first:last] * 2,
        "-0",
        "-0.0",
        "1e400",
        "NaN",
        "9" * 30,
        '"a":1,"a":2',
        "[[[[",
        "\ufeff",
        "\t",
        ":",
        "0.1e-400",
    ]
    return text[:first] + draw(st.sampled_from(odd)) + text[last:]


@given(st.one_of(json_texts, damaged()))
def test_json_read_plainly_is_json_read_strictly(text):
    body = text.encode(errors="surrogatepass")
    plain = plain_object(body)
    try:
        strict = read_strictly(body)
    except Problem:
        strict = None
    if plain is not None:
        assert repr(plain) == repr(strict)


@pytest.mark.parametrize("body", [b'{"a": 1, "a": 1}', b'{"a": {"b": ":", "b": 1}}', b'{":": 1, ":": 2, "x": "::"}'])
def test_a_key_given_twice_is_never_plain(body):
    assert plain_object(body) is None


# --- a check-in ------------------------------------------------------------------------------------------------------

TODAY = timezone.now().date()


def answered(client, day, body, **headers):
    response = client.put(f"/api/v1/check-ins/{day}/", body, headers=headers)
    content = response.json()
    for name in ("request_id", "id", "submitted_at", "updated_at"):
        content.pop(name, None)
    day_told = json.dumps(content.get("day", {}))
    content["day"] = json.loads(day_told.replace(str(CheckIn.objects.values_list("pk", flat=True).first()), "its id"))
    for name in ("revised_at", "checked_in_at"):
        content["day"].pop(name, None)
    return response.status_code, dict(response.headers), content


CASES = {
    "a morning": (TODAY, MORNING),
    "an empty body": (TODAY, {}),
    "nothing measured": (TODAY, {"notes": "well"}),
    "an error in it": (TODAY, {"fatigue": 9}),
    "an unknown field": (TODAY, {"fatigue": 4, "x": 1}),
    "tomorrow": (TODAY + timedelta(days=2), {"fatigue": 4}),
    "too old": (TODAY - timedelta(days=20), {"fatigue": 4}),
    "no date": ("today", {"fatigue": 4}),
    "beyond the scale": (TODAY, {"fatigue": 7}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_short_way_answers_as_the_view_does(alice, api, valkey, monkeypatch, case):
    day, body = CASES[case]
    short = answered(api(alice), day, body)
    CheckIn.objects.all().delete()
    Day.objects.all().delete()
    monkeypatch.setattr(plain_check_in, "answer", lambda *args: None)
    assert short == answered(api(alice), day, body)


def test_a_plain_morning_takes_the_short_way(alice, api, valkey, monkeypatch):
    monkeypatch.setattr(CheckInOfDate, "put", None)
    assert api(alice).put(f"/api/v1/check-ins/{TODAY}/", MORNING).status_code == 201
    again = api(alice).put(f"/api/v1/check-ins/{TODAY}/", MORNING)
    assert (again.status_code, again.json()["status"]) == (200, "unchanged")


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Accept": "text/html"}, 406), ({"Content-Encoding": "br"}, 415), ({"Authorization": "Bearer a.b.c"}, 401)],
)
def test_what_is_out_of_the_ordinary_is_left_to_the_view(alice, api, valkey, headers, status):
    response = api(alice).put(f"/api/v1/check-ins/{TODAY}/", MORNING, headers=headers)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert not CheckIn.objects.exists()


def test_over_the_limit_the_short_way_stores_nothing(alice, api, valkey, settings):
    settings.WRITES_PER_MINUTE = 2
    client = api(alice)
    statuses = [client.put(f"/api/v1/check-ins/{TODAY}/", {"fatigue": n}).status_code for n in (1, 2, 3, 4)]
    assert statuses == [201, 200, 429, 429]
    assert CheckIn.objects.get().fatigue == 2


def test_who_has_no_athlete_profile_is_told_so(charlie, api, valkey):
    response = api(charlie).put(f"/api/v1/check-ins/{TODAY}/", MORNING)
    assert (response.status_code, response.json()["code"]) == (403, "not_an_athlete")
