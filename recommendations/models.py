"""What was said, to whom, and what must still be said. Rows are the queue."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from athletes.models import Athlete
from measures.actions import Action
from mlmodels.models import PolicyVersion
from recommendations.fields import ByActionField, ObservationField, SaidField
from storage.encryption import EncryptedTextField
from storage.identifiers import uuid7


class ActionCode(models.TextChoices):
    """The codes of the actions, with what people read."""

    INCREASE_INTENSITY = Action.INCREASE_INTENSITY.code, _("More intensity")
    INCREASE_VOLUME = Action.INCREASE_VOLUME.code, _("More volume")
    ACTIVE_RECOVERY = Action.ACTIVE_RECOVERY.code, _("Active recovery")
    AS_PLANNED = Action.AS_PLANNED.code, _("As planned")


class WaitingDay(models.Model):
    """This day was revised (or its deadline rang) and nobody has answered yet. Deleted by the transaction that does."""

    class Reason(models.TextChoices):
        REVISED = "revised", _("Revised")
        DEADLINE = "deadline", _("Deadline")

    athlete = models.ForeignKey(Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="+")
    date = models.DateField(_("date"))
    reason = models.CharField(_("reason"), max_length=8, choices=Reason.choices, default=Reason.REVISED)
    rings = models.BooleanField(_("rings"), default=True, help_text=_("may lead to a push; False for season imports"))
    since = models.DateTimeField(_("since"), db_index=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(
        _("not before"), null=True, blank=True, help_text=_("set back after a failure, with the error")
    )
    error = models.CharField(_("error"), max_length=200, blank=True)
    ticket = models.UUIDField(_("ticket"), default=uuid4, editable=False, help_text=_("another with each revision"))

    class Meta:
        verbose_name = _("waiting day")
        verbose_name_plural = _("waiting days")
        constraints = [models.UniqueConstraint(fields=["athlete", "date"], name="one_waiting_row_per_athlete_and_date")]

    def __str__(self) -> str:
        return gettext("waiting %(date)s") % {"date": self.date}


class StateCarry(models.Model):
    """The tracker's packed memory after the evening of `through`: a cache, rebuilt from the days when they change.

    Of several evenings, so that a record that comes late is reached from shortly before it.
    """

    athlete = models.ForeignKey(Athlete, on_delete=models.CASCADE, related_name="+", db_index=False)
    through = models.DateField()
    state_version = models.PositiveSmallIntegerField()
    packed = models.BinaryField()

    class Meta:
        verbose_name = _("state carry")
        verbose_name_plural = _("state carries")
        constraints = [models.UniqueConstraint(fields=["athlete", "through"], name="one_carry_per_athlete_and_evening")]

    def __str__(self) -> str:
        return f"carry through {self.through}"


class Advice(models.Model):
    """Never edited, only superseded. Holds all that is needed to derive it again, bit for bit."""

    class Status(models.TextChoices):
        PROVISIONAL = "provisional", _("Provisional")
        FINAL = "final", _("Final")
        WITHHELD = "withheld", _("Withheld")

    class WithheldReason(models.TextChoices):
        INSUFFICIENT_HISTORY = "insufficient_history", _("Insufficient History")
        STALE_DATA = "stale_data", _("Stale Data")
        OUT_OF_DISTRIBUTION = "out_of_distribution", _("Out Of Distribution")
        ILLNESS = "illness", _("Illness")
        RED_FLAG = "red_flag", _("Red Flag")
        INJURY = "injury", _("Injury")
        NO_CONSENT = "no_consent", _("No Consent")
        MODEL_UNAVAILABLE = "model_unavailable", _("Model Unavailable")
        MEDICAL_HOLD = "medical_hold", _("Medical Hold")
        PAIN = "pain", _("Pain")
        SIGNS = "signs", _("Signs")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    athlete = models.ForeignKey(Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="advice")
    date = models.DateField(_("date"))
    revision = models.PositiveIntegerField(_("revision"))
    current = models.BooleanField(_("current"), default=True)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices)
    withheld_reason = models.CharField(_("withheld reason"), max_length=24, choices=WithheldReason.choices, blank=True)
    stage = models.CharField(_("stage"), max_length=12, help_text=_("profile, provisional or learned (cold start)"))
    action = models.CharField(_("action"), max_length=20, choices=ActionCode.choices, blank=True)
    policy_action = models.CharField(_("policy action"), max_length=20, choices=ActionCode.choices, blank=True)
    q_values = ByActionField(_("q values"), null=True, blank=True)
    doses = ByActionField(
        _("doses"), default=dict, help_text=_("action -> AU that it would make of today's session, before caps")
    )
    guards = models.JSONField(
        _("guards"), default=list, help_text=_('[{"code", "effect"}], all that fired, the deciding one first')
    )
    observation = ObservationField(
        _("observation"), null=True, blank=True, help_text=_("every input of the decision; replay() starts here")
    )
    prescription = models.JSONField(_("prescription"), null=True, blank=True)
    said = SaidField(
        _("said"),
        default=dict,
        help_text=_(
            "headline, detail, reasons and what would change it: sentences' keys and numbers, worded when shown"
        ),
    )
    wording_version = models.PositiveSmallIntegerField(
        _("wording version"),
        default=0,
        help_text=_("of the sentences it was first shown with; 0: the words themselves were kept"),
    )
    language = models.CharField(
        _("language"), max_length=16, blank=True, help_text=_("the athlete's when it was given")
    )
    tells_coach = models.BooleanField(
        _("tells coach"), default=False, help_text=_("a guard asks for the coach's eye, or recovery on 3 of 4 days")
    )
    policy_name = models.CharField(_("policy name"), max_length=80, blank=True, help_text=_("the policy that answered"))
    policy_sha256 = models.CharField(_("policy SHA-256"), max_length=64, blank=True)
    active_sha256 = models.CharField(
        _("active SHA-256"),
        max_length=64,
        blank=True,
        help_text=_("the policy that was active, empty when none could be loaded: replay() asks it"),
    )
    used_fallback = models.BooleanField(_("used fallback"), default=False)
    unclear = models.BooleanField(
        _("unclear"),
        default=False,
        help_text=_("the plan, because nothing stood above it by more than the policy may be wrong"),
    )
    guard_version = models.PositiveSmallIntegerField(_("guard version"))
    state_version = models.PositiveSmallIntegerField(_("state version"))
    issued_at = models.DateTimeField(_("issued at"))
    valid_until = models.DateTimeField(_("valid until"))
    change_seq = models.BigIntegerField(default=0, editable=False, help_text=_("its place among the athlete's changes"))

    class Meta:
        verbose_name = _("advice")
        verbose_name_plural = pgettext_lazy("several", "advice")
        ordering = ["-date", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["athlete", "date", "revision"], name="one_advice_per_revision"),
            models.UniqueConstraint(
                fields=["athlete", "date"], condition=Q(current=True), name="one_current_advice_per_day"
            ),
            models.CheckConstraint(
                condition=Q(status="withheld", action="") | (~Q(status="withheld") & ~Q(action="")),
                name="withheld_advice_has_no_action_and_other_advice_has_one",
            ),
            models.CheckConstraint(
                condition=~Q(status="withheld") | ~Q(withheld_reason=""), name="withheld_advice_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["date", "status"], condition=Q(current=True), name="current_advice_by_date"),
            models.Index(fields=["athlete", "change_seq"], name="advice_by_change"),
        ]

    def __str__(self) -> str:
        return gettext("advice %(date)s r%(revision)d") % {"date": self.date, "revision": self.revision}


class Forecast(models.Model):
    """What the twin says of the 28 days after an advice, and why the policy chose as it did. Made when asked for."""

    class State(models.TextChoices):
        WAITING = "waiting"
        READY = "ready"
        UNAVAILABLE = "unavailable"
        FAILED = "failed"

    class TwinLevel(models.TextChoices):
        INDIVIDUAL = "individual"
        GROUP = "group"

    advice = models.OneToOneField(Advice, on_delete=models.CASCADE, primary_key=True, related_name="forecast")
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=24, blank=True, help_text="why it is unavailable")
    result = models.JSONField(null=True, blank=True)
    expected = models.JSONField(null=True, blank=True, help_text="of the advised action, from the result")
    contributions = models.JSONField(
        null=True, blank=True, help_text="feature -> share in Q[best] - Q[second]; null where the rule policy answered"
    )
    would_change_if = models.JSONField(default=list)
    twin_sha256 = models.CharField(max_length=64, blank=True)
    twin_level = models.CharField(
        max_length=10,
        blank=True,
        choices=TwinLevel.choices,
        help_text="individual: adapted to own days; group: the squad's that the twin was fitted to",
    )
    twin_days = models.PositiveIntegerField(default=0, help_text="own logged days it was adapted to")
    policy_sha256 = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField()
    computed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True, help_text="set back after a failure, with the error")
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("forecast")
        verbose_name_plural = _("forecasts")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(result__isnull=False), name="a_ready_forecast_has_a_result"
            ),
            models.CheckConstraint(
                condition=~Q(state="unavailable") | ~Q(reason=""), name="an_unavailable_forecast_says_why"
            ),
        ]
        indexes = [models.Index(fields=["asked_at"], condition=Q(state="waiting"), name="forecasts_still_waiting")]

    def __str__(self) -> str:
        return f"forecast {self.state}"


class AthleteTwin(models.Model):
    """The twin's row of one athlete: the group's answers to load, pulled towards this athlete's own logged days.

    A cache: made again when the twin's file changes or enough new days have come.
    """

    athlete = models.OneToOneField(Athlete, on_delete=models.CASCADE, primary_key=True, related_name="+")
    twin_sha256 = models.CharField(max_length=64)
    logged_days = models.PositiveIntegerField(help_text="own days with a load, HRV, sleep or test that it is made of")
    fitted_through = models.DateField()
    fitted_at = models.DateTimeField()
    own = models.JSONField(help_text="arrays in the order of the twin's, and how far each part is the athlete's own")

    class Meta:
        verbose_name = _("athlete twin")
        verbose_name_plural = _("athlete twins")

    def __str__(self) -> str:
        return f"twin of {self.logged_days} days"


class ShadowAdvice(models.Model):
    """What a policy in shadow would have advised where the active one did. Read by whoever judges policies, by nobody
    else: no athlete, coach or client is ever shown it."""

    advice = models.ForeignKey(Advice, verbose_name=_("advice"), on_delete=models.CASCADE, related_name="shadows")
    policy = models.ForeignKey(PolicyVersion, verbose_name=_("policy"), on_delete=models.CASCADE, related_name="+")
    date = models.DateField(_("date"), help_text=_("of the advice"))
    policy_action = models.CharField(
        _("policy action"), max_length=20, choices=ActionCode.choices, help_text=_("before the guards")
    )
    action = models.CharField(
        _("action"), max_length=20, choices=ActionCode.choices, blank=True, help_text=_("empty: withheld")
    )
    margin = models.FloatField(
        _("margin"), null=True, help_text=_("Q[best] - Q[second]; empty where the policy was not asked")
    )
    unanswered = models.BooleanField(
        _("unanswered"),
        default=False,
        help_text=_("it was due and had no answer (outside of what it learned, or not finite)"),
    )

    class Meta:
        verbose_name = _("shadow advice")
        verbose_name_plural = pgettext_lazy("several", "shadow advice")
        constraints = [
            models.UniqueConstraint(fields=["advice", "policy"], name="one_shadow_advice_per_advice_and_policy")
        ]
        indexes = [models.Index(fields=["policy", "date"], name="shadow_advice_by_policy")]

    def __str__(self) -> str:
        return gettext("shadow advice %(date)s") % {"date": self.date}


class Warning(models.Model):
    """Opened and closed with hysteresis; says what was seen and against which line, never what will happen."""

    class Level(models.TextChoices):
        INFO = "info", _("Info")
        CAUTION = "caution", _("Caution")
        WARNING = "warning", _("Warning")
        DANGER = "danger", _("Danger")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    athlete = models.ForeignKey(Athlete, verbose_name=_("athlete"), on_delete=models.CASCADE, related_name="warnings")
    kind = models.CharField(_("kind"), max_length=32)
    level = models.CharField(_("level"), max_length=8, choices=Level.choices)
    opened_on = models.DateField(_("opened on"))
    last_seen_on = models.DateField(_("last seen on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    evidence = models.JSONField(
        _("evidence"), default=dict, help_text=_("inputs with units; the text is made of them when it is shown")
    )
    citation = models.CharField(_("citation"), max_length=200)
    rule_version = models.PositiveSmallIntegerField(_("rule version"))
    pushed_on = models.DateField(_("pushed on"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    change_seq = models.BigIntegerField(default=0, editable=False, help_text=_("its place among the athlete's changes"))

    class Meta:
        verbose_name = _("warning")
        verbose_name_plural = _("warnings")
        ordering = ["-opened_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["athlete", "kind"], condition=Q(closed_on__isnull=True), name="one_open_warning_per_kind"
            )
        ]
        indexes = [models.Index(fields=["athlete", "change_seq"], name="warning_by_change")]

    def __str__(self) -> str:
        """Heads pages of coaches: never the kind, which may name an illness."""
        return gettext("warning %(date)s") % {"date": self.opened_on}


class OrderCode(models.TextChoices):
    """What a coach may order: one of the four actions, rest, or a session of the coach's own."""

    INCREASE_INTENSITY = ActionCode.INCREASE_INTENSITY.value, ActionCode.INCREASE_INTENSITY.label
    INCREASE_VOLUME = ActionCode.INCREASE_VOLUME.value, ActionCode.INCREASE_VOLUME.label
    ACTIVE_RECOVERY = ActionCode.ACTIVE_RECOVERY.value, ActionCode.ACTIVE_RECOVERY.label
    AS_PLANNED = ActionCode.AS_PLANNED.value, ActionCode.AS_PLANNED.label
    REST = "rest", _("Rest")
    OWN = "own", _("Own session")


