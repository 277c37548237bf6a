"""The only writers of what was reported. Each is one transaction: the record, its days, and the news of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from athletes import one_writer
from athletes.days import reported, resolving
from athletes.local_days.local_time import local_today, own_offset_min, today_at
from athletes.models import (
    Athlete,
    CheckIn,
    Day,
    Deletion,
    PlannedSession,
    Quality,
    Record,
    SleepSession,
    TrainingSession,
    User,
)
from athletes.reports import danger_words, recording, red_flags, versions
from athletes.reports.records import (
    KIND_OF,
    RECORDS,
    Outcome,
    Refused,
    Sent,
    derive_date,
    own_state_of,
    rate,
)
from athletes.reports.sheet import Sheet
from athletes.signals import day_revised
from measures import quality
from measures.hrv import BY_HAND, Era
from measures.wellness import ITEMS, highest
from storage import upserts

__all__ = ["RECORDS", "Outcome", "Refused", "Sent"]

OLDEST_BY_HAND = timedelta(days=14)


# --- news ------------------------------------------------------------------------------------------------------------


def revise(
    athlete: Athlete,
    dates: Iterable[date],
    *,
    rings: bool = True,
    now: datetime | None = None,
    eras_again: bool = False,
) -> set[date]:
    """Resolve these days again and announce those that changed. Call it in the transaction that wrote the reports."""
    changed = resolving.resolve_days(athlete, dates, now=now, eras_again=eras_again)
    announce(athlete, changed, rings=rings)
    return changed


def announce(athlete: Athlete, dates: set[date], *, rings: bool) -> None:
    if dates:
        day_revised.send(sender=Day, athlete_id=athlete.pk, dates=dates, rings=rings)


# --- check-ins -------------------------------------------------------------------------------------------------------

CHECK_IN_PLAIN = (
    "scale", *ITEMS, "sleep_duration_min", "resting_hr_bpm", "illness", "red_flag", "pain_0_10", "notes",
)  # fmt: skip
CHECK_IN_COLUMNS = (
    *CHECK_IN_PLAIN, "hrv_metric", "hrv_value_ms", "hrv_context", "injury_status", "injury_body_site",
)  # fmt: skip
MEASUREMENTS = (
    *ITEMS, "sleep_duration_min", "resting_hr_bpm", "hrv_value_ms", "pain_0_10", "illness", "injury_status", "red_flag",
)  # fmt: skip


@dataclass(frozen=True)
class CheckedIn:
    status: str  # created, updated, unchanged, stale
    check_in: CheckIn
    day: Day


def record_check_in(
    athlete: Athlete,
    on: date,
    data: Mapping[str, Any],
    *,
    keep_rest: bool = False,
    rings: bool = True,
    now: datetime | None = None,
) -> CheckedIn:
    """Store the morning's answers. With `keep_rest` what is not in `data` stays as it was, else it was not answered.

    What was submitted before the answers that are stored, and arrives after them, is stale: they stay.
    """
    now = now or timezone.now()
    check_date_by_hand(athlete, on, now, said_at=data.get("submitted_at"))
    with transaction.atomic():
        one_writer.lock_athlete(athlete.pk)
        reports = resolving.read_reports(athlete.pk, on, on)[on]
        before = next(iter(reports["check_in"]), None)
        if keep_rest and before is None:
            raise LookupError("no check-in on this date")
        if before and data.get("submitted_at") and data["submitted_at"] < before["submitted_at"]:
            return heard_late(athlete, on, data, before, now, rings=rings)
        columns = check_in_columns(data, before if keep_rest else None, before)
        confirmed = bool((data.get("hrv") or {}).get("confirmed"))
        answers = bool(data.get("note_checked")) and "notes" not in data and asks_about(before, columns["notes"])
        if before and not (confirmed or answers) and all(before[name] == columns[name] for name in CHECK_IN_COLUMNS):
            return as_stored(athlete, on)
        submitted_at = min(data.get("submitted_at") or now, now)  # a phone's clock may be years ahead
        check_in = CheckIn(athlete_id=athlete.pk, date=on, submitted_at=submitted_at, **columns)
        check_in.quality = quality_of_note(columns["notes"], before, answers=answers)
        check_in.quality |= quality_of_hrv(athlete, on, columns, confirmed=confirmed)
        if before:
            check_in.id = UUID(before["id"])
        reports["check_in"] = [check_in_row(check_in)]
        # Whatever was answered changes the day (it was submitted anew), so there is nothing to compare it with first.
        choices = resolving.choices_with(athlete, on, reports, before)
        resolved = resolving.resolve(athlete, on, reports, choices.pop(on))
        (day,) = resolving.store(athlete, {on: resolved}, now, numbered_first=[check_in])
        upserts.upsert(check_in, unique=("athlete_id", "date"), keep=("id", "created_at"))
        said_before = before["red_flag"] if before else ""
        red_flags.raise_if_reported(athlete, columns["red_flag"], on, now, before=said_before)
        later = resolving.resolve_days(athlete, choices, now=now, eras_again=True)
        announce(athlete, {on} | later, rings=rings)
    return CheckedIn("updated" if before else "created", check_in, day)


def heard_late(
    athlete: Athlete, on: date, data: Mapping[str, Any], before: Mapping[str, Any], now: datetime, *, rings: bool
) -> CheckedIn:
    """Of stale answers only a warning sign is taken, as if they had come in time: no later answer takes one back."""
    raised = red_flags.raise_if_unheard(athlete, data.get("red_flag") or "", on, now)
    asks = danger_words.may_tell_of_a_warning_sign(data.get("notes") or "") and not resolving.note_asks(before)
    if asks:
        quality = before["quality"] | {resolving.NOTE: {"status": resolving.NOTE_ASKS}}
        CheckIn.objects.filter(athlete_id=athlete.pk, date=on).update(quality=quality)
    dates = resolving.resolve_days(athlete, {on}, now=now) if asks else set()
    announce(athlete, dates | ({on} if raised else set()), rings=rings)
    stored = as_stored(athlete, on)
    return CheckedIn("stale", stored.check_in, stored.day)


def check_in_row(check_in: CheckIn) -> dict[str, Any]:
    """As `reported.between` would read it back."""
    _, columns = reported.REPORTED["check_in"]
    return {name: getattr(check_in, name) for name in columns} | {"id": str(check_in.id)}


def as_stored(athlete: Athlete, on: date) -> CheckedIn:
    check_in = CheckIn.objects.get(athlete_id=athlete.pk, date=on)
    return CheckedIn("unchanged", check_in, Day.objects.get(athlete_id=athlete.pk, date=on))


def take_back_check_in(athlete: Athlete, on: date) -> bool:
    """By the athlete. A note that asks is not taken back in place of an answer."""
    with transaction.atomic():
        one_writer.lock_athlete(athlete.pk)
        check_in = CheckIn.objects.filter(athlete_id=athlete.pk, date=on).only("quality").first()
        if check_in and resolving.note_asks({"quality": check_in.quality}):
            raise Refused("note_asks", _("Say first whether the note tells of a warning sign."))
        return delete_check_in(athlete, on)


def delete_check_in(athlete: Athlete, on: date, *, now: datetime | None = None) -> bool:
    with transaction.atomic():
        one_writer.lock_athlete(athlete.pk)
        deleted, _ = CheckIn.objects.filter(athlete_id=athlete.pk, date=on).delete()
        if deleted:
            note_deletion(athlete, "check_in", on, now)
            revise(athlete, {on}, now=now)
    return bool(deleted)


def note_deletion(athlete: Athlete, kind: str, on: date, now: datetime | None) -> None:
    """For phones that still show the row."""
    deletion = Deletion(athlete=athlete, kind=kind, key=on.isoformat(), deleted_at=now or timezone.now())
    one_writer.number([deletion])
    upserts.upsert_many([deletion], unique=("athlete_id", "kind", "key"))


def check_date_by_hand(athlete: Athlete, on: date, now: datetime, *, said_at: datetime | None = None) -> None:
    """By the clock of the phone that said it, where it tells its offset: a profile may still be at home."""
    offset_min = None if said_at is None else own_offset_min(said_at)
    today = local_today(athlete, now) if offset_min is None else today_at(offset_min, now)
    if on > today:
        raise Refused("date_in_future", _("This day has not begun where the athlete is."), "date")
    if on < today - OLDEST_BY_HAND:
        raise Refused(
            "date_too_old", _("Check-ins are taken for the last %(days)d days.") % {"days": OLDEST_BY_HAND.days}, "date"
        )


def check_in_columns(
    data: Mapping[str, Any], keep: Mapping[str, Any] | None, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The API's nested shape as columns; a field set to null is not answered.

    A red flag or an injury answered `before` stands until it is answered otherwise: silence is no all-clear. What the
    red flag opened stays open even then (`athletes.reports.red_flags`).
    """
    columns = {name: (keep or NOT_ANSWERED)[name] for name in CHECK_IN_COLUMNS}
    for name in CHECK_IN_PLAIN:
        if name in data:
            columns[name] = NOT_ANSWERED[name] if data[name] is None else data[name]
    if "hrv" in data:
        hrv = data["hrv"] or {"metric": "", "value_ms": None, "context": ""}
        columns |= {"hrv_metric": hrv["metric"], "hrv_value_ms": hrv["value_ms"], "hrv_context": hrv["context"]}
    if "injury" in data:
        injury = data["injury"] or {}
        columns["injury_status"] = injury.get("status", "")
        columns["injury_body_site"] = injury.get("body_site") or ""
    for name, *rest in (("red_flag",), ("injury_status", "injury_body_site")):
        if before and not columns[name]:
            columns |= {kept: before[kept] for kept in (name, *rest)}
    check_scale(data, columns, keep)
    asked = {"hrv_value_ms": "hrv", "injury_status": "injury"}
    said = any(data.get(asked.get(name, name)) is not None for name in MEASUREMENTS)
    if not said and all(columns[name] in (NOT_ANSWERED[name], None) for name in MEASUREMENTS):
        raise Refused("nothing_measured", _("A check-in needs at least one answer or measurement."))
    return columns


