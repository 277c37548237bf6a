"""Which HRV era an athlete's days stand on, so that two devices do not take turns with the baseline.

An era is (metric, provider, context). The choice of a day follows from what was read in the 28 days up to it and from
the choice before it, so that it changes for a reason that can be shown, and comes out the same in whatever order the
readings came. A reading that comes late moves the choices of the 28 days after it, and of later ones only until they
are again what they were.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from athletes.days import hrv_readings
from athletes.days.priorities import order_on, period_on
from athletes.local_days.local_time import local_today
from athletes.models import Athlete, Day
from measures import risk
from measures.hrv import CONTEXTS, RMSSD, UNSTEADY, Era
from measures.providers import RANK

# Conventions of this project.
WINDOW = timedelta(days=28)
ESTABLISHED_SHARE = 1 / 2  # of the days of the most used era: enough to take over
SELDOM_SHARE = 1 / 3  # fewer days than this share, and another takes over: between the two whoever is there stays
IN_USE = timedelta(days=3)
LATELY, LATELY_DAYS = timedelta(days=7), risk.HRV_MIN_OF_7  # fewer days make no 7-day mean
FURTHER = timedelta(days=365)  # how much is read at a time beyond the window, while choices still differ

Read = dict[date, frozenset[str]]  # date -> the eras with a believed reading


@dataclass(frozen=True)
class Choice:
    """`era` is "" where nothing was read: such a day stands on no era."""

    era: str
    because: str


NONE = Choice("", "")
Preference = Callable[[date, str], tuple[int, bool, bool]]  # the lower comes first
PREFERRED = ("your_priority", "rmssd_first", "steady_first")  # what each part of it means


# --- the rule ---------------------------------------------------------------------------------------------------------


class Window:
    """The last 28 days of readings, sliding."""

    def __init__(self) -> None:
        self.recent: deque[tuple[date, frozenset[str]]] = deque()
        self.days: Counter[str] = Counter()
        self.last: dict[str, date] = {}

    def slide(self, day: date) -> None:
        while self.recent and day - self.recent[0][0] >= WINDOW:
            _, gone = self.recent.popleft()
            self.days.subtract(gone)

    def add(self, day: date, eras: frozenset[str]) -> None:
        self.recent.append((day, eras))
        self.days.update(eras)
        self.last |= dict.fromkeys(eras, day)

    def in_use(self, day: date) -> dict[str, int]:
        """Days of the window, of the eras that were read within the last days. Never empty on a day with a reading."""
        return {era: n for era, n in self.days.items() if n and day - self.last[era] <= IN_USE}

    def lately(self, day: date, era: str) -> int:
        return sum(era in eras for on, eras in self.recent if day - on < LATELY)


def choose(
    read: Mapping[date, frozenset[str]],
    first: date,
    before: str,
    preference: Preference,
    own_alone: Callable[[date, str], bool] = lambda day, era: False,
) -> Iterator[tuple[date, Choice]]:
    """The choice of every day with a reading from `first` on, in order. `before`: the era of the day before them.

    `read` begins 27 days before `first`. `own_alone`: the athlete named the era's source for this very date; while one
    of those is read, the others do not count.
    """
    window, era_before = Window(), before
    for day in sorted(read):
        window.slide(day)
        if day >= first and not window.days[era_before]:
            era_before = ""  # forgotten, so that nothing from before the window decides
        window.add(day, read[day])
        if day >= first:
            choice = chosen(window, day, era_before, preference, own_alone)
            era_before = choice.era
            yield day, choice


def chosen(
    window: Window, day: date, before: str, preference: Preference, own_alone: Callable[[date, str], bool]
) -> Choice:
    everything = window.in_use(day)
    in_use = {era: n for era, n in everything.items() if own_alone(day, era)} or everything
    most = max(in_use.values())

    def rank(era: str) -> tuple[object, ...]:
        metric, provider, context = Era.parse(era)
        return *preference(day, era), -in_use[era], CONTEXTS.index(context), RANK[provider], metric

    established = sorted((era for era, n in in_use.items() if n >= ESTABLISHED_SHARE * most), key=rank)
    if before not in in_use:
        return Choice(established[0], "your_period" if before in everything else "unread" if before else "first")
    if in_use[before] < SELDOM_SHARE * most:
        return Choice(established[0], "seldom_read")
    former = preference(day, before)
    for era in established:
        if preference(day, era) < former and window.lately(day, era) >= LATELY_DAYS:
            parts = zip(preference(day, era), former, PREFERRED, strict=True)
            return Choice(era, next(why for own, other, why in parts if own != other))
    return Choice(before, "same_as_before")


# --- an athlete's days ------------------------------------------------------------------------------------------------


def choices(
    athlete: Athlete, moved: Iterable[date], known: Mapping[date, frozenset[str]] | None = None
) -> dict[date, Choice]:
    """The choices of the `moved` dates, and of later ones where they are not what is stored.

    `moved`: dates whose eras may be others than when their days were resolved; `known`: what is read on some of them,
    where the database does not have it yet. Call it holding the athlete's lock.
    """
    wanted = set(moved)
    if not wanted:
        return {}
    first, until = min(wanted), plus(max(wanted), WINDOW)
    read, stored = read_between(athlete, plus(first, -WINDOW), until)
    read |= known or {}
    era_before = next((stored[day].era for day in sorted(stored, reverse=True) if day < first and stored[day].era), "")
    found: dict[date, Choice] = {}
    today = plus(local_today(athlete), timedelta(days=1))
    while True:
        believed = {day: eras for day, eras in read.items() if eras}
        found |= choose(believed, first, era_before, preference_of(athlete), named_by(athlete))
        settled = [day for day in found if plus(max(wanted), WINDOW) <= day]
        if until > today or any(stored.get(day, NONE).era == found[day].era for day in settled):
            break
        later = next_hrv(athlete.pk, until)
        if later is None:
            break
        until = plus(later, FURTHER)
        read, stored = read_between(athlete, plus(first, -WINDOW), until)
        read |= known or {}
    differing = {day: choice for day, choice in found.items() if day in wanted or stored.get(day, NONE) != choice}
    return dict.fromkeys(wanted, NONE) | differing


def next_hrv(athlete_id: int, after: date) -> date | None:
    """The first date after this one whose day stands on an era."""
    days = Day.objects.filter(athlete=athlete_id, date__gt=after).exclude(hrv_era="")
    return days.order_by("date").values_list("date", flat=True).first()


def read_between(athlete: Athlete, first: date, last: date) -> tuple[Read, dict[date, Choice]]:
    """What was read, and what the days stand on by now."""
    days = Day.objects.filter(athlete=athlete, date__range=(first, last)).exclude(hrv_era="").order_by()
    stored = {on: Choice(era, because) for on, era, because in days.values_list("date", "hrv_era", "hrv_because")}
    return hrv_readings.believed(athlete.pk, first, last), stored


def preference_of(athlete: Athlete) -> Preference:
    def preference(day: date, era: str) -> tuple[int, bool, bool]:
        metric, provider, context = Era.parse(era)
        order = order_on(athlete, "hrv", day)
        place = order.index(provider) if provider in order else len(order)
        return place, metric != RMSSD, context in UNSTEADY

    return preference


def named_by(athlete: Athlete) -> Callable[[date, str], bool]:
    def named(day: date, era: str) -> bool:
        period = period_on(athlete, "hrv", day)
        return period is not None and Era.parse(era).provider in period

    return named


def plus(day: date, by: timedelta) -> date:
    """The calendar has two ends."""
    return date.fromordinal(min(max(day.toordinal() + by.days, 1), date.max.toordinal()))
