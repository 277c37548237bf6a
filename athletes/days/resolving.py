"""Which night, which source, which value counts for a local date, and why.

One file: one a signal made a check-in's way through the code half as long again.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from athletes import one_writer
from athletes.days import hrv_choice, hrv_readings, hrv_times, reported
from athletes.days.hrv_choice import Choice
from athletes.days.hrv_readings import EraRead
from athletes.days.hrv_times import Sleep, Taken
from athletes.days.priorities import order_on
from athletes.days.reported import Row
from athletes.local_days import nights
from athletes.local_days.local_time import local_today
from athletes.local_days.spans import Span, are_one
from athletes.models import Athlete, CheckIn, Day
from measures import loads, wellness
from measures.ages import is_under_18
from measures.hrv import BY_HAND, Era
from measures.intensity import share_of
from measures.providers import RANK
from storage import upserts

__all__ = ["Reports", "local_today", "read_reports", "resolve", "resolve_days"]

Reports = dict[str, list[Row]]  # kind -> what was reported for one day

TIMINGS = ("fat", "gates", "hand", "app", "trial", "")
BY_LOG = "season"  # who planned, where a season log says what was planned
SEASON_LOG = {"kind": "season_day", "provider": "season_log"}
MOST_LOAD_AU = 12_000.0
BY_DAY = "by_day"  # why a reading of HRV does not count
REPORTED = "reported"  # the basis of a day's load that is rated throughout, a rest day, or a log's
NOTE, NOTE_ASKS, NOTE_ANSWERED = "note", "asks", "answered"  # in a check-in's quality: words of a warning sign


class Resolved(NamedTuple):
    """Every column of a Day but its key and revised_at, and what each HRV era read."""

    columns: Row
    of_eras: dict[str, EraRead]


@dataclass
class Candidate:
    """One value somebody reported for a signal. The lowest rank counts; `unfit` says why it must not, `beaten` why it
    does not where another one counts."""

    value: float
    source: dict[str, Any]
    rank: tuple[Any, ...]
    unfit: str = ""
    beaten: str = "lower_priority"
    also: dict[str, Any] = field(default_factory=dict)


def choose(candidates: list[Candidate], unit: str) -> tuple[Candidate | None, Row]:
    """The one that counts, and the record of the choice."""
    ranked = sorted(candidates, key=lambda c: c.rank)
    chosen = next((c for c in ranked if not c.unfit), None)
    entry: Row = {
        "value": chosen and chosen.value,
        "unit": unit,
        "source": chosen and chosen.source,
        "rejected": [
            {
                "value": c.value,
                "source": c.source,
                "why": c.unfit or (c.beaten if chosen else ""),
                **{name: c.also[name] for name in ("era",) if name in c.also},
            }
            for c in ranked
            if c is not chosen
        ],
    }
    if chosen:
        entry |= chosen.also
    return chosen, entry


def resolve_days(
    athlete: Athlete, dates: Iterable[date], *, now: datetime | None = None, eras_again: bool = False
) -> set[date]:
    """Resolve these days again from all that was reported, and others that stand on another HRV era now.

    Returns the dates whose Day changed. `eras_again`: not only what was read has changed, but what decides.
    """
    wanted = sorted(set(dates))
    if not wanted:
        return set()
    with transaction.atomic():
        one_writer.lock_athlete(athlete.pk)
        before, reports = stored_and_reported(athlete, wanted)
        read = {day: eras_read(athlete, day, reports[day]) for day in wanted}
        known = hrv_readings.believed(athlete.pk, *span(wanted))
        moved = [day for day in wanted if eras_again or read[day] != known.get(day, frozenset())]
        # Of the moved days alone: a day beyond their windows would be chosen without the days before it.
        moved_read = {day: read[day] for day in moved}
        choices = {day: choice_of(before.get(day)) for day in wanted} | hrv_choice.choices(athlete, moved, moved_read)
        if others := sorted(choices.keys() - reports.keys()):
            more_before, more_reports = stored_and_reported(athlete, others)
            before, reports = more_before | before, more_reports | reports
        changed = {}
        for day, choice in sorted(choices.items()):
            resolved = resolve(athlete, day, reports[day], choice)
            if differs(resolved, before.get(day)):
                changed[day] = resolved
        store(athlete, changed, now or timezone.now())
    return {*changed}


def store(
    athlete: Athlete, resolved: Mapping[date, Resolved], now: datetime, numbered_first: Sequence[CheckIn] = ()
) -> list[Day]:
    """In the caller's transaction, which holds the athlete's lock. `numbered_first` gets its place before the days."""
    days = [Day(athlete_id=athlete.pk, date=on, revised_at=now, **day.columns) for on, day in resolved.items()]
    one_writer.number([*numbered_first, *days])
    upserts.upsert_many(days, unique=("athlete_id", "date"))
    hrv_readings.replace(athlete.pk, {on: day.of_eras for on, day in resolved.items()})
    return days


def differs(resolved: Resolved, before: Day | None) -> bool:
    """What the eras read is told by the provenance, too: where they differ, that does."""
    return before is None or any(getattr(before, name) != value for name, value in resolved.columns.items())


def choices_with(athlete: Athlete, on: date, reports: Reports, check_in_before: Row | None) -> dict[date, Choice]:
    """The choice of this date with `reports` that are not written yet, and of later ones that change with it."""
    read = eras_read(athlete, on, reports)
    if not read and (check_in_before is None or check_in_before["hrv_value_ms"] is None):
        return {on: hrv_choice.NONE}
    return hrv_choice.choices(athlete, [on], {on: read})


def stored_and_reported(athlete: Athlete, dates: list[date]) -> tuple[dict[date, Day], defaultdict[date, Reports]]:
    reports = read_reports(athlete.pk, *span(dates))
    for day in dates:
        reports[day]  # a date of which nothing is reported is a date too
    return {day.date: day for day in Day.objects.filter(athlete=athlete, date__range=span(dates))}, reports


def span(dates: list[date]) -> tuple[date, date]:
    return dates[0], dates[-1]


def read_reports(athlete_id: int, first: date, last: date) -> defaultdict[date, Reports]:
    reports: defaultdict[date, Reports] = defaultdict(lambda: defaultdict(list))
    for kind, day, row in reported.between(athlete_id, first, last):
        reports[day][kind].append(row)
    return reports


def resolve(athlete: Athlete, day: date, reports: Reports, choice: Choice) -> Resolved:
    """The day: a function of what was reported, and of nothing else.

    `choice`: the HRV era the day stands on, which what was read on the days before decides (`hrv_choice`).
    """
    season = next(iter(reports.get("season_day", ())), None)
    check_in = next(iter(reports.get("check_in", ())), None)
    provenance: Row = {}
    read = hrv_candidates(athlete, day, reports, check_in, choice) + (logged_hrv(season, choice) if season else [])
    columns: Row = {
        **hrv_of(read, season, choice, provenance),
        **sleep_of(athlete, day, reports, check_in, season, provenance),
        **wellness_of(check_in, season, provenance),
        **resting_hr_of(athlete, day, reports, check_in, season, choice, provenance),
        **load_of(athlete, day, reports, season, provenance),
        **test_of(athlete, reports, season, provenance),
        **plan_of(reports, season, provenance),
    }
    return Resolved({**columns, "provenance": provenance}, of_eras(read))


# --- HRV -------------------------------------------------------------------------------------------------------------


def hrv_of(candidates: list[Candidate], season: Row | None, choice: Choice, provenance: Row) -> Row:
    doubted_in_log = None
    if season and not choice.era:
        era, doubted_in_log = season["hrv_era"], season["hrv_doubted_ms"]
    else:
        era = choice.era
    if not candidates:
        return {"hrv_ms": None, "hrv_era": era, "hrv_because": choice.because, "hrv_doubted_ms": doubted_in_log}
    chosen, provenance["hrv"] = choose(candidates, "ms")
    if choice.era:
        provenance["hrv"] |= {"era": choice.era, "because": choice.because}
    doubted = None if chosen else doubted_of(candidates, choice)
    doubted = doubted_in_log if doubted is None and not chosen else doubted
    return {
        "hrv_ms": chosen and chosen.value,
        "hrv_era": era,
        "hrv_because": choice.because,
        "hrv_doubted_ms": doubted,
    }


def of_eras(candidates: list[Candidate]) -> dict[str, EraRead]:
    """Of each era the reading that counts in it: what is believed before what is in doubt, then by rank."""
    found: dict[str, EraRead] = {}
    for c in sorted(candidates, key=lambda c: (c.unfit == "quarantined", c.rank)):
        if c.also["era"] and c.unfit != BY_DAY:
            read = EraRead(c.value, doubted=c.unfit == "quarantined", logged=c.source == SEASON_LOG)
            found.setdefault(c.also["era"], read)
    return found


def logged_hrv(season: Row, choice: Choice) -> list[Candidate]:
    """A log's own value, and what it says was read in which era: all of it counts only where no device says better."""
    found = []
    if season["hrv_rmssd_ms"] is not None and not season["hrv_era"]:
        # A log that does not name the device: no era of its own, so it joins whichever baseline there is.
        unfit = "lower_priority" if choice.era else ""
        found.append(Candidate(season["hrv_rmssd_ms"], SEASON_LOG, (2, 0, 0, ""), unfit, also={"era": ""}))
    for place, (era, value) in enumerate(readings_of(season["hrv_readings"]).items()):
        unfit = "lower_priority" if choice.era else "" if era == season["hrv_era"] else "other_era"
        found.append(Candidate(value, SEASON_LOG, (2, place, 0, era), unfit, also={"era": era}))
    return found


