"""A monthly return on paper, from what was frozen when it was established; no row of today is read."""

from datetime import date

from franceservices.money import NO_BREAK_SPACE
from franceservices.pdf import render_pdf

from .models import MonthlyReturn


def return_title(monthly_return: MonthlyReturn) -> str:
    """« Relevé mensuel n° 2026-001 »."""
    return f"Relevé mensuel n°{NO_BREAK_SPACE}{monthly_return.label}"


def return_file_name(monthly_return: MonthlyReturn) -> str:
    """What its file is called, without its end."""
    return f"releve-{monthly_return.partner.slug}-{monthly_return.month:%Y-%m}-n-{monthly_return.label}"


def return_pdf(monthly_return: MonthlyReturn, *, printed_on: date) -> bytes:
    """The tagged PDF, from the template that it was established with; read `with_parties`.

    The one thing that is not frozen stands on top: that a later version replaces it.
    """
    content = monthly_return.content
    return render_pdf(
        content["template"],
        {
            "organisation": content["organisation"],
            "meta_author": content["organisation"],
            "footer_site": content["site"],
            "printed_on": printed_on,
            "title": return_title(monthly_return),
            "version": monthly_return.version,
            "issued_on": monthly_return.issued_on,
            "content": content,
            "correction": content.get("correction"),
            "replaced_by": monthly_return.correction.label if monthly_return.is_corrected else "",
        },
    )
