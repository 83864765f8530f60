"""Who: the CCAS, its spaces and offices, its partners, and the accounts."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from .account_forms import AccountChangeForm, AccountCreationForm
from .accounts.perimeter import partners_kept_by
from .admin_base import HouseInline, HouseModelAdmin
from .models import (
    Ccas,
    Closure,
    Contact,
    Establishment,
    Office,
    OpeningHours,
    Partner,
    Role,
    SchoolHoliday,
    Site,
    User,
)
from .weekly_lines import WeeklyLine, WeeklyLineForm, WeeklyLinesMixin

# Rights come from roles (see `User.has_perm`): groups would be a second truth.
admin.site.unregister(Group)


class EstablishmentInline(HouseInline):
    """From where ProConnect lets people in: for the CCAS, and for each partner."""

    model = Establishment
    fields = ["siret", "name"]


@admin.register(Ccas)
class CcasAdmin(HouseModelAdmin):
    list_display = ["name", "short_name", "siren", "city"]
    search_fields = ["name", "short_name", "city"]
    inlines = [EstablishmentInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Ccas | None = None) -> bool:
        return request.user.is_superuser


class OpeningHoursForm(WeeklyLineForm):
    class Meta:
        model = OpeningHours
        fields = ["weekday", "start_time", "end_time", "starts_on", "ends_on"]


class OpeningHoursFormSet(WeeklyLinesMixin, forms.models.BaseInlineFormSet):
    """All the opening hours of one space: nothing outside the formset can overlap them."""

    def line_of(self, form: forms.ModelForm) -> WeeklyLine | None:
        cleaned = form.cleaned_data
        return WeeklyLine(
            place="espace",
            weekday=cleaned["weekday"],
            start_time=cleaned["start_time"],
            end_time=cleaned["end_time"],
            starts_on=cleaned["starts_on"],
            ends_on=cleaned["ends_on"],
        )


class OpeningHoursInline(HouseInline):
    model = OpeningHours
    form = OpeningHoursForm
    formset = OpeningHoursFormSet


class ClosureInline(HouseInline):
    model = Closure


class SiteAdmin(HouseModelAdmin):
    """Registered by the floor above, which knows what hangs on the days when a space opens."""

    list_display = ["name", "short_name", "city", "ccas", "time_zone", "is_active"]
    list_select_related = ["ccas"]
    search_fields = ["name", "short_name", "city"]
    prepopulated_fields = {"slug": ["short_name"]}
    fieldsets = [
        (None, {"fields": ["ccas", "name", "short_name", "slug", "is_active"]}),
        ("Adresse", {"fields": ["address", ("postal_code", "city", "insee_code"), ("phone", "email")]}),
        ("Calendrier", {"fields": [("time_zone", "holiday_calendar", "school_zone")]}),
    ]
    inlines = [OpeningHoursInline, ClosureInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Site | None = None) -> list[str]:
        """A space stays with the CCAS that opened it, under the identifier of its addresses."""
        return ["ccas", "slug"] if obj else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: Site | None = None) -> dict[str, list[str]]:
        return {} if obj else self.prepopulated_fields


@admin.register(Office)
class OfficeAdmin(HouseModelAdmin):
    list_display = ["full_name", "site", "area_m2", "floor", "is_active"]
    list_select_related = ["site"]
    list_filter = [("site", admin.RelatedOnlyFieldListFilter), "is_active"]
    search_fields = ["label", "floor", "site__name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Office | None = None) -> list[str]:
        """A room does not move; the grids of its space refer to it."""
        return ["site"] if obj else []

    @admin.display(description="bureau", ordering="label")
    def full_name(self, office: Office) -> str:
        return office.full_label


@admin.register(SchoolHoliday)
class SchoolHolidayAdmin(HouseModelAdmin):
    """Shared by all spaces of a zone, so kept by the technical account; everybody reads them."""

    is_shared = True
    list_display = ["name", "zone", "starts_on", "ends_on"]
    list_filter = ["zone"]
    search_fields = ["name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: SchoolHoliday | None = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: SchoolHoliday | None = None) -> bool:
        return request.user.is_superuser


class ContactInline(HouseInline):
    model = Contact


@admin.register(Partner)
class PartnerAdmin(HouseModelAdmin):
    list_display = ["name", "short_name", "siren", "colour", "is_fictional"]
    list_filter = ["is_fictional"]
    search_fields = ["name", "short_name"]
    prepopulated_fields = {"slug": ["short_name"]}
    inlines = [ContactInline, EstablishmentInline]

    def has_change_permission(self, request: HttpRequest, obj: Partner | None = None) -> bool:
        """A partner of several CCAS is read by all and changed by the technical account."""
        return super().has_change_permission(request, obj) and (
            obj is None or partners_kept_by(request.user).filter(pk=obj.pk).exists()
        )

    def has_delete_permission(self, request: HttpRequest, obj: Partner | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Partner | None = None) -> dict[str, list[str]]:
        return self.prepopulated_fields if obj is None else {}


@admin.register(User)
class AccountAdmin(HouseModelAdmin, UserAdmin):
    """The accounts of one's CCAS, and those of the agents of the partners that one keeps.

    Nobody gives herself or anybody the technical rights, nor sees the accounts that hold them.
    """

    form = AccountChangeForm
    add_form = AccountCreationForm
    add_form_template = None
    list_display = ["email", "last_name", "first_name", "role", "organisation", "is_active"]
    list_select_related = ["ccas", "partner"]
    list_filter = ["role", "is_active"]
    search_fields = ["email", "last_name", "first_name"]
    ordering = None
    filter_horizontal = []
    readonly_fields = ["password_page", "access_page", "last_login", "created_at"]

    @admin.display(description="rattachement")
    def organisation(self, user: User) -> str:
        return str(user.partner.short_name if user.partner else user.ccas or "—")

    @admin.display(description="mot de passe")
    def password_page(self, user: User) -> str:
        """A link: what is stored says nothing to anybody."""
        url = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('<a href="{}">Choisir un nouveau mot de passe</a>', url)

    @admin.display(description="accès")
    def access_page(self, user: User) -> str:
        """A link to where the account is suspended, with the reason, or opened again."""
        word = "Ouvert" if user.is_active else "Suspendu"
        url = reverse("accounts:account_detail", args=[user.pk])
        return format_html('{} · <a href="{}">Page du compte</a>', word, url)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        accounts = admin.ModelAdmin.get_queryset(self, request)
        if request.user.is_superuser:
            return accounts
        agents = Q(role=Role.PARTNER_AGENT, partner__in=self._partners_of_agents(request))
        return accounts.filter(Q(ccas_id=request.user.ccas_id) | agents, is_superuser=False)

    def _partners_of_agents(self, request: HttpRequest) -> QuerySet[Partner]:
        """Kept partners that have signed something with one's CCAS: the others have no schedule to open here."""
        kept = partners_kept_by(request.user)
        return kept if request.user.is_superuser else kept.filter(conventions__site__ccas_id=request.user.ccas_id)

    def get_field_queryset(self, db, db_field, request: HttpRequest) -> QuerySet:
        queryset = super().get_field_queryset(db, db_field, request)
        if db_field.name == "partner":
            return queryset.filter(pk__in=self._partners_of_agents(request).values("pk"))
        return queryset

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> list:
        belonging = ["role", *(["ccas"] if request.user.is_superuser else []), "sites", "partner"]
        fieldsets = [
            (None, {"fields": ["email", ("first_name", "last_name")]}),
            ("Rôle et rattachement", {"fields": belonging}),
        ]
        if obj is None:
            return [*fieldsets, ("Mot de passe", {"fields": ["password1", "password2"]})]
        technical = ["access_page", *(["is_superuser"] if request.user.is_superuser else [])]
        return [
            *fieldsets,
            ("Accès", {"fields": ["password_page", *technical]}),
            ("Dates", {"fields": [("last_login", "created_at")]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Nobody locks herself out: one's own role and access are changed by somebody else."""
        own = ["role", "is_superuser"] if obj == request.user else []
        return [*self.readonly_fields, *own]

    def get_form(self, request: HttpRequest, obj: User | None = None, **kwargs) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, **kwargs)
        form.editor = request.user
        return form

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and obj != request.user
