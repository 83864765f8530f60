"""What a fee statement says, frozen when it is issued: plain values that its page, its PDF and its workbook print."""

from datetime import date
from decimal import Decimal

from django.conf import settings

from franceservices.dates import format_date_long, join_fr
from franceservices.identifiers import format_siren
from franceservices.money import NO_BREAK_SPACE, format_area, format_euros
from franceservices.number_words import euros_in_words

from .billing import Billing
from .facts import ConventionFacts, facts_on
from .fees import AmountRounding, AreaRounding
from .models import BudgetLine, Convention, FeeStatement, StatementPeriod
from .pricing import explain_fee_of
from .proration import Piece
from .statements import period_sentence

TEMPLATE = "conventions/documents/fee_statement.html"
"""Kept in each statement: a later form of the document gets another template and leaves the old ones as they were."""

AMOUNT_PLACEHOLDER = "{montant_annuel}"


def statement_content(
    billing: Billing, *, kind: StatementPeriod, starts_on: date, ends_on: date, year: int
) -> dict[str, object]:
    """Everything that the statement of `[starts_on, ends_on]`, both days included, will print for good.

    `year` is the civil year in which it is issued (*exercice*). Amounts stand as sentences and, once, as a number in
    `amount`. A constant number of queries, and two more for each avenant that changes the fee within the period.
    """
    convention, calculation = billing.convention, billing.calculation(starts_on, ends_on)
    ccas, partner, site = convention.ccas, convention.partner, convention.site
    return {
        "template": TEMPLATE,
        "is_demonstration": settings.DEMO,
        "organisation": ccas.name,
        "organisation_siren": format_siren(ccas.siren) if ccas.siren else "",
        "organisation_address": ccas.address,
        "site": site.name,
        "city": ccas.city,
        "debtor": partner.name,
        "debtor_siren": format_siren(partner.siren) if partner.siren else "",
        "debtor_address": partner.address,
        "object": _object_of(convention),
        "references": _references(billing, ends_on),
        "allocation": _allocation(convention, year),
        "period": period_sentence(starts_on, ends_on),
        "period_kind": StatementPeriod(kind).label,
        "bases": [_base(piece, billing) for piece in calculation.pieces],
        "steps": [{"label": step.label, "text": step.text} for step in calculation.steps],
        "amount": str(calculation.amount),
        "amount_in_words": euros_in_words(calculation.amount),
        "signatory_title": convention.ccas_signatory_title,
        "signatory_name": convention.ccas_signatory_name,
    }


def corrected_content(content: dict[str, object], *, corrected: FeeStatement, reason: str) -> dict[str, object]:
    """`content` of a new statement that replaces `corrected`: what it was, by how much it differs, and why."""
    difference = Decimal(str(content["amount"])) - corrected.amount
    return content | {
        "correction": {
            "number": corrected.label,
            "issued_on": format_date_long(corrected.issued_on),
            "amount": format_euros(corrected.amount),
            "difference": format_euros(difference),
            "reason": reason,
        }
    }


def _object_of(convention: Convention) -> str:
    """What is charged, in the words of every agreement: the occupation of offices where some are lent."""
    return f"Redevance due au titre de la convention «{NO_BREAK_SPACE}{convention.title}{NO_BREAK_SPACE}»"


def _references(billing: Billing, ends_on: date) -> list[dict[str, str]]:
    """What the claim rests on: the convention, its article of the fee, the deliberation, the avenants until then."""
    convention, deliberation = billing.convention, billing.convention.deliberation
    signed = f", signée le {format_date_long(convention.signed_on)}" if convention.signed_on else ""
    found = [
        _fact("Convention", f"{convention.reference}{signed}, {convention.term_sentence}"),
    ]
    articles = [
        f"article {article.number} ({article.title})"
        for article in convention.articles.all()
        if AMOUNT_PLACEHOLDER in article.body
    ]
    if articles:
        found.append(_fact("Redevance fixée par", join_fr(articles)))
    if deliberation:
        identifier = f", acte {deliberation.transmission_id}" if deliberation.transmission_id else ""
        found.append(
            _fact(
                "Délibération",
                f"{deliberation.get_body_display()}, séance du {format_date_long(deliberation.session_on)}, "
                f"{deliberation.number}{identifier}",
            )
        )
    found += [
        _fact(f"Avenant n°{NO_BREAK_SPACE}{avenant.number}", f"à compter du {format_date_long(avenant.effective_on)}")
        for avenant in billing.history.amendments
        if avenant.effective_on <= ends_on
    ]
    return found


def _allocation(convention: Convention, year: int) -> str:
    """The budget line that receives the amount, where exactly one can be meant; else nothing is said."""
    lines = list(BudgetLine.objects.filter(ccas=convention.ccas, year=year))
    own = [line for line in lines if line.partner_id == convention.partner_id]
    candidates = {(line.service, line.nature) for line in own or [line for line in lines if line.partner_id is None]}
    if len(candidates) != 1:
        return ""
    service, nature = candidates.pop()
    return f"service {service}, nature {nature}"


def _base(piece: Piece, billing: Billing) -> dict[str, object]:
    """Where the annual amount of one stretch comes from: areas, rate, occupation, roundings, and the calculation.

    The lines are given only where they find the amount; it is a flat one that the convention fixes, and a calculation
    which misses it would make a claim that contradicts itself.
    """
    facts = facts_on(billing.history, on=piece.starts_on)
    lines = _facts_of_rule(facts)
    fee = explain_fee_of(facts)
    if fee is not None and fee.agrees:
        for office_fee in fee.offices:
            where = f"{office_fee.office.full_label.capitalize()}, " if len(fee.offices) > 1 else ""
            lines += [
                _fact(f"{where}{step.label[0].lower()}{step.label[1:]}" if where else step.label, step.text)
                for step in office_fee.steps
            ]
    name = billing.name_of(piece.span)
    return {
        "period": period_sentence(piece.starts_on, piece.ends_on),
        "source": name,
        "annual_amount": format_euros(piece.span.annual_amount),
        "is_free": not piece.span.annual_amount,
        "lines": lines,
    }


def _facts_of_rule(facts: ConventionFacts) -> list[dict[str, str]]:
    terms = facts.fee_terms
    if terms is None:
        return []
    lines = [
        _fact(office.full_label.capitalize(), format_area(office.area_m2))
        for office in facts.offices
        if office.area_m2 is not None
    ]
    if terms.rate_per_m2 is not None:
        lines.append(_fact("Tarif", f"{format_euros(terms.rate_per_m2)} par m² et par an"))
        lines.append(_fact("Arrondi de la surface", AreaRounding(terms.area_rounding).label))
    if terms.amount_rounding == AmountRounding.EURO:
        lines.append(_fact("Arrondi du montant", f"{AmountRounding.EURO.label} (CG3P, art. L2322-4 et L2321-3)"))
    return lines


def _fact(label: str, text: str) -> dict[str, str]:
    return {"label": label, "text": text}
