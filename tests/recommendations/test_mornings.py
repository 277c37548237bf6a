"""The whole text of sixty mornings, beside the golden files that people read.

A change of words is meant to change the files: with ``HOMESTRETCH_WRITE_MORNINGS=1`` this test writes them anew. Read
them aloud before committing them.
"""

import os
import re
from pathlib import Path

import pytest
from django.utils import translation

from tests.recommendations.mornings import MORNINGS, decisions, text_of
from tests.recommendations.speaking import ATHLETE, COACH

HERE = Path(__file__).parent
GOLDEN = [
    ("mornings.txt", "en", ATHLETE),
    ("mornings-coach.txt", "en", COACH),
    ("mornings-de.txt", "de", ATHLETE),
    ("mornings-de-coach.txt", "de", COACH),
    ("mornings-zh-Hans.txt", "zh-hans", ATHLETE),
    ("mornings-zh-Hans-coach.txt", "zh-hans", COACH),
]


@pytest.fixture(scope="module")
def said():
    return list(decisions())


@pytest.fixture(scope="module")
def told(said):
    with translation.override("en"):
        return [text_of(*each, ATHLETE) for each in said]


@pytest.mark.parametrize(("file", "language", "reader"), GOLDEN)
def test_every_morning_reads_as_it_was_read_aloud(said, file, language, reader):
    with translation.override(language):
        written = "\n\n".join(text_of(*each, reader) for each in said) + "\n"
    if os.environ.get("HOMESTRETCH_WRITE_MORNINGS"):
        (HERE / file).write_text(written, encoding="utf-8")
    assert len(MORNINGS) >= 60
    assert written.splitlines() == (HERE / file).read_text(encoding="utf-8").splitlines()


def test_the_words_agree_with_the_dose(told):
    for text in told:
        dose = re.search(r"= (\d+) of (\d+) AU", text)
        if dose is None:
            continue
        load, planned = map(int, dose.groups())
        if "unchanged" in text:
            assert load == planned, text
        if "Do a little more" in text or "Go a little harder" in text:
            assert load > planned, text
        if "Do a part" in text or "Take it easy" in text:
            assert 0 < load < planned, text
        if "Rest today" in text:
            assert load == 0, text
        if minutes := re.search(r"(\d+)-(\d+) minutes easy", text):
            assert int(minutes[2]) * 3 <= load < (int(minutes[2]) + 5) * 3, text
