"""A world built differently: no readiness in HRV, a response that comes late and varies, gaps that are no accident.

=====================  ======================================================================================
what is absorbed       depends on a reserve that sessions empty (more than in proportion: load to the power 1.3)
                       and sleep refills. Nothing a watch shows decides it: HRV has no part in it.
response               two delay stages of 3 to 9 days each before anything arrives; fitness decays with 45 days.
                       How well a person responds wanders by a third over the weeks (Hecksteden 2015,
                       doi 10.1152/japplphysiol.00714.2014: response varies within people, not only between them).
intensity              an optimum of each athlete's own share of high intensity, about a fifth (Seiler 2010,
                       doi 10.1123/ijspp.5.3.276), too little and too much both cost.
damage                 what a session asks above the reserve; heals with 14 days; slows and raises illness and injury.
HRV                    an autonomic wander of its own and sickness; the reserve of two days before explains about a
                       fiftieth of its variance.
injury                 U-shaped in a rolling 7-day to 21-day ratio: too little before too much hurts as well
                       (Gabbett 2016, doi 10.1136/bjsports-2015-095788, as drawn there), and damage.
illness                waves that a whole squad shares, short sleep, damage.
missing data           never at random: HRV and the log are left out by the tired and the ill, short nights are not
                       shown, who feels slow skips the trial.
calendar               Monday off, three hard days, four weeks up and one easier, two short camps, a holiday of 10
                       to 18 days after which nobody plans a way back.
=====================  ======================================================================================

All strengths are conventions, chosen so that the outcomes agree with the same real figures as the simulator's; how
well they do is in ``docs/science.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from mlmodels.state.actions import at_most, dose

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WEEK_LOAD = np.array([0.30, 1.35, 0.85, 1.45, 0.60, 1.60, 0.85])  # Monday first; mean 1
WEEK_SHARE = np.array([0.00, 0.30, 0.10, 0.30, 0.05, 0.32, 0.10])
USUAL_SHARE = float((WEEK_LOAD * WEEK_SHARE).sum() / WEEK_LOAD.sum())
MESOCYCLE = np.array([0.92, 1.00, 1.06, 1.12, 0.80])
TRIAL_WEEKDAY = 2
HORIZON_D = 560


@dataclass(frozen=True)
class People:
    """What makes one athlete differ from the next; every array has shape (n,)."""

    usual_load_au: Floats
    base_t400_s: Floats
    ln_rmssd_level: Floats
    sleep_need_h: Floats
    response_pct: Floats  # % faster per relative unit of fitness, at the usual level
    delay_d: Floats  # of each of the two stages
    best_share: Floats
    emptying: Floats  # of the reserve by a usual day
    damage_cost_pct: Floats
    forgetful: Floats  # chance of a missing HRV morning on a good day
    drift_pct_per_d: Floats

    @classmethod
    def draw(cls, n: int, rng: np.random.Generator) -> People:
        return cls(
            usual_load_au=np.clip(rng.lognormal(np.log(2300 / 7), 0.22, n), 1400 / 7, 3400 / 7),
            base_t400_s=np.where(rng.random(n) < 0.45, 57.0, 50.0) + rng.normal(0, 2.0, n),
            ln_rmssd_level=rng.normal(4.10, 0.38, n),
            sleep_need_h=rng.normal(7.6, 0.5, n),
            response_pct=rng.lognormal(np.log(3.4), 0.35, n),
            delay_d=rng.uniform(3.0, 9.0, n),
            best_share=np.clip(rng.normal(0.22, 0.04, n), 0.12, 0.32),
            emptying=rng.lognormal(np.log(0.13), 0.20, n),
            damage_cost_pct=rng.lognormal(np.log(2.2), 0.30, n),
            forgetful=np.clip(rng.normal(0.20, 0.06, n), 0.05, 0.40),
            drift_pct_per_d=rng.normal(0.90, 0.25, n) / 168,
        )


def calendar(n: int, days: int, rng: np.random.Generator) -> Floats:
    """Factor on the planned load, (n, days): mesocycle, two camps and one holiday in each 24 weeks, a slow build."""
    day = np.arange(days)
    phase = rng.integers(0, 5, n)
    factor = MESOCYCLE[(day[None, :] // 7 + phase[:, None]) % 5] * (0.93 + 0.0065 * (day // 7 % 24))[None, :]
    for start in range(0, days, 168):
        for earliest, latest in ((28, 80), (95, 155)):
            camp = start + rng.integers(earliest, latest, n)
            end, size = camp + rng.integers(5, 10, n), rng.uniform(1.25, 1.65, n)
            factor = np.where((day >= camp[:, None]) & (day < end[:, None]), factor * size[:, None], factor)
        holiday = start + rng.integers(40, 130, n)
        end, size = holiday + rng.integers(10, 19, n), rng.uniform(0.0, 0.35, n)
        factor = np.where((day >= holiday[:, None]) & (day < end[:, None]), size[:, None], factor)
    return np.asarray(factor, dtype=np.float64)


class DelayedWorld:
    """n athletes, day by day; day 0 is a Monday. The protocol is that of ``mlmodels.worlds.simulator.World``."""

    def __init__(self, n: int, seed: int) -> None:
        rng = np.random.default_rng([seed, 77])
        self.n, self.day, self._rng = n, 0, rng
        self.who = People.draw(n, rng)
        self._calendar = calendar(n, HORIZON_D, rng)
        self._waves = np.clip(rng.normal(0.0, 1.0, HORIZON_D // 7 + 1), -1.0, 2.0)
        self._reserve = np.full((3, n), 0.72)  # today, yesterday, the day before
        self._stages = np.full((2, n), 0.74)
        self._fitness = np.full(n, 0.70) * np.exp(rng.normal(0, 0.04, n))
        self._damage = np.full(n, 0.12)
        self._responding = rng.normal(0, 0.33, n)
        self._autonomic, self._stress = rng.normal(0, 1.0, n), rng.normal(0, 1.0, n)
        self._loads = np.full((21, n), 0.95)
        self._sick_days, self._injured_days = np.zeros(n), np.zeros(n)
        self._out = np.zeros(n, dtype=bool)
        self._hrv_off = rng.random(n) < self.who.forgetful
        self._recent_form = np.zeros(n)
        self._dawn()

    @property
    def weekday(self) -> int:
        return self.day % 7

    def morning(self) -> dict[str, Any]:
        """What is known before training, arrays of length n in season-log columns; NaN = not measured."""
        return dict(self._morning)

    def step(self, action: NDArray[Any], load_cap_au: Floats | None = None) -> dict[str, Any]:
        """Train one day. Returns load_au, high_intensity_share, t400_s (NaN but on test days), new_ill, new_inj."""
        noise, luck = self._rng.standard_normal((5, self.n)), self._rng.random((6, self.n))
        load, share = self._carry_out(np.asarray(action), load_cap_au, noise[0], luck[0])
        x = load / self.who.usual_load_au
        asked = self._train(x, share)
        self._wander(noise[1:4])
        t400 = self._trial(noise[4], luck[1])
        new_ill, new_inj = self._fall_ill(luck[2]), self._get_injured(luck[3], asked)
        unlogged = luck[4] < 0.04 + 0.05 * (self._reserve[0] < 0.55) + 0.15 * (self._sick_days > 0)
        self._heal(new_ill, new_inj, luck[5])
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
            2 * self.who.response_pct * (np.sqrt(self._fitness / 0.70) - 1)
            - self.who.damage_cost_pct * (self._damage - 0.14)
            + self.who.drift_pct_per_d * self.day
        )
        return pct

    def true_t400(self) -> Floats:
        """Latent 400 m time in seconds, for scoring only."""
        return self.who.base_t400_s * (1 - self.performance_pct() / 100)

    def readiness(self) -> Floats:
        """How fresh an athlete looks to a coach, about mean 0 and SD 1."""
        fresh: Floats = (self._reserve[0] - 0.70) / 0.15 - 1.5 * (self._sick_days > 0)
        return fresh

    def hazard(self) -> Floats:
        """Probability of a new illness or injury today if the planned session is done."""
        planned = self._plan_au / self.who.usual_load_au
        return self._illness_hazard() + self._injury_hazard(self._asked(planned, self._plan_share))

    def _dawn(self) -> None:
        noise, luck = self._rng.standard_normal((3, self.n)), self._rng.random((2, self.n))
        who, sick = self.who, self._sick_days > 0
        hrv = who.ln_rmssd_level + 0.085 * self._autonomic + 0.15 * (self._reserve[2] - 0.70) - 0.10 * sick
        hrv = np.exp(hrv + 0.150 * noise[0])
        tired = self._reserve[0] < 0.62
        turn_off = np.clip(who.forgetful * 0.5 + 0.10 * tired + 0.15 * sick, 0, 0.9)
        self._hrv_off = luck[0] < np.where(self._hrv_off, 0.50, turn_off)
        hours = who.sleep_need_h - 0.35 * self._stress + 0.75 * noise[1]
        self._short_h = np.clip(who.sleep_need_h - hours, -1.0, 3.0)
        score = np.clip(77 + 6.0 * (hours - who.sleep_need_h) + 4.0 * noise[2], 20, 100)
        hidden = luck[1] < 0.08 + 0.12 * (self._short_h > 1.0)
        weekday = self.weekday
        back = np.where(self._out, 0.6, 1.0)
        self._plan_au = who.usual_load_au * WEEK_LOAD[weekday] * self._calendar[:, self.day] * back
        self._plan_share = np.full(self.n, WEEK_SHARE[weekday])
        self._morning = {
            "hrv_rmssd_ms": np.where(self._hrv_off, np.nan, np.round(hrv, 1)),
            "sleep_score": np.where(hidden, np.nan, np.round(score)),
            "sleep_h": np.where(hidden, np.nan, np.round(np.clip(hours, 2, 13), 2)),
            "ill": sick,
            "injured": self._injured_days > 0,
            "planned_load_au": np.round(self._plan_au),
            "planned_high_intensity_share": self._plan_share,
        }

    def _carry_out(
        self, action: NDArray[Any], cap: Floats | None, noise: Floats, luck: Floats
    ) -> tuple[Floats, Floats]:
        chronic = self._loads.mean(0) * self.who.usual_load_au
        load, share = dose(action, self._plan_au, self._plan_share, chronic)
        load = at_most(load, cap)
        slack = 1 - 0.5 * np.clip(0.55 - self._reserve[0], 0, 0.4)  # who is empty cuts it short
        able = np.where(self._sick_days > 0, 0.25, 1.0) * np.where(self._injured_days > 0, 0.40, 1.0)
        missed = luck < np.where(action == Action.ACTIVE_RECOVERY, 0.06, 0.03)
        return np.where(missed, 0.0, np.round(load * slack * able * np.exp(0.12 * noise))), np.asarray(share)

    def _asked(self, x: Floats, share: Floats) -> Floats:
        return x * (1 + 1.2 * (share - USUAL_SHARE))

    def _train(self, x: Floats, share: Floats) -> Floats:
        """Empties the reserve, starts what will arrive in one to three weeks, does damage; returns what was asked."""
        who, asked = self.who, self._asked(x, share)
        counts = np.clip(self._reserve[0] / 0.72, 0.2, 1.25)
        balanced = 1 - 6.0 * np.square(share - np.where(x > 0, who.best_share, share)) * (share > 0)
        stimulus = x * counts * np.maximum(balanced, 0.3)
        self._stages[0] += (stimulus - self._stages[0]) / who.delay_d
        self._stages[1] += (self._stages[0] - self._stages[1]) / who.delay_d
        arriving = self._stages[1] * np.exp(self._responding)
        self._fitness += (arriving * 0.92 - self._fitness) / 45
        too_much = np.maximum(asked - 2.0 * self._reserve[0], 0)
        self._damage += 0.10 * too_much - self._damage / 14
        slept = np.clip(1 - 0.30 * self._short_h, 0.4, 1.4)
        refilled = 0.40 * slept * (1.0 - self._reserve[0])
        today = np.clip(self._reserve[0] + refilled - who.emptying * np.power(asked, 1.3), 0.05, 1.0)
        self._reserve = np.stack([today, self._reserve[0], self._reserve[1]])
        self._loads = np.vstack([x[None, :], self._loads[:-1]])
        return asked

    def _wander(self, noise: Floats) -> None:
        self._autonomic = 0.80 * self._autonomic + 0.60 * noise[0]
        self._stress = 0.70 * self._stress + np.sqrt(1 - 0.70**2) * noise[1]
        self._responding = 0.97 * self._responding + 0.33 * np.sqrt(1 - 0.97**2) * noise[2]

    def _trial(self, noise: Floats, luck: Floats) -> Floats:
        form = self.performance_pct()
        feels_slow = form < self._recent_form - 0.3
        self._recent_form += (form - self._recent_form) / 20
        keen = luck < np.where(feels_slow, 0.60, 0.90)
        run = (self._sick_days == 0) & (self._injured_days == 0) & keen & (self.weekday == TRIAL_WEEKDAY)
        return np.where(run, np.round(self.true_t400() * np.exp(0.013 * noise), 2), np.nan)

    def _illness_hazard(self) -> Floats:
        burden = 0.8 * self._waves[self.day // 7] + 0.30 * np.maximum(self._short_h, 0) + 1.5 * (self._damage - 0.14)
        return np.asarray((self._sick_days == 0) * 0.0055 * np.exp(np.clip(burden, -2.0, 2.5)))

    def _injury_hazard(self, asked: Floats) -> Floats:
        ratio = self._loads[:7].mean(0) / np.maximum(self._loads.mean(0), 0.15)
        burden = 2.5 * np.square(ratio - 1.0) * (asked > 0.5) + 2.0 * (self._damage - 0.14)
        return np.asarray((self._injured_days == 0) * 0.0030 * np.exp(np.clip(burden, -0.5, 2.5)))

    def _fall_ill(self, luck: Floats) -> Bools:
        return np.asarray(luck < self._illness_hazard())

    def _get_injured(self, luck: Floats, asked: Floats) -> Bools:
        return np.asarray(luck < self._injury_hazard(asked))

    def _heal(self, new_ill: Bools, new_inj: Bools, length: Floats) -> None:
        self._out = (self._sick_days > 0) | (self._injured_days > 0)
        self._sick_days = np.where(new_ill, 3 + np.floor(7 * length), np.maximum(self._sick_days - 1, 0))
        self._injured_days = np.where(new_inj, 5 + np.floor(18 * length), np.maximum(self._injured_days - 1, 0))
