"""Every sentence in both its forms: the athlete is spoken to, the coach is told."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from mlmodels import guard, hazards
from recommendations import sentences, wording
from recommendations.models import OrderCode

ALL = sentences.SENTENCES | {
    f"{table}.{key}": sentence
    for table in ("WARNINGS", "ORDERS", "SIGNS")
    for key, sentence in getattr(sentences, table).items()
}
PLACEHOLDER = re.compile(r"%\(\w+\)[.\d]*[sdf]")
# Change a word, raise sentences.WORDING_VERSION, and add its digest here: advice keeps the version it was shown with.
DIGESTS = {1: "f988e2bcfb099b3b"}


def sources(promise):
    """The English texts of a lazy translation, the plural's too."""
    kept = vars(promise)
    return [kept["_kw"]["singular"], kept["_kw"]["plural"]] if kept["_kw"] else [kept["_args"][0]]


@pytest.mark.parametrize("key", ALL)
def test_the_coach_is_told_with_the_same_numbers_and_not_called_you(key):
    you, coach = (sources(promise) for promise in ALL[key])
    assert [set(PLACEHOLDER.findall(text)) for text in you] == [set(PLACEHOLDER.findall(text)) for text in coach]
    for text in coach:
        assert not re.search(r"\byou(r|rs|rself)?\b", text.replace("Your plan counts", ""), re.IGNORECASE), text


def test_what_is_said_has_words_and_a_label():
    source = Path(wording.__file__).read_text()
    keys = set(re.findall(r'"((?:do|care|less|change|lifts|headline|no_advice)\.\w+)"', source))
    keys |= {f"lifts.{code}" for code in wording.LIFTED} | {f"do.{part}" for _most, part in wording.PARTS}
    keys |= set(re.findall(r'(?:Reason|of_hrv|rising)\(\s*"([\w.]+)"', source))
    assert len(keys) > 70
    assert keys <= set(sentences.SENTENCES)
    codes = {key.partition(".")[0] for key in sentences.REASONS} | set(hazards.KIND_CODES)
    effects = {effect.code for effect in guard.Effect.__members__.values()} - {"none"}
    assert set(sentences.LABELS) == codes | effects
    assert set(sentences.ORDERS) == set(OrderCode.values)


def test_a_changed_sentence_is_a_new_version_of_the_wording():
    texts = {key: [sources(promise) for promise in ALL[key]] for key in sorted(ALL)}
    digest = hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]
    assert digest == DIGESTS[sentences.WORDING_VERSION]
