"""The tracker against straightforward pandas, against the acwr package, and by its properties."""

import json

import acwr as acwr_package
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from measures import risk
from measures.answers import ILLNESS_BELOW_NECK
from mlmodels.deciding.guard import unusable
from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.features import FEATURE_SETS, absorption_gate, feature_set_hash, sleep_score_from_report
from mlmodels.state.observation import Observation
from mlmodels.state.tracker import Tracker
from tests.mlmodels.weeks import WEEK_AU, WEEK_SHARE, season

DAYS = 120


def history(seed, n=3, days=DAYS, missing=0.15):
    """Random columns (days, n) with gaps, as a season log would hold them."""
    rng = np.random.default_rng(seed)

    def gaps(values):
        return np.where(rng.random((days, n)) < missing, np.nan, values)

    rest = rng.random((days, n)) < 0.2
    return {
        "hrv_rmssd_ms": gaps(60 * np.exp(0.15 * rng.standard_normal((days, n)))),
        "sleep_score": gaps(np.clip(75 + 10 * rng.standard_normal((days, n)), 0, 100)),
        "sleep_h": gaps(rng.uniform(4, 9, (days, n))),
        "planned_load_au": gaps(rng.uniform(0, 600, (days, n))),
        "planned_high_intensity_share": gaps(rng.uniform(0, 0.6, (days, n))),
        "load_au": gaps(np.where(rest, 0.0, rng.uniform(20, 700, (days, n)))),
        "high_intensity_share": gaps(rng.uniform(0, 0.6, (days, n))),
        "t400_s": np.where(rng.random((days, n)) < 0.14, rng.uniform(48, 54, (days, n)), np.nan),
    }


MORNING = ("hrv_rmssd_ms", "sleep_score", "sleep_h", "planned_load_au", "planned_high_intensity_share")
EVENING = ("load_au", "high_intensity_share", "t400_s")


def inputs(columns, t):
    n = columns["load_au"].shape[1]
    morning = Morning.of(n, weekday=np.full(n, t % 7), **{name: columns[name][t] for name in MORNING})
    return morning, Evening.of(n, **{name: columns[name][t] for name in EVENING})


def run(columns, seeds=None, upto=None):
    """Every morning's observation."""
    days, n = columns["load_au"].shape
    tracker = Tracker(n, Profiles.of(n, seed_load_au=seeds))
    seen = []
    for t in range(days if upto is None else upto):
        morning, evening = inputs(columns, t)
        seen.append(tracker.morning(morning))
        tracker.evening(morning, evening)
    return seen


# --- An independent definition in pandas, one athlete at a time ----------------------------------------------------


def pandas_hrv(values, least=14, prior=0.17, weight=10, floor=0.08):
    ln = np.log(pd.Series(values))
    baseline = ln.shift(8).rolling(60, min_periods=least)
    n = ln.shift(8).rolling(60, min_periods=1).count()
    sd = np.sqrt(((n - 1) * baseline.var(ddof=1) + weight * prior**2) / (n - 1 + weight)).clip(lower=floor)
    z = (ln.rolling(7, min_periods=3).mean() - baseline.mean()) / sd
    return z, (ln - baseline.mean()) / sd, z


def pandas_sleep(values):
    score = pd.Series(values)
    base = score.shift(8).rolling(60, min_periods=14)
    n = score.shift(8).rolling(60, min_periods=1).count()
    sd = np.sqrt(((n - 1) * base.var(ddof=1) + 10 * 8.0**2) / (n - 1 + 10)).clip(lower=3.0)
    nights = pd.concat([score, score.shift(1), score.shift(2)], axis=1)
    weights = nights.notna() * [0.5, 0.3, 0.2]
    mean = (nights.fillna(0) * [0.5, 0.3, 0.2]).sum(axis=1) / weights.sum(axis=1).replace(0, np.nan)
    return (mean - base.mean()) / sd, (score - base.mean()) / sd


def pandas_used_loads(load, plan, chronic_of):
    """Reported or imputed: plan x adherence, else the median of four same weekdays, else the chronic load."""
    used, load_mean, plan_mean = [], 0.0, 0.0
    for t, value in enumerate(load):
        if np.isnan(value):
            adherence = load_mean / plan_mean if plan_mean > 0 else 1.0
            same = [load[t - lag] for lag in (7, 14, 21, 28) if t >= lag and not np.isnan(load[t - lag])]
            if not np.isnan(plan[t]):
                used.append(plan[t] * min(max(adherence, 0.2), 1.5))
            else:
                used.append(float(np.median(same)) if same else chronic_of(used))
        else:
            used.append(value)
            if not np.isnan(plan[t]):
                load_mean += 2 / 29 * (value - load_mean)
                plan_mean += 2 / 29 * (plan[t] - plan_mean)
    return np.array(used)


