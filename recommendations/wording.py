"""A verdict in sentences. Says what was seen, with its number and unit, and never what will happen to a body.

The texts are in the athlete's language (gettext); codes and numbers go beside them, for
clients that speak for themselves.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mlmodels import risk

Observed = Mapping[str, Any]  # one row of mlmodels.state.Observation; None = not known
MAX_REASONS = 3
WARNING_SIGN = 4  # mlmodels.state.ILLNESS_WARNING_SIGN, without its numpy; a test compares them


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    text: str
    value: float | None = None
    unit: str = ""
    range: tuple[float | None, float | None] | None = None

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"code": self.code, "text": self.text, "value": rounded(self.value), "unit": self.unit}
        return shown | {"range": [rounded(end) for end in self.range] if self.range else None}


@dataclass(frozen=True, slots=True)
class Said:
    """What is shown of a decision. Two equal ones need no new revision."""

    headline: str
    detail: str
    reasons: list[dict[str, Any]]
    would_change_if: list[dict[str, Any]]
    prescription: dict[str, Any] | None = None


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
        headline=headline(d),
        detail=" ".join(detail(d)),
        reasons=[reason.as_json() for reason in reasons(d)],
        would_change_if=would_change_if(d),
        prescription=prescription(d),
    )


# --- headline and detail ----------------------------------------------------------------------------------------------

HEADLINES = {
    "increase_intensity": gettext_lazy("Go a little harder today"),
    "increase_volume": gettext_lazy("Do a little more today"),
    "active_recovery": gettext_lazy("Take it easy today"),
    "as_planned": gettext_lazy("Train as planned today"),
    "rest": gettext_lazy("Rest today"),
    "capped": gettext_lazy("Do a part of today's session"),
    "race": gettext_lazy("Race day"),
    "planned_rest": gettext_lazy("A rest day, as planned"),
}
WITHHELD = {
    "insufficient_history": (
        gettext_lazy("Not enough is known yet"),
        gettext_lazy("Report your training for a week, or tell us your usual week, and advice begins."),
    ),
    "stale_data": (
        gettext_lazy("Nothing was reported for more than a week"),
        gettext_lazy("Report your last sessions or rest days, and advice goes on."),
    ),
    "out_of_distribution": (
        gettext_lazy("No advice today"),
        gettext_lazy("Today's data are outside of everything the model has seen. Keep to your coach's plan."),
    ),
    "red_flag": (
        gettext_lazy("No training today. Please see a doctor"),
        gettext_lazy(
            "You reported a warning sign. If it is still there, or anything gets worse, ring %(number)s now."
            " Advice goes on once a doctor has looked at it: say on which day."
        ),
    ),
    "illness": (
        gettext_lazy("No training today"),
        gettext_lazy("You reported an illness. See a doctor if it gets worse or does not pass."),
    ),
    "pain": (
        gettext_lazy("No training today"),
        gettext_lazy("You reported strong pain. Have it looked at before you train on it."),
    ),
    "signs": (
        gettext_lazy("Take it easy today, or rest"),
        gettext_lazy("Too little is known of your training for more, and what you reported asks for care."),
    ),
    "injury": (
        gettext_lazy("No training on this injury"),
        gettext_lazy(
            "While an injury is open, whoever treats it decides. If nobody has looked at it yet: stop, and have it"
            " looked at today. Advice goes on when you answer that it is a niggle or none."
        ),
    ),
    "medical_hold": (
        gettext_lazy("Follow your clinician's plan"),
        gettext_lazy("Advice is switched off while a clinician is looking after you."),
    ),
    "no_consent": (
        gettext_lazy("Advice is switched off"),
        gettext_lazy("You have not agreed to advice. You can change that in your profile."),
    ),
    "model_unavailable": (
        gettext_lazy("No advice today"),
        gettext_lazy("Your advice could not be computed. Keep to your coach's plan; we are looking into it."),
    ),
}
ORDERS = {
    "increase_intensity": gettext_lazy("a little harder today"),
    "increase_volume": gettext_lazy("a little more today"),
    "active_recovery": gettext_lazy("take it easy today"),
    "as_planned": gettext_lazy("train as planned today"),
    "rest": gettext_lazy("rest today"),
    "own": gettext_lazy("another session today"),
}


def headline(d: Decided) -> str:
    if not d.action:
        return str(WITHHELD[d.withheld_reason][0])
    if d.rests:
        return str(HEADLINES["rest"])
    if d.race_today:
        return str(HEADLINES["race"])
    if d.planned_rest:
        return str(HEADLINES["planned_rest"])
    if d.unclear and d.action == "as_planned" and not d.restrained:
        return _("No clear difference: train as planned")
    return str(HEADLINES["capped" if d.capped else d.action])


def detail(d: Decided) -> Iterator[str]:
    if not d.action:
        yield str(WITHHELD[d.withheld_reason][1]) % {"number": settings.EMERGENCY_NUMBER}
        return
    yield example(d)
    yield from advice_to_be_careful(d)
    if ends := lifts(d):
        yield ends
    if d.used_fallback:
        yield _("The learned model was not used today; this follows a simple rule.")
    elif d.stage == "profile":
        yield _("Your first week: your plan counts, until more is known of you.")
    elif d.stage == "provisional":
        yield _("You are still new here: this follows a simple rule, not yet the learned model.")
    if d.provisional:
        yield _("Provisional: it may change when more of this morning's data arrive.")


def advice_to_be_careful(d: Decided) -> Iterator[str]:
    pain = d.seen["pain_0_10"] or 0
    if d.seen["note_asks"]:
        yield _("If it may be a warning sign, do not train before it was looked at.")
    if ("G02", "rest") in d.guards and d.seen["illness"] != WARNING_SIGN and (d.seen["ill"] or d.seen["illness"]):
        yield _(
            "See a doctor if the fever is above 39 °C or lasts longer than three days, and at once with chest pain,"
            " palpitations or shortness of breath."
        )
    if pain >= PAIN_TODAY:
        yield _("Have it looked at today.")
    elif pain >= risk.PAIN_RECOVERY:
        yield _("If it is still there tomorrow, have it looked at.")
    if d.seen["days_to_main_race"] == 0 and (d.rests or d.action == "active_recovery"):
        yield _("Your main race is today: speak with your coach, or a doctor, before you start.")
    fired = {code for code, _effect in d.guards}
    if d.action == "as_planned" and not d.race_today and not d.planned_rest and fired & {"G09", "G10"}:
        short = "G09" in fired
        yield (
            _("After a short night, make it shorter if the warm-up feels heavy.")
            if short
            else _("Make it shorter if the warm-up feels heavy.")
        )


PAIN_TODAY = 8  # of 10 (convention)
EASY_RPE = 3


def example(d: Decided) -> str:
    if d.rests:
        return example_of("rest", 0.0)
    if d.race_today:
        return _("Your race, and the warm-up you know. No other training.")
    if d.planned_rest:
        return _("No session is planned: keep the rest.")
    if d.capped and d.load_au is not None:
        return part_of_session(d.load_au / d.seen["planned_load_au"])
    return example_of(d.action, d.load_au)


def example_of(action: str, load_au: float | None) -> str:
    """What to do under an action, the policy's or the coach's. The words follow the dose."""
    match action:
        case "rest":
            return _("No training. Walk if it feels good, eat, drink and sleep.")
        case "active_recovery":
            least, most = easy_minutes(load_au)
            if not most:
                return _("A walk, some mobility, and an earlier night.")
            text = _("%(least)d-%(most)d minutes easy (RPE 3 at most), some mobility, and an earlier night.")
            return text % {"least": least, "most": most}
        case "increase_intensity":
            return _("One RPE step up on the main set, or 1-2 % faster; same or fewer repetitions, longer recoveries.")
        case "increase_volume":
            return _("Some more repetitions or minutes at the same RPE, not faster than 85-90 % of your top speed.")
    return _("The planned session, unchanged.")


def easy_minutes(load_au: float | None) -> tuple[int, int]:
    """So long at RPE 3 that RPE times minutes stays within the dose, in steps of five minutes."""
    most = int(round(load_au or 0) / EASY_RPE // 5 * 5)
    return int(0.7 * most // 5 * 5), most


PARTS = (
    (0.3, gettext_lazy("About a quarter")),
    (0.42, gettext_lazy("About a third")),
    (0.58, gettext_lazy("About half")),
    (0.71, gettext_lazy("About two thirds")),
    (0.85, gettext_lazy("About three quarters")),
    (2.0, gettext_lazy("Almost all")),
)


def part_of_session(share: float) -> str:
    text = _("%(part)s of the planned session: the same speeds, fewer repetitions or minutes.")
    return text % {"part": part_of_it(share)}


def part_of_it(share: float) -> str:
    """0.5 -> "About half": a cap is told in the session's own terms."""
    return str(next(text for most, text in PARTS if share < most))


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
        "rpe_max": 0 if d.rests else 3 if easy else None,
        "duration_min": list(easy_minutes(d.load_au)) if easy else [0, 0] if d.rests else None,
        "example": example(d),
    }


