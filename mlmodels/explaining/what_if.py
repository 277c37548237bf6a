"""What if: the digital twin's next 28 days of one athlete, under each action today and the policy from tomorrow on.

Every sample is a future: a posterior draw of the twin, its own weather of noise, missed sessions, illness and gaps in
the data. The branches (one per first action) share it, so that a difference between them is the action's and not
luck's (common random numbers). The future is lived by the code that serving runs: the athlete's own tracker sees the
imagined mornings, the policy is asked, the guards dispose. Acute and chronic load, ACWR and the averages are exact
arithmetic on the imagined loads. Nothing here is a promise: the bands say how little is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measures import risk
from measures.actions import ACTION_CODES, Action
from mlmodels.deciding import guard
from mlmodels.deciding.decision import resolve, stages
from mlmodels.policies.policy import Policy, RulePolicy
from mlmodels.state.actions import dose
from mlmodels.state.arrays import BoolArray, FloatArray
from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.observation import Observation
from mlmodels.state.tracker import Tracker
from mlmodels.twin.model import RECENT_D, Signal, Twin, TwinWorld, effort, signal_features

HORIZON_D = 28
SAMPLES = 200
BAND = (0.10, 0.50, 0.90)
LEFT_OVER_DAYS = 28  # of the load ring, for the averages that the tracker does not keep
TESTED_LATELY_D = 14  # who was timed within them is timed weekly in the forecast too
# Signal -> what it is. "perf_change_pct" counts from this morning; more is faster.
SIGNALS = ("perf_change_pct", "acwr", "hrv_z", "hrv_ms", "sleep_z")


class NoForecast(Exception):
    """There is nothing to start from; ``reason`` is a code (insufficient_history, stale_data, injury ...)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Forecast:
    """Quantiles over the samples, by first action (in the order of ``ACTION_CODES``) and morning 1-28.

    ``bands[signal]`` and ``differences[signal]`` (to as_planned, sample by sample): (4 actions, 28, 3 quantiles).
    ``allowed``: what the guards leave of each action today. ``load_au``: today's dose.
    """

    bands: dict[str, FloatArray]
    differences: dict[str, FloatArray]
    allowed: tuple[bool, ...]
    load_au: FloatArray
    samples: int


def what_if(
    tracker: Tracker,
    morning: Morning,
    twin: Twin,
    policy: Policy,
    *,
    who: int | None = None,
    plan: tuple[FloatArray, FloatArray] | None = None,
    samples: int = SAMPLES,
    seed: int = 1,
) -> Forecast:
    """Forecast one athlete.

    Args: tracker, morning: of one athlete, yesterday evening's carry and today's morning; who: the athlete's row in
    the twin, None for a stranger (then each sample draws a member of the group); plan: load (AU) and share of high
    intensity of the days after today, each (28,), NaN where nobody planned.
    Raises: NoForecast.
    """
    start = tracker.morning(morning)
    check(start)
    n = samples * len(ACTION_CODES)
    futures = Futures(personal(twin, tracker, start, who), start, tracker, samples, seed)
    many = tracker.select(np.zeros(n, dtype=np.int64))
    many.profiles = Profiles.of(n, **{name: getattr(tracker.profiles, name).item() for name in Profiles.__slots__})
    today = morning.select(np.zeros(n, dtype=np.int64))
    first = np.repeat(np.arange(len(ACTION_CODES)), samples)
    load_au, share_au = (np.full(HORIZON_D, np.nan),) * 2 if plan is None else plan
    seen = many.morning(today)
    guarded = guard.apply(first, seen)
    load, share = dose(first, seen.planned_load_au, seen.planned_share, seen.chronic_au, under_18=seen.under_18)
    action, load = first, np.minimum(load, guarded.load_cap_au)
    doses = load.reshape(len(ACTION_CODES), samples)[:, 0]
    allowed = (guarded.action == first).reshape(len(ACTION_CODES), samples)[:, 0]
    rule, days = RulePolicy(), []
    for day in range(HORIZON_D):
        evening = futures.live(action, load, share)
        many.evening(today, evening)
        today = futures.wake(day, load_au[day], share_au[day])
        seen = many.morning(today)
        days.append(measured(futures, seen))
        if day + 1 < HORIZON_D:
            decided = resolve(seen, policy, fallback=rule)
            action, load, share = decided.action, decided.load_au, decided.share
    return summed_up(np.stack(days), allowed, doses, samples)


