"""Sentences: true to the numbers, honest about what is not known, never a prophecy."""

import re

import numpy as np
import pytest
from django.utils import translation

from mlmodels.deciding import guard, hazards
from mlmodels.deciding.decision import decide_observed
from mlmodels.policies.policy import RulePolicy
from mlmodels.state.observation import Observation
from recommendations.advice.drafting import WITHHELD_AS, decided
from recommendations.inputs.active_policy import NoPolicy
from recommendations.models import Advice
from recommendations.words import sentences, wording
from recommendations.words.wording import Decided
from tests.recommendations import speaking


def say(decided, reader=speaking.ATHLETE):
    return speaking.spoken(wording.say(decided), reader)


PROPHECY = re.compile(
    r"\b(will (be|get|become|cause)|injur(y|ies) (is|are) (likely|predicted)|you will)\b", re.IGNORECASE
)

NOTHING_SPECIAL = {name: None if name in guard._MAY_BE_MISSING else 0 for name in Observation.__dataclass_fields__}
KNOWN = NOTHING_SPECIAL | {
    "days_since_illness": 999, "load_known_days": 60,
    "planned_load_au": 400.0, "plan_automatic": 0, "hrv_z": -1.2, "hrv_mean_7d_ms": 55.1, "hrv_range_low_ms": 58.0,
    "hrv_range_high_ms": 71.2, "hrv_low_days": 5, "acwr": 1.05, "sleep_z": 0.1, "hrv_age_days": 0,
    "load_unlogged_days": 0, "sleep_age_days": 0,
}  # fmt: skip


def random_observations(n: int, seed: int) -> Observation:
    """Values of the right order, a third of what may be missing is, in combinations no morning would have."""
    dice = np.random.default_rng(seed)
    columns = {}
    for name in Observation.__dataclass_fields__:
        scale = 1.6 if name == "acwr" else 400.0 if name.endswith("_au") else 8.0
        values = np.abs(dice.normal(0, scale, n))
        if name.endswith("_z"):
            values = dice.normal(0, 1.5, n)
        if name.startswith(("ill", "inj", "red", "plan_auto", "hrv_era_ch", "seeded", "advice", "weekday")):
            values = dice.integers(0, 2, n).astype(float)
        if name.endswith(("_days", "_nights")) or name in ("return_week", "tests_down", "unavailable_28d"):
            values = np.floor(values)
        missing = (dice.random(n) < 0.33) & (name in guard._MAY_BE_MISSING)
        columns[name] = np.where(missing, np.nan, values)
    return Observation(**columns)


def test_every_verdict_has_words_whatever_is_missing():
    obs = random_observations(3000, seed=7)
    for verdict in decide_observed(obs, NoPolicy()):
        withheld = WITHHELD_AS.get(verdict.withheld_reason, verdict.withheld_reason)
        for reader in (speaking.ATHLETE, speaking.COACH):
            said = say(decided(verdict, withheld, provisional=True), reader)
            assert said.headline and said.detail
            assert len(said.reasons) <= 3
            shown = " ".join([said.headline, said.detail, *(reason["text"] for reason in said.reasons)])
            assert not PROPHECY.search(shown), shown
            assert "None" not in shown and "nan" not in shown, shown


def test_every_guard_and_every_warning_has_a_text():
    assert set(wording.BECAUSE_OF) == set(guard.GUARD_CODES)
    assert {key.partition(".")[0] for key in sentences.WARNINGS} == set(hazards.KIND_CODES)
    assert set(Advice.WithheldReason.values) == set(sentences.NO_ADVICE) - {"pending", "expired", "health"}
    assert {f"headline.{reason}" for reason in sentences.NO_ADVICE} <= set(sentences.HEADLINES)


def test_every_warning_can_be_said_with_what_it_rests_on():
    for found in hazards.hazards_of(random_observations(3000, seed=3)):
        for hazard in found:
            for own in (True, False):
                text = sentences.warning_words(hazard.kind, hazard.inputs, own=own)
                assert text and "None" not in text and not PROPHECY.search(text)


def test_low_hrv_is_said_with_its_number_its_unit_and_its_range():
    said = say(
        Decided(
            action="active_recovery", policy_action="increase_volume", withheld_reason="", stage="learned",
            guards=(("G08", "active_recovery"),), seen=KNOWN, load_au=140.0, load_change_pct=-65.0, share=0.0,
        )
    )  # fmt: skip
    assert said.headline == "Take it easy today"
    assert said.detail == (
        "30-45 minutes easy (RPE 3 at most), some mobility, and an earlier night."
        " Lifts after two mornings in a row in your normal range."
    )
    assert said.reasons == [
        {
            "code": "hrv_below_range",
            "text": "Your 7-day HRV has been below your normal range for 5 days",
            "value": 55.1,
            "unit": "ms",
            "range": [58.0, 71.2],
        }
    ]
    assert said.would_change_if == []  # nobody can lift it today
    assert said.prescription == {
        "load_au": 140.0,
        "planned_load_au": 400.0,
        "planned_by": "plan",
        "load_change_pct": -65.0,
        "high_intensity_share": 0.0,
        "rpe_max": 3,
        "duration_min": [30, 45],  # at RPE 3 at most the 140 AU that are prescribed
        "example": "30-45 minutes easy (RPE 3 at most), some mobility, and an earlier night.",
    }