def readings_of(text: str) -> dict[str, float]:
    """`rmssd/garmin/overnight_mean=61.5 sdnn/apple/spot=48.0`, as a log writes it."""
    pairs = (pair.partition("=") for pair in text.split())
    return {era: float(value) for era, _, value in pairs}


def doubted_of(candidates: list[Candidate], choice: Choice) -> float | None:
    """The newest reading in doubt of the era that counts; of any, where nothing was believed that would choose one."""
    doubted = [c for c in candidates if c.unfit == "quarantined" and choice.era in ("", c.also["era"])]
    return min(doubted, key=lambda candidate: candidate.rank).value if doubted else None


def hrv_candidates(
    athlete: Athlete, day: date, reports: Reports, check_in: Row | None, choice: Choice
) -> list[Candidate]:
    """What is read in the era of the choice may count, the night's first, then the last reading; other eras' do not."""
    rows = [
        (era_of(r), r["value_ms"], when, r["measured_at"], source_of("hrv_reading", r), unfit)
        for r, when, unfit in timed_readings(athlete, day, reports)
    ]
    if check_in and check_in["hrv_value_ms"] is not None:
        source, unfit = source_of("check_in", check_in), unfit_in(check_in, "hrv")
        said = check_in["hrv_value_ms"], Taken.AS_MEANT, check_in["submitted_at"]
        rows.append((era_said(check_in), *said, source, unfit))
    return [
        Candidate(
            value,
            source,
            (era != choice.era, when, -at.timestamp(), value, era),
            unfit or ("" if era == choice.era else "other_era"),
            beaten=BY_DAY if when is Taken.BY_DAY else "lower_priority",
            also={"era": era},
        )
        for era, value, when, at, source, unfit in rows
    ]


