"""What is said of a verdict: which sentences, in which order, with which numbers. ``sentences`` has the words.

Says what was seen, with its number and unit, and never what will happen to a body. One file: every guard and signal has
a few lines here, in one order.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from measures import risk
from measures.answers import ILLNESS_WARNING_SIGN
from measures.guards import PASSING, Effect, Guard
from recommendations.words.sentences import CodedSentence

Observed = Mapping[str, Any]  # one row of mlmodels.state.observation.Observation; None = not known
MAX_REASONS = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` for clients, `key` of the sentence: the code, or the code with what sets this sentence apart."""

    key: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    value: float | None = None
    unit: str = ""
    range: tuple[float | None, float | None] | None = None

    @property
    def code(self) -> str:
        return self.key.partition(".")[0]

    @property
    def line(self) -> CodedSentence:
        return CodedSentence(self.key, self.numbers)

    def as_json(self) -> dict[str, Any]:
        """Without what is not there, and without the code, which the key begins with: these are kept by the million."""
        shown = {"value": rounded(self.value), "unit": self.unit, "range": self.range and [*map(rounded, self.range)]}
        return self.line.as_json() | {name: shown[name] for name in shown if shown[name] not in (None, "")}


def code_of(reason: Mapping[str, Any]) -> str:
    """Of a reason as it was kept. Those of before wording version 1 have no key, and kept the code itself."""
    return str(reason.get("code") or reason["key"].partition(".")[0])


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a decision. Two equal ones need no new revision."""

    headline: CodedSentence
    detail: tuple[CodedSentence, ...]
    """Of an advised day the first line is what to do."""
    reasons: tuple[Reason, ...]
    would_change_if: tuple[dict[str, Any], ...]
    prescription: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "headline": self.headline.as_json(),
            "detail": [line.as_json() for line in self.detail],
            "reasons": [reason.as_json() for reason in self.reasons],
            "would_change_if": list(self.would_change_if),
        }


@dataclass(frozen=True, slots=True)
class Decided:
    """The part of a verdict that is put into words."""

    action: str  # "" = withheld
    policy_action: str
    withheld_reason: str
    stage: str = ""
    guards: tuple[tuple[str, str], ...] = ()
    seen: Observed = field(default_factory=dict)
    load_au: float | None = None
    load_change_pct: float | None = None
    share: float | None = None
    used_fallback: bool = False
    unclear: bool = False
    strange: str = ""
    braked: bool = False
    provisional: bool = False

    @property
    def rests(self) -> bool:
        return any(effect == "rest" for _code, effect in self.guards)

    @property
    def restrained(self) -> bool:
        """A guard held something back; nothing but a guard may have decided then."""
        return any(effect not in ("rule_policy", "none") for _code, effect in self.guards)

    @property
    def race_today(self) -> bool:
        """The main race, and nothing of health that stands against it."""
        return self.action not in ("", "active_recovery") and self.seen["days_to_main_race"] == 0

    @property
    def planned_rest(self) -> bool:
        return bool(self.action) and not self.rests and self.seen["planned_load_au"] == 0

    @property
    def capped(self) -> bool:
        """The planned session, but not all of it."""
        return self.action == "as_planned" and any(effect == "load_capped" for _code, effect in self.guards)


def say(d: Decided) -> Said:
    return Said(
        headline=CodedSentence(f"headline.{headline(d)}"),
        detail=tuple(detail(d)),
        reasons=tuple(reasons(d)),
        would_change_if=tuple(would_change_if(d)),
        prescription=prescription(d),
    )


# --- headline and detail ----------------------------------------------------------------------------------------------


def headline(d: Decided) -> str:
    if not d.action:
        return d.withheld_reason
    if d.rests:
        return "rest"
    if d.race_today:
        return "race"
    if d.planned_rest:
        return "planned_rest"
    if d.unclear and d.action == "as_planned" and not d.restrained:
        return "no_clear_difference"
    return "capped" if d.capped else d.action


def detail(d: Decided) -> Iterator[CodedSentence]:
    if not d.action:
        yield no_advice(d.withheld_reason)
        return
    yield example(d)
    yield from advice_to_be_careful(d)
    yield from lifts(d)
    if d.used_fallback:
        yield CodedSentence("less.fallback")
    elif d.stage in ("profile", "provisional"):
        yield CodedSentence(f"less.{d.stage}")
    if d.provisional:
        yield CodedSentence("less.morning")


def no_advice(reason: str) -> CodedSentence:
    return CodedSentence(f"no_advice.{reason}", {"number": settings.EMERGENCY_NUMBER} if reason == "red_flag" else {})


RESTS_ILL = (Guard.ILLNESS, Effect.REST.code)


def advice_to_be_careful(d: Decided) -> Iterator[CodedSentence]:
    pain = d.seen["pain_0_10"] or 0
    if d.seen["note_asks"]:
        yield CodedSentence("care.warning_sign")
    ill = d.seen["illness"] != ILLNESS_WARNING_SIGN and (d.seen["ill"] or d.seen["illness"])
    if ill and RESTS_ILL in d.guards:
        yield CodedSentence("care.illness")
    if pain >= PAIN_TODAY:
        yield CodedSentence("care.pain_today")
    elif pain >= risk.PAIN_RECOVERY:
        yield CodedSentence("care.pain_tomorrow")
    if d.seen["days_to_main_race"] == 0 and (d.rests or d.action == "active_recovery"):
        yield CodedSentence("care.race_today")
    fired = {code for code, _effect in d.guards}
    if d.action == "as_planned" and not d.race_today and not d.planned_rest and fired & {Guard.SLEEP, Guard.ANSWERS}:
        yield CodedSentence("care.short_night" if Guard.SLEEP in fired else "care.warm_up")


PAIN_TODAY = 8  # of 10 (convention)
EASY_RPE = 3


def example(d: Decided) -> CodedSentence:
    if d.rests:
        return example_of("rest", 0.0)
    if d.race_today:
        return CodedSentence("do.race")
    if d.planned_rest:
        return CodedSentence("do.planned_rest")
    if d.capped and d.load_au is not None:
        return part_of_session(d.load_au / d.seen["planned_load_au"])
    return example_of(d.action, d.load_au)


def example_of(action: str, load_au: float | None) -> CodedSentence:
    """What to do under an action, the policy's or the coach's. The words follow the dose."""
    if action == "active_recovery":
        least, most = easy_minutes(load_au)
        return CodedSentence("do.easy", {"least": least, "most": most}) if most else CodedSentence("do.walk")
    return CodedSentence(f"do.{action}")


def easy_minutes(load_au: float | None) -> tuple[int, int]:
    """So long at RPE 3 that RPE times minutes stays within the dose, in steps of five minutes."""
    most = int(round(load_au or 0) / EASY_RPE // 5 * 5)
    return int(0.7 * most // 5 * 5), most


PARTS = ((0.3, "quarter"), (0.42, "third"), (0.58, "half"), (0.71, "two_thirds"), (0.85, "three_quarters"))


def part_of_session(share: float) -> CodedSentence:
    """0.5 -> "About half": a cap is told in the session's own terms."""
    return CodedSentence(f"do.{next((part for most, part in PARTS if share < most), 'almost_all')}")


