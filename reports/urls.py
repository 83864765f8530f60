from django.urls import include, path

from . import views

app_name = "reports"

urlpatterns = [
    path("", include("reports.established_urls")),
    # All figures of a period
    path("statistiques/", views.StatisticsView.as_view(), name="statistics"),
    path("statistiques/chiffres.<slug:extension>", views.figures_file, name="figures_file"),
    # One line for each accompaniment, of nobody
    path("statistiques/export-national/", views.national_export, name="national_export"),
    path("statistiques/export-national.csv", views.national_file, name="national_file"),
    # One figure and its rows; the last, since any name may stand there
    path("statistiques/<slug:slug>/", views.FigureView.as_view(), name="figure"),
    path("statistiques/<slug:slug>/lignes.<slug:extension>", views.figure_rows, name="figure_rows"),
]
