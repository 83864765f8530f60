"""The convention as a printed document: frozen data in, bytes out."""

from dataclasses import asdict
from datetime import date

from franceservices.dates import format_date_long
from franceservices.money import NO_BREAK_SPACE, format_area, format_euros
from franceservices.pdf import render_pdf

from .facts import ConventionFacts, signed_facts
from .models import Convention, DocumentKind
from .text_blocks import text_blocks
from .texts import filled_articles_of, opening_lines, term_sentence
from .week_plan import week_plan
from .weekly_table import week_table

CONVENTION_TEMPLATE = "conventions/documents/convention.html"
OPENING = f"Il a été convenu ce qui suit{NO_BREAK_SPACE}:"
# Filled in by hand on the two originals.
BLANK_DATE = "………………………"


def convention_document(convention: Convention, *, printed_on: date | None = None) -> dict[str, object]:
    """Everything the printed convention says, as text and lists: no row is read any more once this is made.

    As it was signed: what an avenant changed since stands in the avenant's own document.

    `printed_on` is the civil date in the footer, today at the site unless given.
    """
    facts = signed_facts(convention)
    site, ccas, partner = convention.site, convention.ccas, convention.partner
    table = week_table(facts.convention, facts.slots)
    return {
        "organisation": ccas.name,
        "meta_author": ccas.name,
        "footer_site": site.name,
        "printed_on": printed_on or site.today(),
        "title": convention.title,
        "reference": convention.reference,
        "partner_colour": partner.colour,
        "parties": [asdict(block) for block in text_blocks(convention.parties_text or parties_of(convention))],
        "preamble": [asdict(block) for block in text_blocks(convention.preamble)],
        # What a text says in its own words is not said twice.
        "opening": "" if convention.preamble or convention.parties_text else OPENING,
        "articles": [asdict(article) for article in filled_articles_of(facts)],
        "done_at": convention.signed_at or ccas.city,
        "done_on": format_date_long(convention.signed_on) if convention.signed_on else BLANK_DATE,
        "signatures": signatures_of(convention),
        "week_table": asdict(table) if table else None,
        "week_plan": week_plan(facts.convention, facts.slots_on_day or facts.slots, facts.opening_hours),
        "annex_facts": annex_facts(facts) + _joined_plans(convention),
        "annex": [asdict(block) for block in text_blocks(convention.annex)],
    }


def convention_pdf(convention: Convention) -> bytes:
    """The tagged PDF of `convention` as it was signed, made of its rows as they are now."""
    return render_pdf(CONVENTION_TEMPLATE, convention_document(convention))


def signatures_of(convention: Convention) -> list[dict[str, str]]:
    """The two blocks under which the parties sign."""
    return [
        {
            "party": "Pour le partenaire",
            "organisation": convention.partner.name,
            "title": convention.partner_signatory_title,
            "name": convention.partner_signatory_name,
        },
        {
            "party": "Pour le CCAS",
            "organisation": convention.ccas.name,
            "title": convention.ccas_signatory_title,
            "name": convention.ccas_signatory_name,
        },
    ]


def parties_of(convention: Convention) -> str:
    """The parties as their records name them, for a convention that does not word them itself.

    No article and no participle that would have to agree: the records do not know the gender of a name.
    """
    ccas, partner, deliberation = convention.ccas, convention.partner, convention.deliberation
    of_ccas = [ccas.name]
    if ccas.address:
        of_ccas.append(f"dont le siège se trouve {ccas.address}")
    of_ccas += _represented_by(convention.ccas_signatory_name, convention.ccas_signatory_title)
    if deliberation:
        of_ccas.append(
            f"en vertu de la délibération du {format_date_long(deliberation.session_on)} ({deliberation.number})"
        )
    of_partner = [partner.name]
    if partner.address:
        of_partner.append(f"dont le siège se trouve {partner.address}")
    of_partner += _represented_by(convention.partner_signatory_name, convention.partner_signatory_title)
    return "\n\n".join(
        [
            f"{', '.join(of_ccas)}, ci-après «{NO_BREAK_SPACE}le CCAS{NO_BREAK_SPACE}», d’une part,",
            "Et",
            f"{', '.join(of_partner)}, ci-après «{NO_BREAK_SPACE}{partner.short_name}{NO_BREAK_SPACE}», d’autre part,",
        ]
    )


def _represented_by(name: str, title: str) -> list[str]:
    return [f"ayant pour représentant {name}{f' ({title})' if title else ''}"] if name else []


def annex_facts(facts: ConventionFacts) -> list[dict[str, object]]:
    """What the annex recalls under the grid: offices and areas, amount, term, opening hours."""
    convention, recalled = facts.convention, []
    if facts.offices:
        recalled.append(("Locaux mis à disposition", convention_offices(facts)))
    if facts.fee_terms:
        recalled.append(("Montant annuel", [format_euros(facts.fee_terms.annual_amount)]))
    if recalled or facts.slots:
        recalled.append(("Durée", [f"{term_sentence(convention)}, {convention.term_sentence}"]))
        if facts.opening_hours:
            recalled.append(("Ouverture de l’espace", opening_lines(facts.opening_hours)))
    return [{"label": label, "lines": lines} for label, lines in recalled]


def convention_offices(facts: ConventionFacts) -> list[str]:
    """« bureau 27, 15,64 m² », one for each office lent, with the floor where it is known."""
    return [
        ", ".join(
            [
                office.full_label,
                *([office.floor] if office.floor else []),
                *([format_area(office.area_m2)] if office.area_m2 is not None else []),
            ]
        )
        for office in facts.offices
    ]


def _joined_plans(convention: Convention) -> list[dict[str, object]]:
    """The plans that were deposited with the convention and go with the originals, by name; none says nothing."""
    plans = convention.documents.kept().filter(kind__in=[DocumentKind.ANNEX_PLAN, DocumentKind.OFFICE_PLAN])
    titles = [document.title for document in plans.order_by("uploaded_at", "pk")]
    return [{"label": "Plan joint", "lines": titles}] if titles else []