# --- reasons ----------------------------------------------------------------------------------------------------------


def reasons(d: Decided) -> list[Reason]:
    """The guards that fired, the deciding one first; then what else speaks for the answer."""
    found: dict[str, Reason] = {}
    for code, effect in () if d.action in INCREASES or d.planned_rest else d.guards:
        if not d.action and effect not in STOPPING[d.withheld_reason]:
            continue  # nothing is advised: only what stopped it counts
        if code == "G15" and d.stage in ("profile", "provisional"):
            continue  # the model was not due yet, and the detail says so
        reason = unlike(d.strange) if code == "G15" and d.strange else BECAUSE_OF[code](d.seen, effect)
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
        yield Reason("no_clear_difference", _("Nothing stands above your plan by more than the model may be wrong"))
    if d.braked:
        chronic, usual = d.seen["chronic_au"], d.seen["lref_au"]
        text = _("Your load is down to %(percent).0f %% of your usual, mostly by easy days you were advised")
        percent = 100.0 * chronic / max(usual, 1.0)
        yield Reason("load_fell_by_advice", text % {"percent": percent}, percent, "%", (80.0, None))


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
        text = _("Your HRV this morning (%(value).0f ms) is below your usual")
        yield Reason("hrv_low_today", text % {"value": o["hrv_rmssd_ms"]}, o["hrv_rmssd_ms"], "ms", hrv_range(o))
    if beats is not None and beats > risk.RESTING_HR_RISE_BPM:
        text = _("Your resting heart rate is %(beats).0f beats above your usual")
        yield Reason("resting_hr_high", text % {"beats": beats}, beats, "bpm", (None, risk.RESTING_HR_RISE_BPM))
    bad = [r for r in supporting(o) if r.code in SPEAK_AGAINST_MORE or r.code == "wellness_low"]
    yield from bad
    if (
        not bad
        and (today_z is None or today_z >= risk.SIGN_TODAY_SD)
        and (night is None or night >= risk.SLEEP_SHORT_H)
    ):
        yield Reason("sum_of_load", _("No single sign stands out: your last days' work speaks for an easy one"))


