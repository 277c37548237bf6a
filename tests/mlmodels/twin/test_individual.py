"""An athlete the twin never saw: the group's answers at first, the athlete's own as days come."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlmodels.twin.fitting import fit_twin
from mlmodels.twin.history import SeasonHistory
from mlmodels.twin.individual import ROWS, Individual, individual
from mlmodels.twin.model import TwinWorld
from mlmodels.worlds.simulator import make_cohort

PART = ("hrv_coef", "sleep_coef", "ln_compliance")


@pytest.fixture(scope="module")
def twin():
    return fit_twin(make_cohort(20, 140, 5))


def season(world, days, row=0):
    """What one athlete of a world logs in so many days, as planned."""
    rows = []
    for n in range(days):
        morning = world.morning()
        day = world.step(np.full(world.n, 3))
        of_day = {name: morning[name][row] for name in ("hrv_rmssd_ms", "sleep_score", "ill", "injured")}
        of_day |= {name: morning[name][row] for name in ("planned_load_au", "planned_high_intensity_share")}
        of_day |= {name: day[name][row] for name in ("load_au", "high_intensity_share", "t400_s")}
        date = pd.Timestamp("2026-01-05") + pd.Timedelta(days=n)
        rows.append({"athlete": "alice", "date": date, "action": 3, **of_day})
    return SeasonHistory.of(pd.DataFrame(rows).astype({"ill": float, "injured": float}))


def odd_one(twin, **changes):
    """A world of one kind of athlete: the group's mean but for the changes."""
    mean = {
        "hrv": replace(twin.hrv, coef=np.tile(twin.hrv.coef.mean(0), (len(twin.hrv.coef), 1))),
        "ln_compliance": np.tile(twin.ln_compliance.mean(0), (len(twin.ln_compliance), 1)),
    }
    return TwinWorld(replace(twin, **mean | changes), n=4, seed=11)


def test_without_a_day_an_athlete_is_anybody_of_the_group(twin):
    nobody = season(odd_one(twin), 1)
    nobody = replace(nobody, **{name: np.full((1, 1), np.nan) for name in ("hrv_rmssd_ms", "load_au", "sleep_score")})
    own = individual(twin, nobody)
    assert own.days == {"load": 0, "hrv": 0, "sleep": 0, "tests": 0}
    spread = twin.hrv.coef.std(0).max()
    assert own.hrv_coef.mean(0) == pytest.approx(twin.hrv.coef.mean(0), abs=4 * max(spread, 0.15) / ROWS**0.5)
    assert own.performance.mean((0, 1)) == pytest.approx(twin.performance.mean((0, 1)), rel=0.25)
    assert own.hrv_coef.std(0).min() > 0.02


def test_own_days_move_hrvs_answer_to_load_towards_the_athletes_own_and_narrow_it(twin):
    coef = twin.hrv.coef.mean(0) - np.array([0, 0.5, 0.5, 0, 0, 0])
    sensitive = replace(twin.hrv, coef=np.tile(coef, (len(twin.hrv.coef), 1)))
    error, width = [], []
    for days in (20, 80, 240):
        own = individual(twin, season(odd_one(twin, hrv=sensitive), days))
        error.append(abs((own.hrv_coef.mean(0) - coef)[1:3].sum()))
        width.append(own.hrv_coef.std(0)[1:3].sum())
    assert error[2] < error[0]
    assert error[2] < 0.9 < error[0]  # of 1.0: seven prior SDs away, and the plan alone varies the load little
    assert width[2] < width[0]


def test_who_always_does_a_third_more_is_expected_to(twin):
    more = np.tile(twin.ln_compliance.mean(0) + np.log(1.33), (len(twin.ln_compliance), 1))
    own = individual(twin, season(odd_one(twin, ln_compliance=more), 90))
    as_planned = own.ln_compliance[:, 3]
    assert as_planned.mean() == pytest.approx(more[0, 3], abs=0.08)
    assert as_planned.std() < 0.05
    assert own.ln_compliance[:, 2].mean() == pytest.approx(twin.ln_compliance[:, 2].mean(), abs=0.12)  # never done


def test_it_keeps_the_twins_shapes_goes_through_json_and_is_the_same_again(twin):
    history = season(odd_one(twin), 60)
    own = individual(twin, history, seed=3)
    kept = Individual.of_plain(json.loads(json.dumps(own.plain())))
    adapted = kept.into(twin)
    assert adapted.performance.shape == (twin.performance.shape[0], ROWS, 3)
    assert adapted.hrv.coef.shape == (ROWS, 6)
    TwinWorld(adapted, n=8, seed=1).step(np.full(8, 3))
    again = individual(twin, history, seed=3)
    for name in PART:
        assert np.array_equal(getattr(own, name), getattr(again, name))
        assert np.allclose(getattr(own, name), getattr(kept, name), rtol=1e-3)
    assert kept.days == own.days
    assert own.days["load"] > 40


def test_an_unreadable_row_is_told_apart_from_a_good_one():
    with pytest.raises((KeyError, TypeError)):
        Individual.of_plain({"hrv_coef": [[1.0]]})
