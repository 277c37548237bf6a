"""The twin of one athlete whom it was not fitted to: the group's parameters, pulled towards the athlete's own log.

Partial pooling by Bayes' rule: the fitted group (mean and spread of its rows) is the prior, the athlete's own days are
the data. Instead of one best guess an ``Individual`` holds ``ROWS`` draws of the posterior, each in the place of an
athlete of the group: with no own days they are spread as widely as the group, with many they close in. Levels (usual
load, HRV, sleep, 400 m time) are not here: a forecast takes them from the athlete's tracker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from measures.risk import HRV_FLOOR_SD_LN, HRV_PRIOR_SD_LN, HRV_PRIOR_WEIGHT
from mlmodels.state.actions import dose
from mlmodels.twin import fitting, model
from mlmodels.twin.model import Signal, Twin

if TYPE_CHECKING:
    from mlmodels.twin.fitting import Averages
    from mlmodels.twin.history import Floats, SeasonHistory

ROWS = 16  # draws; the band of a forecast is theirs and the twin's own posterior draws' together
LEAST_DAYS = 14  # own days of HRV or sleep below which a signal has no level to be measured from
LEAST_SPREAD = 0.5  # of the fit's prior spread: rows of a small squad may agree by chance
SLEEP_PRIOR_SD, SLEEP_PRIOR_WEIGHT, SLEEP_FLOOR_SD = 8.0, 10.0, 3.0  # as in the fit
COMPLIANCE_SPREAD_LN = 0.05
CLIP_LN = 1.5  # of ln(done / advised), as in the fit
INTERCEPT_SD_PCT = 3.0


@dataclass(frozen=True)
class Individual:
    """Posterior draws (R) of one athlete's rows; D = the twin's own draws. ``days``: own observations by part."""

    hrv_coef: Floats  # (R, 6)
    sleep_coef: Floats  # (R, 6)
    ln_compliance: Floats  # (R, 4)
    performance: Floats  # (D, R, 3)
    drift_pct_per_d: Floats  # (D, R)
    days: dict[str, int]

    def into(self, twin: Twin) -> Twin:
        """The twin with these rows in the place of its athletes; levels are the group's means."""
        rows = len(self.hrv_coef)
        levels = ("usual_load_au", "t400_s", "ln_rmssd_level", "ln_rmssd_sd", "sleep_level", "sleep_sd", "usual_share")
        means: dict[str, Any] = {name: np.full(rows, getattr(twin, name).mean()) for name in levels}
        return replace(
            twin,
            **means,
            hrv=replace(twin.hrv, coef=self.hrv_coef),
            sleep=replace(twin.sleep, coef=self.sleep_coef),
            ln_compliance=self.ln_compliance,
            performance=self.performance,
            drift_pct_per_d=self.drift_pct_per_d,
        )

    def plain(self) -> dict[str, Any]:
        """As JSON, to 5 digits."""
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "days"}
        rounded = {name: model._significant(values).tolist() for name, values in arrays.items()}
        return {**rounded, "days": self.days}

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Individual:
        """Raises KeyError or TypeError for what ``plain`` did not make."""
        names = [f.name for f in fields(cls) if f.name != "days"]
        return cls(**{name: np.array(plain[name], dtype=float) for name in names}, days=dict(plain["days"]))