def prescription(d: Decided) -> dict[str, Any] | None:
    """What today's session becomes. Loads in AU (session-RPE: CR-10 x minutes)."""
    if not d.action:
        return None
    easy = d.action == "active_recovery" and not d.rests
    if d.race_today:
        return None  # a race has no dose
    return {
        "load_au": rounded(d.load_au, 0),
        "planned_load_au": rounded(d.seen["planned_load_au"], 0),
        "planned_by": "automatic" if d.seen["plan_automatic"] else "plan",
        "load_change_pct": rounded(d.load_change_pct, 0),
        "high_intensity_share": rounded(d.share),
        "rpe_max": 0 if d.rests else EASY_RPE if easy else None,
        "duration_min": list(easy_minutes(d.load_au)) if easy else [0, 0] if d.rests else None,
    }


# --- reasons ----------------------------------------------------------------------------------------------------------


def reasons(d: Decided) -> list[Reason]:
    """The guards that fired, the deciding one first; then what else speaks for the answer."""
    found: dict[str, Reason] = {}
    for code, effect in () if d.action in INCREASES or d.planned_rest else d.guards:
        if not d.action and effect not in STOPPING[d.withheld_reason]:
            continue  # nothing is advised: only what stopped it counts
        if code == Guard.NO_TRUST and d.stage in ("profile", "provisional"):
            continue  # the model was not due yet, and the detail says so
        reason = unlike(d.strange) if code == Guard.NO_TRUST and d.strange else BECAUSE_OF[code](d.seen, effect)
        found.setdefault(reason.code, reason)
    for reason in undecided(d):
        found.setdefault(reason.code, reason)
    if d.action and (d.action in INCREASES or not d.restrained):
        for reason in speaking_for_ease(d.seen) if d.action == "active_recovery" else supporting(d.seen):
            if not (d.action in INCREASES and reason.code in SPEAK_AGAINST_MORE):
                found.setdefault(reason.code, reason)
    deciding, rest = list(found.values())[:1], list(found.values())[1:]
    return [*deciding, *sorted(rest, key=lambda reason: reason.code not in ANSWERED)][:MAX_REASONS]


