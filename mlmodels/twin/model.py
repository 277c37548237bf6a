"""The digital twin: what a squad's own log says about how its athletes answer to load.

A ``Twin`` is a bag of fitted arrays; a ``TwinWorld`` is n athletes drawn from it, with the four methods of any world
(``morning``, ``step``, ``true_t400``) plus what only a model can tell: expected performance under every posterior draw
and the hazard of illness and injury.

Acute, chronic and the gated averages are exact arithmetic; only these are fitted (``fitting.py``): carried-out load
given the action, HRV and sleep given load, 400 m performance given absorbed load, illness and injury, missing data. One
file: the world's step walks through all of them.
"""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mlmodels.state.actions import PLAN_RECOVERING_D, WEEKDAY_SHARES, WEEKDAY_WEIGHTS, at_most, automatic_plan, dose

if TYPE_CHECKING:
    from mlmodels.twin.history import Floats  # which reads season logs, with pandas

# Time constants in days. Fitness 40/50 and fatigue 8: within Hellard 2006 (doi 10.1080/02640410500244697).
INTENSITY_D, VOLUME_D, FATIGUE_D, RECENT_D = 40.0, 50.0, 8.0, 3.0
ACUTE_D, CHRONIC_D = 4.0, 14.5  # EWMA with lambda 2/(7+1) and 2/(28+1)

# Plans the log does not hold but serving will meet: a tenth of the seasons follow the automatic plan, and each season's
# coach calls other parts of the same training intense, so that no policy is a stranger to that (conventions).
AUTOMATIC_SEASONS = 0.10
LABEL_SPREAD_LN = 0.6
HIGHEST_USUAL_SHARE, HIGHEST_SHARE = 0.45, 0.9
AUTOMATIC_SHARE = float(WEEKDAY_WEIGHTS @ WEEKDAY_SHARES / WEEKDAY_WEIGHTS.sum())
USED_TO_AUTOMATIC = 0.5  # of those who live by it; the others are used to their own share

HARD_WEIGHT = 0.3
SIGNAL_FEATURES = ("constant", "recent_load", "fatigue", "recent_intensity", "chronic", "ill")
PERFORMANCE_FEATURES = ("intensity_fitness", "volume_fitness", "fatigue")
GATE_PARAMETERS = ("hrv_weight", "load_weight", "centre", "width", "floor")
TOLERANCE_LEARNT = 0.2  # share of the tolerated load that follows the chronic load (convention)
STRAIN_PER_SD = 4.0  # SD of readiness that a recent load of twice the tolerated one takes (convention)
HAZARD_FEATURES = ("constant", "low_readiness", "acute_over_chronic", "low_sleep")


def gate(hrv_readiness: Floats, recent_effort: Floats, chronic: Floats, gates: Floats) -> Floats:
    """Share of a load that is absorbed, floor-1, under each of d structures; shape (..., d).

    ``hrv_readiness``: SD of the athlete's own HRV signal; ``recent_effort`` and ``chronic``: relative to the usual day;
    ``gates``: (..., d, 5) in the order of ``GATE_PARAMETERS``. Conventions: days of suppressed HRV repay training less
    (Kiviniemi 2007, doi 10.1007/s00421-007-0552-2), and so do days after more than is tolerated, whatever HRV says
    (Meeusen 2013, doi 10.1249/MSS.0b013e318279a10a: no marker shows overreaching reliably).
    """
    return _absorbed(hrv_readiness[..., None], rested(recent_effort, chronic)[..., None], np.moveaxis(gates, -1, 0))


def rested(recent_effort: Floats, chronic: Floats) -> Floats:
    """SD of readiness that the recent load leaves or takes."""
    return STRAIN_PER_SD * (1 - recent_effort / tolerated(chronic))


def _absorbed(hrv_readiness: Floats, load_readiness: Floats, gates: Floats) -> Floats:
    """``gates``: the five parameters first; whatever else broadcasts."""
    hrv_weight, load_weight, centre, width, floor = gates
    ready = hrv_weight * hrv_readiness + load_weight * load_readiness
    share: Floats = floor + (1 - floor) / (1 + np.exp(-(ready - centre) / width))
    return share


def effort(x: Floats, hard: Floats) -> Floats:
    """What a day's load costs to recover from: high-intensity load counts more than its share of session-RPE load.

    ``hard``: high-intensity load relative to the usual one. The weight is a convention.
    """
    return (1 - HARD_WEIGHT) * x + HARD_WEIGHT * hard


