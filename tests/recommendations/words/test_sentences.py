"""Every sentence in both its forms: the athlete is spoken to, the coach is told."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from measures.guards import PASSING, Effect
from mlmodels.deciding import hazards
from recommendations.models import OrderCode
from recommendations.words import discretion, sentences, wording
from recommendations.words.sentences import CodedSentence, words, words_kept

ALL = sentences.SENTENCES | {
    f"{table}.{key}": sentence
    for table in ("WARNINGS", "ORDERS", "SIGNS")
    for key, sentence in getattr(sentences, table).items()
}
PLACEHOLDER = re.compile(r"%\(\w+\)[.\d]*[sdf]")
# Change a word, raise sentences.WORDING_VERSION, and add its digest here: advice keeps the version it was shown with.
DIGESTS = {1: "c6865fe7e256cac0", 2: "04f8fbb5aeae6868"}


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
    keys |= {f"lifts.{code}" for code in PASSING} | {f"do.{part}" for _most, part in wording.PARTS}
    keys |= set(re.findall(r'(?:Reason|of_hrv|rising)\(\s*"([\w.]+)"', source))
    assert len(keys) > 70
    assert keys <= set(sentences.SENTENCES)
    codes = {key.partition(".")[0] for key in sentences.REASONS} | set(hazards.KIND_CODES)
    effects = {effect.code for effect in Effect.__members__.values()} - {"none"}
    assert set(sentences.LABELS) == codes | effects | {discretion.HEALTH}
    assert set(sentences.ORDERS) == set(OrderCode.values)


def test_a_changed_sentence_is_a_new_version_of_the_wording():
    texts = {key: [sources(promise) for promise in ALL[key]] for key in sorted(ALL)}
    for table in ("UNLIKE", "LABELS"):
        texts |= {f"{table}.{code}": sources(text) for code, text in getattr(sentences, table).items()}
    digest = hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]
    assert digest == DIGESTS[sentences.WORDING_VERSION]


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ({"key": "headline.something_new"}, "something new"),
        ({"key": "short_sleep.two_nights"}, "Short sleep"),
        ({"key": "several_signs", "numbers": {"signs": []}}, "Several signs"),
        ({"key": "several_signs", "numbers": {"signs": ["aura"]}}, "Several signs"),
        ({"key": "unlike_training", "numbers": {"what": "the_moon"}}, "Unlike training"),
        ({"key": "short_sleep.night", "numbers": {"minutes": 300}}, "Short sleep"),
        ({"key": "short_sleep.night"}, "Short sleep"),
        ({"key": "pain.of_10", "numbers": {"pain": "much"}}, "Pain"),
    ],
)
def test_a_line_of_another_version_is_named_and_takes_no_page_down(kept, shown):
    assert words_kept(kept, own=True) == shown


@pytest.mark.parametrize(("hours", "shown"), [(299 / 60, "5.0"), (4.8, "4.8"), (239 / 60, "4.0"), (4.85, "4.8")])
def test_numbers_are_rounded_and_read_the_same_before_and_after_they_were_kept(hours, shown):
    line = CodedSentence("short_sleep.night", {"hours": hours})
    assert words(line, own=True) == words_kept(line.as_json(), own=True) == f"You slept {shown} h last night"


@pytest.mark.parametrize(
    ("hrv_days", "load_days", "shown"),
    [
        (999, 4, "No HRV has been measured yet. No training or rest was reported for 4 days."),
        (5, 0, "No HRV was measured for 5 days."),
        (1, 1, "No HRV was measured for 1 day. No training or rest was reported for 1 day."),
    ],
)
def test_only_what_is_missing_is_named_and_never_for_999_days(hrv_days, load_days, shown):
    evidence = {"hrv_age_days": float(hrv_days), "load_unlogged_days": float(load_days)}
    assert sentences.warning_words("missing_data", evidence, own=True) == shown
