"""Warning signs: raised by a check-in, and cleared only by a coach with the permission or by a dated statement.

What a check-in answers later (none), a change of it, or its deletion closes nothing: the athlete may not feel what a
blow to the head has done.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from athletes import one_writer
from athletes.local_days.local_time import local_instant, local_today
from athletes.models import Athlete, CheckIn, Day, RedFlag, User
from athletes.people.access import athletes_visible_to
from athletes.reports.records import Refused
from athletes.signals import day_revised

CLEAR = "athletes.clear_redflag"
NO_FLAG = ("", CheckIn.RedFlag.NONE.value)
OPEN, CLEARED = "open", "cleared"
ALREADY_CLEARED = "already_cleared"


class MayNotClear(Exception):
    """Neither the athlete herself, nor somebody who sees her and holds the permission."""


# --- raising ----------------------------------------------------------------------------------------------------------


def raise_if_reported(athlete: Athlete, kind: str, on: date, now: datetime, *, before: str = "") -> None:
    """In the transaction of the check-in of `on`, which answered `before` until now. It holds the athlete's lock: so
    there is one open sign of a kind, and no database can look into the kinds.

    The same answer of the same check-in sent again is no new report: it would undo a clearing with every late value.
    """
    if kind in NO_FLAG or kind == before:
        return
    still_open = RedFlag.objects.filter(athlete=athlete, cleared_at=None)
    flag = next((flag for flag in still_open if flag.kind == kind), None)
    if flag is None:
        RedFlag.objects.create(athlete=athlete, kind=kind, raised_on=on, raised_at=now)
    elif on < flag.raised_on:
        flag.raised_on = on
        flag.save(update_fields=["raised_on"])


def raise_if_unheard(athlete: Athlete, kind: str, on: date, now: datetime) -> bool:
    """Of answers that came too late to be the day's. Where this sign is known on that date, they came again."""
    known = RedFlag.objects.filter(athlete=athlete)
    if kind in NO_FLAG or any(flag.kind == kind and state_on(flag, on) for flag in known):
        return False
    raise_if_reported(athlete, kind, on, now)
    return True


def raise_from_log(athlete: Athlete, said: Mapping[date, str]) -> None:
    """What a season log tells, by date: a sign opens where it first stands, and ends on the date that says none.

    Nothing that is known here is touched: a log clears no sign that a check-in raised.
    """
    known = list(RedFlag.objects.filter(athlete=athlete))
    opened: dict[str, RedFlag] = {}
    for on, kind in sorted(said.items()):
        if kind == CheckIn.RedFlag.NONE.value:
            for flag in opened.values():
                flag.cleared_on, flag.cleared_at, flag.note = on, noon_of(athlete, on), "as a season log says"
            opened = {}
        elif kind and kind not in opened and not any(f.kind == kind and state_on(f, on) for f in known):
            opened[kind] = RedFlag(athlete=athlete, kind=kind, raised_on=on, raised_at=noon_of(athlete, on))
            known.append(opened[kind])
    for kind, flag in list(opened.items()):
        if there := next((f for f in known if f.kind == kind and f is not flag and f.cleared_on is None), None):
            known.remove(flag)  # it was open before the check-in that raised the one that is known
            RedFlag.objects.filter(pk=there.pk).update(raised_on=min(flag.raised_on, there.raised_on))
    RedFlag.objects.bulk_create([flag for flag in known if flag._state.adding])


def noon_of(athlete: Athlete, on: date) -> datetime:
    return local_instant(athlete.timezone, on, time(12))


def said_on(flags: Collection[RedFlag], on: date, answered: str) -> str:
    """For a season log: the sign that stands, "none" on the day it was cleared, else what was answered."""
    states = {state_on(flag, on): flag.kind for flag in flags}
    return states.get(OPEN) or (CheckIn.RedFlag.NONE.value if CLEARED in states else answered)


# --- clearing ---------------------------------------------------------------------------------------------------------


def may_clear(flag: RedFlag, user: User) -> bool:
    if flag.athlete.user_id == user.pk:
        return True
    return user.has_perm(CLEAR) and athletes_visible_to(user).filter(pk=flag.athlete_id).exists()


