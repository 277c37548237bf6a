"""Is a twin worth learning on? What was fitted, and how well it forecasts 28 days of the squad it was fitted to.

A good forecast is necessary and not sufficient: a twin that forecasts as well but lets every load count in full ranks
policies at random. Ranking is checked against a world (``evaluate_policies``), not here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from measures.actions import ACTION_CODES
from mlmodels.state.actions import dose
from mlmodels.twin import model
from mlmodels.twin.fitting import Averages, ar1_plus_noise, fit_twin, load_averages, own_mean_sd, smooth
from mlmodels.twin.history import Floats, SeasonHistory
from mlmodels.twin.model import Twin

HORIZON_D, STEP_D, FIRST_ORIGIN_D = 28, 14, 84
DRAWS = 100
LIMITS = {"HRV, 7-day mean": 0.85, "acute load": 0.65, "ACWR": 0.50}  # error against persistence


def describe(twin: Twin) -> list[tuple[str, str, str]]:
    """Part, what it was fitted from, and its value in words."""
    mean = twin.performance.mean(axis=(0, 1))
    ratio = np.exp(twin.ln_compliance.mean(0))
    levels = twin.levels
    return [
        ("athletes", "", str(len(twin.usual_load_au))),
        ("usual load, AU a week", "individual", f"{7 * twin.usual_load_au.mean():.0f}"),
        ("plan", levels["plan"], f"{twin.plan_load.shape[1] // 7} weeks"),
        ("done / advised " + "/".join(ACTION_CODES), levels["load from action"], "/".join(f"{r:.2f}" for r in ratio)),
        ("ln rMSSD, SD within athlete", levels["hrv"], f"{twin.ln_rmssd_sd.mean():.3f}"),
        ("HRV z per usual load more for 3 days", levels["hrv"], f"{twin.hrv.coef[:, 1].mean():+.2f}"),
        ("HRV slow part: SD, a day's carry", levels["hrv"], f"{twin.hrv.slow_sd:.2f}, {twin.hrv.phi:.2f}"),
        ("sleep score, SD within athlete", levels["sleep"], f"{twin.sleep_sd.mean():.1f}"),
        (
            "% faster per log speed work, volume, fatigue",
            levels["performance"],
            "/".join(f"{v:.2f}" for v in mean * [1, 1, -1]),
        ),
        ("beliefs: gate on HRV / load / both", levels["performance"], "{}/{}/{} draws".format(*_beliefs(twin))),
        ("one trial, SD in %", levels["performance"], f"{twin.trial_noise_pct:.2f}"),
        ("illnesses, injuries a season", levels["illness and injury"], "{:.1f}, {:.1f}".format(*_events(twin))),
    ]


def forecast_check(log: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Rows of a table: signal, error / persistence (with its limit), coverage of the 80 % band (72-88 % wanted)."""
    found = forecast_errors(log)
    if not found:
        return [("not checked", f"{FIRST_ORIGIN_D + HORIZON_D} days of log needed", "")]
    return [
        (name, f"{ratio:.2f} (limit {LIMITS[name]:.2f})", f"{100 * covered:.0f} %")
        for name, (ratio, covered) in found.items()
    ]


