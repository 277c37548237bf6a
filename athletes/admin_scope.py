"""The admin is an API too: every page, choice, filter and history of it shows what access.py allows, and no more.

A queryset alone is not enough: history pages, object permissions and the choices of a form do not pass through it.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from athletes.access import athletes_visible_to, squads_coached_by

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

HIDDEN = _("not shared")


class ScopedAdmin(ModelAdmin):  # type: ignore[misc]
    """Rows of athletes whom the signed-in coach may see. Superusers keep what Django's permissions give them.

    `athlete_path` leads from the row to its athlete. `rows_are_values`: the row is nothing but measured values, so
    without that consent it does not exist. `value_fields` are left out of the page without that consent, and are
    columns only through `value_column`. `never` is shown to nobody.
    """

    athlete_path: ClassVar[str] = "athlete"
    rows_are_values: ClassVar[bool] = False
    value_fields: ClassVar[Sequence[str]] = ()
    never: ClassVar[Sequence[str]] = ()
    coach_may: ClassVar[frozenset[str]] = frozenset({"view"})
    anybody_may_not: ClassVar[frozenset[str]] = frozenset()

    # --- rows ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.scoped(super().get_queryset(request), request)
        if self.value_fields:
            sharing = athletes_visible_to(request.user, values=True).filter(pk=OuterRef(self.athlete_path))
            rows = rows.annotate(values_shared=Exists(sharing))
        return rows

    def scoped(self, rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
        if request.user.is_superuser:
            return rows
        visible = athletes_visible_to(request.user, values=self.rows_are_values)
        return rows.filter(**{f"{self.athlete_path}__in": visible.values("pk")})

    def shows(self, request: HttpRequest, obj: models.Model | None) -> bool:
        return obj is None or obj.pk is None or self.get_queryset(request).filter(pk=obj.pk).exists()

    # --- acts ---

    def allows(self, act: str, request: HttpRequest, obj: models.Model | None, by_django: bool) -> bool:
        if act in self.anybody_may_not:
            return False
        if request.user.is_superuser:
            return by_django
        is_coach = bool(request.user.is_staff) and squads_coached_by(request.user).exists()
        return act in self.coach_may and is_coach and self.shows(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows("view", request, obj, super().has_view_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows("change", request, obj, super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows("delete", request, obj, super().has_delete_permission(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.allows("add", request, None, super().has_add_permission(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    # --- fields, choices, filters ---

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[Any]:
        hidden = set(self.never)
        if obj is not None and not getattr(obj, "values_shared", False):
            hidden |= set(self.value_fields)
        return [name for name in super().get_fields(request, obj) if name not in hidden]

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return [*(super().get_exclude(request, obj) or ()), *self.never]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices_of(db_field.remote_field.model, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices_of(db_field.remote_field.model, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def choices_of(self, model: type[models.Model], request: HttpRequest) -> QuerySet[Any]:
        """What the other model's own admin would list."""
        return choices_of(self.admin_site, model, request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Coaches filter by what the page offers: ?user__password__startswith= would answer yes or no."""
        if request.user.is_superuser:
            return bool(super().lookup_allowed(lookup, value, request))
        named = {
            f[0] if isinstance(f, tuple | list) else getattr(f, "parameter_name", f)
            for f in self.get_list_filter(request)
        }
        named = {name for name in named if isinstance(name, str)} | {self.date_hierarchy or ""}
        return lookup.split("__")[0] in named and lookup.count("__") <= 1


class ScopedHistoryAdmin(SimpleHistoryAdmin, ScopedAdmin):  # type: ignore[misc]
    """With the row's history, for reading. simple-history looks versions up by id alone, and saves an old version for
    anybody who may view it and posts the page."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        self.only_rows_shown(request, object_id)
        page: HttpResponse = super().history_view(request, object_id, extra_context)
        return page

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        self.only_rows_shown(request, object_id)
        page: HttpResponse = super().history_form_view(request, object_id, version_id, extra_context)
        return page

    def only_rows_shown(self, request: HttpRequest, object_id: str) -> None:
        if self.get_object(request, unquote(object_id)) is None and not request.user.is_superuser:
            raise Http404


class ScopedRelatedFilter(admin.RelatedFieldListFilter):
    """A filter by a related row that offers only the rows one may see, and takes no other."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        rows = choices_of(model_admin.admin_site, field.remote_field.model, request)
        return [(row.pk, str(row)) for row in rows]


def choices_of(site: admin.AdminSite, model: type[models.Model], request: HttpRequest) -> QuerySet[Any]:
    registered = site._registry.get(model)
    if isinstance(registered, ScopedAdmin) or (registered and request.user.is_superuser):
        return registered.get_queryset(request)
    rows = model._default_manager.all()
    return rows if request.user.is_superuser else rows.none()


def value_column(
    name: str, title: "str | _StrPromise", shown: Callable[[Any], str] = lambda value: f"{value:g}"
) -> Any:
    """A list column of a measured value: says so where the athlete does not share values, and cannot be sorted by."""

    @admin.display(description=title)
    def column(row: Any) -> str:
        if not row.values_shared:
            return str(HIDDEN)
        value = getattr(row, name)
        return "" if value is None or value == "" else shown(value)

    column.__name__ = f"{name}_column"
    return column
