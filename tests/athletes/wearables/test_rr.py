"""Beat-to-beat intervals: artefacts are dropped, and a recording with too many of them is refused."""

import math
import random
import statistics
from itertools import pairwise

import pytest

from athletes.wearables.readers import READERS, rr


def beats(rmssd_ms, count, seed=1):
    """Intervals whose successive differences have this root mean square, around 60 a minute."""
    rng, level, values = random.Random(seed), 1000.0, []
    for _ in range(count):
        values.append(level + rng.gauss(0, rmssd_ms / math.sqrt(2)))
        level += 0.02 * (1000 - level)
    differences = [after - before for before, after in pairwise(values)]
    scale = rmssd_ms / math.sqrt(statistics.fmean(d * d for d in differences))
    middle = statistics.fmean(values)
    return [middle + (value - middle) * scale for value in values]


def with_ectopics(values, share, seed=2):
    rng, spoiled = random.Random(seed), list(values)
    for index in rng.sample(range(5, len(values) - 5), round(share * len(values))):
        spoiled[index] *= 0.55
    return spoiled


@pytest.mark.parametrize("seed", range(5))
def test_a_clean_recording_keeps_its_rmssd(seed):
    cleaned = rr.rmssd_of(beats(40.0, 2000, seed))
    assert cleaned.rmssd_ms == pytest.approx(40.0, rel=0.02)
    assert cleaned.artifact_pct < 0.5


@pytest.mark.parametrize("share", [0.005, 0.02, 0.05])
def test_ectopic_beats_are_dropped_and_the_rest_tells_the_truth(share):
    spoiled = with_ectopics(beats(40.0, 4000), share)
    raw_ms = math.sqrt(statistics.fmean((b - a) ** 2 for a, b in pairwise(spoiled)))
    cleaned = rr.rmssd_of(spoiled)
    assert raw_ms > 55
    assert cleaned.rmssd_ms == pytest.approx(40.0, rel=0.03)
    assert cleaned.artifact_pct == pytest.approx(100 * share, abs=0.5)


def test_too_many_artefacts_are_refused():
    with pytest.raises(rr.TooManyArtifacts):
        rr.rmssd_of(with_ectopics(beats(40.0, 4000), 0.15))


@pytest.mark.parametrize(
    "values",
    [[1000.0] * 49, [0.98] * 300, [1000.0] * 299 + [math.nan], [50_000.0] * 300],
    ids=["few", "s", "nan", "us"],
)
def test_what_is_no_series_of_beats_in_milliseconds_is_refused(values):
    with pytest.raises(ValueError, match=r"."):
        rr.rmssd_of(values)


def test_a_running_median_is_the_median_of_what_is_around():
    rng = random.Random(3)
    values = [rng.random() for _ in range(200)]
    for width in (3, 11, 91):
        half = width // 2
        assert rr.running_median(values, width) == pytest.approx(
            [statistics.median(values[max(0, i - half) : i + half + 1]) for i in range(len(values))]
        )


def test_an_upload_says_how_many_beats_were_dropped_and_one_too_bad_gives_no_reading():
    payload = {"client_record_id": "a", "measured_at": "2026-11-22T06:40:00+01:00", "context": "morning_supine"}
    good = READERS["rr"].read({**payload, "rr_ms": with_ectopics(beats(40.0, 1000), 0.02)})
    assert [(r.kind, r.data["metric"]) for r in good.readings] == [("hrv_reading", "rmssd")]
    assert [(f.code, f.message) for f in good.findings] == [("artifacts_dropped", "2.3 % of the beats were dropped.")]
    bad = READERS["rr"].read({**payload, "rr_ms": with_ectopics(beats(40.0, 1000), 0.2)})
    assert (bad.readings, [f.code for f in bad.findings]) == ([], ["too_many_artifacts"])
    many = READERS["rr"].read({**payload, "rr_ms": [1000] * 20_001})
    assert (many.readings, [f.code for f in many.findings]) == ([], ["too_many_beats"])