def timed_readings(athlete: Athlete, day: date, reports: Reports) -> list[tuple[Row, Taken, str]]:
    """Devices' readings of the day, with the time of day they are of, and why they cannot count."""
    readings = reports.get("hrv_reading", ())
    sleep = sleep_known(athlete, day, reports.get("sleep_session", ())) if readings else Sleep(None, (), ())
    timed = [(r, hrv_times.taken(r, sleep, athlete.timezone)) for r in readings]
    return [(r, when, unfit_of(r) or (BY_DAY if hrv_times.is_unfit(r, when, sleep) else "")) for r, when in timed]


def sleep_known(athlete: Athlete, day: date, sessions: Sequence[Row]) -> Sleep:
    """The night whose length counts where no one typed one in, so that HRV and sleep of a day are of one night."""
    real = [s for s in sessions if not s["is_nap"] and s["quality_status"] != "quarantined"]
    ranked = [
        (rank_of(athlete, "sleep", provider, day), night)
        for provider in {s["provider"] for s in real}
        for night in main_first(s for s in real if s["provider"] == provider)[:1]
    ]
    main = min(ranked, key=lambda pair: pair[0], default=None)
    naps = [span_of(s) for s in sessions if s["is_nap"]]
    return Sleep(main and main[1], [span_of(s) for s in real], naps)


