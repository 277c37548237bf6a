from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView

from athletes.views import programs
from rest import pages

handler400 = "rest.pages.bad_request"
handler403 = "rest.pages.permission_denied"
handler404 = "rest.pages.not_found"
handler500 = "rest.pages.server_error"

# The admin's own login page would not ask for the second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# Nobody signs in by telephone number. allauth has the addresses all the same, and answers 500 to whoever is signed in.
PHONES = ("account/phone", "auth/phone/verify", "auth/phone/verify/resend")

urlpatterns = [
    path("api/v1/", include("athletes.views.urls")),  # first: what is called most is found first
    path("api/v1/", include("recommendations.views.urls")),
    path("", pages.landing, name="landing"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("identity/o/authorize", programs.Authorize.as_view()),
    path("identity/o/device", programs.AuthorizeDevice.as_view()),
    path("identity/o/api/device/code", csrf_exempt(programs.DeviceCodes.as_view())),
    path("", include("allauth.idp.urls")),
    *[path(f"_allauth/app/v1/{phone}", pages.absent) for phone in PHONES],
    path("_allauth/", include("allauth.headless.urls")),
    path("api/", RedirectView.as_view(pattern_name="api-docs")),
    path("api/docs/", pages.Explorer.as_view(), name="api-docs"),
    path("api/openapi.yaml", pages.Document.as_view(), name="openapi"),
    path("api/v1/", pages.Root.as_view(), name="api-root"),
    path("healthz", pages.alive, name="healthz"),
    path("readyz", pages.ready, name="readyz"),
    path("metrics", pages.metrics, name="metrics"),
]
