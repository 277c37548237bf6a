"""The whole text of sixty mornings, beside the golden file that people read.

A change of words is meant to change the file: with ``HOMESTRETCH_WRITE_MORNINGS=1`` this test writes it anew. Read it
aloud before committing it.
"""

import os
import re
from pathlib import Path

import pytest
from django.utils import translation

from tests.recommendations.mornings import MORNINGS, texts

GOLDEN = Path(__file__).parent / "mornings.txt"


@pytest.fixture(scope="module")
def told():
    with translation.override("en"):
        return list(texts())


def test_every_morning_reads_as_it_was_read_aloud(told):
    written = "\n\n".join(told) + "\n"
    if os.environ.get("HOMESTRETCH_WRITE_MORNINGS"):
        GOLDEN.write_text(written, encoding="utf-8")
    assert len(MORNINGS) >= 60
    assert written.splitlines() == GOLDEN.read_text(encoding="utf-8").splitlines()


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
