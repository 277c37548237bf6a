"""What the athlete, or the coach, reads of a decision, made by what serves it."""

from types import SimpleNamespace

from recommendations.advice import showing
from recommendations.models import Advice
from recommendations.words import wording
from recommendations.words.discretion import ITSELF, Reader

ATHLETE = ITSELF
COACH = Reader(own=False, values=True, medical=True)


def spoken(said: wording.Said, reader: Reader = ATHLETE) -> SimpleNamespace:
    return told(Advice(said=said.as_json(), prescription=said.prescription), reader)


def told(advice: Advice, reader: Reader = ATHLETE) -> SimpleNamespace:
    return SimpleNamespace(
        **showing.advised_body(advice, reader),
        reasons=showing.reasons_of(advice, reader),
        would_change_if=showing.changes_of(advice, own=reader.own),
    )
