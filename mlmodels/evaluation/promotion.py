"""The gate a policy passes before a person may let it answer. Pure: scores in, a line for each condition out.

Limits of danger are the goals' (``evaluation.goals``); gains in % of 400 m time, shares in % of days. The other numbers
are conventions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from measures.actions import Action
from mlmodels.evaluation.goals import ACWR_DANGER_PCT, ACWR_ORDINARY_PCT, ELSEWHERE_PCT, NEAR, hrv_limit_pct
from mlmodels.evaluation.scores import Interval, Score

NOT_WORSE_THAN_CHAMPION_S = -0.02
MOST_OF_ONE_ACTION_PCT = 90.0
RECOVERY_RANGE_PCT = (3.0, 40.0)
PARITY_LIMIT = 1e-5
EVENTS_TOLERANCE = 0.02  # illnesses and injuries a season: a difference below it is luck
# In the stress table: lower bounds of paired differences, % of 400 m time.
WHERE_IT_MAY_KNOW_PCT = 0.0  # over the plan inside the health stops; ``ELSEWHERE_PCT`` in the other rows
NOT_BELOW_PCT = -0.02  # random, and the guards alone
GUARDS_ALONE_PCT = -0.03  # what the guards that may be weighed may cost the plan, beside the health stops
CHRONIC_KEPT = 0.9  # of the plan's chronic load, in athletes neither ill nor injured for four weeks


@dataclass(frozen=True)
class Condition:
    """One condition in one world (or "" for all): what was found, what is asked for."""

    world: str
    condition: str
    found: str
    wanted: str
    passed: bool


@dataclass(frozen=True)
class Trial:
    """One policy in one world. ``candidate`` and ``plan`` are scores against the plan untouched on the same athletes.

    ``over_the_plan``: over the plan inside the health stops alone, paired, % of 400 m time (see ``StressTrial``).
    ``ahead_of_rules``: the same, by rule; ``ahead_of_champion_s``: paired, s; None: there is none.
    """

    candidate: Score
    plan: Score
    over_the_plan: Interval
    ahead_of_rules: Mapping[str, Interval] = field(default_factory=dict)
    ahead_of_champion_s: Interval | None = None


@dataclass(frozen=True)
class StressTrial:
    """The candidate in one stress row, paired, % of 400 m time. ``kind``: the row's, which says what is asked of it.

    The plan it is held against is the coach's with the health stops: what rest in illness costs is never weighed, is
    no policy's fault, and is not to be made good by training somebody harder.

    ``chronic_kept``: chronic load at the season's end without illness, as a share of the plan's; NaN = nobody was well.
    """

    kind: str
    gain: Interval  # over the plan inside the health stops alone
    ahead_of_random: Interval
    ahead_of_guards: Interval  # alone: the plan inside them
    chronic_kept: float


def gate(trials: Mapping[str, Trial], parity: Mapping[str, float] | None) -> list[Condition]:
    """Every condition of every world. ``parity``: the card's comparison with ONNX Runtime; None for a plain rule."""
    lines = [] if parity is None else [_parity(parity)]
    for world, trial in trials.items():
        lines += _gains(world, trial) + _dangers(world, trial) + _shares(world, trial.candidate)
    return lines


def stress_gate(trials: Mapping[str, StressTrial]) -> list[Condition]:
    """Every condition of every stress row: gain where it may know, do no harm elsewhere, by advice and not by rest."""
    lines = []
    for row, trial in trials.items():
        least = WHERE_IT_MAY_KNOW_PCT if trial.kind == "may know" else ELSEWHERE_PCT
        lines += [
            _above(row, f"against the plan, {trial.kind}", trial.gain, least),
            _never_below(row, "random", trial.ahead_of_random),
            _above(row, "not below the guards alone", trial.ahead_of_guards, NOT_BELOW_PCT),
            Condition(row, "chronic load kept in health", f"{trial.chronic_kept:.2f} of the plan's",
                 f"at least {CHRONIC_KEPT}", trial.chronic_kept >= CHRONIC_KEPT),
        ]  # fmt: skip
    return lines


def guards_goal(rows: Mapping[str, Interval]) -> list[Condition]:
    """The plan inside all guards against the plan inside the health stops, by stress row: what guards may cost."""
    return [_above(row, "guards alone", gain, GUARDS_ALONE_PCT) for row, gain in rows.items()]