def hrv_today(o: Observed) -> Reason | None:
    if o["hrv_z"] is None:
        return None
    inside = o["hrv_range_low_ms"] <= o["hrv_mean_7d_ms"] <= o["hrv_range_high_ms"]
    above = o["hrv_mean_7d_ms"] > o["hrv_range_high_ms"]
    text = (
        _("Your 7-day HRV (%(value).0f ms) is within your normal range")
        if inside
        else _("Your 7-day HRV (%(value).0f ms) is above your normal range")
        if above
        else _("Your 7-day HRV (%(value).0f ms) is below your normal range")
    )
    code = "hrv_in_range" if inside else "hrv_above_range" if above else "hrv_below_range"
    return Reason(code, text % {"value": o["hrv_mean_7d_ms"]}, o["hrv_mean_7d_ms"], "ms", hrv_range(o))


def wellness_today(o: Observed) -> Reason | None:
    rated = o.get("readiness_1_5")
    if rated is None:
        return None
    text = _("You rated this morning %(rated).1f of 5") % {"rated": rated}
    return Reason("wellness_low" if rated <= risk.READINESS_LOW else "wellness", text, rated, "1-5", (2, 5))


def hrv_range(o: Observed) -> tuple[float | None, float | None]:
    return o["hrv_range_low_ms"], o["hrv_range_high_ms"]


def load_now(o: Observed) -> Reason | None:
    if o["acwr"] is None or little_logged(o):
        return None
    if o["acwr"] > risk.ACWR_CAUTION:
        return load_rose(o)
    if o["acwr"] >= risk.ACWR_DROPPING:
        return Reason("load_steady", _("Your load is steady"), o["acwr"], "ratio", USUAL_LOAD)
    text = _("Your last days were about %(percent).0f %% lighter than your usual")
    return Reason("load_dropped", text % {"percent": 100 * (1 - o["acwr"])}, o["acwr"], "ratio", USUAL_LOAD)


