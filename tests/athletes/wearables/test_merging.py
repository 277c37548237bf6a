"""Stages of sleep that come one by one become sessions: of each night one source, never a mixture."""

from datetime import UTC, datetime, timedelta

from athletes.wearables.merging import Segment, sessions
from athletes.wearables.readings import Tally

NIGHT = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)


def segment(stage, start_h, end_h, source="watch"):
    return Segment(stage, NIGHT + timedelta(hours=start_h), NIGHT + timedelta(hours=end_h), source, "here")


def merged(*segments):
    tally = Tally()
    return sessions(segments, tally), tally


def test_stages_of_a_watch_outdo_a_longer_sleep_of_an_app_that_knows_no_stages():
    (night,), tally = merged(segment("asleep", -1, 8, "app"), segment("light", 0, 4), segment("rem", 4, 7))
    assert (night.source, night.data()["duration_s"]) == ("watch", 7 * 3600)
    assert tally.ignored == {"sleep of another source that tells less": 1}


def test_fragments_up_to_two_hours_apart_are_one_session_and_farther_ones_are_two():
    one, _ = merged(segment("light", 0, 2), segment("light", 4, 7))
    two, _ = merged(segment("light", 0, 2), segment("light", 4.01, 7))
    assert [len(found) for found in (one, two)] == [1, 2]


def test_stages_that_overlap_or_come_twice_are_counted_once():
    (night,), _ = merged(
        segment("light", 0, 4), segment("light", 0, 4), segment("deep", 3, 5), segment("light", 2, 4.5)
    )
    assert night.data() == {
        "start_at": NIGHT, "end_at": NIGHT + timedelta(hours=5), "timezone": None, "duration_s": 5 * 3600,
        "time_in_bed_s": None, "awake_s": None, "light_s": 4.5 * 3600, "deep_s": 2 * 3600, "rem_s": None,
    }  # fmt: skip


def test_the_order_in_which_stages_come_does_not_matter():
    parts = [segment("light", 0, 2), segment("rem", 2, 3), segment("in_bed", -0.5, 7, "phone"), segment("deep", 3, 6)]
    assert [s.data() for s in merged(*parts)[0]] == [s.data() for s in merged(*reversed(parts))[0]]


def test_a_stage_that_ends_before_it_starts_or_lasts_two_days_is_a_finding():
    found, tally = merged(segment("light", 3, 2), segment("light", 0, 48))
    assert found == []
    assert [finding.code for finding in tally.findings] == ["impossible_segment"] * 2


def test_an_evening_nap_of_the_watch_and_a_night_of_the_ring_are_two():
    found, _ = merged(segment("asleep", -6, -5), segment("light", 0, 7, "ring"))
    assert [(s.source, s.start) for s in found] == [("watch", NIGHT - timedelta(hours=6)), ("ring", NIGHT)]
