"""Invented track athletes: a mechanistic world that answers to the training it is given.

It makes the demo squad, the practice cohort and the ground truth for experiments. Nothing that learns may import
it (the twin and the trainer see logged days only); ``World`` is one of many classes with the same four methods.

One athlete-day, in order: a morning is measured; the plan is dosed by an action and partly carried out; the
load is absorbed as far as readiness allows; fitness, fatigue, illness and injury follow.

Load is counted relative to the athlete's usual day (1 = usual). The parts, and where their form comes from:

=====================  ======================================================================================
fitness and fatigue    two fitness averages (speed work 40 d, volume 50 d) minus fatigue (8 d), Banister 1975;
                       time constants within the ranges of Hellard 2006 (doi 10.1080/02640410500244697). The
                       response is a square root: more load buys less and less (Busso 2003,
                       doi 10.1249/01.MSS.0000074465.13621.37).
overload               load counts less on days of low readiness: 0.10 + 0.90 sigmoid((readiness + 0.6)/0.32).
                       A convention in the spirit of HRV-guided training (Kiviniemi 2007,
                       doi 10.1007/s00421-007-0552-2), where easy days on low HRV gave more for less.
readiness              minus strain (3-day load against a tolerance of which a fifth follows the chronic load),
                       life stress (AR(1), 0.85 a day, SD 0.92) and sickness. ln rMSSD = own level + 0.066
                       readiness + day noise 0.142: SD within an athlete about 0.17, the 7-day mean below -0.5 SD
                       on 22 % of days, below -1 SD on 7 %, as in nightly records of real people.
price of overload      gate, strain, tolerance, stress and fatigue are set so that fixed programmes come out as known:
                       a tenth more every day is worse than a coach's plan, an HRV-guided rule about as good or a
                       little better (trials: small gains or none), and resting on tired days is where the gain is
                       (``check_worlds``; why and when they were set is in ``docs/science.md``).
sleep                  hours fall with life stress and hard days; the score is linear in hours, SD about 7.
illness                hazard 0.007 a day x exp(0.45 strain + stress), 3-8 days; injury 0.0035 x exp(1.1 (acute/chronic
                       - 1.2)+ + 0.25 strain), 6-20 days: one to two, and under one, a season. The effect of
                       ACWR on injury is modest on purpose (Impellizzeri 2020, doi 10.1123/ijspp.2019-0864).
400 m                  latent time falls with performance; weekly trials carry 1.3 % noise. Left to the plan the
                       squad gains +0.5 to 0.9 % in 24 weeks.
missing data           HRV on a quarter to a third of mornings (in runs), sleep 12 %, load 7 %.
calendar               three weeks building, one easier; for each 24 weeks a holiday (8-14 days at 10-30 %,
                       then a week at 60 and one at 80 %) and a camp (7-12 days at +30 to 55 %), so that ACWR
                       covers about 0.4 to 2.0; after illness or injury the coach plans half and adds 7 points a
                       day. A week 60 % above the one before comes on 10 % of days (11 % of the player-days of
                       SoccerMon, Midoglu 2024, doi 10.1038/s41597-024-03386-x).
=====================  ======================================================================================

Every number drawn in a day is drawn whatever the action is, so two worlds of one seed differ by their actions alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from measures.actions import Action
from mlmodels.state.actions import at_most, dose

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WEEKDAY_LOAD = np.array([1.35, 1.10, 0.55, 1.40, 0.90, 1.35, 0.35])  # Monday first; mean 1
WEEKDAY_SHARE = np.array([0.30, 0.18, 0.05, 0.32, 0.12, 0.28, 0.00])  # of the load, done at high intensity
USUAL_SHARE = float((WEEKDAY_LOAD * WEEKDAY_SHARE).sum() / WEEKDAY_LOAD.sum())
MESOCYCLE = np.array([1.00, 1.06, 1.10, 0.80])  # three weeks up, one easier
TEST_WEEKDAY = 5
HORIZON_D = 560


@dataclass(frozen=True)
class Laws:
    """What holds for every athlete of one world; another instance is another world of the same structure."""

    absorbed_floor: float = 0.10  # share of a load that still counts on a day of very low readiness
    absorbed_centre: float = -0.6  # readiness at which half of the rest is lost
    absorbed_width: float = 0.32
    usual_fitness: float = 0.69  # both fitness averages of an athlete who lives by the plan
    intensity_days: float = 40.0  # time constants, d
    volume_days: float = 50.0
    fatigue_days: float = 8.0
    strain_per_excess: float = 5.0  # strain per unit of 3-day load above the tolerated
    tolerance_learnt: float = 0.18  # share of the tolerated load that follows the chronic load
    stress_memory: float = 0.85  # a day
    stress_sd: float = 0.92
    hrv_per_readiness: float = 0.066  # ln ms
    hrv_noise: float = 0.142  # ln ms
    ill_a_day: float = 0.007
    injured_a_day: float = 0.0035
    injury_per_acwr: float = 1.1  # ln hazard per unit of ACWR above 1.2
    injury_per_strain: float = 0.25


@dataclass(frozen=True)
class Parameters:
    """What makes one invented athlete differ from the next; every array has shape (n,)."""

    usual_load_au: Floats  # a usual day's session load, 1,500-3,000 AU a week
    base_t400_s: Floats
    ln_rmssd_level: Floats
    sleep_need_h: Floats
    gain_intensity_pct: Floats  # % faster per relative unit of speed-work fitness, at the usual level
    gain_volume_pct: Floats
    cost_fatigue_pct: Floats
    tolerance: Floats  # load, relative to usual, that the athlete recovers from within a day or two
    compliance_ln: Floats  # habitual deviation of the load done from the load advised
    hrv_missing: Floats
    drift_pct_per_d: Floats  # maturation that no training explains

    @classmethod
    def draw(cls, n: int, rng: np.random.Generator) -> Parameters:
        female = rng.random(n) < 0.45
        return cls(
            usual_load_au=np.clip(rng.lognormal(np.log(2250 / 7), 0.20, n), 1400 / 7, 3300 / 7),
            base_t400_s=np.where(female, 57.0, 50.0) + rng.normal(0, 2.0, n),
            ln_rmssd_level=rng.normal(4.15, 0.35, n),
            sleep_need_h=rng.normal(7.5, 0.45, n),
            gain_intensity_pct=rng.lognormal(np.log(2.3), 0.35, n),
            gain_volume_pct=rng.lognormal(np.log(2.0), 0.35, n),
            cost_fatigue_pct=rng.lognormal(np.log(1.4), 0.30, n),
            tolerance=np.clip(rng.normal(1.08, 0.12, n), 0.8, 1.4),
            compliance_ln=rng.normal(0.0, 0.05, n),
            hrv_missing=np.clip(rng.normal(0.29, 0.06, n), 0.10, 0.50),
            drift_pct_per_d=rng.normal(0.75, 0.25, n) / 168,
        )


def season_calendar(n: int, days: int, rng: np.random.Generator) -> Floats:
    """Factor on the planned load, shape (n, days): mesocycle, one holiday and one camp per 24 weeks, slow build."""
    day = np.arange(days)
    phase = rng.integers(0, 4, n)
    factor = MESOCYCLE[(day[None, :] // 7 + phase[:, None]) % 4] * (0.92 + 0.0080 * (day // 7 % 24))[None, :]
    for start in range(0, days, 168):
        holiday = start + rng.integers(30, 120, n)
        holiday_end = holiday + rng.integers(8, 15, n)
        camp = start + rng.integers(28, 150, n)
        camp_end = camp + rng.integers(7, 13, n)
        in_camp = (day >= camp[:, None]) & (day < camp_end[:, None])
        in_holiday = (day >= holiday[:, None]) & (day < holiday_end[:, None])
        factor = np.where(in_camp, factor * rng.uniform(1.30, 1.55, n)[:, None], factor)
        factor = np.where(in_holiday, factor * rng.uniform(0.10, 0.30, n)[:, None], factor)
        back = (day - holiday_end[:, None]) // 7
        factor = factor * np.select([in_holiday, back == 0, back == 1], [1.0, 0.60, 0.80], 1.0)
    calendar: Floats = factor
    return calendar


def sigmoid(x: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-x))


class World:
    """n invented athletes, day by day; day 0 is a Monday.

    ``morning()`` may be called any number of times a day and always answers the same; ``step(action)`` closes the
    day. Actions: 0 more intensity, 1 more volume, 2 active recovery, 3 as planned; ``load_cap_au``: at most so much is
    prescribed (AU, (n,), inf = no cap).
    """

    laws = Laws()

    def __init__(self, n: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.n, self.day, self._rng = n, 0, rng
        self.who = self.draw(n, rng)
        self._calendar = season_calendar(n, HORIZON_D, rng)
        start = rng.normal(0.0, 0.05, n)
        self._fit_intensity = self.laws.usual_fitness * np.exp(start)
        self._fit_volume = self.laws.usual_fitness * np.exp(start)
        self._fatigue = np.full(n, 0.95)
        self._acute3 = np.full(n, 0.95)
        self._acute = np.full(n, 0.95)
        self._chronic = np.full(n, 0.95)
        self._stress = rng.normal(0, self.laws.stress_sd, n)
        self._sick_days = np.zeros(n)  # days left
        self._injured_days = np.zeros(n)
        self._cleared = np.ones(n)  # share of the plan the coach sets after illness or injury
        self._hrv_off = rng.random(n) < self.who.hrv_missing
        self._dawn()

    def draw(self, n: int, rng: np.random.Generator) -> Parameters:
        return Parameters.draw(n, rng)

    def morning(self) -> dict[str, Any]:
        """What is known before training, arrays of length n in season-log columns; NaN = not measured."""
        return dict(self._morning)

    def step(self, action: NDArray[Any], load_cap_au: Floats | None = None) -> dict[str, Any]:
        """Train one day. Returns load_au, high_intensity_share, t400_s (NaN but on test days), new_ill, new_inj."""
        noise, luck = self._rng.standard_normal((3, self.n)), self._rng.random((7, self.n))
        load, share = self._carry_out(np.asarray(action), load_cap_au, noise[0], luck[0])
        self._absorb(load / self.who.usual_load_au, share, noise[1])
        t400 = self._trial(noise[2], luck[1])
        new_ill, new_inj = self._fall_ill(luck[2], luck[3]), self._get_injured(luck[4], luck[5])
        unlogged = luck[6] < 0.07
        self.day += 1
        self._dawn()
        return {
            "load_au": np.where(unlogged, np.nan, load),
            "high_intensity_share": np.where(unlogged | (load == 0), np.nan, share),
            "t400_s": t400,
            "new_ill": new_ill,
            "new_inj": new_inj,
        }

    def performance_pct(self) -> Floats:
        """Latent % faster than on an average day of the athlete's own past."""
        pct: Floats = (
            self.who.gain_intensity_pct * 2 * (np.sqrt(self._fit_intensity / self.laws.usual_fitness) - 1)
            + self.who.gain_volume_pct * 2 * (np.sqrt(self._fit_volume / self.laws.usual_fitness) - 1)
            - self.who.cost_fatigue_pct * (self._fatigue - 0.95)
            + self.who.drift_pct_per_d * self.day
        )
        return pct

    def true_t400(self) -> Floats:
        """Latent 400 m time in seconds, for scoring only."""
        return self.who.base_t400_s * (1 - self.performance_pct() / 100)

    def hazard(self) -> Floats:
        """Probability of a new illness or injury today."""
        return self._illness_hazard() + self._injury_hazard()

    def strain(self) -> Floats:
        learnt = self.laws.tolerance_learnt
        tolerated = self.who.tolerance * (1 - learnt + learnt * self._chronic)
        return self.laws.strain_per_excess * np.maximum(self._acute3 / tolerated - 1, -0.5)

    def readiness(self) -> Floats:
        return -(self.strain() + self.stress() + 1.2 * (self._sick_days > 0))

    # What a variant of this world may do otherwise (``worlds/stressed.py``); each is asked once a morning or more.

    def stress(self) -> Floats:
        """Of life, in units of readiness."""
        return self._stress

    def shown_in_hrv(self) -> Floats:
        """What the mean of ln rMSSD follows, in units of readiness; asked once a morning."""
        return self.readiness()

    def lost_sleep_h(self) -> float:
        """Hours that something else takes from everybody's night."""
        return 0.0

    def planned(self) -> tuple[Floats, Floats]:
        """Today's load, AU, and its share of high intensity, as somebody planned them."""
        weekday = self.day % 7
        load = self.who.usual_load_au * WEEKDAY_LOAD[weekday] * self._calendar[:, self.day] * self._cleared
        return load, np.full(self.n, WEEKDAY_SHARE[weekday])

    def _dawn(self) -> None:
        noise, luck = self._rng.standard_normal((3, self.n)), self._rng.random((2, self.n))
        who, laws = self.who, self.laws
        hrv = np.exp(who.ln_rmssd_level + laws.hrv_per_readiness * self.shown_in_hrv() + laws.hrv_noise * noise[0])
        # Runs of missing mornings (a flat watch, a forgotten strap): stay off with 0.55, on so that the share is kept.
        turn_off = who.hrv_missing * 0.45 / (1 - who.hrv_missing)
        self._hrv_off = luck[0] < np.where(self._hrv_off, 0.55, turn_off)
        hours = who.sleep_need_h - 0.40 * self.stress() - 0.10 * self.strain() + 0.75 * noise[1] - self.lost_sleep_h()
        score = np.clip(78 + 6.5 * (hours - who.sleep_need_h) + 4.0 * noise[2], 20, 100)
        no_sleep = luck[1] < 0.12
        self._sleep_gap = np.clip(who.sleep_need_h - hours, 0, 3)
        self._plan_au, self._plan_share = self.planned()
        self._morning = {
            "hrv_rmssd_ms": np.where(self._hrv_off, np.nan, np.round(hrv, 1)),
            "sleep_score": np.where(no_sleep, np.nan, np.round(score)),
            "sleep_h": np.where(no_sleep, np.nan, np.round(np.clip(hours, 2, 13), 2)),
            "ill": self._sick_days > 0,
            "injured": self._injured_days > 0,
            "planned_load_au": np.round(self._plan_au),
            "planned_high_intensity_share": self._plan_share,
        }

    def _carry_out(
        self, action: NDArray[Any], cap: Floats | None, noise: Floats, luck: Floats
    ) -> tuple[Floats, Floats]:
        load, share = dose(action, self._plan_au, self._plan_share, self._chronic * self.who.usual_load_au)
        load = at_most(load, cap) * np.exp(self.who.compliance_ln + 0.10 * noise)
        able = np.where(self._sick_days > 0, 0.20, 1.0) * np.where(self._injured_days > 0, 0.50, 1.0)
        missed = luck < np.where(action == Action.ACTIVE_RECOVERY, 0.05, 0.03)
        return np.where(missed, 0.0, np.round(load * able)), np.asarray(share, dtype=np.float64)

    def _absorb(self, x: Floats, share: Floats, noise: Floats) -> None:
        laws = self.laws
        fresh = sigmoid((self.readiness() - laws.absorbed_centre) / laws.absorbed_width)
        absorbed = (laws.absorbed_floor + (1 - laws.absorbed_floor) * fresh) * x
        effort = x * (1 + 1.6 * (share - USUAL_SHARE))
        self._fit_intensity += (absorbed * share / USUAL_SHARE - self._fit_intensity) / laws.intensity_days
        self._fit_volume += (absorbed * (1 - share) / (1 - USUAL_SHARE) - self._fit_volume) / laws.volume_days
        self._fatigue += (effort - self._fatigue) / laws.fatigue_days
        self._acute3 += (effort - self._acute3) / 3
        self._acute += (x - self._acute) * 0.25
        self._chronic += (x - self._chronic) * 2 / 29
        self._stress = laws.stress_memory * self._stress + laws.stress_sd * np.sqrt(1 - laws.stress_memory**2) * noise
        out = (self._sick_days > 0) | (self._injured_days > 0)
        self._cleared = np.where(out, 0.5, np.minimum(self._cleared + 0.07, 1.0))
        self._sick_days = np.maximum(self._sick_days - 1, 0)
        self._injured_days = np.maximum(self._injured_days - 1, 0)

    def _trial(self, noise: Floats, luck: Floats) -> Floats:
        fit_to_run = (self._sick_days == 0) & (self._injured_days == 0) & (luck < 0.88)
        run = fit_to_run & (self.day % 7 == TEST_WEEKDAY)
        return np.where(run, np.round(self.true_t400() * np.exp(0.013 * noise), 2), np.nan)

    def _illness_hazard(self) -> Floats:
        burden = 0.45 * np.maximum(self.strain(), 0) + 0.35 * self.stress() + 0.15 * self._sleep_gap
        return np.asarray((self._sick_days == 0) * self.laws.ill_a_day * np.exp(np.clip(burden, -2, 2.5)))

    def _injury_hazard(self) -> Floats:
        jump = np.maximum(self._acute / np.maximum(self._chronic, 0.15) - 1.2, 0)
        burden = self.laws.injury_per_acwr * jump + self.laws.injury_per_strain * np.maximum(self.strain(), 0)
        return np.asarray((self._injured_days == 0) * self.laws.injured_a_day * np.exp(np.clip(burden, 0, 2.5)))

    def _fall_ill(self, luck: Floats, length: Floats) -> Bools:
        new: Bools = luck < self._illness_hazard()
        self._sick_days = np.where(new, 3 + np.floor(6 * length), self._sick_days)
        return new

    def _get_injured(self, luck: Floats, length: Floats) -> Bools:
        new: Bools = luck < self._injury_hazard()
        self._injured_days = np.where(new, 6 + np.floor(15 * length), self._injured_days)
        return new


