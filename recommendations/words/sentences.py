"""Every sentence that is said of a decision, by key: to the athlete ("you"), and of the athlete to the coach.

What is kept is the key and its numbers (``CodedSentence``). Words are made when shown, in the reader's language,
which is the active one. The coach's form names nobody and has no pronoun, so that it is true of whoever it is said of.
One file: it is a table, and who translates or rereads it wants it whole. Change a sentence's sense and raise
``WORDING_VERSION``; ``docs/wording.md`` is the voice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, NamedTuple

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from measures import risk
from measures.guards import Guard

WORDING_VERSION = 2


@dataclass(frozen=True, slots=True)
class CodedSentence:
    """One sentence as it is kept."""

    key: str
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """As they are kept, so that a line reads the same before and after."""
        kept = {name: round(n, 2) if isinstance(n, float) else n for name, n in self.numbers.items()}
        object.__setattr__(self, "numbers", kept)

    def as_json(self) -> dict[str, Any]:
        return {"key": self.key, **({"numbers": dict(self.numbers)} if self.numbers else {})}


class Sentence(NamedTuple):
    you: Any
    """Said to the athlete."""
    coach: Any
    """Said to the coach, of the athlete."""


def same(text: Any) -> Sentence:
    return Sentence(text, text)


def words(line: CodedSentence, *, own: bool) -> str:
    """``own``: the reader is the athlete."""
    try:
        return filled(SENTENCES[line.key], line.numbers, own=own)
    except (KeyError, TypeError, ValueError):  # kept by a version that knew other keys, numbers or codes
        table, _dot, rest = line.key.partition(".")
        return label(rest if table in TABLES else table)


def filled(sentence: Sentence, numbers: Mapping[str, Any], *, own: bool) -> str:
    """KeyError where a number is missing; without any a "%" stands for itself."""
    text = sentence.you if own else sentence.coach
    if not numbers and "%(" in (plain := str(text)):
        raise KeyError(plain)
    return str(text % {name: shown(name, n, own=own) for name, n in numbers.items()} if numbers else text)


def paragraph(kept: Iterable[Mapping[str, Any]], *, own: bool) -> str:
    """Sentences one after the other, with what the language puts between them; Chinese puts nothing."""
    return joined([words_kept(line, own=own) for line in kept])


def joined(said: Sequence[str]) -> str:
    def after(before: str, following: str) -> str:
        return _("%(before)s %(next)s") % {"before": before, "next": following}

    return reduce(after, said) if said else ""


def words_kept(kept: Mapping[str, Any], *, own: bool) -> str:
    """Of a line as it was kept. Before wording version 1 the athlete's words themselves were kept: nobody words them
    again."""
    if "text" in kept:
        return str(kept["text"])
    return words(CodedSentence(kept["key"], kept.get("numbers") or {}), own=own)


def shown(name: str, value: Any, *, own: bool) -> Any:
    """One number as the language writes it, and codes as words."""
    if value is None:
        return None
    if name == "what":
        return str(UNLIKE[value])
    if name == "signs":
        return reduce(listed, (filled(SIGNS[code], {}, own=own) for code in value))
    if name in DIGITS:
        return number_format(round(value, DIGITS[name]), DIGITS[name])  # which by itself cuts off: 4.98 would read 4.9
    return int(value) if isinstance(value, float) and value.is_integer() else value  # a plural needs a whole number


def listed(before: str, last: str) -> str:
    return _("%(before)s, %(last)s") % {"before": before, "last": last}


DIGITS = {"hours": 1, "rated": 1, "monotony": 1}


# --- what today becomes -----------------------------------------------------------------------------------------------

HEADLINES = {
    "headline.increase_intensity": Sentence(
        gettext_lazy("Go a little harder today"), gettext_lazy("A little harder than planned")
    ),
    "headline.increase_volume": Sentence(
        gettext_lazy("Do a little more today"), gettext_lazy("A little more than planned")
    ),
    "headline.active_recovery": Sentence(gettext_lazy("Take it easy today"), gettext_lazy("An easy day")),
    "headline.as_planned": Sentence(gettext_lazy("Train as planned today"), gettext_lazy("Training as planned")),
    "headline.rest": Sentence(gettext_lazy("Rest today"), gettext_lazy("A day of rest")),
    "headline.capped": Sentence(gettext_lazy("Do a part of today's session"), gettext_lazy("A part of the session")),
    "headline.race": same(gettext_lazy("Race day")),
    "headline.planned_rest": same(gettext_lazy("A rest day, as planned")),
    "headline.no_clear_difference": Sentence(
        gettext_lazy("No clear difference: train as planned"), gettext_lazy("No clear difference: as planned")
    ),
    "headline.insufficient_history": same(gettext_lazy("Not enough is known yet")),
    "headline.stale_data": same(gettext_lazy("Nothing was reported for more than a week")),
    "headline.out_of_distribution": same(gettext_lazy("No advice today")),
    "headline.red_flag": Sentence(
        gettext_lazy("No training today. Please see a doctor"),
        gettext_lazy("No training today: a doctor should look at it"),
    ),
    "headline.illness": same(gettext_lazy("No training today")),
    "headline.pain": same(gettext_lazy("No training today")),
    "headline.signs": Sentence(gettext_lazy("Take it easy today, or rest"), gettext_lazy("An easy day, or rest")),
    "headline.injury": same(gettext_lazy("No training on this injury")),
    "headline.medical_hold": Sentence(
        gettext_lazy("Follow your clinician's plan"), gettext_lazy("The clinician's plan counts")
    ),
    "headline.health": same(gettext_lazy("A stop for health: no training before it was talked over")),
    "headline.no_consent": same(gettext_lazy("Advice is switched off")),
    "headline.model_unavailable": same(gettext_lazy("No advice today")),
    "headline.pending": Sentence(gettext_lazy("Your advice is on its way"), gettext_lazy("The advice is on its way")),
    "headline.expired": same(gettext_lazy("No advice was given for this day")),
}
NO_ADVICE = {
    "insufficient_history": Sentence(
        gettext_lazy("Report your training for a week, or tell us your usual week, and advice begins."),
        gettext_lazy("Advice begins after a week of reported training, or once the usual week is filled in."),
    ),
    "stale_data": Sentence(
        gettext_lazy("Report your last sessions or rest days, and advice goes on."),
        gettext_lazy("Advice goes on once the last sessions or rest days are reported."),
    ),
    "out_of_distribution": Sentence(
        gettext_lazy("Today's data are outside of everything the model has seen. Keep to your coach's plan."),
        gettext_lazy("Today's data are outside of everything the model has seen. Your plan counts."),
    ),
    "red_flag": Sentence(
        gettext_lazy(
            "You reported a warning sign. If it is still there, or anything gets worse, ring %(number)s now."
            " Advice goes on once a doctor has looked at it: say on which day."
        ),
        gettext_lazy(
            "A warning sign was reported. If it is still there, or anything gets worse, ring %(number)s now."
            " Advice goes on once a doctor has looked at it."
        ),
    ),
    "illness": Sentence(
        gettext_lazy("You reported an illness. See a doctor if it gets worse or does not pass."),
        gettext_lazy("An illness was reported. If it gets worse or does not pass, a doctor should look at it."),
    ),
    "pain": Sentence(
        gettext_lazy("You reported strong pain. Have it looked at before you train on it."),
        gettext_lazy("Strong pain was reported. It should be looked at before any training on it."),
    ),
    "signs": Sentence(
        gettext_lazy("Too little is known of your training for more, and what you reported asks for care."),
        gettext_lazy("Too little is known of the training for more, and what was reported asks for care."),
    ),
    "injury": Sentence(
        gettext_lazy(
            "While an injury is open, whoever treats it decides. If nobody has looked at it yet: stop, and have it"
            " looked at today. Advice goes on when you answer that it is a niggle or none."
        ),
        gettext_lazy(
            "While an injury is open, whoever treats it decides. If nobody has looked at it yet: stop, and have it"
            " looked at today. Advice goes on when the answer is a niggle or none."
        ),
    ),
    "medical_hold": Sentence(
        gettext_lazy("Advice is switched off while a clinician is looking after you."),
        gettext_lazy("Advice is switched off while a clinician is in charge."),
    ),
    "health": same(
        gettext_lazy(
            "Nothing is advised, for reasons of health. The athlete knows them, and decides what to say of them."
        )
    ),
    "no_consent": Sentence(
        gettext_lazy("You have not agreed to advice. You can change that in your profile."),
        gettext_lazy("The athlete has not agreed to advice."),
    ),
    "model_unavailable": Sentence(
        gettext_lazy("Your advice could not be computed. Keep to your coach's plan; we are looking into it."),
        gettext_lazy("The advice could not be computed. Your plan counts; we are looking into it."),
    ),
    "pending": Sentence(
        gettext_lazy("Check in, or wait for your watch or the morning deadline."),
        gettext_lazy("It waits for the check-in, the watch or the morning deadline."),
    ),
    "expired": same(gettext_lazy("Its data came when it was over.")),
}
DOING = {
    "do.rest": Sentence(
        gettext_lazy("No training. Walk if it feels good, eat, drink and sleep."),
        gettext_lazy("No training: a walk if it feels good, food, drink and sleep."),
    ),
    "do.race": Sentence(
        gettext_lazy("Your race, and the warm-up you know. No other training."),
        gettext_lazy("The race, and the usual warm-up. No other training."),
    ),
    "do.planned_rest": Sentence(
        gettext_lazy("No session is planned: keep the rest."), gettext_lazy("No session is planned: the rest stays.")
    ),
    "do.easy": same(
        gettext_lazy("%(least)d-%(most)d minutes easy (RPE 3 at most), some mobility, and an earlier night.")
    ),
    "do.walk": same(gettext_lazy("A walk, some mobility, and an earlier night.")),
    "do.increase_intensity": same(
        gettext_lazy("One RPE step up on the main set, or 1-2 % faster; same or fewer repetitions, longer recoveries.")
    ),
    "do.increase_volume": Sentence(
        gettext_lazy("Some more repetitions or minutes at the same RPE, not faster than 85-90 % of your top speed."),
        gettext_lazy("Some more repetitions or minutes at the same RPE, not faster than 85-90 % of top speed."),
    ),
    "do.as_planned": same(gettext_lazy("The planned session, unchanged.")),
    "do.quarter": same(
        gettext_lazy("About a quarter of the planned session: the same speeds, fewer repetitions or minutes.")
    ),
    "do.third": same(
        gettext_lazy("About a third of the planned session: the same speeds, fewer repetitions or minutes.")
    ),
    "do.half": same(gettext_lazy("About half of the planned session: the same speeds, fewer repetitions or minutes.")),
    "do.two_thirds": same(
        gettext_lazy("About two thirds of the planned session: the same speeds, fewer repetitions or minutes.")
    ),
    "do.three_quarters": same(
        gettext_lazy("About three quarters of the planned session: the same speeds, fewer repetitions or minutes.")
    ),
    "do.almost_all": same(
        gettext_lazy("Almost all of the planned session: the same speeds, fewer repetitions or minutes.")
    ),
}
CARE = {
    "care.warning_sign": Sentence(
        gettext_lazy("If it may be a warning sign, do not train before it was looked at."),
        gettext_lazy("If it may be a warning sign, no training before it was looked at."),
    ),
    "care.illness": Sentence(
        gettext_lazy(
            "See a doctor if the fever is above 39 °C or lasts longer than three days, and at once with chest pain,"
            " palpitations or shortness of breath."
        ),
        gettext_lazy(
            "A doctor should look at a fever above 39 °C or of more than three days, and at once at chest pain,"
            " palpitations or shortness of breath."
        ),
    ),
    "care.health": same(
        gettext_lazy("It is about health: if it gets worse or does not pass, a doctor should look at it.")
    ),
    "care.pain_today": Sentence(
        gettext_lazy("Have it looked at today."), gettext_lazy("It should be looked at today.")
    ),
    "care.pain_tomorrow": Sentence(
        gettext_lazy("If it is still there tomorrow, have it looked at."),
        gettext_lazy("If it is still there tomorrow, it should be looked at."),
    ),
    "care.race_today": Sentence(
        gettext_lazy("Your main race is today: speak with your coach, or a doctor, before you start."),
        gettext_lazy("The main race is today: speak with the athlete, and a doctor if in doubt, before the start."),
    ),
    "care.short_night": Sentence(
        gettext_lazy("After a short night, make it shorter if the warm-up feels heavy."),
        gettext_lazy("After a short night: shorter if the warm-up feels heavy."),
    ),
    "care.warm_up": Sentence(
        gettext_lazy("Make it shorter if the warm-up feels heavy."),
        gettext_lazy("Shorter if the warm-up feels heavy."),
    ),
}
LIFTS = {
    f"lifts.{Guard.ILLNESS}": same(gettext_lazy("The steps of the return end by themselves.")),
    f"lifts.{Guard.COLD}": Sentence(
        gettext_lazy("Lifts when your symptoms are gone."), gettext_lazy("Lifts when the symptoms are gone.")
    ),
    f"lifts.{Guard.PAIN}": same(gettext_lazy("Lifts when the pain is below 2 of 10 and no niggle is left.")),
    f"lifts.{Guard.HRV}": Sentence(
        gettext_lazy("Lifts after two mornings in a row in your normal range."),
        gettext_lazy("Lifts after two mornings in a row in the normal range."),
    ),
    f"lifts.{Guard.HRV}_reading": Sentence(
        gettext_lazy("Lifts with a reading near your usual."), gettext_lazy("Lifts with a reading near the usual.")
    ),
    f"lifts.{Guard.SLEEP}": same(gettext_lazy("Lifts after longer nights.")),
    f"lifts.{Guard.ANSWERS}": Sentence(
        gettext_lazy("Lifts when you feel better."), gettext_lazy("Lifts with better answers.")
    ),
    f"lifts.{Guard.LAY_OFF}": same(gettext_lazy("The steps of the return end by themselves.")),
    f"lifts.{Guard.RACE}": same(gettext_lazy("Lifts after the race.")),
    f"lifts.{Guard.SIGNS}": same(gettext_lazy("Lifts when the signs are gone.")),
}
KNOWN_LESS = {
    "less.fallback": same(gettext_lazy("The learned model was not used today; this follows a simple rule.")),
    "less.profile": Sentence(
        gettext_lazy("Your first week: your plan counts, until more is known of you."),
        gettext_lazy("The first week: the plan counts, until more is known."),
    ),
    "less.provisional": Sentence(
        gettext_lazy("You are still new here: this follows a simple rule, not yet the learned model."),
        gettext_lazy("Still new here: this follows a simple rule, not yet the learned model."),
    ),
    "less.morning": same(gettext_lazy("Provisional: it may change when more of this morning's data arrive.")),
}
CHANGES = {
    "change.hrv": Sentence(gettext_lazy("Measure your HRV this morning"), gettext_lazy("An HRV of this morning")),
    "change.sleep": Sentence(gettext_lazy("Report last night's sleep"), gettext_lazy("A record of last night's sleep")),
}


# --- reasons: code, then what sets this sentence apart from others of the code ----------------------------------------

BODY = {
    "hrv_in_range": Sentence(
        gettext_lazy("Your 7-day HRV (%(value).0f ms) is within your normal range"),
        gettext_lazy("The 7-day HRV (%(value).0f ms) is within the normal range"),
    ),
    "hrv_above_range": Sentence(
        gettext_lazy("Your 7-day HRV (%(value).0f ms) is above your normal range"),
        gettext_lazy("The 7-day HRV (%(value).0f ms) is above the normal range"),
    ),
    "hrv_below_range": Sentence(
        gettext_lazy("Your 7-day HRV (%(value).0f ms) is below your normal range"),
        gettext_lazy("The 7-day HRV (%(value).0f ms) is below the normal range"),
    ),
    "hrv_below_range.days": Sentence(
        ngettext_lazy(
            "Your 7-day HRV has been below your normal range for %(days)d day",
            "Your 7-day HRV has been below your normal range for %(days)d days",
            "days",
        ),
        ngettext_lazy(
            "The 7-day HRV has been below the normal range for %(days)d day",
            "The 7-day HRV has been below the normal range for %(days)d days",
            "days",
        ),
    ),
    "hrv_coming_back": Sentence(
        gettext_lazy("Your 7-day HRV is back in your normal range for one day; the second in a row counts"),
        gettext_lazy("The 7-day HRV is back in the normal range for one day; the second in a row counts"),
    ),
    "hrv_low_today": Sentence(
        gettext_lazy("Your HRV this morning (%(value).0f ms) is below your usual"),
        gettext_lazy("This morning's HRV (%(value).0f ms) is below the usual"),
    ),
    "hrv_low_today.far": Sentence(
        gettext_lazy("Your HRV this morning (%(value).0f ms) is far below your usual"),
        gettext_lazy("This morning's HRV (%(value).0f ms) is far below the usual"),
    ),
    "hrv_high_today": Sentence(
        gettext_lazy(
            "Your HRV this morning (%(value).0f ms) is unusually high: extra beats can do that, so measure again"
        ),
        gettext_lazy(
            "This morning's HRV (%(value).0f ms) is unusually high: extra beats can do that, so it should be measured"
            " again"
        ),
    ),
    "hrv_doubted.low": Sentence(
        gettext_lazy(
            "This morning's HRV of %(value).0f ms is far below your usual %(usual).0f: measure again, and take it easy"
        ),
        gettext_lazy(
            "This morning's HRV of %(value).0f ms is far below the usual %(usual).0f: an easy day until it is measured"
            " again"
        ),
    ),
    "hrv_doubted": Sentence(
        gettext_lazy(
            "This morning's HRV of %(value).0f ms is far from your usual: it counts once you measured or confirmed it"
        ),
        gettext_lazy(
            "This morning's HRV of %(value).0f ms is far from the usual: it counts once measured again or confirmed"
        ),
    ),
    "resting_hr_high": Sentence(
        ngettext_lazy(
            "Your resting heart rate is %(beats).0f beat above your usual",
            "Your resting heart rate is %(beats).0f beats above your usual",
            "beats",
        ),
        ngettext_lazy(
            "The resting heart rate is %(beats).0f beat above the usual",
            "The resting heart rate is %(beats).0f beats above the usual",
            "beats",
        ),
    ),
    "illness_signs": Sentence(
        ngettext_lazy(
            "Your resting heart rate is up and your HRV down for %(days)d day: a pattern that goes with illness",
            "Your resting heart rate is up and your HRV down for %(days)d days: a pattern that goes with illness",
            "days",
        ),
        ngettext_lazy(
            "Resting heart rate up and HRV down for %(days)d day: a pattern that goes with illness",
            "Resting heart rate up and HRV down for %(days)d days: a pattern that goes with illness",
            "days",
        ),
    ),
    "several_signs": same(gettext_lazy("Several signs at once: %(signs)s")),
    "travel": Sentence(
        ngettext_lazy(
            "You crossed time zones, and your body clock is %(zones).0f of them behind",
            "You crossed time zones, and your body clock is %(zones).0f of them behind",
            "zones",
        ),
        ngettext_lazy(
            "Time zones were crossed, and the body clock is %(zones).0f of them behind",
            "Time zones were crossed, and the body clock is %(zones).0f of them behind",
            "zones",
        ),
    ),
    "short_sleep.night": Sentence(
        gettext_lazy("You slept %(hours)s h last night"), gettext_lazy("Slept %(hours)s h last night")
    ),
    "short_sleep.three_nights": Sentence(
        gettext_lazy("You slept %(hours)s h a night over the last three nights"),
        gettext_lazy("Slept %(hours)s h a night over the last three nights"),
    ),
    "short_sleep": Sentence(
        gettext_lazy("You slept little on your last known nights"),
        gettext_lazy("Slept little on the last known nights"),
    ),
    "sleep_below_usual": Sentence(
        gettext_lazy("Your last three nights were below your usual"),
        gettext_lazy("The last three nights were below the usual"),
    ),
    "sleep_usual": Sentence(
        gettext_lazy("Your last three nights were about as usual"),
        gettext_lazy("The last three nights were about as usual"),
    ),
    "wellness": Sentence(
        gettext_lazy("You rated this morning %(rated)s of 5"), gettext_lazy("Rated this morning %(rated)s of 5")
    ),
    "wellness_low": Sentence(
        gettext_lazy("You rated this morning %(rated)s of 5"), gettext_lazy("Rated this morning %(rated)s of 5")
    ),
    "wellness_low.muscles": Sentence(
        gettext_lazy("You rated your muscles %(sore).0f of 5"),
        gettext_lazy("Rated the muscles %(sore).0f of 5"),
    ),
    "wellness_low.answer": Sentence(
        gettext_lazy("One of your answers was the worst there is"),
        gettext_lazy("One of the answers was the worst there is"),
    ),
    "wellness_worst.soreness": Sentence(
        ngettext_lazy(
            "Your soreness has been at its worst for %(days)d day",
            "Your soreness has been at its worst for %(days)d days",
            "days",
        ),
        ngettext_lazy(
            "The soreness has been at its worst for %(days)d day",
            "The soreness has been at its worst for %(days)d days",
            "days",
        ),
    ),
    "wellness_worst": Sentence(
        ngettext_lazy(
            "You have felt at your least ready for %(days)d day",
            "You have felt at your least ready for %(days)d days",
            "days",
        ),
        ngettext_lazy(
            "The answers have been at their worst for %(days)d day",
            "The answers have been at their worst for %(days)d days",
            "days",
        ),
    ),
}
HEALTH = {
    "red_flag": Sentence(
        gettext_lazy("You reported a warning sign that a doctor should look at"),
        gettext_lazy("Reported a warning sign that a doctor should look at"),
    ),
    "note_asks": Sentence(
        gettext_lazy("Your note may tell of a warning sign: please answer whether it is one; until then nothing more"),
        gettext_lazy("The note may tell of a warning sign: the athlete is asked whether it is one; until then no more"),
    ),
    "warning_sign_cleared": Sentence(
        gettext_lazy("Your warning sign was looked at today: no training today, then the return goes in steps"),
        gettext_lazy("The warning sign was looked at today: no training today, then the return goes in steps"),
    ),
    "illness": Sentence(
        gettext_lazy("You reported fever or symptoms below the neck"),
        gettext_lazy("Reported fever or symptoms below the neck"),
    ),
    "illness.above_neck": Sentence(
        gettext_lazy("You reported symptoms above the neck"), gettext_lazy("Reported symptoms above the neck")
    ),
    "ill_yesterday": Sentence(
        gettext_lazy("You were ill until yesterday. How are you today? Until you say so, no training"),
        gettext_lazy("Ill until yesterday, and nothing is said of today: until then, no training"),
    ),
    "return_from_illness": Sentence(
        ngettext_lazy(
            "Only %(days)d day since your symptoms ended: the return goes in steps",
            "Only %(days)d days since your symptoms ended: the return goes in steps",
            "days",
        ),
        ngettext_lazy(
            "Only %(days)d day since the symptoms ended: the return goes in steps",
            "Only %(days)d days since the symptoms ended: the return goes in steps",
            "days",
        ),
    ),
    "injury": Sentence(gettext_lazy("You reported an open injury"), gettext_lazy("Reported an open injury")),
    "medical_hold": same(gettext_lazy("A clinician's plan is in place")),
    "medical_hold.off": Sentence(
        gettext_lazy("Advice is off while a clinician is looking after you"),
        gettext_lazy("Advice is off while a clinician is in charge"),
    ),
    "niggle": Sentence(
        gettext_lazy("You reported a niggle: nothing is added while it is there"),
        gettext_lazy("Reported a niggle: nothing is added while it is there"),
    ),
    "pain_rising": Sentence(
        gettext_lazy("Your pain rose for three days, to %(pain)d of 10"),
        gettext_lazy("The pain rose for three days, to %(pain)d of 10"),
    ),
    "pain": Sentence(gettext_lazy("You reported pain"), gettext_lazy("Reported pain")),
    "pain.of_10": Sentence(
        gettext_lazy("You reported pain of %(pain)d out of 10"), gettext_lazy("Reported pain of %(pain)d out of 10")
    ),
}
HEALTH_CODES = {key.partition(".")[0] for key in HEALTH}
TRAINING = {
    "no_clear_difference": Sentence(
        gettext_lazy("Nothing stands above your plan by more than the model may be wrong"),
        gettext_lazy("Nothing stands above the plan by more than the model may be wrong"),
    ),
    "load_fell_by_advice": Sentence(
        gettext_lazy("Your load is down to %(percent).0f %% of your usual, mostly by easy days you were advised"),
        gettext_lazy("The load is down to %(percent).0f %% of the usual, mostly by easy days that were advised"),
    ),
    "sum_of_load": Sentence(
        gettext_lazy("No single sign stands out: your last days' work speaks for an easy one"),
        gettext_lazy("No single sign stands out: the last days' work speaks for an easy one"),
    ),
    "load_steady": Sentence(gettext_lazy("Your load is steady"), gettext_lazy("The load is steady")),
    "load_dropped": Sentence(
        gettext_lazy("Your last days were about %(percent).0f %% lighter than your usual"),
        gettext_lazy("The last days were about %(percent).0f %% lighter than usual"),
    ),
    "load_rose_fast": Sentence(
        gettext_lazy("Your last days were about %(percent).0f %% above your usual"),
        gettext_lazy("The last days were about %(percent).0f %% above the usual"),
    ),
    "load_unknown": Sentence(
        gettext_lazy("Your training load is not known yet"), gettext_lazy("The training load is not known yet")
    ),
    "load_would_rise_fast": Sentence(
        gettext_lazy("With more today your load would rise fast"),
        gettext_lazy("With more today the load would rise fast"),
    ),
    "plan_would_rise_fast": Sentence(
        gettext_lazy("With the whole session your load would rise very fast"),
        gettext_lazy("With the whole session the load would rise very fast"),
    ),
    "load_little_known": same(gettext_lazy("Not enough training logged yet to judge more")),
    "session_spike": Sentence(
        gettext_lazy("Today's session is already larger than any of your last four weeks"),
        gettext_lazy("Today's session is already larger than any of the last four weeks"),
    ),
    "week_would_rise": same(gettext_lazy("With more today this week would rise fast against the last")),
    "week_rose_fast": Sentence(
        gettext_lazy("Your last 7 days were %(rise).0f %% above the 7 before"),
        gettext_lazy("The last 7 days were %(rise).0f %% above the 7 before"),
    ),
    "monotony": Sentence(
        gettext_lazy("Your days were very much alike at a high load"),
        gettext_lazy("The days were very much alike at a high load"),
    ),
    "return_from_layoff": same(
        gettext_lazy("Week %(week)d after more than %(days)d days off: the return goes in steps")
    ),
    "under_16": same(gettext_lazy("Under 16 a coach confirms every increase")),
    "under_18": same(gettext_lazy("Under 18, two hard days are followed by an easier one")),
    "enough_intensity": Sentence(
        gettext_lazy("There was enough hard work in your last days"),
        gettext_lazy("There was enough hard work in the last days"),
    ),
    "after_race": Sentence(gettext_lazy("Your main race was yesterday"), gettext_lazy("The main race was yesterday")),
    "race_today": Sentence(gettext_lazy("Your main race is today"), gettext_lazy("The main race is today")),
    "before_race": Sentence(
        ngettext_lazy("Your main race is in %(days)d day", "Your main race is in %(days)d days", "days"),
        ngettext_lazy("The main race is in %(days)d day", "The main race is in %(days)d days", "days"),
    ),
}
MISSING = {
    "hrv_missing": same(gettext_lazy("There is no HRV from this morning")),
    "hrv_missing.never": same(gettext_lazy("No HRV has been measured yet")),
    "hrv_missing.days": Sentence(
        ngettext_lazy("Your last HRV is %(days)d day old", "Your last HRV is %(days)d days old", "days"),
        ngettext_lazy("The last HRV is %(days)d day old", "The last HRV is %(days)d days old", "days"),
    ),
    "load_missing": same(
        ngettext_lazy(
            "No training or rest was reported for %(days)d day",
            "No training or rest was reported for %(days)d days",
            "days",
        )
    ),
    "sleep_missing": same(gettext_lazy("Last night's sleep is not known")),
    "check_in_missing": same(gettext_lazy("There is no check-in from this morning")),
    "model_not_used": same(gettext_lazy("The model does not know a morning like this one, or could not be used")),
    "unlike_training": Sentence(
        gettext_lazy("Your last four weeks look unlike all that the model has learned from: %(what)s"),
        gettext_lazy("The last four weeks look unlike all that the model has learned from: %(what)s"),
    ),
}
REASONS = BODY | HEALTH | TRAINING | MISSING


# --- warnings ---------------------------------------------------------------------------------------------------------

WARNINGS = {
    "load_rising": Sentence(
        gettext_lazy("Your load is rising: your last days were about %(above).0f %% above your usual."),
        gettext_lazy("The load is rising: the last days were about %(above).0f %% above the usual."),
    ),
    "load_doubled": Sentence(
        gettext_lazy("Your load rose fast: your last days were about %(above).0f %% above your usual."),
        gettext_lazy("The load rose fast: the last days were about %(above).0f %% above the usual."),
    ),
    "load_spike": Sentence(
        gettext_lazy("Your load rose very fast: your last days were about %(above).0f %% above your usual."),
        gettext_lazy("The load rose very fast: the last days were about %(above).0f %% above the usual."),
    ),
    "load_dropping": Sentence(
        ngettext_lazy(
            "Your load has been low for %(acwr_low_days)d day: about %(below).0f %% below your usual.",
            "Your load has been low for %(acwr_low_days)d days: about %(below).0f %% below your usual.",
            "acwr_low_days",
        ),
        ngettext_lazy(
            "The load has been low for %(acwr_low_days)d day: about %(below).0f %% below the usual.",
            "The load has been low for %(acwr_low_days)d days: about %(below).0f %% below the usual.",
            "acwr_low_days",
        ),
    ),
    "hrv_below_range": Sentence(
        ngettext_lazy(
            "Your 7-day HRV has been below your normal range for %(hrv_low_days)d day.",
            "Your 7-day HRV has been below your normal range for %(hrv_low_days)d days.",
            "hrv_low_days",
        ),
        ngettext_lazy(
            "The 7-day HRV has been below the normal range for %(hrv_low_days)d day.",
            "The 7-day HRV has been below the normal range for %(hrv_low_days)d days.",
            "hrv_low_days",
        ),
    ),
    "possible_illness": Sentence(
        ngettext_lazy(
            "Your resting heart rate was up and your HRV down for %(illness_signal_days)d day:"
            " a pattern associated with illness.",
            "Your resting heart rate was up and your HRV down for %(illness_signal_days)d days:"
            " a pattern associated with illness.",
            "illness_signal_days",
        ),
        ngettext_lazy(
            "Resting heart rate up and HRV down for %(illness_signal_days)d day: a pattern associated with illness.",
            "Resting heart rate up and HRV down for %(illness_signal_days)d days: a pattern associated with illness.",
            "illness_signal_days",
        ),
    ),
    "sleep_debt": Sentence(
        gettext_lazy("You have slept little: %(hours)s h a night over three nights."),
        gettext_lazy("Slept little: %(hours)s h a night over three nights."),
    ),
    "sleep_debt.short": Sentence(
        gettext_lazy("You slept less than 6 hours on your last nights."),
        gettext_lazy("Slept less than 6 hours on the last nights."),
    ),
    "monotony": Sentence(
        gettext_lazy("Your days were very much alike (monotony %(monotony)s)."),
        gettext_lazy("The days were very much alike (monotony %(monotony)s)."),
    ),
    "missing_data.never": same(gettext_lazy("No HRV has been measured yet.")),
    "missing_data.hrv": same(
        ngettext_lazy(
            "No HRV was measured for %(hrv_age_days)d day.",
            "No HRV was measured for %(hrv_age_days)d days.",
            "hrv_age_days",
        )
    ),
    "missing_data": same(
        ngettext_lazy(
            "No training or rest was reported for %(load_unlogged_days)d day.",
            "No training or rest was reported for %(load_unlogged_days)d days.",
            "load_unlogged_days",
        )
    ),
    "test_overdue": Sentence(
        ngettext_lazy(
            "Your last 400 m test was %(test_age_days)d day ago.",
            "Your last 400 m test was %(test_age_days)d days ago.",
            "test_age_days",
        ),
        ngettext_lazy(
            "The last 400 m test was %(test_age_days)d day ago.",
            "The last 400 m test was %(test_age_days)d days ago.",
            "test_age_days",
        ),
    ),
    "device_changed": same(gettext_lazy("HRV comes from a new source: its normal range is being built.")),
    "possible_under_recovery": Sentence(
        ngettext_lazy(
            "Your last %(tests_down)d tests were slower and your HRV low for %(hrv_low_days)d day:"
            " a pattern associated with too little recovery.",
            "Your last %(tests_down)d tests were slower and your HRV low for %(hrv_low_days)d days:"
            " a pattern associated with too little recovery.",
            "hrv_low_days",
        ),
        ngettext_lazy(
            "The last %(tests_down)d tests were slower and HRV low for %(hrv_low_days)d day:"
            " a pattern associated with too little recovery.",
            "The last %(tests_down)d tests were slower and HRV low for %(hrv_low_days)d days:"
            " a pattern associated with too little recovery.",
            "hrv_low_days",
        ),
    ),
    "low_availability": Sentence(
        gettext_lazy("You were ill or injured on %(unavailable_28d)d of the last 28 days."),
        gettext_lazy("Ill or injured on %(unavailable_28d)d of the last 28 days."),
    ),
}
WARNING_KINDS = sorted({key.partition(".")[0] for key in WARNINGS})


def warning_words(kind: str, evidence: Mapping[str, Any], *, own: bool) -> str:
    """Of a warning, from the inputs that are kept with it; its name, where it is of another version."""
    try:
        told = [filled(WARNINGS[key], numbers, own=own) for key, numbers in warned_of(kind, evidence)]
    except (KeyError, TypeError, ValueError):
        return label(kind)
    return joined(told) or label(kind)


def warned_of(kind: str, evidence: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    acwr, hours = evidence.get("acwr"), evidence.get("sleep_mean_3d_h")
    if kind == "sleep_debt":
        yield ("sleep_debt.short", {}) if hours is None else (kind, {"hours": hours})
    elif kind == "missing_data":
        silent_days = evidence["hrv_age_days"]
        if silent_days >= risk.NEVER_DAYS:
            yield "missing_data.never", {}
        elif silent_days > 0:
            yield "missing_data.hrv", evidence
        if evidence["load_unlogged_days"] > 0:
            yield kind, evidence
    else:
        yield kind, dict(evidence) | ({} if acwr is None else {"above": 100 * (acwr - 1), "below": 100 * (1 - acwr)})


# --- a coach's orders -------------------------------------------------------------------------------------------------

ORDERS = {
    "increase_intensity": Sentence(
        gettext_lazy("Your coach: a little harder today"), gettext_lazy("More intensity, a coach's order")
    ),
    "increase_volume": Sentence(
        gettext_lazy("Your coach: a little more today"), gettext_lazy("More volume, a coach's order")
    ),
    "active_recovery": Sentence(
        gettext_lazy("Your coach: take it easy today"), gettext_lazy("Active recovery, a coach's order")
    ),
    "as_planned": Sentence(
        gettext_lazy("Your coach: train as planned today"), gettext_lazy("As planned, a coach's order")
    ),
    "rest": Sentence(gettext_lazy("Your coach: rest today"), gettext_lazy("Rest, a coach's order")),
    "own": Sentence(gettext_lazy("Your coach: another session today"), gettext_lazy("Own session, a coach's order")),
}


def order_words(action: str, *, own: bool) -> str:
    return str(ORDERS[action].you if own else ORDERS[action].coach)


# --- codes as words ---------------------------------------------------------------------------------------------------

# What sets the last four weeks apart from all that the model has learned on (``mlmodels.policies.novelty.NAMES``).
UNLIKE = {
    "load_unevenness": gettext_lazy("how the load is spread over the days"),
    "hard_unevenness": gettext_lazy("how the hard work is spread over the days"),
    "plan_of_usual": gettext_lazy("how much is planned against what is usually done"),
    "day_off_share": gettext_lazy("how many days were off"),
    "logged_share": gettext_lazy("how many days were reported"),
    "sick_share": gettext_lazy("how many days were spent ill or injured"),
    "hrv_share": gettext_lazy("how often HRV was measured"),
    "hrv_scatter": gettext_lazy("how much the HRV moves from day to day"),
    "sleep_share": gettext_lazy("how often the sleep was recorded"),
    "sleep_scatter": gettext_lazy("how much the sleep moves from night to night"),
    "chronic_of_usual": gettext_lazy("how far the load is from the usual"),
    "high_of_usual": gettext_lazy("how far the hard work is from the usual"),
    "low_of_usual": gettext_lazy("how far the easy work is from the usual"),
}
SIGNS = {
    "hrv": Sentence(gettext_lazy("HRV far below your usual"), gettext_lazy("HRV far below the usual")),
    "night": same(gettext_lazy("a very short night")),
    "resting_hr": same(gettext_lazy("a high resting heart rate")),
    "journey": same(gettext_lazy("a long journey")),
    "answers": Sentence(gettext_lazy("how you feel"), gettext_lazy("the answers of this morning")),
}

# For a coach who may not see the numbers: what it is about, and no more.
LABELS = {
    "health": gettext_lazy("Health"),
    "hrv_in_range": gettext_lazy("HRV in range"),
    "hrv_above_range": gettext_lazy("HRV above range"),
    "hrv_below_range": gettext_lazy("HRV below range"),
    "hrv_coming_back": gettext_lazy("HRV coming back"),
    "hrv_low_today": gettext_lazy("HRV low today"),
    "hrv_high_today": gettext_lazy("HRV high today"),
    "hrv_doubted": gettext_lazy("HRV doubted"),
    "resting_hr_high": gettext_lazy("Resting heart rate high"),
    "illness_signs": gettext_lazy("Signs of illness"),
    "several_signs": gettext_lazy("Several signs"),
    "travel": gettext_lazy("Travel"),
    "short_sleep": gettext_lazy("Short sleep"),
    "sleep_below_usual": gettext_lazy("Sleep below usual"),
    "sleep_usual": gettext_lazy("Sleep usual"),
    "wellness": gettext_lazy("How the athlete feels"),
    "wellness_low": gettext_lazy("The athlete feels bad"),
    "wellness_worst": gettext_lazy("The athlete feels worst"),
    "red_flag": gettext_lazy("Warning sign"),
    "note_asks": gettext_lazy("A question about the note"),
    "warning_sign_cleared": gettext_lazy("Warning sign looked at"),
    "illness": gettext_lazy("Illness"),
    "ill_yesterday": gettext_lazy("Ill yesterday"),
    "return_from_illness": gettext_lazy("Return from illness"),
    "injury": gettext_lazy("Injury"),
    "medical_hold": gettext_lazy("Medical hold"),
    "niggle": gettext_lazy("Niggle"),
    "pain_rising": gettext_lazy("Pain rising"),
    "pain": gettext_lazy("Pain"),
    "no_clear_difference": gettext_lazy("No clear difference"),
    "load_fell_by_advice": gettext_lazy("Load fell by advice"),
    "sum_of_load": gettext_lazy("Sum of load"),
    "load_steady": gettext_lazy("Load steady"),
    "load_dropped": gettext_lazy("Load dropped"),
    "load_rose_fast": gettext_lazy("Load rose fast"),
    "load_unknown": gettext_lazy("Load unknown"),
    "load_would_rise_fast": gettext_lazy("Load would rise fast"),
    "plan_would_rise_fast": gettext_lazy("Plan would rise fast"),
    "load_little_known": gettext_lazy("Load little known"),
    "session_spike": gettext_lazy("Session much larger than usual"),
    "week_would_rise": gettext_lazy("Week would rise"),
    "week_rose_fast": gettext_lazy("Week rose fast"),
    "monotony": gettext_lazy("Monotony"),
    "return_from_layoff": gettext_lazy("Return from a layoff"),
    "under_16": gettext_lazy("Under 16"),
    "under_18": gettext_lazy("Under 18"),
    "enough_intensity": gettext_lazy("Enough intensity"),
    "after_race": gettext_lazy("After the race"),
    "race_today": gettext_lazy("Race today"),
    "before_race": gettext_lazy("Before the race"),
    "hrv_missing": gettext_lazy("HRV missing"),
    "load_missing": gettext_lazy("Load missing"),
    "sleep_missing": gettext_lazy("Sleep missing"),
    "check_in_missing": gettext_lazy("Check-in missing"),
    "model_not_used": gettext_lazy("Model not used"),
    "unlike_training": gettext_lazy("Unlike training"),
    # warnings
    "load_rising": gettext_lazy("Load rising"),
    "load_doubled": gettext_lazy("Load doubled"),
    "load_spike": gettext_lazy("Load spike"),
    "load_dropping": gettext_lazy("Load dropping"),
    "possible_illness": gettext_lazy("Possible illness"),
    "sleep_debt": gettext_lazy("Sleep debt"),
    "missing_data": gettext_lazy("Missing data"),
    "test_overdue": gettext_lazy("Test overdue"),
    "device_changed": gettext_lazy("Device changed"),
    "possible_under_recovery": gettext_lazy("Possible under-recovery"),
    "low_availability": gettext_lazy("Low availability"),
    # what a guard does
    "suspended": gettext_lazy("Suspended"),
    "load_capped": gettext_lazy("Load capped"),
    "rest": gettext_lazy("Rest"),
    "active_recovery": gettext_lazy("Active recovery"),
    "no_increase": gettext_lazy("No increase"),
    "no_intensity": gettext_lazy("No intensity"),
    "no_volume": gettext_lazy("No volume"),
    "rule_policy": gettext_lazy("Rule instead of the model"),
}


def label(code: str) -> str:
    """A code that was kept by an earlier version and is not known any more stands for itself."""
    return str(LABELS.get(code, code.replace("_", " ")))


TABLES = {"headline", "no_advice", "do", "care", "lifts", "less", "change"}
SENTENCES: dict[str, Sentence] = {
    **HEADLINES,
    **{f"no_advice.{reason}": sentence for reason, sentence in NO_ADVICE.items()},
    **DOING,
    **CARE,
    **LIFTS,
    **KNOWN_LESS,
    **CHANGES,
    **REASONS,
}
