"""The addresses of avenants, renewals and comparisons; part of `conventions/urls.py`."""

from django.urls import include, path

from .views import amendment_steps, amendments, renewals, terms_on_day

_ONE_AMENDMENT = [
    path("", amendments.amendment_detail, name="amendment_detail"),
    path("modifier/", amendments.AmendmentFormView.as_view(), name="amendment_change"),
    path("mettre-en-vigueur/", amendment_steps.AmendmentPutInForceView.as_view(), name="amendment_put_in_force"),
    path("revoquer/", amendment_steps.AmendmentRevokeView.as_view(), name="amendment_revoke"),
    path("supprimer/", amendment_steps.AmendmentDeleteView.as_view(), name="amendment_delete"),
    path("signature/", amendment_steps.AmendmentSignatureView.as_view(), name="amendment_signature"),
    path("avenant.pdf", amendments.amendment_pdf, name="amendment_pdf"),
]

urlpatterns = [
    path("avenants/", amendments.AmendmentListView.as_view(), name="amendment_list"),
    path("avenants/nouveau/", amendments.AmendmentFormView.as_view(), name="amendment_create"),
    path("avenants/<int:number>/", include(_ONE_AMENDMENT)),
    path("termes/", terms_on_day.convention_on_day, name="convention_on_day"),
    path("renouveler/", renewals.RenewView.as_view(), name="convention_renew"),
    path("renouveler/annuler/", renewals.RenewalUndoView.as_view(), name="convention_renewal_undo"),
    path("lignee/", renewals.convention_lineage, name="convention_lineage"),
]
