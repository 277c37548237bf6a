"""A short run of benchmarks/fuzz_readers.py; the long one is a command."""

from athletes.wearables.readings import Reader, Reading
from benchmarks.fuzz_readers import broken_promise, fuzz
from tests.athletes.wearables.payload_files import CASES


def test_no_mutation_of_a_payload_breaks_a_promise():
    counts, broken = fuzz(mutations=1500, seed=20261122)
    assert broken == []
    assert sum(counts.values()) == 1500


def spoiled(reader, function):
    return Reader(reader.name, "", reader.provider, (), function, (), "", "")


def test_the_fuzz_notices_a_crash_a_wrong_unit_and_a_wrong_metric():
    garmin, before = next((r, r.read(p)) for n, r, p in CASES if n == "garmin.json")
    hrv = before.readings[0].data

    def crash(payload, tally, profile):
        raise KeyError("summaryId")

    def thousandfold(payload, tally, profile):
        yield Reading("hrv_reading", {**hrv, "value_ms": 44.0})

    def relabelled(payload, tally, profile):
        yield Reading("hrv_reading", {**hrv, "metric": "sdnn"})

    def refused(payload, tally, profile):
        yield Reading("hrv_reading", {**hrv, "value_ms": 44_000})

    small = type(before)([Reading("hrv_reading", {**hrv, "value_ms": 0.044})], [], before.ignored)
    assert "KeyError" in broken_promise(spoiled(garmin, crash), before, {}, "drop")
    assert "value_ms went from" in broken_promise(spoiled(garmin, thousandfold), small, {}, "times_1000")
    assert "gave sdnn" in broken_promise(spoiled(garmin, relabelled), before, {}, "drop")
    assert "refused by the API" in broken_promise(spoiled(garmin, refused), before, {}, "drop")
