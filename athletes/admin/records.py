"""What was reported: check-ins, warning signs, records of devices."""

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSingleDateWidget, UnfoldAdminTextareaWidget

from athletes.admin.scope import (
    BY_ATHLETE,
    NOBODY_WRITES,
    ScopedAdmin,
    medical_column,
    named,
    value_column,
)
from athletes.models import (
    CheckIn,
    HrvReading,
    PerformanceTest,
    Record,
    RedFlag,
    RestDay,
    RestingHrReading,
    SleepSession,
    TrainingSession,
    User,
)
from athletes.reports import intake, red_flags, unrated
from athletes.reports.records import Refused
from measures import loads
from measures.providers import NAMES
from measures.wellness import ITEMS

GROUNDS = {  # of an estimated load
    "own_ratings": _("own ratings"),
    "group_convention": _("group convention"),
    "planned_effort": _("planned effort"),
    "resting_hr_assumed": _("resting HR assumed"),
    "max_hr_by_age": _("highest HR by age"),
    "max_hr_assumed": _("highest HR assumed"),
    "hr_underestimates": _("HR underestimates"),
}


@admin.register(CheckIn)
class CheckInAdmin(ScopedAdmin):
    anybody_may_not = frozenset({"add", "change"})
    coach_may = frozenset({"view"})
    value_fields = (
        "scale", *ITEMS, "sleep_duration_min", "resting_hr_bpm", "hrv_metric", "hrv_value_ms", "hrv_context", "quality",
    )  # fmt: skip
    medical_fields = (  # the quality says whether the note may tell of a warning sign
        "illness", "injury_status", "injury_body_site", "red_flag", "pain_0_10", "notes", "quality",
    )  # fmt: skip
    list_display = (
        "athlete",
        "date",
        medical_column("illness", _("illness"), named(CheckIn, "illness")),
        medical_column("injury_status", _("injury status"), named(CheckIn, "injury_status")),
        medical_column("pain_0_10", _("pain 0 10")),
        value_column("hrv_value_ms", _("HRV, ms")),
        value_column("sleep_duration_min", _("sleep, min")),
        value_column("resting_hr_bpm", _("resting HR, bpm")),
    )
    list_filter = (BY_ATHLETE,)
    list_select_related = ("athlete__user",)
    date_hierarchy = "date"

    def delete_model(self, request: HttpRequest, obj: CheckIn) -> None:
        intake.delete_check_in(obj.athlete, obj.date)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CheckIn]) -> None:
        for check_in in queryset.select_related("athlete"):
            intake.delete_check_in(check_in.athlete, check_in.date)


class ClearingForm(forms.Form):
    seen_by_doctor_on = forms.DateField(
        required=False,
        label=_("Seen by a doctor on"),
        widget=UnfoldAdminSingleDateWidget,
        help_text=_("if one has seen it"),
    )
    note = forms.CharField(
        required=False, max_length=2000, widget=UnfoldAdminTextareaWidget, help_text=_("The athlete reads it.")
    )


