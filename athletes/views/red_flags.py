"""Doors to the warning signs: who reads them, and who clears one."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from athletes.models import RedFlag
from athletes.people.access import athletes_visible_to
from athletes.people.whose import ATHLETE, athlete_named, seen_of, user_of
from athletes.reports import red_flags
from athletes.reports.records import Refused
from athletes.serializers import ClearingBody, code_of, in_utc
from athletes.views.records import refuse
from rest.etags import conditional
from rest.filters import RecordFilter
from rest.problems import Problem


class RedFlagView(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    athlete = serializers.IntegerField()
    kind = serializers.ChoiceField(
        choices=RedFlag.KINDS, allow_null=True, help_text="null for a coach who is shown no medical detail"
    )
    state = serializers.ChoiceField(choices=[red_flags.OPEN, red_flags.CLEARED])
    raised_on = serializers.DateField(help_text="the local date of the check-in that said so")
    raised_at = serializers.DateTimeField()
    cleared_on = serializers.DateField(allow_null=True, help_text="the athlete's local date")
    cleared_at = serializers.DateTimeField(allow_null=True)
    cleared_by = serializers.CharField(allow_null=True)
    seen_by_doctor_on = serializers.DateField(allow_null=True)
    note = serializers.CharField(allow_null=True, help_text="shown to those who see the kind")


def red_flag_body(flag: RedFlag, *, medical: bool) -> dict[str, Any]:
    """Without `medical` only that there is one, since when and until when: not which, nor what was said of it."""
    return {
        "id": str(flag.pk),
        "athlete": flag.athlete_id,
        "kind": code_of(flag.kind) if medical else None,
        "state": red_flags.OPEN if flag.cleared_at is None else red_flags.CLEARED,
        "raised_on": flag.raised_on.isoformat(),
        "raised_at": in_utc(flag.raised_at),
        "cleared_on": flag.cleared_on.isoformat() if flag.cleared_on else None,
        "cleared_at": in_utc(flag.cleared_at),
        "cleared_by": red_flags.who_cleared(flag) or None,
        "seen_by_doctor_on": flag.seen_by_doctor_on.isoformat() if flag.seen_by_doctor_on else None,
        "note": flag.note if medical else None,
    }


CLEARED = {
    "id": "019ab2c4-6f1d-7c3e-9a53-0d3c6f9f1f0a",
    "athlete": 7,
    "kind": "head_injury",
    "state": "cleared",
    "raised_on": "2026-11-22",
    "raised_at": "2026-11-22T06:31:00Z",
    "cleared_on": "2026-11-22",
    "cleared_at": "2026-11-22T15:10:00Z",
    "cleared_by": "Alice",
    "seen_by_doctor_on": "2026-11-22",
    "note": "",
}


class RedFlags(GenericAPIView[RedFlag]):
    filter_backends = [RecordFilter]
    filter_parameters = ("date_from", "date_to")
    query_parameters = ("athlete",)
    ordering = ("-raised_on", "-id")
    date_column = "raised_on"
    queryset = RedFlag.objects.none()

    @extend_schema(
        operation_id="red_flags_list", tags=["red flags"], parameters=[ATHLETE], responses=RedFlagView(many=True)
    )
    def get(self, request: Request) -> Response:
        """Warning signs, newest first. A coach who is shown no medical detail learns that there is one, not which."""
        athlete = athlete_named(request)
        flags = RedFlag.objects.filter(athlete=athlete).select_related("athlete__user", "cleared_by__athlete")
        page = self.paginate_queryset(self.filter_queryset(flags)) or []
        medical = seen_of(request, athlete).medical
        answer = self.get_paginated_response([red_flag_body(flag, medical=medical) for flag in page])
        return conditional(request, answer.data)


@extend_schema(tags=["red flags"])
class Clearing(APIView):
    @extend_schema(
        operation_id="red_flags_clear",
        request=ClearingBody,
        responses=RedFlagView,
        examples=[
            OpenApiExample("seen by a doctor", {"seen_by_doctor_on": "2026-11-22", "note": ""}, request_only=True),
            OpenApiExample("cleared by the athlete", CLEARED, response_only=True),
        ],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """End a warning sign: today is a day without training, then the return goes in steps.

        The athlete says on which day a doctor has seen it: 400 `statement_needed`, `date_in_future` or
        `date_before_flag`. A coach needs the permission to clear warning signs: 403 `may_not_clear`. 409
        `already_cleared`.
        """
        user = user_of(request)
        seen = RedFlag.objects.filter(athlete__in=athletes_visible_to(user)).select_related("athlete__user")
        flag = seen.filter(pk=id).first()
        if flag is None:
            raise Http404
        body = ClearingBody(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            red_flags.clear(flag, by=user, **body.validated_data)
        except red_flags.MayNotClear:
            detail = _("Only the athlete, or a coach with the permission to clear warning signs, can clear it.")
            raise Problem(403, "may_not_clear", detail) from None
        except Refused as refusal:
            if refusal.code == red_flags.ALREADY_CLEARED:
                raise Problem(409, refusal.code, refusal.message) from None
            refuse(refusal)
        return Response(red_flag_body(flag, medical=seen_of(request, flag.athlete).medical))
