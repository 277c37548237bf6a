"""The doors for what vendors themselves write: payloads, exports, files."""

from typing import Any, ClassVar
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from athletes.models import Athlete, Upload
from athletes.people.permissions import IsAthlete, athlete_of
from athletes.serializers import RecordQuality, in_utc
from athletes.wearables import ingest, uploads
from athletes.wearables.readers import READERS
from athletes.wearables.readings import Unreadable
from rest.etags import conditional
from rest.problems import Problem
from storage import bell

PROVIDER = OpenApiParameter(
    "provider", OpenApiTypes.STR, OpenApiParameter.PATH, description="whose payload it is; see docs/wearables.md"
)
GARMIN_NIGHT = {
    "hrv": [
        {"userId": "sub-1", "summaryId": "x473db21-6295abc4", "calendarDate": "2022-05-31", "lastNightAvg": 44,
         "startTimeOffsetInSeconds": -18000, "durationInSeconds": 3820, "startTimeInSeconds": 1653976004}
    ]
}  # fmt: skip
BODY_FORMATS: dict[tuple[str, str] | str, Any] = {
    "application/json": OpenApiTypes.OBJECT,
    "text/csv": OpenApiTypes.BINARY,
    "application/zip": OpenApiTypes.BINARY,
    "application/octet-stream": OpenApiTypes.BINARY,
}

TAKEN = {"created", "updated", "unchanged", "deleted"}

log = structlog.get_logger()


class ReadingError(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="JSON pointer into the record")
    code = serializers.CharField()
    message = serializers.CharField()


class ReadingResult(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="which of the payload's readings")
    kind = serializers.CharField()
    client_record_id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(
        choices=("created", "updated", "unchanged", "conflict", "stale", "deleted", "rejected")
    )
    id = serializers.UUIDField(allow_null=True)
    date = serializers.DateField(allow_null=True)
    quality = RecordQuality(allow_null=True)
    retryable = serializers.BooleanField(help_text="false: sending it again would change nothing")
    errors = ReadingError(many=True)  # type: ignore[assignment]


class PayloadFinding(serializers.Serializer[Any]):
    where = serializers.CharField(help_text="the first place in the payload, like hrv[3].lastNightAvg or line 12")
    code = serializers.CharField()
    message = serializers.CharField()
    count = serializers.IntegerField(required=False, help_text="how many there are alike, where there are several")


class IngestAnswer(serializers.Serializer[Any]):
    """What became of each reading, what could not be read, and how often each unused field was seen."""

    summary = serializers.DictField(child=serializers.IntegerField(), help_text="how many readings of each status")
    results = ReadingResult(many=True)
    affected_dates = serializers.ListField(child=serializers.DateField())
    findings = PayloadFinding(many=True)
    findings_total = serializers.IntegerField()
    ignored = serializers.DictField(child=serializers.IntegerField())
    server_time = serializers.DateTimeField()
    next_cursor = serializers.CharField(
        help_text="for /sync/changes/: all that this payload changed comes after it. A client that keeps a cursor goes "
        "on from its own, else it misses what changed before."
    )
    upload = serializers.UUIDField(help_text="see /uploads/{id}/")


class UploadProgress(serializers.Serializer[Any]):
    readings_done = serializers.IntegerField()
    readings_total = serializers.IntegerField(allow_null=True, help_text="null: still being counted")
    pct = serializers.FloatField()


