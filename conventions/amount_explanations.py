"""From the rows of a convention to `explaining.py`: the areas, shares and rate that somebody may have taken."""

from decimal import Decimal
from fractions import Fraction

from franceservices.money import NO_BREAK_SPACE

from .explaining import Explanation, Share, areas_of, explanations
from .facts import ConventionFacts
from .fees import ProrationBasis, TimeSlot, explain_occupancy, occupancy_ratio
from .models import Audience


def explain_amount(facts: ConventionFacts, amount: Decimal) -> list[Explanation]:
    """The calculations on the day of `facts` that give `amount`, euros a year; without an area there is none."""
    measured = [(office.full_label, office.area_m2) for office in facts.offices if office.area_m2]
    terms = facts.fee_terms
    return explanations(
        amount,
        areas=areas_of(measured),
        shares=shares_of(facts),
        agreed_rate=terms.rate_per_m2 if terms and terms.rate_per_m2 else None,
    )


def shares_of(facts: ConventionFacts) -> list[Share]:
    """What « au prorata de l’occupation » may count: days, half-days or hours, of all slots or of the public ones."""
    opening = [TimeSlot(hours.weekday, hours.start_time, hours.end_time) for hours in facts.opening_hours]
    every = [(slot, TimeSlot(slot.weekday, slot.start_time, slot.end_time)) for slot in facts.slots_on_day]
    public = [span for slot, span in every if slot.audience == Audience.PUBLIC]
    shares: dict[str, Share] = {}
    for spans, whose in (([span for _slot, span in every], ""), (public, " (créneaux des usagers seuls)")):
        if not spans or not opening:
            continue
        for basis in (ProrationBasis.DAYS, ProrationBasis.HALF_DAYS, ProrationBasis.HOURS):
            words = explain_occupancy(spans, opening, basis=basis)
            # Where the public slots alone count as much, nothing tells the two ways of counting apart.
            shares.setdefault(words, Share(occupancy_ratio(spans, opening, basis=basis), f"{words}{whose}"))
    found = list(shares.values())
    fixed = facts.fee_terms.fixed_ratio if facts.fee_terms else None
    if fixed is not None:
        found.append(Share(fixed, f"proportion fixée par la convention{NO_BREAK_SPACE}: {fixed}"))
    found.append(Share(Fraction(1), "toute la semaine"))
    return found
