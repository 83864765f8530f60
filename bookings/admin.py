"""Why people come, and how a space writes to them.

Permanences and appointments are not here: their changes of state belong to the pages.
"""

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db import DataError, transaction
from django.http import HttpRequest
from procrastinate.contrib.django.admin import ProcrastinateJobAdmin
from procrastinate.contrib.django.models import ProcrastinateJob

from partners.accounts.perimeter import partners_kept_by
from partners.admin_base import HouseModelAdmin

from .models import DeskReason, MessageSettings, Reason


@admin.register(Reason)
class ReasonAdmin(HouseModelAdmin):
    is_shared = True
    list_display = ["label", "duration_minutes", "audience", "is_active"]
    list_filter = ["audience", "is_active", ("partners", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["label", "what_to_bring"]
    prepopulated_fields = {"slug": ["label"]}
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


@admin.register(MessageSettings)
class MessageSettingsAdmin(HouseModelAdmin):
    list_display = ["site", "reminder_hours", "quiet_from", "quiet_until", "cancel_hours", "names_reason"]
    list_select_related = ["site"]
    fieldsets = [
        (None, {"fields": ["site", "signature", "names_reason"]}),
        ("Quand", {"fields": ["reminder_hours", "cancel_hours", ("quiet_from", "quiet_until")]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: MessageSettings | None = None) -> list[str]:
        return ["site"] if obj else []


@admin.register(DeskReason)
class DeskReasonAdmin(HouseModelAdmin):
    """The buttons of the counter of walk-ins."""

    is_shared = True
    list_display = ["label", "position", "partner", "at_computer", "is_active"]
    list_filter = ["is_active", "at_computer"]
    list_select_related = ["partner"]
    search_fields = ["label"]
    prepopulated_fields = {"slug": ["label"]}
    fieldsets = [
        (None, {"fields": ["label", "slug", ("position", "is_active")]}),
        ("Proposé avec ce motif", {"fields": ["partner", "at_computer"]}),
    ]

    def has_change_permission(self, request: HttpRequest, obj: DeskReason | None = None) -> bool:
        """A reason that stands for a partner of another CCAS too is changed by the technical account."""
        if not super().has_change_permission(request, obj):
            return False
        if obj is None or obj.partner_id is None or request.user.is_superuser:
            return True
        return partners_kept_by(request.user).filter(pk=obj.partner_id).exists()

    def has_delete_permission(self, request: HttpRequest, obj: DeskReason | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_prepopulated_fields(self, request: HttpRequest, obj: DeskReason | None = None) -> dict[str, list[str]]:
        return {} if obj else self.prepopulated_fields


admin.site.unregister(ProcrastinateJob)


@admin.register(ProcrastinateJob)
class JobAdmin(ProcrastinateJobAdmin):
    """The library's own page of jobs, for the technical account."""

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """As the library's; a state that is none in the address, which its column refuses, is a filter put wrong."""
        try:
            with transaction.atomic():
                return super().get_changelist_instance(request)
        except DataError as error:
            raise IncorrectLookupParameters from error
