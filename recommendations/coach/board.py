"""The coach's first page: per squad one row an athlete, who needs a look first. The same few queries for 5 or 500."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from athletes.local_days.local_time import local_today, zone_named
from athletes.models import Athlete, Day, Membership, RedFlag, Squad, User
from athletes.people.access import SEE_MEDICAL, squads_coached_by
from athletes.reports import red_flags
from measures.guards import Effect, Guard
from recommendations.advice import overriding, showing
from recommendations.coach.coach_page import by_coach
from recommendations.models import Advice, Notice, OrderCode, Override, Warning
from recommendations.words import discretion, sentences
from recommendations.words.discretion import Reader

SHOWN_WARNINGS = 3
LOUD = (Warning.Level.WARNING, Warning.Level.DANGER)


# What an athlete is looked at for, worst first: by why advice is withheld, and by the guard that decided.
WARNING_SIGN, INJURY, ILLNESS, PAIN, BAD_MORNING, NO_ANSWER, LOUD_WARNING, NOTHING = range(8)
HEALTH = INJURY  # all of illness, injury, pain and holds where the reader is not shown which: else the order would tell
WITHHELD = {"red_flag": WARNING_SIGN, "injury": INJURY, "illness": ILLNESS, "pain": PAIN, "signs": BAD_MORNING,
            "model_unavailable": NO_ANSWER}  # fmt: skip
DECIDED = {
    Guard.WARNING_SIGN: WARNING_SIGN,
    Guard.ILLNESS: ILLNESS,
    Guard.COLD: ILLNESS,
    Guard.INJURY: INJURY,
    Guard.PAIN: PAIN,
}
LOOKED_BACK_DAYS = (1, 7, 28)  # one query each, for those whose stretch is not over yet: most are short


def severity_of(advice: Advice, reader: Reader) -> int:
    """Of the advice alone: a warning sign that was cleared today and loud warnings are the line's."""
    if discretion.withheld_reason(advice, reader) == discretion.HEALTH:
        return HEALTH
    if advice.withheld_reason in WITHHELD:
        return WITHHELD[advice.withheld_reason]
    decided = next((g for g in advice.guards if g["effect"] != "rule_policy"), None)
    if decided and discretion.hides_code(decided, reader):
        return HEALTH
    if (
        decided
        and decided["code"] in DECIDED
        and (decided["effect"] != Effect.NO_INCREASE.code or decided["code"] == Guard.PAIN)
    ):
        return DECIDED[decided["code"]]  # a niggle is looked at, the last day of a return is not
    return BAD_MORNING if advice.tells_coach else NOTHING


@dataclass(slots=True)
class BoardRow:
    """One athlete of a squad on one local day."""

    athlete: Athlete
    day: date
    reader: Reader
    advice: Advice | None = None
    override: Override | None = None
    warnings: list[Warning] = field(default_factory=list)
    red_flags: list[RedFlag] = field(default_factory=list)
    checked_in: bool = False
    unread: int = 0
    """Notices to the reader about this athlete that the reader has not seen."""
    since_days: int = 0
    """Days in a row, up to the day before, that were as bad."""

    @property
    def red_flag(self) -> str | None:
        """Open, or cleared on this very day, which is to be seen until it ends."""
        states = {red_flags.state_on(flag, self.day) for flag in self.red_flags}
        return next((state for state in (red_flags.OPEN, red_flags.CLEARED) if state in states), None)

    @property
    def needs_a_look(self) -> bool:
        return self.severity < NOTHING

    @property
    def may_train(self) -> bool:
        """Told to every reader of the line anyway, so it may come before how long it has lasted."""
        stopped = self.advice is not None and (not self.advice.action or rests(self.advice))
        return not stopped

    @property
    def severity(self) -> int:
        if self.red_flag:
            return WARNING_SIGN
        of_advice = NOTHING if self.advice is None else severity_of(self.advice, self.reader)
        return min(of_advice, LOUD_WARNING) if any(w.level in LOUD for w in self.warnings) else of_advice


@dataclass(slots=True)
class Board:
    squad: Squad
    lines: list[BoardRow]


def boards(user: User, now: datetime) -> list[Board]:
    """The squads this user coaches, each athlete on their own today."""
    squads = squads_coached_by(user).order_by("name")
    lines = lines_of(squads, now, None, user)
    return [Board(squad, lines[squad.pk]) for squad in squads]


