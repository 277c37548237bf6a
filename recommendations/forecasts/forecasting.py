"""Forecasts that were asked for. A waiting row is the queue; the worker computes one at a time, in its transaction."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from athletes.local_days.local_time import local_today
from athletes.models import Athlete, PlannedSession
from recommendations.forecasts import group_twin
from recommendations.models import Advice, Forecast
from storage import bell

if TYPE_CHECKING:
    from mlmodels.explaining.what_if import Forecast as TwinForecast

GIVE_UP_AFTER = 3  # attempts
FIRST_PAUSE = timedelta(seconds=5)
DIGITS = {"perf_change_pct": 3, "acwr": 3, "hrv_z": 3, "hrv_ms": 1, "sleep_z": 3}

log = structlog.get_logger(__name__)


def ask(advice: Advice) -> Forecast:
    """The forecast of an advice; a waiting one, and a hint to the worker, when nobody has asked yet."""
    forecast, asked = Forecast.objects.get_or_create(advice=advice, defaults={"asked_at": timezone.now()})
    if asked:
        transaction.on_commit(lambda: bell.ring(bell.FORECASTS), robust=True)
    return forecast


def compute_waiting(now: datetime | None = None) -> int:
    """Compute until nobody waits. Returns how many were settled."""
    settled = 0
    while compute_next(now or timezone.now()):
        settled += 1
    return settled


def compute_next(now: datetime) -> bool:
    forecast = None
    try:
        with transaction.atomic():
            forecast = claim_forecast(now)
            if forecast is None:
                return False
            fill_in(forecast, now)
    except (OperationalError, InterfaceError):
        raise  # the database's trouble: the row stays as it is
    except Exception as error:
        if forecast is None:
            raise
        log.exception("forecast_put_off", advice=str(forecast.pk))
        put_off(forecast, type(error).__name__, now)
    return True


def claim_forecast(now: datetime) -> Forecast | None:
    due = Forecast.objects.filter(Q(not_before__isnull=True) | Q(not_before__lte=now), state=Forecast.State.WAITING)
    rows = due.select_for_update(skip_locked=True, of=("self",)).select_related("advice__athlete")
    return rows.order_by("asked_at").first()


def put_off(forecast: Forecast, error: str, now: datetime) -> None:
    attempts = forecast.attempts + 1
    Forecast.objects.filter(pk=forecast.pk, state=Forecast.State.WAITING).update(
        attempts=attempts,
        not_before=now + FIRST_PAUSE * 2**attempts,
        error=error[:200],
        state=Forecast.State.FAILED if attempts >= GIVE_UP_AFTER else Forecast.State.WAITING,
    )


def fill_in(forecast: Forecast, now: datetime) -> None:
    """Fill the row: ready with a result, or unavailable with a reason."""
    from mlmodels.explaining.what_if import NoForecast

    advice = forecast.advice
    try:
        if advice.date != local_today(advice.athlete, now):
            raise NoForecast("expired")
        look_ahead(forecast, advice, now)
        forecast.state = Forecast.State.READY
    except NoForecast as refusal:
        forecast.state, forecast.reason = Forecast.State.UNAVAILABLE, refusal.reason
    forecast.computed_at = now
    forecast.save()


def look_ahead(forecast: Forecast, advice: Advice, now: datetime) -> None:
    from mlmodels.deciding import decision
    from mlmodels.explaining import contributions, what_if
    from mlmodels.policies.policy import OnnxPolicy
    from recommendations.forecasts import own_twins
    from recommendations.inputs import frames
    from recommendations.inputs.active_policy import policy_by_sha256

    day = frames.day_rows({advice.athlete_id: advice.date}).get(advice.athlete_id, frames.NOTHING)
    asked = frames.Asked(advice.athlete, advice.date, day)
    stands = frames.stand([asked])
    tracker, morning = stands.tracker, stands.today
    policy = policy_by_sha256(advice.active_sha256)
    twin, forecast.twin_sha256 = group_twin.twin_of_now()
    what_if.check(tracker.morning(morning))  # before an own twin is made for nothing
    own, forecast.twin_days = own_twins.of(asked, forecast.twin_sha256, now)
    forecast.twin_level = Forecast.TwinLevel.INDIVIDUAL if own else Forecast.TwinLevel.GROUP
    twin = own.into(twin) if own else twin
    forecast.policy_sha256 = policy.sha256
    plan = planned_ahead(advice.athlete, advice.date, what_if.HORIZON_D)
    forecast.result = result_of(what_if.what_if(tracker, morning, twin, policy, plan=plan))
    forecast.expected = expected_of(forecast.result, advice.action)
    forecast.would_change_if = [
        {"feature": c.feature, "op": c.op, "value": c.value, "then": c.then.code}
        for c in decision.would_change_if(tracker, morning, policy)
    ]
    learned = advice.stage == "learned" and not advice.used_fallback
    why = None
    if learned and isinstance(policy, OnnxPolicy):
        why = contributions.contributions(policy, tracker.morning(morning))
    forecast.contributions = why and {
        "preferred": why.best.code,
        "runner_up": why.second.code,
        "usual": why.usual,
        "values": [{"feature": name, "value": value} for name, value in why.values],
    }


def planned_ahead(athlete: Athlete, today: date, days: int) -> Any:
    """(load in AU, share of high intensity) of the ``days`` after today; NaN where nobody planned."""
    import numpy as np

    load, share = np.full((2, days), np.nan)
    ahead = PlannedSession.objects.filter(athlete=athlete, date__range=(today + timedelta(1), today + timedelta(days)))
    for day, load_au, high in ahead.values_list("date", "load_au", "high_intensity_share"):
        at = (day - today).days - 1
        load[at], share[at] = load_au, high
    return load, share


def result_of(ahead: "TwinForecast") -> dict[str, Any]:
    """As JSON: per first action the bands, and what they differ by from the plan unchanged, sample by sample."""
    from measures.actions import ACTION_CODES
    from mlmodels.explaining.what_if import HORIZON_D

    return {
        "horizon_days": HORIZON_D,
        "samples": ahead.samples,
        "first_actions": {
            code: {
                "allowed": ahead.allowed[i],
                "load_au": round(float(ahead.load_au[i]), 1),
                "bands": {name: band_of(values[i], name) for name, values in ahead.bands.items()},
                "against_as_planned": {name: band_of(values[i], name) for name, values in ahead.differences.items()},
            }
            for i, code in enumerate(ACTION_CODES)
        },
    }


def band_of(quantiles: Any, name: str) -> dict[str, list[float | None]]:
    """(28, 3) -> p10, p50, p90, one value a day."""
    columns = {key: quantiles[:, i] for i, key in enumerate(("p10", "p50", "p90"))}
    return {
        key: [round(v, DIGITS[name]) if v == v else None for v in values.tolist()] for key, values in columns.items()
    }


def expected_of(result: dict[str, Any], action: str) -> dict[str, Any]:
    """Change of 400 m time after the horizon if the advice is followed."""
    band = result["first_actions"][action]["bands"]["perf_change_pct"]
    return {
        "horizon_days": result["horizon_days"],
        "perf_change_pct": {key: values[-1] for key, values in band.items()},
    }
