"""From the rows of a convention to `fees.py`: what the fee would be by its own rule, and how far that is from what was
signed. The contractual amount governs; everything here explains."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from franceservices.dates import format_date_long, join_fr
from franceservices.money import NO_BREAK_SPACE
from partners.models import Office

from .facts import ConventionFacts, read_facts
from .fees import (
    AmountRounding,
    AreaRounding,
    FeeBreakdown,
    ProrationBasis,
    TimeSlot,
    annual_fee,
    explain_gap,
    explain_occupancy,
    occupancy_ratio,
)
from .models import Audience, Convention, FeeTerms


@dataclass(frozen=True)
class FeeStep:
    """One line of the calculation: `label` says what it is, `text` is the calculation itself."""

    label: str
    text: str


@dataclass(frozen=True)
class OfficeFee:
    """What one office would cost a year by the rule of the convention, and the lines that say why."""

    office: Office
    ratio: Fraction
    breakdown: FeeBreakdown
    steps: tuple[FeeStep, ...]


@dataclass(frozen=True)
class FeeExplanation:
    """The contractual amount (euros a year), the computed one beside it, and the sentences about their gaps.

    `computed_amount` is None when a fact is missing; `obstacle` then says which. `gap` and `deliberated_gap` are empty
    where the amounts agree, or where there is nothing to compare. `on` is the day whose slots and opening hours count.
    """

    on: date
    contractual_amount: Decimal
    deliberated_amount: Decimal | None
    offices: tuple[OfficeFee, ...]
    computed_amount: Decimal | None
    gap: str
    deliberated_gap: str
    obstacle: str

    @property
    def agrees(self) -> bool:
        """Whether the calculation gives the contractual amount to the cent."""
        return self.computed_amount == self.contractual_amount


def explain_fee(convention: Convention, *, on: date | None = None) -> FeeExplanation | None:
    """How the fee of `convention` is explained on the day `on` (today, within the term); None where nothing is owed.

    A constant number of queries.
    """
    return explain_fee_of(read_facts(convention, on=on))


def explain_fee_of(facts: ConventionFacts) -> FeeExplanation | None:
    """The same, of rows that are already read."""
    terms = facts.fee_terms
    if terms is None:
        return None
    obstacle = _obstacle(facts, terms)
    offices = () if obstacle else tuple(_office_fee(office, facts, terms) for office in facts.offices)
    computed = None if obstacle else sum((fee.breakdown.amount for fee in offices), Decimal("0.00"))
    return FeeExplanation(
        on=facts.on,
        contractual_amount=terms.annual_amount,
        deliberated_amount=terms.deliberated_amount,
        offices=offices,
        computed_amount=computed,
        gap=""
        if computed is None
        else explain_gap(contractual=terms.annual_amount, other=computed, other_name="Le montant calculé"),
        deliberated_gap=""
        if terms.deliberated_amount is None
        else explain_gap(
            contractual=terms.annual_amount,
            other=terms.deliberated_amount,
            other_name="Le montant annoncé par la délibération",
        ),
        obstacle=obstacle,
    )


def _obstacle(facts: ConventionFacts, terms: FeeTerms) -> str:
    """What keeps the fee from being computed, as one sentence; empty when nothing does."""
    missing = []
    if terms.rate_per_m2 is None:
        missing.append("le tarif au m² n’est pas renseigné")
    if not facts.offices:
        missing.append("aucun bureau n’est mis à disposition")
    missing += [
        f"la surface n’est pas renseignée ({office.full_label})" for office in facts.offices if office.area_m2 is None
    ]
    if terms.basis == ProrationBasis.FIXED:
        if terms.fixed_ratio is None:
            missing.append("la part fixe n’est pas renseignée")
    else:
        if not _counted_slots(facts, terms):
            missing.append(f"la grille hebdomadaire est vide au {format_date_long(facts.on)}")
        if not facts.opening_hours:
            missing.append(f"les horaires d’ouverture manquent au {format_date_long(facts.on)}")
    return f"Le calcul n’est pas possible{NO_BREAK_SPACE}: {join_fr(missing)}." if missing else ""


def _counted_slots(facts: ConventionFacts, terms: FeeTerms, office: Office | None = None) -> list[TimeSlot]:
    """The weekly intervals that count as occupation on the day, of one office or of all."""
    return [
        TimeSlot(slot.weekday, slot.start_time, slot.end_time)
        for slot in facts.slots_on_day
        if (office is None or slot.office_id == office.pk)
        and (terms.counts_social_worker_slots or slot.audience == Audience.PUBLIC)
    ]


def _office_fee(office: Office, facts: ConventionFacts, terms: FeeTerms) -> OfficeFee:
    slots = _counted_slots(facts, terms, office)
    opening = [TimeSlot(hours.weekday, hours.start_time, hours.end_time) for hours in facts.opening_hours]
    basis = ProrationBasis(terms.basis)
    ratio = occupancy_ratio(slots, opening, basis=basis, fixed_ratio=terms.fixed_ratio)
    breakdown = annual_fee(
        area_m2=office.area_m2,
        rate_per_m2=terms.rate_per_m2,
        ratio=ratio,
        area_rounding=AreaRounding(terms.area_rounding),
        amount_rounding=AmountRounding(terms.amount_rounding),
    )
    occupancy = explain_occupancy(slots, opening, basis=basis, fixed_ratio=terms.fixed_ratio)
    labels = ["Surface au prorata"]
    if terms.area_rounding != AreaRounding.NONE:
        labels.append("Surface retenue")
    labels.append("Surface × tarif")
    if terms.amount_rounding == AmountRounding.EURO:
        labels.append("Montant retenu")
    steps = (
        FeeStep("Occupation", occupancy),
        *(FeeStep(label, text) for label, text in zip(labels, breakdown.steps, strict=True)),
    )
    return OfficeFee(office=office, ratio=ratio, breakdown=breakdown, steps=steps)