class UploadProblem(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class UploadBody(serializers.Serializer[Any]):
    """`results` lists what was refused; `summary` counts everything."""

    id = serializers.UUIDField()
    provider = serializers.CharField()
    state = serializers.ChoiceField(choices=Upload.State.choices)
    sha256 = serializers.CharField()
    size_bytes = serializers.IntegerField()
    progress = UploadProgress()
    problem = UploadProblem(allow_null=True, help_text="why it failed, or why it is tried again")
    summary = serializers.DictField(child=serializers.IntegerField())
    results = ReadingResult(many=True)
    affected_dates = serializers.ListField(child=serializers.DateField())
    findings = PayloadFinding(many=True)
    findings_total = serializers.IntegerField()
    ignored = serializers.DictField(child=serializers.IntegerField())
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


def upload_body(upload: Upload) -> dict[str, Any]:
    total, done, result = upload.readings_total, upload.readings_done, upload.result
    finished = upload.state == Upload.State.DONE
    return {
        "id": str(upload.pk),
        "provider": upload.provider,
        "state": upload.state,
        "sha256": upload.sha256,
        "size_bytes": upload.size_bytes,
        "progress": {
            "readings_done": done,
            "readings_total": total,
            "pct": 100.0 if finished else round(100.0 * done / total, 1) if total else 0.0,
        },
        "problem": {"code": result["code"], "message": result["message"]} if "code" in result else None,
        "summary": result.get("summary", {}),
        "results": result.get("results", []),
        "affected_dates": result.get("affected_dates", []),
        "findings": result.get("findings", []),
        "findings_total": result.get("findings_total", 0),
        "ignored": result.get("ignored", {}),
        "created_at": in_utc(upload.created_at),
        "finished_at": in_utc(upload.finished_at),
    }


class Ingest(APIView):
    permission_classes = [IsAthlete]
    takes_a_vendors_body: ClassVar[bool] = True

    @extend_schema(
        operation_id="ingest_create",
        tags=["ingest"],
        parameters=[PROVIDER],
        request=BODY_FORMATS,
        responses={200: IngestAnswer, 202: UploadBody},
        examples=[
            OpenApiExample("a night", GARMIN_NIGHT, request_only=True, media_type="application/json"),
        ],
    )
    def post(self, request: Request, provider: str) -> Response:
        """Hand in a vendor's own payload (JSON, CSV) or file (FIT, Apple's export.zip, RR intervals), gzip or not.

        A small payload is answered at once. Of files and of what holds many readings the 202 shows the upload, which
        `/uploads/{id}/` (`Location`) follows until it is done. The raw body is kept for 30 days, one that is refused
        not at all. The same bytes sent again are the same upload. An athlete may send so many bytes a day: 429
        `daily_bytes_used_up` says how many (`limits.bytes_per_day`) and until when (`ends_at`).
        """
        content_type = content_type_for(request, provider)
        body = received(request, content_type)
        upload, created = uploads.keep(body, athlete_of(request), provider, content_type)
        if fits_a_request(content_type, body.size_bytes):
            answer = answered_at_once(upload, created)
            if answer is not None:
                return Response(answer)
        if upload.state == Upload.State.WAITING:
            announce(upload)
        return accepted(request, upload, again=not created)


def no_such_reader() -> Problem:
    names = sorted(READERS)
    message = _("There is no reader of this name. The names are: %(names)s.") % {"names": ", ".join(names)}
    return Problem(404, "not_found", message, extra={"providers": names})


def content_type_for(request: Request, provider: str) -> str:
    reader = READERS.get(provider)
    if reader is None:
        raise no_such_reader()
    content_type = str(request._request.content_type or "").lower()
    wanted = ingest.CONTENT_FORMATS.get(content_type, set())
    if not wanted & set(reader.formats):
        formats = sorted(name for name, takes in ingest.CONTENT_FORMATS.items() if takes & set(reader.formats))
        raise Problem(
            415,
            "unsupported_media_type",
            _("This provider's data is taken as: %(formats)s.") % {"formats": ", ".join(formats)},
        )
    return content_type


def received(request: Request, content_type: str) -> uploads.Body:
    limit_bytes = settings.INGEST_JSON_BYTES if content_type == "application/json" else settings.INGEST_FILE_BYTES
    announced_bytes = int(request.META.get("CONTENT_LENGTH") or 0)
    if announced_bytes > limit_bytes:
        raise uploads.too_large(limit_bytes)
    if not announced_bytes:
        raise Problem(400, "empty_body", _("Nothing was sent."))
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip", ""):
        raise Problem(415, "unsupported_content_encoding", _("Compress with gzip or not at all."))
    allowance = uploads.Allowance(athlete_of(request), timezone.now())
    allowance.reserve(announced_bytes, announced_bytes)
    chunks = uploads.chunks_of(request._request, announced_bytes)
    body = uploads.Body(limit_bytes, allowance)
    body.receive(uploads.inflated(chunks) if encoding == "gzip" else chunks)
    return body


def fits_a_request(content_type: str, size_bytes: int) -> bool:
    return content_type in ("application/json", "text/csv") and size_bytes <= settings.INGEST_AT_ONCE_BYTES


def answered_at_once(upload: Upload, created: bool) -> dict[str, Any] | None:
    try:
        result = ingest.read_at_once(upload, settings.INGEST_AT_ONCE_READINGS)
    except Unreadable as refusal:
        if created:
            upload.delete()
        raise Problem(400, refusal.code, refusal.message) from None
    except ingest.STORE_UNREACHABLE:
        raise
    except Exception as error:  # noqa: BLE001  a reader's bug is no 500: the body is kept, the worker reports
        log.error("reader_failed", upload=str(upload.pk), provider=upload.provider, kind=type(error).__name__)
        return None
    return result and {**result, "server_time": in_utc(timezone.now()), "upload": str(upload.pk)}


def announce(upload: Upload) -> None:
    transaction.on_commit(lambda: bell.ring(bell.UPLOADS), robust=True)


def accepted(request: Request, upload: Upload, *, again: bool) -> Response:
    location = reverse("upload", args=[upload.pk], request=request)
    body = upload_body(upload)
    if again and upload.state == Upload.State.DONE:
        body["summary"] = told_again(body["summary"])
    return Response(body, status=202, headers={"Location": location})


def told_again(summary: dict[str, int]) -> dict[str, int]:
    """The same bytes change nothing: what was taken then is there, what was refused then is refused."""
    taken = sum(count for status, count in summary.items() if status in TAKEN)
    others = {status: count for status, count in summary.items() if status not in TAKEN}
    return ({"unchanged": taken} if taken else {}) | others


@extend_schema(tags=["ingest"])
class Uploaded(APIView):
    permission_classes = [IsAthlete]

    @extend_schema(operation_id="uploads_retrieve", responses=UploadBody)
    def get(self, request: Request, id: UUID) -> Response:
        """How far an upload is, and what became of it."""
        return conditional(request, upload_body(own_upload(athlete_of(request), id)))


def own_upload(athlete: Athlete, upload_id: UUID) -> Upload:
    upload = Upload.objects.filter(athlete=athlete, pk=upload_id).first()
    if upload is None:
        raise Http404
    return upload