def undecided(d: Decided) -> Iterator[Reason]:
    """Why the plan although something else was looked at."""
    if d.action != "as_planned":
        return
    if d.unclear:
        yield Reason("no_clear_difference")
    if d.braked:
        percent = 100.0 * d.seen["chronic_au"] / max(d.seen["lref_au"], 1.0)
        yield Reason("load_fell_by_advice", {"percent": percent}, percent, "%", (80.0, None))


INCREASES = ("increase_intensity", "increase_volume")
# Where nothing is advised: the effects whose reasons are told.
STOPPING = defaultdict(lambda: ("suspended",), pain=("rest",), illness=("rest",), signs=("rest", "active_recovery"))
SPEAK_AGAINST_MORE = ("hrv_below_range", "load_rose_fast", "sleep_below_usual")
ANSWERED = ("niggle", "wellness_low", "wellness_worst", "pain", "pain_rising")  # what was said is heard


def supporting(o: Observed) -> Iterator[Reason]:
    yield from filter(None, (hrv_today(o), wellness_today(o), load_now(o), sleep_now(o)))


def speaking_for_ease(o: Observed) -> Iterator[Reason]:
    """Why recovery: what reads badly, and no word of what reads well."""
    night = o["sleep_h"]
    if night is not None and night < risk.SLEEP_SHORT_H:
        yield because_of_sleep(o, "no_increase")
    today_z, beats = o["hrv_today_z"], o["resting_hr_delta_bpm"]
    if today_z is not None and today_z < risk.SIGN_TODAY_SD:
        yield of_hrv("hrv_low_today", o, o["hrv_rmssd_ms"])
    if beats is not None and beats > risk.RESTING_HR_RISE_BPM:
        yield of_resting_hr(beats, risk.RESTING_HR_RISE_BPM)
    bad = [r for r in supporting(o) if r.code in SPEAK_AGAINST_MORE or r.code == "wellness_low"]
    yield from bad
    if (
        not bad
        and (today_z is None or today_z >= risk.SIGN_TODAY_SD)
        and (night is None or night >= risk.SLEEP_SHORT_H)
    ):
        yield Reason("sum_of_load")


def of_hrv(key: str, o: Observed, value_ms: float | None, **numbers: Any) -> Reason:
    """An HRV in ms beside the athlete's normal range."""
    return Reason(key, {"value": value_ms, **numbers}, value_ms, "ms", (o["hrv_range_low_ms"], o["hrv_range_high_ms"]))


def of_resting_hr(beats: float, line: float) -> Reason:
    return Reason("resting_hr_high", {"beats": round(beats)}, beats, "bpm", (None, line))


def hrv_today(o: Observed) -> Reason | None:
    if o["hrv_z"] is None:
        return None
    mean_ms = o["hrv_mean_7d_ms"]
    if mean_ms > o["hrv_range_high_ms"]:
        return of_hrv("hrv_above_range", o, mean_ms)
    return of_hrv("hrv_in_range" if mean_ms >= o["hrv_range_low_ms"] else "hrv_below_range", o, mean_ms)


def wellness_today(o: Observed) -> Reason | None:
    rated = o.get("readiness_1_5")
    if rated is None:
        return None
    return Reason("wellness_low" if rated <= risk.READINESS_LOW else "wellness", {"rated": rated}, rated, "1-5", (2, 5))


def load_now(o: Observed) -> Reason | None:
    if o["acwr"] is None or little_logged(o):
        return None
    if o["acwr"] > risk.ACWR_CAUTION:
        return load_rose(o)
    if o["acwr"] >= risk.ACWR_DROPPING:
        return Reason("load_steady", {}, o["acwr"], "ratio", USUAL_LOAD)
    return Reason("load_dropped", {"percent": 100 * (1 - o["acwr"])}, o["acwr"], "ratio", USUAL_LOAD)


USUAL_LOAD = (risk.ACWR_DROPPING, risk.ACWR_CAUTION)
RISING_LOAD = (risk.ACWR_DROPPING, risk.ACWR_WARNING)