def forecast_errors(log: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Signal -> error / persistence and coverage of the 80 % band, over all origins; empty where the log is short."""
    history = SeasonHistory.of(log)
    if history.shape[1] < FIRST_ORIGIN_D + HORIZON_D:
        return {}
    errors: dict[str, list[Floats]] = {name: [] for name in LIMITS}
    dates = pd.to_datetime(log["date"])
    for origin in range(FIRST_ORIGIN_D, history.shape[1] - HORIZON_D + 1, STEP_D):
        known = log[dates < dates.min() + pd.Timedelta(days=origin)]
        for name, row in compared(fit_twin(known), history, origin):
            errors[name].append(row)
    means = {name: np.nanmean(np.concatenate(parts, axis=1), axis=1) for name, parts in errors.items()}
    return {name: (float(own / still), float(inside)) for name, (own, still, inside) in means.items()}


def compared(twin: Twin, history: SeasonHistory, origin: int) -> Iterator[tuple[str, Floats]]:
    """Per signal (3, athletes x horizons): own absolute error, persistence's, 1 where the band held the truth."""
    ahead = forecast(twin, history, origin)
    averages = load_averages(history, twin.usual_load_au, twin.usual_share)
    truth = {
        "HRV, 7-day mean": trailing_mean(hrv_z(twin, history)),
        "acute load": averages.acute,
        "ACWR": averages.acute / np.maximum(averages.chronic, 0.15),
    }
    for name, actual in truth.items():
        later = actual[:, origin : origin + HORIZON_D][:, 6::7]
        now = actual[:, origin - 1 if name.startswith("HRV") else origin][:, None]
        low, middle, high = np.nanquantile(ahead[name][:, :, 6::7], [0.1, 0.5, 0.9], axis=0)
        inside = ((later >= low) & (later <= high)).astype(float)
        both = np.isfinite(later) & np.isfinite(now)
        parts = np.stack([np.abs(middle - later), np.abs(now - later), inside])
        yield name, np.where(both, parts, np.nan).reshape(3, -1)


def forecast(twin: Twin, history: SeasonHistory, origin: int, seed: int = 1) -> dict[str, Floats]:
    """Open loop from the morning of day ``origin``: plan and actions are known, nothing else; (draws, athletes, 28)."""
    rng = np.random.default_rng(seed)
    shape = (DRAWS, history.shape[0])
    averages = load_averages(history, twin.usual_load_au, twin.usual_share)
    names = ("recent", "fatigue", "hard", "acute", "chronic")
    state = {name: np.tile(getattr(averages, name)[:, origin], (DRAWS, 1)) for name in names}
    seen = np.isfinite(history.hrv_rmssd_ms[:, :origin])
    residual = hrv_residual(twin, history, averages)[:, :origin]
    phi, slow_sd, noise_sd = likely_signals(residual, rng)
    level, spread = slow_part(twin, residual), filtered_sd(phi, slow_sd, noise_sd, float(seen.mean()))
    slow = level + spread * rng.standard_normal(shape)
    own_mean = own_mean_sd(phi, slow_sd, noise_sd, np.maximum(seen.sum(1), 1))
    wander = np.minimum(own_mean, 1.0) * rng.standard_normal(shape)  # how well the own level is known
    week = [np.broadcast_to(day, shape) for day in hrv_z(twin, history)[:, origin - 7 : origin].T]
    off = np.broadcast_to(~seen[:, -1], shape)
    spells = Spells(twin, history, origin, rng)
    out: dict[str, list[Floats]] = {"HRV, 7-day mean": [], "acute load": [], "ACWR": []}
    for t in range(origin, origin + HORIZON_D):
        features = model.signal_features(
            state["recent"], state["fatigue"], state["hard"], state["chronic"], np.where(spells.ill > 0, 1.0, 0.0)
        )
        signal = np.einsum("sak,ak->sa", features, twin.hrv.coef) + slow + wander
        measured = signal + noise_sd * rng.standard_normal(shape)
        off = rng.random(shape) < np.where(off, twin.hrv_off_stay, twin.hrv_off_start)
        week = [*week[1:], np.where(off, np.nan, measured)]
        out["HRV, 7-day mean"].append(_mean_of_known(np.stack(week, axis=-1)))
        out["acute load"].append(state["acute"])
        out["ACWR"].append(state["acute"] / np.maximum(state["chronic"], 0.15))
        x, share = carried_out(twin, history, t, state["chronic"], rng)
        state = advanced(state, x * spells.able(), share, twin.usual_share)
        spells.next_day()
        slow = phi * slow + slow_sd * np.sqrt(1 - phi**2) * rng.standard_normal(shape)
    return {name: np.stack(days, axis=-1) for name, days in out.items()}


class Spells:
    """Illness and injury ahead, at the group's ordinary rates; days left, (draws, athletes)."""

    def __init__(self, twin: Twin, history: SeasonHistory, origin: int, rng: np.random.Generator) -> None:
        self.twin, self._rng = twin, rng
        shape = (DRAWS, history.shape[0])
        self.ill, self.injured = (
            np.where(np.nan_to_num(flag[:, origin]) > 0, np.ceil(mean * rng.random(shape)), 0.0)
            for flag, mean in ((history.ill, twin.ill_days), (history.injured, twin.injured_days))
        )
        self._rates = [events / 168 for events in _events(twin)]

    def able(self) -> Floats:
        """Share of the advised load that is carried out today."""
        ill = np.where(self.ill > 0, self.twin.able_ill, 1.0)
        return ill * np.where(self.injured > 0, self.twin.able_injured, 1.0)

    def next_day(self) -> None:
        self.ill = self._after(self.ill, self._rates[0], self.twin.ill_days)
        self.injured = self._after(self.injured, self._rates[1], self.twin.injured_days)

    def _after(self, left: Floats, rate: float, mean_days: float) -> Floats:
        new = (left == 0) & (self._rng.random(left.shape) < rate)
        length = np.round(mean_days * (0.5 + self._rng.random(left.shape)))
        return np.where(new, length, np.maximum(left - 1, 0))


def hrv_residual(twin: Twin, history: SeasonHistory, averages: Averages) -> Floats:
    """HRV z less what the loads and illness explain, (athletes, days)."""
    design = model.signal_features(
        averages.recent, averages.fatigue, averages.hard, averages.chronic, np.nan_to_num(history.ill)
    )
    return np.asarray(hrv_z(twin, history) - np.einsum("adk,ak->ad", design, twin.hrv.coef))


def slow_part(twin: Twin, residual: Floats) -> Floats:
    """Mean per athlete of HRV's slow part on the morning after the residuals end, (athletes,)."""
    own = twin.hrv
    level: Floats = own.phi * smooth(residual, own.phi, own.slow_sd, own.noise_sd)[:, -1]
    return level


def likely_signals(residual: Floats, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """phi, SD of the slow part and of the noise, one of each a draw, (draws, 1): estimates from athletes drawn again
    (bootstrap), with the slow part's variance raised as ``fit_signal`` raises it."""
    athletes = len(residual)
    found = []
    for _ in range(DRAWS):
        again = residual[rng.integers(athletes, size=athletes)]
        phi, slow_sd, noise_sd = ar1_plus_noise(again)
        hidden = own_mean_sd(phi, slow_sd, noise_sd, np.maximum(np.isfinite(again).sum(1), 1)) ** 2
        found.append((phi, np.sqrt(slow_sd**2 + hidden.mean()), noise_sd))
    phi, slow_sd, noise_sd = np.array(found).T[:, :, None]
    return phi, slow_sd, noise_sd


def filtered_sd(phi: Floats, slow_sd: Floats, noise_sd: Floats, measured: float) -> Floats:
    """SD of a morning's slow part given all mornings before it, of which the share ``measured`` has a value."""
    drive, variance = slow_sd**2 * (1 - phi**2), slow_sd**2
    for _ in range(60):
        left = variance * (1 - measured * variance / (variance + noise_sd**2))
        variance = phi**2 * left + drive
    return np.sqrt(variance)


def carried_out(
    twin: Twin, history: SeasonHistory, t: int, chronic: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draws of day t's load (relative to the usual day) and its share, from the logged plan and action."""
    usual, action = twin.usual_load_au, history.known_action()[:, t]
    planned = np.where(np.isfinite(history.planned_load_au[:, t]), history.planned_load_au[:, t], usual)
    advised, share = dose(action, planned, history.filled_planned_share()[:, t], chronic * usual)
    habit = twin.ln_compliance[np.arange(len(usual)), action]
    noise = twin.ln_compliance_sd * rng.standard_normal(chronic.shape)
    done = rng.random(chronic.shape) >= twin.missed_rate
    return advised * np.exp(habit + noise) / usual * done, np.broadcast_to(share, chronic.shape)


def hrv_z(twin: Twin, history: SeasonHistory) -> Floats:
    z: Floats = (np.log(history.hrv_rmssd_ms) - twin.ln_rmssd_level[:, None]) / twin.ln_rmssd_sd[:, None]
    return z


def trailing_mean(values: Floats, days: int = 7, at_least: int = 3) -> Floats:
    """Mean of the known ones of the last ``days`` columns, NaN where fewer than ``at_least`` are known."""
    padded = np.column_stack([np.full((len(values), days - 1), np.nan), values])
    window = np.lib.stride_tricks.sliding_window_view(padded, days, axis=1)
    known = np.isfinite(window).sum(-1)
    return np.where(known >= at_least, np.nansum(window, axis=-1) / np.maximum(known, 1), np.nan)


def _mean_of_known(week: Floats, at_least: int = 3) -> Floats:
    """Mean over the last axis, NaN where fewer than ``at_least`` are known, as in ``trailing_mean``."""
    known = np.isfinite(week).sum(-1)
    return np.where(known >= at_least, np.nansum(week, axis=-1) / np.maximum(known, 1), np.nan)


def _beliefs(twin: Twin) -> tuple[int, int, int]:
    """How many draws believe that readiness shows in HRV, in the load, in both."""
    hrv, load = twin.gates[:, 0] > 0, twin.gates[:, 1] > 0
    return int((hrv & ~load).sum()), int((load & ~hrv).sum()), int((hrv & load).sum())


def _events(twin: Twin) -> tuple[float, float]:
    """Spells a season on ordinary days."""
    illness, injury = (168 / (1 + np.exp(-part[0])) for part in (twin.illness, twin.injury))
    return float(illness), float(injury)


def advanced(state: dict[str, Floats], x: Floats, share: Floats, usual_share: Floats) -> dict[str, Floats]:
    """The load averages a day later."""
    hard = x * share / usual_share
    steps = (
        ("recent", x, model.RECENT_D),
        ("fatigue", model.effort(x, hard), model.FATIGUE_D),
        ("hard", hard, model.RECENT_D),
        ("acute", x, model.ACUTE_D),
        ("chronic", x, model.CHRONIC_D),
    )
    return {name: state[name] + (value - state[name]) / days for name, value, days in steps}
