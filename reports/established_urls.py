"""What is established and what takes long: monthly returns, yearly reports, files made by the worker."""

from django.urls import path

from . import views

urlpatterns = [
    path("releves/", views.MonthlyReturnListView.as_view(), name="monthly_return_list"),
    path("releves/<int:pk>/", views.monthly_return_detail, name="monthly_return"),
    path("releves/<int:pk>/releve.pdf", views.monthly_return_file, name="monthly_return_file"),
    path("releves/<int:pk>/envoyer/", views.monthly_return_send, name="monthly_return_send"),
    path("releves/<int:pk>/corriger/", views.MonthlyReturnCorrectView.as_view(), name="monthly_return_correct"),
    path(
        "releves/<slug:site>/<slug:partner>/<int:year>-<int:month>/",
        views.MonthlyReturnEstablishView.as_view(),
        name="monthly_return_establish",
    ),
    path("bilans/", views.annual_report_list, name="annual_report_list"),
    path("bilans/nouveau/<int:pk>/", views.AnnualReportBeginView.as_view(), name="annual_report_begin"),
    path("bilans/<int:pk>/", views.AnnualReportView.as_view(), name="annual_report"),
    path("bilans/<int:pk>/etablir/", views.annual_report_establish, name="annual_report_establish"),
    path("bilans/<int:pk>/supprimer/", views.annual_report_discard, name="annual_report_discard"),
    path("bilans/<int:pk>/imprimer/", views.annual_report_print, name="annual_report_print"),
    path("travaux/", views.work_list, name="work_list"),
    path("travaux/<int:pk>/", views.work_detail, name="work"),
    path("travaux/<int:pk>/annuler/", views.work_cancel, name="work_cancel"),
    path("travaux/<int:pk>/fichier/", views.work_file, name="work_file"),
    path("travaux/export-national/", views.national_work, name="national_work"),
    path("travaux/lignes/<slug:slug>/<slug:extension>/", views.figure_rows_work, name="figure_rows_work"),
]
