"""What a coach reads who is shown no medical detail: that health asks for less, how much less, and nothing of why.

Which illness, injury, pain, hold or note it is must not be told by a code, a sentence, an order, a colour or a gap
either: all of these read as "health". That a warning sign stands is told, because a doctor has to look at it and
somebody has to clear it; which one is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measures.guards import EASED, MEDICAL, PASSING, Effect, Guard
from recommendations.models import Advice, Warning
from recommendations.words import sentences, wording

Row = dict[str, Any]
HEALTH = "health"
STOPS = {"illness", "injury", "pain", "medical_hold"}
"""Why advice is withheld."""
REASONS = (sentences.HEALTH_CODES - {"red_flag", "warning_sign_cleared"}) | {"illness_signs"}
WARNINGS = {"possible_illness", "low_availability"}
LINES = {"care.illness", "care.pain_today", "care.pain_tomorrow", *(f"lifts.{code}" for code in MEDICAL & PASSING)}
"""Sentences of the detail."""
FEATURES = {"sick", "sick_share"}


@dataclass(frozen=True, slots=True)
class Reader:
    """`own`: it is the athlete, who is spoken to; a coach is told of the athlete. `values`: may see HRV, sleep and
    load; without, numbers are left out, codes remain. `medical`: may see what this module hides. `program`: somebody
    else's, which the athlete let in; it reads none of her own notes. The language is the active one."""

    own: bool
    values: bool
    medical: bool
    program: bool = False


ITSELF = Reader(own=True, values=True, medical=True)


# --- codes ------------------------------------------------------------------------------------------------------------


def stop_shown(reason: str, reader: Reader) -> str:
    return HEALTH if not reader.medical and reason in STOPS else reason


def withheld_reason(advice: Advice, reader: Reader) -> str:
    return stop_shown(advice.withheld_reason, reader)


def withheld_words(advice: Advice, reader: Reader) -> str:
    shown = withheld_reason(advice, reader)
    return sentences.label(HEALTH) if shown == HEALTH else str(advice.get_withheld_reason_display())


def guards_shown(advice: Advice, reader: Reader) -> list[Row]:
    """The deciding one first; of health each effect once."""
    shown: list[Row] = []
    for guard in advice.guards:
        hidden = hides_guard(guard, advice.observation, reader)
        told = {**guard, "code": HEALTH} if hidden else dict(guard)
        if not (hidden and told in shown):
            shown.append(told)
    return shown


def hides_guard(guard: Mapping[str, Any], observation: Row | None, reader: Reader) -> bool:
    if reader.medical:
        return False
    return hides_code(guard, reader) or (bool(observation) and reason_code(guard, observation or {}) in REASONS)


def hides_code(guard: Mapping[str, Any], reader: Reader) -> bool:
    """Whatever was observed. Of a warning sign the guard is about a note where it suspends nothing."""
    of_note = guard["code"] == Guard.WARNING_SIGN and guard["effect"] != Effect.SUSPENDED.code
    return not reader.medical and (of_note or guard["code"] in MEDICAL)


def reason_code(guard: Mapping[str, Any], observation: Row) -> str:
    return wording.guard_line(guard["code"], guard["effect"], observation).key.partition(".")[0]


def reasons_shown(advice: Advice, reader: Reader) -> list[Row]:
    """As they are kept; what is of health is one, that says no more."""
    shown: list[Row] = []
    for reason in advice.said["reasons"]:
        hidden = not reader.medical and wording.code_of(reason) in REASONS
        told = {"key": HEALTH} if hidden else reason
        if told not in shown:
            shown.append(told)
    return shown


def words_are_shown(reason: Mapping[str, Any], reader: Reader) -> bool:
    """With its numbers; else what it is about stands alone. Words of health need no consent to other values."""
    of_illness = (reason.get("numbers") or {}).get("what") in FEATURES
    if wording.code_of(reason) == HEALTH or (of_illness and not reader.medical):
        return False
    return reader.medical if wording.code_of(reason) in sentences.HEALTH_CODES else reader.values


def guard_is_worded(guard: Mapping[str, Any], reader: Reader) -> bool:
    """One that is shown by its own code. Its words are made of the observation."""
    return reader.medical if guard["code"] in MEDICAL else reader.values


# --- sentences --------------------------------------------------------------------------------------------------------


def headline_shown(advice: Advice, reader: Reader) -> Row:
    headline: Row = advice.said["headline"]
    if is_withheld_for_health(advice, reader):
        return {"key": "headline.health"}
    if not reader.medical and "text" in headline and hidden_effects(advice, reader):
        return {"key": f"headline.{what_to_do(advice)}"}
    return headline


def detail_shown(advice: Advice, reader: Reader) -> list[Row]:
    """One sentence on health whatever it is: a sentence that is there for one illness only would tell which."""
    if is_withheld_for_health(advice, reader):
        return [{"key": "no_advice.health"}]
    kept: list[Row] = advice.said["detail"]
    if reader.medical or not (effects := hidden_effects(advice, reader)):
        return kept
    shown = [line for line in kept if "text" not in line and line["key"] not in LINES]
    first, *rest = shown or [{"key": f"do.{what_to_do(advice)}"}]
    return [first, *([{"key": "care.health"}] if effects & EASED else []), *rest]


def hides_choice(advice: Advice, reader: Reader) -> bool:
    """What the policy would have chosen, and what it expects, tells whether it saw an illness or pain."""
    if reader.medical:
        return False
    return withheld_reason(advice, reader) == HEALTH or bool(hidden_effects(advice, reader))


def is_withheld_for_health(advice: Advice, reader: Reader) -> bool:
    return not reader.medical and withheld_reason(advice, reader) == HEALTH


def hidden_effects(advice: Advice, reader: Reader) -> set[str]:
    """What guards ask for today, of which the reader does not learn why."""
    return {guard["effect"] for guard in advice.guards if hides_guard(guard, advice.observation, reader)}


def what_to_do(advice: Advice) -> str:
    """In place of words that an earlier version kept, and that nobody can tell the health of."""
    return "rest" if any(guard["effect"] == "rest" for guard in advice.guards) else advice.action


# --- warnings ---------------------------------------------------------------------------------------------------------


def hides_warning(warning: Warning, reader: Reader) -> bool:
    return warning.kind in WARNINGS and not reader.medical


def warning_kind(warning: Warning, reader: Reader) -> str:
    return HEALTH if hides_warning(warning, reader) else warning.kind


def in_order(warnings: Sequence[Warning], reader: Reader) -> list[Warning]:
    """Those of health last: their place among the others would tell which they are."""
    return sorted(warnings, key=lambda warning: hides_warning(warning, reader))


# --- numbers ----------------------------------------------------------------------------------------------------------


def contributions_shown(values: Sequence[Row], reader: Reader) -> list[Row]:
    return [value for value in values if reader.medical or value["feature"] not in FEATURES]
