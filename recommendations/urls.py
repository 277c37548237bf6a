from django.urls import path

from recommendations import views, views_devices, views_notices, views_what_if

urlpatterns = [
    path("advice/", views.AdvicePages.as_view(), name="advice-list"),
    path("advice/today/", views.AdviceToday.as_view(), name="advice-today"),
    path("advice/<uuid:advice_id>/feedback/", views.FeedbackOfAdvice.as_view(), name="advice-feedback"),
    path("advice/<uuid:advice_id>/override/", views.OverrideOfAdvice.as_view(), name="advice-override"),
    path("advice/<str:date>/", views.AdviceOfDate.as_view(), name="advice-of-date"),
    path("squads/<int:squad_id>/board/", views.SquadBoard.as_view(), name="squad-board"),
    path("what-if/", views_what_if.WhatIf.as_view(), name="what-if"),
    path("warnings/", views.WarningPages.as_view(), name="warnings"),
    path("warnings/<uuid:warning_id>/acknowledge/", views.Acknowledgement.as_view(), name="warning-acknowledge"),
    path("planned-sessions/", views.Plans.as_view(), name="planned-sessions"),
    path("planned-sessions/<str:date>/", views.PlanOfDate.as_view(), name="planned-session"),
    path("notices/", views_notices.NoticePages.as_view(), name="notices"),
    path("notices/<uuid:notice_id>/seen/", views_notices.NoticeSeen.as_view(), name="notice-seen"),
    path("me/notices/", views_notices.OwnPreferences.as_view(), name="me-notices"),
    path("devices/", views_devices.Devices.as_view(), name="devices"),
    path("devices/vapid-key/", views_devices.PublicKey.as_view(), name="vapid-key"),
    path("devices/<uuid:device_id>/", views_devices.OneDevice.as_view(), name="device"),
]