def load_rose(o: Observed) -> Reason:
    return Reason("load_rose_fast", {"percent": 100 * (o["acwr"] - 1)}, o["acwr"], "ratio", RISING_LOAD)


def sleep_now(o: Observed) -> Reason | None:
    z = o["sleep_z"]
    if z is None:
        return None
    return Reason("sleep_below_usual" if z < risk.SLEEP_LOW_SD else "sleep_usual", {}, z, "SD", (-0.5, None))


def because_of_illness(o: Observed, effect: str) -> Reason:
    days = int(o["days_since_illness"])
    if effect == "rest" and o["illness"] == ILLNESS_WARNING_SIGN:
        return Reason("warning_sign_cleared")
    if effect == "rest" and days == 0:
        return Reason("illness")
    if effect == "rest" and o["check_in_age_days"] > 0:
        return Reason("ill_yesterday")
    return Reason("return_from_illness", {"days": days}, days, "days")


def because_of_injury(o: Observed, _effect: str) -> Reason:
    return Reason("injury" if o["injured"] else "medical_hold")


def because_of_warning_sign(_o: Observed, effect: str) -> Reason:
    return Reason("red_flag" if effect == "suspended" else "note_asks")


def because_of_pain(o: Observed, effect: str) -> Reason:
    pain = o["pain_0_10"]
    if effect in ("no_increase", "no_intensity") and o["niggle"]:  # no_intensity: before version 7
        return Reason("niggle")
    if effect == "no_increase" and o["pain_rising"]:
        return Reason("pain_rising", {"pain": pain}, pain, "0-10")
    if pain is None:  # of advice that was given under other rules
        return Reason("pain")
    return Reason("pain.of_10", {"pain": pain}, pain, "0-10", (0, 1))


def because_of_signs(o: Observed, effect: str) -> Reason:
    beats, zones = o["resting_hr_delta_bpm"], o["zones_to_settle"]
    if effect == "active_recovery":
        if o["illness_signal_days"] >= risk.ILLNESS_SIGNAL_DAYS:
            days = int(o["illness_signal_days"])
            return Reason("illness_signs", {"days": days}, days, "days", (0, risk.ILLNESS_SIGNAL_DAYS - 1))
        return Reason("several_signs", {"signs": [name for name, there in strong_signs(o) if there]})
    if beats is not None and beats >= risk.RESTING_HR_HIGH_BPM:
        return of_resting_hr(beats, risk.RESTING_HR_HIGH_BPM)
    return Reason("travel", {"zones": round(zones)}, zones, "h", (0, risk.ZONES_TO_SETTLE - 1))


def strong_signs(o: Observed) -> Iterator[tuple[str, bool]]:
    """What ``guard._strong_signs`` counts, in its order; a test compares them."""

    def below(name: str, line: float) -> bool:
        return o[name] is not None and o[name] < line

    beats = o["resting_hr_delta_bpm"]
    yield "hrv", below("hrv_today_z", risk.HRV_TODAY_LOW_SD) or below("hrv_doubted_z", risk.HRV_TODAY_LOW_SD)
    yield "night", o["sleep_h"] is not None and o["sleep_h"] <= risk.SLEEP_VERY_SHORT_H
    yield "resting_hr", beats is not None and beats >= risk.RESTING_HR_HIGH_BPM
    yield "journey", o["zones_to_settle"] >= risk.ZONES_TO_SETTLE
    ready, worst = o["readiness_1_5"], o["worst_item_1_5"]
    bad = (ready is not None and ready <= risk.READINESS_LOW) or (worst is not None and worst <= risk.WELLNESS_WORST)
    yield "answers", bad


def because_of_load(o: Observed, effect: str) -> Reason:
    if o["acwr"] is None:
        return Reason("load_unknown")
    if effect in ("load_capped", "active_recovery") and o["acwr"] <= risk.ACWR_DANGER:
        return too_little_logged() if little_logged(o) else rising("plan_would_rise_fast", o)
    if o["acwr"] >= risk.ACWR_WARNING:
        return load_rose(o)
    return too_little_logged() if little_logged(o) else rising("load_would_rise_fast", o)


def rising(key: str, o: Observed) -> Reason:
    return Reason(key, {}, o["acwr"], "ratio", RISING_LOAD)


def little_logged(o: Observed) -> bool:
    """Averages that stand on the usual week of the profile rise nowhere yet."""
    days = o.get("load_known_days")
    return days is not None and days < risk.MIN_KNOWN_DAYS_UNSEEDED


