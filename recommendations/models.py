"""What was said, to whom, and what must still be said. Rows are the queue."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from athletes.encryption import EncryptedTextField
from athletes.identifiers import uuid7
from athletes.models import Athlete
from mlmodels.models import PolicyVersion


class ActionCode(models.TextChoices):
    """The codes of mlmodels.actions.Action, again, so that the web process needs no numpy; a test compares them."""

    INCREASE_INTENSITY = "increase_intensity", "More intensity"
    INCREASE_VOLUME = "increase_volume", "More volume"
    ACTIVE_RECOVERY = "active_recovery", "Active recovery"
    AS_PLANNED = "as_planned", "As planned"


class WaitingDay(models.Model):
    """This day was revised (or its deadline rang) and nobody has answered yet. Deleted by the transaction that does."""

    class Reason(models.TextChoices):
        REVISED = "revised"
        DEADLINE = "deadline"

    athlete = models.ForeignKey(Athlete, on_delete=models.CASCADE, related_name="+")
    date = models.DateField()
    reason = models.CharField(max_length=8, choices=Reason.choices, default=Reason.REVISED)
    rings = models.BooleanField(default=True, help_text="may lead to a push; False for season imports")
    since = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True, help_text="set back after a failure, with the error")
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["athlete", "date"], name="one_waiting_row_per_athlete_and_date")]

    def __str__(self) -> str:
        return f"waiting {self.date}"


class StateCarry(models.Model):
    """The tracker's packed memory after the evening of `through`: a cache, rebuilt from the days when they change.

    Of several evenings, so that a record that comes late is reached from shortly before it.
    """

    athlete = models.ForeignKey(Athlete, on_delete=models.CASCADE, related_name="+", db_index=False)
    through = models.DateField()
    state_version = models.PositiveSmallIntegerField()
    packed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["athlete", "through"], name="one_carry_per_athlete_and_evening")]

    def __str__(self) -> str:
        return f"carry through {self.through}"


class Advice(models.Model):
    """Never edited, only superseded. Holds all that is needed to derive it again, bit for bit."""

    class Status(models.TextChoices):
        PROVISIONAL = "provisional"
        FINAL = "final"
        WITHHELD = "withheld"

    class WithheldReason(models.TextChoices):
        INSUFFICIENT_HISTORY = "insufficient_history"
        STALE_DATA = "stale_data"
        OUT_OF_DISTRIBUTION = "out_of_distribution"
        ILLNESS = "illness"
        RED_FLAG = "red_flag"
        INJURY = "injury"
        NO_CONSENT = "no_consent"
        MODEL_UNAVAILABLE = "model_unavailable"
        MEDICAL_HOLD = "medical_hold"
        PAIN = "pain"
        SIGNS = "signs"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    athlete = models.ForeignKey(Athlete, on_delete=models.CASCADE, related_name="advice")
    date = models.DateField()
    revision = models.PositiveIntegerField()
    current = models.BooleanField(default=True)
    status = models.CharField(max_length=12, choices=Status.choices)
    withheld_reason = models.CharField(max_length=24, choices=WithheldReason.choices, blank=True)
    stage = models.CharField(max_length=12, help_text="profile, provisional or learned (cold start)")
    action = models.CharField(max_length=20, choices=ActionCode.choices, blank=True)
    policy_action = models.CharField(max_length=20, choices=ActionCode.choices, blank=True)
    q_values = models.JSONField(null=True, blank=True)
    doses = models.JSONField(default=dict, help_text="action -> AU that it would make of today's session, before caps")
    guards = models.JSONField(default=list, help_text='[{"code", "effect"}], all that fired, the deciding one first')
    observation = models.JSONField(null=True, blank=True, help_text="every input of the decision; replay() starts here")
    prescription = models.JSONField(null=True, blank=True)
    said = models.JSONField(
        default=dict,
        help_text="headline, detail, reasons, would_change_if: keys of sentences with their numbers, worded when shown",
    )
    wording_version = models.PositiveSmallIntegerField(
        default=0, help_text="of the sentences it was first shown with; 0: the words themselves were kept"
    )
    language = models.CharField(max_length=16, blank=True, help_text="the athlete's when it was given")
    tells_coach = models.BooleanField(
        default=False, help_text="a guard asks for the coach's eye, or recovery on 3 of 4 days"
    )
    policy_name = models.CharField(max_length=80, blank=True, help_text="the policy that answered")
    policy_sha256 = models.CharField(max_length=64, blank=True)
    active_sha256 = models.CharField(
        max_length=64,
        blank=True,
        help_text="the policy that was active, empty when none could be loaded: replay() asks it",
    )
    used_fallback = models.BooleanField(default=False)
    unclear = models.BooleanField(
        default=False, help_text="the plan, because nothing stood above it by more than the policy may be wrong"
    )
    guard_version = models.PositiveSmallIntegerField()
    state_version = models.PositiveSmallIntegerField()
    issued_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    change_seq = models.BigIntegerField(default=0, editable=False, help_text="its place among the athlete's changes")

    class Meta:
        verbose_name_plural = "advice"
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
        return f"advice {self.date} r{self.revision}"


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

    def __str__(self) -> str:
        return f"twin of {self.logged_days} days"


class ShadowAdvice(models.Model):
    """What a policy in shadow would have advised where the active one did. Read by whoever judges policies, by nobody
    else: no athlete, coach or client is ever shown it."""

    advice = models.ForeignKey(Advice, on_delete=models.CASCADE, related_name="shadows")
    policy = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="+")
    date = models.DateField(help_text="of the advice")
    policy_action = models.CharField(max_length=20, choices=ActionCode.choices, help_text="before the guards")
    action = models.CharField(max_length=20, choices=ActionCode.choices, blank=True, help_text="empty: withheld")
    margin = models.FloatField(null=True, help_text="Q[best] - Q[second]; empty where the policy was not asked")
    unanswered = models.BooleanField(
        default=False, help_text="it was due and had no answer (outside of what it learned, or not finite)"
    )

    class Meta:
        verbose_name_plural = "shadow advice"
        constraints = [
            models.UniqueConstraint(fields=["advice", "policy"], name="one_shadow_advice_per_advice_and_policy")
        ]
        indexes = [models.Index(fields=["policy", "date"], name="shadow_advice_by_policy")]

    def __str__(self) -> str:
        return f"shadow advice {self.date}"


class Warning(models.Model):
    """Opened and closed with hysteresis; says what was seen and against which line, never what will happen."""

    class Level(models.TextChoices):
        INFO = "info"
        CAUTION = "caution"
        WARNING = "warning"
        DANGER = "danger"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    athlete = models.ForeignKey(Athlete, on_delete=models.CASCADE, related_name="warnings")
    kind = models.CharField(max_length=32)
    level = models.CharField(max_length=8, choices=Level.choices)
    opened_on = models.DateField()
    last_seen_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True)
    evidence = models.JSONField(default=dict, help_text="inputs with units; the text is made of them when it is shown")
    citation = models.CharField(max_length=200)
    rule_version = models.PositiveSmallIntegerField()
    pushed_on = models.DateField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)
    change_seq = models.BigIntegerField(default=0, editable=False, help_text="its place among the athlete's changes")

    class Meta:
        ordering = ["-opened_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["athlete", "kind"], condition=Q(closed_on__isnull=True), name="one_open_warning_per_kind"
            )
        ]
        indexes = [models.Index(fields=["athlete", "change_seq"], name="warning_by_change")]

    def __str__(self) -> str:
        return f"{self.kind} {self.opened_on}"


class OrderCode(models.TextChoices):
    """What a coach may order: one of the four actions, rest, or a session of the coach's own."""

    INCREASE_INTENSITY = "increase_intensity", "More intensity"
    INCREASE_VOLUME = "increase_volume", "More volume"
    ACTIVE_RECOVERY = "active_recovery", "Active recovery"
    AS_PLANNED = "as_planned", "As planned"
    REST = "rest", "Rest"
    OWN = "own", "Own session"


