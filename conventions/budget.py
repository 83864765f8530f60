"""A CCAS's year of partnerships in money: what was planned, what is contractual, issued and received, side by side.

One definition of each, said on the page:

- planned: the budget lines of the year;
- contractual: what the terms of the conventions, as amended, owe for the days of the civil year (drafts left out);
- issued: the standing statements of the *exercice*, that is those issued in the year, whatever days they cover;
- received: the payments noted on the statements of the *exercice*, corrected ones among them, whatever their day.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q

from franceservices.errors import DomainError
from franceservices.text import fold
from franceservices.xlsx import Cell, Sheet, render_workbook
from partners.models import Ccas, Partner, User

from .billing import read_billings
from .models import BudgetLine, Convention, FeeStatement

NOTHING = Decimal("0.00")
FIGURES_HEADER = (
    "Partenaire",
    "Prévu (€)",
    "Contractuel (€)",
    "Émis (€)",
    "Encaissé (€)",
    "Écart au prévu (€)",
    "Reste à émettre (€)",
    "Reste à encaisser (€)",
)


@dataclass
class Figures:
    """The four amounts of one partner, or of all, in euros; `planned` is None where no line names the partner."""

    planned: Decimal | None = None
    contractual: Decimal = NOTHING
    issued: Decimal = NOTHING
    received: Decimal = NOTHING

    @property
    def planned_gap(self) -> Decimal | None:
        """Planned less contractual: what the budget expects beyond the conventions."""
        return None if self.planned is None else self.planned - self.contractual

    @property
    def to_issue(self) -> Decimal:
        """Contractual less issued; negative where a year's statements also claim other years."""
        return self.contractual - self.issued

    @property
    def to_receive(self) -> Decimal:
        """Issued less received."""
        return self.issued - self.received

    def cells(self) -> list[Cell]:
        return [
            self.planned,
            self.contractual,
            self.issued,
            self.received,
            self.planned_gap,
            self.to_issue,
            self.to_receive,
        ]


@dataclass
class Budget:
    """The year `year` of a CCAS: its lines, the figures of each partner by name, and those of all."""

    year: int
    lines: list[BudgetLine]
    partners: list[tuple[Partner, Figures]]
    total: Figures = field(default_factory=Figures)

    def lines_matching(self, words: str) -> list[BudgetLine]:
        """The lines in whose service, nature, label or partner each of `words` occurs, accents and case aside."""
        wanted = fold(words.replace("\x00", " ")).split()
        return [line for line in self.lines if all(word in fold(_words_of(line)) for word in wanted)]

    @property
    def shared(self) -> Decimal:
        """What is planned for all partnerships together, that no partner's row can show."""
        return sum((line.amount for line in self.lines if line.partner_id is None), NOTHING)


def read_budget(ccas: Ccas, year: int) -> Budget:
    """The figures of the civil year `year`, in a constant number of queries."""
    lines = list(BudgetLine.objects.filter(ccas=ccas, year=year).select_related("partner"))
    figures: dict[int, Figures] = {}
    partners: dict[int, Partner] = {}

    def of(partner: Partner) -> Figures:
        partners.setdefault(partner.pk, partner)
        return figures.setdefault(partner.pk, Figures())

    for line in lines:
        if line.partner is not None:
            found = of(line.partner)
            found.planned = (found.planned or NOTHING) + line.amount
    first, last = date(year, 1, 1), date(year, 12, 31)
    for billing in read_billings(_binding_conventions(ccas, first, last)):
        owed = billing.owed(first, last)
        if owed:
            of(billing.convention.partner).contractual += owed
    for statement in _statements(ccas, year):
        found = of(statement.convention.partner)
        if not statement.is_corrected:
            found.issued += statement.amount
        found.received += statement.paid_amount or NOTHING
    budget = Budget(
        year=year,
        lines=lines,
        partners=sorted(
            ((partners[pk], found) for pk, found in figures.items()), key=lambda row: (row[0].short_name, row[0].pk)
        ),
    )
    for _partner, found in budget.partners:
        budget.total.contractual += found.contractual
        budget.total.issued += found.issued
        budget.total.received += found.received
    if lines:
        budget.total.planned = sum((line.amount for line in lines), NOTHING)
    return budget