def check(start: Observation) -> None:
    withheld = str(guard.apply([int(Action.AS_PLANNED)], start).withheld[0])
    if withheld:
        raise NoForecast(withheld)
    if stages(start)[0] == "profile" or not np.isfinite(start.hrv_z[0]):
        raise NoForecast("insufficient_history")


def measured(futures: Futures, seen: Observation) -> FloatArray:
    """(signals, n), in the order of ``SIGNALS``."""
    return np.stack([futures.change_pct(), seen.acwr, seen.hrv_z, seen.hrv_mean_7d_ms, seen.sleep_z])


def summed_up(days: FloatArray, allowed: BoolArray, doses: FloatArray, samples: int) -> Forecast:
    """``days``: (28, signals, actions x samples)."""
    cube = days.reshape(HORIZON_D, len(SIGNALS), len(ACTION_CODES), samples)
    change = cube - cube[:, :, [Action.AS_PLANNED]]
    bands, differences = quantiles(cube), quantiles(change)
    return Forecast(
        bands={name: bands[i] for i, name in enumerate(SIGNALS)},
        differences={name: differences[i] for i, name in enumerate(SIGNALS)},
        allowed=tuple(bool(a) for a in allowed),
        load_au=doses,
        samples=samples,
    )


def quantiles(cube: FloatArray) -> FloatArray:
    """(28, signals, actions, samples) -> (signals, actions, 28, 3); NaN where a sample lacks a value is left out."""
    ordered = np.sort(cube, axis=-1)  # NaN last
    known = np.count_nonzero(ordered == ordered, axis=-1)
    out = np.empty((*cube.shape[1:3], cube.shape[0], len(BAND)))
    for i, quantile in enumerate(BAND):
        rank = np.maximum(known - 1, 0) * quantile
        low = rank.astype(np.int64)
        high = np.minimum(low + 1, np.maximum(known - 1, 0))
        below, above = (np.take_along_axis(ordered, k[..., None], axis=-1)[..., 0] for k in (low, high))
        out[..., i] = np.moveaxis(below + (rank - low) * (above - below), 0, -1)
    return out


# --- the athlete in the twin's terms --------------------------------------------------------------------------------


def personal(twin: Twin, tracker: Tracker, start: Observation, who: int | None) -> Twin:
    """The twin of this athlete: own levels from the carry; own answers to load if ``who`` was fitted, else the group's.

    A stranger is any member of the group: the band then holds the spread between athletes, as it must.
    """
    rows = np.arange(len(twin.usual_load_au)) if who is None else np.array([who])
    baseline, spread = (float(v[0]) for v in tracker.sleep_baseline())
    size = len(rows)
    high, low = float(start.high_reference_au[0]), float(start.low_reference_au[0])
    sd = np.log(float(start.hrv_range_high_ms[0]) / float(start.hrv_range_low_ms[0])) / (2 * risk.HRV_RANGE_SD)
    return replace(
        twin,
        usual_load_au=np.full(size, float(start.lref_au[0])),
        usual_share=np.full(size, np.clip(high / max(high + low, 1e-9), 0.05, 0.8)),
        t400_s=np.full(size, float(start.t400_level_s[0])),
        ln_rmssd_level=np.full(size, np.log(float(start.hrv_baseline_ms[0]))),
        ln_rmssd_sd=np.full(size, sd),
        sleep_level=np.full(size, baseline if np.isfinite(baseline) else float(twin.sleep_level.mean())),
        sleep_sd=np.full(size, spread if np.isfinite(spread) else float(twin.sleep_sd.mean())),
        sleep_missing=1.0 if start.sleep_age_days[0] >= risk.REPORTER_DAYS else twin.sleep_missing,
        hrv=replace(twin.hrv, coef=twin.hrv.coef[rows]),
        sleep=replace(twin.sleep, coef=twin.sleep.coef[rows]),
        ln_compliance=twin.ln_compliance[rows],
        performance=twin.performance[:, rows],
        drift_pct_per_d=twin.drift_pct_per_d[:, rows],
    )