def clear(
    flag: RedFlag, *, by: User, now: datetime | None = None, seen_by_doctor_on: date | None = None, note: str = ""
) -> RedFlag:
    """From here on the way back goes in steps: today counts as a day of illness, and its advice is given again."""
    now = now or timezone.now()
    if not may_clear(flag, by):
        raise MayNotClear
    with transaction.atomic():
        one_writer.lock_athlete(flag.athlete_id)
        flag.refresh_from_db()
        if flag.cleared_at is not None:
            raise Refused(ALREADY_CLEARED, _("This warning sign has been cleared."))
        today = local_today(flag.athlete, now)
        check_statement(flag, by, seen_by_doctor_on, today)
        flag.cleared_at, flag.cleared_on, flag.cleared_by = now, max(today, flag.raised_on), by
        flag.seen_by_doctor_on, flag.note = seen_by_doctor_on, note
        flag.save()
        day_revised.send(sender=Day, athlete_id=flag.athlete_id, dates={today}, rings=True)
    return flag


def check_statement(flag: RedFlag, by: User, seen_on: date | None, today: date) -> None:
    where = "seen_by_doctor_on"
    if seen_on is None:
        if flag.athlete.user_id == by.pk:
            raise Refused("statement_needed", _("Say on which day a doctor has looked at it."), where)
    elif seen_on > today:
        raise Refused("date_in_future", _("This day has not begun where the athlete is."), where)
    elif seen_on < flag.raised_on:
        raise Refused("date_before_flag", _("The doctor must have seen it after it was reported."), where)


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signs:
    """What stood on which date. A date counts as open from the report on, up to the day before the clearing."""

    spans: Mapping[int, Collection[tuple[date, date | None]]]  # athlete id -> (raised on, cleared on)

    def is_open(self, athlete_id: int, on: date) -> bool:
        return any(start <= on and (end is None or on < end) for start, end in self.spans.get(athlete_id, ()))

    def ails(self, athlete_id: int, on: date) -> bool:
        """Open, or cleared on this very day."""
        return any(start <= on and (end is None or on <= end) for start, end in self.spans.get(athlete_id, ()))


def signs_on(todays: Mapping[int, date]) -> Signs:
    """Every date of these athletes up to their today, in one query: warning signs are rare.

    An open sign is open today even where the clock was moved west since it was raised, and its date is tomorrow's.
    """
    spans: dict[int, list[tuple[date, date | None]]] = defaultdict(list)
    rows = RedFlag.objects.filter(athlete__in=todays).order_by()
    for athlete_id, raised_on, cleared_on in rows.values_list("athlete_id", "raised_on", "cleared_on"):
        start = raised_on if cleared_on else min(raised_on, todays[athlete_id])
        spans[athlete_id].append((start, cleared_on))
    return Signs(spans)


def of_days(athletes: Collection[int], days: Collection[date]) -> dict[int, list[RedFlag]]:
    """Those open on one of the days, raised or cleared then, oldest first: by athlete, in one query."""
    found: dict[int, list[RedFlag]] = defaultdict(list)
    if not days:
        return found
    rows = RedFlag.objects.filter(
        Q(cleared_on=None) | Q(cleared_on__gte=min(days), raised_on__lte=max(days)), athlete__in=athletes
    )
    for flag in rows.select_related("cleared_by__athlete", "athlete").order_by("raised_at", "pk"):
        if flag.cleared_on is None:  # as in `signs_on`: a clock that moved west hides nothing
            flag.raised_on = min(flag.raised_on, local_today(flag.athlete))
        found[flag.athlete_id].append(flag)
    return found


def state_on(flag: RedFlag, day: date) -> str | None:
    """Open or cleared on this date; None: nothing of it is left, or it was not there yet."""
    if flag.raised_on > day or (flag.cleared_on is not None and flag.cleared_on < day):
        return None
    return CLEARED if flag.cleared_on == day else OPEN


def who_cleared(flag: RedFlag) -> str:
    return flag.cleared_by.shown_name if flag.cleared_by else ""