def signal_features(recent: Floats, fatigue: Floats, hard: Floats, chronic: Floats, ill: Floats) -> Floats:
    """Design of the HRV and sleep models, shape (..., 6); loads relative to the athlete's usual day.

    The recent ones count against what is tolerated, of which only a part follows the chronic load: what a hard week
    shows then also says what a harder season would do.
    """
    features, bearable = np.empty((*recent.shape, 6)), tolerated(chronic)
    features[..., 0] = 1.0
    for column, load in ((1, recent), (2, fatigue), (3, hard)):
        np.subtract(load, bearable, out=features[..., column])
    np.subtract(chronic, 1.0, out=features[..., 4])
    features[..., 5] = ill
    return features


def tolerated(chronic: Floats) -> Floats:
    """Load, relative to the usual day, that is recovered from within days."""
    return 1 - TOLERANCE_LEARNT + TOLERANCE_LEARNT * chronic


def performance_features(intensity: Floats, volume: Floats, fatigue: Floats) -> Floats:
    """Design of the performance model, shape (..., 3): concave in fitness; fatigue counts downwards (all help)."""
    return np.stack(np.broadcast_arrays(*performance_terms(intensity, volume, fatigue)), axis=-1)


def performance_terms(intensity: Floats, volume: Floats, fatigue: Floats) -> tuple[Floats, Floats, Floats]:
    return np.log(np.maximum(intensity, 0.1)), np.log(np.maximum(volume, 0.1)), 1 - fatigue


def hazard_features(readiness: Floats, acute: Floats, chronic: Floats, sleep_z: Floats) -> Floats:
    """Design of the illness and injury models, shape (..., 4)."""
    features = np.empty((*readiness.shape, 4))
    features[..., 0] = 1.0
    for column, value, high in (
        (1, -0.5 - readiness, 2.5),
        (2, acute / np.maximum(chronic, 0.15) - 1.2, 2.0),
        (3, -0.5 - sleep_z, 2.5),
    ):
        features[..., column] = np.minimum(np.maximum(value, 0.0), high)
    return features


@dataclass(frozen=True)
class Signal:
    """One morning signal in z units: exogenous part + slow AR(1) part + day noise."""

    coef: Floats  # (athletes, 6): group value plus the athlete's own deviation
    phi: float
    slow_sd: float
    noise_sd: float


@dataclass(frozen=True)
class Twin:
    """Fitted parameters. A = athletes in the log, D = days of the plan library (whole weeks)."""

    fingerprint: str  # sha256 of the season log's rows
    levels: dict[str, str]  # part -> individual | group | literature
    usual_load_au: Floats  # (A,)
    t400_s: Floats  # (A,)
    ln_rmssd_level: Floats  # (A,)
    ln_rmssd_sd: Floats  # (A,)
    sleep_level: Floats  # (A,)
    sleep_sd: Floats  # (A,)
    usual_share: Floats  # (A,)
    hrv: Signal
    sleep: Signal
    slow_correlation: float  # of the innovations of the two slow parts
    readiness_sd: float  # SD of HRV's exogenous + slow part, in z units
    ln_compliance: Floats  # (A, 4): ln(load carried out / load advised) by action
    ln_compliance_sd: float
    missed_rate: float  # healthy days on which nothing was done although planned
    able_ill: float  # share of the load carried out while ill, injured
    able_injured: float
    gates: Floats  # (8 draws, 5): GATE_PARAMETERS of the structure that each posterior draw believes in
    usual_fitness: Floats  # (8 draws,): both fitness averages of the logged season, relative to the load done
    performance: Floats  # (8 draws, A, 3): % faster per unit of PERFORMANCE_FEATURES
    drift_pct_per_d: Floats  # (8 draws, A)
    trial_noise_pct: float
    illness: Floats  # (4,) log-odds a day
    injury: Floats  # (4,)
    ill_days: float  # mean length
    injured_days: float
    hrv_off_stay: float  # P(no HRV | none yesterday)
    hrv_off_start: float  # P(no HRV | HRV yesterday)
    sleep_missing: float
    load_missing: float
    plan_load: Floats  # (A, D) relative to the usual day; column 0 is a Monday
    plan_share: Floats  # (A, D)
    action_share: Floats  # (4,) the coach's habitual mix

    def save(self, path: Path) -> None:
        """One .json file: readable, diffable, and rounded to what the data can carry (6 digits)."""
        path.write_text(json.dumps(_plain(asdict(self)), separators=(",", ":")) + "\n")

    @classmethod
    def load(cls, path: Path) -> Twin:
        data = json.loads(path.read_text())
        unknown = set(data) ^ {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"{path} is not a twin of this version: {', '.join(sorted(unknown))}")
        for name, value in data.items():
            if isinstance(value, list):
                data[name] = np.array(value, dtype=float)
        for name in ("hrv", "sleep"):
            data[name] = Signal(**{**data[name], "coef": np.array(data[name]["coef"])})
        return cls(**data)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _significant(value).tolist()
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _significant(values: Floats, digits: int = 5) -> Floats:
    with np.errstate(divide="ignore"):
        magnitude = np.where(values == 0, 0, np.floor(np.log10(np.abs(np.where(values == 0, 1, values)))))
    scale = 10.0 ** (digits - 1 - magnitude)
    rounded: Floats = np.round(values * scale) / scale
    return rounded


