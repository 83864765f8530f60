"""What a person types to prepare an avenant: its text, the grid line by line, the fee, the areas, the last day."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict

from franceservices.form_fields import FrenchDecimalField, FrenchTimeField, ReasonableDateField
from partners.models import Office, Weekday
from partners.weekly_lines import WeeklyLine

from .agreed_terms import FeeRule, SlotTerms, Terms
from .amendments import AmendmentText
from .fees import AmountRounding, AreaRounding, ProrationBasis
from .models import Amendment, Audience, BookingMode, Convention, Deliberation, FeeTerms
from .terms import ONE_DAY, sorted_slots

MOST_LINES = 80
HIGHEST_NUMBER = 999
SLOTS_PREFIX = "creneaux"
_NOT_NEGATIVE = [MinValueValidator(0, "Un nombre positif est attendu.")]


def area_field_name(office: Office) -> str:
    """The name of the field of an office's agreed area."""
    return f"area_{office.pk}"


class AmendmentForm(forms.Form):
    """An avenant without its grid. A fee without an annual amount is no fee."""

    number = forms.IntegerField(
        label="Numéro",
        validators=[
            MinValueValidator(1, "Les avenants se numérotent à partir de 1."),
            MaxValueValidator(HIGHEST_NUMBER, f"{HIGHEST_NUMBER} au plus."),
        ],
    )
    effective_on = ReasonableDateField(label="Prend effet le")
    subject = forms.CharField(
        label="Objet",
        max_length=Amendment._meta.get_field("subject").max_length,
        help_text="Par exemple «\u00a0ajout d’une permanence le mercredi matin\u00a0».",
    )
    reason = forms.CharField(
        label="Motif",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Ce qui suit «\u00a0Considérant que\u00a0» dans l’avenant.",
    )
    deliberation = forms.ModelChoiceField(
        label="Délibération", queryset=Deliberation.objects.none(), required=False, empty_label="Aucune pour l’instant"
    )
    ends_on = ReasonableDateField(label="Terme de la convention", help_text="Le dernier jour, compris.")
    annual_amount = FrenchDecimalField(
        label="Montant annuel (€)",
        required=False,
        max_digits=10,
        decimal_places=2,
        validators=_NOT_NEGATIVE,
        help_text="Vide\u00a0: aucune redevance.",
    )
    rate_per_m2 = FrenchDecimalField(
        label="Tarif (€/m²/an)", required=False, max_digits=8, decimal_places=2, validators=_NOT_NEGATIVE
    )
    basis = forms.ChoiceField(label="Prorata", choices=ProrationBasis.choices())
    fixed_ratio = forms.CharField(
        label="Part fixe", required=False, max_length=20, help_text="Pour une proportion fixe, par exemple 2/5."
    )
    area_rounding = forms.ChoiceField(label="Arrondi de la surface", choices=AreaRounding.choices())
    amount_rounding = forms.ChoiceField(label="Arrondi du montant", choices=AmountRounding.choices())
    counts_social_worker_slots = forms.BooleanField(
        label="Compter les créneaux des travailleurs sociaux", required=False
    )

    def __init__(self, *args, convention: Convention, offices: Mapping[int, Office], user, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.convention = convention
        self.offices = offices
        self.fields["deliberation"].queryset = Deliberation.objects.visible_to(user).filter(
            ccas=convention.site.ccas_id
        )
        for office in offices.values():
            self.fields[area_field_name(office)] = FrenchDecimalField(
                label=f"{office.full_label.capitalize()} (m²)",
                required=False,
                max_digits=7,
                decimal_places=2,
                validators=[MinValueValidator(Decimal("0.01"), "Une surface est plus grande que zéro.")],
            )

    @property
    def area_fields(self) -> list[forms.BoundField]:
        return [self[area_field_name(office)] for office in self.offices.values()]

    def clean_fixed_ratio(self) -> Fraction | None:
        typed = self.cleaned_data["fixed_ratio"].replace(" ", "").replace("sur", "/")
        if not typed:
            return None
        try:
            ratio = Fraction(typed)
        except (ValueError, ZeroDivisionError):
            raise forms.ValidationError("Écrivez une fraction, par exemple 2/5.") from None
        if not 0 <= ratio <= 1:
            raise forms.ValidationError("Une part fixe est comprise entre 0 et 1, par exemple 2/5.")
        return ratio

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        convention = self.convention
        effective_on, ends_on = cleaned.get("effective_on"), cleaned.get("ends_on")
        if effective_on and not convention.starts_on < effective_on <= convention.ends_on + ONE_DAY:
            self.add_error(
                "effective_on",
                f"La convention court {convention.term_sentence}\u00a0: choisissez un jour après le premier, au plus"
                " tard le lendemain du terme.",
            )
        if effective_on and ends_on and ends_on < effective_on:
            self.add_error("ends_on", "Le terme ne peut pas précéder la date d’effet de l’avenant.")
        is_fixed = cleaned.get("basis") == ProrationBasis.FIXED and cleaned.get("annual_amount") is not None
        if is_fixed and "fixed_ratio" in cleaned and cleaned["fixed_ratio"] is None:
            self.add_error("fixed_ratio", "Une proportion fixe demande une fraction, par exemple 2/5.")
        return cleaned

    def text(self) -> AmendmentText:
        cleaned = self.cleaned_data
        return AmendmentText(
            number=cleaned["number"],
            subject=cleaned["subject"],
            reason=cleaned["reason"],
            effective_on=cleaned["effective_on"],
            deliberation=cleaned["deliberation"],
        )

    def fee(self, office_ids: set[int]) -> FeeRule | None:
        """The rule that was typed, with the areas of the offices lent."""
        cleaned = self.cleaned_data
        if cleaned["annual_amount"] is None:
            return None
        is_fixed = cleaned["basis"] == ProrationBasis.FIXED
        return FeeRule(
            annual_amount=cleaned["annual_amount"],
            rate_per_m2=cleaned["rate_per_m2"],
            basis=cleaned["basis"],
            fixed_ratio=cleaned["fixed_ratio"] if is_fixed else None,
            counts_social_worker_slots=cleaned["counts_social_worker_slots"],
            area_rounding=cleaned["area_rounding"],
            amount_rounding=cleaned["amount_rounding"],
            areas_m2={pk: cleaned[area_field_name(self.offices[pk])] for pk in sorted(office_ids)},
        )


class SlotLineForm(forms.Form):
    """One line of the grid; a line left blank is no line."""

    office = forms.TypedChoiceField(label="bureau", coerce=int)
    weekday = forms.TypedChoiceField(
        label="jour", choices=[("", "Jour"), *((day.value, day.label.capitalize()) for day in Weekday)], coerce=int
    )
    start_time = FrenchTimeField(label="de")
    end_time = FrenchTimeField(label="à")
    audience = forms.ChoiceField(label="public", choices=Audience.choices, initial=Audience.PUBLIC)
    mode = forms.ChoiceField(label="accueil", choices=BookingMode.choices, initial=BookingMode.APPOINTMENT)

    def __init__(self, *args, offices: Mapping[int, Office], line: int | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = [("", "Bureau"), *((pk, found.full_label) for pk, found in offices.items())]
        number = "" if line is None else f", ligne {line + 1}"
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = f"{field.label.capitalize()}{number}"

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        start_time, end_time = cleaned.get("start_time"), cleaned.get("end_time")
        if start_time and end_time and end_time <= start_time:
            self.add_error("end_time", "L’heure de fin doit suivre l’heure de début.")
        return cleaned


class SlotLineFormSet(forms.BaseFormSet):
    """The whole grid: what is typed replaces what was, so that no line is an initial one for Django."""

    def initial_form_count(self) -> int:
        return super().initial_form_count() if self.is_bound else 0

    def get_form_kwargs(self, index: int | None) -> dict[str, object]:
        return {**super().get_form_kwargs(index), "line": index}

    def lines(self) -> list[tuple[SlotLineForm, SlotTerms]]:
        """The lines that are filled in and right."""
        offices = self.form_kwargs["offices"]
        found = []
        for form in self.forms:
            cleaned = getattr(form, "cleaned_data", {})
            if form.errors or not cleaned:
                continue
            label = offices[cleaned["office"]].label
            found.append((form, SlotTerms(label, cleaned["office"], *(cleaned[name] for name in _SLOT_NAMES))))
        return found

    def clean(self) -> None:
        super().clean()
        lines = self.lines()
        for place, (form, slot) in enumerate(lines):
            met = next((other for _, other in lines[:place] if _line(slot).overlaps(_line(other))), None)
            if met is not None:
                form.add_error("start_time", f"Ce créneau en chevauche un autre\u00a0: {_line(met)}.")


_SLOT_NAMES = ("weekday", "start_time", "end_time", "audience", "mode")
_LINE_NAMES = ("office", *_SLOT_NAMES)

_SlotLines = forms.formset_factory(SlotLineForm, formset=SlotLineFormSet, extra=0, max_num=MOST_LINES)


def _line(slot: SlotTerms) -> WeeklyLine:
    return WeeklyLine(slot.office_id, slot.weekday, slot.start_time, slot.end_time, date.min, None)


def sent_lines(data: QueryDict, *, offices: Mapping[int, Office]) -> SlotLineFormSet:
    """The grid as it was sent."""
    return _SlotLines(data, prefix=SLOTS_PREFIX, form_kwargs={"offices": offices})


def shown_lines(lines: list[dict[str, object]], *, offices: Mapping[int, Office]) -> SlotLineFormSet:
    """The grid to fill in, unchecked: `lines` as they stand (values or what was typed), and nothing else."""
    formset = _SlotLines(prefix=SLOTS_PREFIX, initial=lines, form_kwargs={"offices": offices})
    formset.extra = len(lines)
    return formset


def lines_of(terms: Terms) -> list[dict[str, object]]:
    """The grid of `terms` as a form shows it."""
    return [{"office": slot.office_id, **{name: getattr(slot, name) for name in _SLOT_NAMES}} for slot in terms.slots]


def typed_lines(data: QueryDict) -> list[dict[str, object]]:
    """The lines as they were typed, right or wrong."""
    written = data.get(f"{SLOTS_PREFIX}-TOTAL_FORMS", "")
    count = min(int(written), MOST_LINES) if written.isascii() and written.isdigit() else 0
    return [{name: data.get(f"{SLOTS_PREFIX}-{index}-{name}", "") for name in _LINE_NAMES} for index in range(count)]


def shown_values(terms: Terms, *, offices: Mapping[int, Office]) -> dict[str, object]:
    """The fields of the fee, the areas and the term as `terms` have them; an office not lent shows its own area."""
    fee = terms.fee
    areas = {area_field_name(office): office.area_m2 for office in offices.values()}
    model = FeeTerms()
    shown = {
        "ends_on": terms.ends_on,
        "basis": model.basis,
        "area_rounding": model.area_rounding,
        "amount_rounding": model.amount_rounding,
        "counts_social_worker_slots": model.counts_social_worker_slots,
    }
    if fee is not None:
        areas |= {area_field_name(offices[pk]): area for pk, area in fee.areas_m2.items() if pk in offices}
        shown |= {
            "annual_amount": fee.annual_amount,
            "rate_per_m2": fee.rate_per_m2,
            "basis": fee.basis,
            "fixed_ratio": f"{fee.fixed_ratio.numerator}/{fee.fixed_ratio.denominator}" if fee.fixed_ratio else "",
            "area_rounding": fee.area_rounding,
            "amount_rounding": fee.amount_rounding,
            "counts_social_worker_slots": fee.counts_social_worker_slots,
        }
    return shown | areas


def typed_terms(form: AmendmentForm, lines: SlotLineFormSet, *, before: Terms) -> Terms:
    """The terms that two valid forms say; an office lent without any slot stays lent."""
    slots = sorted_slots(slot for _, slot in lines.lines())
    without_slots = set(before.fee.areas_m2 if before.fee else ()) - {slot.office_id for slot in before.slots}
    lent = {slot.office_id for slot in slots} | (without_slots & form.offices.keys())
    return Terms(slots=slots, fee=form.fee(lent), ends_on=form.cleaned_data["ends_on"])


class SignatureForm(forms.Form):
    """When and where an avenant was signed, and what approved it."""

    signed_on = ReasonableDateField(label="Signé le", required=False)
    signed_at = forms.CharField(label="Fait à", required=False, max_length=100)
    deliberation = forms.ModelChoiceField(
        label="Délibération", queryset=Deliberation.objects.none(), required=False, empty_label="Aucune"
    )

    def __init__(self, *args, convention: Convention, user, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deliberation"].queryset = Deliberation.objects.visible_to(user).filter(
            ccas=convention.site.ccas_id
        )
