"""What was said, what a coach said instead, and what the athlete made of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from athletes.models import Athlete
from measures.actions import Action
from recommendations.fields import ByActionField, ObservationField, SaidField
from storage.encryption import EncryptedTextField
from storage.identifiers import uuid7


class ActionCode(models.TextChoices):
    """The codes of the actions, with what people read."""

    INCREASE_INTENSITY = Action.INCREASE_INTENSITY.code, _("More intensity")
    INCREASE_VOLUME = Action.INCREASE_VOLUME.code, _("More volume")
    ACTIVE_RECOVERY = Action.ACTIVE_RECOVERY.code, _("Active recovery")
    AS_PLANNED = Action.AS_PLANNED.code, _("As planned")


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
