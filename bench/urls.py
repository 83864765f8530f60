"""The application with the views of the measures beside it."""

from django.urls import include, path

from franceservices.urls import handler400, handler403, handler404, handler500

from . import views

# Django reads them in the root of the map only.
__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("bench/one-row/<int:reason_id>/", views.one_row),
    path("bench/session-user/", views.session_user),
    path("bench/availability/<int:reason_id>/<int:site_id>/<int:ccas_id>/<str:monday>/", views.availability),
    path("", include("franceservices.urls")),
]