def span_of(session: Row) -> Span:
    return session["start_at"], session["end_at"]


def main_first(sessions: Iterable[Row]) -> list[nights.Night]:
    """One source's nights of a date."""
    return sorted(nights.merge(sessions), key=lambda night: (-night.asleep_s, night.start_at))


def era_of(reading: Row) -> str:
    return str(Era(reading["metric"], reading["provider"], reading["context"]))


def era_said(check_in: Row) -> str:
    return str(Era(check_in["hrv_metric"], BY_HAND, check_in["hrv_context"]))


def eras_read(athlete: Athlete, day: date, reports: Reports) -> frozenset[str]:
    """The eras of the day with a reading that may count."""
    read = [era_of(reading) for reading, _, unfit in timed_readings(athlete, day, reports) if not unfit]
    said = [c for c in reports.get("check_in", ()) if c["hrv_value_ms"] is not None and not unfit_in(c, "hrv")]
    return frozenset([*read, *map(era_said, said)])


def choice_of(day: Day | None) -> Choice:
    """Without a reason the era is a season log's word, and no choice."""
    return Choice(day.hrv_era, day.hrv_because) if day and day.hrv_because else hrv_choice.NONE


# --- sleep -----------------------------------------------------------------------------------------------------------


def sleep_of(
    athlete: Athlete, day: date, reports: Reports, check_in: Row | None, season: Row | None, provenance: Row
) -> Row:
    durations, scores = sleep_candidates(athlete, day, reports, check_in, season)
    duration, score = None, None
    if durations:
        duration, provenance["sleep_duration"] = choose(durations, "min")
    if scores:
        score, provenance["sleep_score"] = choose(scores, "0-100")
    basis = score.source["provider"] if score else ""
    value = score and score.value
    if score is None and duration is not None:
        value, basis = derived_score(athlete, day, duration.value, check_in), "derived"
        provenance["sleep_score"] = {
            "value": value,
            "unit": "0-100",
            "source": {"kind": "derived", "provider": "derived"},
            "rejected": provenance.get("sleep_score", {}).get("rejected", []),
            "derived_from": duration.source,
        }
    return {
        "sleep_duration_min": duration and duration.value,
        "sleep_score": value,
        "sleep_score_basis": basis,
    }


def sleep_candidates(
    athlete: Athlete, day: date, reports: Reports, check_in: Row | None, season: Row | None
) -> tuple[list[Candidate], list[Candidate]]:
    durations, scores = [], []
    for candidate, score in night_candidates(athlete, day, reports.get("sleep_session", ())):
        durations.append(candidate)
        if score is not None:
            scores.append(Candidate(score, candidate.source, candidate.rank, candidate.unfit))
    if check_in and check_in["sleep_duration_min"] is not None:
        source = source_of("check_in", check_in)
        rank = (rank_of(athlete, "sleep", "manual", day), 0, "")
        durations.append(Candidate(float(check_in["sleep_duration_min"]), source, rank, unfit_in(check_in, "sleep")))
    if season:
        rank = (rank_of(athlete, "sleep", "season_log", day), 0, "")
        if season["sleep_h"] is not None:
            durations.append(Candidate(minutes_of(season["sleep_h"]), SEASON_LOG, rank))
        if season["sleep_score"] is not None:
            scores.append(Candidate(season["sleep_score"], SEASON_LOG, rank, of_another_night(season, durations)))
    return durations, scores