USUAL_LOAD = (risk.ACWR_DROPPING, risk.ACWR_CAUTION)


def load_rose(o: Observed) -> Reason:
    text = _("Your last days were about %(percent).0f %% above your usual")
    percent = 100 * (o["acwr"] - 1)
    return Reason(
        "load_rose_fast", text % {"percent": percent}, o["acwr"], "ratio", (risk.ACWR_DROPPING, risk.ACWR_WARNING)
    )


def sleep_now(o: Observed) -> Reason | None:
    z = o["sleep_z"]
    if z is None:
        return None
    if z < risk.SLEEP_LOW_SD:
        return Reason("sleep_below_usual", _("Your last three nights were below your usual"), z, "SD", (-0.5, None))
    return Reason("sleep_usual", _("Your last three nights were about as usual"), z, "SD", (-0.5, None))


def because_of_illness(o: Observed, effect: str) -> Reason:
    days = int(o["days_since_illness"])
    if effect == "rest" and o["illness"] == WARNING_SIGN:
        text = _("Your warning sign was looked at today: no training today, then the return goes in steps")
        return Reason("warning_sign_cleared", text)
    if effect == "rest" and days == 0:
        return Reason("illness", _("You reported fever or symptoms below the neck"))
    if effect == "rest" and o["check_in_age_days"] > 0:
        return Reason(
            "ill_yesterday", _("You were ill until yesterday. How are you today? Until you say so, no training")
        )
    text = ngettext(
        "Only %(days)d day since your symptoms ended: the return goes in steps",
        "Only %(days)d days since your symptoms ended: the return goes in steps",
        days,
    )
    return Reason("return_from_illness", text % {"days": days}, days, "days")


def because_of_injury(o: Observed, _effect: str) -> Reason:
    if o["injured"]:
        return Reason("injury", _("You reported an open injury"))
    return Reason("medical_hold", _("A clinician's plan is in place"))


def because_of_warning_sign(_o: Observed, effect: str) -> Reason:
    if effect == "suspended":
        return Reason("red_flag", _("You reported a warning sign that a doctor should look at"))
    return Reason(
        "note_asks", _("Your note may tell of a warning sign: please answer whether it is one; until then nothing more")
    )


def because_of_pain(o: Observed, effect: str) -> Reason:
    pain = o["pain_0_10"]
    if effect in ("no_increase", "no_intensity") and o["niggle"]:  # no_intensity: before version 7
        return Reason("niggle", _("You reported a niggle: nothing is added while it is there"))
    if effect == "no_increase" and o["pain_rising"]:
        return Reason(
            "pain_rising", _("Your pain rose for three days, to %(pain)d of 10") % {"pain": pain}, pain, "0-10"
        )
    if pain is None:  # of advice that was given under other rules
        return Reason("pain", _("You reported pain"))
    return Reason("pain", _("You reported pain of %(pain)d out of 10") % {"pain": pain}, pain, "0-10", (0, 1))


def because_of_signs(o: Observed, effect: str) -> Reason:
    beats, zones = o["resting_hr_delta_bpm"], o["zones_to_settle"]
    if effect == "active_recovery":
        if o["illness_signal_days"] >= risk.ILLNESS_SIGNAL_DAYS:
            text = _(
                "Your resting heart rate is up and your HRV down for %(days)d days: a pattern that goes with illness"
            )
            days = int(o["illness_signal_days"])
            return Reason("illness_signs", text % {"days": days}, days, "days", (0, risk.ILLNESS_SIGNAL_DAYS - 1))
        named = [str(name) for name, there in strong_signs(o) if there]
        return Reason("several_signs", _("Several signs at once: %(signs)s") % {"signs": ", ".join(named)})
    if beats is not None and beats >= risk.RESTING_HR_HIGH_BPM:
        text = _("Your resting heart rate is %(beats).0f beats above your usual")
        return Reason("resting_hr_high", text % {"beats": beats}, beats, "bpm", (None, risk.RESTING_HR_HIGH_BPM))
    text = _("You crossed time zones, and your body clock is %(zones).0f of them behind")
    return Reason("travel", text % {"zones": zones}, zones, "h", (0, risk.ZONES_TO_SETTLE - 1))


