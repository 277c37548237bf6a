"""Fits a twin to a season log: linear algebra in numpy, a second or two for a squad.

Every part has a literature prior and moves away from it as the data allow: first the group, then the athlete
(partial pooling). ``Twin.levels`` says how far each part got. One file: each part is fitted on what the ones
before it left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from measures.risk import HRV_FLOOR_SD_LN, HRV_PRIOR_SD_LN, HRV_PRIOR_WEIGHT, T400_SD_TRIAL
from mlmodels.state.actions import dose
from mlmodels.twin import model
from mlmodels.twin.history import Floats, SeasonHistory, before, running_mean
from mlmodels.twin.model import Signal, Twin

if TYPE_CHECKING:
    import pandas as pd

MIN_SPAN_D = 56
MIN_LOAD_DAYS, MIN_HRV_DAYS = 120, 60
INDIVIDUAL_FROM = 30  # observations per athlete from which a part counts as individually fitted
DRAWS = 8

# Prior mean and SD of the coefficients on model.SIGNAL_FEATURES (z units per usual day's load). Signs from the reviews
# of Plews 2013 (doi 10.1007/s40279-013-0071-8) and Halson 2014 (doi 10.1007/s40279-014-0253-z); sizes are conventions.
HRV_PRIOR = (np.array([0.0, -0.5, -0.5, -0.2, 0.0, -0.8]), np.array([0.3, 0.4, 0.4, 0.2, 0.2, 0.5]))
SLEEP_PRIOR = (np.array([0.0, -0.1, -0.1, -0.05, 0.0, -0.4]), np.array([0.3, 0.2, 0.2, 0.1, 0.2, 0.3]))
OWN_SLOPE_SD = np.array([0.3, 0.15, 0.15, 0.10, 0.15, 0.15])  # spread between athletes

# % faster per unit of log fitness (intensity, volume) and of fatigue. Set so that 10 % more absorbed load for a season
# is worth about 0.4 %, the size of a season's real change (+0.5 to +0.9 %).
LOAD_IS_SPECIFIC = (2.0, 1.8)  # speed work counts for more than its part of the load
LOAD_IS_LOAD = (1.2, 2.4)  # and hardly more (Seiler 2010, doi 10.1123/ijspp.5.3.276: a fifth is enough)
PERFORMANCE_SD = np.array([0.3, 0.3, 0.2])
OWN_PERFORMANCE_SD = np.array([0.6, 0.6, 0.3])
OWN_DRIFT_SD_PCT = 0.4 / 168  # per day
PERFORMANCE_FLOOR = np.array([0.4, 0.4, 0.6])  # the signs are known
FATIGUE_COST, FATIGUE_COST_ALONE = 1.6, 2.2  # the latter where nothing but HRV tells how much of a load counts


@dataclass(frozen=True)
class Structure:
    """One belief of how overload is paid for; how its numbers were chosen is in docs/science.md."""

    name: str
    gate: tuple[float, float, float, float, float]  # model.GATE_PARAMETERS
    performance: tuple[float, float, float]  # prior means


def structures() -> list[Structure]:
    """Readiness shows in HRV, in the load alone, or in both; speed work is special, or load is load."""
    centre, width, floor = -0.9, 0.3, 0.2
    sources = (
        ("HRV", 1.0, 0.0, FATIGUE_COST_ALONE),
        ("both", 0.7, 0.7, FATIGUE_COST),
        ("load", 0.0, 1.0, FATIGUE_COST),
    )
    return [
        Structure(f"{source}, {name}", (hrv, load, centre, width, floor), (*fitness, cost))
        for name, fitness in (("specific", LOAD_IS_SPECIFIC), ("load is load", LOAD_IS_LOAD))
        for source, hrv, load, cost in sources
    ]


EVIDENCE_COUNTS = 0.3  # power of the marginal likelihood: trials of one squad are no independent experiments

# Log-odds a day on model.HAZARD_FEATURES. Prior rates: 1.5 illnesses and 0.7 injuries in 168 days; the slopes are
# small, as the evidence for them is (Impellizzeri 2020, doi 10.1123/ijspp.2019-0864).
ILLNESS_PRIOR = (np.array([np.log(1.5 / 168), 0.30, 0.20, 0.20]), np.array([0.7, 0.25, 0.30, 0.20]))
INJURY_PRIOR = (np.array([np.log(0.7 / 168), 0.20, 0.60, 0.10]), np.array([0.7, 0.20, 0.40, 0.15]))


class TooLittleData(ValueError):
    """The log cannot carry a twin; the message says what is missing."""


@dataclass(frozen=True)
class Averages:
    """Exact arithmetic on the log, loads relative to the usual day; all (athletes, days), as known in the morning."""

    x: Floats  # the day's own load
    share: Floats
    recent: Floats
    fatigue: Floats
    hard: Floats
    acute: Floats
    chronic: Floats


@dataclass(frozen=True)
class Performance:
    """What the 400 m trials say; d = draws."""

    gates: Floats  # (d, 5)
    usual_fitness: Floats  # (d,)
    base_s: Floats  # (A,)
    coef: Floats  # (d, A, 3)
    drift_pct_per_d: Floats  # (d, A)
    trial_noise_pct: float


def fit_twin(log: pd.DataFrame, *, seed: int = 1) -> Twin:
    """Fit a twin to a season log.

    Args: log: rows in season-log columns; seed: of the posterior draws.
    Raises: TooLittleData, with what is there and what is needed.
    """
    history = SeasonHistory.of(log)
    refuse_if_thin(history)
    usual, usual_share = history.usual_load_au(), _usual_share(history)
    averages = load_averages(history, usual, usual_share)
    level, sd = _ln_rmssd_scale(history)
    sleep_level, sleep_sd = _sleep_scale(history)
    hrv_z = (np.log(history.hrv_rmssd_ms) - level[:, None]) / sd[:, None]
    sleep_z = (history.sleep_score - sleep_level[:, None]) / sleep_sd[:, None]
    design = model.signal_features(
        averages.recent, averages.fatigue, averages.hard, averages.chronic, np.nan_to_num(history.ill)
    )
    hrv, hrv_slow = fit_signal(hrv_z, design, HRV_PRIOR)
    sleep, sleep_slow = fit_signal(sleep_z, design, SLEEP_PRIOR)
    signal = np.einsum("adk,ak->ad", design, hrv.coef) + hrv_slow
    readiness_sd = float(np.sqrt(np.var(np.einsum("adk,ak->ad", design, hrv.coef)) + hrv.slow_sd**2))
    readiness = signal / readiness_sd
    performance = fit_performance(history, averages, readiness, usual_share, seed)
    sleep_low = np.where(np.isfinite(sleep_z), sleep_z, sleep_slow)
    hazards = model.hazard_features(readiness, averages.acute, averages.chronic, sleep_low)
    compliance, compliance_sd, missed = fit_compliance(history, averages, usual)
    off_stay, off_start = _hrv_gaps(history)
    plan_load, plan_share = _plans(history, usual)
    return Twin(
        fingerprint=history.fingerprint,
        levels=fitted_levels(history),
        usual_load_au=usual,
        t400_s=performance.base_s,
        ln_rmssd_level=level,
        ln_rmssd_sd=sd,
        sleep_level=sleep_level,
        sleep_sd=sleep_sd,
        usual_share=usual_share,
        hrv=hrv,
        sleep=sleep,
        slow_correlation=_correlation(hrv_slow, sleep_slow),
        readiness_sd=readiness_sd,
        ln_compliance=compliance,
        ln_compliance_sd=compliance_sd,
        missed_rate=missed,
        able_ill=_able(history, history.ill),
        able_injured=_able(history, history.injured),
        gates=performance.gates,
        usual_fitness=performance.usual_fitness,
        performance=performance.coef,
        drift_pct_per_d=performance.drift_pct_per_d,
        trial_noise_pct=performance.trial_noise_pct,
        illness=fit_hazard(history.ill, hazards, ILLNESS_PRIOR),
        injury=fit_hazard(history.injured, hazards, INJURY_PRIOR),
        ill_days=_mean_spell(history.ill, 5.0),
        injured_days=_mean_spell(history.injured, 12.0),
        hrv_off_stay=off_stay,
        hrv_off_start=off_start,
        sleep_missing=float(min((~np.isfinite(history.sleep_score)).mean(), 0.9)),
        load_missing=float((~np.isfinite(history.load_au)).mean()),
        plan_load=plan_load,
        plan_share=plan_share,
        action_share=np.bincount(history.known_action().ravel(), minlength=4) / history.action.size,
    )


def refuse_if_thin(history: SeasonHistory) -> None:
    loads, hrv = int(np.isfinite(history.load_au).sum()), int(np.isfinite(history.hrv_rmssd_ms).sum())
    span = int(np.isfinite(history.load_au).any(0).sum())
    problems = [
        f"column {name} is absent or empty" for name, known in (("load_au", loads), ("hrv_rmssd_ms", hrv)) if not known
    ]
    if span < MIN_SPAN_D:
        problems.append(f"{span} days with a reported load, at least {MIN_SPAN_D} are needed")
    if loads < MIN_LOAD_DAYS:
        problems.append(f"{loads} athlete-days of load, at least {MIN_LOAD_DAYS} are needed")
    if hrv < MIN_HRV_DAYS:
        problems.append(f"{hrv} athlete-days of HRV, at least {MIN_HRV_DAYS} are needed")
    if problems:
        raise TooLittleData(
            f"{len(history.athletes)} athlete(s): {'; '.join(problems)}. Until then use the plan and the rule policy."
        )


def fitted_levels(history: SeasonHistory) -> dict[str, str]:
    """How each part was fitted: from the individual's own data, the group's, or from the literature alone."""

    def level(observed: NDArray[np.bool_], each: int = INDIVIDUAL_FROM) -> str:
        per_athlete = observed.sum(1)
        if np.median(per_athlete) >= each:
            return "individual"
        return "group" if per_athlete.sum() >= each else "literature"

    events = int(_starts(history.ill).sum() + _starts(history.injured).sum())
    return {
        "load from action": level(np.isfinite(history.action) & np.isfinite(history.load_au)),
        "hrv": level(np.isfinite(history.hrv_rmssd_ms)),
        "sleep": level(np.isfinite(history.sleep_score)),
        "performance": level(np.isfinite(history.t400_s), 12),
        "illness and injury": "group" if events >= 10 else "literature",
        "plan": "individual" if np.isfinite(history.planned_load_au).mean() > 0.5 else "load done taken as the plan",
    }


def load_averages(history: SeasonHistory, usual: Floats, usual_share: Floats) -> Averages:
    x, share = history.filled_load_au() / usual[:, None], history.filled_share()
    start = np.full(len(usual), 0.95)
    hard = x * share / usual_share[:, None]

    def known(values: Floats, days: float) -> Floats:
        return before(running_mean(values, days, start), start)

    return Averages(
        x=x,
        share=share,
        recent=known(x, model.RECENT_D),
        fatigue=known(model.effort(x, hard), model.FATIGUE_D),
        hard=known(hard, model.RECENT_D),
        acute=known(x, model.ACUTE_D),
        chronic=known(x, model.CHRONIC_D),
    )


def fit_signal(z: Floats, design: Floats, prior: tuple[Floats, Floats]) -> tuple[Signal, Floats]:
    """Mixed ridge of a morning signal on load, then an AR(1) + noise model of what it leaves over.

    Args: z: (athletes, days), NaN where not measured; design: (athletes, days, 6).
    Returns: the Signal and the smoothed slow part, (athletes, days).
    """
    seen = np.isfinite(z)
    mean, sd = prior
    # Residuals are correlated over days, so a day counts as about a third of an independent one (convention).
    weight = 0.35
    gram = design[seen].T @ design[seen] * weight + np.diag(1 / sd**2)
    group = np.linalg.solve(gram, design[seen].T @ z[seen] * weight + mean / sd**2)
    coef = np.tile(group, (len(z), 1))
    for i, days in enumerate(seen):
        own = design[i, days]
        left = z[i, days] - own @ group
        coef[i] += np.linalg.solve(own.T @ own * weight + np.diag(1 / OWN_SLOPE_SD**2), own.T @ left * weight)
    residual = np.where(seen, z - np.einsum("adk,ak->ad", design, coef), np.nan)
    phi, slow_sd, noise_sd = ar1_plus_noise(residual)
    # Values are counted from the athlete's own mean, which follows the slow part a little and hides that much of it.
    days = seen.sum(1)
    hidden = own_mean_sd(phi, slow_sd, noise_sd, days[days > 0]) ** 2
    slow_sd = float(np.sqrt(slow_sd**2 + hidden.mean())) if len(hidden) else slow_sd
    return Signal(coef, phi, slow_sd, noise_sd), smooth(residual, phi, slow_sd, noise_sd)


def ar1_plus_noise(residual: Floats, lags: int = 10) -> tuple[float, float, float]:
    """phi, SD of the slow part and SD of the day noise, from the autocovariances at lags 1-10 (NaN allowed)."""
    seen = np.isfinite(residual)
    filled = np.where(seen, residual, 0.0)
    total = float((filled**2).sum() / max(seen.sum(), 1))
    pairs = [(seen[:, k:] & seen[:, :-k]).sum() for k in range(1, lags + 1) if k < residual.shape[1]]
    products = [(filled[:, k:] * filled[:, :-k]).sum() for k in range(1, len(pairs) + 1)]
    weight = np.array(pairs, dtype=float)
    cov = np.array(products) / np.maximum(weight, 1)
    best = (np.inf, 0.8, 0.3 * total)
    for phi in np.arange(0.50, 0.97, 0.02):
        shape = phi ** np.arange(1, len(cov) + 1)
        variance = float(np.clip((weight * cov * shape).sum() / max((weight * shape**2).sum(), 1e-9), 0, total))
        error = float((weight * (cov - variance * shape) ** 2).sum())
        best = min(best, (error, float(phi), variance))
    _, phi, variance = best
    variance = float(np.clip(variance, 0.05 * total, 0.8 * total))
    return phi, float(np.sqrt(variance)), float(np.sqrt(total - variance))


def own_mean_sd(
    phi: float | Floats, slow_sd: float | Floats, noise_sd: float | Floats, days: NDArray[np.int64]
) -> Floats:
    """SD of an athlete's mean over so many days of an AR(1) + noise."""
    return np.sqrt(np.asarray((slow_sd**2 * (1 + phi) / (1 - phi) + noise_sd**2) / days, dtype=np.float64))


