from django.urls import path

from athletes.views import me, programs, records, red_flags, sources, sync, tokens, uploads, webhooks

urlpatterns = [
    path("me/", me.Me.as_view(), name="me"),
    path("me/clients/", programs.Clients.as_view(), name="me-clients"),
    path("me/clients/<str:client_id>/", programs.OneClient.as_view(), name="me-client"),
    path("me/sources/", sources.Sources.as_view(), name="me-sources"),
    path("me/tokens/", tokens.Tokens.as_view(), name="me-tokens"),
    path("me/tokens/<uuid:token_id>/", tokens.OneToken.as_view(), name="me-token"),
    path("squads/", me.Squads.as_view(), name="squads"),
    path("squads/join/", me.Join.as_view(), name="squad-join"),
    path("squads/<int:squad_id>/invites/", me.Invites.as_view(), name="squad-invites"),
    path("squads/<int:squad_id>/membership/", me.OwnMembership.as_view(), name="squad-membership"),
    path("check-ins/", records.CheckIns.as_view(), name="check-ins"),
    path("check-ins/<str:date>/", records.CheckInOfDate.as_view(), name="check-in"),
    path("days/<str:date>/", records.DayOfDate.as_view(), name="day"),
    path("red-flags/", red_flags.RedFlags.as_view(), name="red-flags"),
    path("red-flags/<uuid:id>/clear/", red_flags.Clearing.as_view(), name="red-flag-clear"),
    path("sync/", sync.Sync.as_view(), name="sync"),
    path("sync/changes/", sync.Changes.as_view(), name="sync-changes"),
    path("ingest/<str:provider>/", uploads.Ingest.as_view(), name="ingest"),
    path("uploads/<uuid:id>/", uploads.Uploaded.as_view(), name="upload"),
    path("webhooks/<str:provider>/", webhooks.Webhook.as_view(), name="webhook"),
]
for kind in records.PATHS:
    many, one, confirmation = records.views_of(kind)
    urlpatterns.append(path(f"{kind}/", many.as_view(), name=kind))
    urlpatterns.append(path(f"{kind}/<uuid:id>/", one.as_view(), name=f"{kind}-one"))
    if kind in records.CONFIRMABLE:
        urlpatterns.append(path(f"{kind}/<uuid:id>/confirm/", confirmation.as_view(), name=f"{kind}-confirm"))
