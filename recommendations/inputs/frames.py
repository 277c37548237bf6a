"""Rows to arrays: the days of many athletes, in the order the tracker walks them. Worker only; imports numpy."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from django.db.models import OuterRef, Subquery

from athletes.days import hrv_baselines, hrv_readings
from athletes.local_days.local_time import zone_named
from athletes.models import Athlete, CheckIn, Day, SeasonDay
from athletes.reports import red_flags
from athletes.reports.red_flags import Signs
from measures import loads
from measures.actions import ACTION_CODES
from measures.ages import age_years
from measures.answers import (
    HOLD_CLINICIAN,
    HOLD_HEART,
    HOLD_NONE,
    HOLD_PREGNANCY,
    HOLD_REDS,
    ILLNESS_ABOVE_NECK,
    ILLNESS_BELOW_NECK,
    ILLNESS_FEVER,
    ILLNESS_NONE,
    ILLNESS_WARNING_SIGN,
    TIMING_FAT,
    TIMING_HAND,
    TIMING_TRIAL,
)
from measures.hrv import CONTEXTS, LOG_NUMBER, SDNN, Era, era_number
from measures.providers import NAMES
from mlmodels.state.arrays import FloatArray, IntArray
from mlmodels.state.carry import HRV_MEMORY_D
from mlmodels.state.days import Evening, Morning, Profiles
from mlmodels.state.observation import Observation
from mlmodels.state.table import STATE_VERSION
from mlmodels.state.tracker import Tracker
from recommendations.models import Advice, Feedback, Override, StateCarry
from storage import upserts
from storage.encryption import Unreadable

# Day column -> field of Morning where the number is taken as it is.
SAME = {
    "hrv_ms": "hrv_rmssd_ms",
    "resting_hr_bpm": "resting_hr_bpm",
    "fatigue_1_5": "fatigue_1_5",
    "soreness_1_5": "soreness_1_5",
    "readiness_1_5": "readiness",
    "worst_item_1_5": "worst_item_1_5",
    "hrv_doubted_ms": "hrv_doubted_ms",
    "note_asks": "note_asks",
    "planned_load_au": "planned_load_au",
    "planned_high_intensity_share": "planned_high_intensity_share",
}
COLUMNS = (*SAME, "athlete_id", "date", "hrv_era", "sleep_score", "sleep_score_basis", "sleep_duration_min", "illness",
           "injury_status", "pain_0_10", "load_au", "load_basis", "high_intensity_share", "t400_s", "t400_timing",
           "checked_in_at", "first_session_at")  # fmt: skip

ILLNESS = {
    CheckIn.Illness.NONE.value: ILLNESS_NONE,
    CheckIn.Illness.ABOVE_NECK.value: ILLNESS_ABOVE_NECK,
    CheckIn.Illness.BELOW_NECK.value: ILLNESS_BELOW_NECK,
    CheckIn.Illness.FEVER.value: ILLNESS_FEVER,
}
TIMING = {"fat": TIMING_FAT, "gates": TIMING_FAT, "hand": TIMING_HAND}
HOLD = {
    Athlete.Hold.NONE.value: HOLD_NONE,
    Athlete.Hold.CLINICIAN.value: HOLD_CLINICIAN,
    Athlete.Hold.PREGNANCY.value: HOLD_PREGNANCY,
    Athlete.Hold.HEART_DISEASE.value: HOLD_HEART,
    Athlete.Hold.RED_S.value: HOLD_REDS,
}
NOT_ILL = (None, "", CheckIn.Illness.NONE.value)
SETTLED_AFTER = timedelta(days=14)  # no flight crosses more than 12 zones
ONE_DAY = timedelta(days=1)
DayRow = dict[str, Any]
Carried = dict[int, tuple[date, bytes]]  # athlete id -> closed through, packed tracker row
NOTHING: DayRow = dict.fromkeys(COLUMNS)


@dataclass(slots=True)
class Asked:
    """An athlete whose morning needs an answer. `day` is the Day of `today`, NOTHING when there is none."""

    athlete: Athlete
    today: date
    day: DayRow

    @property
    def key(self) -> tuple[int, date]:
        return self.athlete.pk, self.today


Evenings = list[tuple[Asked, date, bytes]]  # whose, through which evening, packed tracker row


@dataclass(slots=True)
class Standing:
    """Where athletes stand: yesterday evening's tracker, this morning, and the evenings on the way worth keeping."""

    tracker: Tracker
    today: Morning
    evenings: Evenings

    @property
    def observation(self) -> Observation:
        return self.tracker.morning(self.today)