@admin.register(RedFlag)
class RedFlagAdmin(ScopedAdmin):
    """Warning signs, read here and cleared here by those who hold the permission."""

    anybody_may_not = NOBODY_WRITES
    medical_fields = ("kind", "note")
    list_display = (
        "athlete",
        "raised_on",
        "standing",
        medical_column("kind", _("what"), named(RedFlag, "kind")),
        "cleared_on",
        "clearer",
    )
    list_filter = (BY_ATHLETE, "raised_on")
    list_select_related = ("athlete__user", "cleared_by__athlete")
    date_hierarchy = "raised_on"
    actions_detail: ClassVar[list[str]] = ["clear"]
    fields = (
        "athlete", "standing", "kind", "raised_on", "raised_at", "cleared_on", "cleared_at", "clearer",
        "seen_by_doctor_on", "note",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description=_("state"), ordering="cleared_at")
    def standing(self, flag: RedFlag) -> str:
        return gettext("open") if flag.cleared_at is None else gettext("cleared")

    @admin.display(description=_("cleared by"))
    def clearer(self, flag: RedFlag) -> str:
        return red_flags.who_cleared(flag) or "-"

    def has_clear_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever sees the athlete and holds the permission; the athlete says her own in the app, with a date."""
        flag = self.get_object(request, str(object_id)) if object_id else None
        user = request.user
        if flag is None or flag.cleared_at is not None or not isinstance(user, User):
            return False
        return flag.athlete.user_id != user.pk and red_flags.may_clear(flag, user)

    @action(description=_("Clear"), url_path="clear", permissions=["clear"])
    def clear(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        flag = get_object_or_404(self.get_queryset(request), pk=object_id)
        form = ClearingForm()
        back = reverse("admin:athletes_redflag_change", args=[flag.pk])
        if request.method == "POST" and isinstance(request.user, User):
            form = ClearingForm(request.POST)
            if form.is_valid():
                try:
                    red_flags.clear(flag, by=request.user, **form.cleaned_data)
                except Refused as refusal:
                    messages.error(request, refusal.message)
                else:
                    said = gettext("Cleared. %(athlete)s rests today, and returns in steps.")
                    messages.success(request, said % {"athlete": flag.athlete})
                return redirect(back)
        context = self.admin_site.each_context(request) | {
            "title": gettext("Clear the warning sign of %(athlete)s") % {"athlete": flag.athlete},
            "flag": flag,
            "form": form,
            "back": back,
        }
        return render(request, "athletes/clear_red_flag.html", context)


class RecordAdmin(ScopedAdmin):
    """Measured values: seen by those who may, corrected at their source, confirmed here when they were doubted."""

    rows_are_values = True
    coach_may = frozenset({"view", "confirm"})
    anybody_may_not = frozenset({"add", "change"})
    list_filter: ClassVar[tuple[Any, ...]] = (BY_ATHLETE, "provider", "quality_status")
    list_select_related: ClassVar[tuple[str, ...]] = ("athlete__user",)
    date_hierarchy = "date"
    actions: ClassVar[tuple[str, ...]] = ("confirm",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(deleted_at=None)

    def has_confirm_permission(self, request: HttpRequest) -> bool:
        return self.allows("confirm", request, None, by_django=True)

    @admin.action(description=_("Confirm doubted values"), permissions=["confirm"])
    def confirm(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        for record in chosen.filter(quality_status="quarantined").select_related("athlete"):
            intake.confirm_record(record)

    def delete_model(self, request: HttpRequest, obj: Record) -> None:
        intake.delete_record(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for record in queryset.select_related("athlete"):
            intake.delete_record(record)


@admin.register(HrvReading)
class HrvReadingAdmin(RecordAdmin):
    list_display = ("athlete", "date", "value_ms", "metric", "context", "provider", "quality_status")


@admin.register(RestingHrReading)
class RestingHrReadingAdmin(RecordAdmin):
    list_display = ("athlete", "date", "value_bpm", "provider", "quality_status")


@admin.register(SleepSession)
class SleepSessionAdmin(RecordAdmin):
    list_display = ("athlete", "date", "start_at", "end_at", "duration_s", "score", "is_nap", "provider")


class WaitsForRating(admin.SimpleListFilter):
    """Estimated or unknown loads, but for sessions that another source tells too."""

    title = _("rating")
    parameter_name = "rating"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waits", gettext("waits for a rating")), ("done", gettext("rated, or told twice"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "waits":
                return queryset.filter(unrated.WAITING)
            case "done":
                return queryset.exclude(unrated.WAITING)
            case _:
                return queryset


@admin.register(TrainingSession)
class TrainingSessionAdmin(RecordAdmin):
    """A load that was estimated says so. The athlete knows how hard it was; a coach who was there may say it too."""

    list_display = ("athlete", "date", "kind", "minutes", "mean_hr", "said", "load", "basis", "provider")
    list_filter = (BY_ATHLETE, WaitsForRating, "load_basis", "provider", "quality_status")
    list_select_related = ("athlete__user", "rated_by__athlete")
    actions = ("confirm", "accept_estimates")
    FIELDSETS = (
        (None, {"fields": ("athlete", "date", "started_at", "kind", "minutes")}),
        (_("Load"), {"fields": ("load", "basis", "said", "rater", "rated_at", "source_rpe", "estimate")}),
        (_("What was measured"), {"fields": ("mean_hr", "highest_hr", "distance_m", "high_intensity_share")}),
        (_("Where it comes from"), {"classes": ("collapse",), "fields": (
            "provider", "device_model", "device_type", "recording_method", "client_record_id", "client_record_version",
            "date_basis", "zone", "utc_offset_min", "vendor_date", "quality_status", "quality_reasons", "hr_zones",
            "updated_at")}),
    )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.FIELDSETS

    @admin.display(description=_("minutes"), ordering="duration_min")
    def minutes(self, session: TrainingSession) -> str:
        return f"{session.duration_min:.0f}"

    @admin.display(description=_("mean HR, bpm"), ordering="avg_hr_bpm")
    def mean_hr(self, session: TrainingSession) -> str:
        return "-" if session.avg_hr_bpm is None else f"{session.avg_hr_bpm:.0f}"

    @admin.display(description=_("highest HR, bpm"))
    def highest_hr(self, session: TrainingSession) -> str:
        return "-" if session.max_hr_bpm is None else f"{session.max_hr_bpm:.0f}"

    @admin.display(description=_("what the load stands on"), ordering="load_basis")
    def basis(self, session: TrainingSession) -> str:
        """Of a session told twice that it adds nothing to its day."""
        if session.same_session_as:
            other = NAMES[session.same_session_as.partition("/")[0]]
            return gettext("not counted: %(source)s tells the same session") % {"source": other}
        return str(session.get_load_basis_display())

    @admin.display(description=_("rated by"))
    def rater(self, session: TrainingSession) -> str:
        return session.rated_by.shown_name if session.rated_by else "-"

    @admin.display(description=_("RPE by its source"))
    def source_rpe(self, session: TrainingSession) -> str:
        return "-" if session.rpe is None else f"{session.rpe:g}"

    @admin.display(description=_("load, AU"), ordering="load_au")
    def load(self, session: TrainingSession) -> str:
        if session.same_session_as:
            return "-"
        if session.load_au is None:
            return gettext("unknown")
        load = f"{session.load_au:.0f}"
        return gettext("about %(load)s") % {"load": load} if session.load_basis in loads.WAITING else load

    @admin.display(description=_("RPE"))
    def said(self, session: TrainingSession) -> str:
        return "-" if session.said_rpe is None else f"{session.said_rpe:g}"

    @admin.display(description=_("estimate"))
    def estimate(self, session: TrainingSession) -> str:
        if session.estimated_rpe is None:
            return "-"
        return gettext("RPE %(rpe).1f, give or take %(error).0f %% (%(grounds)s)") % {
            "rpe": session.estimated_rpe,
            "error": session.estimate_error_pct,
            "grounds": ", ".join(str(GROUNDS.get(ground, ground)) for ground in session.estimate_grounds),
        }

    @admin.action(description=_("Accept the estimated RPE"), permissions=["confirm"])
    def accept_estimates(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        """In the name of whoever is signed in. Sessions that nothing was estimated of stay as they are."""
        estimated = [s for s in chosen.select_related("athlete") if s.estimated_rpe is not None]
        for session in estimated:
            intake.rate_session(session, intake.accepted_rpe(session), by=cast(User, request.user))
        said = ngettext("%(count)d estimate accepted.", "%(count)d estimates accepted.", len(estimated))
        self.message_user(request, said % {"count": len(estimated)})


@admin.register(PerformanceTest)
class PerformanceTestAdmin(RecordAdmin):
    list_display = ("athlete", "date", "event", "time_s", "timing", "is_race", "quality_status")


@admin.register(RestDay)
class RestDayAdmin(RecordAdmin):
    list_display = ("athlete", "date", "provider")