class Copied:
    """Random numbers for blocks of athletes: every block gets the same ones. The last axis of a shape is athletes."""

    def __init__(self, seed: int | list[int], copies: int) -> None:
        self._rng, self.copies = np.random.default_rng(seed), copies

    def __getattr__(self, name: str) -> Any:
        draw = getattr(self._rng, name)

        def copied(*args: Any, size: Any = None) -> Any:
            *rest, shape = args if size is None else (*args, size)
            *leading, athletes = shape if isinstance(shape, tuple) else (shape,)
            one = draw(*rest, size=(*leading, athletes // self.copies))
            return np.concatenate([one] * self.copies, axis=-1)

        return copied


class TwinWorld:
    """n athletes drawn from a twin, each with one posterior draw as their truth.

    >>> world = TwinWorld(twin, n=512, seed=1)          # doctest: +SKIP
    >>> world.step(np.full(512, Action.AS_PLANNED))      # doctest: +SKIP
    """

    def __init__(self, twin: Twin, n: int, seed: int | list[int], copies: int = 1) -> None:
        """``copies``: the n athletes are so many equal blocks, with the same numbers drawn for each."""
        self.twin, self.n, self.day = twin, n, 0
        self._rng: Any = np.random.default_rng(seed) if copies == 1 else Copied(seed, copies)
        self.fresh(np.arange(n))

    def fresh(self, rows: NDArray[np.int64]) -> None:
        """Put new athletes on ``rows``: day 0 of a new season, at a random week of somebody's plan."""
        rng, twin, k = self._rng, self.twin, len(rows)
        state: dict[str, NDArray[Any]] = {
            "who": rng.integers(len(twin.usual_load_au), size=k),
            "draw": rng.integers(twin.performance.shape[0], size=k),
            "plan": rng.integers(twin.plan_load.shape[0], size=k),
            "plan_start": 7 * rng.integers(max(twin.plan_load.shape[1] // 7, 1), size=k),
            "automatic": rng.random(k) < AUTOMATIC_SEASONS,
            "label": np.exp(rng.normal(0, LABEL_SPREAD_LN, k)),
            "used_to_it": rng.random(k) < USED_TO_AUTOMATIC,
            "elapsed": np.zeros(k, dtype=np.int64),
            "ill_left": np.zeros(k),
            "injured_left": np.zeros(k),
            "well_d": np.full(k, PLAN_RECOVERING_D + 1),
            "hrv_slow": rng.normal(0, twin.hrv.slow_sd, k),
            "sleep_slow": rng.normal(0, twin.sleep.slow_sd, k),
            "hrv_off": rng.random(k) < 0.3,
        }
        jitter = rng.normal(0, 0.05, k)
        for name in ("intensity", "volume"):
            state[name] = twin.usual_fitness[:, None] * np.exp(jitter)  # (d, k)
        for name in ("fatigue", "recent", "hard", "acute", "chronic"):
            state[name] = 0.95 * np.exp(jitter)
        if len(rows) == self.n:
            self._state = state
        else:
            for name, values in state.items():
                self._state[name][..., rows] = values
        self._describe(rows)
        self._fitness_pct: Floats | None = None
        self._dawn(rows)

    def _describe(self, rows: NDArray[np.int64]) -> None:
        """Everything about the athletes on ``rows`` that no day changes, gathered once."""
        twin, who = self.twin, self._state["who"][rows]
        by_athlete = {
            "usual_load_au": twin.usual_load_au,
            "_share": twin.usual_share,
            "_t400_s": twin.t400_s,
            "_hrv_level": twin.ln_rmssd_level,
            "_hrv_sd": twin.ln_rmssd_sd,
            "_sleep_level": twin.sleep_level,
            "_sleep_sd": twin.sleep_sd,
            "_hrv_coef": twin.hrv.coef,  # (n, 6)
            "_sleep_coef": twin.sleep.coef,
            "_compliance": twin.ln_compliance,  # (n, 4)
        }
        for name, values in by_athlete.items():
            self._keep(name, values[who], (rows,))
        self._keep("_all_draws", twin.performance[:, who].transpose(2, 0, 1), (..., rows))  # (3, d, n)
        self._keep("_all_drifts", twin.drift_pct_per_d[:, who], (..., rows))  # (d, n)
        self._label(rows)
        self._gates = twin.gates.T[:, :, None]  # (5, d, 1)
        self._usual_fitness = twin.usual_fitness[:, None]  # (d, 1)
        self._automatic = np.flatnonzero(self._state["automatic"])

    def _label(self, rows: NDArray[np.int64]) -> None:
        """What this season's coach calls intense, as a multiple of what it is: the training itself is the same."""
        label, usual, nobody = self._state["label"][rows], self._share[rows], self._state["automatic"][rows]
        label = np.where(nobody, 1.0, np.minimum(label, HIGHEST_USUAL_SHARE / np.maximum(usual, 1e-9)))
        self._state["label"][rows] = label
        self._share[rows] = np.where(nobody & self._state["used_to_it"][rows], AUTOMATIC_SHARE, usual)

    def _keep(self, name: str, values: Floats, place: Any) -> None:
        if values.shape[-1 if place[0] is ... else 0] == self.n:
            setattr(self, name, np.ascontiguousarray(values))
        else:
            getattr(self, name)[place] = values

    _gates: Any  # (5, d, 1), or its five parts where athletes differ
    _fitness_days: Any = (INTENSITY_D, VOLUME_D)
    usual_load_au: Floats
    _share: Floats
    _t400_s: Floats
    _hrv_level: Floats
    _hrv_sd: Floats
    _sleep_level: Floats
    _sleep_sd: Floats
    _hrv_coef: Floats
    _sleep_coef: Floats
    _compliance: Floats
    _all_draws: Floats
    _all_drifts: Floats

    def morning(self) -> dict[str, Any]:
        return dict(self._morning)

    @property
    def weekday(self) -> NDArray[np.int64]:
        return self._weekday

    def performance_draws_pct(self) -> Floats:
        """Expected % faster than at the start of the twin's clock under each posterior draw, shape (n, d)."""
        return np.ascontiguousarray((self._fitness() + self._all_drifts * self._state["elapsed"]).T)

    def _fitness(self) -> Floats:
        """The part of it that only a day's load changes, (d, n)."""
        if self._fitness_pct is None:
            s, usual = self._state, self._usual_fitness
            terms = performance_terms(s["intensity"] / usual, s["volume"] / usual, self._cost())
            parts = [answer * term for answer, term in zip(self._all_draws, terms, strict=True)]
            self._fitness_pct = (parts[0] + parts[1]) + parts[2]
        return self._fitness_pct

    def _cost(self) -> Floats:
        """Fatigue as performance pays for it, (n,) or (d, n)."""
        return self._state["fatigue"]

    def true_t400(self) -> Floats:
        own = self._state["draw"], np.arange(self.n)
        pct = self._fitness()[own] + self._all_drifts[own] * self._state["elapsed"]
        seconds: Floats = self._t400_s * (1 - pct / 100)
        return seconds

    def hazard(self) -> Floats:
        """Probability of a new illness or injury today, before it is sampled; shape (n,)."""
        ill, injured = self._risks()
        return 1 - (1 - ill) * (1 - injured)

    def readiness(self) -> Floats:
        sd_units: Floats = self._hrv_signal / self.twin.readiness_sd
        return sd_units

    def step(self, action: NDArray[Any], load_cap_au: Floats | None = None) -> dict[str, Any]:
        s, twin = self._state, self.twin
        noise, luck = self._rng.standard_normal((4, self.n)), self._rng.random((7, self.n))
        load, share = self._carry_out(np.asarray(action), load_cap_au, noise[0], luck[0])
        self._absorb(load / self.usual_load_au, share)
        ill_risk, injury_risk = self._risks()
        new_ill = (s["ill_left"] == 0) & (luck[1] < ill_risk)
        new_inj = (s["injured_left"] == 0) & (luck[2] < injury_risk)
        s["ill_left"] = np.where(new_ill, _days(twin.ill_days, luck[3]), np.maximum(s["ill_left"] - 1, 0))
        s["injured_left"] = np.where(new_inj, _days(twin.injured_days, luck[4]), np.maximum(s["injured_left"] - 1, 0))
        self._settle_events()
        tested = (self._weekday == 5) & (s["ill_left"] == 0) & (s["injured_left"] == 0) & (luck[5] < 0.85)
        trial = np.full(self.n, np.nan)
        if np.count_nonzero(tested):
            trial = self.true_t400() * np.exp(twin.trial_noise_pct / 100 * noise[1])
        self._slow_parts(noise[2], noise[3])
        s["elapsed"] = s["elapsed"] + 1
        self.day += 1
        self._dawn(None)
        unlogged = luck[6] < twin.load_missing
        return {
            "load_au": np.where(unlogged, np.nan, load),
            "high_intensity_share": np.where(unlogged | (load == 0), np.nan, share),
            "t400_s": np.where(tested, trial, np.nan),
            "new_ill": new_ill,
            "new_inj": new_inj,
        }

    def _settle_events(self) -> None:
        """Who is ill or injured tomorrow is settled here, before the morning is measured."""

    def _carry_out(
        self, action: NDArray[Any], cap: Floats | None, noise: Floats, luck: Floats
    ) -> tuple[Floats, Floats]:
        s, twin = self._state, self.twin
        load, share = self._advised(action)
        load = at_most(load, cap)
        habit = self._compliance[np.arange(self.n), action]
        able = np.where(s["ill_left"] > 0, twin.able_ill, 1.0) * np.where(s["injured_left"] > 0, twin.able_injured, 1.0)
        done = load * np.exp(habit + twin.ln_compliance_sd * noise) * able
        return np.where(luck < twin.missed_rate, 0.0, done), np.asarray(share, dtype=float)

    def _advised(self, action: NDArray[Any]) -> tuple[Floats, Floats]:
        """Load in AU and share of high intensity that the action makes of today's plan."""
        morning = self._morning
        return dose(
            action,
            morning["planned_load_au"],
            morning["planned_high_intensity_share"],
            self._state["chronic"] * self.usual_load_au,
        )

    def _absorb(self, x: Floats, share: Floats) -> None:
        s, self._fitness_pct = self._state, None
        hard, easy = self._hard_and_easy(x, share)
        counts = _absorbed(self.readiness(), rested(effort(s["recent"], s["hard"]), s["chronic"]), self._gates)
        for name, value, days in (
            ("intensity", counts * hard, self._fitness_days[0]),
            ("volume", counts * easy, self._fitness_days[1]),
            ("fatigue", effort(x, hard), FATIGUE_D),
            ("recent", x, RECENT_D),
            ("hard", hard, RECENT_D),
            ("acute", x, ACUTE_D),
            ("chronic", x, CHRONIC_D),
        ):
            s[name] = s[name] + (value - s[name]) / days

    def _hard_and_easy(self, x: Floats, share: Floats) -> tuple[Floats, Floats]:
        """High- and low-intensity load relative to the usual ones; ``share`` is what the coach calls intense."""
        share = share / self._state["label"]
        return x * share / self._share, x * (1 - share) / (1 - self._share)

    def _risks(self) -> tuple[Floats, Floats]:
        s = self._state
        features = hazard_features(self.readiness(), s["acute"], s["chronic"], self._sleep_z)
        return _probability(features @ self.twin.illness), _probability(features @ self.twin.injury)

    def _slow_parts(self, first: Floats, second: Floats) -> None:
        s, twin, rho = self._state, self.twin, self.twin.slow_correlation
        second = rho * first + np.sqrt(1 - rho**2) * second
        for name, signal, innovation in (("hrv_slow", twin.hrv, first), ("sleep_slow", twin.sleep, second)):
            s[name] = signal.phi * s[name] + signal.slow_sd * np.sqrt(1 - signal.phi**2) * innovation

    def _dawn(self, rows: NDArray[np.int64] | None) -> None:
        """Measure the morning; ``rows`` only where given (new athletes), so that the others' morning stays as it is."""
        s, twin = self._state, self.twin
        noise, luck = self._rng.standard_normal((2, self.n)), self._rng.random((2, self.n))
        all_of_them = rows is None or len(rows) == self.n
        at: Any = slice(None) if all_of_them else rows
        noise, luck = noise[:, at], luck[:, at]
        ill = s["ill_left"][at] > 0
        features = signal_features(s["recent"][at], s["fatigue"][at], s["hard"][at], s["chronic"][at], ill)
        hrv_signal = np.einsum("nk,nk->n", features, self._hrv_coef[at]) + s["hrv_slow"][at]
        sleep_z = np.einsum("nk,nk->n", features, self._sleep_coef[at]) + s["sleep_slow"][at]
        hrv_z, sleep_z = self._shown(hrv_signal, sleep_z, at)
        sleep_z = sleep_z + twin.sleep.noise_sd * noise[1]
        off = luck[0] < np.where(s["hrv_off"][at], twin.hrv_off_stay, twin.hrv_off_start)
        hrv = np.exp(self._hrv_level[at] + self._hrv_sd[at] * (hrv_z + twin.hrv.noise_sd * noise[0]))
        hrv[off | self._not_worn(at)] = np.nan
        sleep = np.minimum(np.maximum(self._sleep_level[at] + self._sleep_sd[at] * sleep_z, 1.0), 100.0)
        sleep[luck[1] < twin.sleep_missing] = np.nan
        self._weekday = s["elapsed"] % 7
        injured = s["injured_left"][at] > 0
        s["well_d"][at] = np.where(ill | injured, 0, s["well_d"][at] + 1)
        planned_load, planned_share = self._plan()
        morning = {
            "hrv_rmssd_ms": hrv,
            "sleep_score": sleep,
            "ill": ill,
            "injured": injured,
            "planned_load_au": planned_load[at],
            "planned_high_intensity_share": planned_share[at],
        }
        if all_of_them:
            s["hrv_off"], self._hrv_signal, self._sleep_z, self._morning = off, hrv_signal, sleep_z, morning
            return
        s["hrv_off"][at], self._hrv_signal[at], self._sleep_z[at] = off, hrv_signal, sleep_z
        for name, values in morning.items():
            self._morning[name][at] = values

    def _shown(self, hrv_signal: Floats, sleep_signal: Floats, at: Any) -> tuple[Floats, Floats]:
        """What the watch makes of both signals, z units without day noise; ``at``: the athletes meant."""
        return hrv_signal, sleep_signal

    def _not_worn(self, at: Any) -> Any:
        return False

    def copied(self, copies: int, seed: int) -> Self:
        """The same athletes this morning, so many times in blocks, with the same luck from now on."""
        one = copy.copy(self)
        one.n, one._rng, one._fitness_pct = copies * self.n, Copied(seed, copies), None
        for name in ("_state", "_morning"):
            setattr(one, name, {key: np.concatenate([v] * copies, axis=-1) for key, v in getattr(self, name).items()})
        for name in _BY_ROW + _BY_COLUMN:
            setattr(one, name, np.concatenate([getattr(self, name)] * copies, axis=0 if name in _BY_ROW else -1))
        one._automatic = np.flatnonzero(one._state["automatic"])
        return one

    def _plan(self) -> tuple[Floats, Floats]:
        """Today's planned load in AU and its share of high intensity, somebody's logged plan or the automatic one."""
        s, twin, usual, own = self._state, self.twin, self.usual_load_au, self._automatic
        column = (s["plan_start"] + s["elapsed"]) % twin.plan_load.shape[1]
        load, share = usual * twin.plan_load[s["plan"], column], twin.plan_share[s["plan"], column]
        load[own], share[own] = self._automatic_plan(own)
        return load, np.minimum(share * s["label"], HIGHEST_SHARE)

    def _automatic_plan(self, rows: NDArray[np.int64]) -> tuple[Floats, Floats]:
        s, usual = self._state, self.usual_load_au[rows]
        return automatic_plan(
            self._weekday[rows],
            usual,
            s["chronic"][rows] * usual,
            s["elapsed"][rows] // 7,
            recovering=s["well_d"][rows] <= PLAN_RECOVERING_D,
        )


# What a ``TwinWorld`` keeps of its athletes beside state and morning: athletes along the first axis, or the last.
_BY_ROW = ("_hrv_coef", "_sleep_coef", "_compliance")
_BY_COLUMN = ("usual_load_au", "_share", "_t400_s", "_hrv_level", "_hrv_sd", "_sleep_level", "_sleep_sd", "_all_draws",
              "_all_drifts", "_hrv_signal", "_sleep_z", "_weekday")  # fmt: skip


def _probability(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(log_odds, -12, 4)))


def _days(mean: float, luck: Floats) -> Floats:
    """Length of a spell, at least a day, spread evenly over 0.5-1.5 times the mean."""
    return np.maximum(np.round(mean * (0.5 + luck)), 1)