def stand(asked: Sequence[Asked], revised_from: Mapping[int, date] | None = None) -> Standing:
    """Where each athlete stands, in order. Only reads: whoever holds the athletes keeps the evenings.

    `revised_from`: athlete id -> the earliest day whose facts may have changed since it was carried on.
    """
    signs = red_flags.signs_on({a.athlete.pk: a.today for a in asked})
    tracker, evenings = walk_to_today(asked, signs, revised_from or {})
    answered = current_answers(asked)
    days = [(a, a.day | {"date": a.today} | answered.get(a.key, {})) for a in asked]
    today = join_logs(tracker, morning(fields_of(days, signs) | {"zones_to_settle": zones_to_settle(asked)}))
    turn_hrv(tracker, today, days)
    return Standing(tracker, today, evenings)


def current_answers(asked: Sequence[Asked]) -> dict[tuple[int, date], DayRow]:
    """Where this morning does not say: the newest earlier answer about an injury. It stands until then.

    One query for each local date among the asked, of which there are three at most at any moment.
    """
    silent: dict[date, list[int]] = defaultdict(list)
    for a in asked:
        if not a.day["injury_status"]:
            silent[a.today].append(a.athlete.pk)
    said: dict[tuple[int, date], DayRow] = {}
    for today, athletes in silent.items():
        earlier = Day.objects.filter(athlete=OuterRef("pk"), date__lt=today).exclude(injury_status="")
        newest = Subquery(earlier.order_by("-date").values("injury_status")[:1])
        for pk, answer in Athlete.objects.filter(pk__in=athletes).order_by().values_list("pk", newest):
            said[pk, today] = {"injury_status": answer}
    return said


def zones_to_settle(asked: Sequence[Asked]) -> FloatArray:
    """Hours by which the profile's clock was moved in the last two weeks, less one for each day since then."""
    since = min((a.today for a in asked), default=date.max) - SETTLED_AFTER if asked else date.max
    rows = Athlete.history.filter(id__in=[a.athlete.pk for a in asked]).order_by("history_date", "history_id")
    zones: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    moved = rows.filter(history_date__date__gte=since).values_list("id").distinct() if asked else ()
    for pk, at, zone in rows.filter(id__in=moved).values_list("id", "history_date", "timezone") if asked else ():
        zones[pk].append((at, zone))
    return numbers(still_to_settle(zones[a.athlete.pk], a.athlete.timezone, a.today) for a in asked)


def still_to_settle(past: Sequence[tuple[datetime, str]], zone_now: str, today: date) -> float:
    """A profile's first day is setting up, not travel."""
    left = 0.0
    for (_, before), (at, after) in pairwise(past):
        if before != after and at > past[0][0] + ONE_DAY:
            crossed = abs(hours_between(before, after, at))
            left = max(left, min(crossed, 24.0 - crossed) - (today - at.astimezone(zone_named(zone_now)).date()).days)
    return left


def hours_between(zone: str, other: str, at: datetime) -> float:
    first, second = (at.astimezone(zone_named(name)).utcoffset() or timedelta() for name in (zone, other))
    return (second - first).total_seconds() / 3600


