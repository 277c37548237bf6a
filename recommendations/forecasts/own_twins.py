"""The twin's row of each athlete: made of the athlete's own logged days when a forecast needs it, and kept a while."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import structlog

from athletes.models import Athlete, Day
from athletes.reports import red_flags
from measures import loads
from recommendations.forecasts import group_twin
from recommendations.inputs import frames
from recommendations.inputs.frames import Asked
from recommendations.models import AthleteTwin

if TYPE_CHECKING:
    from mlmodels.twin.history import SeasonHistory
    from mlmodels.twin.individual import Individual

FROM_DAYS = 14  # own days with a load below which the group's twin answers
REFRESHED_AFTER = timedelta(days=7)
OR_AFTER_DAYS = 14  # new ones: an imported season counts at once
MEMORY = timedelta(days=168)

log = structlog.get_logger(__name__)


def of(asked: Asked, twin_sha256: str, now: datetime) -> "tuple[Individual | None, int]":
    """The athlete's own row and the days it is made of; (None, own days) while the group's twin must answer."""
    logged = days_logged(asked)
    if logged < FROM_DAYS:
        return None, logged
    kept = AthleteTwin.objects.filter(athlete=asked.athlete, twin_sha256=twin_sha256).first()
    if kept and is_fresh(kept, asked, logged) and (own := read(kept)):
        return own, kept.logged_days
    return made(asked, twin_sha256, logged, now), logged


def days_logged(asked: Asked) -> int:
    known = Day.objects.filter(athlete=asked.athlete, date__lt=asked.today, date__gte=asked.today - MEMORY)
    return known.exclude(load_au=None).exclude(load_basis=loads.PLAN).count()


def is_fresh(kept: AthleteTwin, asked: Asked, logged: int) -> bool:
    age = asked.today - kept.fitted_through
    return timedelta(0) < age <= REFRESHED_AFTER and abs(logged - kept.logged_days) < OR_AFTER_DAYS


def read(kept: AthleteTwin) -> "Individual | None":
    from mlmodels.twin.individual import Individual

    try:
        return Individual.of_plain(kept.own)
    except (KeyError, TypeError, ValueError):
        log.warning("athlete_twin_unreadable", athlete=kept.pk)  # of other code: made again
        return None


def made(asked: Asked, twin_sha256: str, logged: int, now: datetime) -> "Individual":
    from mlmodels.twin.individual import individual

    own = individual(group_twin.twin_of_now()[0], history_of(asked))
    AthleteTwin.objects.update_or_create(
        athlete=asked.athlete,
        defaults={
            "twin_sha256": twin_sha256,
            "logged_days": logged,
            "fitted_through": asked.today - timedelta(days=1),
            "fitted_at": now,
            "own": own.plain(),
        },
    )
    return own


def history_of(asked: Asked) -> "SeasonHistory":
    """The athlete's days up to yesterday as the tracker reads them; HRV of the newest era alone, for levels differ."""
    from mlmodels.twin.history import SeasonHistory

    rows = rows_of(asked.athlete, asked)
    signs = red_flags.signs_on({asked.athlete.pk: asked.today})
    flat = frames.fields_of([(asked, row) for row in rows], signs) | frames.evening_fields_of([asked], [rows])
    eras = flat["hrv_era"]
    newest = eras[np.flatnonzero(np.isfinite(flat["hrv_rmssd_ms"]) & (eras > 0))[-1:]]
    of_era = (eras == newest) if len(newest) else np.zeros(len(rows), dtype=bool)
    grids = {
        "hrv_rmssd_ms": np.where(of_era, flat["hrv_rmssd_ms"], np.nan),
        "action": np.where(flat["action_taken"] < 0, np.nan, flat["action_taken"]),
    }
    grids["load_au"] = np.where(flat["load_assumed"] > 0, np.nan, flat["load_au"])  # a plan says nothing of compliance
    for name in ("sleep_score", "high_intensity_share", "t400_s", "ill", "injured"):
        grids[name] = flat[name]
    for name in ("planned_load_au", "planned_high_intensity_share"):
        grids[name] = flat[name]
    first = rows[0]["date"].weekday()
    return SeasonHistory((str(asked.athlete.pk),), first, "", **{name: grid[None] for name, grid in grids.items()})


def rows_of(athlete: Athlete, asked: Asked) -> list[frames.DayRow]:
    """Every date from the first known within memory to yesterday, unreported ones too."""
    found = Day.objects.filter(athlete=athlete, date__lt=asked.today, date__gte=asked.today - MEMORY)
    known = {row["date"]: row for row in found.order_by().values(*frames.COLUMNS)}
    return frames.every_date(known, min(known), asked.today)