def strong_signs(o: Observed) -> Iterator[tuple[Any, bool]]:
    """The names of what ``guard._strong_signs`` counts, in its order; a test compares them."""

    def below(name: str, line: float) -> bool:
        return o[name] is not None and o[name] < line

    beats = o["resting_hr_delta_bpm"]
    low = below("hrv_today_z", risk.HRV_TODAY_LOW_SD) or below("hrv_doubted_z", risk.HRV_TODAY_LOW_SD)
    yield _("HRV far below your usual"), low
    yield _("a very short night"), o["sleep_h"] is not None and o["sleep_h"] <= risk.SLEEP_VERY_SHORT_H
    yield _("a high resting heart rate"), beats is not None and beats >= risk.RESTING_HR_HIGH_BPM
    yield _("a long journey"), o["zones_to_settle"] >= risk.ZONES_TO_SETTLE
    ready, worst = o["readiness_1_5"], o["worst_item_1_5"]
    said = (ready is not None and ready <= risk.READINESS_LOW) or (worst is not None and worst <= risk.WELLNESS_WORST)
    yield _("how you feel"), said


def because_of_load(o: Observed, effect: str) -> Reason:
    if o["acwr"] is None:
        return Reason("load_unknown", _("Your training load is not known yet"))
    if effect in ("load_capped", "active_recovery") and o["acwr"] <= risk.ACWR_DANGER:
        return plan_would_rise(o)
    if o["acwr"] >= risk.ACWR_WARNING:
        return load_rose(o)
    if little_logged(o):
        return too_little_logged()
    line = (risk.ACWR_DROPPING, risk.ACWR_WARNING)
    return Reason("load_would_rise_fast", _("With more today your load would rise fast"), o["acwr"], "ratio", line)


def plan_would_rise(o: Observed) -> Reason:
    if little_logged(o):
        return too_little_logged()
    text, line = _("With the whole session your load would rise very fast"), (risk.ACWR_DROPPING, risk.ACWR_WARNING)
    return Reason("plan_would_rise_fast", text, o["acwr"], "ratio", line)


def little_logged(o: Observed) -> bool:
    """Averages that stand on the usual week of the profile rise nowhere yet."""
    days = o.get("load_known_days")
    return days is not None and days < risk.MIN_KNOWN_DAYS_UNSEEDED


def too_little_logged() -> Reason:
    return Reason("load_little_known", _("Not enough training logged yet to judge more"))


def because_of_week(o: Observed, effect: str) -> Reason:
    last, before = o["week_load_au"], o["previous_week_load_au"]
    if little_logged(o):
        return too_little_logged()
    planned, largest = o["planned_load_au"], o["largest_load_28d_au"]
    if None not in (planned, largest) and effect != "active_recovery" and planned > largest:
        return Reason("session_spike", _("Today's session is already larger than any of your last four weeks"))
    if effect == "no_volume" or not last or not before or last <= before:
        return Reason("week_would_rise", _("With more today this week would rise fast against the last"))
    rise = 100.0 * (last / before - 1.0)
    text = _("Your last 7 days were %(rise).0f %% above the 7 before") % {"rise": rise}
    return Reason("week_rose_fast", text, rise, "%", (None, 30))


def because_of_hrv(o: Observed, _effect: str) -> Reason:
    days, today_ms, doubted_ms = int(o["hrv_low_days"]), o["hrv_rmssd_ms"], o["hrv_doubted_ms"]
    doubted_z, usual_ms = o["hrv_doubted_z"], o["hrv_baseline_ms"]
    if None not in (doubted_ms, doubted_z, usual_ms) and doubted_z < risk.HRV_TODAY_LOW_SD:
        text = _(
            "This morning's HRV of %(value).0f ms is far below your usual %(usual).0f: measure again, and take it easy"
        )
        return Reason("hrv_doubted", text % {"value": doubted_ms, "usual": usual_ms}, doubted_ms, "ms", hrv_range(o))
    if today_ms is not None and o["hrv_today_z"] is not None and o["hrv_today_z"] > risk.HRV_TODAY_FAR_HIGH_SD:
        text = _("Your HRV this morning (%(value).0f ms) is unusually high: extra beats can do that, so measure again")
        return Reason("hrv_high_today", text % {"value": today_ms}, today_ms, "ms", hrv_range(o))
    if today_ms is not None and o["hrv_today_z"] is not None and o["hrv_today_z"] < risk.HRV_TODAY_LOW_SD:
        text = _("Your HRV this morning (%(value).0f ms) is far below your usual")
        return Reason("hrv_low_today", text % {"value": today_ms}, today_ms, "ms", hrv_range(o))
    if o["hrv_low_lifting"]:
        text = _("Your 7-day HRV is back in your normal range for one day; the second in a row counts")
        return Reason("hrv_coming_back", text, o["hrv_mean_7d_ms"], "ms", hrv_range(o))
    text = ngettext(
        "Your 7-day HRV has been below your normal range for %(days)d day",
        "Your 7-day HRV has been below your normal range for %(days)d days",
        days,
    )
    return Reason("hrv_below_range", text % {"days": days}, o["hrv_mean_7d_ms"], "ms", hrv_range(o))


