"""The stress table: the true world with one thing otherwise, a row for each. Nothing that learns may import it.

A shipped network gained in worlds like its simulator and harmed athletes whose coach only wrote other labels. So each
row changes one thing that differs between real squads, and nothing else:

``Reported``   the athletes live the same days, another thing is written down; works on any world
``Planned``    the simulator's athletes with another plan
the others     another life of the simulator's athletes, or another thing that HRV shows

Whatever a row draws comes from a generator of its own and is drawn whatever the action is: the athletes' luck is the
true world's to the last digit, and two seasons of a row differ by their actions alone. All sizes are conventions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from measures.risk import LREF_FIRST_DAYS, LREF_LAMBDA
from mlmodels.state.actions import PLAN_RECOVERING_D, automatic_plan
from mlmodels.worlds.related import ScepticWorld
from mlmodels.worlds.simulator import WEEKDAY_LOAD, WEEKDAY_SHARE, Floats, World

MakeWorld = Callable[[int, int], Any]
Kind = Literal["may know", "elsewhere"]

OWN_LUCK = 4001  # beside the seed: no world of this project draws from that generator
HRV = ("hrv_rmssd_ms",)
SLEEP = ("sleep_score", "sleep_h")
LOAD = ("load_au", "high_intensity_share")
LAY_OFF_D = (63, 91)  # weeks 10-13; [first day, day after the last)
EXAMS_D = ((56, 70), (126, 140))  # weeks 9-10 and 19-20
NEW_WATCH_D = 84
WEEKLY_HIGH = float((WEEKDAY_LOAD * WEEKDAY_SHARE).sum())  # high-intensity load of a week, in usual days


# --- Lived the same, written down otherwise --------------------------------------------------------------------------


class Reported:
    """Any world, lived as it is. A subclass says what of the morning, the evening or the advice comes through."""

    def __init__(self, n: int, seed: int, inside: MakeWorld = World) -> None:
        self.n, self.day = n, 0
        self.world = inside(n, seed)
        self._own = np.random.default_rng([seed, OWN_LUCK])
        self.begin()
        self._morning = self.morning_told(self.world.morning())

    def begin(self) -> None:
        """Draws what holds for the whole season."""

    def morning_told(self, morning: dict[str, Any]) -> dict[str, Any]:
        """Asked once a day."""
        return morning

    def evening_told(self, evening: dict[str, Any]) -> dict[str, Any]:
        """Asked once a day, when ``day`` is still that of the session."""
        return evening

    def heard(self, action: NDArray[Any], more: dict[str, Any]) -> tuple[NDArray[Any], dict[str, Any]]:
        """What is done of the advice."""
        return action, more

    def morning(self) -> dict[str, Any]:
        return dict(self._morning)

    def step(self, action: NDArray[Any], **more: Any) -> dict[str, Any]:
        done, more = self.heard(np.asarray(action), more)
        evening = self.evening_told(self.world.step(done, **more))
        self.day += 1
        self._morning = self.morning_told(self.world.morning())
        return evening

    def true_t400(self) -> Floats:
        return np.asarray(self.world.true_t400(), dtype=np.float64)

    def __getattr__(self, name: str) -> Any:
        """What a world may have beside the four methods: a weekday of its own, ``readiness``, ``who``."""
        if name == "world":  # not made yet: a copy is being unpickled
            raise AttributeError(name)
        return getattr(self.world, name)


class Labelled(Reported):
    """The coach writes another share of high intensity for the same training, planned and reported alike."""

    def __init__(self, n: int, seed: int, inside: MakeWorld = World, *, times: float) -> None:
        self.times = times
        super().__init__(n, seed, inside)

    def morning_told(self, morning: dict[str, Any]) -> dict[str, Any]:
        return morning | self._written(morning, "planned_high_intensity_share")

    def evening_told(self, evening: dict[str, Any]) -> dict[str, Any]:
        return evening | self._written(evening, "high_intensity_share")

    def _written(self, told: dict[str, Any], name: str) -> dict[str, Any]:
        return {name: np.minimum(self.times * told[name], 1.0)}


class Gaps(Reported):
    """Some mornings without HRV, some evenings without a load, beyond those the world leaves out itself."""

    def __init__(self, n: int, seed: int, inside: MakeWorld = World, *, hrv: float = 0.0, load: float = 0.0) -> None:
        self.shares = hrv, load
        super().__init__(n, seed, inside)

    def morning_told(self, morning: dict[str, Any]) -> dict[str, Any]:
        return without(morning, HRV, self._own.random(self.n) < self.shares[0])

    def evening_told(self, evening: dict[str, Any]) -> dict[str, Any]:
        return without(evening, LOAD, self._own.random(self.n) < self.shares[1])


class Ignored(Reported):
    """On some days the athlete does the plan, whatever the advice; what is logged is the advice."""

    share = 0.4

    def heard(self, action: NDArray[Any], more: dict[str, Any]) -> tuple[NDArray[Any], dict[str, Any]]:
        deaf = self._own.random(self.n) < self.share
        cap = more.get("load_cap_au")
        if cap is not None:
            more = more | {"load_cap_au": np.where(deaf, np.inf, cap)}
        return np.where(deaf, int(Action.AS_PLANNED), action), more


class LateStarters(Reported):
    """Nobody was known before: loads are reported from day 14 on, HRV and sleep from day 35 on."""

    load_from_d, signals_from_d = 14, 35

    def morning_told(self, morning: dict[str, Any]) -> dict[str, Any]:
        return without(morning, HRV + SLEEP, np.full(self.n, self.day < self.signals_from_d))

    def evening_told(self, evening: dict[str, Any]) -> dict[str, Any]:
        return without(evening, LOAD, np.full(self.n, self.day < self.load_from_d))


class SecondDevice(Reported):
    """From day 84 on another watch: HRV 15 % lower with 0.08 ln ms more noise. The era says that it is another one."""

    def morning_told(self, morning: dict[str, Any]) -> dict[str, Any]:
        read = morning["hrv_rmssd_ms"] * 0.85 * np.exp(self._own.normal(0.0, 0.08, self.n))
        new = self.day >= NEW_WATCH_D
        return morning | {
            "hrv_rmssd_ms": np.round(read, 1) if new else morning["hrv_rmssd_ms"],
            "hrv_era": np.full(self.n, 2.0 if new else 1.0),
        }


class Cycle(Reported):
    """Half of the athletes have a cycle of 28 days: in its luteal half ln rMSSD -0.06, 0.1 h and one point less sleep.

    It moves what the watch shows and nothing else.
    """

    def begin(self) -> None:
        self._has = self._own.random(self.n) < 0.5
        self._phase = self._own.integers(0, 28, self.n)

    def morning_told(self, morning: dict[str, Any]) -> dict[str, Any]:
        luteal = self._has & ((self.day + self._phase) % 28 >= 14)
        return morning | {
            "hrv_rmssd_ms": np.where(luteal, np.round(morning["hrv_rmssd_ms"] * np.exp(-0.06), 1),
                                     morning["hrv_rmssd_ms"]),
            "sleep_score": morning["sleep_score"] - 1.0 * luteal,
            "sleep_h": morning["sleep_h"] - 0.1 * luteal,
        }  # fmt: skip


def without(told: dict[str, Any], names: tuple[str, ...], gone: NDArray[np.bool_]) -> dict[str, Any]:
    return told | {name: np.where(gone, np.nan, told[name]) for name in names}


# --- Another plan ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Week:
    """Seven sessions, Monday first: load with mean 1, share of it done at high intensity.

    Both are scaled so that a week's load and a week's high-intensity load are those of the true world.
    """

    load: Floats
    share: Floats

    @classmethod
    def of(cls, load: tuple[float, ...], share: tuple[float, ...]) -> Week:
        day = 7 * np.array(load) / sum(load)
        return cls(day, np.array(share) * WEEKLY_HIGH / float((day * np.array(share)).sum()))


TWO_HARD_DAYS = Week.of((0.80, 0.55, 2.10, 0.70, 0.50, 2.00, 0.35), (0.04, 0.0, 0.34, 0.04, 0.0, 0.36, 0.0))
POLARISED = Week.of((0.95, 1.20, 0.85, 1.25, 0.95, 1.30, 0.50), (0.01, 0.40, 0.01, 0.40, 0.01, 0.40, 0.0))
FOUR_SESSIONS = Week.of((0.0, 1.70, 0.0, 1.90, 0.0, 1.90, 1.50), (0.0, 0.22, 0.0, 0.25, 0.0, 0.22, 0.05))
SEVEN_ALIKE = Week.of((1.0,) * 7, (0.2,) * 7)


class Planned(World):
    """The simulator's athletes with another week, or the same one scaled; the calendar and the returns stay."""

    def __init__(self, n: int, seed: int, *, week: Week | None = None, times: float = 1.0) -> None:
        self._week, self._times = week, times
        super().__init__(n, seed)

    def planned(self) -> tuple[Floats, Floats]:
        load, share = super().planned()
        if self._week is not None:
            weekday = self.day % 7
            load = self.who.usual_load_au * self._week.load[weekday] * self._calendar[:, self.day] * self._cleared
            share = np.full(self.n, self._week.share[weekday])
        return load * self._times, share