class Override(models.Model):
    """A coach outranks the advice. Append-only; the newest one of the day counts."""

    class Reason(models.TextChoices):
        COMPETITION = "competition", "Competition plan"
        SEEN_AT_TRAINING = "seen_at_training", "What I saw at training"
        ATHLETE_ASKED = "athlete_asked", "The athlete asked"
        DATA_DOUBTFUL = "data_doubtful", "The data are doubtful"
        OTHER = "other", "Other"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    advice = models.ForeignKey(Advice, on_delete=models.CASCADE, related_name="overrides")
    action = models.CharField(max_length=20, choices=OrderCode.choices)
    load_au = models.FloatField(null=True, blank=True, help_text="of today's session as ordered; null: not known")
    session = models.CharField(max_length=200, blank=True, help_text="the coach's own session, in a coach's words")
    reason_code = models.CharField(max_length=20, choices=Reason.choices)
    note = EncryptedTextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    change_seq = models.BigIntegerField(default=0, editable=False, help_text="its place among the athlete's changes")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(action="own") | (Q(load_au__isnull=False) & ~Q(session="")),
                name="an_own_session_has_words_and_a_load",
            )
        ]

    def __str__(self) -> str:
        return f"override to {self.action}"


class Feedback(models.Model):
    class Followed(models.TextChoices):
        YES = "yes"
        PARTLY = "partly"
        NO = "no"

    advice = models.OneToOneField(Advice, on_delete=models.CASCADE, related_name="feedback")
    followed = models.CharField(max_length=8, choices=Followed.choices)
    reason_code = models.CharField(max_length=32, blank=True)
    agreement = models.PositiveSmallIntegerField(null=True, blank=True)
    comment = EncryptedTextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)
    change_seq = models.BigIntegerField(default=0, editable=False, help_text="its place among the athlete's changes")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(agreement__isnull=True) | Q(agreement__range=(1, 5)), name="feedback_agreement_in_range"
            )
        ]

    def __str__(self) -> str:
        return f"feedback {self.followed}"


