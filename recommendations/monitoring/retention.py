"""What is thrown away, and when; of every table how long its rows stay. `docs/privacy.md` lists the same."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.idp.oidc.models import Token
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet

from athletes.models import (
    Deletion,
    HrvReading,
    LimitWithoutValkey,
    Mail,
    PerformanceTest,
    PersonalToken,
    RestDay,
    RestingHrReading,
    SleepSession,
    SquadInvite,
    TrainingSession,
    User,
)
from athletes.sync.changes import TOMBSTONES_KEPT
from athletes.wearables.uploads import DAYS_COUNTED
from athletes.wearables.uploads import KEPT as UPLOAD
from recommendations.models import Advice, Delivery, Device, Forecast, Notice, ShadowAdvice

TOMBSTONE = TOMBSTONES_KEPT  # a client that was away for longer syncs from the start
INVITE = timedelta(days=30)  # after it was used or ran out
DELIVERY = timedelta(days=30)
MAIL = timedelta(days=7)  # its addresses; what it said was erased when it left
NOTICE = timedelta(days=180)
DEAD_DEVICE = timedelta(days=30)
FORECAST = timedelta(days=90)  # what the twin said of four weeks that are over since two months
SHADOW_ADVICE = timedelta(days=180)  # two comparisons of a season; how many days a policy was in shadow stays with it
SUPERSEDED = timedelta(days=730)  # this season and the next, in which somebody asks why; a day's last word stays
HISTORY = timedelta(days=1095)  # who changed or consented to what: as long as a claim may be raised, three years
ENDED_SESSION = timedelta(days=7)  # a reused one is still recognised, and what happened last week can be looked up
ENDED_TOKEN = timedelta(days=30)  # beyond its end, so that a stolen one that comes late is still known
CONFIRMATION = timedelta(days=30)  # links of e-mail addresses are good for three days
UNVERIFIED = timedelta(days=7)  # a code is good for minutes; whoever comes back later signs up again
BATCH = 5_000  # rows a statement: no long lock

RECORDS = (HrvReading, RestingHrReading, SleepSession, TrainingSession, PerformanceTest, RestDay)
HISTORIES = {
    label: apps.get_model(label)
    for label in (
        "athletes.HistoricalAthlete", "athletes.HistoricalSquad", "athletes.HistoricalSquad_coaches",
        "athletes.HistoricalMembership", "athletes.HistoricalPlannedSession",
    )
}  # fmt: skip

HERS = "kept with the account: it is hers, and the advice is derived from it"
SAID = "kept with the account: the record of what was said and answered"
ACCOUNT = "kept with the account"
# Every table: after how long a row goes, or why it stays. A test finds those that are missing here.
STATED: dict[str, timedelta | str] = {
    "account.EmailAddress": ACCOUNT,
    "account.EmailConfirmation": CONFIRMATION,
    "admin.LogEntry": HISTORY,
    "allauth_idp_oidc.Client": "kept: the programs an operator let in",
    "allauth_idp_oidc.Token": ENDED_TOKEN,
    "athletes.Absence": HERS,
    "athletes.Athlete": ACCOUNT,
    "athletes.ChangeNumber": "kept: one row",
    "athletes.KeyCheck": "kept: one row, by which keys are known to be the database's own",
    "athletes.LimitWithoutValkey": "kept until it has run out: minutes to a day",
    "athletes.CheckIn": HERS,
    "athletes.EraReading": HERS,
    "athletes.Day": HERS,
    "athletes.Deletion": TOMBSTONE,
    **dict.fromkeys(HISTORIES, HISTORY),
    **{f"athletes.{model.__name__}": HERS for model in RECORDS},  # once deleted: TOMBSTONE
    "athletes.Mail": MAIL,
    "athletes.Membership": "kept with the account: who might see what, and since when",
    "athletes.PersonalToken": ENDED_TOKEN,
    "athletes.PlannedSession": HERS,
    "athletes.RedFlag": "kept with the account: a warning sign and who cleared it",
    "athletes.SeasonDay": HERS,
    "athletes.Squad": "kept until an operator deletes it",
    "athletes.Squad_coaches": "kept with the squad",
    "athletes.SquadInvite": INVITE,
    "athletes.Upload": UPLOAD,
    "athletes.UploadDay": DAYS_COUNTED,
    "athletes.User": "kept until it is deleted; one that never verified its address: 7 days",
    "athletes.User_groups": ACCOUNT,
    "athletes.User_user_permissions": ACCOUNT,
    "athletes.VendorAccount": ACCOUNT,
    "auth.Group": "kept: an operator's",
    "auth.Group_permissions": "kept with the group",
    "auth.Permission": "kept: a row for each kind of right",
    "contenttypes.ContentType": "kept: a row for each table",
    "mfa.Authenticator": ACCOUNT,
    "mlmodels.HistoricalPolicyVersion": "kept: which policy answered when, and who approved it; no person's data",
    "mlmodels.PolicyVersion": "kept: which policy answered when; no person's data",
    "recommendations.Advice": SAID,  # once superseded: SUPERSEDED
    "recommendations.AthleteTwin": "kept with the account: one row, replaced",
    "recommendations.Delivery": DELIVERY,
    "recommendations.Device": "kept with the account; one that is switched off: 30 days",
    "recommendations.Feedback": SAID,
    "recommendations.Forecast": FORECAST,
    "recommendations.Notice": NOTICE,
    "recommendations.NoticePreference": ACCOUNT,
    "recommendations.Override": SAID,
    "recommendations.ShadowAdvice": SHADOW_ADVICE,
    "recommendations.StateCarry": "kept with the account: a few rows, replaced",
    "recommendations.WaitingDay": "kept until the day is answered",
    "recommendations.Warning": SAID,
    "sessions.Session": ENDED_SESSION,
    "usersessions.UserSession": ENDED_SESSION,
}


def tidy_up(now: datetime) -> dict[str, int]:
    dead = Q(deleted_at__lt=now - TOMBSTONE)
    removed = {model.__name__: delete(model._default_manager.filter(dead)) for model in RECORDS}
    removed["Deletion"] = delete(Deletion.objects.filter(deleted_at__lt=now - TOMBSTONE))
    old = now - INVITE
    removed["SquadInvite"] = delete(SquadInvite.objects.filter(Q(used_at__lt=old) | Q(expires_at__lt=old)))
    settled = Delivery.objects.exclude(state=Delivery.State.WAITING).filter(created_at__lt=now - DELIVERY)
    removed["Delivery"] = delete(settled)
    removed["Device"] = delete(Device.objects.filter(active=False, created_at__lt=now - DEAD_DEVICE, deliveries=None))
    removed["Forecast"] = delete(Forecast.objects.filter(asked_at__lt=now - FORECAST))
    removed["ShadowAdvice"] = delete(ShadowAdvice.objects.filter(date__lt=(now - SHADOW_ADVICE).date()))
    left = Q(sent_at__lt=now - MAIL) | Q(given_up_at__lt=now - MAIL)
    removed["Mail"] = delete(Mail.objects.filter(left))
    over = Q(over_at__isnull=False) | Q(kind__in=(Notice.Kind.SOURCE_SILENT, Notice.Kind.SOURCE_STOPPED))
    removed["Notice"] = delete(Notice.objects.filter(over, created_at__lt=now - NOTICE))
    removed["Advice"] = delete(superseded(now - SUPERSEDED))
    for model in HISTORIES.values():
        removed[model.__name__] = delete(outdated(model, now - HISTORY))
    removed["LogEntry"] = delete(LogEntry.objects.filter(action_time__lt=now - HISTORY))
    return removed | delete_of_accounts(now)


def delete_of_accounts(now: datetime) -> dict[str, int]:
    removed = {"Session": delete(Session.objects.filter(expire_date__lt=now - ENDED_SESSION))}
    ended = ~Exists(Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=now))
    removed["UserSession"] = delete(UserSession.objects.filter(ended, last_seen_at__lt=now - ENDED_SESSION))
    removed["Token"] = delete(Token.objects.filter(expires_at__lt=now - ENDED_TOKEN))
    removed["PersonalToken"] = delete(PersonalToken.objects.filter(expires_at__lt=now - ENDED_TOKEN))
    removed["EmailConfirmation"] = delete(EmailConfirmation.objects.filter(created__lt=now - CONFIRMATION))
    removed["User"] = delete(never_verified(now - UNVERIFIED))
    removed["LimitWithoutValkey"] = delete(LimitWithoutValkey.objects.filter(expires__lt=now))
    return removed


def superseded(before: datetime) -> QuerySet[Advice]:
    """What nobody answered, overruled or was told of as a coach: those say something of this very revision."""
    rows = Advice.objects.filter(current=False, issued_at__lt=before, overrides=None, feedback=None)
    return rows.exclude(Exists(Notice.objects.filter(advice=OuterRef("pk"))))


def outdated(model: Any, before: datetime) -> QuerySet[Any]:
    """A row's newest state stays: it says who made it so, however long ago."""
    if not hasattr(model, "history_date"):  # of the coaches of a squad: goes with the squad's
        of_squad = apps.get_model("athletes.HistoricalSquad")._default_manager.filter(history_id=OuterRef("history_id"))
        rows: QuerySet[Any] = model._default_manager.filter(~Exists(of_squad))
        return rows
    newer = model._default_manager.filter(id=OuterRef("id"), history_id__gt=OuterRef("history_id"))
    deleted = Q(history_type="-")
    old: QuerySet[Any] = model._default_manager.filter(Q(Exists(newer)) | deleted, history_date__lt=before)
    return old


def never_verified(before: datetime) -> QuerySet[User]:
    """Signed up by themselves (so there is an address), proved nothing and never came in."""
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    rows = User.objects.filter(date_joined__lt=before, last_login=None, is_staff=False, is_superuser=False)
    return rows.filter(Exists(addresses), ~Exists(addresses.filter(verified=True)), athlete__memberships=None)


def delete(rows: QuerySet[Any]) -> int:
    keys = list(rows.order_by().values_list("pk", flat=True)[:BATCH])
    removed, _ = rows.model._default_manager.filter(pk__in=keys).delete()
    return int(removed)
