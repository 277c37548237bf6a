"""Devices and deliveries, for reading. Addresses and keys are secrets and are shown to nobody."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from athletes.admin.scope import OfferedOnly, ScopedAdmin
from recommendations.models import Delivery, Device
from recommendations.push.devices import retire


@admin.register(Device)
class DeviceAdmin(OfferedOnly):
    """Superusers alone: a coach has no business with an athlete's phones."""

    list_display = ("user", "kind", "name", "active", "deactivated_reason", "created_at", "last_success_at")
    list_filter = ("kind", "active")
    search_fields = ("user__email", "name")
    ordering = ("-created_at",)
    fields = readonly_fields = list_display
    actions = ("deactivate",)

    @admin.action(description=_("Send nothing there any more"), permissions=["deactivate"])
    def deactivate(self, request: HttpRequest, chosen: QuerySet[Device]) -> None:
        for device in chosen:
            retire(device, Device.Reason.BY_STAFF, "deactivated by staff")

    def has_deactivate_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        rows: QuerySet[Device] = super().get_queryset(request)
        return rows.select_related("user").defer("address", "p256dh", "auth")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ScopedAdmin):
    """Did it reach the phone. Why not is what the push service said, for superusers. Rows are the sender's alone."""

    athlete_path = "advice__athlete"
    anybody_may_not = frozenset({"add", "change", "delete"})
    list_display = ("athlete", "day", "kind", "phone", "state", "outcome", "attempts", "next_attempt_at", "sent_at")
    list_filter = ("state", "kind")
    ordering = ("-created_at",)
    fields = readonly_fields = (*list_display, "valid_until", "created_at")

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return self.without_outcome(super().get_list_display(request), request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.without_outcome(super().get_fields(request, obj), request)

    def without_outcome(self, names: Sequence[str], request: HttpRequest) -> list[str]:
        return [name for name in names if name != "outcome" or request.user.is_superuser]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows = super().get_queryset(request).select_related("device", "advice__athlete__user", "notice__athlete__user")
        own = ("kind", "state", "attempts", "next_attempt_at", "valid_until", "outcome", "sent_at", "created_at")
        athlete = ("advice__athlete__display_name", "advice__athlete__user__email")
        told = ("notice__date", "notice__athlete__display_name", "notice__athlete__user__email")
        return rows.only(*own, "device__kind", "advice__date", "advice__revision", *athlete, *told)

    @admin.display(description=_("athlete"))
    def athlete(self, delivery: Delivery) -> str:
        about = delivery.advice or delivery.notice
        return str(about.athlete) if about else ""

    @admin.display(description=_("day"))
    def day(self, delivery: Delivery) -> str:
        if delivery.advice is None:
            return str(delivery.notice.date) if delivery.notice else ""
        return f"{delivery.advice.date} r{delivery.advice.revision}"

    @admin.display(description=_("phone"))
    def phone(self, delivery: Delivery) -> str:
        return delivery.device.get_kind_display()