def smooth(residual: Floats, phi: float, slow_sd: float, noise_sd: float) -> Floats:
    """Posterior mean of the slow part (Kalman filter forward, Rauch-Tung-Striebel backward); shape of ``residual``."""
    athletes, days = residual.shape
    drive = slow_sd**2 * (1 - phi**2)
    mean, variance = np.zeros((athletes, days)), np.zeros((athletes, days))
    m, v = np.zeros(athletes), np.full(athletes, slow_sd**2)
    for t in range(days):
        m, v = (phi * m, phi**2 * v + drive) if t else (m, v)
        seen = np.isfinite(residual[:, t])
        gain = np.where(seen, v / (v + noise_sd**2 + 1e-12), 0.0)
        m = m + gain * np.where(seen, residual[:, t] - m, 0.0)
        v = (1 - gain) * v
        mean[:, t], variance[:, t] = m, v
    for t in range(days - 2, -1, -1):
        back = phi * variance[:, t] / (phi**2 * variance[:, t] + drive + 1e-12)
        mean[:, t] += back * (mean[:, t + 1] - phi * mean[:, t])
    return mean


def fit_performance(
    history: SeasonHistory, averages: Averages, readiness: Floats, usual_share: Floats, seed: int
) -> Performance:
    """Bayesian linear regression of % faster on gated fitness, volume and fatigue, for the group and each athlete.

    Every structure is fitted on its own; the draws are dealt out to them by prior and evidence.
    """
    beliefs = structures()
    gates = np.array([belief.gate for belief in beliefs])
    usual, features = gated_performance_features(averages, readiness, usual_share, gates)
    athletes, days = history.shape
    seen = np.isfinite(history.t400_s)
    who, day = np.nonzero(seen)
    ln_t = np.log(history.t400_s[seen])
    start = _first_level(ln_t, who, athletes)
    y: Floats = 100 * (start[who] - ln_t)
    middle: Floats = np.asarray(day - days / 2, dtype=np.float64)[:, None]
    trials = Trials(y, middle, _one_hot(who, athletes))
    fits = [regressed(trials, features[who, day, k], np.array(b.performance)) for k, b in enumerate(beliefs)]
    dealt = np.repeat(np.arange(len(beliefs)), seats(np.array([fit.ln_evidence for fit in fits])))
    rng = np.random.default_rng(seed)
    drawn = [fits[k].draw(rng, athletes) for k in dealt]
    base_pct = np.mean([fits[k].mean[-athletes:] for k in dealt], axis=0)
    return Performance(
        gates=gates[dealt],
        usual_fitness=usual[dealt],
        base_s=np.exp(start - base_pct / 100),
        coef=np.array([coef for coef, _ in drawn]),
        drift_pct_per_d=np.array([drift for _, drift in drawn]),
        trial_noise_pct=float(np.mean([fits[k].noise_pct for k in dealt])),
    )