def because_of_sleep(o: Observed, effect: str) -> Reason:
    last, mean = o["sleep_h"], o["sleep_mean_3d_h"]
    if last is not None and (
        last < risk.SLEEP_RECOVERY_H or (effect != "active_recovery" and last < risk.SLEEP_SHORT_H)
    ):
        hours, text = last, _("You slept %(hours).1f h last night")
    elif effect == "active_recovery":
        hours, text = mean, _("You slept %(hours).1f h a night over the last three nights")
    else:
        hours, text = None, _("You slept little on your last known nights")
    shown = text % {"hours": hours} if hours is not None else text
    return Reason("short_sleep", shown, hours, "h", (risk.SLEEP_SHORT_H, None))


def because_of_wellness(o: Observed, _effect: str) -> Reason:
    if max(o["soreness_worst_days"], o["readiness_worst_days"]) < risk.WELLNESS_WORST_DAYS:
        rated, sore, worst = wellness_today(o), o["soreness_1_5"], o["worst_item_1_5"]
        if rated and rated.code == "wellness_low":
            return rated
        if sore is not None and sore <= risk.WELLNESS_WORST:
            text = _("You rated your muscles %(sore).0f of 5")
            return Reason("wellness_low", text % {"sore": sore}, sore, "1-5", (2, 5))
        return Reason("wellness_low", _("One of your answers was the worst there is"), worst, "1-5", (2, 5))
    if o["soreness_worst_days"] >= o["readiness_worst_days"]:
        days, text = o["soreness_worst_days"], _("Your soreness has been at its worst for %(days)d days")
    else:
        days, text = o["readiness_worst_days"], _("You have felt at your least ready for %(days)d days")
    return Reason("wellness_worst", text % {"days": days}, days, "days")


def because_of_monotony(o: Observed, _effect: str) -> Reason:
    text = _("Your days were very much alike at a high load")
    return Reason("monotony", text, o["monotony"], "ratio", (None, risk.MONOTONY_HIGH))


def because_of_layoff(o: Observed, _effect: str) -> Reason:
    week = int(o["return_week"])
    text = _("Week %(week)d after more than %(days)d days off: the return goes in steps")
    return Reason("return_from_layoff", text % {"week": week, "days": risk.DAYS_OFF}, week, "weeks")


def because_of_age(o: Observed, _effect: str) -> Reason:
    if o["age_years"] is not None and o["age_years"] < risk.COACH_CONFIRMS_YEARS:
        return Reason("under_16", _("Under 16 a coach confirms every increase"))
    return Reason("under_18", _("Under 18, two hard days are followed by an easier one"))


def because_of_gaps(o: Observed, _effect: str) -> Reason:
    days = o["hrv_age_days"]
    if days > 0 and o["hrv_doubted_ms"] is not None:
        text = _(
            "This morning's HRV of %(value).0f ms is far from your usual: it counts once you measured or confirmed it"
        )
        return Reason("hrv_doubted", text % {"value": o["hrv_doubted_ms"]}, o["hrv_doubted_ms"], "ms", hrv_range(o))
    if days > 0:
        if days >= risk.NEVER_DAYS:
            return Reason("hrv_missing", _("No HRV has been measured yet"))
        text = _("There is no HRV from this morning")
        if days > 1:
            text = _("Your last HRV is %(days)d days old") % {"days": days}
        return Reason("hrv_missing", text, days, "days", (0, 0))
    if o["load_unlogged_days"] > risk.LOAD_UNLOGGED_DAYS:
        text = _("No training or rest was reported for %(days)d days") % {"days": o["load_unlogged_days"]}
        return Reason("load_missing", text, o["load_unlogged_days"], "days", (0, risk.LOAD_UNLOGGED_DAYS))
    if o["sleep_age_days"] > 0:
        return Reason("sleep_missing", _("Last night's sleep is not known"))
    return Reason("check_in_missing", _("There is no check-in from this morning"))