def of_another_night(season: Row, durations: list[Candidate]) -> str:
    """A log's score is one of the log's night: it falls with the log's hours where somebody knows them better."""
    counted = min((c for c in durations if not c.unfit), key=lambda c: c.rank, default=None)
    if counted is None or season["sleep_h"] is None or abs(counted.value - season["sleep_h"] * 60) < 1.0:
        return ""
    return "other_hours"


def night_candidates(athlete: Athlete, day: date, sessions: Iterable[Row]) -> list[tuple[Candidate, float | None]]:
    """Each source's nights, the longest first; what is no night says why. With the vendor's score."""
    found = []
    by_provider: dict[str, list[Row]] = defaultdict(list)
    for session in sessions:
        if session["is_nap"] or session["quality_status"] == "quarantined":
            found.append(no_night(session, "nap" if session["is_nap"] else "quarantined"))
        else:
            by_provider[session["provider"]].append(session)
    for provider, own in by_provider.items():
        found += [no_night(session, "time_in_bed") for session in own if nights.known_asleep_s(session) is None]
        for place, night in enumerate(main_first(own)):
            source = source_of("sleep_session", night.longest)
            if len(night.fragments) > 1:
                source["merged"] = [fragment["id"] for fragment in night.fragments]
            rank = (rank_of(athlete, "sleep", provider, day), place, "")
            unfit = "" if place == 0 else "not_the_main_sleep"
            found.append((Candidate(minutes(night.asleep_s), source, rank, unfit), night.score))
            found += [no_night(inner, "replaced_by_longer") for inner in night.replaced]
    return found


def no_night(session: Row, why: str) -> tuple[Candidate, float | None]:
    source, asleep_s = source_of("sleep_session", session), nights.known_asleep_s(session)
    shown = minutes(nights.in_bed_s(session) if asleep_s is None else asleep_s)
    return Candidate(shown, source, ((10_000, 0), 0, ""), why), session["score"]


def logged_min(season: Row) -> float | None:
    return None if season["sleep_h"] is None else minutes_of(season["sleep_h"])


def minutes_of(hours: float) -> float:
    """Minutes that are these hours again when divided by 60, to the last bit where there are any."""
    exact = hours * 60
    near = (round(exact, 6), exact, math.nextafter(exact, 0.0), math.nextafter(exact, math.inf))
    return min(next((minutes for minutes in near if minutes / 60 == hours), exact), 1440.0)


def minutes(seconds: float) -> float:
    return min(seconds / 60, 1440.0)


def derived_score(athlete: Athlete, day: date, asleep_min: float, check_in: Row | None) -> float:
    quality = wellness.on_1_5(check_in["scale"], check_in["sleep_quality"]) if check_in else None
    return wellness.derived_sleep_score(
        asleep_min / 60, 3.0 if quality is None else quality, under_18=is_under_18(athlete.birth_date, day)
    )


# --- what the athlete says -------------------------------------------------------------------------------------------


WELLNESS_IN_LOG = ("fatigue_1_5", "soreness_1_5", "readiness_1_5", "worst_item_1_5", "pain_0_10")


def note_asks(said: Mapping[str, Any]) -> bool:
    return bool((said["quality"].get(NOTE) or {}).get("status") == NOTE_ASKS)


def note_answered(said: Mapping[str, Any]) -> bool:
    return bool((said["quality"].get(NOTE) or {}).get("status") == NOTE_ANSWERED)