def check_scale(data: Mapping[str, Any], columns: Mapping[str, Any], keep: Mapping[str, Any] | None) -> None:
    answered = [item for item in ITEMS if columns[item] is not None]
    if keep and columns["scale"] != keep["scale"] and any(item not in data for item in answered):
        raise Refused("scale_of_earlier_answers", _("Send all items again to change the scale."), "scale")
    most = highest(columns["scale"])
    for item in answered:
        if columns[item] > most:
            raise Refused("max_value", _("This scale ends at %(most)d.") % {"most": most}, item)


NOT_ANSWERED: dict[str, Any] = {
    **dict.fromkeys(CHECK_IN_COLUMNS),
    "scale": CheckIn.Scale.MCLEAN,
    "hrv_metric": "",
    "hrv_context": "",
    "illness": "",
    "injury_status": "",
    "injury_body_site": "",
    "red_flag": "",
    "notes": "",
}


def asks_about(before: Mapping[str, Any] | None, note: str) -> bool:
    """Somebody was asked about this very note, and has not answered yet."""
    return before is not None and resolving.note_asks(before) and before["notes"] == note


def quality_of_note(note: str, before: Mapping[str, Any] | None, *, answers: bool) -> dict[str, Any]:
    """Whether the note asks if it tells of a warning sign. `answers`: who was asked about it says that it does not.

    What comes with the note is no such answer (a form sends `red_flag` none or `note_checked` unasked, and a retry
    sends it again), nor is another note, or none: the question stands until it is answered by itself.
    """
    if answers or (before and resolving.note_answered(before) and before["notes"] == note):
        return {resolving.NOTE: {"status": resolving.NOTE_ANSWERED}}
    if danger_words.may_tell_of_a_warning_sign(note) or (before and resolving.note_asks(before)):
        return {resolving.NOTE: {"status": resolving.NOTE_ASKS}}
    return {}


