from django.urls import include, path

from . import amendment_urls, views

app_name = "conventions"

urlpatterns = [
    path("", include("conventions.duty_urls")),
    path("", include("conventions.money_urls")),
    path("", include("conventions.coherence_urls")),
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
    path(
        "conventions/<int:pk>/denonciation/",
        views.DenounceView.as_view(),
        name="convention_denounce",
    ),
    path(
        "conventions/<int:pk>/denonciation/retirer/",
        views.convention_withdraw_denunciation,
        name="convention_withdraw_denunciation",
    ),
    path("conventions/<int:pk>/", include(amendment_urls.urlpatterns)),
]