def wellness_of(check_in: Row | None, season: Row | None, provenance: Row) -> Row:
    said: Row = check_in or dict.fromkeys(
        (*wellness.ITEMS, "pain_0_10", "submitted_at"), None
    ) | {"scale": "mclean_1_5", "illness": "", "injury_status": "", "red_flag": "", "quality": {}}  # fmt: skip
    values = {
        "wellness_score": wellness.wellness_score(said),
        "fatigue_1_5": wellness.on_1_5(said["scale"], said["fatigue"]),
        "soreness_1_5": wellness.on_1_5(said["scale"], said["muscle_soreness"]),
        "readiness_1_5": wellness.readiness_1_5(said),
        "worst_item_1_5": wellness.worst_item_1_5(said),
        "note_asks": note_asks(said) and said["red_flag"] in ("", "none"),
        "pain_0_10": said["pain_0_10"],
        "illness": said["illness"],
        "injury_status": said["injury_status"],
        "red_flag": said["red_flag"],
        "checked_in_at": said["submitted_at"],
    }
    if check_in:
        source = source_of("check_in", check_in)
        for name, unit in (("wellness_score", "0-100"), ("readiness_1_5", "1-5")):
            if values[name] is not None:
                signal = name.removesuffix("_1_5")
                provenance[signal] = {"value": values[name], "unit": unit, "source": source, "rejected": []}
    elif season:
        values |= {name: season[name] for name in WELLNESS_IN_LOG} | {"note_asks": bool(season["note_asks"])}
    if season:  # what a check-in is silent about, a log may have said: silence is no all-clear
        logged = answers_in_log(season)
        values |= {name: logged[name] for name in logged if not values[name]}
    return values


def answers_in_log(season: Row) -> Row:
    ill = {None: "", False: CheckIn.Illness.NONE.value, True: "unspecified"}[season["ill"]]
    injury = {None: "", False: CheckIn.Injury.NONE.value, True: CheckIn.Injury.OPEN.value}[season["injured"]]
    return {
        "illness": season["illness"] or ill,
        "injury_status": season["injury"] or injury,
        "red_flag": season["red_flag"],
    }


# --- resting heart rate ----------------------------------------------------------------------------------------------


def resting_hr_of(
    athlete: Athlete,
    day: date,
    reports: Reports,
    check_in: Row | None,
    season: Row | None,
    choice: Choice,
    provenance: Row,
) -> Row:
    """What the athlete typed in, unless they put a device first; else of the device that the day's HRV is of."""
    hrv_provider = Era.parse(choice.era).provider if choice.era else ""

    def rank(provider: str, at: datetime, value: float) -> tuple[Any, ...]:
        place, by_default = rank_of(athlete, "resting_hr", provider, day)
        return place, provider != "manual", provider != hrv_provider, by_default, -at.timestamp(), value

    candidates = [
        Candidate(
            r["value_bpm"],
            source_of("resting_hr_reading", r),
            rank(r["provider"], r["measured_at"], r["value_bpm"]),
            unfit_of(r),
        )
        for r in reports.get("resting_hr_reading", ())
    ]
    if check_in and check_in["resting_hr_bpm"] is not None:
        value = check_in["resting_hr_bpm"]
        typed_in = rank("manual", check_in["submitted_at"], value)
        candidates.append(Candidate(value, source_of("check_in", check_in), typed_in))
    if season and season["resting_hr_bpm"] is not None:
        candidates.append(Candidate(season["resting_hr_bpm"], SEASON_LOG, (math.inf,)))
    if not candidates:
        return {"resting_hr_bpm": None}
    chosen, provenance["resting_hr"] = choose(candidates, "bpm")
    return {"resting_hr_bpm": chosen and chosen.value}


# --- load ------------------------------------------------------------------------------------------------------------


