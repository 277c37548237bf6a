from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class PolicyVersion(models.Model):
    """A policy that may answer: candidate, through the gate, in shadow, approved by a person, active.

    At most one is active; rolling back is activating the one before: one row. Every change of a row is in its history,
    with who and why.
    """

    name = models.CharField(_("name"), max_length=80, unique=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    path = models.CharField(
        _("path"), max_length=255, help_text=_("ONNX file, relative to the artifacts or data directory")
    )
    card = models.JSONField(
        _("card"), help_text=_("what it was trained on and how, with the command that makes it again")
    )
    gate = models.JSONField(
        _("gate"),
        null=True,
        blank=True,
        help_text=_("the last report of the promotion gate: passed, at, worlds, every line"),
    )
    shadow_since = models.DateTimeField(
        _("shadow since"), null=True, blank=True, help_text=_("its advice is logged, and shown to nobody")
    )
    shadow_days = models.PositiveIntegerField(
        _("shadow days"), default=0, help_text=_("UTC days on which it was asked in shadow")
    )
    shadow_seen_on = models.DateField(_("shadow seen on"), null=True, blank=True, help_text=_("the last of them"))
    shadow_error = models.CharField(
        _("shadow error"), max_length=300, blank=True, help_text=_("why it was left out of shadow mode")
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("approved by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    approval_reason = models.TextField(_("approval reason"), blank=True)
    approval_override = models.TextField(
        _("approval override"), blank=True, help_text=_("why without a passed gate or enough shadow days")
    )
    active = models.BooleanField(_("active"), default=False)
    added_at = models.DateTimeField(_("added at"), auto_now_add=True)
    activated_at = models.DateTimeField(_("activated at"), null=True, blank=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("activated by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    previous = models.ForeignKey(
        "self", verbose_name=_("previous"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    history = HistoricalRecords(
        excluded_fields=["card", "shadow_days", "shadow_seen_on"],
        history_change_reason_field=models.TextField(null=True),
    )

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        permissions = [("approve_policyversion", "Can approve, activate and roll back policies")]
        constraints = [
            models.UniqueConstraint(fields=["active"], condition=Q(active=True), name="one_active_policy"),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True) | ~Q(approval_reason=""), name="an_approval_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def gate_passed(self) -> bool:
        return bool(self.gate and self.gate.get("passed"))

    @property
    def life(self) -> str:
        """How far it has come, in a word or two."""
        if self.active:
            return gettext("active")
        if self.approved_at:
            return gettext("approved")
        if self.shadow_since:
            return gettext("left out of shadow") if self.shadow_error else gettext("shadow")
        if self.gate:
            return gettext("gate passed") if self.gate_passed else gettext("gate missed")
        return gettext("candidate")