def slow_now(signal: Signal, mean_z: float, today_z: float, days: int) -> tuple[float, float]:
    """Mean and SD of a signal's slow part this morning, given what today and the last days' mean leave unexplained.

    Gaussian conditioning of an AR(1) + noise on (mean of ``days`` mornings, today); NaN = not known.
    """
    lags = np.arange(days)
    slow, noise = signal.slow_sd**2, signal.noise_sd**2
    of_mean = slow * (signal.phi ** np.abs(lags[:, None] - lags)).mean() + noise / days
    with_mean = slow * (signal.phi**lags).mean()
    covariance = np.array([[of_mean, with_mean + noise / days], [with_mean + noise / days, slow + noise]])
    values, with_slow = np.array([mean_z, today_z]), np.array([with_mean, slow])
    known = np.isfinite(values)
    gain = np.linalg.solve(covariance[np.ix_(known, known)], with_slow[known])
    return float(gain @ values[known]), float(np.sqrt(max(slow - gain @ with_slow[known], 0.0)))


class SharedLuck:
    """A generator whose (k, n) arrays repeat the same ``samples`` columns for every branch."""

    def __init__(self, seed: int, samples: int, branches: int) -> None:
        self._rng, self._samples, self._branches = np.random.default_rng(seed), samples, branches

    def standard_normal(self, shape: tuple[int, int]) -> FloatArray:
        return self._repeated(self._rng.standard_normal((shape[0], self._samples)))

    def random(self, shape: tuple[int, int]) -> FloatArray:
        return self._repeated(self._rng.random((shape[0], self._samples)))

    def _repeated(self, own: FloatArray) -> FloatArray:
        return np.concatenate([own] * self._branches, axis=1)