def board_of(squad: Squad, now: datetime, day: date | None, reader: User) -> Board:
    """One squad; `day`: the same date for all, else each athlete's own today."""
    return Board(squad, lines_of(Squad.objects.filter(pk=squad.pk), now, day, reader)[squad.pk])


def lines_of(squads: QuerySet[Squad], now: datetime, day: date | None, reader: User) -> dict[int, list[BoardRow]]:
    members = Membership.objects.filter(squad__in=squads, left_at=None, shares_status=True).select_related(
        "athlete__user"
    )
    found: dict[int, list[BoardRow]] = defaultdict(list)
    for member in members:
        on = day or local_today(member.athlete, now)
        medical = member.shares_medical and reader.has_perm(SEE_MEDICAL)
        shown = Reader(own=False, values=member.shares_values, medical=medical)
        found[member.squad_id].append(BoardRow(member.athlete, on, shown))
    fill_in([line for lines in found.values() for line in lines], reader)
    for lines in found.values():
        lines.sort(key=lambda line: (line.severity, line.may_train, -line.since_days, str(line.athlete).lower()))
    return found


def fill_in(lines: list[BoardRow], reader: User) -> None:
    """What stands beside each line: ten queries at most, however many there are."""
    athletes, days = {line.athlete.pk for line in lines}, {line.day for line in lines}
    of_days = {"athlete__in": athletes, "date__in": days}
    advice = {(row.athlete_id, row.date): row for row in Advice.objects.filter(current=True, **of_days)}
    checked_in = set(
        Day.objects.filter(checked_in_at__isnull=False, **of_days).order_by().values_list("athlete_id", "date")
    )
    orders: dict[tuple[int, date], list[Override]] = defaultdict(list)
    of_advice = {"advice__athlete__in": athletes, "advice__date__in": days}
    for override in Override.objects.filter(**of_advice).select_related("advice", "by__athlete"):
        orders[override.advice.athlete_id, override.advice.date].append(override)
    warnings: dict[int, list[Warning]] = defaultdict(list)
    for warning in showing.warnings_between(athletes, days):
        warnings[warning.athlete_id].append(warning)
    signs = red_flags.of_days(athletes, days)
    unseen = Notice.objects.filter(coach=reader, seen_at=None, athlete__in=athletes)
    unread = dict(unseen.order_by().values_list("athlete").annotate(Count("pk")))
    for line in lines:
        key = line.athlete.pk, line.day
        line.advice = advice.get(key)
        line.override = overriding.in_force(line.advice, orders[key]) if line.advice else None
        line.warnings = showing.on_day(warnings[line.athlete.pk], line.day)
        line.red_flags = [flag for flag in signs[line.athlete.pk] if red_flags.state_on(flag, line.day)]
        line.checked_in = key in checked_in
        line.unread = unread.get(line.athlete.pk, 0)
    look_back([line for line in lines if line.needs_a_look])


def look_back(lines: list[BoardRow]) -> None:
    """Since when: a warning sign by its own row, anything else by the advice of the days before."""
    going = []
    for line in lines:
        raised = min((flag.raised_on for flag in line.red_flags), default=None)
        if raised is not None:
            line.since_days = (line.day - raised).days
        else:
            going.append(line)
    read_days = 0
    for most_days in LOOKED_BACK_DAYS:
        before = severities(going, read_days + 1, most_days)
        for line in going:
            while before.get((line.athlete.pk, line.day - timedelta(days=line.since_days + 1))) == line.severity:
                line.since_days += 1
        read_days, going = most_days, [line for line in going if line.since_days >= most_days]


def severities(lines: list[BoardRow], first: int, last: int) -> dict[tuple[int, date], int]:
    """Of the advice from so many to so many days before, as it is told to the line's reader."""
    if not lines:
        return {}
    readers = {line.athlete.pk: line.reader for line in lines}
    days = {line.day for line in lines}
    span = (min(days) - timedelta(days=last), max(days) - timedelta(days=first))
    rows = Advice.objects.filter(current=True, athlete__in=readers, date__range=span)
    # Whole rows, whose JSON is read with them, cost five times the rest of the board.
    told = rows.order_by().only("athlete_id", "date", "withheld_reason", "guards", "tells_coach")
    return {(advice.athlete_id, advice.date): severity_of(advice, readers[advice.athlete_id]) for advice in told}


# --- for other clients ------------------------------------------------------------------------------------------------


