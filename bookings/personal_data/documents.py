"""Papers about personal data: the register, everything kept about one person, the list of those to be anonymised."""

import re
from datetime import date
from zoneinfo import ZoneInfo

from bookings.models import EliminationLine, EliminationList
from franceservices.dates import format_date_long
from franceservices.pdf import render_pdf
from partners.models import Site

from .export import PersonalExport, Section
from .records import cells_of, in_words
from .register import ADDED, SECURITY, Register

FOLDER = "bookings/documents"


def _paper(site: Site, *, footer: str, printed_on: date | None = None) -> dict[str, object]:
    return {
        "organisation": site.ccas.name,
        "meta_author": site.ccas.name,
        "footer_site": footer,
        "printed_on": printed_on or site.today(),
    }


def register_pdf(register: Register, *, site: Site) -> bytes:
    """The register of the CCAS that runs `site`, as it stands."""
    context = {"register": register, "security": SECURITY, "added_label": ADDED}
    return render_pdf(f"{FOLDER}/register.html", _paper(site, footer="Registre des traitements") | context)


def export_pdf(export: PersonalExport, register: Register, *, site: Site) -> bytes:
    """What is kept about a person, for herself: in French, empty fields left out."""
    sections = [_printed_section(section, export.zone) for section in export.sections if section.records]
    context = {
        "empty": [section.title for section in export.sections if not section.records],
        "visitor": export.visitor,
        "made_on": export.made_at.date(),
        "sections": sections,
        "left_out": export.left_out,
        "register": register,
    }
    return render_pdf(f"{FOLDER}/personal_export.html", _paper(site, footer="Données personnelles") | context)


def _printed_section(section: Section, zone: ZoneInfo) -> dict[str, object]:
    """A table of its columns, or each record whole with the fields that hold something."""
    return {
        "title": section.title,
        "count": len(section.records),
        "head": [section.labels[name] for name in section.columns],
        "rows": [[in_words(record.get(name), zone) for name in section.columns] for record in section.records],
        "records": [cells_of(record, section.labels, zone) for record in section.records],
    }


def elimination_pdf(elimination: EliminationList, *, site: Site) -> bytes:
    """The list as it is kept for good: numbers of cards, dates and counts, no name and no initials.

    A paper that outlives the data must not say again whose they were; the number is what the anonymous rows keep.
    """
    lines = list(elimination.lines.order_by("position"))
    context = {
        "elimination": elimination,
        "rules": [
            {**rule, "before": format_date_long(date.fromisoformat(rule["before"]))} for rule in elimination.rules
        ],
        "lines": [_printed(line) for line in lines],
        "totals": totals(lines),
        "kept_count": sum(bool(line.kept_because) for line in lines),
        "zone": site.zone,
    }
    footer = f"Liste d’élimination n°\u00a0{elimination.full_number}"
    return render_pdf(f"{FOLDER}/elimination.html", _paper(site, footer=footer) | context)


def _printed(line: EliminationLine) -> dict[str, object]:
    return {"line": line, "counts": counts_in_words(line.emptied or line.counts)}


def counts_in_words(counts: dict[str, int]) -> str:
    """« 4 rendez-vous, 1 dossier »: kinds are named in the plural."""
    return ", ".join(f"{count}\u00a0{kind if count > 1 else _one(kind)}" for kind, count in counts.items())


def _one(kind: str) -> str:
    return kind if kind.endswith("rendez-vous") else re.sub(r"s\b", "", kind)


def totals(lines: list[EliminationLine]) -> dict[str, int]:
    """How many rows of each kind are to be emptied, or were, of all people who are not kept."""
    found: dict[str, int] = {}
    for line in lines:
        if not line.kept_because:
            for kind, count in (line.emptied or line.counts).items():
                found[kind] = found.get(kind, 0) + count
    return dict(sorted(found.items()))