def individual(twin: Twin, history: SeasonHistory, *, seed: int = 1) -> Individual:
    """Adapt the twin to one athlete. ``history``: of that athlete alone, any number of days, gaps allowed."""
    rng = np.random.default_rng(seed)
    usual = history.usual_load_au()
    share = fitting._usual_share(history)
    averages = fitting.load_averages(history, usual, share)
    design = model.signal_features(
        averages.recent, averages.fatigue, averages.hard, averages.chronic, np.nan_to_num(history.ill)
    )[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        ln = np.log(np.where(history.hrv_rmssd_ms[0] > 0, history.hrv_rmssd_ms[0], np.nan))
    hrv_z = standardised(ln, HRV_PRIOR_SD_LN, HRV_PRIOR_WEIGHT, HRV_FLOOR_SD_LN)
    sleep_z = standardised(history.sleep_score[0], SLEEP_PRIOR_SD, SLEEP_PRIOR_WEIGHT, SLEEP_FLOOR_SD)
    hrv_coef = signal_draws(twin.hrv, design, hrv_z, rng)
    sleep_coef = signal_draws(twin.sleep, design, sleep_z, rng)
    performance, drift = performance_draws(
        twin, history, averages, share, readiness(twin, design, hrv_coef, hrv_z), rng
    )
    return Individual(
        hrv_coef=hrv_coef,
        sleep_coef=sleep_coef,
        ln_compliance=compliance_draws(twin, history, averages, usual, rng),
        performance=performance,
        drift_pct_per_d=drift,
        days={
            "load": int(np.isfinite(history.load_au).sum()),
            "hrv": int(np.isfinite(hrv_z).sum()),
            "sleep": int(np.isfinite(sleep_z).sum()),
            "tests": int(np.isfinite(history.t400_s).sum()),
        },
    )


def standardised(values: Floats, prior_sd: float, prior_weight: float, floor: float) -> Floats:
    """In SD of the athlete's own values, the SD shrunk; all NaN below ``LEAST_DAYS`` values. Shape of ``values``."""
    known = values[np.isfinite(values)]
    if len(known) < LEAST_DAYS:
        return np.full(len(values), np.nan)
    level = known.mean()
    sd = np.sqrt((((known - level) ** 2).sum() + prior_weight * prior_sd**2) / (len(known) + prior_weight))
    return np.asarray((values - level) / max(sd, floor))


def signal_draws(signal: Signal, design: Floats, z: Floats, rng: np.random.Generator) -> Floats:
    """(R, 6) coefficients given the days on which z is known; their correlation over days is the fitted signal's."""
    seen = np.isfinite(z)
    days = np.flatnonzero(seen)
    covariance = signal.slow_sd**2 * signal.phi ** np.abs(days[:, None] - days) + signal.noise_sd**2 * np.eye(len(days))
    mean, sd = prior_of(signal.coef, fitting.OWN_SLOPE_SD)
    return draws(design[seen], z[seen], covariance, mean, sd, ROWS, rng)


def prior_of(rows: Floats, usual_spread: Floats) -> tuple[Floats, Floats]:
    """Mean and SD over the group's rows, (A, k) -> (k,) each; the SD not below a part of what the fit assumes."""
    return rows.mean(0), np.maximum(rows.std(0), LEAST_SPREAD * usual_spread)


def draws(
    x: Floats, y: Floats, covariance: Floats, mean: Floats, sd: Floats, count: int, rng: np.random.Generator
) -> Floats:
    """(count, k) from the posterior of y = x b + e, e ~ N(0, covariance), b ~ N(mean, sd**2); no days: the prior."""
    weighted = np.linalg.solve(covariance, x)
    precision = x.T @ weighted + np.diag(1 / sd**2)
    fitted = np.linalg.solve(precision, weighted.T @ y + mean / sd**2)
    root = np.linalg.cholesky(precision)
    noise = np.linalg.solve(root.T, rng.standard_normal((len(mean), count))).T
    return np.asarray(fitted + noise)


def readiness(twin: Twin, design: Floats, hrv_coef: Floats, hrv_z: Floats) -> Floats:
    """(days,) in SD of the athlete's own HRV signal: what the loads explain and the smoothed slow part."""
    explained = design @ hrv_coef.mean(0)
    slow = fitting.smooth((hrv_z - explained)[None], twin.hrv.phi, twin.hrv.slow_sd, twin.hrv.noise_sd)[0]
    return np.asarray((explained + slow) / twin.readiness_sd)


def performance_draws(
    twin: Twin,
    history: SeasonHistory,
    averages: Averages,
    share: Floats,
    ready: Floats,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Coefficients (D, R, 3) and drift (D, R): each of the twin's draws, with the structure it believes in, answers
    for itself to the athlete's own trials."""
    _, features = fitting.gated_performance_features(averages, ready[None], share, twin.gates)
    tested = np.isfinite(history.t400_s[0])
    day = np.flatnonzero(tested) - len(tested) / 2
    ln_t = np.log(history.t400_s[0][tested])
    y = 100 * (ln_t.mean() - ln_t) if len(ln_t) else ln_t
    covariance = twin.trial_noise_pct**2 * np.eye(len(y))
    coef, drift = [], []
    for d in range(len(twin.performance)):
        mean, sd = prior_of(twin.performance[d], fitting.OWN_PERFORMANCE_SD)
        slope, spread = twin.drift_pct_per_d[d].mean(), max(twin.drift_pct_per_d[d].std(), fitting.OWN_DRIFT_SD_PCT)
        design = np.column_stack([features[0, tested, d], day, np.ones(len(y))])
        own = draws(design, y, covariance, np.array([*mean, slope, 0.0]), np.array([*sd, spread, INTERCEPT_SD_PCT]),
                    ROWS, rng)  # fmt: skip
        coef.append(np.maximum(own[:, :3], fitting.PERFORMANCE_FLOOR))
        drift.append(own[:, 3])
    return np.array(coef), np.array(drift)


def compliance_draws(
    twin: Twin, history: SeasonHistory, averages: Averages, usual: Floats, rng: np.random.Generator
) -> Floats:
    """(R, 4) ln(done / advised) by action, from healthy days on which something was done."""
    action = history.known_action()
    advised, _ = dose(
        action, history.planned_load_au, history.planned_high_intensity_share, averages.chronic * usual[:, None]
    )
    healthy = (np.nan_to_num(history.ill) == 0) & (np.nan_to_num(history.injured) == 0)
    done = healthy & (advised > 0) & (np.nan_to_num(history.load_au) > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ln_ratio = np.clip(np.log(history.load_au / advised), -CLIP_LN, CLIP_LN)
    mean, spread = prior_of(twin.ln_compliance, np.full(4, 2 * COMPLIANCE_SPREAD_LN))
    table = np.empty((ROWS, 4))
    for code in range(4):
        own = ln_ratio[done & (action == code)]
        one = np.ones((len(own), 1))
        noise = twin.ln_compliance_sd**2 * np.eye(len(own))
        table[:, [code]] = draws(one, own, noise, mean[[code]], spread[[code]], ROWS, rng)
    return table