class Override(models.Model):
    """A coach outranks the advice. Append-only; the newest one of the day counts."""

    class Reason(models.TextChoices):
        COMPETITION = "competition", _("Competition plan")
        SEEN_AT_TRAINING = "seen_at_training", _("What I saw at training")
        ATHLETE_ASKED = "athlete_asked", _("The athlete asked")
        DATA_DOUBTFUL = "data_doubtful", _("The data are doubtful")
        OTHER = "other", _("Other")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    advice = models.ForeignKey(Advice, verbose_name=_("advice"), on_delete=models.CASCADE, related_name="overrides")
    action = models.CharField(_("action"), max_length=20, choices=OrderCode.choices)
    load_au = models.FloatField(
        _("load AU"), null=True, blank=True, help_text=_("of today's session as ordered; null: not known")
    )
    session = models.CharField(
        _("session"), max_length=200, blank=True, help_text=_("the coach's own session, in a coach's words")
    )
    reason_code = models.CharField(_("reason code"), max_length=20, choices=Reason.choices)
    note = EncryptedTextField(_("note"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"))
    change_seq = models.BigIntegerField(default=0, editable=False, help_text=_("its place among the athlete's changes"))

    class Meta:
        verbose_name = _("override")
        verbose_name_plural = _("overrides")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(action="own") | (Q(load_au__isnull=False) & ~Q(session="")),
                name="an_own_session_has_words_and_a_load",
            )
        ]

    def __str__(self) -> str:
        return gettext("override to %(action)s") % {"action": self.action}


