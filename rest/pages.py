"""The pages around the API: what is wrong with a URL, whether the server is well, where things are."""

import ipaddress
import os
import secrets
import sys
from functools import cache as once
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from rest.exposition import EXPOSED
from rest.problems import Problem, problem_of, problem_response
from rest.requests import API_PREFIX

LEAST_FREE_BYTES = 4 * 1024 * 1024  # with less the log of SQLite's writes cannot grow, and writes begin to fail


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path.startswith(API_PREFIX):
        return defaults.bad_request(request, exception)
    return problem_response(request, Problem(400, "bad_request", _("The request cannot be read.")))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path.startswith(API_PREFIX):
        return defaults.permission_denied(request, exception)
    return problem_response(request, Problem(403, "permission_denied", _("You may not do this.")))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path.startswith(API_PREFIX):
        return defaults.page_not_found(request, exception)
    return problem_response(request, Problem(404, "not_found", _("There is no such URL.")))


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls it while it handles the exception: a full disk or a lost database is none of our mistakes."""
    error = sys.exc_info()[1]
    while error is not None:  # sessions turn it into an UpdateError of theirs
        problem = problem_of(error) if isinstance(error, DatabaseError | InterfaceError | OSError) else None
        if problem is not None:
            return problem_response(request, problem)
        error = error.__cause__ or error.__context__
    if not request.path.startswith(API_PREFIX):
        return defaults.server_error(request)
    detail = _("Something went wrong here. It was logged under the request_id; sending the request again is safe.")
    return problem_response(request, Problem(500, "server_error", detail))


def absent(request: HttpRequest) -> HttpResponse:
    raise Http404


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    return render(request, "landing.html", {"embedded": settings.EMBEDDED})


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "alive"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """503 only when requests cannot be answered. Valkey down is `degraded`: limits and hints rest, check-ins answer."""
    checks = {"database": "ok" if database_is_current() else "down or not migrated"}
    checks["valkey"] = "ok" if cache.answers() else "down"  # type: ignore[attr-defined]
    checks["disk"] = "ok" if disk_has_room() else "full"
    needed = checks["database"], checks["disk"] if connection.vendor == "sqlite" else "ok"
    if set(needed) != {"ok"}:
        return JsonResponse({"status": "unavailable", "checks": checks}, status=503)
    return JsonResponse({"status": "ready" if set(checks.values()) == {"ok"} else "degraded", "checks": checks})


def disk_has_room() -> bool:
    """Where the uploads are, and SQLite's file; PostgreSQL's own disk is looked after where it is."""
    try:
        disk = os.statvfs(settings.DATA_DIR)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize >= LEAST_FREE_BYTES


def database_is_current() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return migrations_are_applied()
    except (DatabaseError, Unmigrated):
        return False


class Unmigrated(Exception):
    """Raised, not answered, so that only the good answer is remembered."""


@once
def migrations_are_applied() -> bool:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Unmigrated
    return True


OF_PROXIES = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Via")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not may_read_metrics(request):
        return defaults.page_not_found(request, Exception())
    return HttpResponse(generate_latest(EXPOSED), content_type=CONTENT_TYPE_LATEST)


def may_read_metrics(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN:
        return secrets.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    if any(header in request.headers for header in OF_PROXIES):  # every caller has the proxy's address then
        return False
    try:
        caller = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(caller in network for network in settings.METRICS_NETWORKS)


@extend_schema(exclude=True)
class Root(APIView):
    """Where to go from here."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        links: dict[str, Any] = {
            "documentation": reverse("api-docs", request=request),
            "openapi": reverse("openapi", request=request),
            "sign_up": request.build_absolute_uri("/_allauth/app/v1/auth/signup"),
            "sign_in": request.build_absolute_uri("/_allauth/app/v1/auth/login"),
            "me": reverse("me", request=request),
        }
        return Response(links)


class Document(SpectacularAPIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    query_parameters = ("lang",)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        translation.activate(settings.LANGUAGE_CODE)  # the document is English whoever asks: clients are made from it


class Explorer(SpectacularSwaggerSplitView):
    """Swagger UI from the server's own files; its start script is a second request, so no inline script is needed."""

    authentication_classes = []
    permission_classes = [AllowAny]
    query_parameters = ("lang", "script")
    url_name = "openapi"
    title = "Homestretch API"
