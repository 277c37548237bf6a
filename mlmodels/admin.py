from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from mlmodels import registry
from mlmodels.models import PolicyVersion

NOT_FOR_READING = ("golden", "box")


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ModelAdmin):  # type: ignore[misc]
    """Rows come from add_policy alone. Activation is the one thing done here, by POST and by superusers."""

    list_display = (
        "name",
        "active",
        "short_sha256",
        "feature_set",
        "added_at",
        "activated_at",
        "activated_by",
        "previous",
    )
    list_display_links = ("name",)
    ordering = ("-active", "-added_at")
    fields = readonly_fields = (
        "name", "active", "sha256", "path", "added_at", "activated_at", "activated_by", "previous", "readable_card",
    )  # fmt: skip
    actions = ("make_active",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return False

    def has_activate_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    @admin.display(description="sha256")
    def short_sha256(self, version: PolicyVersion) -> str:
        return version.sha256[:12]

    @admin.display(description="state")
    def feature_set(self, version: PolicyVersion) -> str:
        return str(version.card.get("feature_set", ""))

    @admin.display(description="card")
    def readable_card(self, version: PolicyVersion) -> SafeString:
        lines = [
            line for name, value in version.card.items() if name not in NOT_FOR_READING for line in flat(name, value)
        ]
        return format_html_join("", "<div><strong>{}</strong> {}</div>", lines)

    @admin.action(description="Let this policy answer", permissions=["activate"])
    def make_active(self, request: HttpRequest, chosen: QuerySet[PolicyVersion]) -> None:
        if len(chosen) != 1:
            self.message_user(request, "Choose exactly one policy.", messages.ERROR)
            return
        try:
            replaced = registry.activate(chosen[0], by=request.user)  # type: ignore[arg-type]
        except (registry.PolicyUnusable, registry.PolicyConflict) as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            was = f" It replaces {replaced.name}." if replaced else ""
            self.message_user(request, f"{chosen[0].name} answers from now on.{was}", messages.SUCCESS)


def flat(name: str, value: Any) -> list[tuple[str, str]]:
    """`metrics: {"gain": {"mean": 0.3}}` reads as `metrics gain mean 0.3`."""
    if isinstance(value, dict):
        return [line for inner, of in value.items() for line in flat(f"{name} {inner}", of)]
    if isinstance(value, list):
        return [(name, ", ".join(map(str, value)))]
    return [(name, f"{value:.4g}" if isinstance(value, float) else str(value))]
