"""Doors: each parses, calls one function, answers."""

from datetime import date
from functools import cache, partial
from typing import Any, ClassVar, NoReturn, cast
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from athletes.days import hrv_baselines
from athletes.models import Athlete, CheckIn, Day, Record, TrainingSession, User
from athletes.people.access import athletes_visible_to
from athletes.people.permissions import IsAthlete, athlete_of
from athletes.reports import intake, unrated
from athletes.serializers import (
    ANSWERS,
    BODIES,
    CheckInAnswer,
    CheckInBody,
    DayDetail,
    Rating,
    check_in_body,
    day_body,
    record_body,
)
from athletes.sign_in import clients
from athletes.views import plain_check_in
from rest.etags import conditional
from rest.filters import RecordFilter
from rest.paging import invalid_parameter
from rest.problems import Problem, error
from rest.strict import ISODateField

DATE = OpenApiParameter("date", OpenApiTypes.DATE, OpenApiParameter.PATH, description="the athlete's local date")
MORNING = {
    "fatigue": 4, "sleep_quality": 3, "muscle_soreness": 3, "stress": 4, "mood": 5, "scale": "mclean_1_5",
    "sleep_duration_min": 435, "resting_hr_bpm": 48,
    "hrv": {"metric": "rmssd", "value_ms": 62.0, "context": "morning_supine"},
    "illness": "none", "injury": {"status": "niggle", "body_site": "left_hamstring"}, "pain_0_10": 2, "notes": "",
    "submitted_at": "2026-11-22T06:52:10+08:00",
}  # fmt: skip


@cache
def built(body: type[serializers.BaseSerializer[Any]], *, partial: bool = False) -> serializers.BaseSerializer[Any]:
    """Building a serializer's fields costs more than running them. Validation keeps nothing on the instance."""
    return body(partial=partial)


def date_in_path(text: str) -> date:
    try:
        return ISODateField().to_internal_value(text)
    except serializers.ValidationError:
        message = _("Must be a date like 2026-11-22.")
        raise Problem(400, "not_a_date", message, [error("not_a_date", message, parameter="date")]) from None


def refuse(refusal: intake.Refused, *, in_path: bool = False) -> NoReturn:
    where = {"parameter": "date"} if in_path and refusal.field_name == "date" else {"pointer": pointer_to(refusal)}
    raise Problem(400, refusal.code, refusal.message, [error(refusal.code, refusal.message, **where)])


def pointer_to(refusal: intake.Refused) -> str:
    return f"/{refusal.field_name}" if refusal.field_name else ""


class RecordPages(GenericAPIView[Any]):
    """A list of the athlete's own rows, newest date first."""

    permission_classes = [IsAthlete]
    filter_backends = [RecordFilter]

    def page(self, request: Request, rows: Any, body: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(rows))
        answer = self.get_paginated_response([body(row) for row in page or ()])
        return conditional(request, answer.data)


class CheckIns(RecordPages):
    queryset = CheckIn.objects.none()

    @extend_schema(operation_id="check_ins_list", tags=["check-ins"], responses=CheckInBody(many=True))
    def get(self, request: Request) -> Response:
        """The athlete's check-ins."""
        return self.page(request, CheckIn.objects.filter(athlete=athlete_of(request)), check_in_body)


@extend_schema(tags=["check-ins"], parameters=[DATE])
class CheckInOfDate(APIView):
    permission_classes = [IsAthlete]

    @extend_schema(operation_id="check_ins_retrieve", responses=CheckInBody)
    def get(self, request: Request, date: str) -> Response:
        check_in = CheckIn.objects.filter(athlete=athlete_of(request), date=date_in_path(date)).first()
        if check_in is None:
            raise Http404
        return conditional(request, check_in_body(check_in))

    @extend_schema(
        operation_id="check_ins_put",
        request=CheckInBody,
        responses={200: CheckInAnswer, 201: CheckInAnswer},
        examples=[OpenApiExample("a morning", MORNING, request_only=True)],
    )
    def put(self, request: Request, date: str) -> Response:
        """Store the morning's answers. Keyed by the date: sending it again is harmless. Today and the last 14 days."""
        return self.store(request, date, partial=False)

    @extend_schema(
        operation_id="check_ins_patch",
        request=CheckInBody,
        responses=CheckInAnswer,
        examples=[OpenApiExample("one more answer", {"pain_0_10": 3}, request_only=True)],
    )
    def patch(self, request: Request, date: str) -> Response:
        """Change some answers; null takes one back."""
        return self.store(request, date, partial=True)

    @extend_schema(operation_id="check_ins_delete", responses={204: None})
    def delete(self, request: Request, date: str) -> Response:
        """Take the check-in back. 204 also when there is none (any more). 409 `note_asks` while its note asks whether
        it tells of a warning sign."""
        try:
            intake.take_back_check_in(athlete_of(request), date_in_path(date))
        except intake.Refused as refusal:
            raise Problem(409, refusal.code, refusal.message) from None
        return Response(status=204)

    def store(self, request: Request, date: str, *, partial: bool) -> Response:
        on = date_in_path(date)
        data = built(CheckInBody, partial=partial).run_validation(request.data)
        status, body = check_in_stored(on, athlete_of(request), data, partial=partial)
        return Response(body, status=status)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method == "PUT":
            short = plain_check_in.answer(
                request, partial(put_check_in, kwargs["date"]), ", ".join(self.allowed_methods)
            )
            if short is not None:
                return short
        return super().dispatch(request, *args, **kwargs)


