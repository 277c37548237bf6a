"""How a coach is told: one's own rows, by push and mail. The notices themselves are the board's."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from athletes.admin.scope import OfferedOnly, coaches
from athletes.models import User
from recommendations.announcing import notices
from recommendations.models import NoticePreference


@admin.register(NoticePreference)
class NoticePreferenceAdmin(OfferedOnly):
    list_display = ("kind", "push", "mail")
    list_editable = ("push", "mail")
    list_display_links = None
    ordering = ("pk",)
    actions = None
    fields = ("kind", "push", "mail")
    readonly_fields = ("kind",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[NoticePreference]:
        rows: QuerySet[NoticePreference] = super().get_queryset(request)
        return rows.filter(user=request.user.pk)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if isinstance(request.user, User) and self.has_change_permission(request):
            notices.own_rows(request.user)
        title = {"title": gettext("How I am told about athletes who share their status with me")}
        page: HttpResponse = super().changelist_view(request, (extra_context or {}) | title)
        return page

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        mine = obj is None or obj.user_id == request.user.pk
        return mine and coaches(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