def _one_hot(who: NDArray[np.int64], athletes: int) -> Floats:
    rows: Floats = np.zeros((len(who), athletes))
    rows[np.arange(len(who)), who] = 1.0
    return rows


def seats(ln_evidence: Floats) -> NDArray[np.int64]:
    """How many of the draws each structure gets: in proportion to its tempered evidence, by largest remainders."""
    weight = np.exp(EVIDENCE_COUNTS * (ln_evidence - ln_evidence.max()))
    due = DRAWS * weight / weight.sum()
    whole: NDArray[np.int64] = np.floor(due).astype(np.int64)
    for k in np.argsort(whole - due, kind="stable")[: DRAWS - whole.sum()]:
        whole[k] += 1
    return whole


@dataclass(frozen=True)
class Trials:
    """All timed 400 m of the log."""

    pct_faster: Floats  # (trials,) than the athlete's own mean
    day: Floats  # (trials, 1) from the middle of the log
    athlete: Floats  # (trials, A) one-hot


@dataclass(frozen=True)
class Regression:
    """Posterior of one structure; ``mean`` holds group slopes, drift, own slopes, own drifts, own intercepts."""

    mean: Floats
    precision: Floats
    noise_pct: float
    ln_evidence: float

    def draw(self, rng: np.random.Generator, athletes: int) -> tuple[Floats, Floats]:
        """Coefficients (A, 3) and drift in % a day (A,)."""
        root = np.linalg.cholesky(self.precision)
        drawn = self.mean + np.linalg.solve(root.T, rng.standard_normal(len(self.mean)))
        own = drawn[4 : 4 + 3 * athletes].reshape(3, athletes).T
        coef = np.maximum(drawn[:3] + own, PERFORMANCE_FLOOR)
        return coef, drawn[3] + drawn[4 + 3 * athletes : 4 + 4 * athletes]


