"""Two phones and a watch with offline queues: whatever is lost, repeated, split or reordered, the same is stored."""

import itertools
import random
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from athletes.models import Day
from athletes.reports.records import RECORDS
from athletes.signals import day_revised
from athletes.sync import sync
from tests import factories
from tests.athletes.storing import stored

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
FIRST = datetime(2026, 11, 16, tzinfo=UTC)
TAGS = itertools.count()
PROVIDERS = {"phone": "manual", "other phone": "apple", "watch": "garmin"}

minutes = st.integers(0, 6 * 24 * 12).map(lambda n: 5 * n)  # anywhere in six days; beyond NOW by a clock that is ahead
ahead = st.sampled_from([0, 0, 0, 3, 60 * 24 * 900])


def instant(minute, skew=0):
    return (FIRST + timedelta(minutes=minute + skew)).isoformat()


@st.composite
def contents(draw, kind):
    start, skew = draw(minutes), draw(ahead)
    match kind:
        case "hrv_reading":
            return {
                "measured_at": instant(start, skew), "metric": draw(st.sampled_from(["rmssd", "sdnn"])),
                "context": draw(st.sampled_from(["overnight_mean", "morning_supine"])),
                "value_ms": draw(st.sampled_from([55.0, 60.0, 190.0])),
            }  # fmt: skip
        case "resting_hr_reading":
            return {"measured_at": instant(start, skew), "value_bpm": draw(st.sampled_from([48, 52]))}
        case "resting_hr_reading":
            return {"measured_at": instant(start, skew), "value_bpm": draw(st.sampled_from([44.0, 50.0]))}
        case "sleep_session":
            length = draw(st.sampled_from([30, 120, 480]))
            asleep = draw(st.sampled_from([{}, {"duration_s": 60 * length}, {"duration_s": 60 * length}]))
            return asleep | {
                "start_at": instant(start), "end_at": instant(start, length), "is_nap": draw(st.booleans()),
            }  # fmt: skip
        case "training_session":
            return {"started_at": instant(start, skew), "duration_min": draw(st.sampled_from([30, 60])), "rpe": 5}
        case "performance_test":
            return {
                "tested_at": instant(start, skew),
                "time_s": draw(st.sampled_from([50.0, 52.0, 60.0])),
                "timing": "fat",
            }
        case _:
            return {"date": (FIRST + timedelta(minutes=start)).date().isoformat()}


@st.composite
def entries(draw):
    """Every version of a record says one thing: a client that says two at one version has a conflict of its own."""
    found = []
    for number in range(draw(st.integers(1, 8))):
        kind, device = draw(st.sampled_from(sorted(RECORDS))), draw(st.sampled_from(sorted(PROVIDERS)))
        for version in range(draw(st.integers(1, 3))):
            name = {"client_record_id": f"r{number}", "client_record_version": version,
                    "source": {"provider": PROVIDERS[device]}}  # fmt: skip
            if version and draw(st.booleans()):
                found.append((device, {"kind": kind, "deleted": True, "data": name}))
            else:
                found.append((device, {"kind": kind, "data": name | draw(contents(kind))}))
    return found


def deliver(athlete, sent, rng):
    """Offline queues emptied in any order, split anywhere; answers get lost, so batches come again."""
    queue = [entry for _, entry in sent]
    rng.shuffle(queue)
    batches = []
    while queue:
        size = rng.randint(1, len(queue))
        batches.append(queue[:size])
        queue = queue[size:]
    again = [batch for batch in batches if rng.random() < 0.5]
    for batch in [*batches, *again]:
        sync.sync(athlete, batch, [], now=NOW)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=entries(), seed=st.integers(0, 2**32))
def test_any_order_any_split_any_repetition_stores_the_same(db, sent, seed):
    rng = random.Random(seed)
    tag = next(TAGS)
    with time_machine.travel(NOW, tick=False):
        plain, shaken = (factories.make_athlete(f"{name}{tag}@example.org") for name in ("plain", "shaken"))
        sync.sync(plain, [entry for _, entry in sent], [], now=NOW)
        deliver(shaken, sent, rng)
        assert stored(shaken) == stored(plain)
        announced = []

        def listen(sender, *, dates, **kwargs):
            announced.append(dates)

        day_revised.connect(listen)
        try:
            for _ in range(3):
                answer = sync.sync(shaken, rng.sample([e for _, e in sent], len(sent)), [], now=NOW)
        finally:
            day_revised.disconnect(listen)
        assert announced == []  # no revised day, so no new advice and no push
        assert answer["summary"]["created"] == answer["summary"]["updated"] == answer["summary"]["deleted"] == 0
        rmssd = Day.objects.filter(athlete=shaken, hrv_era__startswith="rmssd/", hrv_ms__isnull=False)
        for day in rmssd:  # nothing that was sent as SDNN counts as rMSSD
            reading = RECORDS["hrv_reading"].objects.get(pk=day.provenance["hrv"]["source"]["id"])
            assert (reading.metric, reading.value_ms) == ("rmssd", day.hrv_ms)


def written(waking, zone, hours):
    """As a device with a clock of the place writes it, or an app that only knows UTC."""
    at = waking + timedelta(hours=hours)
    return at.astimezone(zone).isoformat() if zone else f"{at.replace(tzinfo=None).isoformat()}Z"


def a_season(rng, days):
    """Ten weeks of a ring, a watch that comes and goes, an app without a zone, samples by day, sessions told twice."""
    found, number = [], 0

    def add(kind, provider, **data):
        nonlocal number
        number += 1
        identity = {"client_record_id": f"r{number}", "source": {"provider": provider}}
        found.append(("", {"kind": kind, "data": identity | data}))

    for back in range(days, 0, -1):
        waking = NOW.replace(hour=5) - timedelta(days=back)
        here = timezone(timedelta(hours=1 if back > days // 2 else 9))  # a journey in the middle
        for provider, odds in (("oura", 0.8), ("garmin", 0.9 if back < days // 3 else 0.2), ("health_connect", 0.3)):
            if rng.random() > odds:
                continue
            zoneless = provider == "health_connect"
            clock = partial(written, waking, None if zoneless else here)
            add("sleep_session", provider, start_at=clock(-8), end_at=clock(0), duration_s=rng.randint(15_000, 28_000))
            ms = {"metric": "rmssd", "context": "spot" if zoneless else "overnight_mean"}
            add("hrv_reading", provider, measured_at=clock(-1), value_ms=round(rng.uniform(50, 70), 1), **ms)
            if rng.random() < 0.3:
                ms["context"] = "spot"
                add("hrv_reading", provider, measured_at=clock(9), value_ms=round(rng.uniform(20, 40), 1), **ms)
            if rng.random() < 0.4:
                add("training_session", provider, started_at=clock(11), duration_min=60.0, rpe=float(rng.randint(2, 9)))
    return found


@pytest.mark.django_db
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_season_in_any_batches_stores_the_same_beyond_every_window(db, seed):
    """Choices of the HRV's era look back 28 days, doubts 60: batches here are wider and narrower than both."""
    rng = random.Random(seed)
    tag = next(TAGS)
    with time_machine.travel(NOW, tick=False):
        plain, shaken = (factories.make_athlete(f"{name}{tag}@example.org") for name in ("plain", "shaken"))
        sent = a_season(rng, days=70)
        sync.sync(plain, [entry for _, entry in sent], [], now=NOW)
        deliver(shaken, sent, rng)
        assert stored(shaken) == stored(plain)
        assert Day.objects.filter(athlete=shaken, hrv_ms__isnull=False).count() > 30
