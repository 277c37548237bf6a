"""Plays a policy through seasons of a world, with the tracker and the guard that serving uses.

A world is any class with ``World(n, seed)``, ``morning()``, ``step(action)`` and ``true_t400()``; see ``simulator.py``.
One whose ``step`` also takes ``load_cap_au`` is told the guards' caps; elsewhere a capped day is the nearest action.
Two seasons of one seed differ by their actions alone, if the world draws its numbers whatever the action is.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from measures.risk import ACUTE_LAMBDA, ACWR_DANGER, ACWR_WARNING, CHRONIC_LAMBDA
from mlmodels.deciding.capping import Capped
from mlmodels.deciding.decision import resolve
from mlmodels.policies.policy import Policy, ask
from mlmodels.state.days import Evening, Morning
from mlmodels.state.observation import Observation
from mlmodels.state.tracker import Tracker
from mlmodels.worlds import STRESS, WORLDS

Floats = NDArray[np.float64]

FINAL_D = 14  # the last days, over which the latent 400 m time is averaged
HRV_LOW_Z = -1.0  # a day with the 7-day mean below it counts as HRV-low
PLAN_RISES = 1.2  # the ratio of the coach's own planned loads above it: a camp, or the way back from a holiday
RETURN_D = 14  # days after illness or injury that count as a return
HEALTHY_D = 28  # days without illness or injury after which a day's chronic load is the training's doing alone
CHRONIC_D = 28  # the last days of a season, in which it is looked at


class World(Protocol):
    def morning(self) -> dict[str, Any]: ...

    def step(self, action: NDArray[np.int64]) -> dict[str, Any]: ...

    def true_t400(self) -> Floats: ...


MakeWorld = Callable[[int, int], World]
Watch = Callable[[Observation, NDArray[np.int64], World], object]


class SideBySide:
    """Several worlds as one: the tracker and the policy look at all their athletes at once, each keeps its own luck.

    ``rows[i]`` are the places of world i's athletes among all n.
    """

    def __init__(self, worlds: Sequence[Any], rows: Sequence[NDArray[np.int64]]) -> None:
        self.worlds, self.rows = list(worlds), list(rows)
        self.n = sum(len(places) for places in rows)
        self.days = np.zeros(len(self.worlds), dtype=np.int64)
        names = set.intersection(*(set(world.morning()) for world in self.worlds))
        self._columns = [name for name in self.worlds[0].morning() if name in names]

    @classmethod
    def cohorts(cls, make_world: MakeWorld, athletes: int, seeds: Sequence[int]) -> SideBySide:
        rows = [np.arange(i * athletes, (i + 1) * athletes) for i in range(len(seeds))]
        return cls([make_world(athletes, seed) for seed in seeds], rows)

    @property
    def weekday(self) -> NDArray[np.int64]:
        days = [getattr(world, "weekday", day % 7) for world, day in zip(self.worlds, self.days, strict=True)]
        return self.joined(days).astype(np.int64)

    def morning(self) -> dict[str, Any]:
        mornings = [world.morning() for world in self.worlds]
        return {name: self.joined([morning[name] for morning in mornings]) for name in self._columns}

    def step(self, action: NDArray[np.int64], load_cap_au: Floats | None = None) -> dict[str, Any]:
        """A cap is for worlds that all take one (``capping.takes_load_cap``)."""
        evenings = [
            world.step(action[own]) if load_cap_au is None else world.step(action[own], load_cap_au=load_cap_au[own])
            for world, own in zip(self.worlds, self.rows, strict=True)
        ]
        self.days += 1
        return {name: self.joined([evening[name] for evening in evenings]) for name in evenings[0]}

    def true_t400(self) -> Floats:
        return self.joined([world.true_t400() for world in self.worlds])

    def readiness(self) -> Floats:
        """Latent; only where the worlds tell."""
        return self.joined([world.readiness() for world in self.worlds])

    def joined(self, values: Sequence[Any]) -> Floats:
        whole: Floats = np.empty(self.n)
        for places, part in zip(self.rows, values, strict=True):
            whole[places] = part
        return whole


@dataclass(frozen=True)
class Season:
    """What one policy did to n athletes; every array has shape (n,). Rates count the days it was in charge."""

    t400_s: Floats  # latent, mean of the last 14 days
    start_t400_s: Floats  # latent, on the first morning the policy is in charge
    acwr_danger: Floats  # share of days above 1.5
    acwr_warning: Floats  # share of days above 1.3
    acwr_danger_ordinary: Floats  # share of days above 1.5 that are neither camp nor return
    hrv_low: Floats
    illnesses: Floats
    injuries: Floats
    actions: Floats  # (n, 4) share of days
    overruled: Floats  # share of days on which the guard changed the action
    asked: Floats  # share of days on which the policy itself was answered by, not the rule or nobody
    unclear: Floats  # share of days on which the plan stood because nothing was clearly better
    unknown: Floats  # share of days on which the athlete was none the policy knows
    recovery_by_weekday: Floats  # (n, 7) share of that weekday's days on which recovery was advised, Monday first
    healthy_chronic_au: Floats  # tracked chronic load, mean of the healthy ones of the last 28 days; NaN = none healthy

    def of(self, rows: NDArray[np.int64]) -> Season:
        """Some of the athletes."""
        return Season(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@runtime_checkable
class Privileged(Protocol):
    """A policy that is shown the world itself: a yardstick, never a candidate."""

    def shown(self, world: World) -> Policy: ...


class Calendar:
    """Which days are camps and returns, from the plan and the spells alone, whatever the policy does."""

    def __init__(self, n: int) -> None:
        self._acute, self._chronic = np.full(n, np.nan), np.full(n, np.nan)
        self._since = np.full(n, 999)  # days since the last ill or injured morning

    @property
    def healthy(self) -> NDArray[np.bool_]:
        """(n,) of the day that was closed last: neither ill nor injured in the 28 days up to it."""
        return np.asarray(self._since > HEALTHY_D)

    def unusual(self, morning: Morning) -> NDArray[np.bool_]:
        """(n,) of today; closes the day."""
        plan = np.nan_to_num(morning.planned_load_au)
        first = np.isnan(self._chronic)
        rises = self._acute > PLAN_RISES * np.maximum(self._chronic, 1.0)
        self._since = np.where((morning.ill > 0) | (morning.injured > 0), 0, self._since + 1)
        self._acute = np.where(first, plan, self._acute + (plan - self._acute) * ACUTE_LAMBDA)
        self._chronic = np.where(first, plan, self._chronic + (plan - self._chronic) * CHRONIC_LAMBDA)
        return np.asarray(rises | (self._since <= RETURN_D))


def play(
    make_world: MakeWorld,
    policy: Policy,
    *,
    athletes: int,
    seed: int,
    days: int = 168,
    warm_up: int = 28,
    guarded: bool = True,
    cold_start: bool = False,
    tick: Callable[[], object] | None = None,
    watch: Watch | None = None,
) -> Season:
    """One season: ``warm_up`` days as planned, then the policy; both within ``days``.

    ``cold_start``: as in serving, an athlete of whom too little is known is answered by the rule policy.
    ``watch`` is shown every day: what was observed, what was done, the world before it.
    """
    world, tracker, calendar = make_world(athletes, seed), Tracker(athletes), Calendar(athletes)
    capped, no = Capped(world), np.zeros(athletes, dtype=bool)
    before = Answered(no, _planned(athletes), _planned(athletes), np.full(athletes, np.inf), no, no)
    policy = policy.shown(world) if isinstance(policy, Privileged) else policy
    totals = np.zeros((11, athletes))
    actions, final, start = np.zeros((athletes, 4)), [], world.true_t400()
    rested, weekdays, healthy = np.zeros((7, athletes)), np.zeros((7, athletes)), np.zeros((2, athletes))
    for day in range(days):
        if day == warm_up:
            start = world.true_t400()
        morning = morning_of(world, athletes, day)
        obs = tracker.morning(morning)
        told = before if day < warm_up else answered(policy, obs, guarded=guarded, cold_start=cold_start)
        applied = capped.done(told.action, told.load_cap_au, obs)
        if watch:
            watch(obs, applied, world)
        unusual = calendar.unusual(morning)
        evening = capped.step(applied, told.load_cap_au)
        tracker.evening(morning, evening_of(evening, applied))
        if day >= warm_up:
            totals += np.stack(
                [
                    obs.acwr > ACWR_DANGER,
                    obs.acwr > ACWR_WARNING,
                    obs.hrv_z < HRV_LOW_Z,
                    evening["new_ill"],
                    evening["new_inj"],
                    applied != told.wanted,
                    told.asked,
                    np.isfinite(obs.hrv_z),
                    (obs.acwr > ACWR_DANGER) & ~unusual,
                    told.unclear,
                    told.unknown,
                ]
            )
            actions[np.arange(athletes), applied] += 1
            weekday = morning.weekday.astype(np.int64), np.arange(athletes)
            rested[weekday] += applied == Action.ACTIVE_RECOVERY
            weekdays[weekday] += 1
        if day >= days - CHRONIC_D:
            healthy += np.where(calendar.healthy, [np.ones(athletes), obs.chronic_au], 0.0)
        if day >= days - FINAL_D:
            final.append(world.true_t400())
        if tick:
            tick()
    in_charge = max(days - warm_up, 1)
    return Season(
        t400_s=np.mean(final, axis=0),
        start_t400_s=start,
        acwr_danger=totals[0] / in_charge,
        acwr_warning=totals[1] / in_charge,
        acwr_danger_ordinary=totals[8] / in_charge,
        hrv_low=totals[2] / np.maximum(totals[7], 1),
        illnesses=totals[3],
        injuries=totals[4],
        overruled=totals[5] / in_charge,
        asked=totals[6] / in_charge,
        unclear=totals[9] / in_charge,
        unknown=totals[10] / in_charge,
        actions=actions / in_charge,
        recovery_by_weekday=(rested / np.maximum(weekdays, 1)).T,
        healthy_chronic_au=np.where(healthy[0] > 0, healthy[1] / np.maximum(healthy[0], 1), np.nan),
    )


@dataclass(frozen=True)
class Answered:
    """What n athletes are told; arrays of n."""

    asked: NDArray[np.bool_]  # answered by the policy itself
    wanted: NDArray[np.int64]
    action: NDArray[np.int64]  # withheld advice leaves the plan
    load_cap_au: Floats
    unclear: NDArray[np.bool_]
    unknown: NDArray[np.bool_]


def answered(policy: Policy, obs: Observation, *, guarded: bool, cold_start: bool) -> Answered:
    if not guarded:
        answer = ask(policy, obs)
        return Answered(
            ~answer.used_fallback, answer.action, answer.action, np.full(len(obs), np.inf), answer.unclear,
            answer.strange >= 0,
        )  # fmt: skip
    resolution = resolve(obs, policy, cold_start=cold_start)
    told = resolution.guarded.told
    done = np.where(told, resolution.action, Action.AS_PLANNED)
    cap = np.where(told, resolution.guarded.load_cap_au, np.inf)
    return Answered(
        ~resolution.asked_rule & told, resolution.policy_action, done, cap, resolution.unclear & told,
        (resolution.strange >= 0) & told,
    )  # fmt: skip


def morning_of(world: World, athletes: int, day: int) -> Morning:
    """The world's morning as the tracker takes it; a world without a weekday of its own starts on a Monday."""
    known = {name: np.asarray(values, dtype=np.float64) for name, values in world.morning().items()}
    for name in ("ill", "injured"):
        known[name] = np.nan_to_num(known.get(name, np.zeros(athletes)))
    return Morning.of(athletes, **{"weekday": getattr(world, "weekday", day % 7), **known})


