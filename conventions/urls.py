from django.urls import path

from . import views

app_name = "conventions"

urlpatterns = [
    path("conventions/", views.ConventionListView.as_view(), name="convention_list"),
    path(
        "conventions/<int:pk>/",
        views.ConventionDetailView.as_view(),
        name="convention_detail",
    ),
    path(
        "conventions/<int:pk>/convention.pdf",
        views.convention_pdf,
        name="convention_pdf",
    ),
]
