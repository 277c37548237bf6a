"""What the tests of this room share."""

import pytest

from athletes.signals import day_revised


@pytest.fixture
def news():
    """(athlete id, dates, whether phones ring) of each revision."""
    heard = []

    def listen(sender, *, athlete_id, dates, rings, **kwargs):
        heard.append((athlete_id, dates, rings))

    day_revised.connect(listen)
    yield heard
    day_revised.disconnect(listen)
