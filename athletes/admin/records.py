from collections.abc import Callable
from typing import Any, ClassVar

from allauth.account.admin import EmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.models import Client, Token
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Exists, Model, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSingleDateWidget, UnfoldAdminTextareaWidget

from athletes.admin.scope import (
    OfferedOnly,
    ScopedAdmin,
    ScopedHistoryAdmin,
    ScopedRelatedFilter,
    medical_column,
    value_column,
)
from athletes.models import (
    Athlete,
    CheckIn,
    Day,
    HrvReading,
    Mail,
    Membership,
    PerformanceTest,
    PlannedSession,
    Record,
    RedFlag,
    RestDay,
    RestingHrReading,
    SeasonDay,
    SleepSession,
    Squad,
    SquadInvite,
    TrainingSession,
    User,
    VendorAccount,
)
from athletes.people import erasure, squads
from athletes.people.access import athletes_visible_to, squads_coached_by
from athletes.reports import intake, red_flags, unrated
from athletes.reports.recording import Refused
from athletes.sign_in import clients
from measures import loads
from measures.intensity import share_of
from measures.providers import NAMES
from measures.wellness import ITEMS

NOBODY_WRITES = frozenset({"add", "change", "delete"})
BY_ATHLETE = ("athlete", ScopedRelatedFilter)
MOST_RPE = 10
GROUNDS = {  # of an estimated load
    "own_ratings": _("own ratings"),
    "group_convention": _("group convention"),
    "planned_effort": _("planned effort"),
    "resting_hr_assumed": _("resting HR assumed"),
    "max_hr_by_age": _("highest HR by age"),
    "max_hr_assumed": _("highest HR assumed"),
    "hr_underestimates": _("HR underestimates"),
}
admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(OfferedOnly):
    search_fields = ("name",)