def too_little_logged() -> Reason:
    return Reason("load_little_known")


def because_of_week(o: Observed, effect: str) -> Reason:
    last, before = o["week_load_au"], o["previous_week_load_au"]
    if little_logged(o):
        return too_little_logged()
    planned, largest = o["planned_load_au"], o["largest_load_28d_au"]
    if None not in (planned, largest) and effect != "active_recovery" and planned > largest:
        return Reason("session_spike")
    if effect == "no_volume" or not last or not before or last <= before:
        return Reason("week_would_rise")
    rise = 100.0 * (last / before - 1.0)
    return Reason("week_rose_fast", {"rise": rise}, rise, "%", (None, 30))


def because_of_hrv(o: Observed, _effect: str) -> Reason:
    today_ms, today_z = o["hrv_rmssd_ms"], o["hrv_today_z"]
    doubted_ms, doubted_z, usual_ms = o["hrv_doubted_ms"], o["hrv_doubted_z"], o["hrv_baseline_ms"]
    if None not in (doubted_ms, doubted_z, usual_ms) and doubted_z < risk.HRV_TODAY_LOW_SD:
        return of_hrv("hrv_doubted.low", o, doubted_ms, usual=usual_ms)
    if None not in (today_ms, today_z) and today_z > risk.HRV_TODAY_FAR_HIGH_SD:
        return of_hrv("hrv_high_today", o, today_ms)
    if None not in (today_ms, today_z) and today_z < risk.HRV_TODAY_LOW_SD:
        return of_hrv("hrv_low_today.far", o, today_ms)
    if o["hrv_low_lifting"]:
        return of_hrv("hrv_coming_back", o, o["hrv_mean_7d_ms"])
    return of_hrv("hrv_below_range.days", o, o["hrv_mean_7d_ms"], days=int(o["hrv_low_days"]))


def because_of_sleep(o: Observed, effect: str) -> Reason:
    last, mean, line = o["sleep_h"], o["sleep_mean_3d_h"], (risk.SLEEP_SHORT_H, None)
    if last is not None and (
        last < risk.SLEEP_RECOVERY_H or (effect != "active_recovery" and last < risk.SLEEP_SHORT_H)
    ):
        return Reason("short_sleep.night", {"hours": last}, last, "h", line)
    if effect == "active_recovery":
        return Reason("short_sleep.three_nights", {"hours": mean}, mean, "h", line)
    return Reason("short_sleep", {}, None, "h", line)


def because_of_wellness(o: Observed, _effect: str) -> Reason:
    sore_days, bad_days = o["soreness_worst_days"], o["readiness_worst_days"]
    if max(sore_days, bad_days) < risk.WELLNESS_WORST_DAYS:
        rated, sore, worst = wellness_today(o), o["soreness_1_5"], o["worst_item_1_5"]
        if rated and rated.code == "wellness_low":
            return rated
        if sore is not None and sore <= risk.WELLNESS_WORST:
            return Reason("wellness_low.muscles", {"sore": sore}, sore, "1-5", (2, 5))
        return Reason("wellness_low.answer", {}, worst, "1-5", (2, 5))
    if sore_days >= bad_days:
        return Reason("wellness_worst.soreness", {"days": int(sore_days)}, sore_days, "days")
    return Reason("wellness_worst", {"days": int(bad_days)}, bad_days, "days")


def because_of_monotony(o: Observed, _effect: str) -> Reason:
    return Reason("monotony", {}, o["monotony"], "ratio", (None, risk.MONOTONY_HIGH))


def because_of_layoff(o: Observed, _effect: str) -> Reason:
    week = int(o["return_week"])
    return Reason("return_from_layoff", {"week": week, "days": risk.DAYS_OFF}, week, "weeks")


def because_of_age(o: Observed, _effect: str) -> Reason:
    age = o["age_years"]
    return Reason("under_16" if age is not None and age < risk.COACH_CONFIRMS_YEARS else "under_18")


def because_of_gaps(o: Observed, _effect: str) -> Reason:
    days, doubted_ms = o["hrv_age_days"], o["hrv_doubted_ms"]
    if days > 0 and doubted_ms is not None:
        return of_hrv("hrv_doubted", o, doubted_ms)
    if days >= risk.NEVER_DAYS:
        return Reason("hrv_missing.never")
    if days > 0:
        key, numbers = ("hrv_missing.days", {"days": int(days)}) if days > 1 else ("hrv_missing", {})
        return Reason(key, numbers, days, "days", (0, 0))
    unlogged = o["load_unlogged_days"]
    if unlogged > risk.LOAD_UNLOGGED_DAYS:
        return Reason("load_missing", {"days": int(unlogged)}, unlogged, "days", (0, risk.LOAD_UNLOGGED_DAYS))
    return Reason("sleep_missing" if o["sleep_age_days"] > 0 else "check_in_missing")


