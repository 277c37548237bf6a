"""Doors for those who sync: a batch in, everything that changed out."""

import re
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from athletes.people.permissions import IsAthlete, athlete_of
from athletes.serializers import BODIES, RecordQuality, in_utc
from athletes.sync import changes, sync
from athletes.views.records import EXAMPLES
from rest import strict
from rest.paging import DEFAULT_LIMIT, MAX_LIMIT, invalid_parameter
from rest.problems import Problem

ENTRIES = {
    "type": "array",
    "maxItems": sync.MOST_RECORDS,
    "items": {
        "type": "object",
        "required": ["kind", "data"],
        "properties": {
            "kind": {"type": "string", "enum": list(BODIES)},
            "data": {"type": "object", "description": "As POSTed to the resource of its kind.",
                     "additionalProperties": True},
            "deleted": {"type": "boolean", "description": "true: only client_record_id, version and source count"},
        },
    },
}  # fmt: skip


class AsSent(serializers.Field[Any, Any, Any, Any]):
    """Looked at record by record: one that cannot be taken must not keep the others from being stored."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class Entries(serializers.ListField):
    default_error_messages = {"not_a_list": gettext_lazy("Must be a list.")}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, list):
            self.fail("not_a_list")
        if len(data) > sync.MOST_RECORDS:
            message = _("At most %(most)d at a time; send the rest in another batch.") % {"most": sync.MOST_RECORDS}
            raise Problem(413, "too_many_records", message, extra={"limits": sync.LIMITS})
        return data


@extend_schema_field(ENTRIES)
class RecordEntries(Entries):
    pass


class SyncBody(strict.StrictSerializer):
    """Records of any kind, and why a device has none for a date. At least one of the two."""

    records = RecordEntries(child=AsSent(), required=False)
    absences = Entries(child=sync.AbsenceBody(), required=False)


class EntryError(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="into the body, like #/records/3/data/value_ms")
    code = serializers.CharField()
    message = serializers.CharField()


class SyncResult(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="of the record in the batch")
    kind = serializers.CharField(allow_null=True)
    client_record_id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=sync.STATUSES)
    id = serializers.UUIDField(allow_null=True)
    date = serializers.DateField(allow_null=True)
    quality = RecordQuality(allow_null=True)
    record = serializers.DictField(allow_null=True, help_text="the server's copy, on conflict and stale")
    retryable = serializers.BooleanField(help_text="false: sending it again as it is will not help")
    errors = EntryError(many=True)  # type: ignore[assignment]


class AbsenceResult(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    status = serializers.ChoiceField(choices=("created", "updated", "unchanged", "rejected"))
    retryable = serializers.BooleanField()
    errors = EntryError(many=True)  # type: ignore[assignment]


class SyncAnswer(serializers.Serializer[Any]):
    summary = serializers.DictField(child=serializers.IntegerField(), help_text="how many of each status")
    results = SyncResult(many=True)
    absences = AbsenceResult(many=True)
    affected_dates = serializers.ListField(child=serializers.DateField())
    server_time = serializers.DateTimeField()
    next_cursor = serializers.CharField(
        help_text="for /sync/changes/: all that this batch changed comes after it. A client that keeps a cursor goes "
        "on from its own, else it misses what changed before."
    )


class Sync(APIView):
    permission_classes = [IsAthlete]
    max_body_bytes = sync.MOST_BYTES
    body_limits = sync.LIMITS
    accepts_gzip = True

    @extend_schema(
        operation_id="sync",
        tags=["sync"],
        request=SyncBody,
        responses=SyncAnswer,
        examples=[
            OpenApiExample(
                "a night and a session",
                {
                    "records": [
                        {"kind": "sleep_session", "data": EXAMPLES["sleep_session"]},
                        {"kind": "training_session", "data": EXAMPLES["training_session"]},
                        {"kind": "rest_day", "deleted": True,
                         "data": {"client_record_id": "rest-2026-11-19", "client_record_version": 1}},
                    ],
                    "absences": [{"kind": "hrv_reading", "date": "2026-11-22", "reason": "not_worn"}],
                },
                request_only=True,
            )
        ],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Store up to 5,000 records in one go, 1 MiB inflated; gzip is accepted.

        200 whenever the envelope is valid: what cannot be stored is `rejected` in its result, with pointers, and keeps
        no other from being stored. Sending a batch again, in any order, split anywhere, is harmless.
        """
        body = SyncBody(data=request.data)
        body.is_valid(raise_exception=True)
        sent = body.validated_data
        return Response(sync.sync(athlete_of(request), sent.get("records", ()), sent.get("absences", ())))


class ChangeItem(serializers.Serializer[Any]):
    kind = serializers.CharField(
        help_text="a kind of record, check_in, planned_session, day, advice, override, feedback or warning"
    )
    id = serializers.CharField(allow_null=True)
    date = serializers.DateField(allow_null=True)
    client_record_id = serializers.CharField(allow_null=True)
    provider = serializers.CharField(
        allow_null=True, help_text="of a record: with kind and client_record_id its identity, also once it is deleted"
    )
    deleted = serializers.BooleanField()
    data = serializers.DictField(  # type: ignore[assignment]
        allow_null=True, help_text="as its own resource answers it; null: deleted"
    )


class ChangesAnswer(serializers.Serializer[Any]):
    changes = ChangeItem(many=True)
    has_more = serializers.BooleanField(help_text="true: ask again at once")
    next_cursor = serializers.CharField()
    server_time = serializers.DateTimeField()


class Changes(APIView):
    permission_classes = [IsAthlete]
    query_parameters = ("cursor", "limit")

    @extend_schema(
        operation_id="sync_changes",
        tags=["sync"],
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.STR, description="`next_cursor` of the last answer; none: all"),
            OpenApiParameter("limit", OpenApiTypes.INT, description=f"1-{MAX_LIMIT}; {DEFAULT_LIMIT} unless given"),
        ],
        responses=ChangesAnswer,
    )
    def get(self, request: Request) -> Response:
        """Everything that changed or was deleted since, oldest first: one pull refreshes a phone.

        An object appears as it is now, however often it changed. 410 `cursor_too_old` after 90 days: deletions are
        forgotten then; start again without a cursor.
        """
        athlete = athlete_of(request)
        found = changes.page(athlete, position_asked(request), limit_asked(request))
        return Response(
            {
                "changes": [item.body() for item in found.items],
                "has_more": found.has_more,
                "next_cursor": changes.cursor_of(athlete, found.position),
                "server_time": in_utc(timezone.now()),
            }
        )


def position_asked(request: Request) -> changes.Position:
    cursor = request.GET.get("cursor")
    if cursor is None:
        return changes.START
    try:
        return changes.position_in(athlete_of(request), cursor)
    except changes.CursorTooOld:
        raise Problem(
            410, "cursor_too_old", _("Deletions since are forgotten; start again without a cursor.")
        ) from None
    except ValueError:
        raise invalid_parameter("cursor", "invalid_cursor", _("Not a cursor of this athlete's changes.")) from None


def limit_asked(request: Request) -> int:
    text = request.GET.get("limit", str(DEFAULT_LIMIT))
    if not re.fullmatch("[0-9]{1,3}", text, re.ASCII) or not 1 <= int(text) <= MAX_LIMIT:
        raise invalid_parameter(
            "limit", "out_of_range", _("Must be a whole number from 1 to %(most)d.") % {"most": MAX_LIMIT}
        )
    return int(text)