def day_rows(days: dict[int, date]) -> dict[int, DayRow]:
    """One Day of each athlete, in one query."""
    rows = Day.objects.filter(athlete__in=days, date__in=set(days.values())).order_by().values(*COLUMNS)
    return {row["athlete_id"]: row for row in rows if days[row["athlete_id"]] == row["date"]}


# --- the carry: yesterday evening's memory ----------------------------------------------------------------------------


def forget_carries(revised_from: Mapping[int, date]) -> None:
    """What was carried past a revised day is wrong now."""
    by_day: dict[date, list[int]] = defaultdict(list)
    for athlete_id, day in revised_from.items():
        by_day[day].append(athlete_id)
    for day, athlete_ids in by_day.items():
        StateCarry.objects.filter(athlete__in=athlete_ids, through__gte=day).delete()


def carries(asked: Sequence[Asked], revised_from: Mapping[int, date]) -> Carried:
    """The newest packed row of this version from before today and before what was revised."""
    found: Carried = {}
    for before, athletes in by_date(asked, revised_from).items():
        of_athlete = StateCarry.objects.filter(athlete=OuterRef("athlete"), state_version=STATE_VERSION)
        newest = of_athlete.filter(through__lt=before).order_by("-through").values("pk")[:1]
        rows = StateCarry.objects.filter(athlete__in=athletes, pk=Subquery(newest))
        for athlete, through, packed in rows.values_list("athlete_id", "through", "packed"):
            found[athlete] = through, bytes(packed)
    return found