class Futures(TwinWorld):
    """``samples`` futures in four branches of one athlete, started from what is known of them this morning."""

    def __init__(self, twin: Twin, start: Observation, tracker: Tracker, samples: int, seed: int) -> None:
        branches = len(ACTION_CODES)
        super().__init__(twin, samples * branches, seed)
        self._rng: Any = SharedLuck(seed, samples, branches)
        self._begin(start, tracker, samples, branches)
        self._today = start
        self._prescribed: tuple[FloatArray, FloatArray] = (np.empty(0), np.empty(0))
        self._dawn(None)
        draw, each = self._state["draw"], np.arange(self.n)
        self._all_draws, self._drift = self._all_draws[:, None, draw, each], self._all_drifts[draw, each]
        self._at_start = self._own_performance_pct()

    def _begin(self, start: Observation, tracker: Tracker, samples: int, branches: int) -> None:
        s, twin, n = self._state, self.twin, self.n
        draws, members = twin.performance.shape[:2]
        luck = np.random.default_rng(self._rng._rng.integers(2**63))
        s["draw"] = np.tile(np.arange(samples) % draws, branches)
        s["who"] = np.tile(luck.integers(members, size=samples), branches)
        s["label"], s["automatic"] = (
            np.ones(n),
            np.zeros(n, dtype=bool),
        )  # the plan is the athlete's own, and so is what its coach calls intense
        self._describe(np.arange(n))
        for name, value in averages(start, tracker, twin).items():
            s[name] = np.full(n, value)
        # Each future lives under its own draw alone, so one column is enough for what TwinWorld keeps for all draws.
        self._gates, self._usual_fitness = twin.gates[s["draw"]].T[:, None], twin.usual_fitness[s["draw"]][None]
        for name in ("intensity", "volume"):
            s[name] = s[name] * self._usual_fitness
        s["elapsed"] = np.full(n, int(start.weekday[0]))
        s["hrv_off"] = np.full(n, start.hrv_age_days[0] > 0)
        for name, now, mean_days in (("ill", twin.ill_days, start.ill), ("injured", twin.injured_days, start.injured)):
            left = np.ceil(now * luck.random(samples)) if mean_days[0] > 0 else np.zeros(samples)
            s[f"{name}_left"] = np.tile(left, branches)
        design = signal_features(
            s["recent"], s["fatigue"], s["hard"], s["chronic"], np.where(s["ill_left"] > 0, 1.0, 0.0)
        )
        known = (
            ("hrv_slow", twin.hrv, self._hrv_coef, start.hrv_z, start.hrv_today_z, 7),
            ("sleep_slow", twin.sleep, self._sleep_coef, start.sleep_z, start.sleep_today_z, 3),
        )
        for name, signal, coef, mean_z, today_z, days in known:
            # The loads' part is linear, so what a member's own coefficients explain is taken off member by member.
            explained = np.einsum("nk,nk->n", design, coef)
            base, spread = slow_now(signal, float(mean_z[0]), float(today_z[0]), days)
            unit, _ = slow_now(signal, float(mean_z[0] * 0.0 + 1.0), float(today_z[0] * 0.0 + 1.0), days)  # NaN stays
            s[name] = base - unit * explained + spread * np.tile(luck.standard_normal(samples), branches)

    def live(self, action: NDArray[np.int64], load: FloatArray, share: FloatArray) -> Evening:
        """The day, as the tracker will close it."""
        self._prescribed = load, share
        day = self.step(action)
        return Evening.of(
            self.n,
            load_au=day["load_au"],
            high_intensity_share=day["high_intensity_share"],
            t400_s=day["t400_s"] if self._today.test_age_days[0] <= TESTED_LATELY_D else None,
            action_taken=action,
        )

    def wake(self, day: int, planned_load_au: float, planned_share: float) -> Morning:
        """Morning ``day`` + 1 from today."""
        known = self.morning() | {
            "planned_load_au": planned_load_au,
            "planned_high_intensity_share": planned_share,
            "weekday": self.weekday,
            "days_to_main_race": float(self._today.days_to_main_race[0]) - day - 1.0,
        }
        return Morning.of(self.n, **known)

    def change_pct(self) -> FloatArray:
        """% faster than this morning, each future under its own draw."""
        return self._own_performance_pct() - self._at_start

    def _own_performance_pct(self) -> FloatArray:
        return np.asarray(self._fitness()[0] + self._drift * self._state["elapsed"])

    def true_t400(self) -> FloatArray:
        return np.asarray(self.twin.t400_s[0] * (1.0 - self.change_pct() / 100.0))

    def _advised(self, action: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
        return self._prescribed

    def _plan(self) -> tuple[FloatArray, FloatArray]:
        """The plan is the athlete's, and the tracker's where nobody wrote one."""
        return np.full(self.n, np.nan), np.full(self.n, np.nan)


def averages(start: Observation, tracker: Tracker, twin: Twin) -> Mapping[str, float]:
    """The twin's load averages, relative to the usual day, from the tracker's.

    ``intensity`` and ``volume`` count from the athlete's own references. Exact but for ``hard``: the tracker keeps no
    share per day, so the last three days take that of the last eight.
    """
    usual, share = float(twin.usual_load_au[0]), float(twin.usual_share[0])
    high, low = float(start.high_fatigue_au[0]) / usual, float(start.low_fatigue_au[0]) / usual
    lately = tracker.recent_loads_au()[:, 0] / usual  # yesterday first
    keep = (1.0 - 1.0 / RECENT_D) ** np.arange(len(lately))
    known = lately == lately
    recent = float((keep[known] @ lately[known]) / max(keep[known].sum(), 1e-9)) if known.any() else high + low
    lately_hard = high / max(high + low, 1e-9)
    return {
        "intensity": float(start.high_average_au[0]) / max(float(start.high_reference_au[0]), 1e-9),
        "volume": float(start.low_average_au[0]) / max(float(start.low_reference_au[0]), 1e-9),
        "fatigue": float(effort(np.array(high + low), np.array(high / share))),
        "recent": recent,
        "hard": recent * lately_hard / share,
        "acute": float(start.acute_au[0]) / usual,
        "chronic": float(start.chronic_au[0]) / usual,
    }