def ewma(loads, span, seed):
    """The value on each morning: the seed, then every day up to yesterday."""
    return pd.Series([seed, *loads]).ewm(span=span, adjust=False).mean().to_numpy()[:-1]


def usual_loads(chronic, reported, seed):
    """Lref on each morning: the median of four weeks, then 84 days, but not in a layoff nor on the way back."""
    lref, off_days, back = [seed], 0, 0
    for t, value in enumerate(chronic):
        if t < 28:
            lref.append(float(np.median(chronic[: t + 1])))
        else:
            lref.append(lref[-1] + (2 / 85 * (value - lref[-1]) if off_days <= 7 and back == 0 else 0.0))
        off = not reported[t] > 0.1 * max(lref[-1], 50.0)
        back = back + 1 if back else 0
        if back > 13:
            back = 0
        if not off and off_days > 7:
            back = 1
        off_days = off_days + 1 if off else 0
    return np.array(lref).clip(50)


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), missing=st.floats(0, 0.5))
def test_features_equal_a_straightforward_pandas_implementation_on_histories_with_gaps(seed, missing):
    columns, seeds = history(seed, missing=missing), np.array([300.0, 150.0, 420.0])
    seen = run(columns, seeds)
    for i in range(3):
        hrv_z, hrv_today, _ = pandas_hrv(columns["hrv_rmssd_ms"][:, i])
        close([o.hrv_z[i] for o in seen], hrv_z)
        close([o.hrv_today_z[i] for o in seen], hrv_today)
        sleep_z, sleep_today = pandas_sleep(columns["sleep_score"][:, i])
        close([o.sleep_z[i] for o in seen], sleep_z)
        close([o.sleep_today_z[i] for o in seen], sleep_today)

        def chronic_of(used, i=i):
            return pd.Series([seeds[i], *used]).ewm(span=28, adjust=False).mean().iloc[-1]

        used = pandas_used_loads(columns["load_au"][:, i], columns["planned_load_au"][:, i], chronic_of)
        acute, chronic = ewma(used, 7, seeds[i]), ewma(used, 28, seeds[i])
        close([o.acute_au[i] for o in seen], acute)
        close([o.chronic_au[i] for o in seen], chronic)
        ends = pd.Series([seeds[i], *used]).ewm(span=28, adjust=False).mean().to_numpy()[1:]
        lref = usual_loads(ends, columns["load_au"][:, i], seeds[i])
        close([o.lref_au[i] for o in seen], lref[: len(seen)])
        close([o.acwr[i] for o in seen], acute / np.maximum(chronic, 0.15 * lref[: len(seen)]))
        padded = pd.Series([*[seeds[i]] * 28, *used])
        close([o.week_load_au[i] for o in seen], padded.rolling(7).sum().to_numpy()[27:-1])
        close([o.previous_week_load_au[i] for o in seen], padded.rolling(7).sum().shift(7).to_numpy()[27:-1])
        reported = pd.Series(columns["load_au"][:, i])
        week = reported.rolling(7)
        monotony = (week.mean() / week.std()).clip(upper=10).shift(1)
        close([o.monotony[i] for o in seen], monotony)
        close([o.strain[i] for o in seen], monotony * week.sum().shift(1))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_level_of_400_m_is_the_textbook_kalman_filter(seed):
    columns = history(seed, n=1)
    seen = run(columns, np.array([300.0]))
    level = variance = np.nan
    tests = []
    for t, time_s in enumerate(columns["t400_s"][:, 0]):
        close(seen[t].t400_level_s[0], np.exp(level))
        close(seen[t].performance_sd_pct[0], 100 * np.sqrt(variance))
        if tests:
            since = t - tests[-1][0]
            base = np.mean([ln for _, ln in tests[:3]])
            close(seen[t].performance_pct[0], 100 * (base - level) * 0.5 ** (max(0, since - 21) / 21))
            assert seen[t].test_age_days[0] == since
        variance += 0.0015**2 / 7
        if not np.isnan(time_s):
            ln = np.log(time_s)
            if not tests:
                level, variance = ln, 0.013**2
            else:
                gain = variance / (variance + 0.013**2)
                level, variance = level + gain * (ln - level), (1 - gain) * variance
            tests.append((t, ln))


