"""A yearly report on paper: as it was established, or a draft with the figures of now."""

from collections.abc import Callable

from franceservices.money import NO_BREAK_SPACE
from franceservices.pdf import render_pdf

from .annual_content import STEPS, report_content
from .models import AnnualReport

REPORT_STEPS = STEPS + 2
"""How many times `report_pdf` says that a step is done: each part that is read, the beginning and the laying out."""


def report_title(report: AnnualReport) -> str:
    """« Bilan annuel n° 2026-001 », or « Projet de bilan annuel »."""
    return f"Bilan annuel n°{NO_BREAK_SPACE}{report.label}" if report.is_issued else "Projet de bilan annuel"


def report_file_name(report: AnnualReport) -> str:
    """What its file is called, without its end."""
    name = f"n-{report.label}" if report.is_issued else "projet"
    return f"bilan-{report.convention.reference}-{report.ends_on:%Y}-{name}"


def report_pdf(report: AnnualReport, *, tell: Callable[[], None]) -> bytes:
    """The tagged PDF of `report`, read `with_parties`; `tell` is called `REPORT_STEPS` times."""
    tell()
    if report.is_issued:
        content = report.content
        for _ in range(STEPS):
            tell()
    else:
        content = report_content(
            report.convention,
            report.period,
            difficulties=report.difficulties,
            comments=report.comments,
            tell=tell,
        )
    made = render_pdf(content["template"], paper_context(report, content))
    tell()
    return made


def paper_context(report: AnnualReport, content: dict[str, object]) -> dict[str, object]:
    """What the template of the document needs."""
    replacing = getattr(report, "replaced_by", None) if report.is_replaced else None
    return {
        "organisation": content["organisation"],
        "meta_author": content["organisation"],
        "footer_site": content["site"],
        "printed_on": report.convention.site.today(),
        "title": report_title(report),
        "is_draft": not report.is_issued,
        "issued_on": report.issued_on,
        "replaces": report.replaces.label if report.replaces_id else "",
        "replaced_by": replacing.label if replacing else "",
        "content": content,
    }
