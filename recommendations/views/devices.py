"""Where my pushes go."""

import re
from typing import Any, cast

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from athletes.models import User
from recommendations.models import Device
from recommendations.push import devices, vapid
from recommendations.push.endpoints import MAX_LENGTH, EndpointRefused, provider_of
from rest import strict
from rest.filters import RecordFilter
from rest.problems import Problem

FCM_TOKEN = re.compile(r"[A-Za-z0-9_:-]{20,4096}", re.ASCII)


class SubscriptionKeys(strict.StrictSerializer):
    p256dh = strict.StrictCharField(max_length=100, help_text="the browser's public key, base64url")
    auth = strict.StrictCharField(max_length=40, help_text="16 random bytes, base64url")

    def validate_p256dh(self, key: str) -> str:
        if not vapid.is_subscription_key(key):
            raise serializers.ValidationError(_("Not an uncompressed P-256 point in base64url."), "invalid_key")
        return key

    def validate_auth(self, secret: str) -> str:
        if not vapid.is_auth_secret(secret):
            raise serializers.ValidationError(_("Not 16 bytes in base64url."), "invalid_key")
        return secret


class Subscription(strict.StrictSerializer):
    """What `PushSubscription.toJSON()` answers in a browser, unchanged."""

    endpoint = strict.StrictCharField(max_length=MAX_LENGTH)
    keys = SubscriptionKeys()
    expirationTime = strict.StrictIntegerField(required=False, allow_null=True, help_text="not used")

    def validate_endpoint(self, endpoint: str) -> str:
        try:
            provider_of(endpoint)
        except EndpointRefused:
            raise serializers.ValidationError(
                _("Not an endpoint of a known push service."), "unknown_push_service"
            ) from None
        return endpoint


class Registration(strict.StrictSerializer):
    """`kind` says which of `subscription` and `token` is needed; the other must be left out."""

    kind = strict.StrictChoiceField(choices=Device.Kind.choices)
    name = strict.StrictCharField(max_length=80, required=False, allow_blank=True, help_text="like Pixel 9")
    subscription = Subscription(required=False, help_text="for webpush")
    token = strict.StrictCharField(max_length=4096, required=False, help_text="for fcm: the registration token")

    def validate_token(self, token: str) -> str:
        if not FCM_TOKEN.fullmatch(token):
            raise serializers.ValidationError(_("Not an FCM registration token."), "invalid_token")
        return token

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        needed, other = ("subscription", "token") if given["kind"] == Device.Kind.WEBPUSH else ("token", "subscription")
        wrong = {}
        if needed not in given:
            wrong[needed] = [serializers.ErrorDetail(_("Needed for %(kind)s.") % {"kind": given["kind"]}, "required")]
        if other in given:
            wrong[other] = [
                serializers.ErrorDetail(_("Not for %(kind)s.") % {"kind": given["kind"]}, "not_for_this_kind")
            ]
        if wrong:
            raise serializers.ValidationError(wrong)
        return given


class DeviceView(serializers.ModelSerializer[Device]):
    """The address and its keys are secrets: they are never shown."""

    deactivated_reason = serializers.CharField(
        read_only=True, help_text="gone (the push service knows it no more), replaced or by_staff; empty while active"
    )

    class Meta:
        model = Device
        fields = ["id", "kind", "name", "active", "deactivated_reason", "created_at", "last_success_at"]
        read_only_fields = fields


class VapidKey(serializers.Serializer[Any]):
    public_key = serializers.CharField(read_only=True, help_text="applicationServerKey of PushManager.subscribe")


EXAMPLES = [
    OpenApiExample(
        "a browser",
        {
            "kind": "webpush",
            "name": "Pixel 9",
            "subscription": {
                "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAAB",
                "keys": {
                    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
                },
            },
        },
        request_only=True,
    ),
    OpenApiExample("an Android app", {"kind": "fcm", "token": "fGk3:APA91bE_example_token"}, request_only=True),
]


class Devices(ListAPIView[Device]):
    serializer_class = DeviceView
    filter_backends = [RecordFilter]
    filter_parameters = ()
    ordering = ("-created_at", "-id")
    lists = True

    def get_queryset(self) -> QuerySet[Device]:
        return own_devices(self.request)

    @extend_schema(summary="My devices")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=Registration,
        responses={201: DeviceView, 200: DeviceView},
        examples=EXAMPLES,
        summary="Register a device for pushes",
    )
    def post(self, request: Request) -> Response:
        """Sending it again is harmless: 201 for a new address, 200 for one that is known. An address has one owner,
        the last one who registered it. Of more than 10 devices the oldest get no pushes any more."""
        serializer = Registration(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        if given["kind"] == Device.Kind.FCM and not settings.FCM_CREDENTIALS_FILE:
            raise Problem(
                422, "push_not_configured", _("This server sends no FCM messages; register a webpush subscription.")
            )
        device, is_new = devices.register(
            cast(User, request.user), kind=given["kind"], name=given.get("name", ""), **address_of(given)
        )
        return Response(DeviceView(device).data, status=201 if is_new else 200)


class OneDevice(APIView):
    @extend_schema(responses=DeviceView, summary="One of my devices")
    def get(self, request: Request, device_id: str) -> Response:
        return Response(DeviceView(get_object_or_404(own_devices(request), pk=device_id)).data)

    @extend_schema(responses={204: None}, summary="Remove a device")
    def delete(self, request: Request, device_id: str) -> Response:
        """At signing out, for instance: nothing is sent there any more."""
        get_object_or_404(own_devices(request), pk=device_id).delete()
        return Response(status=204)


class PublicKey(APIView):
    @extend_schema(responses=VapidKey, summary="The server's key, to subscribe with")
    def get(self, request: Request) -> Response:
        try:
            return Response({"public_key": vapid.public_key()})
        except vapid.NoVapidKey:
            raise Problem(404, "push_not_configured", _("This server has no key for web pushes.")) from None


def own_devices(request: Request) -> QuerySet[Device]:
    return Device.objects.filter(user=cast(User, request.user))


def address_of(given: dict[str, Any]) -> dict[str, str]:
    if given["kind"] == Device.Kind.FCM:
        return {"address": given["token"]}
    return {"address": given["subscription"]["endpoint"], **given["subscription"]["keys"]}