# --- The independent oracle for ACWR -------------------------------------------------------------------------------


def acwr_after(loads, seed):
    tracker = Tracker(1, Profiles.of(1, seed_load_au=[seed]))
    for load in loads:
        tracker.evening(Morning.of(1, planned_load_au=[0.0]), Evening.of(1, load_au=[load]))
    return tracker.morning(Morning.of(1, planned_load_au=[0.0]))


@settings(max_examples=25, deadline=None)
@given(hnp.arrays(np.float64, st.integers(30, 80), elements=st.floats(60, 900)))
def test_acwr_equals_the_acwr_package(loads):
    series = pd.Series(loads, index=pd.date_range("2026-01-01", periods=len(loads)))
    expected = acwr_package.acwr(series, method="ewma", min_periods=1).iloc[-1]
    observed = acwr_after(loads[1:], seed=loads[0])
    assert observed.chronic_au[0] > 0.15 * observed.lref_au[0]
    assert observed.acwr[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("week", "expected"),
    [(50.0, 1.0), (75.0, 1.198), (100.0, 1.339), (150.0, 1.529)],
)
def test_four_weeks_at_50_and_one_week_at_more_read_the_published_values(week, expected):
    assert acwr_after([50.0] * 28 + [week] * 7, seed=50.0).acwr[0] == pytest.approx(expected, abs=1e-3)


def test_an_athlete_without_a_usual_week_is_seeded_with_the_mean_of_the_first_14_known_days():
    loads = [100.0, 300.0] * 7
    tracker = Tracker(1)
    quiet = Morning.of(1, planned_load_au=[0.0])
    assert tracker.morning(quiet).refusal.tolist() == ["insufficient_history"]
    for day, load in enumerate(loads):
        tracker.evening(quiet, Evening.of(1, load_au=[load]))
        seen = tracker.morning(quiet)
        assert seen.acwr[0] == 1.0  # seeded with zero the first session would read 3.625
        assert seen.refusal.tolist() == (["insufficient_history"] if day < 6 else [""])
    tracker.evening(quiet, Evening.of(1, load_au=[400.0]))
    seen = tracker.morning(quiet)
    assert seen.acute_au[0] == pytest.approx(200 + 0.25 * 200)
    assert seen.chronic_au[0] == pytest.approx(200 + 2 / 29 * 200)


# --- Properties ----------------------------------------------------------------------------------------------------

loads = hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 1500))


@settings(max_examples=50, deadline=None)
@given(loads, st.floats(0, 1000))
def test_more_load_yesterday_never_lowers_acwr(history_au, extra):
    more = history_au.copy()
    more[-1] += extra
    assert acwr_after(more, 300.0).acwr[0] >= acwr_after(history_au, 300.0).acwr[0] - 1e-12


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(60, 1500)), st.floats(1, 5))
def test_scaling_all_loads_leaves_acwr_and_load_features_unchanged(history_au, factor):
    small, large = acwr_after(history_au, 300.0), acwr_after(history_au * factor, 300.0 * factor)
    assert large.acwr[0] == pytest.approx(small.acwr[0], rel=1e-9)
    np.testing.assert_allclose(small.features("paper-6"), large.features("paper-6"), atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(loads)
def test_acwr_stays_between_0_and_its_ceiling(history_au):
    assert 0 <= acwr_after(history_au, 300.0).acwr[0] <= risk.ACWR_CEILING


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), missing=st.floats(0, 1), seeded=st.booleans())
def test_a_state_is_finite_or_refused(seed, missing, seeded):
    seeds = np.array([300.0, 10.0, 900.0]) if seeded else None
    for seen in run(history(seed, days=45, missing=missing), seeds):
        for name in FEATURE_SETS:
            features = seen.features(name)
            assert features.dtype == np.float32
            assert features.shape == (3, len(FEATURE_SETS[name]))
            assert np.isfinite(features[seen.refusal == ""]).all()
            assert (np.abs(features[seen.refusal == ""]) <= 2).all()