def regressed(trials: Trials, x: Floats, prior: Floats) -> Regression:
    """``x``: (trials, 3), the structure's features; ``prior``: means of their coefficients."""
    y, one_hot = trials.pct_faster, trials.athlete
    athletes = one_hot.shape[1]
    design = np.hstack([x, trials.day, *[one_hot * x[:, [k]] for k in range(3)], one_hot * trials.day, one_hot])
    mean = np.concatenate([prior, [0.5 / 168], np.zeros(5 * athletes)])
    own_sd = (*np.repeat(OWN_PERFORMANCE_SD, athletes), *[OWN_DRIFT_SD_PCT] * athletes, *[3.0] * athletes)
    sd = np.array([*PERFORMANCE_SD, 0.4 / 168, *own_sd])
    noise = 100 * T400_SD_TRIAL
    ln_evidence = _posterior(design, y, mean, sd, noise)[2]  # all structures under the same noise
    for _ in range(2):
        fitted, precision, _ = _posterior(design, y, mean, sd, noise)
        if len(y) > 60:
            noise = float(np.clip(np.std(y - design @ fitted), 0.6, 3.0))
    return Regression(fitted, precision, noise, ln_evidence)


def _posterior(design: Floats, y: Floats, mean: Floats, sd: Floats, noise: float) -> tuple[Floats, Floats, float]:
    """Mean and precision of a Gaussian regression, and its log marginal likelihood but for a constant."""
    precision = design.T @ design / noise**2 + np.diag(1 / sd**2)
    fitted = np.asarray(np.linalg.solve(precision, design.T @ y / noise**2 + mean / sd**2), dtype=np.float64)
    misfit = np.square((y - design @ fitted) / noise).sum() + np.square((fitted - mean) / sd).sum()
    return fitted, precision, float(-0.5 * (misfit + np.linalg.slogdet(precision)[1]))


