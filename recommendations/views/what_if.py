"""Door to the twin's forecast: asked for here, computed by the worker."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from athletes.local_days.local_time import local_today
from athletes.models import Athlete
from athletes.people.whose import ATHLETE, athlete_named
from athletes.serializers import in_utc
from measures import risk
from recommendations.advice import showing
from recommendations.forecasts import forecasting
from recommendations.models import ActionCode, Advice, Forecast
from recommendations.views.advice import reader_of
from recommendations.views.serializers import Answer
from recommendations.words import discretion
from recommendations.words.discretion import Reader
from rest.etags import conditional
from rest.problems import Problem

RETRY_AFTER_S = 2


class BandView(Answer):
    """One value for each morning from tomorrow on."""

    p10 = serializers.ListField(child=serializers.FloatField(allow_null=True))
    p50 = serializers.ListField(child=serializers.FloatField(allow_null=True))
    p90 = serializers.ListField(child=serializers.FloatField(allow_null=True))


class SignalsView(Answer):
    perf_change_pct = BandView(help_text="400 m, % faster than this morning")
    acwr = BandView()
    hrv_z = BandView(help_text="7-day mean, in SD of the own baseline")
    hrv_ms = BandView(help_text="7-day mean rMSSD")
    sleep_z = BandView(help_text="3-night mean, in SD of the own baseline")


class FirstActionView(Answer):
    allowed = serializers.BooleanField(help_text="false: a guard vetoes it today")
    load_au = serializers.FloatField(help_text="today's dose")
    bands = SignalsView()
    against_as_planned = SignalsView(help_text="difference to the plan unchanged today, with its own band")


class FirstActionsView(Answer):
    increase_intensity = FirstActionView()
    increase_volume = FirstActionView()
    active_recovery = FirstActionView()
    as_planned = FirstActionView()


class WhatIfView(Answer):
    """`ready` has everything; `unavailable` has `reason`; `pending` (202) has neither: ask again."""

    status = serializers.ChoiceField(choices=["ready", "unavailable", "pending"])
    reason = serializers.CharField(required=False, help_text="insufficient_history, stale_data, injury ...")
    athlete = serializers.IntegerField(required=False)
    date = serializers.DateField(required=False, help_text="the morning it starts from")
    advice = serializers.UUIDField(required=False)
    horizon_days = serializers.IntegerField(required=False)
    samples = serializers.IntegerField(required=False)
    advised = serializers.ChoiceField(choices=ActionCode.choices, required=False)
    first_actions = FirstActionsView(required=False, help_text="that action today, the policy from tomorrow on")
    minimum_detectable_change_pct = serializers.FloatField(
        required=False, help_text="what means of three 400 m tests can show at all"
    )
    policy_sha256 = serializers.CharField(required=False)
    twin_level = serializers.ChoiceField(
        choices=Forecast.TwinLevel.choices,
        required=False,
        help_text="individual: the twin was adapted to the athlete's own days; group: to nobody's yet",
    )
    twin_days = serializers.IntegerField(required=False, help_text="own days with a known load")
    twin_sha256 = serializers.CharField(required=False)
    computed_at = serializers.DateTimeField(required=False)
    disclaimer = serializers.CharField(required=False)


@extend_schema(tags=["advice"], parameters=[ATHLETE])
class WhatIf(APIView):
    query_parameters = ("athlete",)

    @extend_schema(operation_id="what_if", responses={200: WhatIfView, 202: WhatIfView})
    def get(self, request: Request) -> Response:
        """The digital twin's next 28 days under each action today: medians and 80 % bands, never promises. 202 with
        `Retry-After` until they are computed."""
        athlete = athlete_named(request)
        reader = reader_of(request, athlete)
        if not reader.values:
            raise Problem(403, "values_not_shared", _("The athlete does not share measured values."))
        today = local_today(athlete)
        advice = Advice.objects.filter(athlete=athlete, date=today, current=True).first()
        if advice is None:
            unknown = showing.nothing_known(athlete, today)
            return conditional(request, unavailable("insufficient_history" if unknown else "no_advice_yet"))
        if advice.withheld_reason:
            return conditional(request, unavailable(discretion.withheld_reason(advice, reader)))
        if discretion.hides_choice(advice, reader):
            return conditional(request, unavailable(discretion.HEALTH))
        return answered(request, athlete, forecasting.ask(advice), reader)


def answered(request: Request, athlete: Athlete, forecast: Forecast, reader: Reader) -> Response:
    match forecast.state:
        case Forecast.State.WAITING:
            return Response(
                {"status": "pending"}, 202, headers={"Retry-After": str(RETRY_AFTER_S), "Cache-Control": "no-store"}
            )
        case Forecast.State.READY:
            return conditional(request, lambda: ready(athlete, forecast), forecast.pk, forecast.computed_at)
        case Forecast.State.UNAVAILABLE:
            return conditional(request, unavailable(discretion.stop_shown(forecast.reason, reader)))
    return conditional(request, unavailable("computation_failed"))


def unavailable(reason: str) -> dict[str, Any]:
    return {"status": "unavailable", "reason": reason}


def ready(athlete: Athlete, forecast: Forecast) -> dict[str, Any]:
    return {
        "status": "ready",
        "athlete": athlete.pk,
        "date": forecast.advice.date,
        "advice": str(forecast.pk),
        "advised": forecast.advice.action,
        **(forecast.result or {}),
        "minimum_detectable_change_pct": risk.MINIMUM_DETECTABLE_CHANGE_PCT,
        "policy_sha256": forecast.policy_sha256,
        "twin_level": forecast.twin_level,
        "twin_days": forecast.twin_days,
        "twin_sha256": forecast.twin_sha256,
        "computed_at": in_utc(forecast.computed_at),
        "disclaimer": _("Not medical advice"),
    }