class Feedback(models.Model):
    class Followed(models.TextChoices):
        YES = "yes", _("Yes")
        PARTLY = "partly", _("Partly")
        NO = "no", _("No")

    advice = models.OneToOneField(Advice, verbose_name=_("advice"), on_delete=models.CASCADE, related_name="feedback")
    followed = models.CharField(_("followed"), max_length=8, choices=Followed.choices)
    reason_code = models.CharField(_("reason code"), max_length=32, blank=True)
    agreement = models.PositiveSmallIntegerField(_("agreement"), null=True, blank=True)
    comment = EncryptedTextField(_("comment"), blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    change_seq = models.BigIntegerField(default=0, editable=False, help_text=_("its place among the athlete's changes"))

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        constraints = [
            models.CheckConstraint(
                condition=Q(agreement__isnull=True) | Q(agreement__range=(1, 5)), name="feedback_agreement_in_range"
            )
        ]

    def __str__(self) -> str:
        return gettext("feedback %(followed)s") % {"followed": self.followed}


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

    `kind` is for preferences and for telling an event once. People are shown the level.
    """

    class Kind(models.TextChoices):
        RED_FLAG = "red_flag", _("Warning sign")
        HEALTH_STOP = "health_stop", _("Stop for health")
        WORST_MORNING = "worst_morning", _("One of the worst mornings")
        THIRD_RECOVERY = "third_recovery", _("Third recovery day of four")
        SOURCE_SILENT = "source_silent", _("No data for two days")

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
    def level(self) -> "Notice.Level":
        if self.kind == Notice.Kind.SOURCE_SILENT:
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