class Device(models.Model):
    """Where a push goes. Registering again moves the owner; an address the service calls gone deactivates itself."""

    class Kind(models.TextChoices):
        WEBPUSH = "webpush"
        FCM = "fcm"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="devices")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=80, blank=True)
    address_sha256 = models.CharField(max_length=64, unique=True, help_text="of endpoint or token")
    address = EncryptedTextField(help_text="web push endpoint or FCM token")
    p256dh = EncryptedTextField(blank=True)
    auth = EncryptedTextField(blank=True)
    active = models.BooleanField(default=True)
    deactivated_reason = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_success_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()


class Notice(models.Model):
    """Something a coach should look at: one row a coach and event, in the transaction of the advice that tells of it.

    `kind` would tell a diagnosis: it is for preferences and for telling an event once. People are shown the level.
    """

    class Kind(models.TextChoices):
        RED_FLAG = "red_flag", "Warning sign"
        OPEN_INJURY = "open_injury", "Open injury"
        FEVER = "fever", "Fever"
        PAIN_STOP = "pain_stop", "Pain that stops training"
        WORST_MORNING = "worst_morning", "One of the worst mornings"
        THIRD_RECOVERY = "third_recovery", "Third recovery day of four"
        SOURCE_SILENT = "source_silent", "No data for two days"

    class Level(models.TextChoices):
        STOP = "stop"
        LOOK = "look"
        SILENT = "silent"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    coach = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    athlete = models.ForeignKey(Athlete, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    date = models.DateField(help_text="the athlete's local day on which it began or was noticed")
    advice = models.ForeignKey(Advice, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True, blank=True, help_text="an advice no longer told of it")
    seen_at = models.DateTimeField(null=True, blank=True)
    mail_at = models.DateTimeField(null=True, blank=True, help_text="when a mail is due; empty: none, or written")

    class Meta:
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
        return f"notice {self.date}"

    @property
    def level(self) -> "Notice.Level":
        if self.kind == Notice.Kind.SOURCE_SILENT:
            return Notice.Level.SILENT
        looks = (Notice.Kind.WORST_MORNING, Notice.Kind.THIRD_RECOVERY)
        return Notice.Level.LOOK if self.kind in looks else Notice.Level.STOP


class NoticePreference(models.Model):
    """How a coach hears of one kind; without a row: the default. On the board it is shown in any case."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=Notice.Kind.choices)
    push = models.BooleanField()
    mail = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_notice_preference_per_user_and_kind")]

    def __str__(self) -> str:
        return self.get_kind_display()


class Delivery(models.Model):
    """One message for one device of the person it is for; sent at least once, shown once by (advice, revision).

    To the athlete about an advice or a coach's word, to a coach about a notice. In the transaction of what it tells.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        DEAD = "dead"
        OBSOLETE = "obsolete"

    class Kind(models.TextChoices):
        ADVICE = "advice"
        OVERRIDE = "override"
        NOTICE = "notice"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="deliveries")
    advice = models.ForeignKey(Advice, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.ADVICE)
    override = models.ForeignKey(Override, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    notice = models.ForeignKey(Notice, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(help_text="moved ahead as a lease while a sender holds it")
    valid_until = models.DateTimeField()
    outcome = models.CharField(max_length=120, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "deliveries"
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
        return f"delivery {self.state}"

    @property
    def addressee_id(self) -> int:
        """The user it is for, whoever owns the device by now."""
        if self.notice is not None:
            return self.notice.coach_id
        assert self.advice is not None  # by constraint
        return self.advice.athlete.user_id