class Habitual(World):
    """The same week all season: no building up, no camp, no holiday, no way back after illness or injury."""

    def planned(self) -> tuple[Floats, Floats]:
        weekday = self.day % 7
        return self.who.usual_load_au * WEEKDAY_LOAD[weekday], np.full(self.n, WEEKDAY_SHARE[weekday])


class NoCoach(World):
    """Nobody plans: the athletes do the product's automatic plan, and the morning brings none.

    Lref is what the tracker makes of it: the mean chronic load of four weeks, then an average of 84 days that four
    weeks from illness and injury leave as it is.
    """

    def __init__(self, n: int, seed: int) -> None:
        self._lref, self._well_d, self._seen = np.ones(n), np.full(n, PLAN_RECOVERING_D), 0
        super().__init__(n, seed)

    def planned(self) -> tuple[Floats, Floats]:
        usual = self.who.usual_load_au
        load, share = automatic_plan(
            self.day % 7,
            self._lref * usual,
            self._chronic * usual,
            self.day // 7,
            recovering=self._well_d < PLAN_RECOVERING_D,
        )
        return load, np.full(self.n, share)

    def step(self, action: NDArray[Any], load_cap_au: Floats | None = None) -> dict[str, Any]:
        self._seen += 1
        self._well_d = np.where((self._sick_days > 0) | (self._injured_days > 0), 0, self._well_d + 1)
        later = np.where(self._well_d >= PLAN_RECOVERING_D, LREF_LAMBDA, 0.0)
        rate = 1.0 / self._seen if self._seen <= LREF_FIRST_DAYS else later
        self._lref = self._lref + rate * (self._chronic - self._lref)
        return super().step(action, load_cap_au)

    def morning(self) -> dict[str, Any]:
        nobody = np.full(self.n, np.nan)
        return super().morning() | {"planned_load_au": nobody, "planned_high_intensity_share": nobody}


