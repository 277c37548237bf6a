from django.urls import path

from athletes import views_me

urlpatterns = [
    path("me/", views_me.Me.as_view(), name="me"),
    path("squads/", views_me.Squads.as_view(), name="squads"),
    path("squads/join/", views_me.Join.as_view(), name="squad-join"),
    path("squads/<int:squad_id>/invites/", views_me.Invites.as_view(), name="squad-invites"),
    path("squads/<int:squad_id>/membership/", views_me.OwnMembership.as_view(), name="squad-membership"),
]
