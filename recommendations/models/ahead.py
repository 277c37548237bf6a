"""What may come, and what another policy would have said."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from athletes.models import Athlete
from mlmodels.models import PolicyVersion
from recommendations.models.advice import ActionCode, Advice


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
