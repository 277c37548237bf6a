"""What counts for a day, and what is planned."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from athletes.admin.scope import (
    BY_ATHLETE,
    NOBODY_WRITES,
    ScopedAdmin,
    ScopedHistoryAdmin,
    medical_column,
    named,
    value_column,
)
from athletes.models import (
    Day,
    PlannedSession,
    SeasonDay,
    User,
)
from athletes.reports import intake
from measures.intensity import share_of
from measures.loads import MOST_RPE


@admin.register(SeasonDay)
class SeasonDayAdmin(ScopedAdmin):
    rows_are_values = True
    medical_fields = ("ill", "injured", "illness", "injury", "red_flag", "pain_0_10", "note_asks")
    anybody_may_not = NOBODY_WRITES
    list_display = ("athlete", "date", "hrv_rmssd_ms", "sleep_score", "load_au", "t400_s", "imported_at")
    list_filter = (BY_ATHLETE,)
    list_select_related = ("athlete__user",)
    date_hierarchy = "date"


MEDICAL_OF_DAY = ("pain_0_10", "illness", "injury_status", "red_flag", "note_asks")
SHOWN_OF_DAY = ("id", "athlete", "date", "checked_in_at", *MEDICAL_OF_DAY)


@admin.register(Day)
class DayAdmin(ScopedAdmin):
    """What counts for the day. Without the athlete's consent to values: that there is a day, and when she answered."""

    anybody_may_not = NOBODY_WRITES
    medical_fields = MEDICAL_OF_DAY
    value_fields = tuple(field.name for field in Day._meta.fields if field.name not in SHOWN_OF_DAY)
    list_display = (
        "athlete",
        "date",
        "checked_in_at",
        medical_column("illness", _("illness"), named(Day, "illness")),
        medical_column("injury_status", _("injury status"), named(Day, "injury_status")),
        value_column("readiness_1_5", _("readiness, 1-5"), "{:.1f}".format),
        value_column("hrv_ms", _("HRV, ms")),
        value_column("sleep_score", _("sleep, 0-100"), "{:.0f}".format),
        value_column("load_au", _("load, AU"), "{:.0f}".format),
        value_column("t400_s", _("400 m, s"), "{:.2f}".format),
    )
    list_filter = (BY_ATHLETE,)
    list_per_page = 31
    list_select_related = ("athlete__user",)
    date_hierarchy = "date"


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    load_au = forms.FloatField(
        required=False,
        min_value=0,
        max_value=6000,
        label=_("Load, AU"),
        help_text=_("or minutes and RPE; 0 plans a rest day"),
    )
    duration_min = forms.FloatField(required=False, min_value=0, max_value=600, label=_("Minutes"))
    rpe = forms.FloatField(required=False, min_value=0, max_value=int(MOST_RPE), label=_("RPE, CR-10"))
    high_intensity_share = forms.FloatField(
        label=_("High intensity share"),
        required=False,
        min_value=0,
        max_value=1,
        help_text=_("0-1 of the load; from the kind if left empty"),
    )

    class Meta:
        model = PlannedSession
        fields = (
            "athlete", "date", "kind", "title", "duration_min", "rpe", "load_au", "high_intensity_share",
            "competition_priority",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("load_au") is None:
            if data.get("duration_min") is None or data.get("rpe") is None:
                raise forms.ValidationError(gettext("Give the load, or minutes and RPE."))
            data["load_au"] = data["duration_min"] * data["rpe"]
        data["high_intensity_share"] = share_of(data.get("kind") or "other", data.get("high_intensity_share"))
        return data


@admin.register(PlannedSession)
class PlannedSessionAdmin(ScopedHistoryAdmin):
    form = PlanForm
    coach_may = frozenset({"view", "add", "change", "delete"})
    list_display = ("athlete", "date", "kind", "title", "load_au", "high_intensity_share", "author")
    list_filter = (BY_ATHLETE, "kind", "author")
    list_select_related = ("athlete__user",)
    autocomplete_fields = ("athlete",)
    date_hierarchy = "date"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("athlete", "date") if obj else ()

    def save_model(self, request: HttpRequest, obj: PlannedSession, form: Any, change: bool) -> None:
        names = [name for name in PlanForm.Meta.fields if name not in ("athlete", "date")]
        values = {name: getattr(obj, name) for name in names}
        obj.pk = intake.record_plan(obj.athlete, obj.date, values, by=cast(User, request.user)).pk

    def delete_model(self, request: HttpRequest, obj: PlannedSession) -> None:
        intake.delete_plan(obj.athlete, obj.date)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PlannedSession]) -> None:
        for plan in queryset.select_related("athlete"):
            intake.delete_plan(plan.athlete, plan.date)
