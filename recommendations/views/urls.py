from django.urls import path

from recommendations.views import advice, devices, notices, what_if

urlpatterns = [
    path("advice/", advice.AdvicePages.as_view(), name="advice-list"),
    path("advice/today/", advice.AdviceToday.as_view(), name="advice-today"),
    path("advice/<uuid:advice_id>/feedback/", advice.FeedbackOfAdvice.as_view(), name="advice-feedback"),
    path("advice/<uuid:advice_id>/override/", advice.OverrideOfAdvice.as_view(), name="advice-override"),
    path("advice/<str:date>/", advice.AdviceOfDate.as_view(), name="advice-of-date"),
    path("squads/<int:squad_id>/board/", advice.SquadBoard.as_view(), name="squad-board"),
    path("what-if/", what_if.WhatIf.as_view(), name="what-if"),
    path("warnings/", advice.WarningPages.as_view(), name="warnings"),
    path("warnings/<uuid:warning_id>/acknowledge/", advice.Acknowledgement.as_view(), name="warning-acknowledge"),
    path("planned-sessions/", advice.Plans.as_view(), name="planned-sessions"),
    path("planned-sessions/<str:date>/", advice.PlanOfDate.as_view(), name="planned-session"),
    path("notices/", notices.NoticePages.as_view(), name="notices"),
    path("notices/<uuid:notice_id>/seen/", notices.NoticeSeen.as_view(), name="notice-seen"),
    path("me/notices/", notices.OwnPreferences.as_view(), name="me-notices"),
    path("devices/", devices.Devices.as_view(), name="devices"),
    path("devices/vapid-key/", devices.PublicKey.as_view(), name="vapid-key"),
    path("devices/<uuid:device_id>/", devices.OneDevice.as_view(), name="device"),
]