def budget_years(ccas: Ccas, *, this_year: int) -> list[int]:
    """The years worth a look, the latest first: those of lines, statements and conventions, and this year."""
    years = {this_year, *BudgetLine.objects.filter(ccas=ccas).values_list("year", flat=True)}
    years |= set(FeeStatement.objects.filter(ccas=ccas).values_list("year", flat=True))
    terms = Convention.objects.filter(site__ccas=ccas, fee_terms__isnull=False).values_list("starts_on", "ends_on")
    for starts_on, ends_on in terms:
        years |= set(range(starts_on.year, ends_on.year + 1))
    return sorted(years, reverse=True)


def budget_xlsx(budget: Budget) -> bytes:
    """The figures and the lines of a year, one sheet each."""
    title = f"Budget {budget.year}"
    rows: list[list[Cell]] = [[partner.name, *figures.cells()] for partner, figures in budget.partners]
    if budget.shared:
        rows.append(["Tous les partenariats ensemble", budget.shared, None, None, None, None, None, None])
    return render_workbook(
        [
            Sheet(
                name=title,
                preface=(f"{title}, partenariats",),
                header=FIGURES_HEADER,
                rows=rows,
                totals=["Total", *budget.total.cells()],
            ),
            Sheet(
                name="Lignes",
                header=("Exercice", "Service", "Nature", "Libellé", "Partenaire", "Montant prévu (€)"),
                rows=[
                    [
                        line.year,
                        line.service,
                        line.nature,
                        line.label,
                        line.partner.name if line.partner else "tous",
                        line.amount,
                    ]
                    for line in budget.lines
                ],
            ),
        ],
        title=title,
    )


def lines_to_copy(ccas: Ccas, year: int) -> list[BudgetLine]:
    """The lines of the year before `year` that it does not have, by service, nature, label and partner."""
    present = {_key(line) for line in BudgetLine.objects.filter(ccas=ccas, year=year)}
    before = BudgetLine.objects.filter(ccas=ccas, year=year - 1).select_related("partner")
    return [line for line in before if _key(line) not in present]


@transaction.atomic
def copy_budget_lines(*, ccas: Ccas, year: int, by: User) -> list[BudgetLine]:
    """Take the lines of the year before into `year`, with their amounts; lines that are there stay as they are.

    Raises DomainError when there is nothing to take, Ccas.DoesNotExist outside the perimeter of `by`.
    """
    locked = Ccas.objects.visible_to(by).select_for_update(no_key=True).get(pk=ccas.pk)
    copied = lines_to_copy(locked, year)
    if not copied:
        raise DomainError(f"L’exercice {year - 1} n’a aucune ligne que {year} n’ait déjà.")
    for line in copied:
        line.pk, line.year = None, year
        line._state.adding = True
    return BudgetLine.objects.bulk_create(copied)


def _binding_conventions(ccas: Ccas, first: date, last: date) -> Iterable[Convention]:
    """The conventions that run within the days, without those that nobody approved or signed before they begin."""
    approved = Q(deliberation__isnull=False) | Q(signed_on__isnull=False)
    found = Convention.objects.filter(site__ccas=ccas, starts_on__lte=last, ends_on__gte=first)
    return [
        convention
        for convention in found.annotate(is_approved=ExpressionWrapper(approved, BooleanField())).select_related(
            "partner", "site"
        )
        if convention.is_approved or convention.starts_on <= convention.site.today()
    ]


def _statements(ccas: Ccas, year: int) -> Iterable[FeeStatement]:
    return FeeStatement.objects.filter(ccas=ccas, year=year).select_related("convention__partner").defer("content")


def _key(line: BudgetLine) -> tuple[str, str, str, int | None]:
    return line.service, line.nature, line.label, line.partner_id


def _words_of(line: BudgetLine) -> str:
    partner = line.partner.name + " " + line.partner.short_name if line.partner else "tous les partenariats"
    return f"{line.service} {line.nature} {line.label} {partner}"
