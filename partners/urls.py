from django.contrib.auth import views as auth_views
from django.urls import path

from . import views

urlpatterns = [
    path("connexion/", views.SignInView.as_view(), name="login"),
    path("deconnexion/", auth_views.LogoutView.as_view(), name="logout"),
    path("changer-d-espace/", views.site_switch, name="site_switch"),
    path("accessibilite/", views.accessibility, name="accessibility"),
]
