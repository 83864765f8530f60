"""Why people come. Permanences and appointments are not here: their changes of state belong to the pages."""

from django.contrib import admin
from django.http import HttpRequest

from partners.admin import partners_kept_by
from partners.admin_base import HouseModelAdmin

from .models import Reason


@admin.register(Reason)
class ReasonAdmin(HouseModelAdmin):
    list_display = ["label", "duration_minutes", "audience", "is_active"]
    list_filter = ["audience", "is_active", ("partners", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["label", "what_to_bring"]
    prepopulated_fields = {"slug": ["label"]}
    filter_horizontal = ["partners"]
    fieldsets = [
        (None, {"fields": ["label", "slug", ("duration_minutes", "audience", "is_active")]}),
        ("Partenaires", {"fields": ["partners"]}),
        ("Convocation", {"fields": ["what_to_bring"]}),
    ]

    def has_change_permission(self, request: HttpRequest, obj: Reason | None = None) -> bool:
        """A reason that a partner of another CCAS takes too is booked there: the technical account changes it."""
        if not super().has_change_permission(request, obj):
            return False
        if obj is None or not obj.pk or request.user.is_superuser:
            return True
        return not obj.partners.exclude(pk__in=partners_kept_by(request.user).values("pk")).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Reason | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Reason | None = None) -> dict[str, list[str]]:
        return {} if obj else self.prepopulated_fields
