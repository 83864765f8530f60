"""The application with the views of the measures beside it."""

from django.urls import include, path

from . import views

urlpatterns = [
    path("bench/one-row/<int:reason_id>/", views.one_row),
    path("bench/session-user/", views.session_user),
    path("bench/availability/<int:reason_id>/<int:site_id>/<int:ccas_id>/<str:monday>/", views.availability),
    path("", include("franceservices.urls")),
]
