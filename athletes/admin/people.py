"""People, athletes, squads: who is who, and who coaches whom."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from athletes.admin.scope import (
    OfferedOnly,
    ScopedAdmin,
    ScopedHistoryAdmin,
    ScopedRelatedFilter,
)
from athletes.models import (
    Athlete,
    Membership,
    Squad,
    SquadInvite,
    User,
)
from athletes.people import erasure, squads
from athletes.people.access import athletes_visible_to, squads_coached_by

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
        invite = squads.invite(obj.squad, by=cast(User, request.user))
        obj.pk, obj.code, obj.expires_at, obj.created_by = invite.pk, invite.code, invite.expires_at, invite.created_by
        said = gettext("The code is %(code)s; it is good for one athlete and %(days)d days.")
        messages.info(request, said % {"code": invite.code, "days": squads.GOOD_FOR.days})
