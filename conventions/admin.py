"""What was agreed: conventions, and deliberations. Grids are written here: see `grid.py`."""

from collections.abc import Iterable

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.checks import InlineModelAdminChecks
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from franceservices.money import format_euros
from partners.admin import SiteAdmin
from partners.admin_base import HouseInline, HouseModelAdmin, HouseStackedInline, with_named_fields
from partners.models import Site

from .admin_forms import (
    AllocationFormSet,
    ArticleForm,
    ArticleFormSet,
    ConventionForm,
    DeliberationForm,
    FeeTermsForm,
    ObligationFormSet,
    OfficeChoiceField,
    SlotForm,
    SlotFormSet,
)
from .grid import GridAnswer
from .models import (
    Amendment,
    Article,
    BudgetLine,
    Convention,
    Deliberation,
    FeeStatement,
    FeeTerms,
    Obligation,
    OfficeAllocation,
    PermanenceSlot,
)
from .occurrences import refresh_occurrences
from .placeholders import PLACEHOLDERS
from .pricing import explain_fee
from .search import having_stage, with_stage_facts
from .services import Term, settle_grid, site_calendar_changed
from .stages import Stage
from .transmission import transmission_doubts

DENOUNCED = ("denounced_on", "denounced_by", "agreed_ends_on")


class TellsTheGridAdmin(HouseModelAdmin):
    """A page whose changes reach the dated permanences, and which says what became of them."""

    def tell(self, request: HttpRequest, answers: Iterable[GridAnswer]) -> None:
        for answer in answers:
            details = answer.details()
            level = messages.WARNING if details else messages.INFO
            told = " ".join([answer.summary(), *details])
            step = answer.next_step()
            if step is not None:
                label, address = step
                told = format_html('{} <a href="{}">{}</a>', told, address, label)
            self.message_user(request, told, level)


class ArticleInline(HouseStackedInline):
    model = Article
    form = ArticleForm
    formset = ArticleFormSet
    template = "admin/conventions/convention/articles.html"
    fields = [("position", "number"), "title", "body"]
    classes = ["collapse"]