def because_of_race(o: Observed, _effect: str) -> Reason:
    days = o["days_to_main_race"]
    if days is not None and days < 0:
        return Reason("after_race", _("Your main race was yesterday"), days, "days")
    if days == 0:
        return Reason("race_today", _("Your main race is today"), 0, "days")
    text = ngettext("Your main race is in %(days)d day", "Your main race is in %(days)d days", int(days or 0))
    return Reason("before_race", text % {"days": days or 0}, days, "days")


def because_of_model(_o: Observed, _effect: str) -> Reason:
    return Reason("model_not_used", _("The model does not know a morning like this one, or could not be used"))


# What sets the last four weeks apart from all that the model has learned on (``mlmodels.novelty.NAMES``).
UNLIKE = {
    "load_unevenness": gettext_lazy("how your load is spread over the days"),
    "hard_unevenness": gettext_lazy("how your hard work is spread over the days"),
    "plan_of_usual": gettext_lazy("how much is planned against what you usually do"),
    "day_off_share": gettext_lazy("how many days off you had"),
    "logged_share": gettext_lazy("how many of your days were reported"),
    "sick_share": gettext_lazy("how often you were ill or injured"),
    "hrv_share": gettext_lazy("how often HRV was measured"),
    "hrv_scatter": gettext_lazy("how much your HRV moves from day to day"),
    "sleep_share": gettext_lazy("how often your sleep was recorded"),
    "sleep_scatter": gettext_lazy("how much your sleep moves from night to night"),
    "chronic_of_usual": gettext_lazy("how far your load is from your usual"),
    "high_of_usual": gettext_lazy("how far your hard work is from your usual"),
    "low_of_usual": gettext_lazy("how far your easy work is from your usual"),
}


def unlike(name: str) -> Reason:
    text = _("Your last four weeks look unlike all that the model has learned from: %(what)s")
    return Reason("unlike_training", text % {"what": UNLIKE[name]})


BECAUSE_OF: dict[str, Callable[[Observed, str], Reason]] = {
    "G01": because_of_warning_sign,
    "G02": because_of_illness,
    "G03": lambda _o, _e: Reason("illness", _("You reported symptoms above the neck")),
    "G04": because_of_injury,
    "G05": because_of_pain,
    "G06": because_of_load,
    "G07": because_of_week,
    "G08": because_of_hrv,
    "G09": because_of_sleep,
    "G10": because_of_wellness,
    "G11": because_of_monotony,
    "G12": because_of_layoff,
    "G13": because_of_age,
    "G14": because_of_gaps,
    "G15": because_of_model,
    "G16": because_of_race,
    "G17": lambda _o, _e: Reason("enough_intensity", _("There was enough hard work in your last days")),
    "G18": lambda _o, _e: Reason("medical_hold", _("Advice is off while a clinician is looking after you")),
    "G19": because_of_signs,
}


def guard_text(code: str, effect: str, seen: Observed) -> str:
    """Of stored advice too, whose observation may be of an earlier state version: what it lacks is not known."""
    return BECAUSE_OF[code](defaultdict(lambda: None, seen), effect).text


# --- what would change it ---------------------------------------------------------------------------------------------


def would_change_if(d: Decided) -> list[dict[str, Any]]:
    """Only said where one guard alone stands between the model's wish and the advice, and the athlete can, and should,
    change it today. What only time lifts is told by ``lifts``."""
    restraining = [(code, effect) for code, effect in d.guards if effect != "rule_policy"]
    if not d.action or d.action == d.policy_action or len(restraining) != 1 or restraining[0][0] != "G14":
        return []
    o = d.seen
    if o["load_unlogged_days"] > risk.LOAD_UNLOGGED_DAYS or 0 < o["check_in_age_days"] <= risk.REPORTER_DAYS:
        return []
    if o["hrv_age_days"] > 0 and o["sleep_age_days"] == 0 and o["hrv_doubted_ms"] is None:
        return [changed("hrv_age_days", 0, _("Measure your HRV this morning"), d.policy_action)]
    if o["sleep_age_days"] > 0 and o["hrv_age_days"] == 0:
        return [changed("sleep_age_days", 0, _("Report last night's sleep"), d.policy_action)]
    return []