def gated_performance_features(
    averages: Averages, readiness: Floats, usual_share: Floats, gates: Floats
) -> tuple[Floats, Floats]:
    """The two gated fitness averages, and fatigue on each logged morning, (athletes, days, structures, 3)."""
    share, usual = averages.share, usual_share[:, None]
    counts = model.gate(readiness, model.effort(averages.recent, averages.hard), averages.chronic, gates)
    level = (counts * averages.x[:, :, None]).mean((0, 1)) / averages.x.mean()

    def fitness(load: Floats, days: float) -> Floats:
        each = []
        for k, usual_level in enumerate(level):
            start = np.full(len(share), usual_level)
            each.append(before(running_mean(load * counts[:, :, k], days, start), start) / usual_level)
        return np.stack(each, axis=-1)

    intensity = fitness(averages.x * share / usual, model.INTENSITY_D)
    volume = fitness(averages.x * (1 - share) / (1 - usual), model.VOLUME_D)
    return level, model.performance_features(intensity, volume, averages.fatigue[:, :, None])


def fit_compliance(history: SeasonHistory, averages: Averages, usual: Floats) -> tuple[Floats, float, float]:
    """ln(done / advised) per athlete and action, its SD, and how often a planned session is not done at all."""
    action = history.known_action()
    advised, _ = dose(
        action, history.planned_load_au, history.planned_high_intensity_share, averages.chronic * usual[:, None]
    )
    healthy = (np.nan_to_num(history.ill) == 0) & (np.nan_to_num(history.injured) == 0) & (advised > 0)
    known = healthy & np.isfinite(history.load_au)
    done = known & (history.load_au > 0)
    missed = float(((history.load_au == 0) & known).sum() + 1) / float(known.sum() + 30)
    table = np.zeros((len(usual), 4))
    if not done.any():
        return table, 0.15, 0.04
    with np.errstate(divide="ignore", invalid="ignore"):
        ln_ratio = np.clip(np.where(done, np.log(history.load_au / advised), np.nan), -1.5, 1.5)
    spread = float(np.clip(np.nanstd(ln_ratio), 0.03, 0.6))
    for code in range(4):
        table[:, code] = _shrunk_means(np.where(action == code, ln_ratio, np.nan), prior_weight=10)
    inner = ln_ratio - np.take_along_axis(table, action, axis=1)
    return table, float(np.clip(np.nanstd(inner), 0.03, spread)), missed