def board_body(board: Board, now: datetime) -> dict[str, Any]:
    shown = {"id": board.squad.pk, "name": board.squad.name}
    return {"squad": shown, "results": [line_body(line, now) for line in board.lines]}


def line_body(line: BoardRow, now: datetime) -> dict[str, Any]:
    advice, override = line.advice, line.override
    return {
        "athlete": line.athlete.pk,
        "display_name": str(line.athlete),
        "date": line.day,
        "needs_a_look": line.needs_a_look,
        "checked_in": line.checked_in,
        "unread": line.unread,
        "advice": str(advice.pk) if advice else None,
        "status": showing.status_of(advice, override, now) if advice else unanswered(line, now),
        "withheld_reason": (discretion.withheld_reason(advice, line.reader) or None) if advice else None,
        "action": (advice.action or None) if advice else None,
        "override_action": override.action if override else None,
        "headline": showing.headline_of(advice, line.reader) if advice else None,
        "because": because_cell(line) or None,
        "red_flag": line.red_flag,
        "warnings": [
            {"kind": discretion.warning_kind(warning, line.reader), "level": warning.level}
            for warning in discretion.in_order(line.warnings, line.reader)
        ],
    }


def unanswered(line: BoardRow, now: datetime) -> str:
    return "pending" if line.day >= local_today(line.athlete, now) else "expired"


# --- the page ---------------------------------------------------------------------------------------------------------

