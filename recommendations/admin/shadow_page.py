"""The page where policies in shadow are judged: figures and pictures over everybody, no athlete's name."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from athletes.admin.scope import OfferedOnly
from measures import risk
from mlmodels.admin import PolicyVersionAdmin
from mlmodels.models import PolicyVersion
from mlmodels.policies.registry import SHADOW_DAYS_NEEDED
from recommendations.forecasts.charts import name_of
from recommendations.models import ActionCode, ShadowAdvice

ACTIVE_COLOUR, LINE_COLOUR, OWN_COLOUR = "#888888", "#d55e00", "#0072b2"  # Okabe & Ito 2008


admin.site.unregister(PolicyVersion)


@admin.register(PolicyVersion)
class OfferedPolicies(OfferedOnly, PolicyVersionAdmin):
    """mlmodels knows nothing of the rule that every list of this admin follows."""


@admin.register(ShadowAdvice)
class ShadowAdviceAdmin(OfferedOnly):
    """Superusers, and staff who were given "Can view shadow advice". Rows are read as a whole, never one by one."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and bool(super().has_view_permission(request))

    def offered(self, request: HttpRequest) -> set[str]:
        return {"policy"}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            return super().changelist_view(request)  # type: ignore[no-any-return]  # answers 403
        if not self.offered(request).issuperset(request.GET):
            raise DisallowedModelAdminLookup
        versions = known(request)
        chosen = chosen_of(request, versions)
        context = self.admin_site.each_context(request) | {
            "title": gettext("Shadow mode"),
            "versions": versions,
            "chosen": chosen,
            "page": page_of(chosen) if chosen else None,
        }
        return render(request, "recommendations/shadow.html", context)


def known(request: HttpRequest) -> list[PolicyVersion]:
    """In shadow now, then those that were and left rows."""
    seen = ShadowAdvice.objects.values("policy").distinct()
    rows = PolicyVersion.objects.filter(shadow_since__isnull=False) | PolicyVersion.objects.filter(pk__in=seen)
    return sorted(rows.distinct(), key=lambda version: (version.shadow_since is None, -version.pk))


def chosen_of(request: HttpRequest, versions: list[PolicyVersion]) -> PolicyVersion | None:
    asked = request.GET.get("policy")
    if asked is None:
        return versions[0] if versions else None
    for version in versions:
        if str(version.pk) == asked:
            return version
    raise Http404


def page_of(version: PolicyVersion) -> dict[str, Any]:
    from recommendations.shadow.shadow_report import OVERRIDE_LINE_PCT, report

    found = report(version)
    active = PolicyVersion.objects.filter(active=True).first()
    return found | {
        "cards": cards_of(version, found, OVERRIDE_LINE_PCT),
        "matrix": matrix_of(found["pairs"]),
        "extent": extent_of(found) if found["n"] else "",
        "active": active.name if active else gettext("the policy that answers"),
        "day_chart": day_chart(found["by_day"]),
        "drift_chart": drift_chart(found["drift"]["psi"]),
        "drift_worst": max(
            ((name_of(name), psi) for name, psi in found["drift"]["psi"].items()),
            key=lambda pair: pair[1],
            default=None,
        ),
        "drift_line": risk.DRIFT_LINE,
        "enough_states": risk.DRIFT_MIN_STATES,
        "options": json.dumps({"plugins": {"legend": {"display": True}}, "maintainAspectRatio": False}),
    }


def extent_of(found: dict[str, Any]) -> str:
    """On how much it rests."""
    return gettext(
        "%(mornings)s of %(athletes)s on %(days)s, %(since)s to %(until)s; mornings before a learned policy is due are"
        " left out."
    ) % {
        "mornings": counted(ngettext("%(n)d morning", "%(n)d mornings", found["compared"]), found["compared"]),
        "athletes": counted(ngettext("%(n)d athlete", "%(n)d athletes", found["athletes"]), found["athletes"]),
        "days": counted(ngettext("%(n)d day", "%(n)d days", found["days"]), found["days"]),
        "since": date_format(found["since"]),
        "until": date_format(found["until"]),
    }


def counted(text: str, n: int) -> str:
    return text % {"n": n}


def cards_of(version: PolicyVersion, found: dict[str, Any], override_line: float) -> list[dict[str, Any]]:
    def share(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f} %"

    over = [found[f"{who}_override_pct"] for who in ("own", "active")]
    return [
        {
            "title": gettext("Disagreement"),
            "value": share(found["disagreement_pct"]),
            "note": gettext("%(share)s before the guards") % {"share": share(found["disagreement_before_guards_pct"])},
        },
        {
            "title": gettext("Overruled by guards"),
            "value": share(over[0]),
            "note": gettext("active policy %(share)s; line %(line).0f %%")
            % {"share": share(over[1]), "line": override_line},
            "alarm": over[0] is not None and over[0] >= override_line,
        },
        {
            "title": gettext("Days in shadow"),
            "value": str(version.shadow_days),
            "note": gettext("%(days)d needed for an approval") % {"days": SHADOW_DAYS_NEEDED},
        },
        {
            "title": gettext("Without an answer"),
            "value": share(found["unanswered_pct"]),
            "note": gettext("outside of what it learned, or not finite"),
            "alarm": bool(found["unanswered"]),
        },
    ]


def matrix_of(pairs: dict[tuple[str, str], int]) -> dict[str, Any]:
    """Rows: what was advised; columns: what the policy in shadow would have advised; % of all."""
    total = sum(pairs.values())
    codes = list(ActionCode)
    rows = [
        (
            ActionCode(row).label,
            [
                {"n": (n := pairs.get((row, column), 0)), "pct": 100 * n / total if total else 0, "same": row == column}
                for column in codes
            ],
        )
        for row in codes
    ]
    return {"columns": [code.label for code in codes], "rows": rows, "total": total}


def day_chart(by_day: list[tuple[Any, float]]) -> str:
    return json.dumps(
        {
            "labels": [date_format(day, "MONTH_DAY_FORMAT") for day, _ in by_day],
            "datasets": [
                {
                    "label": gettext("Disagreement, % of athletes"),
                    "data": [round(share, 1) for _, share in by_day],
                    "borderColor": OWN_COLOUR,
                    "backgroundColor": OWN_COLOUR,
                }
            ],
        }
    )


def drift_chart(psi: dict[str, float]) -> str:
    worst_first = sorted(psi.items(), key=lambda pair: -pair[1])
    return json.dumps(
        {
            "labels": [name_of(name) for name, _ in worst_first],
            "datasets": [
                {
                    "label": gettext("PSI of the newest mornings against the training"),
                    "data": [round(value, 3) for _, value in worst_first],
                    "backgroundColor": [
                        LINE_COLOUR if value >= risk.DRIFT_LINE else OWN_COLOUR for _, value in worst_first
                    ],
                },
                {
                    "label": gettext("Line, %(line)s") % {"line": risk.DRIFT_LINE},
                    "type": "line",
                    "data": [risk.DRIFT_LINE] * len(worst_first),
                    "borderColor": ACTIVE_COLOUR,
                    "backgroundColor": ACTIVE_COLOUR,
                    "pointRadius": 0,
                },
            ],
        }
    )
