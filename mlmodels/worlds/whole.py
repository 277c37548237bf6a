"""A world in which a usual day is absorbed whole, so that resting costs. For judging only.

In the simulator a usual day of the plan loses part of its effect to fatigue, so resting pays by construction; here it
pays when something is really wrong. Written from physiology, without sight of twin or simulator.

=====================  ======================================================================================
what is absorbed       everything, on fresh and on tired days alike, until an athlete has overreached: only what a
                       rolling week asks beyond the athlete's own capacity adds to it, it heals with 6 days of half
                       life, and while it lasts up to three quarters of the training are lost (overreaching as
                       sustained load above what is recovered from: Meeusen 2013, doi 10.1249/MSS.0b013e318279a10a).
capacity               about a quarter above the athlete's usual week, and it follows what was done in six weeks.
                       High intensity asks more than its share: x (1 + 1.5 (share - usual share)).
response               two capacities, each a 21- or 52-day average of what was absorbed of high or of low intensity,
                       through a Hill curve of their own: more buys less and less, and in the end nothing.
fatigue                a 4-day average that costs time while it lasts and changes nothing else.
HRV                    falls with the volume of three days, with life stress, sickness and what comes before it;
                       intensity has no part in it. Life stress takes sleep and immunity, not training effect.
illness                caught in the evening (stress, short sleep, overreaching, a squad's season), felt two mornings
                       later: on the one between, HRV is low and the resting heart rate is 5 bpm up. Training hard on
                       that day makes it two to four days longer (load and illness: Schwellnus 2016,
                       doi 10.1136/bjsports-2016-096572).
injury                 a session larger than any of the last four weeks, overreaching, and an injury in the last 8
                       weeks; never a ratio of averages.
coaches                one each: three kinds of week turned to other weekdays, 5 to 7 sessions, labels of intensity
                       that differ by a third (written on plan and report alike), cycles of 3 to 5 weeks, a build of
                       -0.1 to +1.0 % a week, none to two camps, a holiday or none, a way back from illness or none.
missing data           at random: HRV 24 % in no pattern, sleep 10 %, loads 6 %.
=====================  ======================================================================================

All strengths are conventions, chosen so that the outcomes agree with the same real figures as the simulator's
(``check_worlds``; ``docs/science.md``), and so that fixed programmes come out in a known order: the plan above a tenth
more every day, above chance, and far above rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from mlmodels.state.actions import dose

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

HORIZON_D = 560
USUAL_SHARE = 0.19  # of a usual week's load, at high intensity; true, not as a coach writes it
# Kinds of week, their first day being some weekday: load (mean 1) and share of high intensity.
WEEKS_LOAD = np.array(
    [
        [1.30, 0.70, 1.45, 0.60, 1.50, 1.15, 0.30],
        [1.60, 0.80, 1.20, 0.00, 1.70, 1.35, 0.35],
        [1.15, 1.25, 0.75, 1.20, 1.05, 1.30, 0.30],
    ]
)
WEEKS_SHARE = np.array(
    [
        [0.28, 0.03, 0.30, 0.00, 0.27, 0.08, 0.00],
        [0.30, 0.05, 0.15, 0.00, 0.30, 0.05, 0.00],
        [0.20, 0.22, 0.05, 0.26, 0.15, 0.25, 0.00],
    ]
)
WEEKS_SHARE = WEEKS_SHARE * USUAL_SHARE * 7 / (WEEKS_LOAD * WEEKS_SHARE).sum(1, keepdims=True)
TRIAL_WEEKDAY = 3
SPEED_DAYS, ENDURANCE_DAYS = 21.0, 52.0
USUAL_FITNESS = 0.87  # both averages of an athlete who lives by the plan
HEALING = 0.5 ** (1 / 6)  # of overreaching, a day


@dataclass(frozen=True)
class People:
    """What makes one athlete differ from the next; every array has shape (n,)."""

    usual_load_au: Floats
    base_t400_s: Floats
    ln_rmssd_level: Floats
    resting_hr_bpm: Floats
    sleep_need_h: Floats
    speed_pct: Floats  # % faster per relative unit of what was absorbed at high intensity, at the usual level
    endurance_pct: Floats
    fatigue_pct: Floats
    capacity: Floats  # a week's mean load, relative to usual, that is absorbed whole
    compliance_ln: Floats
    drift_pct_per_d: Floats

    @classmethod
    def draw(cls, n: int, rng: np.random.Generator) -> People:
        return cls(
            usual_load_au=np.clip(rng.lognormal(np.log(2200 / 7), 0.22, n), 1400 / 7, 3300 / 7),
            base_t400_s=np.where(rng.random(n) < 0.45, 57.5, 50.5) + rng.normal(0, 2.2, n),
            ln_rmssd_level=rng.normal(4.15, 0.36, n),
            resting_hr_bpm=rng.normal(52.0, 6.0, n),
            sleep_need_h=rng.normal(7.6, 0.45, n),
            speed_pct=rng.lognormal(np.log(2.1), 0.35, n),
            endurance_pct=rng.lognormal(np.log(1.9), 0.35, n),
            fatigue_pct=rng.lognormal(np.log(0.9), 0.30, n),
            capacity=np.clip(rng.normal(1.25, 0.10, n), 1.05, 1.55),
            compliance_ln=rng.normal(0.0, 0.06, n),
            drift_pct_per_d=rng.normal(0.95, 0.25, n) / 168,
        )


@dataclass(frozen=True)
class Coaches:
    """One for each athlete. ``week_load``, ``week_share``: (7, n), Monday first; ``season``: (days, n)."""

    week_load: Floats
    week_share: Floats
    season: Floats
    label: Floats  # what is written of the true share, as a factor
    way_back: Floats  # share of the plan in the first week after illness or injury

    @classmethod
    def draw(cls, n: int, rng: np.random.Generator) -> Coaches:
        kind, first = rng.integers(len(WEEKS_LOAD), size=n), rng.integers(7, size=n)
        day = (np.arange(7)[:, None] - first) % 7
        return cls(
            week_load=WEEKS_LOAD[kind, day],
            week_share=WEEKS_SHARE[kind, day],
            season=season_of(n, rng),
            label=np.exp(rng.normal(0.0, 0.33, n)),
            way_back=np.where(rng.random(n) < 0.6, 0.6, 1.0),
        )


def season_of(n: int, rng: np.random.Generator) -> Floats:
    """Factor on the planned load, (days, n): each coach's cycle and build; in each 24 weeks camps and a holiday."""
    day = np.arange(HORIZON_D)[:, None]
    length, easy = rng.integers(3, 6, n), rng.uniform(0.75, 0.90, n)
    week = day // 7
    last = (week + rng.integers(0, 5, n)) % length == length - 1
    cycle = np.where(last, easy, 1.0 + (1.0 - easy) / (length - 1))
    factor = cycle * (0.94 + rng.uniform(-0.001, 0.010, n) * (week % 24))
    for start in range(0, HORIZON_D, 168):
        for earliest, latest, chance in ((28, 80, 0.75), (95, 155, 0.55)):
            held, first = rng.random(n) < chance, start + rng.integers(earliest, latest, n)
            size, days = rng.uniform(1.25, 1.60, n), rng.integers(6, 13, n)
            factor = np.where(held & (day >= first) & (day < first + days), factor * size, factor)
        gone, first, days = rng.random(n) < 0.8, start + rng.integers(35, 130, n), rng.integers(7, 15, n)
        left = rng.uniform(0.0, 0.35, n)
        factor = np.where(gone & (day >= first) & (day < first + days), left, factor)
        back = gone & (day >= first + days) & (day < first + days + 7)
        factor = np.where(back, 0.7 * factor, factor)
    return np.asarray(factor, dtype=np.float64)