def load_of(athlete: Athlete, day: date, reports: Reports, season: Row | None, provenance: Row) -> Row:
    counted, rejected = counted_sessions(athlete, day, reports.get("training_session", ()))
    rest = next(iter(reports.get("rest_day", ())), None)
    values: Row = {
        "load_au": None, "load_basis": "", "high_intensity_share": None, "first_session_at": None, "rest_day": False,
    }  # fmt: skip
    flags: list[str] = []
    source = None
    if counted:
        values |= sum_of(counted, flags)
        source = [source_of("training_session", session) for session in counted]
        if rest:
            flags.append("rest_day_contradicted")
            rejected.append({"value": 0.0, "source": source_of("rest_day", rest), "why": "session_reported"})
    elif rest:
        values |= {"load_au": 0.0, "load_basis": REPORTED, "rest_day": True}
        source = [source_of("rest_day", rest)]
    if season and season_has_load(season):
        logged, basis, share = load_in_log(season)
        if source is None:
            values |= {"load_au": logged, "load_basis": basis, "rest_day": bool(season["rest_day"])}
            values["high_intensity_share"] = share
            source = [SEASON_LOG]
            flags += ["load_estimated"] if basis != REPORTED else []
        else:
            rejected.append({"value": logged, "source": SEASON_LOG, "why": "lower_priority"})
    if source or rejected:
        provenance["load"] = {
            "value": values["load_au"], "unit": "AU", "source": source, "rejected": rejected, "flags": flags,
            "sessions": [told_of(session) for session in counted],
        }  # fmt: skip
    return values


def told_of(session: Row) -> Row:
    """One session of the sum: what its load stands on, and how sure it is."""
    return {
        "source": source_of("training_session", session),
        "load_au": session["load_au"],
        "basis": session["load_basis"],
        "duration_min": session["duration_min"],
        "rpe": said_rpe(session),
        "estimated_rpe": session["estimated_rpe"],
        "error_pct": session["estimate_error_pct"],
        "grounds": session["estimate_grounds"],
        "needs_confirmation": session["load_basis"] in loads.WAITING,
    }


def said_rpe(session: Row) -> Any:
    return session["rpe"] if session["rated_rpe"] is None else session["rated_rpe"]


def season_has_load(season: Row) -> bool:
    return any(season[name] is not None for name in ("load_au", "assumed_load_au")) or bool(season["rest_day"])


def load_in_log(season: Row) -> tuple[float, str, float | None]:
    """AU, what they stand on, and the share of high intensity."""
    if season["load_au"] is None and season["assumed_load_au"] is not None:
        return season["assumed_load_au"], loads.PLAN, season["assumed_high_intensity_share"]
    logged = 0.0 if season["load_au"] is None else season["load_au"]
    return logged, loads.HEART_RATE if season["load_estimated"] else REPORTED, season["high_intensity_share"]


