"""Doors to what a coach was told, and to how a coach wants to be told. The kind of a notice is shown to nobody."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from athletes.people.access import athletes_visible_to
from athletes.people.permissions import IsCoach
from athletes.people.whose import user_of
from athletes.serializers import in_utc
from recommendations.announcing import notices
from recommendations.announcing.notices import Channels, Kind
from recommendations.models import Notice
from recommendations.views.serializers import Answer
from rest import strict
from rest.etags import conditional
from rest.filters import RecordFilter
from rest.paging import invalid_parameter


class NoticeView(Answer):
    id = serializers.UUIDField()
    athlete = serializers.IntegerField()
    display_name = serializers.CharField()
    date = serializers.DateField(help_text="the athlete's local day")
    level = serializers.ChoiceField(
        choices=Notice.Level.choices, help_text="stop: for health; look: recovery or a bad morning; silent: no data"
    )
    title = serializers.CharField()
    advice = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField(allow_null=True)


def notice_body(row: Notice) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "athlete": row.athlete_id,
        "display_name": str(row.athlete),
        "date": row.date,
        "level": row.level.value,
        "title": notices.title_of(row),
        "advice": str(row.advice_id) if row.advice_id else None,
        "created_at": in_utc(row.created_at),
        "seen_at": in_utc(row.seen_at),
    }


def told(request: Request) -> QuerySet[Notice]:
    """What this coach was told of athletes whose status they still see."""
    coach = user_of(request)
    rows = Notice.objects.filter(coach=coach, athlete__in=athletes_visible_to(coach)).exclude(athlete__user=coach)
    return rows.select_related("athlete__user")


@extend_schema(tags=["notices"])
class NoticePages(GenericAPIView[Notice]):
    permission_classes = [IsCoach]
    filter_backends = [RecordFilter]
    filter_parameters = ("date_from", "date_to")
    query_parameters = ("unseen",)
    ordering = ("-created_at", "-id")
    queryset = Notice.objects.none()

    @extend_schema(
        operation_id="notices_list",
        parameters=[OpenApiParameter("unseen", OpenApiTypes.BOOL, description="true: only those not yet seen")],
        responses=NoticeView(many=True),
        summary="What I was told as a coach",
    )
    def get(self, request: Request) -> Response:
        """Whom to look at, newest first. Which illness, injury or warning sign it is stands in no notice."""
        rows, asked = told(request), request.GET.get("unseen")
        if asked not in (None, "true", "false"):
            raise invalid_parameter("unseen", "not_a_boolean", _("Must be true or false."))
        if asked is not None:
            rows = rows.filter(seen_at__isnull=asked == "true")
        page = self.paginate_queryset(self.filter_queryset(rows)) or []
        return conditional(request, self.get_paginated_response([notice_body(row) for row in page]).data)


@extend_schema(tags=["notices"])
class NoticeSeen(APIView):
    permission_classes = [IsCoach]

    @extend_schema(operation_id="notices_seen", request=None, responses=NoticeView, summary="I have seen it")
    def post(self, request: Request, notice_id: UUID) -> Response:
        """It is unread no more, and no message about it leaves any more. Again changes nothing."""
        row = told(request).filter(pk=notice_id).first()
        if row is None:
            raise Http404
        notices.mark_seen(user_of(request), timezone.now(), only=row.pk)
        return Response(notice_body(told(request).get(pk=row.pk)))


class Ways(strict.StrictSerializer):
    push = strict.StrictBooleanField(help_text="to my devices, where I registered one")
    mail = strict.StrictBooleanField()


class Preferences(strict.StrictSerializer):
    """By kind. With both false it is shown on the board alone."""

    red_flag = Ways(help_text="a warning sign; told at any hour")
    health_stop = Ways(help_text="illness, injury, pain or a hold leaves no training; which, no notice says")
    worst_morning = Ways()
    third_recovery = Ways(help_text="recovery is advised on the third day of four")
    source_silent = Ways(help_text="nothing came for two days")
    source_stopped = Ways(required=False, help_text="a watch, ring or app has gone quiet; left out: as it was")


PREFERENCES_EXAMPLE = OpenApiExample(
    "stops by push and mail, the rest by push",
    {kind.value: {"push": True, "mail": notices.DEFAULTS[Notice(kind=kind).level].mail} for kind in Kind},
    request_only=True,
)


@extend_schema(tags=["notices"])
class OwnPreferences(APIView):
    permission_classes = [IsCoach]

    @extend_schema(operation_id="me_notices_retrieve", responses=Preferences, summary="How I am told as a coach")
    def get(self, request: Request) -> Response:
        return conditional(request, self.body(request))

    @extend_schema(
        operation_id="me_notices_put",
        request=Preferences,
        responses=Preferences,
        examples=[PREFERENCES_EXAMPLE],
        summary="Change how I am told",
    )
    def put(self, request: Request) -> Response:
        """Sent whole. It counts for what happens from now on."""
        wanted = Preferences(data=request.data)
        wanted.is_valid(raise_exception=True)
        ways = {Kind(kind): Channels(**given) for kind, given in wanted.validated_data.items()}
        notices.set_preferences(user_of(request), ways)
        return Response(self.body(request))

    def body(self, request: Request) -> dict[str, dict[str, bool]]:
        found = notices.preferences([user_of(request).pk])[user_of(request).pk]
        return {kind.value: ways._asdict() for kind, ways in found.items()}