def put_check_in(date: str, athlete: Athlete, data: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return check_in_stored(date_in_path(date), athlete, data, partial=False)


def check_in_stored(on: date, athlete: Athlete, data: dict[str, Any], *, partial: bool) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer."""
    try:
        stored = intake.record_check_in(athlete, on, data, keep_rest=partial)
    except intake.Refused as refusal:
        refuse(refusal, in_path=True)
    except LookupError:
        raise Http404 from None
    body = {**check_in_body(stored.check_in), "status": stored.status, "day": day_body(stored.day)}
    return 201 if stored.status == "created" else 200, body


@extend_schema(tags=["days"], parameters=[DATE])
class DayOfDate(APIView):
    permission_classes = [IsAthlete]

    @extend_schema(operation_id="days_retrieve", responses=DayDetail)
    def get(self, request: Request, date: str) -> Response:
        """The resolved day: every value used, its source, what was not chosen and why. To other people's programs
        illness, injury, pain and warning signs are null."""
        athlete, on = athlete_of(request), date_in_path(date)
        day = Day.objects.filter(athlete=athlete, date=on).first() or Day(athlete=athlete, date=on)
        body = {**day_body(day), **hrv_baselines.detail(athlete, on)}
        if clients.is_program(request):
            body |= dict.fromkeys(clients.NOT_TOLD)
        return conditional(request, body)


# --- records ----------------------------------------------------------------------------------------------------------


class Records(RecordPages):
    kind: ClassVar[str]

    def get(self, request: Request) -> Response:
        """The athlete's records of this kind."""
        kind = self.kind
        return self.page(request, self.rows(request), lambda record: record_body(kind, record))

    def rows(self, request: Request) -> Any:
        return intake.RECORDS[self.kind]._default_manager.filter(athlete=athlete_of(request), deleted_at=None)

    def post(self, request: Request) -> Response:
        """Store one record. Sending it again is harmless: `status` says what became of it.

        201 when it is new. 200 otherwise: `updated` (a higher version), `unchanged`, `conflict` (same version, other
        content) and `stale` (a lower version) answer the server's copy.
        """
        data = built(BODIES[self.kind]).run_validation(request.data)
        try:
            outcome = intake.record_one(athlete_of(request), self.kind, data)
        except intake.Refused as refusal:
            refuse(refusal)
        if outcome.record is None:
            raise Problem(409, "deleted_before", _("A deletion of this record came before it, with a version as high."))
        body = {**record_body(self.kind, outcome.record), "status": outcome.status}
        return Response(body, status=201 if outcome.status == "created" else 200)


class TrainingSessions(Records):
    query_parameters = ("needs_confirmation",)

    def rows(self, request: Request) -> Any:
        rows, asked = super().rows(request), request.GET.get("needs_confirmation")
        if asked not in (None, "true", "false"):
            raise invalid_parameter("needs_confirmation", "not_a_boolean", _("Must be true or false."))
        if asked is None:
            return rows
        return rows.filter(unrated.WAITING) if asked == "true" else rows.exclude(unrated.WAITING)


class RecordById(APIView):
    permission_classes = [IsAthlete]
    kind: ClassVar[str]

    def get(self, request: Request, id: UUID) -> Response:
        record = self.own(request, id)
        if record.deleted_at is not None:
            raise Http404
        return conditional(request, record_body(self.kind, record))

    def delete(self, request: Request, id: UUID) -> Response:
        """Take the record back; its day is resolved again. Deleting it once more answers the same."""
        intake.delete_record(self.own(request, id))
        return Response(status=204)

    def own(self, request: Request, id: UUID) -> Record:
        found = intake.RECORDS[self.kind]._default_manager.filter(athlete=athlete_of(request), pk=id).first()
        if found is None:
            raise Http404
        return found


class Confirmation(RecordById):
    http_method_names = ["post", "options"]
    permission_classes = [IsAuthenticated]

    def own(self, request: Request, id: UUID) -> Record:
        """The athlete's, and those of athletes who share their values with the coach."""
        seen = athletes_visible_to(cast(User, request.user), values=True)
        found = intake.RECORDS[self.kind]._default_manager.filter(athlete__in=seen, pk=id).first()
        if found is None:
            raise Http404
        return found

    def post(self, request: Request, id: UUID) -> Response:
        """Say, as athlete or coach, that a quarantined value is right: it counts from now on. Takes no body."""
        record = self.own(request, id)
        if record.deleted_at is not None:
            raise Http404
        return Response(record_body(self.kind, intake.confirm_record(record)))


class SessionRating(Confirmation):
    def post(self, request: Request, id: UUID) -> Response:
        """Say, as athlete or coach, how hard the session was: its load counts as rated from now on.

        `{"rpe": 6.5}` rates it, an empty body accepts the estimate as it stands (to the half), `{"rpe": null}` takes a
        rating back. Saying it again is harmless. The source's record stays as it is, and no later version of it
        changes the rating.
        """
        session, said = cast(TrainingSession, self.own(request, id)), built(Rating).run_validation(request.data)
        if session.deleted_at is not None:
            raise Http404
        rpe = said["rpe"] if "rpe" in said else intake.accepted_rpe(session)
        if rpe is None and "rpe" not in said:
            message = _("There is no estimate to accept: say how hard it was.")
            raise Problem(400, "required", message, [error("required", message, pointer="/rpe")])
        return Response(record_body(self.kind, intake.rate_session(session, rpe, by=cast(User, request.user))))


EXAMPLES: dict[str, dict[str, Any]] = {
    "hrv_reading": {
        "client_record_id": "hrv-2026-11-22", "source": {"provider": "garmin", "device_model": "Forerunner 965"},
        "measured_at": "2026-11-22T06:40:00+01:00", "metric": "rmssd", "context": "overnight_mean", "value_ms": 61.0,
    },
    "resting_hr_reading": {
        "client_record_id": "rhr-2026-11-22", "source": {"provider": "garmin"},
        "measured_at": "2026-11-22T06:40:00+01:00", "value_bpm": 47,
    },
    "sleep_session": {
        "client_record_id": "sleep-2026-11-22", "source": {"provider": "garmin"},
        "start_at": "2026-11-21T22:50:00+01:00", "end_at": "2026-11-22T06:40:00+01:00", "duration_s": 26400,
        "score": 82,
    },
    "training_session": {
        "client_record_id": "2026-11-22-track", "started_at": "2026-11-22T17:00:00+01:00", "duration_min": 75,
        "rpe": 7, "kind": "track_intervals",
    },
    "performance_test": {
        "client_record_id": "test-2026-11-21", "tested_at": "2026-11-21T16:30:00+01:00", "time_s": 51.84,
        "timing": "gates",
    },
    "rest_day": {"client_record_id": "rest-2026-11-20", "date": "2026-11-20"},
}  # fmt: skip
PATHS = {
    "hrv-readings": "hrv_reading",
    "resting-hr-readings": "resting_hr_reading",
    "sleep-sessions": "sleep_session",
    "training-sessions": "training_session",
    "performance-tests": "performance_test",
    "rest-days": "rest_day",
}
CONFIRMABLE = ("hrv-readings", "performance-tests", "training-sessions")
RATED: dict[str, Any] = {
    "request": Rating, "examples": [OpenApiExample("how hard it was", {"rpe": 6.5}, request_only=True)],
}  # fmt: skip
NEEDS_CONFIRMATION = OpenApiParameter(
    "needs_confirmation", OpenApiTypes.BOOL, description="true: only sessions nobody has rated, told twice none"
)


def views_of(path: str) -> tuple[type[Records], type[RecordById], type[Confirmation]]:
    """The three doors of one kind of record, documented as such."""
    kind, stem = PATHS[path], path.replace("-", "_")
    body, answer = BODIES[kind], ANSWERS[kind]
    attributes = {"kind": kind, "queryset": intake.RECORDS[kind]._default_manager.none()}
    example = OpenApiExample("a record", EXAMPLES[kind], request_only=True)
    is_training = kind == "training_session"
    of_many, of_confirm = (TrainingSessions, SessionRating) if is_training else (Records, Confirmation)
    listed = {"responses": body(many=True)} | ({"parameters": [NEEDS_CONFIRMATION]} if is_training else {})
    many = documented(type(f"{kind}s", (of_many,), attributes), path, f"{stem}_", {
        "get": {"suffix": "list", **listed},
        "post": {"suffix": "create", "request": body, "responses": {200: answer, 201: answer}, "examples": [example]},
    })  # fmt: skip
    one = documented(type(kind, (RecordById,), attributes), path, f"{stem}_", {
        "get": {"suffix": "retrieve", "responses": body},
        "delete": {"suffix": "delete", "responses": {204: None}},
    })  # fmt: skip
    confirm = documented(type(f"{kind}_confirmation", (of_confirm,), attributes), path, f"{stem}_", {
        "post": {"suffix": "confirm", **(RATED if is_training else {"request": None}), "responses": body},
    })  # fmt: skip
    return many, one, confirm


def documented(view: Any, tag: str, stem: str, operations: dict[str, dict[str, Any]]) -> Any:
    for method, says in operations.items():
        suffix = says.pop("suffix")
        describe = extend_schema(operation_id=stem + suffix, tags=[tag], **says)
        setattr(view, method, describe(inherited(getattr(view, method))))
    return view


def inherited(method: Any) -> Any:
    """A copy, so that describing it for one kind leaves the others alone."""

    def call(self: Any, request: Request, **kwargs: Any) -> Response:
        response: Response = method(self, request, **kwargs)
        return response

    call.__doc__, call.__name__ = method.__doc__, method.__name__
    return call
