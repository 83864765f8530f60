"""The money of the demonstration: the real budget line of 2025, and fictional statements at every stage.

Only under `DEMO`, where each statement says that it is worth nothing. Numbers of *titres* begin with « DÉMO ».
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from django.db import transaction

from partners.models import Ccas, Partner, Role, User

from .issuing import correct_statement, issue_statement, record_payment, record_revenue_order
from .models import BudgetLine, Convention, FeeStatement, StatementPeriod

SITE_SLUG = "planoise"
REAL_CONVENTION, FICTIONAL_CONVENTION = "besancon-cpam-2025", "planoise-caf-fictive"
SERVICE, NATURE = "28000 – MSAP", "70878"
PLANNED_2025 = Decimal("21500.00")
"""In the deliberation of 19 February 2025: for all partnerships together."""


def make_money(tell: Callable[[str], None]) -> None:
    """Budget lines and statements of Planoise; what is there already stays as it is."""
    ccas = Ccas.objects.filter(sites__slug=SITE_SLUG).first()
    by = User.objects.filter(ccas=ccas, role__in=(Role.MANAGER, Role.ADMINISTRATOR)).order_by("pk").first()
    if ccas is None or by is None:
        tell("Redevances\u00a0: ni espace ni responsable, rien n’est ajouté.")
        return
    lines_before = BudgetLine.objects.filter(ccas=ccas).count()
    with transaction.atomic():
        made = 0 if FeeStatement.objects.filter(ccas=ccas).exists() else _make_statements(by)
        _make_budget(ccas)
    lines = BudgetLine.objects.filter(ccas=ccas).count() - lines_before
    tell(f"Redevances\u00a0: {made} états liquidatifs et {lines} lignes budgétaires ajoutés.")


def _make_statements(by: User) -> int:
    """Two of 2025, one of them corrected in 2026, and one of 2026 that is not paid yet; as far as today allows."""
    conventions = {
        found.reference: found
        for found in Convention.objects.filter(reference__in=(REAL_CONVENTION, FICTIONAL_CONVENTION)).with_parties()
    }
    if len(conventions) < 2 or conventions[REAL_CONVENTION].site.today() < date(2026, 7, 1):
        return 0
    real, fictional = conventions[REAL_CONVENTION], conventions[FICTIONAL_CONVENTION]
    without_allocation = _issue(fictional, 2025, date(2025, 12, 10), by)
    _make_budget(real.ccas)
    paid = _issue(real, 2025, date(2025, 12, 15), by)
    _order(paid, "DÉMO-2025-418", date(2025, 12, 19), by)
    record_payment(statement=paid, on=date(2026, 1, 22), amount=paid.amount, by=by)
    corrected = correct_statement(
        statement=without_allocation,
        reason="L’imputation budgétaire manquait (démonstration)",
        issued_on=date(2026, 1, 15),
        by=by,
    )
    _order(corrected, "DÉMO-2026-031", date(2026, 1, 20), by)
    record_payment(statement=corrected, on=date(2026, 2, 27), amount=corrected.amount, by=by)
    unpaid = _issue(fictional, 2026, date(2026, 7, 1), by)
    _order(unpaid, "DÉMO-2026-207", date(2026, 7, 6), by)
    return 4


def _issue(convention: Convention, year: int, issued_on: date, by: User) -> FeeStatement:
    return issue_statement(
        convention=convention,
        period=StatementPeriod.CIVIL_YEAR,
        starts_on=max(convention.starts_on, date(year, 1, 1)),
        ends_on=min(convention.ends_on, date(year, 12, 31)),
        issued_on=issued_on,
        by=by,
    )


def _order(statement: FeeStatement, number: str, on: date, by: User) -> None:
    record_revenue_order(statement=statement, number=number, on=on, by=by)


def _make_budget(ccas: Ccas) -> None:
    """The line that the deliberation names, and one for each of the two partners in 2026, which are fictional."""
    partners = {
        convention.reference: convention.partner
        for convention in Convention.objects.filter(
            reference__in=(REAL_CONVENTION, FICTIONAL_CONVENTION)
        ).select_related("partner")
    }
    lines: list[tuple[int, str, Partner | None, Decimal]] = [(2025, "Partenariats France Services", None, PLANNED_2025)]
    lines += [
        (2026, "Mise à disposition de bureaux (démonstration)", partners[reference], amount)
        for reference, amount in ((REAL_CONVENTION, Decimal("1254.00")), (FICTIONAL_CONVENTION, Decimal("627.00")))
        if reference in partners
    ]
    for year, label, partner, amount in lines:
        BudgetLine.objects.get_or_create(
            ccas=ccas,
            year=year,
            service=SERVICE,
            nature=NATURE,
            label=label,
            partner=partner,
            defaults={"amount": amount},
        )
