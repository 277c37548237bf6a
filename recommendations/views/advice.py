"""Doors to the advice, the warnings and the plan: each parses, calls one function, answers."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from athletes.local_days.local_time import local_today
from athletes.models import Athlete, Day
from athletes.people.access import athletes_visible_to, squads_coached_by
from athletes.people.whose import ATHLETE, athlete_named, seen_of, user_of
from athletes.reports import intake
from athletes.sign_in.clients import is_program
from athletes.sync.changes import plan_body
from recommendations.advice import acknowledging, overriding, planning, showing
from recommendations.coach import board
from recommendations.models import Advice, Warning
from recommendations.views.serializers import (
    AdviceView,
    BoardView,
    FeedbackBody,
    FeedbackView,
    OverrideBody,
    PlanBody,
    PlansView,
    PlanView,
    WarningView,
)
from recommendations.words.discretion import ITSELF, Reader
from rest.etags import conditional
from rest.filters import RecordFilter, check_range, date_parameter
from rest.paging import invalid_parameter
from rest.problems import Problem, error
from rest.strict import ISODateField

DATE = OpenApiParameter("date", OpenApiTypes.DATE, OpenApiParameter.PATH, description="the athlete's local date")


# --- who reads whose --------------------------------------------------------------------------------------------------


def reader_of(request: Request, athlete: Athlete) -> Reader:
    own, seen = athlete.user_id == request.user.pk, seen_of(request, athlete)
    return Reader(own=own, values=seen.values, medical=seen.medical, program=is_program(request))


def date_in_path(text: str) -> date:
    try:
        return ISODateField().to_internal_value(text)
    except serializers.ValidationError:
        message = "Must be a date like 2026-11-22."
        raise Problem(400, "not_a_date", message, [error("not_a_date", message, parameter="date")]) from None


def bodies(advice: list[Advice], reader: Reader) -> list[dict[str, Any]]:
    beside, now = showing.around(advice), timezone.now()
    return [showing.advice_body(row, beside[row.pk], reader, now) for row in advice]


# --- advice -----------------------------------------------------------------------------------------------------------


@extend_schema(tags=["advice"], parameters=[ATHLETE])
class AdviceToday(APIView):
    query_parameters = ("athlete",)

    @extend_schema(operation_id="advice_today", responses=AdviceView)
    def get(self, request: Request) -> Response:
        """Today's advice, by the athlete's clock. Never 404 for an athlete: `pending`, or `withheld` with a reason."""
        athlete = athlete_named(request)
        return advice_of(request, athlete, local_today(athlete))


@extend_schema(tags=["advice"], parameters=[DATE, ATHLETE])
class AdviceOfDate(APIView):
    query_parameters = ("athlete",)

    @extend_schema(operation_id="advice_retrieve", responses=AdviceView)
    def get(self, request: Request, date: str) -> Response:
        """The advice of a date, its newest revision. A past date reported afterwards has none: `expired`."""
        athlete = athlete_named(request)
        return advice_of(request, athlete, date_in_path(date))


def advice_of(request: Request, athlete: Athlete, day: date) -> Response:
    reader = reader_of(request, athlete)
    row = Advice.objects.filter(athlete=athlete, date=day, current=True).first()
    if row is not None:
        return conditional(request, bodies([row], reader)[0])
    today = local_today(athlete)
    if day == today:
        return conditional(request, showing.before_advice(athlete, day, reader))
    if day < today and Day.objects.filter(athlete=athlete, date=day).exists():
        return conditional(request, showing.without_advice(athlete, day, "expired", reader))
    raise Http404


class AdvicePages(GenericAPIView[Advice]):
    filter_backends = [RecordFilter]
    query_parameters = ("athlete",)
    ordering = ("-date", "-id")
    updated_column = "issued_at"
    queryset = Advice.objects.none()

    @extend_schema(operation_id="advice_list", tags=["advice"], parameters=[ATHLETE], responses=AdviceView(many=True))
    def get(self, request: Request) -> Response:
        """The newest revision of each day, newest first."""
        athlete = athlete_named(request)
        rows = self.filter_queryset(Advice.objects.filter(athlete=athlete, current=True))
        page = self.paginate_queryset(rows) or []
        answer = self.get_paginated_response(bodies(list(page), reader_of(request, athlete)))
        return conditional(request, answer.data)


def advice_seen_by(request: Request, advice_id: UUID) -> Advice:
    seen = Advice.objects.filter(athlete__in=athletes_visible_to(user_of(request))).select_related("athlete")
    advice = seen.filter(pk=advice_id).first()
    if advice is None:
        raise Http404
    return advice


@extend_schema(tags=["advice"])
class FeedbackOfAdvice(APIView):
    @extend_schema(
        operation_id="advice_feedback",
        request=FeedbackBody,
        responses=FeedbackView,
        examples=[OpenApiExample("followed", {"followed": "yes", "agreement": 4}, request_only=True)],
    )
    def put(self, request: Request, advice_id: UUID) -> Response:
        """What became of the advice, by the athlete. Sending it again replaces it."""
        advice = advice_seen_by(request, advice_id)
        if advice.athlete.user_id != request.user.pk:
            raise Problem(403, "not_your_advice", "Only the athlete can say what became of the advice.")
        body = FeedbackBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = {"reason_code": "", "agreement": None, "comment": ""} | body.validated_data
        feedback = overriding.say_back(advice, given)
        return Response(showing.feedback_body(feedback, ITSELF))


@extend_schema(tags=["advice"])
class OverrideOfAdvice(APIView):
    @extend_schema(
        operation_id="advice_override",
        request=OverrideBody,
        responses={201: AdviceView},
        examples=[
            OpenApiExample(
                "seen at training",
                {"action": "as_planned", "reason_code": "seen_at_training", "note": "You looked fresh in the warm-up."},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, advice_id: UUID) -> Response:
        """The coach's word for the day; the athlete is told. Each is kept, the newest counts. 409
        `stop_cannot_be_lowered`, `advice_superseded` or `advice_expired`."""
        advice = advice_seen_by(request, advice_id)
        if advice.athlete.user_id == request.user.pk:
            raise Problem(403, "not_the_coach", "Only a coach can override; say how you see it in the feedback.")
        body = OverrideBody(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            overriding.override(advice, by=user_of(request), now=timezone.now(), **body.validated_data)
        except overriding.Refused as refusal:
            raise Problem(409, refusal.code, refusal.message) from None
        return Response(bodies([advice], reader_of(request, advice.athlete))[0], status=201)


# --- the squad --------------------------------------------------------------------------------------------------------


@extend_schema(tags=["squads"])
class SquadBoard(APIView):
    query_parameters = ("date",)

    @extend_schema(
        operation_id="squads_board",
        parameters=[OpenApiParameter("date", OpenApiTypes.DATE, description="default: each athlete's own today")],
        responses=BoardView,
    )
    def get(self, request: Request, squad_id: int) -> Response:
        """For its coaches: one line an athlete who shares, those who need a look first."""
        squad = squads_coached_by(user_of(request)).filter(pk=squad_id).first()
        if squad is None:
            raise Http404
        now, day = timezone.now(), date_parameter(request.GET.dict(), "date")
        return conditional(request, board.board_body(board.board_of(squad, now, day, user_of(request)), now))


# --- warnings ---------------------------------------------------------------------------------------------------------


class WarningPages(GenericAPIView[Warning]):
    filter_backends = [RecordFilter]
    query_parameters = ("athlete",)
    ordering = ("-opened_on", "-id")
    date_column = "opened_on"
    queryset = Warning.objects.none()

    @extend_schema(
        operation_id="warnings_list", tags=["warnings"], parameters=[ATHLETE], responses=WarningView(many=True)
    )
    def get(self, request: Request) -> Response:
        """Warnings, newest first; `closed_on` is null while one is open."""
        athlete = athlete_named(request)
        rows = self.filter_queryset(Warning.objects.filter(athlete=athlete))
        reader = reader_of(request, athlete)
        page = self.paginate_queryset(rows) or []
        return conditional(
            request, self.get_paginated_response([showing.warning_body(row, reader) for row in page]).data
        )


@extend_schema(tags=["warnings"])
class Acknowledgement(APIView):
    @extend_schema(operation_id="warnings_acknowledge", request=None, responses=WarningView)
    def post(self, request: Request, warning_id: UUID) -> Response:
        """The athlete has read it. It stays open until what it rests on has passed; again changes nothing."""
        warning = Warning.objects.filter(pk=warning_id, athlete__in=athletes_visible_to(user_of(request))).first()
        if warning is None:
            raise Http404
        if warning.athlete.user_id != request.user.pk:
            raise Problem(403, "not_your_warning", "Only the athlete can acknowledge a warning.")
        acknowledging.acknowledge(warning, timezone.now())
        return Response(showing.warning_body(warning, ITSELF))


# --- plans ------------------------------------------------------------------------------------------------------------


@extend_schema(tags=["planned sessions"])
class Plans(APIView):
    query_parameters = ("athlete", "date_from", "date_to")

    @extend_schema(
        operation_id="planned_sessions_list",
        parameters=[
            ATHLETE,
            OpenApiParameter("date_from", OpenApiTypes.DATE, description="default: today"),
            OpenApiParameter("date_to", OpenApiTypes.DATE, description="default: 13 days later; at most 92"),
        ],
        responses=PlansView,
    )
    def get(self, request: Request) -> Response:
        """One a date, oldest first; where nobody wrote one the automatic plan, with `"author": "automatic"`."""
        athlete, query = athlete_named(request), request.GET.dict()
        first = date_parameter(query, "date_from") or local_today(athlete)
        last = date_parameter(query, "date_to") or first + planning.AHEAD
        check_range(first, last)
        if last - first > planning.LONGEST_RANGE:
            raise invalid_parameter("date_to", "range_too_long", f"At most {planning.LONGEST_RANGE.days} days.")
        return conditional(request, {"results": planning.plans(athlete, first, last)})


@extend_schema(tags=["planned sessions"], parameters=[DATE, ATHLETE])
class PlanOfDate(APIView):
    write_parameters = ("athlete",)

    @extend_schema(
        operation_id="planned_sessions_put",
        request=PlanBody,
        responses=PlanView,
        examples=[
            OpenApiExample(
                "intervals",
                {"kind": "track_intervals", "title": "3 x 3 x 200 m", "duration_min": 70, "rpe": 7},
                request_only=True,
            )
        ],
    )
    def put(self, request: Request, date: str) -> Response:
        """What is planned for a date, by the athlete or a coach who sees the athlete; the last one counts."""
        athlete, on = self.addressed(request, date)
        body = PlanBody(data=request.data)
        body.is_valid(raise_exception=True)
        plan = intake.record_plan(athlete, on, body.validated_data, by=user_of(request))
        return Response(plan_body(plan))

    @extend_schema(operation_id="planned_sessions_delete", responses={204: None})
    def delete(self, request: Request, date: str) -> Response:
        """Back to the automatic plan. 204 also when there is none (any more)."""
        intake.delete_plan(*self.addressed(request, date))
        return Response(status=204)

    def addressed(self, request: Request, text: str) -> tuple[Athlete, date]:
        athlete, on = athlete_named(request), date_in_path(text)
        today = local_today(athlete)
        if not today - intake.OLDEST_BY_HAND <= on <= today + FARTHEST_PLAN:
            message = "Plans are kept from 14 days ago to two years ahead."
            raise Problem(400, "date_out_of_range", message, [error("out_of_range", message, parameter="date")])
        return athlete, on


FARTHEST_PLAN = timedelta(days=730)