def test_more_than_seven_days_without_a_reported_load_refuse_the_state():
    tracker = Tracker(1, Profiles.of(1, seed_load_au=[300.0]))
    quiet = Morning.of(1, planned_load_au=[300.0])
    for unlogged in range(9):
        seen = tracker.morning(quiet)
        assert seen.load_unlogged_days[0] == unlogged
        assert seen.refusal.tolist() == ["stale_data" if unlogged > 7 else ""]
        assert bool(seen.flags["load_imputed"][0]) is (unlogged > 0)
        tracker.evening(quiet, Evening.of(1))


def test_a_load_taken_from_the_plan_is_used_and_not_logged():
    """As the plan's own would be imputed, but over the minutes that were trained: 200 of the planned 300 AU."""
    three = Tracker(3, Profiles.of(3, seed_load_au=[300.0] * 3))
    quiet = Morning.of(3, planned_load_au=[300.0] * 3)
    three.evening(quiet, Evening.of(3, load_au=[200.0, 200.0, np.nan], load_assumed=[1.0, 0.0, 0.0]))
    seen = three.morning(quiet)
    assert seen.acute_au.tolist() == pytest.approx([275.0, 275.0, 300.0])  # 300 + (200 - 300) / 4
    assert seen.load_unlogged_days.tolist() == [1, 0, 1]
    assert seen.load_known_28d.tolist() == [0, 1, 0]
    assert three.recent_loads_au()[0].tolist() == [200.0, 200.0, 300.0]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(1, DAYS - 1))
def test_tomorrow_never_changes_todays_state(seed, cut):
    past, other = history(seed), history(seed + 1)
    changed = {name: np.concatenate([past[name][:cut], other[name][cut:]]) for name in past}
    for name in MORNING:  # this morning is known, tonight is not
        changed[name][cut] = past[name][cut]
    before, after = run(past)[cut], run(changed)[cut]
    assert [before.row(i) for i in range(3)] == [after.row(i) for i in range(3)]


def test_morning_does_not_advance_and_may_be_asked_again_with_other_values():
    columns = history(1)
    tracker, twin = Tracker(3), Tracker(3)
    for t in range(40):
        morning, evening = inputs(columns, t)
        first = tracker.morning(morning).row(0)
        tracker.morning(inputs(columns, t + 5)[0])
        assert tracker.morning(morning).row(0) == first
        for each in (tracker, twin):
            each.evening(morning, evening)
    assert tracker.pack() == twin.pack()


# --- Rows, bytes ---------------------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), days=st.integers(0, DAYS))
def test_an_observation_survives_json_bit_for_bit(seed, days):
    columns = history(seed)
    seen = run(columns, upto=days + 1)[-1] if days < DAYS else run(columns)[-1]
    rows = [seen.row(i) for i in range(3)]
    again = Observation.from_rows(json.loads(json.dumps(rows, allow_nan=False)))
    for name in Observation.__dataclass_fields__:
        assert np.array_equal(getattr(again, name), getattr(seen, name), equal_nan=True), name
    assert again.features("observable").tobytes() == seen.features("observable").tobytes()
    assert again.refusal.tolist() == seen.refusal.tolist()


def test_a_row_with_a_missing_or_additional_name_is_no_observation():
    row = run(history(1), upto=1)[0].row(0)
    with pytest.raises(ValueError, match="acwr"):
        Observation.from_rows([{name: value for name, value in row.items() if name != "acwr"}])
    with pytest.raises(ValueError, match="surplus"):
        Observation.from_rows([row | {"surplus": 1.0}])


@pytest.mark.parametrize("days", [1, 29, 75])
def test_who_takes_an_athletes_place_goes_on_as_if_alone(days):
    """Whatever the clock of the others: a ring is put in turned to it."""
    old, new = history(3, n=3), history(4, n=2, days=30)
    squad, newcomers = Tracker(3), Tracker(2, Profiles.of(2, seed_load_au=[300.0, np.nan]))
    for t in range(days):
        squad.evening(*inputs(old, t))
    for t in range(13):
        newcomers.evening(*inputs(new, t))
    bystander = squad.pack()[1]
    squad.put([0, 2], newcomers)
    assert squad.pack() == [newcomers.pack()[0], bystander, newcomers.pack()[1]]
    places = np.array([0, 0, 1])
    for t in range(13, 30):
        morning, evening = inputs({name: values[:, places] for name, values in new.items()}, t)
        squad.evening(morning, evening)
        newcomers.evening(*inputs(new, t))
        seen, alone = squad.morning(morning).rows(), newcomers.morning(inputs(new, t)[0]).rows()
        assert [seen[0], seen[2]] == alone


