"""The extract of the deliberation that approved a convention."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from conventions.deliberation_documents import deliberation_pdf as pdf_of
from conventions.models import Convention
from franceservices.pdf import pdf_response
from partners.permissions import CONVENTION_ROLES, for_roles


@require_GET
@for_roles(CONVENTION_ROLES)
def deliberation_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The extract as it would be certified, from the rows as they are now; 404 where no deliberation is attached."""
    visible = Convention.objects.visible_to(request.user).with_parties().select_related("predecessor")
    convention = get_object_or_404(visible, pk=pk, deliberation__isnull=False)
    return pdf_response(pdf_of(convention), f"deliberation-{convention.reference}")
