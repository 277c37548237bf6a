from django.conf import settings
from django.db import models
from django.db.models import Q


class PolicyVersion(models.Model):
    """A policy that may answer. At most one is active; rolling back is activating the one before: one row."""

    name = models.CharField(max_length=80, unique=True)
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=255, help_text="ONNX file, relative to the artifacts or data directory")
    card = models.JSONField(help_text="what it was trained on and how, with the command that makes it again")
    active = models.BooleanField(default=False)
    added_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["active"], condition=Q(active=True), name="one_active_policy")]

    def __str__(self) -> str:
        return self.name