def test_packing_is_bit_exact_and_the_unpacked_tracker_goes_on_alike():
    columns = history(7)
    straight, parts = Tracker(3), Tracker(3)
    for t in range(DAYS):
        morning, evening = inputs(columns, t)
        straight.evening(morning, evening)
        parts.evening(morning, evening)
        parts = Tracker.unpack(parts.pack())
    blobs = straight.pack()
    assert blobs == parts.pack()
    assert all(2000 < len(blob) < 4096 for blob in blobs)
    last, _ = inputs(columns, 3)
    assert straight.morning(last).row(2) == parts.morning(last).row(2)


@pytest.mark.parametrize(
    "spoil", [lambda b: b[:-1], lambda b: b"X" + b[1:], lambda b: b[:4] + b"\xff" + b[5:], lambda b: b""]
)
def test_bytes_of_another_version_or_length_are_refused(spoil):
    blob = Tracker(1).pack()[0]
    with pytest.raises(ValueError, match="rebuild it from the days"):
        Tracker.unpack([spoil(blob)])


def test_select_and_put_keep_every_athlete_apart():
    columns = history(5)
    alice_bob_charlie, alone = Tracker(3), Tracker(1)
    for t in range(50):
        morning, evening = inputs(columns, t)
        alice_bob_charlie.evening(morning, evening)
    assert alice_bob_charlie.select([1]).pack() == [alice_bob_charlie.pack()[1]]
    before = alice_bob_charlie.pack()
    alice_bob_charlie.put([1], alone)
    assert alice_bob_charlie.pack() == [before[0], alone.pack()[0], before[2]]


def test_an_athlete_reads_the_same_alone_and_among_others():
    columns = history(11)
    together = run(columns)
    alone = run({name: values[:, 1:2] for name, values in columns.items()})
    assert [o.row(1) for o in together] == [o.row(0) for o in alone]


# --- Single definitions --------------------------------------------------------------------------------------------


def test_another_device_starts_a_new_baseline():
    tracker = Tracker(1, Profiles.of(1, seed_load_au=[300.0]))
    for _ in range(40):
        tracker.evening(Morning.of(1, hrv_rmssd_ms=[60.0], hrv_era=[1.0]), Evening.of(1, load_au=[300.0]))
    same = tracker.morning(Morning.of(1, hrv_rmssd_ms=[60.0], hrv_era=[1.0], planned_load_au=[300.0]))
    other = tracker.morning(Morning.of(1, hrv_rmssd_ms=[90.0], hrv_era=[2.0], planned_load_au=[300.0]))
    assert same.hrv_z[0] == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(other.hrv_z[0])
    assert (other.hrv_baseline_days[0], other.hrv_valid_7d[0], other.hrv_era_changes[0]) == (0, 1, 1)
    tracker.evening(Morning.of(1, hrv_rmssd_ms=[90.0], hrv_era=[2.0]), Evening.of(1, load_au=[300.0]))
    later = tracker.morning(Morning.of(1, hrv_rmssd_ms=[90.0], hrv_era=[2.0], planned_load_au=[300.0]))
    assert (later.hrv_baseline_days[0], later.hrv_valid_7d[0], later.hrv_era_changes[0]) == (0, 2, 1)


HRV_OF_ITS_ERA = ("hrv_today_z", "hrv_mean_7d_ms", "hrv_baseline_ms", "hrv_range_low_ms", "hrv_range_high_ms", "hrv_z",
                  "hrv_valid_7d", "hrv_baseline_days", "hrv_known_days")  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_a_device_that_one_returns_to_reads_as_if_the_other_had_never_been_worn(seed, longest):
    """Both devices are worn; which of them counts changes at random. The other's readings are not shown meanwhile."""
    rng = np.random.default_rng(seed)
    days, n = 150, 3
    worn = 60 * np.exp(0.15 * rng.standard_normal((2, days, n)))
    worn[rng.random(worn.shape) < 0.3] = np.nan
    chosen = np.cumsum(rng.random((days, n)) < 1 / longest, axis=0) % 2
    tracker, alone = Tracker(n), [Tracker(n), Tracker(n)]
    for t in range(days):
        value = np.where(chosen[t] == 0, worn[0, t], worn[1, t])
        morning = Morning.of(n, hrv_rmssd_ms=value, hrv_era=chosen[t] + 7.0)
        turned = np.flatnonzero(tracker.hrv_turns(morning))
        past = np.full((67, len(turned)), np.nan)
        lags = np.arange(1, min(t, 67) + 1)
        for column, i in enumerate(turned):
            past[: len(lags), column] = worn[chosen[t, i], t - lags, i]
        tracker.turn_hrv(turned, chosen[t, turned] + 7.0, past)
        seen = tracker.morning(morning)
        mornings = [Morning.of(n, hrv_rmssd_ms=worn[era, t]) for era in (0, 1)]
        apart = [one.morning(m) for one, m in zip(alone, mornings, strict=True)]
        for i in np.flatnonzero(np.isfinite(value)):
            for name in HRV_OF_ITS_ERA:
                expected = getattr(apart[chosen[t, i]], name)[i]
                assert getattr(seen, name)[i] == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), (name, t)
        tracker.evening(morning, Evening.of(n))
        for one, m in zip(alone, mornings, strict=True):
            one.evening(m, Evening.of(n))


