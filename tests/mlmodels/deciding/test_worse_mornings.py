"""Feeling or measuring worse never makes the dose larger: the whole path from the morning to the load, with policy."""

import os
from dataclasses import replace

import numpy as np
import pytest

from measures.answers import ILLNESS_ABOVE_NECK, ILLNESS_BELOW_NECK
from mlmodels.deciding.decision import resolve
from mlmodels.policies import registry
from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.tracker import Tracker
from mlmodels.worlds.simulator import World

CASES = int(os.environ.get("HOMESTRETCH_GUARD_CASES", "100000"))
HARDNESS = np.array([2, 2, 0, 1])  # an increase, an increase, recovery, the plan
ATHLETES = 400


@pytest.fixture(scope="module")
def policy():
    return registry.load(registry.shipped())


def lived(seed, days):
    """Trackers of athletes after ``days`` in the simulator, who answer and measure on most mornings."""
    world, dice = World(ATHLETES, seed), np.random.default_rng(seed)
    ages = dice.choice([15.0, 17.0, 24.0, 24.0, 24.0, np.nan], ATHLETES)
    tracker = Tracker(ATHLETES, Profiles.of(ATHLETES, seed_load_au=world.who.usual_load_au, age_years=ages))
    for _ in range(days):
        morning = reported(world, dice)
        evening = world.step(np.full(ATHLETES, 3))
        known = {name: evening[name] for name in ("load_au", "high_intensity_share", "t400_s")}
        tracker.evening(morning, Evening.of(ATHLETES, **known, action_taken=np.full(ATHLETES, 3.0)))
    return tracker, reported(world, dice)


def reported(world, dice):
    n = ATHLETES
    answers = np.where(dice.random(n) < 0.8, dice.choice([2.0, 3, 4, 4, 5], n), np.nan)
    said = {
        "weekday": np.full(n, float(world.day % 7)),
        "sleep_h": dice.normal(7.4, 0.9, n),
        "readiness": answers,
        "worst_item_1_5": np.maximum(answers - dice.integers(0, 2, n), 1.0),
        "fatigue_1_5": answers,
        "soreness_1_5": answers,
        "pain_0_10": np.where(np.isnan(answers), np.nan, dice.choice([0.0] * 12 + [1, 2, 4], n)),
        "resting_hr_bpm": dice.normal(50, 3, n),
        "niggle": dice.choice([0.0] * 20 + [1.0], n),
    }
    return Morning.of(n, **world.morning() | said)


def lower(name, *steps, least=-np.inf):
    return [(f"{name} {-step}", lambda m, s=step: {name: np.maximum(getattr(m, name) - s, least)}) for step in steps]


def worse_by(name, code):
    return [(f"{name} {code}", lambda m: {name: np.maximum(getattr(m, name), code)})]


def in_doubt(m):
    """The same watch reads a third of what it read, and nobody believes it."""
    return {"hrv_rmssd_ms": np.full(ATHLETES, np.nan), "hrv_doubted_ms": m.hrv_rmssd_ms / 3.0}


WORSE = [
    *((f"HRV x {f}", lambda m, f=f: {"hrv_rmssd_ms": m.hrv_rmssd_ms * f}) for f in (0.95, 0.9, 0.8, 0.65, 0.5)),
    ("HRV in doubt", in_doubt),
    *lower("sleep_score", 3.0, 10.0, 30.0, least=1.0),
    *lower("sleep_h", 0.5, 1.5, 3.0, 5.0, least=0.5),
    *lower("readiness", 0.5, 1.0, 3.0, least=1.0),
    *lower("worst_item_1_5", 1.0, 3.0, least=1.0),
    *lower("fatigue_1_5", 1.0, 3.0, least=1.0),
    *lower("soreness_1_5", 1.0, 3.0, least=1.0),
    *(("pain", lambda m, more=more: {"pain_0_10": np.minimum(m.pain_0_10 + more, 10.0)}) for more in (1.0, 3.0, 7.0)),
    *(("resting heart rate", lambda m, up=up: {"resting_hr_bpm": m.resting_hr_bpm + up}) for up in (3.0, 8.0, 20.0)),
    ("a cold", lambda m: {"illness": np.where(m.ill > 0, m.illness, np.maximum(m.illness, ILLNESS_ABOVE_NECK))}),
    *worse_by("illness", ILLNESS_BELOW_NECK),
    *worse_by("ill", 1.0),
    *worse_by("injured", 1.0),
    *worse_by("niggle", 1.0),
    *worse_by("red_flag", 1.0),
    *worse_by("note_asks", 1.0),
    *worse_by("zones_to_settle", 9.0),
]


def test_one_worse_answer_or_measurement_never_makes_the_action_harder_or_the_dose_larger(policy):
    left, seed, harder = CASES, 0, {}
    while left > 0:
        tracker, before = lived(9_000 + seed, 45 + 7 * (seed % 9))
        seen = tracker.morning(before)
        first = resolve(seen, policy)
        fair = ~(seen.hrv_today_z > 3.0)  # far too high is no good reading, and lower is no worse one
        for name, worsen in WORSE:
            second = resolve(tracker.morning(replace(before, **worsen(before))), policy)
            both = fair & (first.guarded.withheld == "") & (second.guarded.withheld == "")
            wrong = both & (HARDNESS[second.action] > HARDNESS[first.action])
            wrong |= both & (second.load_au > first.load_au + 1e-9)
            if wrong.any():
                harder[name] = harder.get(name, 0) + int(wrong.sum())
            left -= ATHLETES
        seed += 1
    assert harder == {}


def test_the_worst_morning_there_is_asks_for_recovery_at_most(policy):
    tracker, before = lived(77, 60)
    worst = replace(
        before, readiness=np.ones(ATHLETES), worst_item_1_5=np.ones(ATHLETES), fatigue_1_5=np.ones(ATHLETES),
        soreness_1_5=np.ones(ATHLETES), sleep_h=np.full(ATHLETES, 3.0),
    )  # fmt: skip
    resolution = resolve(tracker.morning(worst), policy)
    told = resolution.guarded.withheld == ""
    assert told.sum() > ATHLETES / 2
    assert (resolution.action[told] == 2).all()
    assert resolution.guarded.coach_alert[told].all()