def evening_of(evening: dict[str, Any], applied: NDArray[np.int64]) -> Evening:
    return Evening.of(
        len(applied),
        load_au=evening["load_au"],
        high_intensity_share=evening["high_intensity_share"],
        t400_s=evening["t400_s"],
        action_taken=applied,
    )


def world_from(spec: str) -> MakeWorld:
    """The name of a built-in world or of a stress row, or ``FILE.py:Class`` -> the class, which is checked.

    Raises: ValueError, saying what is wrong with the specification or the class.
    """
    if spec in WORLDS:
        return WORLDS[spec]
    if spec in STRESS:
        return STRESS[spec].make_world
    file, _, name = spec.rpartition(":")
    path = Path(file)
    if not file or not path.is_file():
        raise ValueError(
            f"{spec!r} is not one of {', '.join(WORLDS)}, no stress row and not FILE.py:Class with an existing file"
        )
    source = importlib.util.spec_from_file_location(f"world_{path.stem}", path)
    if source is None or source.loader is None:
        raise ValueError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(source)
    sys.modules[source.name] = module
    source.loader.exec_module(module)
    world = getattr(module, name, None)
    if world is None:
        raise ValueError(f"{file} has no {name}")
    missing = [method for method in ("morning", "step", "true_t400") if not callable(getattr(world, method, None))]
    if missing:
        raise ValueError(f"{name} lacks {', '.join(missing)}: a world has World(n, seed), morning, step and true_t400")
    make: MakeWorld = world
    return make


def _planned(athletes: int) -> NDArray[np.int64]:
    return np.full(athletes, int(Action.AS_PLANNED), dtype=np.int64)
