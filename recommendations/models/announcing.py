"""What must still reach somebody. Rows are the queue."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from athletes.models import Athlete
from recommendations.models.advice import Advice, Override
from storage.encryption import EncryptedTextField
from storage.identifiers import uuid7


class Device(models.Model):
    """Where a push goes. Registering again moves the owner; an address the service calls gone deactivates itself."""

    class Kind(models.TextChoices):
        WEBPUSH = "webpush", _("Webpush")
        FCM = "fcm", _("Fcm")

    class Reason(models.TextChoices):
        """Why nothing is sent there any more: what the push service said of it is the delivery's, for who runs this."""

        GONE = "gone", _("the push service knows it no more")
        REPLACED = "replaced", _("newer devices took its place")
        BY_STAFF = "by_staff", _("deactivated by staff")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="devices"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=80, blank=True)
    address_sha256 = models.CharField(
        _("address SHA-256"), max_length=64, unique=True, help_text=_("of endpoint or token")
    )
    address = EncryptedTextField(_("address"), help_text=_("web push endpoint or FCM token"))
    p256dh = EncryptedTextField(blank=True)
    auth = EncryptedTextField(blank=True)
    active = models.BooleanField(_("active"), default=True)
    deactivated_reason = models.CharField(_("deactivated reason"), max_length=12, choices=Reason.choices, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    last_success_at = models.DateTimeField(_("last success at"), null=True, blank=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()


class Notice(models.Model):
    """Something a coach should look at: one row a coach and event, in the transaction of the advice that tells of it.

    An athlete is told of an own device that has gone quiet: in such a row `coach` is the athlete's own account.
    `kind` is for preferences and for telling an event once. People are shown the level.
    """

    class Kind(models.TextChoices):
        RED_FLAG = "red_flag", _("Warning sign")
        HEALTH_STOP = "health_stop", _("Stop for health")
        WORST_MORNING = "worst_morning", _("One of the worst mornings")
        THIRD_RECOVERY = "third_recovery", _("Third recovery day of four")
        SOURCE_SILENT = "source_silent", _("No data for two days")
        SOURCE_STOPPED = "source_stopped", _("A device has gone quiet")

    class Level(models.TextChoices):
        STOP = "stop", _("Stop")
        LOOK = "look", _("Look")
        SILENT = "silent", _("Silent")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    coach = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("coach"), on_delete=models.CASCADE, related_name="notices"
    )
    athlete = models.ForeignKey(Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    date = models.DateField(_("date"), help_text=_("the athlete's local day on which it began or was noticed"))
    advice = models.ForeignKey(
        Advice, verbose_name=_("advice"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"))
    over_at = models.DateTimeField(_("over at"), null=True, blank=True, help_text=_("an advice no longer told of it"))
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)
    mail_at = models.DateTimeField(
        _("mail at"), null=True, blank=True, help_text=_("when a mail is due; empty: none, or written")
    )

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["coach", "athlete", "kind", "date"], name="one_notice_per_coach_and_event")
        ]
        indexes = [
            models.Index(fields=["athlete"], condition=Q(over_at__isnull=True), name="notices_not_over"),
            models.Index(fields=["coach", "athlete"], condition=Q(seen_at__isnull=True), name="notices_unseen"),
            models.Index(fields=["mail_at"], condition=Q(mail_at__isnull=False), name="notices_to_mail"),
        ]

    def __str__(self) -> str:
        return gettext("notice %(date)s") % {"date": self.date}

    @property
    def is_own(self) -> bool:
        """To the athlete herself."""
        return self.coach_id == self.athlete.user_id

    @property
    def level(self) -> "Notice.Level":
        if self.kind in (Notice.Kind.SOURCE_SILENT, Notice.Kind.SOURCE_STOPPED):
            return Notice.Level.SILENT
        looks = (Notice.Kind.WORST_MORNING, Notice.Kind.THIRD_RECOVERY)
        return Notice.Level.LOOK if self.kind in looks else Notice.Level.STOP


class NoticePreference(models.Model):
    """How a coach hears of one kind; without a row: the default. On the board it is shown in any case."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Notice.Kind.choices)
    push = models.BooleanField(_("push"))
    mail = models.BooleanField(_("mail"))

    class Meta:
        verbose_name = _("notice preference")
        verbose_name_plural = _("notice preferences")
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_notice_preference_per_user_and_kind")]

    def __str__(self) -> str:
        return self.get_kind_display()


class Delivery(models.Model):
    """One message for one device of the person it is for; sent at least once, shown once by (advice, revision).

    To the athlete about an advice or a coach's word, to a coach about a notice. In the transaction of what it tells.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Dead")
        OBSOLETE = "obsolete", _("Obsolete")

    class Kind(models.TextChoices):
        ADVICE = "advice", _("Advice")
        OVERRIDE = "override", _("Override")
        NOTICE = "notice", _("Notice")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    device = models.ForeignKey(Device, verbose_name=_("device"), on_delete=models.CASCADE, related_name="deliveries")
    advice = models.ForeignKey(
        Advice, verbose_name=_("advice"), null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.ADVICE)
    override = models.ForeignKey(
        Override, verbose_name=_("override"), null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    notice = models.ForeignKey(
        Notice, verbose_name=_("notice"), null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(
        _("next attempt at"), help_text=_("moved ahead as a lease while a sender holds it")
    )
    valid_until = models.DateTimeField(_("valid until"))
    outcome = models.CharField(_("outcome"), max_length=120, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["device", "advice"], condition=Q(kind="advice"), name="one_delivery_per_device_and_advice"
            ),
            models.UniqueConstraint(
                fields=["device", "override"], condition=Q(kind="override"), name="one_delivery_per_device_and_override"
            ),
            models.UniqueConstraint(
                fields=["device", "notice"], condition=Q(kind="notice"), name="one_delivery_per_device_and_notice"
            ),
            models.CheckConstraint(
                condition=Q(kind="advice", advice__isnull=False, override__isnull=True, notice__isnull=True)
                | Q(kind="override", advice__isnull=False, override__isnull=False, notice__isnull=True)
                | Q(kind="notice", advice__isnull=True, override__isnull=True, notice__isnull=False),
                name="a_delivery_names_what_its_kind_says",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(state="waiting"), name="deliveries_still_waiting")
        ]

    def __str__(self) -> str:
        return gettext("delivery %(state)s") % {"state": self.state}

    @property
    def addressee_id(self) -> int:
        """The user it is for, whoever owns the device by now."""
        if self.notice is not None:
            return self.notice.coach_id
        assert self.advice is not None  # by constraint
        return self.advice.athlete.user_id