def sanity(impostors: Mapping[str, Mapping[str, Trial]]) -> list[Condition]:
    """A gate that lets any of these through proves nothing: a line for each, passed where it was stopped.

    ``impostors``: name -> world -> Trial; chance, always hard, always rest, and the plan unchanged, which may be
    ahead of itself by luck alone.
    """
    lines = []
    for name, trials in impostors.items():
        missed = [line for line in gate(trials, None) if not line.passed]
        first = f", first: {missed[0].condition} ({missed[0].world})" if missed else ""
        lines.append(
            Condition("", f"{name} is stopped here", f"misses {len(missed)}{first}", "at least 1", bool(missed))
        )
    return lines


def passed(lines: Sequence[Condition]) -> bool:
    """All of them, and there was something to pass."""
    return bool(lines) and all(line.passed for line in lines)


def table_rows(lines: Sequence[Condition]) -> list[tuple[str, ...]]:
    return [
        (line.world, line.condition, line.found, line.wanted, "passed" if line.passed else "MISSED") for line in lines
    ]


HEADER = ("world", "condition", "found", "wanted", "")


def _above(world: str, condition: str, found: Interval, least: float) -> Condition:
    return Condition(world, condition, f"{found.low:+.3f} %", f"above {least:g} % (lower bound)", found.low > least)


def _never_below(world: str, other: str, ahead: Interval) -> Condition:
    return Condition(world, f"not below {other}", f"{ahead.mean:+.3f} % from {ahead.low:+.3f}",
                f"above 0 (mean), above {NOT_BELOW_PCT:g} % (lower bound)",
                ahead.mean > 0 and ahead.low > NOT_BELOW_PCT)  # fmt: skip


def _parity(parity: Mapping[str, float]) -> Condition:
    worst, changed = parity["max_abs_difference"], parity["changed_choices"]
    found = f"|dQ| {worst:.1e}, {changed:.0f} choices changed"
    return Condition("", "ONNX says what the network says", found, f"{PARITY_LIMIT:.0e}, 0",
                worst <= PARITY_LIMIT and changed == 0)  # fmt: skip


def _gains(world: str, trial: Trial) -> list[Condition]:
    near = world in NEAR
    least = WHERE_IT_MAY_KNOW_PCT if near else ELSEWHERE_PCT
    lines = [_above(world, "against the plan, " + ("may know" if near else "elsewhere"), trial.over_the_plan, least)]
    if trial.ahead_of_rules:
        best, lead = min(trial.ahead_of_rules.items(), key=lambda pair: pair[1].mean)
        lines.append(_above(world, f"against {best}", lead, least))
    if trial.ahead_of_champion_s is not None:
        behind = trial.ahead_of_champion_s.low
        wanted = f"above {NOT_WORSE_THAN_CHAMPION_S} s (lower bound)"
        lines.append(
            Condition(
                world, "not worse than the champion", f"{behind:+.3f} s", wanted, behind > NOT_WORSE_THAN_CHAMPION_S
            )
        )
    return lines


def _dangers(world: str, trial: Trial) -> list[Condition]:
    own, plan = trial.candidate, trial.plan
    hrv_limit = hrv_limit_pct(world)
    acwr_limit = min(ACWR_DANGER_PCT, plan.acwr_danger_pct)
    events, usual = own.illnesses + own.injuries, plan.illnesses + plan.injuries + EVENTS_TOLERANCE
    worst = own.worst_tenth_t400_pct
    return [
        Condition(world, "days with ACWR > 1.5", f"{own.acwr_danger_pct:.2f} %", f"at most {acwr_limit:.2f} %",
             own.acwr_danger_pct <= acwr_limit),
        Condition(world, "the same outside camps and returns", f"{own.acwr_danger_ordinary_pct:.2f} %",
             f"at most {ACWR_ORDINARY_PCT:.2f} %", own.acwr_danger_ordinary_pct <= ACWR_ORDINARY_PCT),
        Condition(world, "HRV-low days", f"{own.hrv_low_pct:.1f} %", f"at most {hrv_limit:.1f} %",
             own.hrv_low_pct <= hrv_limit),
        Condition(world, "illness and injury a season", f"{events:.2f}", f"at most {usual:.2f}", events <= usual),
        Condition(world, "worst tenth against the plan's", f"{worst:+.2f} %", "at least 0", worst >= 0),
    ]  # fmt: skip


def _shares(world: str, own: Score) -> list[Condition]:
    most, recovery = max(own.actions_pct), own.actions_pct[Action.ACTIVE_RECOVERY]
    low, high = RECOVERY_RANGE_PCT
    return [
        Condition(world, "no action most of the time", f"{most:.0f} %", f"at most {MOST_OF_ONE_ACTION_PCT:.0f} %",
             most <= MOST_OF_ONE_ACTION_PCT),
        Condition(world, "days of recovery", f"{recovery:.0f} %", f"{low:.0f}-{high:.0f} %", low <= recovery <= high),
    ]  # fmt: skip