def test_hours_stand_in_for_a_sleep_score_only_until_the_first_score():
    tracker = Tracker(1, Profiles.of(1, seed_load_au=[300.0]))
    hours = Morning.of(1, sleep_h=[7.0], planned_load_au=[0.0])
    for _ in range(30):
        tracker.evening(hours, Evening.of(1, load_au=[300.0]))
    assert tracker.morning(hours).sleep_score[0] == pytest.approx(100 * (0.6 * 0.75 + 0.2))
    watch = Morning.of(1, sleep_h=[7.0], sleep_score=[80.0], planned_load_au=[0.0])
    assert np.isnan(tracker.morning(watch).sleep_z[0])  # a new scale has no baseline yet
    tracker.evening(watch, Evening.of(1, load_au=[300.0]))
    assert np.isnan(tracker.morning(hours).sleep_score[0])


def test_days_below_the_hrv_range_are_counted_and_held_while_nothing_is_measured():
    tracker = Tracker(1, Profiles.of(1, seed_load_au=[300.0]))
    values = [60.0 + 6 * (-1) ** day for day in range(60)] + [42.0] * 8 + [np.nan] * 5
    counts = []
    for value in values:
        morning = Morning.of(1, hrv_rmssd_ms=[value], planned_load_au=[300.0])
        counts.append(tracker.morning(morning).hrv_low_days[0])
        tracker.evening(morning, Evening.of(1, load_au=[300.0]))
    assert counts[59] == 0
    assert counts[67] >= 5
    assert counts[-1] >= counts[67]


def test_a_layoff_is_followed_by_two_weeks_of_return():
    tracker = Tracker(1, Profiles.of(1, seed_load_au=[300.0]))
    quiet, weeks = Morning.of(1, planned_load_au=[300.0]), []
    for load in [300.0] * 10 + [0.0] * 5 + [np.nan] * 3 + [300.0] * 16:
        seen = tracker.morning(quiet)
        weeks.append(int(seen.return_week[0]))
        tracker.evening(quiet, Evening.of(1, load_au=[load]))
    assert weeks == [0] * 18 + [1] * 7 + [2] * 7 + [0] * 2
    assert seen.former_chronic_au[0] == pytest.approx(300.0)


def test_days_since_an_illness_below_the_neck_are_counted():
    tracker, counts = Tracker(1, Profiles.of(1, seed_load_au=[300.0])), []
    for illness in [0, 1, ILLNESS_BELOW_NECK, 0, 0]:
        morning = Morning.of(1, illness=[illness], planned_load_au=[300.0])
        counts.append(int(tracker.morning(morning).days_since_illness[0]))
        tracker.evening(morning, Evening.of(1, load_au=[0.0]))
    assert counts == [risk.NEVER_DAYS, risk.NEVER_DAYS, 0, 1, 2]


def test_without_a_coachs_plan_the_automatic_one_stands_in_and_is_flagged():
    tracker = Tracker(2, Profiles.of(2, seed_load_au=[300.0, 300.0]))
    seen = tracker.morning(Morning.of(2, planned_load_au=[250.0, np.nan], weekday=[0, 0]))
    assert seen.planned_load_au.tolist() == [250.0, pytest.approx(300 * 1.35 * 0.9)]
    assert seen.flags["plan_automatic"].tolist() == [False, True]


