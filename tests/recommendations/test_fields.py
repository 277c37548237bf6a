"""Numbers of an advice as bytes: as exact as they were, and nothing that has no place goes lost."""

import pytest
from django.core import serializers
from hypothesis import given
from hypothesis import strategies as st

from measures.actions import ACTION_CODES
from recommendations.fields import ByActionField, ObservationField
from recommendations.models import Advice
from tests.factories import make_advice
from tests.recommendations.seasons import TODAY

BY_ACTION = st.dictionaries(st.sampled_from(ACTION_CODES), st.floats(allow_nan=False, allow_infinity=False))


@given(BY_ACTION)
def test_a_number_for_an_action_comes_back_to_the_last_bit(numbers):
    assert ByActionField().unpack(ByActionField().pack(numbers)) == numbers


@pytest.mark.parametrize("field", [ByActionField(), ObservationField()])
def test_a_name_without_a_place_is_refused(field):
    with pytest.raises(ValueError, match="moon_phase"):
        field.pack({"moon_phase": 1.0})


@pytest.mark.django_db
def test_an_advice_reads_as_it_was_written(alice):
    written = {
        "observation": {"acwr": 1.1, "weekday": 3},
        "q_values": {"as_planned": -0.1},
        "doses": {},
        "said": {"headline": {"key": "headline.as_planned"}},
    }
    advice = make_advice(alice, TODAY, **written)
    kept = Advice.objects.get(pk=advice.pk)
    assert {name: value for name, value in kept.observation.items() if value is not None} == written["observation"]
    assert (kept.q_values, kept.doses, kept.said) == (written["q_values"], {}, written["said"])
    Advice.objects.filter(pk=advice.pk).update(observation=None, q_values=None)
    assert Advice.objects.filter(observation=None, q_values=None).exists()


@pytest.mark.django_db
def test_an_advice_is_dumped_as_what_it_says_and_loaded_again(alice):
    written = {"observation": {"acwr": 1.1}, "q_values": {"as_planned": -0.1}, "said": {"detail": []}}
    advice = make_advice(alice, TODAY, **written)
    dumped = serializers.serialize("json", [advice])
    Advice.objects.all().delete()
    for loaded in serializers.deserialize("json", dumped):
        loaded.save()
    kept = Advice.objects.get(pk=advice.pk)
    assert (kept.observation["acwr"], kept.q_values, kept.said) == (1.1, written["q_values"], written["said"])
