from django.urls import path

from recommendations import views_devices

urlpatterns = [
    path("devices/", views_devices.Devices.as_view(), name="devices"),
    path("devices/vapid-key/", views_devices.PublicKey.as_view(), name="vapid-key"),
    path("devices/<uuid:device_id>/", views_devices.OneDevice.as_view(), name="device"),
]