def quality_of_hrv(athlete: Athlete, on: date, columns: Mapping[str, Any], *, confirmed: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if columns["hrv_value_ms"] is None:
        return found
    days_back = (on - quality.HRV_HISTORY, on - timedelta(days=1))
    era = Era(columns["hrv_metric"], BY_HAND, columns["hrv_context"])
    earlier, resolved = reported.hrv_before(athlete.pk, *days_back, era)
    believed = [ms for ms, q in earlier if q.get("hrv", {}).get("status") != Quality.QUARANTINED]
    doubts = quality.doubts_about_hrv(columns["hrv_value_ms"], max(believed, resolved, key=len))
    if doubts:
        found["hrv"] = {"status": Quality.CONFIRMED if confirmed else Quality.QUARANTINED, "reasons": doubts}
    return found


# --- records ---------------------------------------------------------------------------------------------------------


def record_one(athlete: Athlete, kind: str, data: Mapping[str, Any], *, now: datetime | None = None) -> Outcome:
    return record_batch(athlete, [(kind, data)], now=now)[0]


def record_batch(
    athlete: Athlete,
    records: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    rings: bool = True,
    now: datetime | None = None,
) -> list[Outcome]:
    """All or nothing; each touched day is resolved once."""
    outcomes, _ = store(
        athlete, [Sent(kind, data) for kind, data in records], all_or_nothing=True, rings=rings, now=now
    )
    return [outcome for outcome in outcomes if isinstance(outcome, Outcome)]  # refusals were raised


def store(
    athlete: Athlete,
    batch: Sequence[Sent],
    *,
    all_or_nothing: bool = False,
    rings: bool = True,
    now: datetime | None = None,
) -> tuple[list[Outcome | Refused], set[date]]:
    """What became of each record, and the days that changed: all resolved once and announced once."""
    now = now or timezone.now()
    with transaction.atomic():
        one_writer.lock_athlete(athlete.pk)
        outcomes, touched = recording.apply(athlete, batch, now)
        refusal = next((said for said in outcomes if isinstance(said, Refused)), None)
        if all_or_nothing and refusal is not None:
            raise refusal
        revise(athlete, touched, rings=rings, now=now)
    return outcomes, touched


def write(athlete: Athlete, kind: str, data: Mapping[str, Any], now: datetime, *, anew: bool = False) -> Outcome:
    """One record in a transaction that locked the athlete; its caller revises `touched`."""
    (outcome,), _ = recording.apply(athlete, [Sent(kind, data)], now, anew=anew)
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def confirm_record(record: Record, *, now: datetime | None = None) -> Record:
    """Athlete or coach say that a doubted value is right: it counts from now on."""
    with transaction.atomic():
        one_writer.lock_athlete(record.athlete_id)
        record.refresh_from_db()
        if record.quality_status == Quality.QUARANTINED and record.deleted_at is None:
            sheet = Sheet(record.athlete, now or timezone.now())
            sheet.adopt(record).quality_status = Quality.CONFIRMED
            sheet.moved.append(record)
            revise(record.athlete, recording.write(sheet), now=now)
    return record


def accepted_rpe(session: TrainingSession) -> float | None:
    """The rating that says "as it stands": an estimate to the half, as ratings are. None: nothing to accept."""
    if session.estimated_rpe is None:
        return session.said_rpe
    return round(2 * session.estimated_rpe) / 2


def rate_session(
    session: TrainingSession, rpe: float | None, *, by: User, now: datetime | None = None
) -> TrainingSession:
    """Athlete or coach say how hard it was; None takes that back. What the source says, now or later, stays beside it.

    Saying the same again changes nothing, not even who said it first.
    """
    now = now or timezone.now()
    with transaction.atomic():
        one_writer.lock_athlete(session.athlete_id)
        session.refresh_from_db()
        if rpe not in (session.rated_rpe, session.said_rpe) and session.deleted_at is None:
            sheet = Sheet(session.athlete, now)
            sheet.adopt(session)
            session.rated_rpe = rpe
            session.rated_at, session.rated_by_id = (None, None) if rpe is None else (now, by.pk)
            rate(session)
            sheet.moved.append(session)
            revise(session.athlete, recording.write(sheet), now=now)
    return session


def delete_record(record: Record, *, now: datetime | None = None) -> None:
    """A tombstone of a higher version: the same record sent again by a client that missed the news stays deleted."""
    with transaction.atomic():
        one_writer.lock_athlete(record.athlete_id)
        record.refresh_from_db()
        if record.deleted_at is not None:
            return
        sheet = Sheet(record.athlete, now or timezone.now())
        versions.delete(sheet, sheet.adopt(record), record.client_record_version + 1)
        revise(record.athlete, recording.write(sheet), now=now)


# --- plans -----------------------------------------------------------------------------------------------------------


def record_plan(
    athlete: Athlete, on: date, values: Mapping[str, Any], *, by: User, rings: bool = True, now: datetime | None = None
) -> PlannedSession:
    """Store what is planned for a date: columns of PlannedSession but athlete, date, author and created_by."""
    author = PlannedSession.Author.ATHLETE if athlete.user_id == by.pk else PlannedSession.Author.COACH
    with transaction.atomic():
        one_writer.lock_athlete(athlete.pk)
        plan = PlannedSession.objects.filter(athlete=athlete, date=on).first()
        plan = plan or PlannedSession(athlete=athlete, date=on)
        asked = {**dict(values), "author": author, "created_by_id": by.pk}
        if plan.pk is None or any(getattr(plan, name) != value for name, value in asked.items()):
            for name, value in asked.items():
                setattr(plan, name, value)
            one_writer.number([plan])
            plan.save()
            revise(athlete, {on}, rings=rings, now=now)
    return plan


def delete_plan(athlete: Athlete, on: date, *, now: datetime | None = None) -> bool:
    with transaction.atomic():
        one_writer.lock_athlete(athlete.pk)
        plan = PlannedSession.objects.filter(athlete=athlete, date=on).first()
        if plan is None:
            return False
        plan.delete()
        note_deletion(athlete, "planned_session", on, now)
        revise(athlete, {on}, now=now)
    return True


# --- deriving dates again ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refiled:
    kind: str
    id: UUID
    before: date
    after: date


@dataclass(frozen=True)
class Redrawn:
    """A day that comes out otherwise: which columns, and the HRV era it stood and stands on."""

    date: date
    columns: tuple[str, ...]
    eras: tuple[str, str]


def refile(
    athlete: Athlete, *, dry_run: bool = False, now: datetime | None = None
) -> tuple[list[Refiled], list[Redrawn]]:
    """Derive the date of every record again, as after a new tz database or a corrected profile zone, then every day,
    as after another rule of what counts. No phone rings.

    Rows that stay as they are are not written: phones would fetch them all again.
    """
    with transaction.atomic():
        one_writer.lock_athlete(athlete.pk)
        sheet = Sheet(athlete, now or timezone.now())
        for kind in RECORDS:
            for record in sheet.stored(kind).filter(deleted_at=None):
                sheet.adopt(record)
        before = {pk: record.date for pk, record in sheet.by_id.items()}
        for record in sheet.by_id.values():
            if not isinstance(record, SleepSession) or record.is_nap:
                derive_date(athlete, record)
        sheet.moved += sheet.by_id.values()
        touched = recording.write(sheet)
        moved = [
            Refiled(KIND_OF[type(record)], pk, before[pk], record.date)
            for pk, record in sheet.by_id.items()
            if record.date != before[pk]
        ]
        drawn = {day.date: day for day in Day.objects.filter(athlete=athlete)}
        changed = revise(athlete, {*touched, *drawn}, rings=False, now=now, eras_again=True)
        redrawn = [redrawn_from(drawn.get(day.date), day) for day in days_of(athlete, changed)]
        if dry_run:
            transaction.set_rollback(True)
    return moved, redrawn


KEYS = ("id", "athlete_id", "revised_at", "change_seq")
DRAWN = [field.attname for field in Day._meta.concrete_fields if field.attname not in KEYS]


def days_of(athlete: Athlete, dates: set[date]) -> Iterable[Day]:
    if not dates:
        return []
    within = Day.objects.filter(athlete=athlete, date__range=(min(dates), max(dates))).order_by("date")
    return [day for day in within if day.date in dates]


def redrawn_from(before: Day | None, after: Day) -> Redrawn:
    empty = before or Day(date=after.date)
    columns = tuple(name for name in DRAWN if getattr(empty, name) != getattr(after, name))
    return Redrawn(after.date, columns, (empty.hrv_era, after.hrv_era))


# --- estimating loads again -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reestimated:
    id: UUID
    date: date
    before: tuple[str, float | None]  # basis, AU
    after: tuple[str, float | None]
    same_session_as: str


def estimate_again(athlete: Athlete, *, dry_run: bool = False, now: datetime | None = None) -> list[Reestimated]:
    """Judge all sessions by what is known now. Rows that stay as they are are not written."""
    with transaction.atomic():
        one_writer.lock_athlete(athlete.pk)
        sheet = Sheet(athlete, now or timezone.now())
        for record in sheet.stored("training_session").filter(deleted_at=None):
            sheet.moved.append(sheet.adopt(record))
        before = {pk: own_state_of(record) for pk, record in sheet.by_id.items()}
        loads_before = {pk: load_of(record) for pk, record in sheet.by_id.items()}
        touched = recording.write(sheet)
        changed = [
            Reestimated(pk, record.date, loads_before[pk], load_of(record), record.same_session_as)
            for pk, record in sheet.by_id.items()
            if isinstance(record, TrainingSession) and own_state_of(record) != before[pk]
        ]
        revise(athlete, touched, rings=False, now=now)
        if dry_run:
            transaction.set_rollback(True)
    return changed


def load_of(session: Any) -> tuple[str, float | None]:
    return session.load_basis, session.load_au
