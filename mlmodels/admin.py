from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from mlmodels.models import PolicyVersion
from mlmodels.policies import registry

NOT_FOR_READING = ("golden", "box", "distribution", "gate")


class Why(forms.Form):
    reason = forms.CharField(max_length=2000, widget=UnfoldAdminTextareaWidget, help_text=_("Stays in the history."))


class WhyAndAlthough(Why):
    override = forms.CharField(
        label=_("Although something is lacking"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget,
        help_text=_("Only where the gate was not passed or days in shadow are lacking. Stays on record."),
    )


@admin.register(PolicyVersion)
class PolicyVersionAdmin(SimpleHistoryAdmin, ModelAdmin):
    """Rows come from the code and from add_policy. What may be done here are the steps of a policy's life, each asked
    again on a page of its own, by staff with the permission to approve."""

    list_display = (
        "name",
        "life",
        "gate_result",
        "shadow_days",
        "feature_set",
        "short_sha256",
        "activated_at",
        "approved_by",
    )
    list_display_links = ("name",)
    ordering = ("-active", "-added_at")
    actions_detail = ("approve", "shadow", "unshadow", "activate", "roll_back")
    fields = readonly_fields = (
        "name", "life", "lacking", "approved_at", "approved_by", "approval_reason", "approval_override", "shadow_since",
        "shadow_days", "shadow_error", "activated_at", "activated_by", "previous", "gate_lines", "sha256", "path",
        "added_at", "readable_card",
    )  # fmt: skip
    history_list_display = ("life", "history_change_reason")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return False

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.is_staff) and request.user.has_perm("mlmodels.approve_policyversion")

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied  # simple-history would save the old version
        return cast(HttpResponse, super().history_form_view(request, object_id, version_id, extra_context))

    # --- what is shown

    @admin.display(description="sha256")
    def short_sha256(self, version: PolicyVersion) -> str:
        return version.sha256[:12]

    @admin.display(description=_("state"))
    def feature_set(self, version: PolicyVersion) -> str:
        return str(version.card.get("feature_set", ""))

    @admin.display(description=_("gate"))
    def gate_result(self, version: PolicyVersion) -> str:
        if not version.gate:
            return gettext("not played")
        missed = sum(not line["passed"] for line in version.gate.get("lines", []))
        if version.gate_passed:
            return gettext("passed")
        return gettext("missed %(lines)d") % {"lines": missed} if missed else gettext("only in part")

    @admin.display(description=_("lacking for approval"))
    def lacking(self, version: PolicyVersion) -> str:
        return "; ".join(registry.lacks(version)) or gettext("nothing")

    @admin.display(description=_("gate"))
    def gate_lines(self, version: PolicyVersion) -> SafeString | str:
        if not version.gate:
            return gettext("not played")
        given = ", ".join(f"{name} {version.gate[name]}" for name in GATE_HEAD if name in version.gate)
        rows = [
            (
                line["world"] or gettext("all"),
                line["condition"],
                line["found"],
                line["wanted"],
                gettext("passed") if line["passed"] else gettext("MISSED"),
            )
            for line in version.gate.get("lines", [])
        ]
        body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
        return format_html('<div>{}</div><table class="gate">{}</table>', given, body)

    @admin.display(description=_("card"))
    def readable_card(self, version: PolicyVersion) -> SafeString:
        lines = [
            line for name, value in version.card.items() if name not in NOT_FOR_READING for line in flat(name, value)
        ]
        return format_html_join("", "<div><strong>{}</strong> {}</div>", lines)

    # --- the steps

    @action(description=_("Approve"), url_path="approve", permissions=["approve"])
    def approve(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        def do(version: PolicyVersion, why: dict[str, str]) -> str:
            registry.approve(version, by=cast(Any, request.user), **why)
            return gettext("%(policy)s is approved. It does not answer yet.") % {"policy": version.name}

        return self.step(request, object_id, gettext("Approve %(policy)s"), WhyAndAlthough, do)

    @action(description=_("Start shadow"), url_path="shadow", permissions=["approve"])
    def shadow(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        def do(version: PolicyVersion, why: dict[str, str]) -> str:
            registry.start_shadow(version, by=cast(Any, request.user))
            said = gettext("What %(policy)s would advise is logged from now on, and shown to nobody.")
            return said % {"policy": version.name}

        return self.step(request, object_id, gettext("Run %(policy)s in shadow"), None, do)

    @action(description=_("Stop shadow"), url_path="unshadow", permissions=["approve"])
    def unshadow(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        def do(version: PolicyVersion, why: dict[str, str]) -> str:
            registry.stop_shadow(version, by=cast(Any, request.user))
            return gettext("%(policy)s is not in shadow any more.") % {"policy": version.name}

        return self.step(request, object_id, gettext("End the shadow mode of %(policy)s"), None, do)

    @action(description=_("Activate"), url_path="activate", permissions=["approve"])
    def activate(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        def do(version: PolicyVersion, why: dict[str, str]) -> str:
            replaced = registry.activate(version, by=cast(Any, request.user))
            if replaced is None:
                return gettext("%(policy)s answers from now on.") % {"policy": version.name}
            said = gettext("%(policy)s answers from now on. It replaces %(replaced)s.")
            return said % {"policy": version.name, "replaced": replaced.name}

        return self.step(request, object_id, gettext("Let %(policy)s answer"), None, do)

    @action(description=_("Roll back"), url_path="roll-back", permissions=["approve"])
    def roll_back(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        def do(version: PolicyVersion, why: dict[str, str]) -> str:
            if not version.active:
                said = gettext("%(policy)s is not active. Go back from the one that is.") % {"policy": version.name}
                raise registry.PolicyConflict(said)
            back = registry.roll_back(by=cast(Any, request.user), **why)
            return gettext("%(policy)s answers again.") % {"policy": back.name}

        return self.step(request, object_id, gettext("Go back from %(policy)s to the one before"), Why, do)

    def step(self, request: HttpRequest, object_id: Any, title: str, form_class: Any, do: Any) -> HttpResponse:
        """A page that asks once more; posting it does it."""
        version = get_object_or_404(PolicyVersion, pk=object_id)
        form = form_class(request.POST or None) if form_class else None
        back = reverse("admin:mlmodels_policyversion_change", args=[version.pk])
        if request.method == "POST" and (form is None or form.is_valid()):
            try:
                messages.success(request, do(version, form.cleaned_data if form else {}))
                return redirect(back)
            except (registry.PolicyUnusable, registry.PolicyConflict) as error:
                if form is None:
                    messages.error(request, str(error))
                    return redirect(back)
                form.add_error(None, str(error))
        context = self.admin_site.each_context(request) | {
            "title": title % {"policy": version.name},
            "version": version,
            "lacking": registry.lacks(version) if form_class is WhyAndAlthough else [],
            "form": form,
            "back": back,
        }
        return render(request, "mlmodels/step.html", context)


GATE_HEAD = ("at", "cohorts", "athletes", "seed", "worlds", "source")


def flat(name: str, value: Any) -> list[tuple[str, str]]:
    """`metrics: {"gain": {"mean": 0.3}}` reads as `metrics gain mean 0.3`."""
    if isinstance(value, dict):
        return [line for inner, of in value.items() for line in flat(f"{name} {inner}", of)]
    if isinstance(value, list):
        return [(name, ", ".join(map(str, value)))]
    return [(name, f"{value:.4g}" if isinstance(value, float) else str(value))]
