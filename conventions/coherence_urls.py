"""Coherence: remarks about conventions, an amount explained, and the act that approved one."""

from django.urls import path

from .views import deliberations, explaining, remarks

urlpatterns = [
    path("conventions/coherence/", remarks.remark_list, name="remark_list"),
    path(
        "conventions/<int:pk>/remarques/<slug:code>/<slug:fingerprint>/",
        remarks.RemarkAcknowledgeView.as_view(),
        name="remark_acknowledge",
    ),
    path("conventions/remarques/<int:pk>/reprendre/", remarks.remark_take_back, name="remark_take_back"),
    path("conventions/<int:pk>/redevance/expliquer/", explaining.amount_explain, name="amount_explain"),
    path("conventions/<int:pk>/deliberation.pdf", deliberations.deliberation_pdf, name="deliberation_pdf"),
]