VARIANTS = {
    "increase_intensity": "success",
    "increase_volume": "success",
    "as_planned": "primary",
    "active_recovery": "warning",
    "rest": "danger",
    "own": "primary",
    "pain": "danger",
    "signs": "danger",
    "red_flag": "danger",
    "illness": "danger",
    "injury": "danger",
    "health": "danger",
    "model_unavailable": "danger",
}
COLOURS = {
    "success": "bg-green-100 text-green-700 dark:bg-green-500/20 dark:text-green-400",
    "primary": "bg-primary-100 text-primary-700 dark:bg-primary-500/20 dark:text-primary-400",
    "warning": "bg-orange-100 text-orange-700 dark:bg-orange-500/20 dark:text-orange-400",
    "danger": "bg-red-100 text-red-700 dark:bg-red-500/20 dark:text-red-400",
    "": "bg-base-500/8 text-base-700 dark:bg-base-500/20 dark:text-base-200",
}
HEADERS = [
    gettext_lazy("Athlete"),
    gettext_lazy("Today"),
    gettext_lazy("Because"),
    gettext_lazy("Warnings"),
    gettext_lazy("Checked in"),
]


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's hook for the admin's first page."""
    if not isinstance(request.user, User):
        return context
    unseen = not_sharing(request.user)
    shown = [
        {
            "name": board.squad.name,
            "looks": sum(line.needs_a_look for line in board.lines),
            "not_sharing": unseen.get(board.squad.pk, 0),
            "table": table_of(board),
        }
        for board in boards(request.user, timezone.now())
    ]
    return context | {"boards": shown, "title": _("Squads today")}


def not_sharing(user: User) -> dict[int, int]:
    """How many members of each squad keep their status to themselves."""
    silent = Membership.objects.filter(squad__in=squads_coached_by(user), left_at=None, shares_status=False)
    return dict(silent.order_by().values_list("squad").annotate(Count("pk")))


def table_of(board: Board) -> dict[str, Any]:
    headers = [str(header) for header in HEADERS]
    return {"headers": headers, "rows": [list(zip(headers, cells(line), strict=True)) for line in board.lines]}


def cells(line: BoardRow) -> list[Any]:
    return [
        athlete_cell(line),
        today_cell(line),
        because_cell(line),
        warnings_cell(line),
        _("yes") if line.checked_in else _("not yet"),
    ]


def athlete_cell(line: BoardRow) -> SafeString:
    flag = '<span class="material-symbols-outlined text-sm text-red-700" title="{}">flag</span>'
    mark = format_html(flag, _("Look here first"))
    name = str(line.athlete)
    if line.advice is not None:
        shown = format_html('<a class="font-semibold underline" href="{}">{}</a>', page_of(line.advice), name)
    else:
        shown = format_html('<span class="font-semibold">{}</span>', name)
    if line.needs_a_look:
        shown = format_html("{} {}", shown, mark)
    if line.unread:
        unseen = ngettext("%(count)d you have not seen", "%(count)d you have not seen", line.unread)
        shown = format_html("{} {}", shown, label(_("new"), "danger", title=unseen % {"count": line.unread}))
    return shown


def page_of(advice: Advice) -> str:
    return page_of_any().replace("ID", str(advice.pk))


@cache
def page_of_any() -> str:
    """Asking for the address of each of 500 cost a tenth of the page."""
    return reverse("admin:recommendations_advice_change", args=["ID"])


def today_cell(line: BoardRow) -> SafeString:
    if line.advice is None:
        return label(_("pending"), "")
    if line.override is not None:
        coach = line.override.by.shown_name if line.override.by else _("a coach")
        by = f"{line.override.get_reason_code_display()} ({coach})"
        return label(by_coach(line.override), VARIANTS[line.override.action], title=by)
    if not line.advice.action:
        reason = discretion.withheld_reason(line.advice, line.reader)
        return label(discretion.withheld_words(line.advice, line.reader), VARIANTS.get(reason, ""))
    told_to_rest = rests(line.advice)
    text = str(OrderCode.REST.label) if told_to_rest else what_is_done(line.advice)
    if line.advice.status == Advice.Status.PROVISIONAL:
        text = _("%(action)s (provisional)") % {"action": text}
    return label(text, "danger" if told_to_rest else VARIANTS[line.advice.action])


def rests(advice: Advice) -> bool:
    return any(guard["effect"] == "rest" for guard in advice.guards)


def what_is_done(advice: Advice) -> str:
    """The words follow the dose here too: a part of the session is not "as planned"."""
    seen, dose = advice.observation or {}, advice.prescription or {}
    if advice.prescription is None and seen.get("days_to_main_race") == 0:
        return _("Race day")
    if dose.get("planned_load_au") == 0:
        return _("Rest day as planned")
    if advice.action == "as_planned" and any(guard["effect"] == "load_capped" for guard in advice.guards):
        return _("Part of the session")
    return advice.get_action_display()


def because_cell(line: BoardRow) -> str:
    if line.red_flags:
        return "; ".join(warning_sign(flag, line) for flag in line.red_flags)
    reasons = showing.reasons_of(line.advice, line.reader) if line.advice else ()
    return str(reasons[0]["text"]) if reasons else ""


def warning_sign(flag: RedFlag, line: BoardRow) -> str:
    """Since when, until when and by whom, by the athlete's clock; which one is medical detail."""
    flag.athlete = line.athlete  # its name may be asked for, and the row is here
    raised = clock_of(flag.raised_at, line)
    if red_flags.state_on(flag, line.day) == red_flags.OPEN or flag.cleared_at is None:
        return _("Warning sign since %(raised)s") % {"raised": raised}
    told = {"raised": raised, "cleared": clock_of(flag.cleared_at, line), "by": red_flags.who_cleared(flag)}
    if told["by"]:
        return _("Warning sign %(raised)s, cleared %(cleared)s by %(by)s") % told
    return _("Warning sign %(raised)s, cleared %(cleared)s") % told


def clock_of(at: datetime, line: BoardRow) -> str:
    local = at.astimezone(zone_named(line.athlete.timezone))
    return f"{local:%H:%M}" if local.date() == line.day else f"{date_format(local, 'j M')} {local:%H:%M}"


def warnings_cell(line: BoardRow) -> SafeString:
    levels = list(Warning.Level)
    shown_to = discretion.in_order(line.warnings, line.reader)
    worst_first = sorted(shown_to, key=lambda w: -levels.index(Warning.Level(w.level)))
    shown = [
        label(
            sentences.label(discretion.warning_kind(w, line.reader)),
            "danger" if w.level in LOUD else "",
            title=showing.warning_words(w, line.reader) if line.reader.values else "",
        )
        for w in worst_first[:SHOWN_WARNINGS]
    ]
    if len(worst_first) > SHOWN_WARNINGS:
        shown.append(label(f"+{len(worst_first) - SHOWN_WARNINGS}", ""))
    return format_html_join(" ", "{}", ((each,) for each in shown))


def label(text: str, variant: str, *, title: str = "") -> SafeString:
    """unfold's label, which its component cannot put into a table cell."""
    classes = "inline-block font-semibold rounded-default text-[11px] uppercase whitespace-nowrap h-6 leading-6 px-2"
    return format_html('<span class="{} {}" title="{}">{}</span>', classes, COLOURS[variant], title, text)
