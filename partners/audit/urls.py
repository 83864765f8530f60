"""« Journal », its files, and the history of each object."""

from django.urls import path, re_path

from . import views

app_name = "audit"

urlpatterns = [
    path("journal/", views.journal, name="journal"),
    re_path(r"^journal/export\.(?P<extension>csv|xlsx)$", views.export, name="export"),
    path("historique/<slug:slug>/<int:pk>/", views.object_history, name="object"),
]