def test_what_would_change_it_is_not_said_when_a_second_guard_stands_in_the_way():
    said = say(
        Decided(
            action="active_recovery", policy_action="increase_volume", withheld_reason="", stage="learned",
            guards=(("G08", "active_recovery"), ("G09", "no_increase")), seen=KNOWN | {"sleep_h": 4.5},
        )
    )  # fmt: skip
    assert said.would_change_if == []


def test_a_plan_that_would_rise_too_fast_is_not_said_to_have_risen_already():
    said = say(
        Decided(
            action="as_planned", policy_action="as_planned", withheld_reason="", stage="learned",
            guards=(("G06", "load_capped"),), seen=KNOWN | {"acwr": 1.38}, load_au=310.0, load_change_pct=-22.5,
        )
    )  # fmt: skip
    assert said.reasons[0] == {
        "code": "plan_would_rise_fast",
        "text": "With the whole session your load would rise very fast",
        "value": 1.38,
        "unit": "ratio",
        "range": [0.8, 1.3],
    }
    assert said.would_change_if == []


def test_a_capped_session_is_not_called_unchanged_and_names_the_prescribed_load():
    said = say(
        Decided(
            action="as_planned", policy_action="increase_volume", withheld_reason="", stage="learned",
            guards=(("G06", "load_capped"),), seen=KNOWN | {"acwr": 1.38}, load_au=310.4, load_change_pct=-22.4,
            share=0.3,
        )
    )  # fmt: skip
    assert said.headline == "Do a part of today's session"
    assert said.detail == (
        "About three quarters of the planned session: the same speeds, fewer repetitions or minutes."
    )
    assert said.prescription is not None
    assert (said.prescription["load_au"], said.prescription["planned_load_au"]) == (310, 400)
    assert said.prescription["example"] in said.detail


@pytest.mark.parametrize(
    ("guards", "seen", "line"),
    [
        ((("G09", "no_increase"),), {"sleep_h": 4.5}, None),
        ((("G09", "active_recovery"),), {"sleep_mean_3d_h": 5.0}, None),
        ((("G05", "active_recovery"),), {"pain_0_10": 4}, None),
        ((("G14", "no_increase"),), {"hrv_age_days": 5, "check_in_age_days": 0}, ("hrv_age_days", "<=", 0.0)),
        ((("G14", "no_increase"),), {"hrv_age_days": 5, "check_in_age_days": 1}, None),
        ((("G06", "no_volume"),), {}, None),
    ],
)
def test_what_would_change_it_is_only_said_where_one_value_would(guards, seen, line):
    said = say(
        Decided(
            action="as_planned", policy_action="increase_volume", withheld_reason="", stage="learned", guards=guards,
            seen=KNOWN | seen,
        )
    )  # fmt: skip
    shown = [(change["feature"], change["op"], change["value"]) for change in said.would_change_if]
    assert shown == ([line] if line else [])


@pytest.mark.parametrize(
    ("action", "codes"),
    [
        ("as_planned", ["hrv_below_range", "load_steady", "sleep_usual"]),
        ("increase_volume", ["load_steady", "sleep_usual"]),  # low HRV is no reason to do more
    ],
)
def test_without_a_guard_the_state_itself_is_the_reason(action, codes):
    said = say(Decided(action=action, policy_action=action, withheld_reason="", stage="learned", seen=KNOWN))
    assert [reason["code"] for reason in said.reasons] == codes


def held_by(*guards, stage="learned", **seen):
    return say(
        Decided(
            action="as_planned", policy_action="increase_volume", withheld_reason="", stage=stage, guards=guards,
            seen=KNOWN | seen,
        )
    )  # fmt: skip


WELLNESS = {"soreness_worst_days": 1, "readiness_worst_days": 1, "soreness_1_5": 1.0, "readiness_1_5": 1.0}


@pytest.mark.parametrize(
    ("held", "texts"),
    [
        (held_by(("G10", "no_increase"), **WELLNESS), ["You rated this morning 1.0 of 5"]),
        (held_by(("G10", "no_increase"), **WELLNESS | {"readiness_1_5": 3.0}), ["You rated your muscles 1 of 5"]),
        (
            held_by(("G05", "no_increase"), niggle=1),
            ["You reported a niggle: nothing is added while it is there"],
        ),
        (
            held_by(("G08", "no_increase"), hrv_low_days=1, hrv_rmssd_ms=20.0, hrv_today_z=-2.6),
            ["Your HRV this morning (20 ms) is far below your usual"],
        ),
        (
            held_by(
                ("G07", "no_increase"), ("G15", "no_increase"), stage="profile", load_known_days=0, week_load_au=None,
                previous_week_load_au=None,
            ),
            ["Not enough training logged yet to judge more"],
        ),
    ],
)  # fmt: skip
def test_a_hold_names_what_it_rests_on(held, texts):
    assert [reason["text"] for reason in held.reasons] == texts