def fit_hazard(flag: Floats, features: Floats, prior: tuple[Floats, Floats]) -> Floats:
    """Logistic regression of the first day of a spell on the day before's features, Gaussian prior; Newton's steps."""
    starts = _starts(flag)
    at_risk = np.isfinite(flag[:, 1:]) & (np.nan_to_num(flag[:, :-1]) == 0)
    x, y = features[:, :-1][at_risk], starts[:, 1:][at_risk].astype(float)
    mean, sd = prior
    beta = mean.copy()
    for _ in range(12):
        p = 1 / (1 + np.exp(-x @ beta))
        gradient = x.T @ (y - p) - (beta - mean) / sd**2
        curvature = (x * (p * (1 - p))[:, None]).T @ x + np.diag(1 / sd**2)
        beta = beta + np.linalg.solve(curvature, gradient)
    # Worse readiness, a faster rise or shorter sleep never makes the twin's athletes safer.
    return np.concatenate([beta[:1], np.maximum(beta[1:], 0.0)])


def _usual_share(history: SeasonHistory) -> Floats:
    load, share = history.filled_load_au(), history.filled_share()
    own: Floats = (load * share).sum(1) / np.maximum(load.sum(1), 1e-9)
    return np.clip(own, 0.05, 0.8)


def _ln_rmssd_scale(history: SeasonHistory) -> tuple[Floats, Floats]:
    """Own mean and SD of ln rMSSD; the SD shrunk as in serving. An athlete without HRV gets the group's mean."""
    ln = np.log(np.where(history.hrv_rmssd_ms > 0, history.hrv_rmssd_ms, np.nan))
    return _scale(ln, HRV_PRIOR_SD_LN, HRV_PRIOR_WEIGHT, HRV_FLOOR_SD_LN)


