"""Gives a convention back as the file from which it could be loaded."""

from dataclasses import replace

from conventions.models import Convention

from .amended import amended_history, signed_end
from .form import (
    Agreement,
    ArticlePart,
    CcasPart,
    ContactPart,
    ConventionPart,
    DeliberationPart,
    FeePart,
    ObligationPart,
    OfficePart,
    OpeningHoursPart,
    PartnerPart,
    SignatoriesPart,
    SitePart,
    SlotPart,
    TextsPart,
)
from .writing import write_toml


def dump_agreement(*, convention: Convention) -> str:
    """The TOML text of `convention`, from its rows; loading it into their database changes nothing."""
    return write_toml(agreement_of(convention))


def agreement_of(convention: Convention) -> Agreement:
    """The agreement that the rows of `convention` hold, complete: every shared fact is said. Constant queries.

    As it was signed: a file does not hold avenants.
    """
    site, partner, predecessor = convention.site, convention.partner, convention.predecessor
    hours = (OpeningHoursPart(**OpeningHoursPart.facts_of(row)) for row in site.opening_hours.all())
    contacts = (ContactPart(**ContactPart.facts_of(row)) for row in partner.contacts.all())
    allocations = convention.allocations.select_related("office").prefetch_related("slots").order_by("pk")
    deliberation = convention.deliberation
    fee = getattr(convention, "fee_terms", None)
    term = ConventionPart(
        **ConventionPart.facts_of(convention), predecessor=predecessor.reference if predecessor else ""
    )
    offices = [allocation.office for allocation in allocations]
    slots = [(slot, allocation.office) for allocation in allocations for slot in allocation.slots.all()]
    history = amended_history(convention)
    if history is not None:
        term = replace(term, ends_on=signed_end(history))
        offices = list(history.signed_offices)
        slots = [(row, row.office) for row in history.signed_rows]
    return Agreement(
        convention=term,
        ccas=CcasPart(**CcasPart.facts_of(site.ccas)),
        site=SitePart(**SitePart.facts_of(site), opening_hours=tuple(hours)),
        partner=PartnerPart(**PartnerPart.facts_of(partner), contacts=tuple(contacts)),
        deliberation=DeliberationPart(**DeliberationPart.facts_of(deliberation)) if deliberation else None,
        signatories=SignatoriesPart(**SignatoriesPart.facts_of(convention)),
        offices=tuple(OfficePart(**OfficePart.facts_of(office)) for office in offices),
        slots=tuple(SlotPart(**SlotPart.facts_of(slot), office=office.label) for slot, office in slots),
        fee=FeePart(**FeePart.facts_of(fee)) if fee else None,
        obligations=tuple(
            ObligationPart(**ObligationPart.facts_of(duty)) for duty in convention.obligations.order_by("pk")
        ),
        texts=TextsPart(**TextsPart.facts_of(convention)),
        articles=tuple(
            ArticlePart(**ArticlePart.facts_of(article)) for article in convention.articles.order_by("position")
        ),
    ).normalised()