@admin.register(User)
class PersonAdmin(OfferedOnly, UserAdmin):  # type: ignore[type-arg]
    """Accounts. For superusers: a coach sees names on the squad pages, never accounts."""

    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    list_display = ("email", "first_name", "last_name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("email", "first_name", "last_name")
    ordering = ("email",)
    filter_horizontal = ("groups", "user_permissions")
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password", "first_name", "last_name")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("When"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "password1", "password2")}),)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        rows, counts, forbidden, protected = super().get_deleted_objects(objs, request)
        return rows, counts, set() if request.user.is_superuser else forbidden, protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        erasure.erase_account(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for account in queryset:
            erasure.erase_account(account)


@admin.register(Athlete)
class AthleteAdmin(ScopedHistoryAdmin):
    """The history shows holds that are over: superusers only."""

    athlete_path = "pk"
    never = ("birth_date", "next_morning_at")
    for_superusers = ("user",)  # an account goes by its address
    medical_fields = ("hold",)
    value_fields = ("max_hr_bpm", "usual_session_rpe", "usual_session_min", "usual_sessions_per_week", "sex")
    list_display = ("display_name", "event", "timezone", "main_race_on", "current_squads")
    search_fields = ("display_name",)
    readonly_fields = ("user", "created_at", "source_priority", "source_periods")  # the athlete's own; days follow
    ordering = ("display_name",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Not by address, which is not shown: an answer to ?q= would tell it letter by letter."""
        return ("display_name", "user__email") if request.user.is_superuser else ("display_name",)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Days, check-ins and advice are nobody's to delete one by one; with the athlete they go."""
        rows, counts, forbidden, protected = super().get_deleted_objects(objs, request)
        return rows, counts, set() if request.user.is_superuser else forbidden, protected

    def delete_model(self, request: HttpRequest, obj: Athlete) -> None:
        erasure.erase(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Athlete]) -> None:
        for athlete in queryset:
            erasure.erase(athlete)

    @admin.display(description=_("squads"))
    def current_squads(self, athlete: Athlete) -> str:
        return ", ".join(sorted(m.squad.name for m in athlete.current_memberships))  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Athlete]:
        current = Membership.objects.filter(left_at=None, squad__in=squads_coached_by(request.user)).select_related(
            "squad"
        )
        rows: QuerySet[Athlete] = super().get_queryset(request).select_related("user")
        return rows.prefetch_related(Prefetch("memberships", current, to_attr="current_memberships"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        return fields if request.user.is_superuser else [name for name in fields if name not in self.for_superusers]

    def has_view_history_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    has_change_history_permission = has_view_history_permission

    def has_view_history_or_change_history_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)


class OfOwnSquads(ScopedHistoryAdmin):
    squad_path = "squad"

    def scoped(self, rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
        if request.user.is_superuser:
            return rows
        return rows.filter(**{f"{self.squad_path}__in": squads_coached_by(request.user).values("pk")})


@admin.register(Squad)
class SquadAdmin(OfOwnSquads):
    squad_path = "pk"
    list_display = ("name", "members")
    search_fields = ("name",)
    filter_horizontal = ("coaches",)
    readonly_fields = ("names",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Accounts go by their addresses, which even coaches of the same squad do not tell one another here."""
        return ("name", "coaches") if request.user.is_superuser else ("name", "names")

    @admin.display(description=_("coaches"))
    def names(self, squad: Squad) -> str:
        return ", ".join(sorted(coach.shown_name for coach in squad.coaches.select_related("athlete")))

    @admin.display(description=_("athletes"))
    def members(self, squad: Squad) -> int:
        return squad.memberships.filter(left_at=None).count()


@admin.register(Membership)
class MembershipAdmin(OfOwnSquads):
    """What is shared is the athlete's own choice: read here, changed in the app. Past members are nobody's to see, and
    who shares nothing is counted on the board and named nowhere."""

    coach_may = frozenset({"view", "end"})
    anybody_may_not = frozenset({"change", "delete"})
    list_display = ("athlete", "squad", "joined_at", "left_at", "shares_status", "shares_values", "shares_medical")
    list_filter = (("squad", ScopedRelatedFilter), "shares_status", "shares_values", "shares_medical")
    list_select_related = ("athlete__user", "squad")
    actions = ("end_membership",)

    def scoped(self, rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
        rows = super().scoped(rows, request)
        return rows if request.user.is_superuser else rows.filter(left_at=None, shares_status=True)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return self.allows("end", request, None, by_django=True)

    @admin.action(description=_("End the membership"), permissions=["end"])
    def end_membership(self, request: HttpRequest, chosen: QuerySet[Membership]) -> None:
        for membership in chosen.filter(left_at=None):
            squads.leave(membership)


@admin.register(SquadInvite)
class SquadInviteAdmin(ScopedAdmin):
    coach_may = frozenset({"view", "add", "delete"})
    anybody_may_not = frozenset({"change"})
    list_display = ("code", "squad", "expires_at", "used_at", "joined")
    list_filter = (("squad", ScopedRelatedFilter),)
    list_select_related = ("squad", "used_by__user")

    def scoped(self, rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
        shown = athletes_visible_to(request.user).filter(pk=OuterRef("used_by"))
        rows = rows.annotate(is_shown=Exists(shown))
        return rows if request.user.is_superuser else rows.filter(squad__in=squads_coached_by(request.user))

    @admin.display(description=_("used by"))
    def joined(self, invite: Any) -> str:
        """Who shares nothing, or has left, has no name here."""
        return str(invite.used_by) if invite.used_by and invite.is_shown else "-"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("squad",) if obj is None else ("squad", "code", "expires_at", "used_at")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        invite = squads.invite(obj.squad, by=request.user)  # type: ignore[arg-type]
        obj.pk, obj.code, obj.expires_at, obj.created_by = invite.pk, invite.code, invite.expires_at, invite.created_by
        said = gettext("The code is %(code)s; it is good for one athlete and %(days)d days.")
        messages.info(request, said % {"code": invite.code, "days": squads.GOOD_FOR.days})


# --- what was reported ------------------------------------------------------------------------------------------------


def named(model: type[Model], name: str) -> Callable[[Any], str]:
    """A code in its words; one that is not known any more stands for itself."""
    words = dict(model._meta.get_field(name).flatchoices)  # type: ignore[union-attr]
    return lambda code: str(words.get(code, code))


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
            intake.rate_session(session, intake.accepted_rpe(session), by=request.user)  # type: ignore[arg-type]
        said = ngettext("%(count)d estimate accepted.", "%(count)d estimates accepted.", len(estimated))
        self.message_user(request, said % {"count": len(estimated)})


@admin.register(PerformanceTest)
class PerformanceTestAdmin(RecordAdmin):
    list_display = ("athlete", "date", "event", "time_s", "timing", "is_race", "quality_status")


@admin.register(RestDay)
class RestDayAdmin(RecordAdmin):
    list_display = ("athlete", "date", "provider")


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


# --- what is planned --------------------------------------------------------------------------------------------------


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    load_au = forms.FloatField(
        required=False,
        min_value=0,
        max_value=6000,
        label=_("Load, AU"),
        help_text=_("or minutes and RPE; 0 plans a rest day"),
    )
    duration_min = forms.FloatField(required=False, min_value=0, max_value=600, label=_("Minutes"))
    rpe = forms.FloatField(required=False, min_value=0, max_value=MOST_RPE, label=_("RPE, CR-10"))
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
        obj.pk = intake.record_plan(obj.athlete, obj.date, values, by=request.user).pk  # type: ignore[arg-type]

    def delete_model(self, request: HttpRequest, obj: PlannedSession) -> None:
        intake.delete_plan(obj.athlete, obj.date)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PlannedSession]) -> None:
        for plan in queryset.select_related("athlete"):
            intake.delete_plan(plan.athlete, plan.date)


# --- other people's programs, vendors' accounts and payloads: for superusers ------------------------------------------

admin.site.unregister(Client)
admin.site.unregister(Token)


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=clients.SCOPE_TEXTS.items(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("what it may ask for"),
    )
    grant_types = forms.MultipleChoiceField(
        label=_("Grant types"),
        choices=clients.GRANT_TYPES.items(),
        widget=forms.CheckboxSelectMultiple,
        initial=list(clients.GRANT_TYPES),
    )

    class Meta:
        model = Client
        fields = ("name", "type", "scopes", "grant_types", "redirect_uris")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["scopes"] = self.instance.get_scopes()
            self.initial["grant_types"] = self.instance.get_grant_types()

    def clean_scopes(self) -> str:
        return "\n".join(self.cleaned_data["scopes"])

    def clean_grant_types(self) -> str:
        return "\n".join(self.cleaned_data["grant_types"])


@admin.register(Client)
class ClientAdmin(OfferedOnly):
    """Programs that may ask athletes to be let in. The athlete is always asked; nobody grants in their place."""

    form = ClientForm
    list_display = ("name", "id", "type", "created_at")
    search_fields = ("id", "name")
    readonly_fields = ("id", "created_at")

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        obj.default_scopes = obj.scopes
        if not change and obj.type == Client.Type.CONFIDENTIAL:
            secret = get_adapter().generate_client_secret()
            obj.set_secret(secret)
            said = gettext("The client's secret, shown this once: %(secret)s") % {"secret": secret}
            self.message_user(request, said, messages.WARNING)
        super().save_model(request, obj, form, change)


@admin.register(VendorAccount)
class VendorAccountAdmin(OfferedOnly):
    """Whose data a webhook brings. Set here and not by athletes: a vendor's user number can be guessed."""

    list_display = ("provider", "vendor_user_id", "athlete", "created_at")
    list_filter = ("provider",)
    search_fields = ("vendor_user_id",)
    autocomplete_fields = ("athlete",)


admin.site.unregister(EmailAddress)
admin.site.unregister(Authenticator)
admin.site.unregister(UserSession)


@admin.register(EmailAddress)
class AddressAdmin(OfferedOnly, EmailAddressAdmin):
    pass


@admin.register(Authenticator)
class SecondFactorAdmin(OfferedOnly):
    """To remove one whose owner has lost it. What it is made of would let its reader sign in: shown to nobody."""

    list_display = fields = readonly_fields = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Authenticator]:
        return super().get_queryset(request).select_related("user").defer("data")  # type: ignore[no-any-return]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(UserSession)
class UserSessionAdmin(OfferedOnly):
    """allauth's own searches by a user name, which accounts here have not."""

    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    search_fields = ("user__email", "ip")
    raw_id_fields = ("user",)


@admin.register(Mail)
class MailAdmin(OfferedOnly):
    """Has it left, and if not, why not. What it says is shown to nobody: there are codes in it."""

    list_display = ("created_at", "recipients", "attempts", "not_before", "error", "sent_at", "given_up_at")
    list_filter = ("sent_at", "given_up_at")
    ordering = ("-created_at",)
    fields = readonly_fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mail]:
        return super().get_queryset(request).defer("content", "subject")  # type: ignore[no-any-return]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
