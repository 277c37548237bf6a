from django.urls import path

from athletes import views, views_clients, views_ingest, views_me, views_red_flags, views_sync, views_webhooks

urlpatterns = [
    path("me/", views_me.Me.as_view(), name="me"),
    path("me/clients/", views_clients.Clients.as_view(), name="me-clients"),
    path("me/clients/<str:client_id>/", views_clients.OneClient.as_view(), name="me-client"),
    path("squads/", views_me.Squads.as_view(), name="squads"),
    path("squads/join/", views_me.Join.as_view(), name="squad-join"),
    path("squads/<int:squad_id>/invites/", views_me.Invites.as_view(), name="squad-invites"),
    path("squads/<int:squad_id>/membership/", views_me.OwnMembership.as_view(), name="squad-membership"),
    path("check-ins/", views.CheckIns.as_view(), name="check-ins"),
    path("check-ins/<str:date>/", views.CheckInOfDate.as_view(), name="check-in"),
    path("days/<str:date>/", views.DayOfDate.as_view(), name="day"),
    path("red-flags/", views_red_flags.RedFlags.as_view(), name="red-flags"),
    path("red-flags/<uuid:id>/clear/", views_red_flags.Clearing.as_view(), name="red-flag-clear"),
    path("sync/", views_sync.Sync.as_view(), name="sync"),
    path("sync/changes/", views_sync.Changes.as_view(), name="sync-changes"),
    path("ingest/<str:provider>/", views_ingest.Ingest.as_view(), name="ingest"),
    path("uploads/<uuid:id>/", views_ingest.Uploaded.as_view(), name="upload"),
    path("webhooks/<str:provider>/", views_webhooks.Webhook.as_view(), name="webhook"),
]
for records in views.PATHS:
    many, one, confirmation = views.views_of(records)
    urlpatterns.append(path(f"{records}/", many.as_view(), name=records))
    urlpatterns.append(path(f"{records}/<uuid:id>/", one.as_view(), name=f"{records}-one"))
    if records in views.CONFIRMABLE:
        urlpatterns.append(path(f"{records}/<uuid:id>/confirm/", confirmation.as_view(), name=f"{records}-confirm"))