class LayOff(World):
    """Weeks 10-13 at 0-10 % of the plan, by athlete, then a week at 60 and one at 80 %."""

    def __init__(self, n: int, seed: int) -> None:
        self._left = np.random.default_rng([seed, OWN_LUCK]).uniform(0.0, 0.10, n)
        super().__init__(n, seed)

    def planned(self) -> tuple[Floats, Floats]:
        load, share = super().planned()
        first, after = LAY_OFF_D
        if first <= self.day < after:
            return load * self._left, share
        back = {0: 0.60, 1: 0.80}.get((self.day - after) // 7, 1.0)
        return load * back, share


# --- Another life ----------------------------------------------------------------------------------------------------


class ExamWeeks(World):
    """Two stretches of two weeks with stress 1.5 SD higher and an hour less sleep, both together."""

    def _examined(self) -> bool:
        return any(first <= self.day < after for first, after in EXAMS_D)

    def stress(self) -> Floats:
        return self._stress + 1.5 * self.laws.stress_sd * self._examined()

    def lost_sleep_h(self) -> float:
        """On top of what the stress itself takes: 0.40 h a unit."""
        return (1.0 - 0.40 * 1.5 * self.laws.stress_sd) * self._examined()


class MuteHrv(World):
    """What HRV follows is a wander of its own, as large and as slow as readiness is, and says nothing.

    Readiness under the plan has mean 0.75, SD 1.45 and a correlation of 0.70 with the day before.
    """

    mean, sd, memory = 0.75, 1.45, 0.70

    def __init__(self, n: int, seed: int) -> None:
        self._own = np.random.default_rng([seed, OWN_LUCK])
        self._wander = self._own.standard_normal(n)
        super().__init__(n, seed)

    def shown_in_hrv(self) -> Floats:
        fresh = self._own.standard_normal(self.n)
        self._wander = self.memory * self._wander + np.sqrt(1 - self.memory**2) * fresh
        return np.asarray(self.mean + self.sd * self._wander)


# --- The table -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StressRow:
    """``kind``: "may know" where the training and the body are the true world's and the signs of the body are shown, so
    that a policy has what it takes to gain; "elsewhere" it has to do no harm. ``squad``: athletes in a cohort, where
    the row is about their number.
    """

    make_world: MakeWorld
    what: str
    kind: Kind
    squad: int | None = None


STRESS: dict[str, StressRow] = {
    "as it is": StressRow(World, "the true world, for comparison", "may know"),
    "labels x 0.5": StressRow(
        partial(Labelled, times=0.5), "the same training written with half the high intensity", "may know"
    ),
    "labels x 1.5": StressRow(
        partial(Labelled, times=1.5), "the same training written with 1.5 times the high intensity", "may know"
    ),
    "labels x 2": StressRow(
        partial(Labelled, times=2.0), "the same training written with twice the high intensity", "may know"
    ),
    "no coach": StressRow(NoCoach, "nobody plans: athletes do the product's automatic plan", "may know"),
    "habitual week": StressRow(Habitual, "the same week all season, which answers to nothing", "elsewhere"),
    "plan -15 %": StressRow(partial(Planned, times=0.85), "every planned session is 15 % lighter", "elsewhere"),
    "plan +15 %": StressRow(partial(Planned, times=1.15), "every planned session is 15 % heavier", "elsewhere"),
    "two hard days": StressRow(
        partial(Planned, week=TWO_HARD_DAYS), "the same weekly load with two very hard days", "elsewhere"
    ),
    "polarised": StressRow(partial(Planned, week=POLARISED), "nearly all high intensity on three days", "elsewhere"),
    "four sessions": StressRow(
        partial(Planned, week=FOUR_SESSIONS), "the same weekly load in four sessions", "elsewhere"
    ),
    "seven alike": StressRow(partial(Planned, week=SEVEN_ALIKE), "the same session every day", "elsewhere"),
    "half the HRV": StressRow(partial(Gaps, hrv=0.5), "half of the HRV mornings are missing as well", "may know"),
    "mute HRV": StressRow(MuteHrv, "HRV varies as much and says nothing of readiness", "elsewhere"),
    "30 % unlogged": StressRow(partial(Gaps, load=0.3), "three loads in ten are not reported as well", "may know"),
    "40 % ignored": StressRow(Ignored, "on 40 % of days the plan is done whatever the advice", "may know"),
    "late starters": StressRow(LateStarters, "loads known from day 14, HRV and sleep from day 35 on", "elsewhere"),
    "lay-off": StressRow(LayOff, "four weeks at 0-10 % of the plan, two weeks of return", "elsewhere"),
    "exam weeks": StressRow(ExamWeeks, "twice two weeks of high stress and an hour less sleep", "elsewhere"),
    "squads of 8": StressRow(World, "the true world in cohorts of 8 athletes", "may know", squad=8),
    "second device": StressRow(SecondDevice, "from day 84 on another watch reads 15 % lower", "may know"),
    "cycle": StressRow(Cycle, "in half of the athletes a cycle of 28 days moves HRV and a little sleep", "elsewhere"),
    "sceptic": StressRow(ScepticWorld, "a fast rise of load injures nobody (a sceptic of ACWR)", "may know"),
}
