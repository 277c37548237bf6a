"""The admin's menu: what a coach needs of a morning; superusers have every list below it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

FOR_COACHES = (
    (_("Athletes"), "athletes_athlete"),
    (pgettext_lazy("several", "Advice"), "recommendations_advice"),
    (_("Warnings"), "recommendations_warning"),
    (_("Warning signs"), "athletes_redflag"),
    (_("Plans"), "athletes_plannedsession"),
    (_("Days"), "athletes_day"),
    (_("Training"), "athletes_trainingsession"),
    (_("Squads"), "athletes_squad"),
    (_("Invites"), "athletes_squadinvite"),
    (_("How I am told"), "recommendations_noticepreference"),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """unfold's hook for the side bar."""
    lists = [{"title": str(title), "link": reverse(f"admin:{name}_changelist")} for title, name in FOR_COACHES]
    if request.user.has_perm("recommendations.view_shadowadvice"):
        lists.append(
            {"title": gettext("Shadow mode"), "link": reverse("admin:recommendations_shadowadvice_changelist")}
        )
    groups: list[dict[str, Any]] = [
        {"items": [{"title": gettext("Squads today"), "link": reverse("admin:index")}, *lists]}
    ]
    if request.user.is_superuser:
        groups += [everything(app) for app in admin.site.get_app_list(request)]
    return groups


def everything(app: dict[str, Any]) -> dict[str, Any]:
    items = [{"title": model["name"], "link": model["admin_url"]} for model in app["models"] if model["admin_url"]]
    return {"title": app["name"], "collapsible": True, "separator": True, "items": items}
