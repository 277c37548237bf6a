"""Advice is read here and outranked here, never edited."""

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from athletes.admin.scope import BY_ATHLETE, NOBODY_WRITES, ScopedAdmin
from athletes.models import User
from measures.guards import STOPS
from recommendations.advice import overriding, showing
from recommendations.announcing import notices
from recommendations.coach import coach_page
from recommendations.forecasts import charts, forecasting
from recommendations.models import Advice, Feedback, Forecast, OrderCode, Override, WaitingDay, Warning
from recommendations.views.serializers import MAX_LOAD_AU, NOTE_NEEDED, OWN_NEEDS
from recommendations.words import discretion, sentences
from recommendations.words.discretion import Reader

NOT_CHOSEN = ("", _("Choose"))


class ReadOnly(ScopedAdmin):
    anybody_may_not = NOBODY_WRITES

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.model._meta.fields]


class OverrideForm(forms.Form):
    action = forms.ChoiceField(label=_("Instead"), widget=UnfoldAdminSelectWidget)
    session = forms.CharField(
        label=_("Session"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget,
        help_text=_("For a session of your own."),
    )  # fmt: skip
    load_au = forms.FloatField(
        label=_("Its load, AU"), required=False, min_value=0, max_value=MAX_LOAD_AU, widget=UnfoldAdminTextInputWidget,
        help_text=_("For a session of your own: RPE x minutes."),
    )  # fmt: skip
    reason_code = forms.ChoiceField(
        label=_("Because"), choices=[NOT_CHOSEN, *Override.Reason.choices], widget=UnfoldAdminSelectWidget
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=2000, widget=UnfoldAdminTextareaWidget,
        help_text=_("The athlete reads it."),
    )  # fmt: skip

    def __init__(self, advice: Advice, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stop = overriding.is_limited(advice)
        safest_first = list(reversed(overriding.allowed_actions(advice.guards)))
        own = [OrderCode.OWN] if overriding.most_au(advice) != 0 else []
        choices = [(code, label_of(code, advice)) for code in [*safest_first, *own]]
        self.fields["action"].choices = [NOT_CHOSEN, *choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("reason_code") == Override.Reason.OTHER and not given.get("note"):
            self.add_error("note", NOTE_NEEDED)
        if given.get("action") == OrderCode.OWN:
            for name in ("session", "load_au"):
                if given.get(name) in (None, ""):
                    self.add_error(name, OWN_NEEDS)
        return given


def label_of(code: str, advice: Advice) -> str:
    """With its dose, so that the coach sees what is ordered: "As planned (315 AU)"."""
    label = str(OrderCode(code).label)
    dose = overriding.dose_ordered(advice, code, None)
    if code != OrderCode.OWN:
        return label if dose is None else f"{label} ({dose:.0f} AU)"
    most = overriding.most_au(advice)
    if most is None:
        return label
    return gettext("%(order)s (at most %(most).0f AU today)") % {"order": label, "most": most}


@admin.register(Advice)
class AdviceAdmin(ReadOnly):
    list_display = ("athlete", "date", "revision", "headline", "status", "current")
    list_filter = (BY_ATHLETE, "status", "current", "date")
    list_select_related = ("athlete__user",)
    date_hierarchy = "date"
    ordering = ("-date", "-revision")
    actions_detail: ClassVar[list[str]] = ["override", "look_ahead"]
    value_fields = ("q_values", "observation", "said", "prescription", "next_four_weeks", "why")
    medical_fields = ("observation", "said", "guards", "withheld_reason")
    change_form_outer_before_template = "recommendations/advice.html"
    looking_ahead = ("next_four_weeks", "why")
    of_the_choice = (*looking_ahead, "policy_action", "q_values", "tells_coach")
    fields = (
        *looking_ahead, "athlete", "date", "revision", "current", "status", "withheld_reason", "action",
        "policy_action", "guards", "prescription", "said", "wording_version", "language", "q_values", "observation",
        "stage", "tells_coach", "policy_name", "policy_sha256", "active_sha256", "used_fallback", "guard_version",
        "state_version", "issued_at", "valid_until",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = super().get_fields(request, obj)
        if obj is None or not discretion.hides_choice(obj, reader_of(obj)):
            return names
        return [name for name in names if name not in self.of_the_choice]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = self.get_fields(request, obj)
        ahead = [name for name in names if name in self.looking_ahead]
        technical = {"fields": [name for name in names if name not in ahead], "classes": ["collapse", "break-all"]}
        return [*([(_("Looking ahead"), {"fields": ahead})] if ahead else []), (_("Technical details"), technical)]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        advice = self.get_object(request, object_id)
        page = None
        if advice is not None and self.has_view_permission(request, advice):
            may = self.has_override_permission(request, object_id)
            if isinstance(request.user, User) and request.method == "GET":
                notices.mark_seen(request.user, timezone.now(), athlete=advice.athlete_id)
            page = coach_page.page_of(advice, reader_of(advice), may_override=may)
        context = (extra_context or {}) | {"page": page}
        return cast(HttpResponse, super().change_view(request, object_id, form_url, context))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "next_four_weeks", "why"]

    @admin.display(description=_("headline"))
    def headline(self, advice: Advice) -> str:
        return showing.headline_of(advice, reader_of(advice))

    @admin.display(description=_("next four weeks"))
    def next_four_weeks(self, advice: Advice) -> str:
        forecast = Forecast.objects.filter(pk=advice.pk).first()
        if forecast is None:
            return gettext("Not computed. Look ahead to see what each action today may lead to.")
        if forecast.result is None:
            reason = discretion.stop_shown(forecast.reason, reader_of(advice))
            return f"{forecast.get_state_display()} {reason}".strip()
        return charts.forecast_chart(forecast.result, advice.action) + made_on(forecast)

    @admin.display(description=_("why this action"))
    def why(self, advice: Advice) -> str:
        forecast = Forecast.objects.filter(pk=advice.pk).exclude(contributions=None).first()
        if forecast is None or not forecast.contributions:
            return "-"
        values = discretion.contributions_shown(forecast.contributions["values"], reader_of(advice))
        return charts.contribution_bars(forecast.contributions | {"values": values})

    def has_look_ahead_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever sees the values, for the day that lasts."""
        advice = self.get_object(request, str(object_id)) if object_id else None
        if advice is None or not advice.values_shared or discretion.hides_choice(advice, reader_of(advice)):
            return False
        return bool(advice.current and advice.action)

    @action(description=_("Look ahead"), url_path="look-ahead", permissions=["look_ahead"])
    def look_ahead(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        advice = get_object_or_404(self.get_queryset(request), pk=object_id)
        if forecasting.ask(advice).state == Forecast.State.WAITING:
            messages.info(request, gettext("Being computed. Load the page again in a moment."))
        return redirect(reverse("admin:recommendations_advice_change", args=[advice.pk]))

    def has_override_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever coaches the athlete and sees the advice, and no athlete their own."""
        advice = self.get_object(request, str(object_id)) if object_id else None
        return advice is not None and advice.athlete.user_id != request.user.pk

    @action(description=_("Override"), url_path="override", permissions=["override"])
    def override(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        advice = get_object_or_404(self.get_queryset(request), pk=object_id)
        form = OverrideForm(advice, request.POST or None)
        if request.method == "POST" and form.is_valid() and isinstance(request.user, User):
            try:
                overriding.override(advice, by=request.user, now=timezone.now(), **form.cleaned_data)
            except overriding.Refused as refusal:
                messages.error(request, refusal.message)
            else:
                messages.success(request, gettext("%(name)s is told.") % {"name": advice.athlete})
            return redirect(reverse("admin:recommendations_advice_change", args=[advice.pk]))
        context = self.admin_site.each_context(request) | {
            "title": gettext("Override the advice for %(name)s") % {"name": advice.athlete},
            "headline": showing.headline_of(advice, reader_of(advice)),
            "detail": showing.detail_of(advice, reader_of(advice)),
            "form": form,
            "stops": stops_told(advice) if form.stop else [],
            "stop": form.stop,
            "back": reverse("admin:recommendations_advice_change", args=[advice.pk]),
        }
        return render(request, "recommendations/override.html", context)


def stops_told(advice: Any) -> list[str]:
    """The safety stops of today in words, as far as the athlete shares them."""
    stops = STOPS | {discretion.HEALTH}
    return [g["text"] for g in showing.guards_of(advice, reader_of(advice)) if g["code"] in stops and g["text"]]


def reader_of(row: Any) -> Reader:
    """The coach who is shown a row that `ScopedAdmin` has read."""
    return Reader(own=False, values=row.values_shared, medical=row.medical_shared)


def made_on(forecast: Forecast) -> SafeString:
    """Whose answers to load the forecast assumes."""
    if forecast.twin_level == Forecast.TwinLevel.INDIVIDUAL:
        text = ngettext(
            "On the athlete's own twin, from %(days)d logged day.",
            "On the athlete's own twin, from %(days)d logged days.",
            forecast.twin_days,
        )
    else:
        text = ngettext(
            "On the group's twin: %(days)d own logged day is too few.",
            "On the group's twin: %(days)d own logged days are too few.",
            forecast.twin_days,
        )
    return format_html("<p>{}</p>", text % {"days": forecast.twin_days})


class KindThatNamesNoIllness(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, sentences.label(kind)) for kind in sentences.WARNING_KINDS if kind not in discretion.WARNINGS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Warning]) -> QuerySet[Warning]:
        offered = {kind for kind, _ in self.lookup_choices}
        return queryset.filter(kind=self.value()) if self.value() in offered else queryset


@admin.register(Warning)
class WarningAdmin(ReadOnly):
    list_display = ("athlete", "what", "level", "opened_on", "closed_on", "acknowledged_at")
    list_filter = (BY_ATHLETE, "level", KindThatNamesNoIllness, "opened_on")
    list_select_related = ("athlete__user",)
    value_fields = ("evidence",)
    medical_fields = ("kind", "evidence", "citation")
    ordering = ("-opened_on", "-id")

    @admin.display(description=_("warning"))
    def what(self, warning: Warning) -> str:
        return showing.warning_words(warning, reader_of(warning))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The kind is medical detail where it names an illness; else the words say it, too."""
        return ["what", *super().get_fields(request, obj)] if obj else super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "what"]


@admin.register(Override)
class OverrideAdmin(ReadOnly):
    athlete_path = "advice__athlete"
    list_display = ("athlete_name", "date", "action", "reason_code", "coach", "created_at")
    list_filter = ("action", "reason_code", "created_at")
    list_select_related = ("advice__athlete__user", "by__athlete")
    fields = ("advice", "action", "load_au", "session", "reason_code", "note", "coach", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "coach"]

    @admin.display(description=_("by"))
    def coach(self, override: Override) -> str:
        return override.by.shown_name if override.by else "-"

    @admin.display(description=_("athlete"))
    def athlete_name(self, override: Override) -> str:
        return str(override.advice.athlete)

    @admin.display(description=_("date"), ordering="advice__date")
    def date(self, override: Override) -> Any:
        return override.advice.date


@admin.register(Feedback)
class FeedbackAdmin(ReadOnly):
    athlete_path = "advice__athlete"
    never = ("comment",)
    medical_fields = ("reason_code",)  # the athlete's own word on why not
    list_display = ("athlete_name", "date", "followed", "agreement", "updated_at")
    list_filter = ("followed", "updated_at")
    list_select_related = ("advice__athlete__user",)
    athlete_name, date = OverrideAdmin.athlete_name, OverrideAdmin.date


class SuperusersOnly(ReadOnly):
    coach_may = frozenset()


@admin.register(WaitingDay)
class WaitingDayAdmin(SuperusersOnly):
    """What is still to be answered, and what failed. A row may be deleted: the next report asks again."""

    anybody_may_not = frozenset({"add", "change"})
    list_display = ("athlete", "date", "reason", "since", "attempts", "not_before", "error")
    list_select_related = ("athlete__user",)
    ordering = ("since",)
