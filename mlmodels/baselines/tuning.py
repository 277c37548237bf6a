"""The literature's rules with their few numbers searched on the twin, as the threshold rule's are.

A learned policy compared with rules straight from papers would be compared with rules that nobody fitted to the squad;
each rule is therefore a row twice, as published and tuned by the same search, inside the same guards, for the same
reward. The numbers of a squad are kept in a file that names the season log they belong to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from measures.actions import Action
from measures.risk import ACWR_WARNING, HRV_LOW_SD
from mlmodels.baselines import threshold, two_lines
from mlmodels.baselines.acwr_rule import LOW, AcwrRule
from mlmodels.baselines.chance import Mix
from mlmodels.baselines.hrv_rule import HARD_SHARE, HrvRule
from mlmodels.baselines.rule import Rule
from mlmodels.baselines.static import BUILD_WEEKS, WEEK, StaticProgressive
from mlmodels.baselines.threshold import Search, Threshold, cross_entropy, on_the_twin
from mlmodels.baselines.two_lines import TwoLines
from mlmodels.deciding.guard import GUARD_VERSION
from mlmodels.twin.doubt import Doubt
from mlmodels.twin.model import Twin

Floats = NDArray[np.float64]

TUNED = ", tuned"
TUNED_ONLY = (Threshold.name, TwoLines.name)
# How far a weekday leans: below the first line recovery, then as planned, volume and, above the last, intensity.
LEANS = (-0.5, 0.5, 1.5)
LEAN_OF = {
    Action.ACTIVE_RECOVERY: -1.0,
    Action.AS_PLANNED: 0.0,
    Action.INCREASE_VOLUME: 1.0,
    Action.INCREASE_INTENSITY: 2.0,
}
ACTION_OF_LEAN = np.array(list(LEAN_OF))
COACH_START = np.array([0.14, 0.14, 0.12, 0.60])


@dataclass(frozen=True)
class Family:
    """One rule with its numbers left open. ``make`` takes (k,) for everybody or (n, k), one row per athlete."""

    parameters: tuple[str, ...]
    start: Floats
    spread: Floats
    make: Callable[[Floats], Rule]
    athletes: int = 40
    rounds: int = 8
    candidates: int = 24


@dataclass(frozen=True)
class Tuning:
    """The numbers found for each family, and what they were searched on."""

    fingerprint: str  # of the season log behind the twin
    reward: str
    seed: int
    numbers: Mapping[str, Floats]
    guard_version: int = GUARD_VERSION

    def save(self, path: Path) -> None:
        plain = {"season_log_sha256": self.fingerprint, "reward": self.reward, "seed": self.seed,
                 "guard_version": self.guard_version,
                 "rules": {name: dict(zip(FAMILIES[name].parameters, (round(float(x), 6) for x in found), strict=True))
                           for name, found in self.numbers.items()}}  # fmt: skip
        path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Tuning:
        """Raises: ValueError where the file is no such table or belongs to other rules than these."""
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            numbers = {
                name: np.array([plain["rules"][name][parameter] for parameter in family.parameters], dtype=np.float64)
                for name, family in FAMILIES.items()
            }
            if not all(np.isfinite(found).all() for found in numbers.values()):
                raise ValueError("not finite")
            return cls(plain["season_log_sha256"], plain["reward"], plain["seed"], numbers, plain["guard_version"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} holds no tuned rules ({error!r}); tune_rules writes it again") from error

    def rule(self, name: str) -> Rule:
        """The tuned rule under the name of its row."""
        made = FAMILIES[name].make(self.numbers[name])
        made.name = row_of(name)
        return made


def row_of(name: str) -> str:
    """The threshold rule and the one of two lines exist in tuned form only."""
    return name if name in TUNED_ONLY else name + TUNED


def tune(
    twin: Twin,
    seed: int = 1,
    *,
    reward: str = "homestretch",
    effort: float = 1.0,
    tick: Callable[[], object] | None = None,
) -> tuple[Tuning, dict[str, Search]]:
    """Search all families on a twin. ``effort``: rounds, candidates and athletes are multiplied by it."""
    found = {name: search(twin, name, seed, reward=reward, effort=effort, tick=tick) for name in FAMILIES}
    return Tuning(twin.fingerprint, reward, seed, {name: one.numbers for name, one in found.items()}), found


def search(
    twin: Twin,
    name: str,
    seed: int = 1,
    *,
    reward: str = "homestretch",
    effort: float = 1.0,
    tick: Callable[[], object] | None = None,
) -> Search:
    """One family's numbers. The numbers as published stay if the search ends below them on new seasons.

    The rule of two lines is searched as the careful recipe does: on the doubtful twin, for the gain over the plan.
    """
    family = FAMILIES[name]
    athletes = max(4, round(effort * family.athletes))
    if name == TwoLines.name:
        return two_lines.search(
            Doubt.of(twin), seed, athletes=athletes, rounds=max(1, round(effort * family.rounds)),
            candidates=max(4, round(effort * family.candidates)), tick=tick and (lambda _: tick()),
        )  # fmt: skip
    value = on_the_twin(twin, family.make, athletes=athletes, seed=1000 * seed, reward=reward)
    rounds = max(1, round(effort * family.rounds))
    candidates = max(4, round(effort * family.candidates))
    found = cross_entropy(
        value, family.start, family.spread, rounds=rounds, candidates=candidates, seed=seed, tick=tick
    )
    before, after = value(np.stack([family.start, found.numbers]), rounds + 1)
    return found if after >= before else Search(family.start, float(before), found.rounds)


def _static(numbers: Floats) -> Rule:
    leaning = np.digitize(numbers[..., :7], LEANS)
    return StaticProgressive(ACTION_OF_LEAN[leaning], np.round(numbers[..., 7]))


def _acwr(numbers: Floats) -> Rule:
    return AcwrRule(low=numbers[..., 0], high=numbers[..., 1])


def _hrv(numbers: Floats) -> Rule:
    return HrvRule(low_z=numbers[..., 0], hard_share=numbers[..., 1], fresh_z=numbers[..., 2])


def _mix(numbers: Floats) -> Rule:
    weights = np.exp(numbers - numbers.max(axis=-1, keepdims=True))
    return Mix("coach mix", weights, seed=1)


FAMILIES: dict[str, Family] = {
    "static progressive": Family(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "build_weeks"),
        np.array([*(LEAN_OF[Action(int(action))] for action in WEEK), float(BUILD_WEEKS)]),
        np.array([0.8] * 7 + [0.6]),
        _static,
        rounds=12,
        candidates=32,
    ),
    "ACWR rule": Family(
        ("low", "high"), np.array([LOW, ACWR_WARNING]), np.array([0.15, 0.10]), _acwr
    ),
    "HRV rule": Family(
        ("low_z", "hard_share", "fresh_z"), np.array([HRV_LOW_SD, HARD_SHARE, HRV_LOW_SD]), np.array([0.6, 0.1, 0.6]),
        _hrv,
    ),
    "coach mix": Family(
        ("ln_intensity", "ln_volume", "ln_recovery", "ln_as_planned"), np.log(COACH_START), np.full(4, 0.8), _mix
    ),
    Threshold.name: Family(
        threshold.PARAMETERS, threshold.START, threshold.SPREAD, Threshold, athletes=48, rounds=12, candidates=40
    ),
    TwoLines.name: Family(
        two_lines.PARAMETERS, two_lines.START, two_lines.SPREAD, TwoLines, athletes=two_lines.ATHLETES,
        rounds=two_lines.ROUNDS, candidates=two_lines.CANDIDATES,
    ),
}  # fmt: skip