class FeeTermsInline(HouseStackedInline):
    model = FeeTerms
    form = FeeTermsForm
    verbose_name_plural = "Conditions financières"
    fieldsets = [
        (None, {"fields": [("annual_amount", "deliberated_amount")]}),
        (
            "Calcul de contrôle",
            {
                "fields": [
                    ("rate_per_m2", "basis"),
                    ("fixed_ratio_numerator", "fixed_ratio_denominator"),
                    "counts_social_worker_slots",
                    ("area_rounding", "amount_rounding"),
                ],
                "description": "Le montant annuel fait foi. Le calcul l’explique, tout écart se voit en haut de page.",
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FeeTerms]:
        return super().get_queryset(request).select_related("convention__partner", "convention__site")


class AllocationInline(HouseInline):
    """Offices come with the first slot that names them; here one sees them, and removes one that is used no more."""

    model = OfficeAllocation
    formset = AllocationFormSet

    def has_change_permission(self, request: HttpRequest, obj: Convention | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[OfficeAllocation]:
        return super().get_queryset(request).select_related("office", "convention__partner", "convention__site")

    def formfield_for_foreignkey(self, db_field, request: HttpRequest, **kwargs) -> forms.Field:
        if db_field.name == "office":
            kwargs["form_class"] = OfficeChoiceField
            kwargs["queryset"] = self.get_field_queryset(None, db_field, request).select_related("site")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class SlotInlineChecks(InlineModelAdminChecks):
    """Django looks for a foreign key to the convention; the slot's goes through its allocation."""

    def _check_relation(self, obj, parent_model) -> list:
        return []

    def _check_exclude_of_parent_model(self, obj, parent_model) -> list:
        return []


class SlotInline(HouseInline):
    model = PermanenceSlot
    checks_class = SlotInlineChecks
    form = SlotForm
    fields = ["office", "weekday", "start_time", "end_time", "audience", "mode", "starts_on", "ends_on"]
    verbose_name = "créneau"
    verbose_name_plural = "Grille hebdomadaire"

    def get_formset(self, request: HttpRequest, obj: Convention | None = None, **kwargs) -> type[SlotFormSet]:
        formset = forms.modelformset_factory(
            PermanenceSlot,
            form=SlotForm,
            formset=SlotFormSet,
            formfield_callback=lambda field, **options: self.formfield_for_dbfield(field, request, **options),
            extra=self.extra,
            can_delete=True,
        )
        formset = with_named_fields(formset)
        formset.visible_sites = Site.objects.visible_to(request.user)
        return formset


class ObligationInline(HouseInline):
    model = Obligation
    formset = ObligationFormSet
    classes = ["collapse"]


class StageFilter(admin.SimpleListFilter):
    title = "étape"
    parameter_name = "etape"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return Stage.choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Convention]) -> QuerySet[Convention]:
        if self.value() not in set(Stage):
            return queryset
        return having_stage(queryset, Stage(self.value()))


@admin.register(Convention)
class ConventionAdmin(TellsTheGridAdmin):
    form = ConventionForm
    change_form_template = "admin/conventions/convention/change_form.html"
    delete_confirmation_template = "admin/conventions/convention/delete_confirmation.html"
    list_display = ["partner_name", "site_name", "term", "stage", "amount", "reference"]
    list_filter = [
        StageFilter,
        ("site", admin.RelatedOnlyFieldListFilter),
        ("partner", admin.RelatedOnlyFieldListFilter),
    ]
    search_fields = ["partner__name", "partner__short_name", "site__name", "reference", "title"]
    fieldsets = [
        (None, {"fields": ["title", "reference", ("partner", "site")]}),
        (
            "Durée",
            {"fields": [("starts_on", "ends_on"), "tacit_renewal", "predecessor"]},
        ),
        ("Préavis", {"fields": [("notice_months", "notice_reading", "notice_article")]}),
        ("Délibération et signature", {"fields": ["deliberation", ("signed_on", "signed_at")]}),
        (
            "Signataires",
            {
                "fields": [
                    ("ccas_signatory_name", "ccas_signatory_title"),
                    ("partner_signatory_name", "partner_signatory_title"),
                ]
            },
        ),
        ("Textes", {"fields": ["parties_text", "preamble", "annex"], "classes": ["collapse"]}),
    ]
    inlines = [AllocationInline, SlotInline, FeeTermsInline, ArticleInline, ObligationInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Convention]:
        return with_stage_facts(super().get_queryset(request))

    @admin.display(description="partenaire", ordering="partner__name")
    def partner_name(self, convention: Convention) -> str:
        return convention.partner.short_name

    @admin.display(description="espace", ordering="site__name")
    def site_name(self, convention: Convention) -> str:
        return convention.site.short_name

    @admin.display(description="durée", ordering="starts_on")
    def term(self, convention: Convention) -> str:
        return convention.term_sentence

    @admin.display(description="étape")
    def stage(self, convention: Convention) -> str:
        return convention.stage.label

    @admin.display(description="montant annuel", ordering="fee_terms__annual_amount", empty_value="sans redevance")
    def amount(self, convention: Convention) -> str | None:
        return format_euros(convention.fee_terms.annual_amount) if hasattr(convention, "fee_terms") else None

    def get_readonly_fields(self, request: HttpRequest, obj: Convention | None = None) -> list[str]:
        """The reference is known to files that were dumped; partner and space are in the grid once it has an office."""
        if obj is None or not obj.pk:
            return []
        fixed = ["reference", *(["partner", "site"] if obj.allocations.exists() else [])]
        return [*fixed, "starts_on", "ends_on", *DENOUNCED] if obj.denounced_on else fixed

    def get_fieldsets(self, request: HttpRequest, obj: Convention | None = None) -> list:
        """A denunciation is read here; it is recorded and withdrawn on the convention's own page."""
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is not None and obj.denounced_on:
            said = "La page de la convention la retire ; la durée ne change pas tant qu’elle est là."
            fieldsets.insert(2, ("Dénonciation", {"fields": [DENOUNCED], "description": said}))
        return fieldsets

    def get_field_queryset(self, db, db_field, request: HttpRequest) -> QuerySet:
        queryset = super().get_field_queryset(db, db_field, request)
        # The name of a convention is made of two others.
        return queryset.select_related("partner", "site") if db_field.name == "predecessor" else queryset

    def settle(self, request: HttpRequest, form: ConventionForm, formsets: list, *, change: bool) -> None:
        grid_models = (OfficeAllocation, PermanenceSlot)
        wrote_grid = any(formset.model in grid_models and formset.has_changed() for formset in formsets)
        if not wrote_grid and not {"starts_on", "ends_on", "site", "partner"} & set(form.changed_data):
            refresh_occurrences(convention=form.instance)
            return
        # A denounced convention keeps its term here: the two dates are not in the form.
        moves = change and not form.instance.denounced_on
        previous = Term(form.initial["starts_on"], form.initial["ends_on"]) if moves else None
        answers = settle_grid(convention=form.instance, previous_term=previous, by=request.user)
        self.tell(request, answers)

    def render_change_form(self, request: HttpRequest, context: dict, *args, obj: Convention | None = None, **kwargs):
        stored = self.get_queryset(request).with_parties().filter(pk=obj.pk).first() if obj and obj.pk else None
        context |= {
            "fee": explain_fee(stored) if stored else None,
            "stored": stored,
            "placeholders": PLACEHOLDERS.items(),
        }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


@admin.register(Amendment)
class AmendmentAdmin(HouseModelAdmin):
    """Read only: an avenant is prepared, put in force and revoked on the pages of its convention."""

    list_display = ["convention", "number", "subject", "effective_on", "in_force_at"]
    list_select_related = ["convention__partner", "convention__site"]
    search_fields = ["subject", "convention__reference", "convention__partner__name"]
    fields = [
        ("convention", "number"),
        *("subject", "reason", "effective_on", "deliberation"),
        ("signed_on", "signed_at"),
        ("created_at", "created_by"),
        ("in_force_at", "in_force_by"),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Amendment | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Amendment | None = None) -> bool:
        return False

    def get_view_on_site_url(self, obj: Amendment | None = None) -> str | None:
        return obj and reverse("conventions:amendment_detail", args=[obj.convention_id, obj.number])


@admin.register(Deliberation)
class DeliberationAdmin(HouseModelAdmin):
    form = DeliberationForm
    list_display = ["session_on", "number", "subject", "body", "published_on", "transmitted_on"]
    list_filter = ["body"]
    search_fields = ["number", "subject", "transmission_id"]
    fieldsets = [
        (None, {"fields": [("ccas", "body"), ("session_on", "number"), "subject"]}),
        (
            "Vote",
            {
                "fields": [
                    "members_in_office",
                    ("votes_for", "votes_against", "votes_abstaining"),
                    "is_unanimous",
                ]
            },
        ),
        ("Caractère exécutoire", {"fields": [("published_on", "transmitted_on"), "transmission_id"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Deliberation | None = None) -> list[str]:
        return ["ccas"] if obj else []

    def settle(self, request: HttpRequest, form: forms.ModelForm, formsets: list, *, change: bool) -> None:
        """An id that does not answer to the act is kept, since it may be what the prefecture sent, and said."""
        act = form.instance
        doubts = transmission_doubts(
            act.transmission_id,
            session_on=act.session_on,
            siren=act.ccas.siren or "",
            insee_code=act.ccas.insee_code,
        )
        for doubt in doubts:
            self.message_user(request, f"Identifiant de télétransmission : {doubt}", messages.WARNING)


@admin.register(FeeStatement)
class FeeStatementAdmin(HouseModelAdmin):
    """To look at: statements are issued and corrected on their own pages, and never changed."""

    list_display = ["label", "convention", "starts_on", "ends_on", "amount", "revenue_order_number", "is_corrected"]
    list_filter = ["year", "is_corrected"]
    list_select_related = ["convention__partner", "convention__site"]
    search_fields = ["convention__partner__name", "convention__reference", "revenue_order_number"]
    ordering = ["-year", "-number"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: FeeStatement | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FeeStatement | None = None) -> bool:
        return False


@admin.register(BudgetLine)
class BudgetLineAdmin(HouseModelAdmin):
    list_display = ["label", "year", "service", "nature", "partner", "amount"]
    list_filter = ["year"]
    list_select_related = ["partner"]
    search_fields = ["label", "service", "nature"]


@admin.register(Site)
class SiteWithGridsAdmin(TellsTheGridAdmin, SiteAdmin):
    """A space as the floor below edits it; its conventions' dates follow its calendar."""

    def settle(self, request: HttpRequest, form: forms.ModelForm, formsets: list, *, change: bool) -> None:
        calendar = {"time_zone", "holiday_calendar"} & set(form.changed_data)
        if change and (calendar or any(formset.has_changed() for formset in formsets)):
            self.tell(request, site_calendar_changed(site=form.instance, by=request.user))