def hill(x: Floats, half: float) -> Floats:
    """Saturating response, slope 1 and value 0 at the usual fitness; ``half``: where half of all is reached."""

    def curve(level: Any) -> Any:
        return level**1.5 / (half**1.5 + level**1.5)

    at = curve(USUAL_FITNESS)
    slope = 1.5 * at * (1 - at) / USUAL_FITNESS
    return np.asarray((curve(x) - at) / slope)


class WholeWorld:
    """n athletes with a coach each, day by day; day 0 is a Monday. The protocol is that of the simulator's World."""

    def __init__(self, n: int, seed: int) -> None:
        rng = np.random.default_rng([seed, 313])
        self.n, self.day, self._rng = n, 0, rng
        self.who, self.coach = People.draw(n, rng), Coaches.draw(n, rng)
        self._season = np.clip(rng.normal(0.0, 0.5, HORIZON_D // 14 + 1), -1.0, 1.0)  # what goes round in a squad
        self._speed = np.full(n, USUAL_FITNESS) * np.exp(rng.normal(0, 0.05, n))
        self._endurance = np.full(n, USUAL_FITNESS) * np.exp(rng.normal(0, 0.05, n))
        self._fatigue, self._volume = np.full(n, 0.95), np.full(n, 0.95)
        self._efforts, self._sessions = np.full((7, n), 0.95), np.full((28, n), 1.5)
        self._done = np.full(n, 0.90)  # six weeks
        self._overreached = np.zeros(n)
        self._stress = rng.normal(0, 1.0, n)
        self._caught = np.zeros(n, dtype=bool)  # in the evening before this morning
        self._sick_days, self._injured_days = np.zeros(n), np.zeros(n)
        self._since_out, self._since_injury = np.full(n, 99.0), np.full(n, 99.0)
        self._dawn()

    @property
    def weekday(self) -> int:
        return self.day % 7

    def morning(self) -> dict[str, Any]:
        """What is known before training, arrays of length n in season-log columns; NaN = not measured."""
        return dict(self._morning)

    def step(self, action: NDArray[Any], load_cap_au: Any = None) -> dict[str, Any]:
        """Train one day. Returns load_au, high_intensity_share, t400_s (NaN but on test days), new_ill, new_inj.

        ``load_cap_au``: the most that is done of the dose, NaN = no limit.
        """
        noise, luck = self._rng.standard_normal((3, self.n)), self._rng.random((7, self.n))
        load, share = self._carry_out(np.asarray(action), noise[0], luck[0], load_cap_au)
        x = load / self.who.usual_load_au
        largest = self._sessions.max(0)
        self._train(x, share)
        t400 = self._trial(noise[1], luck[1])
        new_ill, new_inj = self._fall_ill(x, luck[2], luck[3]), self._get_injured(x, largest, luck[4], luck[5])
        self._stress = 0.88 * self._stress + np.sqrt(1 - 0.88**2) * noise[2]
        unlogged = luck[6] < 0.06
        self.day += 1
        self._dawn()
        return {
            "load_au": np.where(unlogged, np.nan, load),
            "high_intensity_share": np.where(unlogged | (load == 0), np.nan, self._written(share)),
            "t400_s": t400,
            "new_ill": new_ill,
            "new_inj": new_inj,
        }

    def performance_pct(self) -> Floats:
        """Latent % faster than on an average day of the athlete's own past."""
        pct: Floats = (
            self.who.speed_pct * hill(self._speed, 0.9)
            + self.who.endurance_pct * hill(self._endurance, 0.7)
            - self.who.fatigue_pct * (self._fatigue - 0.92)
            - 1.5 * self._overreached
            + self.who.drift_pct_per_d * self.day
        )
        return pct

    def true_t400(self) -> Floats:
        """Latent 400 m time in seconds, for scoring only."""
        return self.who.base_t400_s * (1 - self.performance_pct() / 100)

    def readiness(self) -> Floats:
        """How fresh an athlete looks to a coach, about mean 0 and SD 1. Nothing depends on it."""
        tired = 0.6 * self._stress + 1.0 * (self._fatigue - 0.95) / 0.25 + 2.0 * self._overreached
        return np.asarray(-0.7 * tired - 1.2 * (self._sick_days > 0))

    def hazard(self) -> Floats:
        """Probability of a new illness caught or a new injury today if the planned session is done."""
        planned = self._plan_au / self.who.usual_load_au
        return self._illness_hazard() + self._injury_hazard(planned, self._sessions.max(0))

    def _written(self, share: Floats) -> Floats:
        return np.minimum(share * self.coach.label, 0.95)

    def _dawn(self) -> None:
        noise, luck = self._rng.standard_normal((4, self.n)), self._rng.random((2, self.n))
        who, sick = self.who, self._sick_days > 0
        low = 0.22 * (self._volume - 0.95) + 0.075 * self._stress + 0.16 * self._caught + 0.13 * sick
        hrv = np.exp(who.ln_rmssd_level - low + 0.140 * noise[0])
        rate = who.resting_hr_bpm + 0.8 * self._stress + 5.0 * self._caught + 4.0 * sick + 1.5 * noise[3]
        hours = who.sleep_need_h - 0.40 * self._stress + 0.75 * noise[1]
        self._short_h = np.clip(who.sleep_need_h - hours, -1.0, 3.0)
        score = np.clip(78 + 6.2 * (hours - who.sleep_need_h) + 4.2 * noise[2], 20, 100)
        no_hrv, no_sleep = luck[0] < 0.24, luck[1] < 0.10
        self._plan_au, self._plan_share = self._planned()
        self._morning = {
            "hrv_rmssd_ms": np.where(no_hrv, np.nan, np.round(hrv, 1)),
            "sleep_score": np.where(no_sleep, np.nan, np.round(score)),
            "sleep_h": np.where(no_sleep, np.nan, np.round(np.clip(hours, 2, 13), 2)),
            "ill": sick,
            "injured": self._injured_days > 0,
            "planned_load_au": np.round(self._plan_au),
            "planned_high_intensity_share": self._written(self._plan_share),
            "resting_hr_bpm": np.where(no_hrv, np.nan, np.round(rate)),
        }

    def _planned(self) -> tuple[Floats, Floats]:
        coach = self.coach
        back = np.where(self._since_out <= 7, coach.way_back, 1.0)
        factor = coach.season[self.day] * back
        return self.who.usual_load_au * coach.week_load[self.weekday] * factor, coach.week_share[self.weekday]

    def _carry_out(self, action: NDArray[Any], noise: Floats, luck: Floats, load_cap_au: Any) -> tuple[Floats, Floats]:
        load, share = dose(action, self._plan_au, self._plan_share, self._done * self.who.usual_load_au)
        if load_cap_au is not None:
            load = np.fmin(load, load_cap_au)
        load = load * np.exp(self.who.compliance_ln + 0.10 * noise)
        able = np.where(self._sick_days > 0, 0.20, 1.0) * np.where(self._injured_days > 0, 0.45, 1.0)
        missed = luck < np.where(action == Action.ACTIVE_RECOVERY, 0.05, 0.03)
        return np.where(missed, 0.0, np.round(load * able)), np.asarray(share)

    def _train(self, x: Floats, share: Floats) -> None:
        effort = x * (1 + 1.5 * (share - USUAL_SHARE))
        self._efforts = np.vstack([effort[None, :], self._efforts[:-1]])
        self._sessions = np.vstack([x[None, :], self._sessions[:-1]])
        asked = self._efforts.mean(0) / (self.who.capacity * (0.75 + 0.25 * self._done / 0.90))
        self._overreached = HEALING * self._overreached + 0.35 * np.maximum(asked - 1.0, 0)
        kept = 1 - 0.75 * self._overreached / (0.25 + self._overreached)
        high, low = x * share / USUAL_SHARE, x * (1 - share) / (1 - USUAL_SHARE)
        self._speed += (kept * high - self._speed) / SPEED_DAYS
        self._endurance += (kept * low - self._endurance) / ENDURANCE_DAYS
        self._fatigue += (effort - self._fatigue) / 4
        self._volume += (low - self._volume) / 3
        self._done += (x - self._done) / 42

    def _trial(self, noise: Floats, luck: Floats) -> Floats:
        run = (self._sick_days == 0) & (self._injured_days == 0) & (luck < 0.86) & (self.weekday == TRIAL_WEEKDAY)
        return np.where(run, np.round(self.true_t400() * np.exp(0.013 * noise), 2), np.nan)

    def _illness_hazard(self) -> Floats:
        burden = (
            self._season[self.day // 14]
            + 0.35 * self._stress
            + 0.20 * np.maximum(self._short_h, 0)
            + 2.0 * self._overreached
        )
        well = (self._sick_days == 0) & ~self._caught
        return np.asarray(well * 0.0055 * np.exp(np.clip(burden, -2.0, 2.5)))

    def _fall_ill(self, x: Floats, luck: Floats, length: Floats) -> Bools:
        """Who caught it last evening falls ill this evening; who catches it now does so tomorrow."""
        new = self._caught
        lasts = 2 + np.floor(5 * length) + np.clip(np.floor(4 * (x - 0.5)), 0, 4)
        self._caught = np.asarray(luck < self._illness_hazard())
        self._since_out = np.where((self._sick_days > 0) | (self._injured_days > 0), 0.0, self._since_out + 1)
        self._sick_days = np.where(new, lasts, np.maximum(self._sick_days - 1, 0))
        return new

    def _injury_hazard(self, x: Floats, largest: Floats) -> Floats:
        beyond = np.clip(x / np.maximum(largest, 0.5) - 1.0, 0.0, 1.0)
        burden = 2.5 * beyond + 2.5 * self._overreached + 0.6 * (self._since_injury < 56)
        return np.asarray((self._injured_days == 0) * 0.0028 * np.exp(np.clip(burden, 0.0, 2.5)))

    def _get_injured(self, x: Floats, largest: Floats, luck: Floats, length: Floats) -> Bools:
        new: Bools = np.asarray(luck < self._injury_hazard(x, largest))
        self._since_injury = np.where(self._injured_days > 0, 0.0, self._since_injury + 1)
        self._injured_days = np.where(new, 5 + np.floor(16 * length), np.maximum(self._injured_days - 1, 0))
        return new
