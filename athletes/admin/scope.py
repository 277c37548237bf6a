"""The admin is an API too: every page, choice, filter and history of it shows what access.py allows, and no more.

A queryset alone is not enough: history pages, object permissions and the choices of a form do not pass through it.
"""

import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path, unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from athletes.models import User
from athletes.people.access import athletes_visible_to, squads_coached_by

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

HIDDEN = _("not shared")


class OfferedOnly(ModelAdmin):
    """A list is filtered by what its page offers and by nothing else: any other parameter is a question about a column
    that the page does not show (`?athlete__hold=pregnancy`, `?address__startswith=`), and is answered 400."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in self.offered(request)

    def offered(self, request: HttpRequest) -> set[str]:
        """The parameters of the page's own links."""
        names = {f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day") if self.date_hierarchy}
        for item in self.get_list_filter(request):
            if isinstance(item, type):
                names.add(item.parameter_name)  # type: ignore[attr-defined]
                continue
            path, made_by = item if isinstance(item, tuple | list) else (item, admin.FieldListFilter.create)
            field = get_fields_from_path(self.model, path)[-1]
            names |= {*made_by(field, request, {}, self.model, self, field_path=path).expected_parameters()}
        return names

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Every word in one of the columns, in any case and alphabet. Compared here: SQLite's LIKE knows the cases of
        ASCII alone, and there are no more names than a club has people."""
        columns = self.get_search_fields(request)
        words = folded(search_term).split()
        if not columns or not words:
            return queryset, False
        named = queryset.order_by().values_list("pk", *columns)
        found = [pk for pk, *texts in named if all(any(word in folded(text) for text in texts) for word in words)]
        return queryset.filter(pk__in=found), False


def folded(text: Any) -> str:
    return unicodedata.normalize("NFKC", str(text or "")).casefold()


def coaches(request: HttpRequest) -> bool:
    """Staff with a squad. Asked once a request: a page asks for every act on every model, 66 times."""
    known: bool | None = getattr(request, "_coaches", None)
    if known is None:
        known = bool(request.user.is_staff) and squads_coached_by(request.user).exists()
        request._coaches = known  # type: ignore[attr-defined]
    return known


class ScopedAdmin(OfferedOnly):
    """Rows of athletes whom the signed-in coach may see. Superusers keep what Django's permissions give them.

    `athlete_path` leads from the row to its athlete. `rows_are_values`: the row is nothing but measured values, so
    without that consent it does not exist. `value_fields` and `medical_fields` are left out of the page of whom that is
    not shown (what is in both needs both), and are columns only through `value_column` and `medical_column`. `never` is
    shown to nobody.
    """

    athlete_path: ClassVar[str] = "athlete"
    rows_are_values: ClassVar[bool] = False
    value_fields: ClassVar[Sequence[str]] = ()
    medical_fields: ClassVar[Sequence[str]] = ()
    never: ClassVar[Sequence[str]] = ()
    coach_may: ClassVar[frozenset[str]] = frozenset({"view"})
    anybody_may_not: ClassVar[frozenset[str]] = frozenset()

    # --- rows ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.scoped(super().get_queryset(request), request)
        own = OuterRef(self.athlete_path)
        if self.value_fields:
            sharing = athletes_visible_to(request.user, values=True).filter(pk=own)
            rows = rows.annotate(values_shared=Exists(sharing))
        if self.medical_fields:
            sharing = athletes_visible_to(request.user, medical=True).filter(pk=own)
            rows = rows.annotate(medical_shared=Exists(sharing))
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
        return act in self.coach_may and coaches(request) and self.shows(request, obj)

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
        if obj is not None and not getattr(obj, "medical_shared", False):
            hidden |= set(self.medical_fields)
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


class ScopedHistoryAdmin(SimpleHistoryAdmin, ScopedAdmin):
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

    def set_history_delta_changes(self, request: HttpRequest, page: Any, foreign_keys_are_objs: bool = True) -> None:
        """Who changed it is an account, which goes by an e-mail address where it has no name: those are superusers'."""
        whole = bool(request.user.is_superuser)
        super().set_history_delta_changes(request, page, foreign_keys_are_objs=foreign_keys_are_objs and whole)
        for version in () if whole else page.object_list:
            if version.history_user is not None:
                version.history_user = User(pk=version.history_user.pk, first_name=version.history_user.shown_name)

    def only_rows_shown(self, request: HttpRequest, object_id: str) -> None:
        if self.get_object(request, unquote(object_id)) is None and not request.user.is_superuser:
            raise Http404


class ScopedRelatedFilter(admin.RelatedFieldListFilter):
    """A filter by a related row that offers only the rows one may see, and takes no other."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        rows = choices_of(model_admin.admin_site, field.remote_field.model, request)
        return [(row.pk, str(row)) for row in rows]


BY_ATHLETE = ("athlete", ScopedRelatedFilter)
NOBODY_WRITES = frozenset({"add", "change", "delete"})


def choices_of(site: admin.AdminSite, model: type[models.Model], request: HttpRequest) -> QuerySet[Any]:
    registered = site._registry.get(model)
    if isinstance(registered, ScopedAdmin) or (registered and request.user.is_superuser):
        return registered.get_queryset(request)
    rows = model._default_manager.all()
    return rows if request.user.is_superuser else rows.none()


def plainly(value: Any) -> str:
    return f"{value:g}"


def value_column(name: str, title: "str | _StrPromise", shown: Callable[[Any], str] = plainly) -> Any:
    """A list column of a measured value: says so where the athlete does not share values, and cannot be sorted by."""
    return granted_column("values_shared", name, title, shown)


def medical_column(name: str, title: "str | _StrPromise", shown: Callable[[Any], str] = plainly) -> Any:
    """The same of medical detail."""
    return granted_column("medical_shared", name, title, shown)


def granted_column(grant: str, name: str, title: "str | _StrPromise", shown: Callable[[Any], str]) -> Any:
    @admin.display(description=title)
    def column(row: Any) -> str:
        if not getattr(row, grant):
            return str(HIDDEN)
        value = getattr(row, name)
        return "" if value is None or value == "" else shown(value)

    column.__name__ = f"{name}_column"
    return column


def named(model: type[models.Model], name: str) -> Callable[[Any], str]:
    """A code in its words; one that is not known any more stands for itself."""
    words = dict(model._meta.get_field(name).flatchoices)  # type: ignore[union-attr]
    return lambda code: str(words.get(code, code))