def coach_habit(readiness: Floats, rng: np.random.Generator) -> Ints:
    """What a coach who watches the athletes does: mostly the plan, recovery when they look tired, more when fresh."""
    n = len(readiness)
    looks = readiness + rng.normal(0, 1.0, n)
    lean = rng.random(n)
    tired, fresh = looks < -1.2, looks > 0.6
    p_recovery = np.where(tired, 0.30, 0.06)
    p_more = np.where(fresh, 0.32, np.where(tired, 0.08, 0.20))
    more = np.where(rng.random(n) < 0.5, Action.INCREASE_INTENSITY, Action.INCREASE_VOLUME)
    action = np.where(lean < p_recovery, Action.ACTIVE_RECOVERY, Action.AS_PLANNED)
    return np.where((lean >= p_recovery) & (lean < p_recovery + p_more), more, action).astype(np.int64)


def make_cohort(
    athletes: int,
    days: int,
    seed: int,
    start: date = date(2026, 1, 5),
    tick: Callable[[], object] | None = None,
    make_world: Callable[[int, int], Any] = World,
) -> pd.DataFrame:
    """A season log of invented athletes under a coach's habitual mix of actions; one row per athlete and date.

    Example: ``make_cohort(25, 168, seed=1)`` has 4,200 rows. ``start`` must be a Monday, as day 0 of a World is.
    A world without ``readiness()`` has a coach who sees nothing and keeps the same shares.
    """
    if start.weekday() != 0:
        raise ValueError(f"a cohort starts on a Monday, {start} is not one")
    world, rng = make_world(athletes, seed), np.random.default_rng([seed, 1])
    names = [f"athlete-{i + 1:03d}" for i in range(athletes)]
    frames = []
    for day in range(days):
        morning = world.morning()
        readiness = world.readiness() if hasattr(world, "readiness") else rng.normal(0, 1.0, athletes)
        action = coach_habit(readiness, rng)
        evening = world.step(action)
        frames.append(_log_rows(names, start + timedelta(days=day), morning, action, evening))
        if tick:
            tick()
    return pd.concat(frames, ignore_index=True).sort_values(["athlete", "date"], ignore_index=True)


def _log_rows(
    names: list[str], on: date, morning: dict[str, Any], action: Ints, evening: dict[str, Any]
) -> pd.DataFrame:
    load = evening["load_au"]
    tested = np.isfinite(evening["t400_s"])
    return pd.DataFrame(
        {
            "athlete": names,
            "date": on.isoformat(),
            **morning,
            "load_au": load,
            "high_intensity_share": evening["high_intensity_share"],
            "rest_day": load == 0,
            "t400_s": evening["t400_s"],
            "timing": ["trial" if run else None for run in tested],
            "action": action,
        }
    )
