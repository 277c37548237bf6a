"""Letting a program in (pages, as OAuth has it) and seeing it out again (the API)."""

import re
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from allauth.idp.oidc.internal.oauthlib import device_codes
from allauth.idp.oidc.models import Client
from allauth.idp.oidc.views import AuthorizationView, DeviceAuthorizationView, DeviceCodeView
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from athletes.people.permissions import IsAthlete
from athletes.people.whose import user_of
from athletes.serializers import in_utc
from athletes.sign_in import clients, oauth
from rest.addresses import client_address
from rest.throttling import seconds_left, within

oauth.install()


class ConnectedClient(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(clients.SCOPE_TEXTS)))
    connected_at = serializers.DateTimeField(help_text="when it last signed in or renewed its access")


class ConnectedClients(serializers.Serializer[Any]):
    results = ConnectedClient(many=True)


@extend_schema(tags=["me"])
class Clients(APIView):
    permission_classes = [IsAthlete]

    @extend_schema(operation_id="me_clients_list", responses=ConnectedClients)
    def get(self, request: Request) -> Response:
        """The programs I let in, and what each may do."""
        found = [
            {"id": each.client.pk, "name": each.client.name, "scopes": each.scopes,
             "connected_at": in_utc(each.connected_at)}
            for each in clients.connected(user_of(request))
        ]  # fmt: skip
        return Response({"results": found})


@extend_schema(tags=["me"])
class OneClient(APIView):
    permission_classes = [IsAthlete]

    @extend_schema(operation_id="me_clients_delete", responses={204: None})
    def delete(self, request: Request, client_id: str) -> Response:
        """Take a program's access back; its next request is refused."""
        if not clients.disconnect(user_of(request), client_id):
            raise Http404
        return Response(status=204)


# --- pages -----------------------------------------------------------------------------------------------------------


def only_for_athletes(request: HttpRequest) -> HttpResponse | None:
    """A coach's or an administrator's account has no training data of its own to share."""
    if request.user.is_authenticated and clients.athlete_id_of(request.user) is None:
        return render(request, "idp/oidc/not_an_athlete.html", status=403)
    return None


CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of a SHA-256


class Authorize(AuthorizationView):
    """As OAuth 2.1 has it: PKCE for every program, by S256. allauth asks public ones only, and takes `plain` too."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        challenged = CHALLENGE.fullmatch(request.GET.get("code_challenge", ""))
        if request.user.is_authenticated and not (challenged and request.GET.get("code_challenge_method") == "S256"):
            error = {"description": _("It must send a code_challenge by S256 (RFC 7636).")}
            return render(request, "idp/oidc/error.html", {"error": error}, status=400)
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = only_for_athletes(request) or super().dispatch(request, *args, **kwargs)
        return response

    dispatch.csrf_exempt = True  # type: ignore[attr-defined]  # the client's own first POST; the consent's is checked

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().render_to_response(context, **kwargs)
        # Browsers hold the redirect that answers a form to form-action too.
        response._csp_update = {"form-action": [origin_of(self._request_info["redirect_uri"])]}  # type: ignore[attr-defined]
        return response


def origin_of(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


@method_decorator(csrf_protect, name="dispatch")
class AuthorizeDevice(DeviceAuthorizationView):
    """allauth's page asks for the code alone; ours also says what the program will be able to do."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = only_for_athletes(request) or super().dispatch(request, *args, **kwargs)
        return response

    def _dispatch_authorization(
        self, request: HttpRequest, user_code: str, device_code: str, client: Client
    ) -> HttpResponse:
        context = {"client": client, "user_code": user_code, "asked": texts_of(device_code, client)}
        if request.method != "POST":
            here = reverse("idp:oidc:device_authorization")
            context["here"] = f"{here}?{urlencode({'code': user_code})}"
            return render(request, "idp/oidc/device_authorization_confirm_form.html", context)
        allowed = request.POST.get("action") == "confirm"
        device_codes.confirm_or_deny_device_code(request.user, device_code, confirm=allowed)
        page = "confirmed" if allowed else "denied"
        return render(request, f"idp/oidc/device_authorization_{page}.html", context)


def texts_of(device_code: str, client: Client) -> list[str]:
    known = cache.get(device_codes.cache_device_code_key(device_code)) or {}
    scopes = known.get("scope") or client.get_default_scopes()
    return [str(text) for scope, text in clients.SCOPE_TEXTS.items() if scope in scopes]


# --- device codes ----------------------------------------------------------------------------------------------------

DEVICE_WINDOW_S = 600  # as long as a code lives
DEVICE_CODES_PER_PROGRAM_AND_ADDRESS = 10
DEVICE_CODES_PER_ADDRESS = 30


class DeviceCodes(DeviceCodeView):
    """Anybody may ask for codes, and each is kept and could be guessed: not for as many as they like."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        address = client_address(request)
        of_program = sha256(f"{request.POST.get('client_id', '')} {address}".encode()).hexdigest()
        allowed = within(f"device:{address}", DEVICE_CODES_PER_ADDRESS, DEVICE_WINDOW_S) and within(
            f"device:{of_program}", DEVICE_CODES_PER_PROGRAM_AND_ADDRESS, DEVICE_WINDOW_S
        )
        if not allowed:
            wait = {"Retry-After": str(int(seconds_left(DEVICE_WINDOW_S)) + 1)}
            return JsonResponse({"error": "slow_down"}, status=429, headers=wait)
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response