def kept_evenings(today: date) -> set[date]:
    """From where late records are reached: the last four evenings, three Sundays, and a Sunday each quarter for a year.

    The quarters' Sundays lie on a grid of their own, so that one that is kept today is kept tomorrow.
    """
    sunday = today - timedelta(days=today.isoweekday())
    quarter = sunday - timedelta(weeks=sunday.toordinal() // 7 % QUARTER_WEEKS)
    lately = {today - timedelta(days=n) for n in range(1, 5)} | {sunday - timedelta(weeks=n) for n in range(3)}
    return lately | {quarter - timedelta(weeks=QUARTER_WEEKS * n) for n in range(4)}


QUARTER_WEEKS = 13


def keep_carries(evenings: Evenings) -> None:
    rows = [
        StateCarry(athlete=a.athlete, through=evening, state_version=STATE_VERSION, packed=blob)
        for a, evening, blob in evenings
    ]
    upserts.upsert_many(rows, unique=("athlete_id", "through"))
    for today, athletes in by_date([a for a, _, _ in evenings]).items():
        passed = StateCarry.objects.filter(athlete__in=athletes, through__lt=today)
        passed.exclude(through__in=kept_evenings(today)).delete()


def by_date(asked: Iterable[Asked], revised_from: Mapping[int, date] | None = None) -> dict[date, set[int]]:
    """Local date, or an earlier one that was revised -> athletes: three dates at most at any moment, mostly one."""
    found: dict[date, set[int]] = defaultdict(set)
    for a in asked:
        found[min(a.today, (revised_from or {}).get(a.athlete.pk, a.today))].add(a.athlete.pk)
    return found


def walk_to_today(asked: Sequence[Asked], signs: Signs, revised_from: Mapping[int, date]) -> tuple[Tracker, Evenings]:
    """Close every day up to yesterday. All athletes take their n-th step together; who has arrived is packed away."""
    profiles, carried = profiles_of(asked), carries(asked, revised_from)
    blobs = starting_blobs(asked, profiles, carried)
    history = days_to_close(asked, carried)
    steps = np.array([len(days) for days in history])
    moving = np.flatnonzero(steps)
    evenings: Evenings = []
    if not len(moving):
        return Tracker.unpack(blobs, profiles), evenings
    offsets = np.cumsum(steps) - steps
    every = [(a, row) for a, days in zip(asked, history, strict=True) for row in days]
    flat = fields_of(every, signs)
    flat |= evening_fields_of(asked, history)
    kept = {today: kept_evenings(today) for today in by_date(asked)}
    on_the_way = flags(row["date"] in kept[a.today] for a, row in every) > 0
    tracker = Tracker.unpack([blobs[i] for i in moving], profiles.select(moving))
    for step in range(int(steps.max())):
        at = offsets[moving] + step
        today = {name: values[at] for name, values in flat.items()}
        this_morning = join_logs(tracker, morning(today))
        turn_hrv(tracker, this_morning, every, at)
        tracker.evening(this_morning, evening(today))
        arrived = steps[moving] == step + 1
        packing = arrived | on_the_way[at]
        if packing.any():
            for i, place, blob in zip(moving[packing], at[packing], tracker.select(packing).pack(), strict=True):
                blobs[i] = blob  # the last one is where the athlete stands
                if on_the_way[place]:
                    evenings.append((asked[i], every[place][1]["date"], blob))
            tracker, moving = tracker.select(~arrived), moving[~arrived]
    return Tracker.unpack(blobs, profiles), evenings


def starting_blobs(asked: Sequence[Asked], profiles: Profiles, carried: Carried) -> list[bytes]:
    fresh = Tracker(len(asked), profiles).pack()
    return [carried.get(a.athlete.pk, (None, new))[1] for a, new in zip(asked, fresh, strict=True)]


def days_to_close(asked: Sequence[Asked], carried: Carried) -> list[list[DayRow]]:
    """Per athlete every date from the end of the carry (or the first day ever) to yesterday, unreported ones too."""
    behind = {a.athlete.pk: carried[a.athlete.pk][0] for a in asked if closed_before_yesterday(a, carried)}
    fresh = [a.athlete.pk for a in asked if a.athlete.pk not in carried]
    known: dict[int, dict[date, DayRow]] = defaultdict(dict)
    recent = Day.objects.filter(athlete__in=behind, date__gt=min(behind.values(), default=date.max))
    for rows in (recent, Day.objects.filter(athlete__in=fresh)):
        for row in rows.order_by().values(*COLUMNS):
            known[row["athlete_id"]][row["date"]] = row
    return [every_date(known[a.athlete.pk], first_date(a, carried, known[a.athlete.pk]), a.today) for a in asked]


def closed_before_yesterday(a: Asked, carried: Carried) -> bool:
    return a.athlete.pk in carried and carried[a.athlete.pk][0] < a.today - ONE_DAY


def first_date(a: Asked, carried: Carried, known: dict[date, DayRow]) -> date:
    if a.athlete.pk in carried:
        return carried[a.athlete.pk][0] + ONE_DAY
    return min(known, default=a.today)


def every_date(known: dict[date, DayRow], start: date, today: date) -> list[DayRow]:
    dates = [start + timedelta(days=n) for n in range((today - start).days)]
    return [known.get(day) or NOTHING | {"date": day} for day in dates]


# --- another HRV era --------------------------------------------------------------------------------------------------


def join_logs(tracker: Tracker, today: Morning) -> Morning:
    """A season log holds rMSSD and names no device: it joins the rMSSD era there is, and never one of SDNN.

    The first rMSSD era after a log goes on with it, as one era.
    """
    after_log = (tracker.hrv_era == LOG_NUMBER) & (today.hrv_era > 0)
    if after_log.any():
        np.copyto(tracker.hrv_era, today.hrv_era, where=after_log & ~np.isin(today.hrv_era, SDNN_ERAS))
    logged = (today.hrv_era == 0) & (today.hrv_rmssd_ms > 0)
    if not logged.any():
        return today
    first, never = logged & (tracker.hrv_era == 0), logged & np.isin(tracker.hrv_era, SDNN_ERAS)
    return replace(
        today,
        hrv_era=np.where(first, LOG_NUMBER, today.hrv_era),
        hrv_rmssd_ms=np.where(never, np.nan, today.hrv_rmssd_ms),
    )


def turn_hrv(
    tracker: Tracker, today: Morning, days: Sequence[tuple[Asked, DayRow]], at: IntArray | None = None
) -> None:
    """Where HRV comes from another era from today on: go on with what that era read before, chosen then or not.

    `days[at[i]]`, or `days[i]`, is the day of the tracker's i-th athlete. One query for each local date.
    """
    turned = np.flatnonzero(tracker.hrv_turns(today))
    if not len(turned):
        return
    places: dict[date, dict[int, int]] = defaultdict(dict)  # local date -> athlete -> place in `turned`
    names = []
    for place, i in enumerate(turned if at is None else at[turned]):
        asked, row = days[int(i)]
        places[row["date"]][asked.athlete.pk] = place
        names.append(row["hrv_era"])
    past_ms = np.full((HRV_MEMORY_D, len(turned)), np.nan)
    for day, of_day in places.items():
        first = hrv_baselines.before(day, timedelta(days=HRV_MEMORY_D))
        for athlete_id, before, era, value_ms in hrv_readings.between(of_day, first, day - ONE_DAY):
            place = of_day[athlete_id]
            if era == names[place]:
                past_ms[(day - before).days - 1, place] = value_ms
    tracker.turn_hrv(turned, today.hrv_era[turned], past_ms)


# --- columns ----------------------------------------------------------------------------------------------------------


def fields_of(days: Sequence[tuple[Asked, DayRow]], signs: Signs) -> dict[str, FloatArray]:
    """Flat arrays named like the fields of Morning, one value a (athlete, day).

    A warning sign counts as an illness up to the day it was cleared, so that the return goes in steps. An answer about
    illness that no key opens any more counts as one: nobody can say that it was none.
    """
    rows = [row for _, row in days]
    illness = np.nan_to_num(numbers(ILLNESS.get(row["illness"]) for row in rows))
    ails = flags(signs.ails(a.athlete.pk, row["date"]) for a, row in days)
    ill = flags(row["illness"] not in NOT_ILL for row in rows)  # "unspecified" comes from season logs
    return {field: numbers(row[column] for row in rows) for column, field in SAME.items()} | {
        "hrv_era": np.array([era_number(row["hrv_era"]) for row in rows], dtype=np.float64),
        "pain_0_10": numbers(readable(row["pain_0_10"]) for row in rows),
        "sleep_score": numbers(vendor_score(row) for row in rows),
        "sleep_h": numbers(row["sleep_duration_min"] for row in rows) / 60.0,
        "illness": np.where((ails > 0) & (illness < ILLNESS_BELOW_NECK), ILLNESS_WARNING_SIGN, illness),
        "ill": np.maximum(ill, ails),
        "injured": flags(row["injury_status"] == CheckIn.Injury.OPEN.value for row in rows),
        "niggle": flags(row["injury_status"] == CheckIn.Injury.NIGGLE.value for row in rows),
        "red_flag": flags(signs.is_open(a.athlete.pk, row["date"]) for a, row in days),
        "weekday": np.array([row["date"].weekday() for row in rows], dtype=np.float64),
        "days_to_main_race": numbers(days_to_race(a.athlete, row["date"]) for a, row in days),
    }


def evening_fields_of(asked: Sequence[Asked], history: Sequence[list[DayRow]]) -> dict[str, FloatArray]:
    rows = [row for days in history for row in days]
    first = min((row["date"] for row in rows), default=date.max)
    taken = actions_taken([a for a, days in zip(asked, history, strict=True) if days], first)
    keys = [(a.athlete.pk, row["date"]) for a, days in zip(asked, history, strict=True) for row in days]
    return {
        "load_au": numbers(row["load_au"] for row in rows),
        "load_assumed": flags(row["load_basis"] == loads.PLAN for row in rows),
        "high_intensity_share": numbers(row["high_intensity_share"] for row in rows),
        "t400_s": numbers(row["t400_s"] for row in rows),
        "timing": np.array([TIMING.get(row["t400_timing"] or "", TIMING_TRIAL) for row in rows], dtype=np.float64),
        "action_taken": np.array([taken.get(key, -1) for key in keys], dtype=np.float64),
    }


EVENING = ("load_au", "load_assumed", "high_intensity_share", "t400_s", "timing", "action_taken")


def morning(columns: dict[str, FloatArray]) -> Morning:
    return Morning.of(len(columns["weekday"]), **{k: v for k, v in columns.items() if k not in EVENING})


def evening(columns: dict[str, FloatArray]) -> Evening:
    return Evening.of(len(columns["weekday"]), **{name: columns[name] for name in EVENING})


def actions_taken(asked: Sequence[Asked], first: date) -> dict[tuple[int, date], int]:
    """What was advised from `first` on and not declined; the coach's newest override counts for more than the advice.

    Of days before the athlete's records came here, what a season log says of it.
    """
    athletes = [a.athlete.pk for a in asked]
    logged = SeasonDay.objects.filter(athlete__in=athletes, date__gte=first, advised__isnull=False).order_by()
    before = {(pk, day): int(code or 0) for pk, day, code in logged.values_list("athlete_id", "date", "advised")}
    shown = Advice.objects.filter(athlete__in=athletes, date__gte=first, current=True).exclude(action="").order_by()
    taken = {(pk, day): action for pk, day, action in shown.values_list("athlete_id", "date", "action")}
    of_advice = {"advice__athlete__in": athletes, "advice__date__gte": first}
    overrides = Override.objects.filter(**of_advice).order_by("created_at", "pk")
    for pk, day, action in overrides.values_list("advice__athlete_id", "advice__date", "action"):
        taken[pk, day] = action
    declined = Feedback.objects.filter(**of_advice, followed=Feedback.Followed.NO)
    for key in declined.values_list("advice__athlete_id", "advice__date"):
        taken.pop(key, None)
        before.pop(key, None)
    return before | {key: ACTION_CODES.index(AS_ACTION.get(action, action)) for key, action in taken.items()}


AS_ACTION = {"rest": "active_recovery", "own": "as_planned"}  # what a coach orders beside the four actions, as one


def profiles_of(asked: Sequence[Asked]) -> Profiles:
    return Profiles.of(
        len(asked),
        seed_load_au=numbers(usual_daily_load_au(a.athlete) for a in asked),
        age_years=numbers(age_years(a.athlete.birth_date, a.today) for a in asked),
        advice_hold=np.array([HOLD.get(a.athlete.hold, HOLD_CLINICIAN) for a in asked], dtype=np.float64),
    )


def vendor_score(row: DayRow) -> float | None:
    """A score the day derived from hours is left to the tracker, which never mixes the two in one baseline."""
    return None if row["sleep_score_basis"] == "derived" else row["sleep_score"]


def usual_daily_load_au(athlete: Athlete) -> float | None:
    week = (athlete.usual_sessions_per_week, athlete.usual_session_min, athlete.usual_session_rpe)
    if any(value is None for value in week):
        return None
    return float(np.prod([float(value or 0) for value in week])) / 7.0


def days_to_race(athlete: Athlete, day: date) -> int | None:
    return (athlete.main_race_on - day).days if athlete.main_race_on else None


SDNN_ERAS = np.array([era_number(str(Era(SDNN, p, c))) for p in NAMES for c in CONTEXTS])


def readable(value: float | None) -> float | None:
    return None if isinstance(value, Unreadable) else value


def numbers(values: Iterable[float | None]) -> FloatArray:
    return np.array(list(values), dtype=np.float64)


def flags(values: Iterable[bool]) -> FloatArray:
    return np.array(list(values), dtype=np.float64)