def test_what_the_athlete_said_is_heard_among_many_reasons():
    guards = (("G12", "no_increase"), ("G11", "no_increase"), ("G17", "no_increase"), ("G10", "no_increase"))
    said = held_by(*guards, return_week=1, monotony=2.5, **WELLNESS)
    assert [reason["code"] for reason in said.reasons] == ["return_from_layoff", "wellness_low", "monotony"]


def test_a_short_night_gives_the_plan_a_word_of_care_and_fever_names_the_doctor():
    assert "After a short night, make it shorter" in held_by(("G09", "no_increase"), sleep_h=4.5).detail
    assert "See a doctor if the fever" in held_by(("G02", "rest"), days_since_illness=0, illness=3).detail


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"used_fallback": True}, "The learned model was not used today; this follows a simple rule."),
        ({"stage": "provisional"}, "You are still new here: this follows a simple rule, not yet the learned model."),
        ({"stage": "profile"}, "Your first week: your plan counts, until more is known of you."),
        ({"provisional": True}, "Provisional: it may change when more of this morning's data arrive."),
    ],
)
def test_it_says_when_it_knows_less(changes, sentence):
    plain = {
        "action": "as_planned",
        "policy_action": "as_planned",
        "withheld_reason": "",
        "stage": "learned",
        "seen": KNOWN,
    }
    assert sentence not in say(Decided(**plain)).detail
    assert say(Decided(**plain | changes)).detail.endswith(sentence)


def test_the_texts_go_through_gettext():
    with translation.override("de"):
        assert say(Decided(action="", policy_action="", withheld_reason="injury")).headline


def test_the_rule_policy_is_the_fallback_that_never_increases():
    obs = random_observations(500, seed=1)
    assert set(RulePolicy().choose(obs)) <= {2, 3}


SEEN = random_observations(1, seed=1).row(0) | KNOWN


def test_doubt_reads_as_doubt_and_is_the_plan():
    said = say(Decided(action="as_planned", policy_action="as_planned", withheld_reason="", stage="learned",
                       seen=SEEN, load_au=400.0, load_change_pct=0.0, share=0.2, unclear=True))  # fmt: skip
    assert said.headline == "No clear difference: train as planned"
    assert said.reasons[0] == {
        "code": "no_clear_difference",
        "text": "Nothing stands above your plan by more than the model may be wrong",
        "value": None, "unit": "", "range": None,
    }  # fmt: skip


def test_a_guard_that_decides_outranks_the_words_of_doubt():
    said = say(Decided(action="active_recovery", policy_action="as_planned", withheld_reason="", stage="learned",
                       guards=(("G03", "active_recovery"),), seen=SEEN, load_au=140.0, load_change_pct=-65.0,
                       share=0.0, unclear=True))  # fmt: skip
    assert said.headline == "Take it easy today"
    assert "no_clear_difference" not in {reason["code"] for reason in said.reasons}


def test_a_braked_recovery_says_that_the_load_fell_by_advice():
    said = say(Decided(action="as_planned", policy_action="as_planned", withheld_reason="", stage="learned",
                       seen=SEEN | {"chronic_au": 231.0, "lref_au": 300.0}, load_au=400.0, load_change_pct=0.0,
                       share=0.2, braked=True))  # fmt: skip
    assert said.reasons[0]["text"] == "Your load is down to 77 % of your usual, mostly by easy days you were advised"


def test_a_stranger_reads_by_what_the_model_does_not_know_them():
    said = say(Decided(action="as_planned", policy_action="as_planned", withheld_reason="", stage="learned",
                       guards=(("G15", "no_increase"),), seen=SEEN, load_au=400.0, load_change_pct=0.0, share=0.2,
                       used_fallback=True, strange="load_unevenness"))  # fmt: skip
    assert said.reasons[0]["code"] == "unlike_training"
    assert said.reasons[0]["text"] == (
        "Your last four weeks look unlike all that the model has learned from: how the load is spread over the days"
    )
    assert "The learned model was not used today; this follows a simple rule." in said.detail


def test_the_strong_signs_are_named_as_the_guard_counts_them():
    obs = random_observations(3000, seed=5)
    nobody = np.zeros(len(obs), dtype=bool)
    with np.errstate(invalid="ignore"):
        counted = np.stack(guard._strong_signs(guard._Seen(obs, nobody, nobody)), axis=1)
    named = [[there for _, there in wording.strong_signs(row)] for row in obs.rows()]
    assert counted.tolist() == named
    assert counted.any(axis=0).all() and not counted.all(axis=0).any()