def _sleep_scale(history: SeasonHistory) -> tuple[Floats, Floats]:
    if not np.isfinite(history.sleep_score).any():
        athletes = len(history.athletes)
        return np.full(athletes, 78.0), np.full(athletes, 8.0)
    return _scale(history.sleep_score, 8.0, 10.0, 3.0)


def _scale(values: Floats, prior_sd: float, prior_weight: float, floor: float) -> tuple[Floats, Floats]:
    seen = np.isfinite(values)
    count = seen.sum(1)
    total = np.where(seen, values, 0.0).sum(1)
    level = np.where(count > 0, total / np.maximum(count, 1), np.nanmean(values))
    square = (np.where(seen, values - level[:, None], 0.0) ** 2).sum(1)
    sd = np.sqrt((square + prior_weight * prior_sd**2) / (count + prior_weight))
    return level, np.maximum(sd, floor)


def _shrunk_means(values: Floats, prior_weight: float) -> Floats:
    """Per-athlete means shrunk to the group's, which is shrunk to 0; (athletes,)."""
    count, total = np.isfinite(values).sum(1), np.nansum(values, axis=1)
    group = total.sum() / (count.sum() + prior_weight)
    means: Floats = (total + prior_weight * group) / (count + prior_weight)
    return means


def _first_level(ln_t: Floats, who: NDArray[np.int64], athletes: int) -> Floats:
    """Mean ln time of each athlete; the group's where there is no test (50 s where nobody was tested)."""
    count = np.bincount(who, minlength=athletes)
    group = float(ln_t.mean()) if len(ln_t) else float(np.log(50.0))
    return np.where(count > 0, np.bincount(who, ln_t, minlength=athletes) / np.maximum(count, 1), group)


def _starts(flag: Floats) -> NDArray[np.bool_]:
    on = np.nan_to_num(flag) > 0
    first: NDArray[np.bool_] = on & ~np.column_stack([np.zeros(len(on), dtype=bool), on[:, :-1]])
    return first


def _mean_spell(flag: Floats, prior_days: float) -> float:
    days, spells = float(np.nansum(np.nan_to_num(flag) > 0)), float(_starts(flag).sum())
    return (days + 3 * prior_days) / (spells + 3)


def _able(history: SeasonHistory, flag: Floats) -> float:
    """Share of the advised load that is carried out on flagged days; 0.2 counted as ten prior days."""
    on = (np.nan_to_num(flag) > 0) & np.isfinite(history.load_au) & (history.planned_load_au > 0)
    ratio = history.load_au[on] / history.planned_load_au[on]
    return float((np.clip(ratio, 0, 1.5).sum() + 2.0) / (on.sum() + 10))


def _correlation(first: Floats, second: Floats) -> float:
    return float(np.clip(np.corrcoef(first.ravel(), second.ravel())[0, 1], -0.9, 0.9)) if second.std() > 0 else 0.0


def _hrv_gaps(history: SeasonHistory) -> tuple[float, float]:
    """P(no HRV this morning) after a morning without and after one with."""
    off = ~np.isfinite(history.hrv_rmssd_ms)
    stays, starts = off[:, 1:] & off[:, :-1], off[:, 1:] & ~off[:, :-1]
    stay, start = (stays.sum() + 1) / (off[:, :-1].sum() + 2), (starts.sum() + 1) / ((~off[:, :-1]).sum() + 5)
    return float(stay), float(start)


def _plans(history: SeasonHistory, usual: Floats) -> tuple[Floats, Floats]:
    """The library of planned seasons, whole weeks from a Monday; where no plan was logged, the load done."""
    skip = (7 - history.first_weekday) % 7
    days = (history.shape[1] - skip) // 7 * 7
    planned = np.where(np.isfinite(history.planned_load_au), history.planned_load_au, history.filled_load_au())
    window = slice(skip, skip + days)
    load: Floats = np.round(np.clip(planned / usual[:, None], 0, 4)[:, window], 3)
    return load, np.round(history.filled_planned_share()[:, window], 3)
