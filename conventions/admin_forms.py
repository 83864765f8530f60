"""The forms of the convention's page in the admin: its term, its articles, its grid."""

from collections.abc import Iterator
from functools import cached_property

from django import forms
from django.db.models import Q

from franceservices.dates import format_date_long
from partners.models import Office, Site
from partners.weekly_lines import WeeklyLine, WeeklyLineForm, WeeklyLinesMixin

from .fees import ProrationBasis
from .models import Article, Convention, OfficeAllocation, PermanenceSlot

LONGEST_NOTICE_MONTHS = 120


class ConventionForm(forms.ModelForm):
    class Meta:
        help_texts = {
            "notice_months": "En mois de calendrier. La page de la convention dit jusqu’à quand le recevoir.",
            "notice_reading": "Quand la clause laisse un doute. L’autre lecture reste affichée à côté.",
            "notice_article": "Par exemple 10 ou VI.",
            "signed_on": "Vide tant que les deux parties n’ont pas signé. L’étape de la convention s’en déduit.",
            "deliberation": "L’étape (délibérée, transmise, exécutoire) se déduit des dates de l’acte.",
        }

    def clean_notice_months(self) -> int | None:
        months = self.cleaned_data["notice_months"]
        if months is not None and months > LONGEST_NOTICE_MONTHS:
            raise forms.ValidationError(f"Un préavis compte {LONGEST_NOTICE_MONTHS} mois au plus.")
        return months

    def clean_predecessor(self) -> Convention | None:
        predecessor = self.cleaned_data["predecessor"]
        if predecessor is not None and predecessor.pk == self.instance.pk:
            raise forms.ValidationError("Une convention ne succède pas à elle-même.")
        return predecessor

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", "Le terme doit suivre le début de la convention.")
        return cleaned


class DeliberationForm(forms.ModelForm):
    class Meta:
        help_texts = {
            "body": "Seul le conseil d’administration engage le CCAS.",
            "published_on": "Le jour où l’acte a été affiché ou mis en ligne.",
            "transmitted_on": "La date de l’accusé de réception. Exécutoire : la plus tardive des deux dates"
            " (CGCT, article L2131-1).",
            "transmission_id": "Tel qu’il figure sur l’accusé, par exemple 025-262500564-20250219-D00191110-DE.",
        }


class FeeTermsForm(forms.ModelForm):
    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        if cleaned.get("basis") == ProrationBasis.FIXED:
            numerator, denominator = cleaned.get("fixed_ratio_numerator"), cleaned.get("fixed_ratio_denominator")
            if numerator is None or not denominator or numerator > denominator:
                self.add_error(
                    "fixed_ratio_numerator", "Une part fixe est une fraction entre 0 et 1, par exemple 2 sur 5."
                )
        return cleaned


class ArticleForm(forms.ModelForm):
    class Meta:
        model = Article
        fields = ["position", "number", "title", "body"]

    def _get_validation_exclusions(self) -> set[str]:
        """Leave `position` out of the model's checks: two articles that swap their places are compared as they will
        be, by the formset; the database checks at the end of the transaction."""
        return {*super()._get_validation_exclusions(), "position"}


