"""An avenant as a printed document, made of what it changes: frozen data in, bytes out."""

from dataclasses import asdict
from datetime import date

from franceservices.dates import format_date_long
from franceservices.money import NO_BREAK_SPACE
from franceservices.pdf import render_pdf

from .amendment_sides import AmendmentSides, read_sides
from .documents import BLANK_DATE, annex_facts, parties_of, signatures_of
from .models import Amendment, Convention
from .text_blocks import text_blocks

AMENDMENT_TEMPLATE = "conventions/documents/amendment.html"


def amendment_document(amendment: Amendment, *, printed_on: date | None = None) -> dict[str, object]:
    """Everything the printed avenant says, as text and lists; `amendment.convention` comes with its parties.

    `printed_on` is the civil date in the footer, today at the site unless given.
    """
    convention = amendment.convention
    sides = read_sides(amendment, convention)
    after = sides.facts_after
    table = sides.week_after
    site, ccas = convention.site, convention.ccas
    return {
        "organisation": ccas.name,
        "meta_author": ccas.name,
        "footer_site": site.name,
        "printed_on": printed_on or site.today(),
        "is_draft": amendment.is_draft,
        "title": f"Avenant n°{NO_BREAK_SPACE}{amendment.number} à la convention",
        "convention_title": convention.title,
        "subject": amendment.subject,
        "reference": convention.reference,
        "partner_colour": convention.partner.colour,
        "parties": [asdict(block) for block in text_blocks(convention.parties_text or parties_of(convention))],
        "preamble": _preamble(amendment, convention),
        "articles": _articles(sides),
        "done_at": amendment.signed_at or convention.signed_at or ccas.city,
        "done_on": format_date_long(amendment.signed_on) if amendment.signed_on else BLANK_DATE,
        "signatures": signatures_of(convention),
        "week_table": asdict(table) if table else None,
        "annex_title": f"Annexe – Grille, locaux et montant à compter du {format_date_long(amendment.effective_on)}",
        "annex_facts": annex_facts(after),
    }


def amendment_pdf(amendment: Amendment) -> bytes:
    """The tagged PDF of `amendment`, made of its rows as they are now."""
    return render_pdf(AMENDMENT_TEMPLATE, amendment_document(amendment))


def _preamble(amendment: Amendment, convention: Convention) -> list[str]:
    """What the avenant rests on: the convention, the earlier avenants, the deliberation, the reason."""
    signed = f", signée le {format_date_long(convention.signed_on)}" if convention.signed_on else ""
    lines = [
        f"Vu la convention «{NO_BREAK_SPACE}{convention.title}{NO_BREAK_SPACE}», conclue"
        f" {convention.term_sentence}{signed}{NO_BREAK_SPACE};"
    ]
    lines += [
        f"Vu l’avenant n°{NO_BREAK_SPACE}{earlier.number}, en vigueur {earlier.effect_sentence}{NO_BREAK_SPACE};"
        for earlier in convention.amendments.in_force()
        .filter(effective_on__lt=amendment.effective_on)
        .order_by("effective_on")
    ]
    act = amendment.deliberation
    if act is not None:
        lines.append(
            f"Vu la délibération du {format_date_long(act.session_on)} ({act.get_body_display()}, {act.number})"
            f"{NO_BREAK_SPACE};"
        )
    reason = amendment.reason.strip().rstrip(".;").rstrip()
    if reason:
        lines.append(f"{_considering(reason)}{NO_BREAK_SPACE};")
    lines.append(f"Il a été convenu ce qui suit{NO_BREAK_SPACE}:")
    return lines


def _considering(reason: str) -> str:
    """The reason as a « Considérant que », unless it is already written as one."""
    if reason.lower().startswith("considérant"):
        return reason
    first = reason[0].lower() if not reason[:2].isupper() else reason[0]
    clause = first + reason[1:]
    linking = "qu’" if first in "aeiouyéèêàâîôûh" else "que "
    return f"Considérant {linking}{clause}"


def _articles(sides: AmendmentSides) -> list[dict[str, object]]:
    """The articles of the avenant: one for each topic that changes, its effect, and what remains."""
    changed = [(change.title, [change.opening], change.lines) for change in sides.changes]
    if any(change.topic == "grid" for change in sides.changes):
        title, opening, lines = changed[0]
        changed[0] = (title, opening, (*lines, "La grille hebdomadaire est désormais celle de l’annexe."))
    effect = f"Le présent avenant prend effet {sides.amendment.effect_sentence}."
    articles = [
        *changed,
        ("Prise d’effet", [effect], ()),
        ("Autres dispositions", ["Les autres articles de la convention demeurent inchangés."], ()),
    ]
    return [
        {"number": number, "title": title, "paragraphs": paragraphs, "lines": list(lines)}
        for number, (title, paragraphs, lines) in enumerate(articles, start=1)
    ]
