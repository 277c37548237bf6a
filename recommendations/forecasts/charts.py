"""A forecast as pictures for the coach's page: plain SVG, no script; what they show is also said in words."""

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from measures import risk
from recommendations.models import ActionCode

PANEL_W, PANEL_H, LEFT, RIGHT, TOP, BOTTOM = 340, 190, 44, 8, 26, 26
# Colours that stay apart for the colour-blind (Okabe & Ito 2008), each with a dash pattern of its own.
STROKES = {
    ActionCode.INCREASE_INTENSITY: ("#d55e00", ""),
    ActionCode.INCREASE_VOLUME: ("#0072b2", "6 3"),
    ActionCode.ACTIVE_RECOVERY: ("#009e73", "2 3"),
    ActionCode.AS_PLANNED: ("#888888", ""),
}
# Title, which of the result's tables, signal, lines worth seeing.
PANELS: tuple[tuple[Any, str, str, tuple[float, ...]], ...] = (
    (gettext_lazy("400 m, % faster than today"), "bands", "perf_change_pct", (0.0,)),
    (gettext_lazy("400 m, % faster than by the plan unchanged today"), "against_as_planned", "perf_change_pct", (0.0,)),
    (gettext_lazy("ACWR"), "bands", "acwr", (risk.ACWR_WARNING, risk.ACWR_DANGER)),
    (gettext_lazy("HRV, 7-day mean, SD from own mean"), "bands", "hrv_z", (0.0, risk.HRV_LOW_SD)),
    (gettext_lazy("Sleep, 3-night mean, SD from own mean"), "bands", "sleep_z", (0.0, risk.SLEEP_LOW_SD)),
)
Series = Sequence[float | None]


def forecast_chart(result: dict[str, Any], advised: str) -> SafeString:
    """Medians of the four first actions, and the 80 % band of the advised one."""
    firsts = result["first_actions"]
    panels = [
        panel(str(title), {code: first[table][signal] for code, first in firsts.items()}, advised, lines)
        for title, table, signal, lines in PANELS
    ]
    return format_html(
        '<div class="flex flex-wrap gap-4">{}</div><p class="mt-2">{} {}</p>',
        format_html_join("", "{}", ((p,) for p in panels)),
        legend(firsts),
        gettext(
            "The shaded band holds 80 of 100 samples if the advice is followed. Forecasts of a model, not promises: "
            "three 400 m tests show changes from %(pct)s %% on."
        )
        % {"pct": risk.MINIMUM_DETECTABLE_CHANGE_PCT},
    )


def legend(firsts: dict[str, Any]) -> SafeString:
    def entry(code: str) -> tuple[SafeString, str]:
        colour, dash = STROKES[ActionCode(code)]
        line = format_html(
            '<svg class="inline" width="28" height="10" aria-hidden="true"><line x1="0" y1="5" x2="28" y2="5"'
            ' stroke="{}" stroke-width="2.5" stroke-dasharray="{}"/></svg>',
            colour,
            dash,
        )
        if firsts[code]["allowed"]:
            return line, gettext("%(action)s today") % {"action": ActionCode(code).label}
        return line, gettext("%(action)s today (vetoed by a guard today)") % {"action": ActionCode(code).label}

    return format_html_join(" ", '<span class="whitespace-nowrap mr-4">{} {}</span>', map(entry, firsts))


def panel(title: str, bands: dict[str, dict[str, Series]], advised: str, lines: Sequence[float]) -> SafeString:
    shown = [v for code, band in bands.items() for v in band["p50"] if v is not None]
    if advised in bands:
        shown += [v for key in ("p10", "p90") for v in bands[advised][key] if v is not None]
    if not shown:
        return format_html("<p>{}</p>", gettext("%(title)s: not measured") % {"title": title})
    low, high = min([*shown, *lines[:1]]), max([*shown, *lines[:1]])
    scale = Scale(low, high, max(len(band["p50"]) for band in bands.values()))
    rules = [y for y in map(scale.y, lines) if TOP <= y <= BASE]
    return format_html(
        '<svg width="{}" height="{}" role="img" aria-label="{}"><g font-size="11" fill="currentColor">'
        '<text x="4" y="14" font-weight="600">{}</text>{}{}<text x="{}" y="{}" text-anchor="end">{}</text>'
        "</g>{}{}{}</svg>",
        PANEL_W,
        PANEL_H,
        described(title, bands, advised),
        title,
        axis_labels(scale),
        day_labels(scale),
        PANEL_W - RIGHT,
        PANEL_H - 2,
        gettext("days from today"),
        format_html_join("", RULE, ((LEFT, PANEL_W - RIGHT, f"{y:.1f}") for y in rules)),
        shade(bands[advised], scale) if advised in bands else "",
        format_html_join("", "{}", ((curve(code, band["p50"], scale),) for code, band in bands.items())),
    )


BASE = PANEL_H - BOTTOM
RULE = '<line x1="{0}" y1="{2}" x2="{1}" y2="{2}" stroke="currentColor" stroke-opacity="0.45" stroke-dasharray="3 3"/>'