class ArticleFormSet(forms.models.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        seen: dict[int, str] = {}
        for form in self.forms:
            position = form.cleaned_data.get("position") if form.is_valid() else None
            if position is None or self._should_delete_form(form):
                continue
            if position in seen:
                form.add_error("position", f"L’article {seen[position]} porte déjà le rang {position}.")
            seen.setdefault(position, form.cleaned_data["number"])


class ObligationFormSet(forms.models.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        for form in self.initial_forms:
            if self._should_delete_form(form) and form.instance.has_history:
                raise forms.ValidationError(
                    f"«\u00a0{form.instance.label}\u00a0» a des échéances remplies ou dispensées\u00a0: la supprimer"
                    " les perdrait. Laissez-la, ou reprenez d’abord ces échéances."
                )


class OfficeChoiceField(forms.ModelChoiceField):
    """Rooms by their space: « Planoise – bureau 27 »."""

    def label_from_instance(self, office: Office) -> str:
        return f"{office.site.short_name} – {office.full_label}"


class AllocationFormSet(forms.models.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        for form in self.initial_forms:
            if self._should_delete_form(form) and form.instance.slots.exists():
                raise forms.ValidationError(
                    f"{form.instance.office.full_label.capitalize()} a encore des créneaux\u00a0:"
                    " supprimez-les d’abord, enregistrez, puis retirez le bureau."
                )


class SlotForm(WeeklyLineForm):
    """One line of the grid. Dates left empty are those of the term, now and when the term moves."""

    office = forms.TypedChoiceField(label="bureau", choices=[])

    class Meta:
        model = PermanenceSlot
        fields = ["weekday", "start_time", "end_time", "audience", "mode", "starts_on", "ends_on"]
        help_texts = {
            "starts_on": "Vide\u00a0: dès le début de la convention.",
            "ends_on": "Vide\u00a0: jusqu’au terme de la convention.",
        }

    def __init__(self, *args, convention: Convention, offices: dict[int, Office], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.convention = convention
        by_site: dict[str, list[tuple[int, str]]] = {}
        for office in offices.values():
            by_site.setdefault(office.site.name, []).append((office.pk, office.full_label))
        choices = next(iter(by_site.values())) if len(by_site) == 1 else list(by_site.items())
        self.fields["office"].choices = [("", "---------"), *choices]
        self.fields["office"].coerce = lambda value: offices.get(int(value))
        if self.instance.pk:
            self.initial["office"] = self.instance.office_id
            term = self.instance.allocation.convention
            for name in ("starts_on", "ends_on"):
                if getattr(self.instance, name) == getattr(term, name):
                    self.initial[name] = None

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        convention, office = self.convention, cleaned.get("office")
        if office and convention.site_id and office.site_id != convention.site_id:
            self.add_error("office", "Ce bureau n’est pas dans l’espace de la convention.")
        starts_on, ends_on = convention.starts_on, convention.ends_on
        if not starts_on or not ends_on or ends_on < starts_on:
            return cleaned  # The term itself is wrong and says so.
        for name, default in (("starts_on", starts_on), ("ends_on", ends_on)):
            if name in cleaned:
                cleaned[name] = cleaned[name] or default
                if not starts_on <= cleaned[name] <= ends_on:
                    self.add_error(name, f"La convention court {convention.term_sentence}.")
        # The model's own checks need the allocation, which is made when the slot is saved.
        self.instance.allocation = None
        self.instance.office = office
        return cleaned


class SlotFormSet(WeeklyLinesMixin, forms.BaseModelFormSet):
    """The grid of one convention, over all its offices.

    Slots hang on the allocation of an office, which this formset makes when a slot names an office for the first time.
    It has the shape of an inline formset, which Django cannot build for a grandchild.
    """

    def __init__(self, data=None, files=None, *, instance: Convention, queryset=None, prefix=None, **kwargs) -> None:
        self.instance = instance
        slots = queryset if queryset is not None else PermanenceSlot.objects.all()
        slots = slots.filter(allocation__convention=instance) if instance.pk else slots.none()
        super().__init__(
            data,
            files,
            prefix=prefix,
            queryset=slots.select_related("allocation__convention", "office__site"),
            **{name: value for name, value in kwargs.items() if name != "save_as_new"},
        )

    @classmethod
    def get_default_prefix(cls) -> str:
        return "slots"

    # The offices that the page's reader may choose, set by the admin: those in use, and those of the visible spaces.
    visible_sites = Site.objects.none()

    @cached_property
    def offices(self) -> dict[int, Office]:
        """By id, in the order of the choices: of the convention's space once it has one, else of all visible ones."""
        sites = self.visible_sites
        if self.instance.pk:
            sites = sites.filter(pk=self.instance.site_id)
        in_use = Q(allocations__convention=self.instance) if self.instance.pk else Q(pk__in=())
        found = Office.objects.filter(Q(site__in=sites, is_active=True) | in_use).distinct().select_related("site")
        return {office.pk: office for office in found}

    def get_form_kwargs(self, index: int | None) -> dict[str, object]:
        return {**super().get_form_kwargs(index), "convention": self.instance, "offices": self.offices}

    def line_of(self, form: SlotForm) -> WeeklyLine | None:
        cleaned = form.cleaned_data
        if not cleaned.get("office") or not cleaned.get("starts_on") or not cleaned.get("ends_on"):
            return None
        return WeeklyLine(
            place=cleaned["office"].pk,
            weekday=cleaned["weekday"],
            start_time=cleaned["start_time"],
            end_time=cleaned["end_time"],
            starts_on=cleaned["starts_on"],
            ends_on=cleaned["ends_on"],
        )

    def clean(self) -> None:
        super().clean()
        lines = list(self.kept_lines())
        others = list(self._slots_of_other_conventions({line.place for _, line in lines}))
        for form, line in lines:
            met = next((slot for slot, other in others if line.overlaps(other)), None)
            if met is not None:
                convention = met.allocation.convention
                form.add_error(
                    "start_time",
                    f"{form.cleaned_data['office'].full_label.capitalize()} est déjà pris par"
                    f" {convention.partner.short_name}, {met}, du {format_date_long(met.starts_on)}"
                    f" au {format_date_long(met.ends_on)}.",
                )

    def _slots_of_other_conventions(self, office_ids: set[int]) -> Iterator[tuple[PermanenceSlot, WeeklyLine]]:
        slots = PermanenceSlot.objects.filter(office__in=office_ids).select_related("allocation__convention__partner")
        if self.instance.pk:
            slots = slots.exclude(allocation__convention=self.instance)
        for slot in slots:
            yield (
                slot,
                WeeklyLine(slot.office_id, slot.weekday, slot.start_time, slot.end_time, slot.starts_on, slot.ends_on),
            )

    def save(self, commit: bool = True) -> list:  # noqa: FBT001, FBT002  (Django's own signature)
        if commit and self.has_changed():
            # Whoever else writes a grid or its dates in this space waits here, in the same order; its other rooms may
            # still hold dates of this convention.
            rooms = Office.objects.filter(Q(pk__in=self._offices_touched()) | Q(site=self.instance.site_id))
            list(rooms.select_for_update(no_key=True).order_by("pk"))
        return super().save(commit)

    def _offices_touched(self) -> set[int]:
        before = {form.initial.get("office") for form in self.initial_forms}
        after = {form.cleaned_data["office"].pk for form in self.forms if form.cleaned_data.get("office")}
        return {pk for pk in before | after if pk}

    def save_new(self, form: SlotForm, commit: bool = True) -> PermanenceSlot:  # noqa: FBT001, FBT002
        return self._save_slot(form)

    def save_existing(self, form: SlotForm, obj: PermanenceSlot, commit: bool = True) -> PermanenceSlot:  # noqa: FBT001, FBT002
        return self._save_slot(form)

    def _save_slot(self, form: SlotForm) -> PermanenceSlot:
        allocation, _ = OfficeAllocation.objects.get_or_create(
            convention=self.instance, office=form.cleaned_data["office"]
        )
        form.instance.allocation = allocation
        form.instance.save()
        return form.instance