def because_of_race(o: Observed, _effect: str) -> Reason:
    days = o["days_to_main_race"]
    if days is not None and days < 0:
        return Reason("after_race", {}, days, "days")
    if days == 0:
        return Reason("race_today", {}, 0, "days")
    return Reason("before_race", {"days": int(days or 0)}, days, "days")


def unlike(what: str) -> Reason:
    return Reason("unlike_training", {"what": what})


BECAUSE_OF: dict[str, Callable[[Observed, str], Reason]] = {
    Guard.WARNING_SIGN: because_of_warning_sign,
    Guard.ILLNESS: because_of_illness,
    Guard.COLD: lambda _o, _e: Reason("illness.above_neck"),
    Guard.INJURY: because_of_injury,
    Guard.PAIN: because_of_pain,
    Guard.LOAD: because_of_load,
    Guard.WEEK: because_of_week,
    Guard.HRV: because_of_hrv,
    Guard.SLEEP: because_of_sleep,
    Guard.ANSWERS: because_of_wellness,
    Guard.MONOTONY: because_of_monotony,
    Guard.LAY_OFF: because_of_layoff,
    Guard.AGE: because_of_age,
    Guard.GAPS: because_of_gaps,
    Guard.NO_TRUST: lambda _o, _e: Reason("model_not_used"),
    Guard.RACE: because_of_race,
    Guard.INTENSITY: lambda _o, _e: Reason("enough_intensity"),
    Guard.HOLD: lambda _o, _e: Reason("medical_hold.off"),
    Guard.SIGNS: because_of_signs,
}


def guard_line(code: str, effect: str, seen: Observed) -> CodedSentence:
    """Of stored advice too, whose observation may be of an earlier state version: what it lacks is not known."""
    return BECAUSE_OF[code](defaultdict(lambda: None, seen), effect).line


# --- what would change it ---------------------------------------------------------------------------------------------


def would_change_if(d: Decided) -> list[dict[str, Any]]:
    """Only said where one guard alone stands between the model's wish and the advice, and the athlete can, and should,
    change it today. What only time lifts is told by ``lifts``."""
    restraining = [(code, effect) for code, effect in d.guards if effect != "rule_policy"]
    if not d.action or d.action == d.policy_action or len(restraining) != 1 or restraining[0][0] != Guard.GAPS:
        return []
    o = d.seen
    if o["load_unlogged_days"] > risk.LOAD_UNLOGGED_DAYS or 0 < o["check_in_age_days"] <= risk.REPORTER_DAYS:
        return []
    if o["hrv_age_days"] > 0 and o["sleep_age_days"] == 0 and o["hrv_doubted_ms"] is None:
        return [changed("change.hrv", "hrv_age_days", d.policy_action)]
    if o["sleep_age_days"] > 0 and o["hrv_age_days"] == 0:
        return [changed("change.sleep", "sleep_age_days", d.policy_action)]
    return []


def changed(key: str, feature: str, then: str) -> dict[str, Any]:
    return CodedSentence(key).as_json() | {"feature": feature, "op": "<=", "value": 0, "then": then}


def hrv_lasts(o: Observed) -> bool:
    """The seven days are low, not this morning's reading alone."""
    return bool(o["hrv_low_days"] >= risk.HRV_LOW_HOLD_DAYS or o["hrv_very_low_days"] >= risk.HRV_VERY_LOW_LASTING_DAYS)


def lifts(d: Decided) -> Iterator[CodedSentence]:
    """What ends the hold that decided, where only time or rest does."""
    code, effect = next((guard for guard in d.guards if guard[1] != "rule_policy"), ("", ""))
    if not d.action or d.race_today or d.action == d.policy_action or (code, effect) == RESTS_ILL:
        return
    if code in PASSING:
        yield CodedSentence(
            f"lifts.{Guard.HRV}_reading" if code == Guard.HRV and not hrv_lasts(d.seen) else f"lifts.{code}"
        )


def rounded(value: Any, digits: int = 2) -> float | None:
    return None if value is None else round(float(value), digits)
