"""What a file is made of: its kinds, and the checklists that they start with.

Files, slips and alerts are not here: their changes of state belong to the pages, and what was sent is frozen.
"""

from django.contrib import admin
from django.http import HttpRequest

from partners.accounts.perimeter import partners_kept_by
from partners.admin_base import HouseInline, HouseModelAdmin

from .models import CaseKind, RequiredDocument


class RequiredDocumentInline(HouseInline):
    """A line that files have copied is ended by a date rather than deleted; its deletion is refused with the reason."""

    model = RequiredDocument
    fields = ["position", "label", "is_mandatory", "starts_on", "ends_on"]
    extra = 1


@admin.register(CaseKind)
class CaseKindAdmin(HouseModelAdmin):
    is_shared = True
    list_display = ["label", "short_label", "valid_from", "valid_until", "tacit_outcome", "is_renewable"]
    list_filter = ["tacit_outcome", "is_renewable", ("partners", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["label", "short_label"]
    prepopulated_fields = {"slug": ["short_label"]}
    inlines = [RequiredDocumentInline]
    fieldsets = [
        (None, {"fields": [("label", "short_label"), "slug", ("valid_from", "valid_until"), "successor"]}),
        ("Caisses qui la traitent", {"fields": ["partners"]}),
        ("Délais", {"fields": ["acknowledgement_days", ("expected_days", "expected_months")]}),
        (
            "Silence de la caisse",
            {
                "fields": ["tacit_outcome", "tacit_months", "tacit_reference"],
                "description": "À compter de la réception du dossier complet. Les dossiers déjà reçus gardent leurs"
                " délais.",
            },
        ),
        ("Renouvellement", {"fields": [("is_renewable", "rights_months")]}),
    ]

    def has_change_permission(self, request: HttpRequest, obj: CaseKind | None = None) -> bool:
        """A kind that a caisse of another CCAS takes too is changed by the technical account."""
        if not super().has_change_permission(request, obj):
            return False
        if obj is None or not obj.pk or request.user.is_superuser:
            return True
        return not obj.partners.exclude(pk__in=partners_kept_by(request.user).values("pk")).exists()

    def has_delete_permission(self, request: HttpRequest, obj: CaseKind | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_prepopulated_fields(self, request: HttpRequest, obj: CaseKind | None = None) -> dict[str, list[str]]:
        return {} if obj else self.prepopulated_fields