def hrv_lasts(o: Observed) -> bool:
    """The seven days are low, not this morning's reading alone."""
    return bool(o["hrv_low_days"] >= risk.HRV_LOW_HOLD_DAYS or o["hrv_very_low_days"] >= risk.HRV_VERY_LOW_LASTING_DAYS)


def changed(feature: str, value: float, text: str, then: str) -> dict[str, Any]:
    return {"feature": feature, "op": "<=", "value": value, "then": then, "text": text}


LIFTS = {
    "G02": gettext_lazy("The steps of the return end by themselves."),
    "G03": gettext_lazy("Lifts when your symptoms are gone."),
    "G05": gettext_lazy("Lifts when the pain is below 2 of 10 and no niggle is left."),
    "G08": gettext_lazy("Lifts after two mornings in a row in your normal range."),
    "G09": gettext_lazy("Lifts after longer nights."),
    "G10": gettext_lazy("Lifts when you feel better."),
    "G12": gettext_lazy("The steps of the return end by themselves."),
    "G16": gettext_lazy("Lifts after the race."),
    "G19": gettext_lazy("Lifts when the signs are gone."),
}


def lifts(d: Decided) -> str:
    """What ends the hold that decided, where only time or rest does; "" otherwise."""
    code, effect = next((guard for guard in d.guards if guard[1] != "rule_policy"), ("", ""))
    if not d.action or d.race_today or d.action == d.policy_action or (code, effect) == ("G02", "rest"):
        return ""
    if code == "G08" and not hrv_lasts(d.seen):
        return _("Lifts with a reading near your usual.")
    return str(LIFTS.get(code, ""))


def rounded(value: Any, digits: int = 2) -> float | None:
    return None if value is None else round(float(value), digits)


# --- warnings ---------------------------------------------------------------------------------------------------------

WARNINGS = {
    "load_rising": gettext_lazy("Your load is rising: your last days were about %(above).0f %% above your usual."),
    "load_doubled": gettext_lazy("Your load rose fast: your last days were about %(above).0f %% above your usual."),
    "load_spike": gettext_lazy("Your load rose very fast: your last days were about %(above).0f %% above your usual."),
    "load_dropping": gettext_lazy(
        "Your load has been low for %(acwr_low_days)d days: about %(below).0f %% below your usual."
    ),
    "hrv_below_range": gettext_lazy("Your 7-day HRV has been below your normal range for %(hrv_low_days)d days."),
    "possible_illness": gettext_lazy(
        "Your resting heart rate was up and your HRV down for %(illness_signal_days)d days:"
        " a pattern associated with illness."
    ),
    "sleep_debt": gettext_lazy("You have slept little: %(sleep_mean_3d_h).1f h a night over three nights."),
    "monotony": gettext_lazy("Your days were very much alike (monotony %(monotony).1f)."),
    "missing_data": gettext_lazy("Data are missing: HRV for %(hrv_age_days)d days, load for %(load_unlogged_days)d."),
    "test_overdue": gettext_lazy("Your last 400 m test was %(test_age_days)d days ago."),
    "device_changed": gettext_lazy("HRV comes from a new source: its normal range is being built."),
    "possible_under_recovery": gettext_lazy(
        "Your last %(tests_down)d tests were slower and your HRV low for %(hrv_low_days)d days:"
        " a pattern associated with too little recovery."
    ),
    "low_availability": gettext_lazy("You were ill or injured on %(unavailable_28d)d of the last 28 days."),
}
SLEEP_SHORT = gettext_lazy("You slept less than 6 hours on your last nights.")


def warning_text(kind: str, inputs: Observed) -> str:
    if kind == "sleep_debt" and inputs["sleep_mean_3d_h"] is None:
        return str(SLEEP_SHORT)
    acwr = inputs.get("acwr")
    shares = {} if acwr is None else {"above": 100 * (acwr - 1), "below": 100 * (1 - acwr)}
    return str(WARNINGS[kind]) % {**inputs, **shares}