class Scale:
    """From (day 1.., value) to a panel's points."""

    def __init__(self, low: float, high: float, days: int) -> None:
        room = max(high - low, 1e-6)
        self.low, self.high, self.days = low - 0.05 * room, high + 0.05 * room, days

    def x(self, day: int) -> float:
        return LEFT + (PANEL_W - LEFT - RIGHT) * (day - 1) / max(self.days - 1, 1)

    def y(self, value: float) -> float:
        return BASE - (BASE - TOP) * (value - self.low) / (self.high - self.low)

    def points(self, values: Series, *, backwards: bool = False) -> str:
        at = [f"{self.x(day):.1f},{self.y(v):.1f}" for day, v in enumerate(values, start=1) if v is not None]
        return " ".join(reversed(at) if backwards else at)


def axis_labels(scale: Scale) -> SafeString:
    values = [scale.low + share * (scale.high - scale.low) for share in (0.05, 0.5, 0.95)]
    rows = ((LEFT - 6, f"{scale.y(v) + 4:.1f}", f"{v:.2f}") for v in values)
    return format_html_join("", '<text x="{}" y="{}" text-anchor="end">{}</text>', rows)


def day_labels(scale: Scale) -> SafeString:
    weeks = (day for day in range(7, scale.days + 1, 7))
    return format_html_join(
        "", '<text x="{}" y="{}" text-anchor="middle">{}</text>', ((f"{scale.x(d):.1f}", BASE + 12, d) for d in weeks)
    )


def shade(band: dict[str, Series], scale: Scale) -> SafeString:
    outline = f"{scale.points(band['p10'])} {scale.points(band['p90'], backwards=True)}"
    return format_html('<polygon points="{}" fill="currentColor" fill-opacity="0.12"/>', outline)


def curve(code: str, values: Series, scale: Scale) -> SafeString:
    colour, dash = STROKES[ActionCode(code)]
    return format_html(
        '<polyline points="{}" fill="none" stroke="{}" stroke-width="2" stroke-dasharray="{}"/>',
        scale.points(values),
        colour,
        dash,
    )


def described(title: str, bands: dict[str, dict[str, Series]], advised: str) -> str:
    """What a screen reader says in place of the picture."""
    if advised not in bands:
        return title
    last = {key: bands[advised][key][-1] for key in ("p10", "p50", "p90")}
    said = gettext("%(title)s: as advised, median %(p50)s after four weeks, 80 %% band %(p10)s to %(p90)s")
    return said % {"title": title, **last}


# --- why ------------------------------------------------------------------------------------------------------------

BAR_W = 120
FEATURE_NAMES = {
    "hrv": gettext_lazy("HRV, 7 days"),
    "hrv_today": gettext_lazy("HRV today"),
    "acwr": gettext_lazy("ACWR"),
    "sleep": gettext_lazy("sleep, 3 nights"),
    "acute": gettext_lazy("acute"),
    "chronic": gettext_lazy("chronic"),
    "performance": gettext_lazy("performance"),
    "sleep_today": gettext_lazy("sleep today"),
    "last_load": gettext_lazy("last load"),
    "intensity_average": gettext_lazy("intensity average"),
    "volume_average": gettext_lazy("volume average"),
    "sick": gettext_lazy("sick"),
    "intensity_fatigue": gettext_lazy("intensity fatigue"),
    "volume_fatigue": gettext_lazy("volume fatigue"),
    "planned_load": gettext_lazy("planned load"),
    "planned_high_load": gettext_lazy("planned high load"),
}


def contribution_bars(contributions: dict[str, Any]) -> SafeString:
    """Each feature's share in the lead of the preferred action, largest first; to the right speaks for it."""
    values = [c for c in contributions["values"] if abs(c["value"]) >= 5e-5]
    longest = max((abs(c["value"]) for c in values), default=1.0)
    rows = ((name_of(c["feature"]), bar(c["value"] / longest), f"{c['value']:+.4f}") for c in values)
    return format_html(
        '<p class="mb-2">{}</p><table>{}</table>',
        gettext("%(preferred)s against %(runner_up)s. On a usual morning the lead would be %(usual)+.4f.")
        % {
            "preferred": ActionCode(contributions["preferred"]).label,
            "runner_up": ActionCode(contributions["runner_up"]).label,
            "usual": contributions["usual"],
        },
        format_html_join("", '<tr><td class="pr-4">{}</td><td>{}</td><td class="pl-4">{}</td></tr>', rows),
    )


def name_of(feature: str) -> str:
    return str(FEATURE_NAMES.get(feature, feature.replace("_", " ")))


def bar(share: float) -> SafeString:
    """A bar from the middle, ``share`` in -1..1 of half the width."""
    length = abs(share) * BAR_W / 2
    return format_html(
        '<svg width="{}" height="14" aria-hidden="true"><line x1="{}" y1="0" x2="{}" y2="14" stroke="currentColor"/>'
        '<rect x="{}" y="2" width="{}" height="10" fill="{}"/></svg>',
        BAR_W,
        BAR_W // 2,
        BAR_W // 2,
        f"{BAR_W / 2 - (length if share < 0 else 0):.1f}",
        f"{length:.1f}",
        "#0072b2" if share > 0 else "#d55e00",
    )
