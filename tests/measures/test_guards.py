"""What the codes and effects of the guards say by themselves."""

import pytest

from measures.actions import ACTION_CODES
from measures.guards import BODY, EASED, EFFECTS, MEDICAL, NO_TRAINING, PASSING, STOPS, Effect, Guard


def test_a_guard_is_its_code_wherever_it_is_kept():
    assert Guard.ILLNESS == "G02"
    assert f"lifts.{Guard.ILLNESS}" == "lifts.G02"
    assert {"G02": "kept"}[Guard.ILLNESS] == "kept"
    assert [guard.value for guard in Guard] == [f"G{number:02}" for number in range(1, 20)]


def test_what_may_never_be_lowered_is_of_health_and_age():
    assert {Guard.WARNING_SIGN, Guard.ILLNESS, Guard.COLD, Guard.INJURY, Guard.PAIN, Guard.AGE, Guard.HOLD} == STOPS
    assert MEDICAL < STOPS
    assert {Guard.HRV, Guard.SLEEP, Guard.ANSWERS, Guard.SIGNS} == BODY - STOPS
    assert {Guard.LAY_OFF, Guard.RACE} == PASSING - BODY


@pytest.mark.parametrize(
    ("effect", "left"),
    [
        (Effect.SUSPENDED, set()),
        (Effect.REST, set()),
        (Effect.RECOVERY, {"active_recovery"}),
        (Effect.CAPPED, {"active_recovery", "as_planned"}),
        (Effect.NO_INCREASE, {"active_recovery", "as_planned"}),
        (Effect.NO_INTENSITY, {"active_recovery", "as_planned", "increase_volume"}),
        (Effect.NO_VOLUME, {"active_recovery", "as_planned", "increase_intensity"}),
        (Effect.RULE_POLICY, {*ACTION_CODES}),
        (Effect.NONE, {*ACTION_CODES}),
    ],
)
def test_an_effect_leaves_a_coach_what_it_does_not_take(effect, left):
    assert effect.leaves == left


def test_the_strictest_effect_names_what_was_taken():
    assert (Effect.NO_INTENSITY | Effect.NO_VOLUME).code == "no_increase"
    assert (Effect.CAPPED | Effect.RECOVERY).code == "active_recovery"
    assert Effect.NONE.code == "none"
    assert all(effect.code == code for code, effect in EFFECTS.items())
    assert {"rest", "suspended"} == NO_TRAINING < EASED
