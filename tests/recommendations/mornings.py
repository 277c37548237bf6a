"""Sixty mornings of one 400 m sprinter, as a club doctor, a coach and a parent would think them up.

Each is a history, told as blocks of days, and what is reported this morning. ``text_of`` gives the whole text that the
athlete, or the coach, reads; the golden files beside it are read aloud for sense before they change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from measures.answers import HOLD_CLINICIAN, HOLD_PREGNANCY, ILLNESS_ABOVE_NECK, ILLNESS_BELOW_NECK, ILLNESS_FEVER
from mlmodels.deciding.decision import decide_observed
from mlmodels.policies import registry
from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.tracker import Tracker
from recommendations.advice.drafting import WITHHELD_AS, decided
from recommendations.advice.showing import Reader
from recommendations.words.wording import Said, say
from tests.recommendations.speaking import spoken

WEEK_AU = (420.0, 300.0, 150.0, 430.0, 260.0, 400.0, 0.0)  # Monday first
WEEK_SHARE = (0.4, 0.2, 0.05, 0.4, 0.2, 0.4, 0.0)
USUAL = {"hrv_rmssd_ms": 62.0, "sleep_score": 76.0, "sleep_h": 8.0, "readiness": 4.0, "worst_item_1_5": 3.0,
         "fatigue_1_5": 4.0, "soreness_1_5": 4.0, "pain_0_10": 0.0, "resting_hr_bpm": 48.0}  # fmt: skip
NOTHING: dict[str, Any] = dict.fromkeys(USUAL, np.nan)
UNANSWERED = dict.fromkeys(("readiness", "worst_item_1_5", "fatigue_1_5", "soreness_1_5", "pain_0_10"), np.nan)
ALL_WORST = {"readiness": 1.0, "worst_item_1_5": 1.0, "fatigue_1_5": 1.0, "soreness_1_5": 1.0}


@dataclass(frozen=True)
class Days:
    """So many days alike: what is measured otherwise than usual, and how much of the plan is done (None: not told)."""

    count: int
    measured: dict[str, Any] = field(default_factory=dict)
    done: float | None = 1.0
    plan: float = 1.0
    action: int = 3


@dataclass(frozen=True)
class Told:
    """A morning: a name, the history before it, what is reported, and on which weekday (0 = Monday)."""

    name: str
    reported: dict[str, Any] = field(default_factory=dict)
    history: tuple[Days, ...] = (Days(60),)
    weekday: int = 0
    profile: dict[str, float] = field(default_factory=dict)
    plan: float = 1.0


def lived(told: Told) -> tuple[Tracker, Morning]:
    tracker = Tracker(1, Profiles.of(1, seed_load_au=[280.0], **{"age_years": [22.0]} | _columns(told.profile)))
    days = [block for block in told.history for _ in range(block.count)]
    dice = np.random.default_rng(11)
    for t, block in enumerate(days, start=told.weekday - len(days)):
        morning = _morning(t % 7, block.measured, block.plan, dice)
        done = None if block.done is None else WEEK_AU[t % 7] * block.plan * block.done
        trial = 52.0 if t % 21 == 5 and block.done == 1.0 else np.nan
        tracker.evening(
            morning,
            Evening.of(
                1,
                load_au=[np.nan if done is None else done],
                high_intensity_share=[WEEK_SHARE[t % 7]],
                t400_s=[trial],
                action_taken=[float(block.action)],
            ),
        )
    return tracker, _morning(told.weekday, told.reported, told.plan, dice)


def _morning(weekday: int, measured: dict[str, Any], plan: float, dice: np.random.Generator) -> Morning:
    noise = {"hrv_rmssd_ms": float(np.exp(dice.normal(0, 0.08))), "sleep_score": 1 + float(dice.normal(0, 0.04))}
    values = {name: value * noise.get(name, 1.0) for name, value in USUAL.items()} | measured
    planned = {"planned_load_au": WEEK_AU[weekday] * plan, "planned_high_intensity_share": WEEK_SHARE[weekday]}
    return Morning.of(1, weekday=[float(weekday)], **_columns(planned | values))


def _columns(values: dict[str, Any]) -> dict[str, list[float]]:
    return {name: [float(value)] for name, value in values.items()}


ILL, INJURED = {"ill": 1.0, "illness": ILLNESS_FEVER, **NOTHING}, {"injured": 1.0}
LOW = {"hrv_rmssd_ms": 48.0}

MORNINGS = [
    Told("healthy, the hard Monday"),
    Told("healthy, an easy Wednesday", weekday=2),
    Told("healthy, the hard Thursday", weekday=3),
    Told("healthy, a rest day is planned", weekday=6),
    Told(
        "everything better than usual",
        {"hrv_rmssd_ms": 72.0, "sleep_score": 90.0, "readiness": 5.0, "worst_item_1_5": 5.0},
    ),
    Told("a lighter week is planned", plan=0.6),
    Told("no plan for today", {"planned_load_au": np.nan}),
    Told("a night of 5.0 h", {"sleep_h": 5.0, "sleep_score": 50.0}),
    Told("a night of 4.5 h before the hard session", {"sleep_h": 4.5, "sleep_score": 45.0}),
    Told("a night of 3 h", {"sleep_h": 3.0, "sleep_score": 20.0}),
    Told(
        "three nights of 5.2 h",
        {"sleep_h": 5.2, "sleep_score": 50.0},
        (Days(58), Days(2, {"sleep_h": 5.2, "sleep_score": 52.0})),
    ),
    Told(
        "hungover: 5 h, HRV down, tired",
        {
            "sleep_h": 4.9,
            "sleep_score": 40.0,
            "hrv_rmssd_ms": 44.0,
            "readiness": 2.0,
            "worst_item_1_5": 2.0,
            "fatigue_1_5": 2.0,
            "soreness_1_5": 3.0,
        },
    ),
    Told("the worst morning: all items 1, 3 h", {**ALL_WORST, "sleep_h": 3.0, "sleep_score": 15.0}),
    Told("all items 1, HRV high", {**ALL_WORST, "hrv_rmssd_ms": 75.0}),
    Told("fatigue at its worst alone", {"fatigue_1_5": 1.0, "worst_item_1_5": 1.0, "readiness": 3.4}),
    Told("mood and stress at their worst", {"worst_item_1_5": 1.0, "readiness": 2.8}),
    Told("very sore from yesterday", {"soreness_1_5": 1.0, "worst_item_1_5": 1.0, "readiness": 3.2}),
    Told("HRV 22 where 62 is usual, not believed", {"hrv_rmssd_ms": np.nan, "hrv_doubted_ms": 22.0}),
    Told("HRV 34 where 62 is usual", {"hrv_rmssd_ms": 34.0}),
    Told("HRV 46 where 62 is usual", {"hrv_rmssd_ms": 46.0}),
    Told("HRV 150, not believed", {"hrv_rmssd_ms": np.nan, "hrv_doubted_ms": 150.0}),
    Told("HRV 105, believed: extra beats?", {"hrv_rmssd_ms": 105.0}),
    Told("no watch last night", {"hrv_rmssd_ms": np.nan, "sleep_score": np.nan, "sleep_h": np.nan}),
    Told("HRV, but no night", {"sleep_score": np.nan, "sleep_h": np.nan}),
    Told("no check-in this morning", UNANSWERED),
    Told("nothing at all this morning", NOTHING),
    Told("HRV low for four days", LOW, (Days(52), Days(8, LOW))),
    Told("HRV low for two weeks", LOW, (Days(48), Days(14, LOW))),
    Told("HRV back in range for one day", {"hrv_rmssd_ms": 120.0}, (Days(48), Days(14, LOW))),
    Told("resting heart rate up by 12", {"resting_hr_bpm": 60.0}),
    Told(
        "resting heart rate up and HRV low for two days",
        {"resting_hr_bpm": 63.0, **LOW},
        (Days(54), Days(6, {"resting_hr_bpm": 63.0, "hrv_rmssd_ms": 44.0})),
    ),
    Told(
        "heart rate up by 20, 5 h, HRV down by a third",
        {"resting_hr_bpm": 68.0, "sleep_h": 5.0, "sleep_score": 50.0, "hrv_rmssd_ms": 41.0},
    ),
    Told("nine zones east, 4.8 h", {"zones_to_settle": 9.0, "sleep_h": 4.8, "sleep_score": 48.0}),
    Told("nine zones east, slept well", {"zones_to_settle": 9.0}),
    Told("a niggle", {"niggle": 1.0, "pain_0_10": 1.0}),
    Told("cramps, pain 3", {"pain_0_10": 3.0, "readiness": 3.0, "worst_item_1_5": 2.0}),
    Told("pain 5", {"pain_0_10": 5.0}),
    Told("pain 6", {"pain_0_10": 6.0}),
    Told("pain 9", {"pain_0_10": 9.0}),
    Told("a torn muscle this morning", {**INJURED, "pain_0_10": 7.0}),
    Told("the injury is two weeks old", INJURED, (Days(46), Days(14, INJURED, 0.0))),
    Told("the note says: my chest hurts", {"note_asks": 1.0}),
    Told("a warning sign: head injury", {"red_flag": 1.0}),
    Told("a cold in the nose", {"illness": ILLNESS_ABOVE_NECK, "readiness": 3.0}),
    Told("a cough, below the neck", {"illness": ILLNESS_BELOW_NECK, "ill": 1.0}),
    Told("fever", {"illness": ILLNESS_FEVER, "ill": 1.0, "hrv_rmssd_ms": 40.0}),
    Told("fever after ten silent days", {"illness": ILLNESS_FEVER, "ill": 1.0}, (Days(50), Days(10, NOTHING, None))),
    Told("pain 8 after ten silent days", {"pain_0_10": 8.0}, (Days(50), Days(10, NOTHING, None))),
    Told("3 h of sleep after ten silent days", {"sleep_h": 3.0}, (Days(50), Days(10, NOTHING, None))),
    Told("silent for ten days, and well", {}, (Days(50), Days(10, NOTHING, None))),
    Told("a log said ill until yesterday, nothing today", NOTHING, (Days(55), Days(5, ILL, 0.0))),
    Told("two days after a fever", {}, (Days(54), Days(4, ILL, 0.0), Days(1, {}, 0.0))),
    Told("three days after a fever", {}, (Days(53), Days(4, ILL, 0.0), Days(2, {}, 0.3))),
    Told("back after three weeks off", {}, (Days(60), Days(21, {}, 0.0))),
    Told("a training camp: six days at double the plan", {}, (Days(54), Days(6, {}, 1.0, 2.0)), plan=2.0),
    Told("a hard session after an easy week", {}, (Days(53), Days(7, {}, 0.4)), plan=1.6),
    Told("the main race is today", {"days_to_main_race": 0.0}),
    Told("the main race is today, with fever", {"days_to_main_race": 0.0, "illness": ILLNESS_FEVER, "ill": 1.0}),
    Told("the main race is in two days", {"days_to_main_race": 2.0}),
    Told("the first day ever", {}, ()),
    Told("the third week", {}, (Days(18),)),
    Told("seventeen years old, healthy", {}, profile={"age_years": 17.0}),
    Told("fifteen years old, healthy", {}, profile={"age_years": 15.0}),
    Told("a clinician looks after the athlete", {}, profile={"advice_hold": HOLD_CLINICIAN}),
    Told("pregnant", {}, profile={"advice_hold": HOLD_PREGNANCY}),
]


def decisions() -> Iterator[tuple[str, Said]]:
    model = registry.shipped()
    assert model is not None
    policy = registry.load(model)
    for number, told in enumerate(MORNINGS, start=1):
        tracker, morning = lived(told)
        (verdict,) = decide_observed(tracker.morning(morning), policy)
        withheld = WITHHELD_AS.get(verdict.withheld_reason, verdict.withheld_reason)
        yield f"{number:02d} {told.name}", say(decided(verdict, withheld, provisional=False))


def text_of(name: str, said: Said, reader: Reader) -> str:
    shown = spoken(said, reader)
    lines = [name, f"   {shown.headline}", f"   {shown.detail}"]
    lines += [f"   - {reason['text']}" for reason in shown.reasons]
    lines += [f"   > {change['text']}" for change in shown.would_change_if]
    if shown.prescription:
        lines.append(f"   = {shown.prescription['load_au']:.0f} of {shown.prescription['planned_load_au']:.0f} AU")
    return "\n".join(line.rstrip() for line in lines)