def test_the_gate_is_half_open_at_its_centre_and_nearly_open_without_data():
    assert absorption_gate([-1.2, -9.0, 9.0]).tolist() == pytest.approx([0.6, 0.2, 1.0], abs=1e-6)
    assert absorption_gate([np.nan]) == absorption_gate([0.0])


def test_sleep_score_from_a_report_follows_hours_quality_and_age():
    assert sleep_score_from_report(8.0, 5.0) == pytest.approx(100.0)
    assert sleep_score_from_report(8.0, 5.0, under_18=True) == pytest.approx(100 * (0.6 * 0.8 + 0.4))
    assert sleep_score_from_report(3.0, 1.0) == pytest.approx(0.0)


def test_feature_set_hashes_differ_and_are_stable():
    assert feature_set_hash("paper-6") != feature_set_hash("observable")
    assert feature_set_hash("paper-6") == feature_set_hash("paper-6")
    assert FEATURE_SETS["observable"][:6] == FEATURE_SETS["paper-6"]


def test_an_unknown_morning_value_is_an_error():
    with pytest.raises(TypeError, match="hrv_ms"):
        Morning.of(1, hrv_ms=[60.0])


def test_an_evening_that_saw_its_morning_closes_the_day_as_one_that_did_not():
    rng = np.random.default_rng(5)
    seen, unseen = Tracker(6), Tracker(6)
    for _ in range(90):
        hrv = np.where(rng.random(6) < 0.2, np.nan, np.exp(rng.normal(4, 0.2, 6)))
        morning = Morning.of(6, hrv_rmssd_ms=hrv, hrv_era=rng.integers(1, 3, 6), sleep_score=rng.normal(75, 8, 6))
        other = Morning.of(6, hrv_rmssd_ms=hrv + 5)
        evening = Evening.of(6, load_au=rng.choice([0.0, 200.0, np.nan], 6))
        seen.morning(other)  # asked about another morning first
        seen.morning(morning)
        seen.evening(morning, evening)
        seen.evening(morning, evening)  # the same reports two days running
        unseen.evening(morning, evening)
        unseen.evening(morning, evening)
        assert seen.pack() == unseen.pack()


def test_features_are_worked_out_once_and_cannot_be_written_to():
    obs = Tracker(2).morning(Morning.of(2, planned_load_au=300.0))
    assert obs.features("paper-6") is obs.features("paper-6")
    with pytest.raises(ValueError, match="read-only"):
        obs.features("paper-6")[0] = 1.0


# --- Relative to the athlete's own usual ----------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [0.5, 1.5, 2.0])
def test_what_a_coach_calls_intense_changes_no_state(labels):
    for days in (30, 60, 120):
        usual, relabelled = season(days), season(days, labels=labels)
        names = FEATURE_SETS["observable"]
        low = [names.index("volume_average"), names.index("volume_fatigue")]  # the rest of the load is lighter by that
        left = np.delete(np.arange(len(names)), low)
        np.testing.assert_allclose(relabelled.features("observable")[:, left], usual.features("observable")[:, left],
                                   atol=1e-6)  # fmt: skip
        np.testing.assert_allclose(relabelled.features("observable"), usual.features("observable"), atol=0.06)


def test_a_guessed_share_of_high_intensity_is_forgotten_within_the_first_weeks():
    week_high = (WEEK_AU * WEEK_SHARE).sum() / 7
    for seed in (310.0, np.nan):
        seen = season(28, seed_load_au=seed)
        assert seen.high_reference_au[0] == pytest.approx(week_high, rel=0.12)  # the guess of 30 % is 1.5 times that
        assert seen.low_reference_au[0] == pytest.approx(WEEK_AU.mean() - week_high, rel=0.12)


def test_what_recovery_on_advice_took_off_is_carried_and_what_the_athlete_left_out_is_not():
    rests = season(60, actions=lambda t: 2 if t % 7 in (0, 3) else 3)
    taken = 0.65 * (WEEK_AU[0] + WEEK_AU[3]) / 7
    assert rests.eased_au[0] == pytest.approx(taken, rel=0.15)
    assert season(60, done=0.7).eased_au[0] == 0.0


def test_rest_that_illness_or_pain_asked_for_is_not_what_advice_took():
    for what in ({"ill": [1.0]}, {"illness": [1.0]}, {"injured": [1.0]}, {"pain_0_10": [5.0]}):
        tracker = Tracker(1, Profiles.of(1, seed_load_au=[310.0]))
        for t in range(40):
            morning = Morning.of(1, weekday=[t % 7], planned_load_au=WEEK_AU[[t % 7]], **(what if t >= 20 else {}))
            tracker.evening(morning, Evening.of(1, load_au=[40.0], action_taken=[2.0 if t >= 20 else 3.0]))
        assert tracker.morning(Morning.of(1)).eased_au[0] == 0.0