def counted_sessions(athlete: Athlete, day: date, sessions: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Sessions that overlap by more than half of the shorter are one, told twice: RPE, then heart rate, then priority.

    `same_as` of a rejected one names the one that counts, by what every source calls its own.
    """

    def best_first(session: Row) -> tuple[Any, ...]:
        return (
            said_rpe(session) is None,
            said_rpe(session) is None and session["avg_hr_bpm"] is None,
            rank_of(athlete, "training", session["provider"], day),
            -session["duration_min"],
            -(said_rpe(session) or 0.0),
            session["client_record_id"],
        )

    counted: list[Row] = []
    rejected = []
    for session in sorted(sessions, key=best_first):
        source = source_of("training_session", session)
        same = next((other for other in counted if is_same_session(session, other)), None)
        if session["quality_status"] == "quarantined":
            rejected.append({"value": session["load_au"], "source": source, "why": "quarantined"})
        elif same:
            same_as = f"{same['provider']}/{same['client_record_id']}"
            rejected.append({"value": session["load_au"], "source": source, "why": "same_session", "same_as": same_as})
        else:
            counted.append(session)
    return sorted(counted, key=lambda s: (s["started_at"], s["id"])), rejected


def is_same_session(one: Row, other: Row) -> bool:
    spans = [(s["started_at"], s["started_at"] + timedelta(minutes=s["duration_min"])) for s in (one, other)]
    return are_one(*spans)


def sum_of(sessions: list[Row], flags: list[str]) -> Row:
    """The day's load; unknown as soon as one session has neither an RPE nor an estimate."""
    first = sessions[0]["started_at"]
    nothing = {"load_au": None, "load_basis": "", "high_intensity_share": None, "first_session_at": first}
    if any(session["load_au"] is None for session in sessions):
        flags.append("rpe_missing")
        return nothing
    bases = {session["load_basis"] for session in sessions}
    weakest = next((basis for basis in (loads.PLAN, loads.HEART_RATE) if basis in bases), REPORTED)
    if weakest != REPORTED:
        flags.append("load_estimated")
    load = sum(session["load_au"] for session in sessions)
    if load > MOST_LOAD_AU:
        flags.append("implausible_load")
        return nothing
    high = sum(s["load_au"] * share_of(s["kind"], s["high_intensity_share"]) for s in sessions)
    share = min(high / load, 1.0) if load else None
    return {"load_au": load, "load_basis": weakest, "high_intensity_share": share, "first_session_at": first}


# --- test and plan ---------------------------------------------------------------------------------------------------


def test_of(athlete: Athlete, reports: Reports, season: Row | None, provenance: Row) -> Row:
    """The best timed 400 m of the day; of equally timed ones the fastest."""
    candidates = [
        Candidate(
            test["time_s"],
            source_of("performance_test", test),
            (TIMINGS.index(test["timing"]), test["time_s"], test["id"]),
            unfit_of(test),
            also={"timing": test["timing"], "is_race": test["is_race"]},
        )
        for test in reports.get("performance_test", ())
        if test["event"] == "400m"
    ]
    if season and season["t400_s"] is not None:
        rank = (len(TIMINGS), season["t400_s"], "")
        candidates.append(Candidate(season["t400_s"], SEASON_LOG, rank, also={"timing": season["timing"]}))
    if not candidates:
        return {"t400_s": None, "t400_timing": ""}
    chosen, provenance["t400"] = choose(candidates, "s")
    return {"t400_s": chosen and chosen.value, "t400_timing": chosen.also["timing"] if chosen else ""}


def plan_of(reports: Reports, season: Row | None, provenance: Row) -> Row:
    plan = next(iter(reports.get("planned_session", ())), None)
    author = plan["author"] if plan else ""
    if plan is None:
        if season is None or season["planned_load_au"] is None:
            return {"planned_load_au": None, "planned_high_intensity_share": None, "planned_by": ""}
        share = season["planned_high_intensity_share"]
        plan, author = {"load_au": season["planned_load_au"], "high_intensity_share": share}, BY_LOG
    source = {"kind": "plan", "provider": author}
    provenance["planned_load"] = {"value": plan["load_au"], "unit": "AU", "source": source, "rejected": []}
    return {
        "planned_load_au": plan["load_au"],
        "planned_high_intensity_share": plan["high_intensity_share"],
        "planned_by": author,
    }


# --- where a value comes from ----------------------------------------------------------------------------------------


def source_of(kind: str, row: Row) -> Row:
    return {"kind": kind, "provider": row.get("provider", "manual"), "id": row["id"]}


def unfit_of(record: Row) -> str:
    return "quarantined" if record["quality_status"] == "quarantined" else ""


def unfit_in(check_in: Row, signal: str) -> str:
    status = check_in["quality"].get(signal, {}).get("status")
    return "quarantined" if status == "quarantined" else ""


def rank_of(athlete: Athlete, kind: str, provider: str, day: date) -> tuple[int, int]:
    """The place the athlete gave this source on this day; all those not named come after, in the order of `RANK`."""
    own = order_on(athlete, kind, day)
    return own.index(provider) if provider in own else len(own), RANK[provider]
