"""What a coach is told unasked: whom to look at, never why. Rows in the transaction of the advice that tells of it.

An event is told once to each coach: it lasts until an advice no longer tells of it. A worst morning is an event of
its own every time. Of several events of one level in one advice the coach's phone and mailbox hear once.

Illness, injury, pain and holds are one kind. As kinds of their own they told which it was: by the way that a coach
chose for one of them alone, and by the notice that came for a fever and not for a cold.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeAlias
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Max, Q, prefetch_related_objects
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy

from athletes.local_days.local_time import local_today
from athletes.models import Athlete, Day, User
from athletes.people.access import athletes_visible_to, coaches_of
from athletes.people.languages import language_of
from athletes.wearables import heard
from measures import risk
from measures.answers import ILLNESS_WARNING_SIGN
from measures.guards import MEDICAL, NO_TRAINING, Effect, Guard
from recommendations.announcing.deliveries import after_quiet_hours, devices_by_user
from recommendations.models import Advice, Delivery, Notice, NoticePreference

log = structlog.get_logger(__name__)

Kind: TypeAlias = Notice.Kind
Level: TypeAlias = Notice.Level
SILENCE = timedelta(hours=48)
REPORTED = timedelta(days=14)  # who was silent for longer before is away, and the coach knows it
PUSH_LASTS = timedelta(hours=24)
MAILS_A_RUN = 200

TITLES = {
    Level.STOP: gettext_lazy("A stop for health"),
    Level.LOOK: gettext_lazy("Somebody to look at"),
    Level.SILENT: gettext_lazy("Silent for two days"),
}


class Channels(NamedTuple):
    push: bool
    mail: bool


DEFAULTS = {
    Level.STOP: Channels(push=True, mail=True),
    Level.LOOK: Channels(push=True, mail=False),
    Level.SILENT: Channels(push=True, mail=False),
}


# --- what an advice tells ---------------------------------------------------------------------------------------------


def kinds_of(advice: Advice) -> set[Kind]:
    fired = {(guard["code"], guard["effect"]) for guard in advice.guards}
    seen = advice.observation or {}
    tells = {
        Kind.RED_FLAG: (Guard.WARNING_SIGN, Effect.SUSPENDED.code) in fired,
        Kind.HEALTH_STOP: bool(health_stops(advice)),
        Kind.WORST_MORNING: (Guard.ANSWERS, Effect.RECOVERY.code) in fired
        or ((Guard.SLEEP, Effect.RECOVERY.code) in fired and below(seen.get("sleep_h"), risk.SLEEP_RECOVERY_H)),
        Kind.THIRD_RECOVERY: advice.tells_coach
        and advice.action == "active_recovery"
        and above(seen.get("recovery_3d"), 1),
    }
    return {kind for kind, told in tells.items() if told}


def health_stops(advice: Advice) -> set[str]:
    """The guards of health that leave no training today. Not the day on which a warning sign was cleared: whoever
    cleared it knows."""
    cleared = (advice.observation or {}).get("illness") == ILLNESS_WARNING_SIGN
    stopping = {g["code"] for g in advice.guards if g["code"] in MEDICAL and g["effect"] in NO_TRAINING}
    return stopping - {Guard.ILLNESS} if cleared else stopping


def above(value: float | None, line: float) -> bool:
    return value is not None and value > line


def below(value: float | None, line: float) -> bool:
    return value is not None and value < line


def of_advice(issued: Sequence[Advice], *, rings: set[int], now: datetime) -> int:
    """Call inside the transaction that wrote the advice. `rings`: whose news may ring. Returns how many notices."""
    told = {advice.athlete_id: (advice, kinds_of(advice)) for advice in issued}
    if not told:
        return 0
    known = list(Notice.objects.filter(athlete__in=told).filter(Q(over_at=None) | Q(date__in={a.date for a in issued})))
    known = [notice for notice in known if notice.level != Level.SILENT]
    prefetch_related_objects(known, "advice")
    over = [n.pk for n in known if n.over_at is None and Kind(n.kind) not in told[n.athlete_id][1]]
    if over:
        Notice.objects.filter(pk__in=over).update(over_at=now)
    ringing = {pk: (advice, kinds) for pk, (advice, kinds) in told.items() if kinds and pk in rings}
    if not ringing:
        return 0
    events = [
        (coach, advice, kind)
        for pk, coaches in coaches_of(ringing).items()
        for advice, kinds in [ringing[pk]]
        for kind in Kind
        if kind in kinds
        for coach in sorted(coaches)
    ]
    return tell_events(events, known, set(over), now)


def tell_events(
    events: Iterable[tuple[int, Advice, Kind]], known: Sequence[Notice], over: set[UUID], now: datetime
) -> int:
    todays = {(n.coach_id, n.athlete_id, n.kind, n.date): n for n in known}
    lasting: dict[tuple[int, int, str], set[str]] = defaultdict(set)  # with what stood when it was told
    for n in known:
        if n.over_at is None and n.pk not in over:
            lasting[n.coach_id, n.athlete_id, n.kind] |= health_stops(n.advice) if n.advice else set()
    again, rows = [], []
    for coach, advice, kind in events:
        same_day = todays.get((coach, advice.athlete_id, kind, advice.date))
        if same_day is not None:
            if same_day.over_at is not None or is_more(advice, kind, lasting, coach):
                again.append(same_day.pk)  # taken back and said again, or more: unread anew, without a second call
        elif kind == Kind.WORST_MORNING or is_more(advice, kind, lasting, coach):
            rows.append(notice(coach, advice.athlete, kind, advice.date, now, advice))
    if again:
        Notice.objects.filter(pk__in=again).update(over_at=None, seen_at=None)
    tell(rows, now)
    return len(rows)


def is_more(advice: Advice, kind: Kind, lasting: Mapping[tuple[int, int, str], set[str]], coach: int) -> bool:
    """Nothing of the kind lasts, or a stop for another reason has joined it: an injury on top of a hold."""
    key = (coach, advice.athlete_id, kind)
    return key not in lasting or (kind == Kind.HEALTH_STOP and not health_stops(advice) <= lasting[key])


def notice(coach: int, athlete: Athlete, kind: Kind, day: date, now: datetime, advice: Advice | None = None) -> Notice:
    return Notice(coach_id=coach, athlete=athlete, kind=kind, date=day, advice=advice, created_at=now)


def tell(rows: Sequence[Notice], now: datetime) -> None:
    """The notices, and what must leave for them; by each way once for a coach, athlete and level."""
    if not rows:
        return
    coaches = {row.coach_id for row in rows}
    wanted, devices, zones = preferences(coaches), devices_by_user(coaches), profiles(coaches)
    pushed: set[tuple[int, int, Level]] = set()
    mailed: set[tuple[int, int, Level]] = set()
    deliveries = []
    for row in rows:
        ways, key = wanted[row.coach_id][Kind(row.kind)], (row.coach_id, row.athlete_id, row.level)
        due = not_before(row, zones.get(row.coach_id), now)
        if ways.mail and key not in mailed:
            mailed.add(key)
            row.mail_at = due
        if ways.push and key not in pushed:
            pushed.add(key)
            deliveries += [push_of(row, device, due, now) for device in devices[row.coach_id]]
    Notice.objects.bulk_create(rows)
    Delivery.objects.bulk_create(deliveries)


def push_of(row: Notice, device: UUID, due: datetime, now: datetime) -> Delivery:
    return Delivery(
        device_id=device,
        notice=row,
        kind=Delivery.Kind.NOTICE,
        next_attempt_at=due,
        valid_until=max(due, now) + PUSH_LASTS,
    )


def profiles(coaches: Iterable[int]) -> dict[int, Athlete]:
    """Of coaches who are athletes, too: they have a zone and quiet hours of their own."""
    return {athlete.user_id: athlete for athlete in Athlete.objects.filter(user__in=coaches)}


def not_before(row: Notice, profile: Athlete | None, at: datetime) -> datetime:
    """A warning sign at any hour; the rest not at night, by the coach's own clock.

    Who has no profile of their own is taken to live where the athlete does: the server's zone is UTC, and a message of
    seven in the morning would wait until eight, or noon.
    """
    if row.kind == Kind.RED_FLAG:
        return at
    return after_quiet_hours(profile or Athlete(timezone=row.athlete.timezone), at)


# --- silence ----------------------------------------------------------------------------------------------------------

REPORTS = (
    "checked_in_at", "hrv_ms", "hrv_doubted_ms", "sleep_score", "sleep_duration_min", "resting_hr_bpm", "load_au",
    "t400_s",
)  # fmt: skip


def note_silent(now: datetime) -> int:
    """Athletes of whom nothing came for two days, told once a silence. A day that only has a plan is no report."""
    reported = Q()
    for name in REPORTS:
        reported |= Q(**{f"{name}__isnull": False})
    last = dict(
        Day.objects.filter(reported, date__gte=(now - SILENCE - REPORTED).date())
        .order_by()
        .values("athlete")
        .annotate(last=Max("revised_at"))
        .filter(last__lte=now - SILENCE, last__gt=now - SILENCE - REPORTED)
        .values_list("athlete", "last")
    )
    coaches = coaches_of(last)
    if not coaches:
        return 0
    with transaction.atomic():
        known = Notice.objects.filter(kind=Kind.SOURCE_SILENT, athlete__in=coaches).order_by()
        told = {(c, a): at for c, a, at in known.values_list("coach", "athlete").annotate(Max("created_at"))}
        athletes = Athlete.objects.in_bulk(coaches)
        rows = [
            notice(coach, athletes[pk], Kind.SOURCE_SILENT, local_today(athletes[pk], now), now)
            for pk, whose in coaches.items()
            for coach in sorted(whose)
            if (coach, pk) not in told or told[coach, pk] < last[pk]
        ]
        tell(rows, now)
    return len(rows)


def note_stopped(now: datetime) -> int:
    """Athletes whose watch, ring or app has stopped, though others of them may still report: told once a silence, they
    and their coaches."""
    found = heard.stopped(heard.who_may_have_stopped(now), now)
    athletes = Athlete.objects.in_bulk(found)
    coaches = coaches_of(found)
    with transaction.atomic():
        silent = (Kind.SOURCE_STOPPED, Kind.SOURCE_SILENT)  # whoever knows that nothing came knows this
        known = Notice.objects.filter(kind__in=silent, athlete__in=found).order_by()
        told = {(c, a): at for c, a, at in known.values_list("coach", "athlete").annotate(Max("created_at"))}
        rows = [
            notice(user, athletes[pk], Kind.SOURCE_STOPPED, local_today(athletes[pk], now), now)
            for pk, sources in found.items()
            for user in (athletes[pk].user_id, *sorted(coaches.get(pk, ())))
            if (user, pk) not in told or told[user, pk] < max(source.last_heard_at for source in sources)
        ]
        tell(rows, now)
    return len(rows)


# --- the words --------------------------------------------------------------------------------------------------------


def title_of(row: Notice) -> str:
    return str(Kind.SOURCE_STOPPED.label if row.kind == Kind.SOURCE_STOPPED else TITLES[row.level])


def line_of(row: Notice) -> str:
    """The name alone, and no address in its place: this lights up a lock screen."""
    if row.is_own:
        return gettext("Open its app and let it synchronise")
    name = row.athlete.display_name or gettext("One of your athletes")
    return gettext("%(name)s: please look at the board") % {"name": name}


def write_due_mails(now: datetime) -> int:
    """The mails of notices that are due become rows of mail; what was seen meanwhile needs none."""
    due = Notice.objects.filter(mail_at__lte=now).select_related("coach__athlete", "athlete__user")
    written = 0
    for row in due.order_by("mail_at", "pk")[:MAILS_A_RUN]:
        mine = Notice.objects.filter(pk=row.pk, mail_at=row.mail_at).update(mail_at=None)
        if not mine or why_not(row):
            continue
        try:
            with transaction.atomic(), translation.override(language_of(row.coach)):
                board = settings.PUBLIC_URL + reverse("admin:index")
                send_mail(title_of(row), f"{line_of(row)}.\n\n{board}\n", None, [row.coach.email])
        except ValueError:  # an address no mail can be made for: the others, and the pushes after them, must leave
            log.exception("notice_not_mailed", notice=str(row.pk))
        else:
            written += 1
    return written


def why_not(row: Notice) -> str:
    """Why a message about it needs not leave any more; empty: it must."""
    if row.seen_at is not None:
        return "seen on the board"
    if row.is_own:
        return "" if row.athlete.wants_push else "the athlete wants no pushes"
    if not athletes_visible_to(row.coach).filter(pk=row.athlete_id).exists():
        return "the coach sees this athlete no more"
    return ""


# --- what the coach does ----------------------------------------------------------------------------------------------


def mark_seen(coach: User, now: datetime, *, athlete: int | None = None, only: UUID | None = None) -> int:
    unseen = Notice.objects.filter(coach=coach, seen_at=None)
    if athlete is not None:
        unseen = unseen.filter(athlete=athlete)
    if only is not None:
        unseen = unseen.filter(pk=only)
    return unseen.update(seen_at=now) if unseen.exists() else 0


def preferences(users: Iterable[int]) -> dict[int, dict[Kind, Channels]]:
    users = set(users)
    found = {user: {kind: DEFAULTS[Notice(kind=kind).level] for kind in Kind} for user in users}
    for row in NoticePreference.objects.filter(user__in=users):
        found[row.user_id][Kind(row.kind)] = Channels(row.push, row.mail)
    return found


def set_preferences(user: User, wanted: dict[Kind, Channels]) -> None:
    NoticePreference.objects.bulk_create(
        [NoticePreference(user=user, kind=kind, push=ways.push, mail=ways.mail) for kind, ways in wanted.items()],
        update_conflicts=True,
        unique_fields=["user", "kind"],
        update_fields=["push", "mail"],
    )


def own_rows(user: User) -> None:
    """A row a kind, for a page that lists rows: what counted by default before is what they say."""
    current = preferences([user.pk])[user.pk]
    NoticePreference.objects.bulk_create(
        [NoticePreference(user=user, kind=kind, push=ways.push, mail=ways.mail) for kind, ways in current.items()],
        ignore_conflicts=True,
    )
