from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords


class PolicyVersion(models.Model):
    """A policy that may answer: candidate, through the gate, in shadow, approved by a person, active.

    At most one is active; rolling back is activating the one before: one row. Every change of a row is in its history,
    with who and why.
    """

    name = models.CharField(max_length=80, unique=True)
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=255, help_text="ONNX file, relative to the artifacts or data directory")
    card = models.JSONField(help_text="what it was trained on and how, with the command that makes it again")
    gate = models.JSONField(
        null=True, blank=True, help_text="the last report of the promotion gate: passed, at, worlds, every line"
    )
    shadow_since = models.DateTimeField(null=True, blank=True, help_text="its advice is logged, and shown to nobody")
    shadow_days = models.PositiveIntegerField(default=0, help_text="UTC days on which it was asked in shadow")
    shadow_seen_on = models.DateField(null=True, blank=True, help_text="the last of them")
    shadow_error = models.CharField(max_length=300, blank=True, help_text="why it was left out of shadow mode")
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    approval_reason = models.TextField(blank=True)
    approval_override = models.TextField(blank=True, help_text="why without a passed gate or enough shadow days")
    active = models.BooleanField(default=False)
    added_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    history = HistoricalRecords(
        excluded_fields=["card", "shadow_days", "shadow_seen_on"],
        history_change_reason_field=models.TextField(null=True),
    )

    class Meta:
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
            return "active"
        if self.approved_at:
            return "approved"
        if self.shadow_since:
            return "left out of shadow" if self.shadow_error else "shadow"
        if self.gate:
            return "gate passed" if self.gate_passed else "gate missed"
        return "candidate"
