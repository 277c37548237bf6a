"""Where vendors call. Outside the bearer scheme: the signature is the sign-in."""

from typing import ClassVar

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from athletes.views.uploads import PROVIDER, announce
from athletes.wearables import uploads, webhooks
from rest.problems import Problem

EVENT = {
    "user_id": 10129,
    "id": "ecfc6a15-4661-442f-a9a4-f160dd7afae8",
    "type": "sleep.updated",
    "trace_id": "d3709ee7",
}


class Webhook(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    takes_a_vendors_body: ClassVar[bool] = True
    query_parameters = ("verification_token", "challenge")

    @extend_schema(
        operation_id="webhooks_receive",
        tags=["ingest"],
        parameters=[PROVIDER],
        request={"application/json": OpenApiTypes.OBJECT},
        responses={204: None},
        examples=[OpenApiExample("WHOOP", EVENT, request_only=True)],
    )
    def post(self, request: Request, provider: str) -> Response:
        """For WHOOP, Oura and Open Wearables: signed over the raw body, at most five minutes old.

        Answered before the body is read; the worker does that. 204 also when nobody here is linked with the vendor's
        user: sending it again would change nothing.
        """
        secret = settings.WEBHOOK_SECRETS.get(provider)
        if not secret:
            raise Http404
        body = raw_body(request)
        try:
            webhooks.verify(provider, secret, request.headers, body, timezone.now())
        except webhooks.Forged:
            raise Problem(401, "invalid_signature", _("The signature is missing, wrong or too old.")) from None
        account = webhooks.account_of(provider, body)
        if account is not None:
            kept = uploads.Body(settings.INGEST_JSON_BYTES)
            kept.receive(iter([body]))
            upload = uploads.keep(kept, account.athlete, provider, "application/json", by_webhook=True)[0]
            announce(upload)
        return Response(status=204)

    @extend_schema(
        operation_id="webhooks_verify",
        tags=["ingest"],
        parameters=[PROVIDER],
        responses={200: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, provider: str) -> Response:
        """Oura asks once, when the subscription is made, whether the address is ours."""
        token = settings.OURA_VERIFICATION_TOKEN if provider == "oura" else ""
        given = request.query_params.get("verification_token", "")
        if not token or not constant_time_compare(given, token):
            raise Http404
        return Response({"challenge": request.query_params.get("challenge", "")[:256]})


def raw_body(request: Request) -> bytes:
    announced_bytes = int(request.META.get("CONTENT_LENGTH") or 0)
    if announced_bytes > settings.INGEST_AT_ONCE_BYTES:
        raise uploads.too_large(settings.INGEST_AT_ONCE_BYTES)
    return b"".join(uploads.chunks_of(request._request, announced_bytes))
