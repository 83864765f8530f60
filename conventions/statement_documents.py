"""A fee statement on paper and as a workbook, from what was frozen when it was issued; no row of today is read."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from franceservices.dates import format_date_long
from franceservices.money import NO_BREAK_SPACE
from franceservices.pdf import render_pdf
from franceservices.xlsx import Cell, Sheet, render_workbook

from .models import FeeStatement

LIST_HEADER = (
    "Numéro",
    "Exercice",
    "Émis le",
    "Partenaire",
    "Espace",
    "Convention",
    "Période",
    "Du",
    "Au",
    "Montant (€)",
    "Titre",
    "Titre du",
    "Payé le",
    "Payé (€)",
    "Corrigé par",
    "Corrige",
    "Motif de la correction",
)


def statement_title(statement: FeeStatement) -> str:
    """« État liquidatif n° 2026-001 »."""
    return f"État liquidatif n°{NO_BREAK_SPACE}{statement.label}"


def statement_pdf(statement: FeeStatement, *, printed_on: date) -> bytes:
    """The tagged PDF of `statement`, from the template that it was issued with.

    The one thing that is not frozen stands on top: that a later statement replaces it, so that nobody pays it.
    """
    content = statement.content
    return render_pdf(
        content["template"],
        {
            "organisation": content["organisation"],
            "meta_author": content["organisation"],
            "footer_site": content["site"],
            "printed_on": printed_on,
            "title": statement_title(statement),
            "year": statement.year,
            "issued_on": statement.issued_on,
            "amount": statement.amount,
            "content": content,
            "replaced_by": statement.correction.label if statement.is_corrected else "",
        },
    )


def statement_xlsx(statement: FeeStatement) -> bytes:
    """The same as a workbook: what it rests on, the steps, and the amount as a number."""
    content = statement.content
    rows: list[tuple[Cell, Cell]] = [
        ("CCAS", content["organisation"]),
        ("Débiteur", content["debtor"]),
        ("Objet", content["object"]),
        ("Période", f"{content['period']} ({content['period_kind'].lower()})"),
        *((line["label"], line["text"]) for line in content["references"]),
    ]
    if content["allocation"]:
        rows.append(("Imputation", content["allocation"]))
    if "correction" in content:
        correction = content["correction"]
        rows += [
            ("Remplace l’état", f"{correction['number']} du {correction['issued_on']}, {correction['amount']}"),
            ("Motif", correction["reason"]),
            ("Différence", correction["difference"]),
        ]
    for base in content["bases"]:
        source = f" ({base['source']})" if base["source"] else ""
        rows.append((f"Montant annuel{source}", f"{base['annual_amount']}, {base['period']}"))
        rows += [(line["label"], line["text"]) for line in base["lines"]]
    rows += [(step["label"], step["text"]) for step in content["steps"]]
    title = statement_title(statement)
    return render_workbook(
        [
            Sheet(
                name=f"État {statement.label}",
                preface=(title, f"Exercice {statement.year}, émis le {format_date_long(statement.issued_on)}"),
                header=("Rubrique", "Détail"),
                rows=rows,
                totals=("Montant (€)", statement.amount),
            )
        ],
        title=title,
    )


def statements_xlsx(statements: Iterable[FeeStatement]) -> bytes:
    """The list of `statements`, read `with_parties`, with the sum of those that stand."""
    statements = list(statements)
    standing = [statement for statement in statements if not statement.is_corrected]
    totals: list[Cell] = [None] * len(LIST_HEADER)
    totals[0] = "Total, hors états corrigés"
    totals[LIST_HEADER.index("Montant (€)")] = sum((each.amount for each in standing), Decimal("0.00"))
    totals[LIST_HEADER.index("Payé (€)")] = sum((each.paid_amount or 0 for each in statements), Decimal("0.00"))
    return render_workbook(
        [
            Sheet(
                name="États liquidatifs",
                header=LIST_HEADER,
                rows=[_row(statement) for statement in statements],
                totals=totals,
            )
        ],
        title="États liquidatifs",
    )


def _row(statement: FeeStatement) -> list[Cell]:
    return [
        statement.label,
        statement.year,
        statement.issued_on,
        statement.content["debtor"],
        statement.content["site"],
        statement.convention.reference,
        statement.content["period_kind"],
        statement.starts_on,
        statement.ends_on,
        statement.amount,
        statement.revenue_order_number,
        statement.revenue_order_on,
        statement.paid_on,
        statement.paid_amount,
        statement.correction.label if statement.is_corrected else "",
        statement.corrects.label if statement.corrects else "",
        statement.correction_reason,
    ]