def test_what_recovery_took_off_an_automatic_plan_is_counted_from_the_plan_that_was_shown():
    tracker = Tracker(1, Profiles.of(1, seed_load_au=[310.0]))
    for t in range(75):
        sick = 60 <= t < 74
        morning = Morning.of(1, weekday=[t % 7], ill=[float(sick)])
        tracker.evening(morning, Evening.of(1, load_au=[0.0 if sick else 310.0], action_taken=[3.0]))
    morning = Morning.of(1, weekday=[0])
    shown = tracker.morning(morning)
    assert shown.chronic_au[0] < 0.7 * shown.lref_au[0]  # what an untouched automatic plan no longer follows
    tracker.evening(morning, Evening.of(1, load_au=[60.0], action_taken=[2.0]))
    taken = risk.CHRONIC_LAMBDA * (shown.planned_load_au[0] - 60.0)
    assert tracker.morning(Morning.of(1, weekday=[1])).eased_au[0] == pytest.approx(taken)


def test_recovery_before_any_load_is_known_leaves_no_hole():
    tracker = Tracker(1)
    for t in range(30):
        morning = Morning.of(1, weekday=[t % 7])
        tracker.evening(morning, Evening.of(1, load_au=[300.0], action_taken=[2.0 if t == 0 else 3.0]))
    seen = tracker.morning(Morning.of(1))
    assert np.isfinite(seen.eased_au[0])
    assert (seen.refusal[0], bool(unusable(seen)[0])) == ("", False)


def test_after_a_long_cold_the_automatic_plan_comes_back_with_the_chronic_load():
    """Three weeks of recovery: the first session is no more than the load that is left can bear."""
    tracker = Tracker(1, Profiles.of(1, seed_load_au=[350.0]))
    for t in range(81):
        sick = t >= 60
        morning = Morning.of(1, weekday=[t % 7], illness=[1.0 if sick else 0.0], ill=[1.0 if sick else 0.0])
        load = tracker.morning(morning).planned_load_au * (0.3 if sick else 1.0)
        tracker.evening(morning, Evening.of(1, load_au=load, action_taken=[2.0 if sick else 3.0]))
    seen = tracker.morning(Morning.of(1, weekday=[0.0]))
    assert seen.planned_load_au[0] <= 1.2 * seen.chronic_au[0] + 0.1 * seen.lref_au[0] + 1e-6
    assert seen.chronic_au[0] < 0.55 * seen.lref_au[0]


def test_habits_tell_a_lumpy_week_from_an_even_one():
    seen = season(80)
    loads = WEEK_AU / seen.lref_au[0]
    assert seen.load_unevenness[0] == pytest.approx((loads**2).mean(), rel=0.05)
    assert seen.plan_of_usual[0] == pytest.approx(loads.mean(), rel=0.05)
    assert (seen.day_off_share[0], seen.sick_share[0]) == (0.0, 0.0)
    assert (seen.logged_share[0], seen.hrv_share[0]) == pytest.approx((1.0, 1.0))
    assert seen.sleep_share[0] == 0.0
    assert seen.sleep_scatter[0] == 1.0  # nothing known: as expected


def test_the_usual_load_is_that_of_ordinary_weeks():
    usual = season(60).lref_au[0]

    def two_weeks_of(**what):
        tracker = Tracker(1, Profiles.of(1, seed_load_au=[310.0]))
        for t in range(90):
            then = 60 <= t < 74
            morning = Morning.of(1, weekday=[t % 7], planned_load_au=WEEK_AU[[t % 7]],
                                 **({name: [1.0] for name in what} if then else {}))  # fmt: skip
            tracker.evening(morning, Evening.of(1, load_au=[0.0 if then else WEEK_AU[t % 7]]))
        return tracker.morning(Morning.of(1)).lref_au[0]

    assert two_weeks_of(ill=True) == pytest.approx(usual, rel=0.02)
    assert two_weeks_of(injured=True) == pytest.approx(usual, rel=0.02)
    assert two_weeks_of() == pytest.approx(usual, rel=0.08)  # a week of it is no layoff yet
