"""Issuing fee statements, correcting them, and writing back what the finance system answers.

A statement is frozen when it is issued (a trigger of the database sees to it) and never deleted; a mistake is corrected
by a new one. Numbers follow one another without a gap in each CCAS and year: whoever issues holds the row of the CCAS
until her transaction ends, so that a number is taken only by a statement that stays.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from franceservices.dates import format_date_long
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from franceservices.money import format_euros
from partners.models import Ccas, User
from partners.numbering import hold_numbers_of, latest_issue, next_number

from .billing import Billing, read_billing
from .models import Convention, FeeStatement, StatementPeriod
from .statement_content import corrected_content, statement_content
from .statements import period_sentence

LONGEST_REASON = FeeStatement._meta.get_field("correction_reason").max_length

ALREADY_BILLED = DomainError(
    "Un état liquidatif couvre déjà tout ou partie de cette période. Rien n’est émis\u00a0: s’il est faux, corrigez-le."
)


@dataclass(frozen=True)
class _Days:
    """A period, both days included."""

    starts_on: date
    ends_on: date


@transaction.atomic
def issue_statement(
    *,
    convention: Convention,
    period: StatementPeriod,
    starts_on: date,
    ends_on: date,
    by: User,
    issued_on: date | None = None,
    expected_amount: Decimal | None = None,
) -> FeeStatement:
    """Issue the statement of `[starts_on, ends_on]`, which is one of the years of `period` within the term.

    `issued_on` is today at the site unless given; `expected_amount`, what the person was shown before she confirmed.
    Raises DomainError when the period is not such a year, has not begun, owes nothing or is billed already, when the
    convention is billed by the other kind of year, when the date does not suit, or when the amount is no longer the
    expected one; Convention.DoesNotExist outside the perimeter of `by`. No number is lost then.
    """
    convention = _locked(convention, by)
    issued_on = _checked_day_of_issue(convention, issued_on)
    billing = read_billing(convention)
    if (starts_on, ends_on) not in billing.years(period):
        raise DomainError(
            f"La période {period_sentence(starts_on, ends_on)} n’est pas une "
            f"{StatementPeriod(period).label.lower()} de cette convention, qui court {convention.term_sentence}."
        )
    if starts_on > issued_on:
        raise DomainError(
            f"Cette période ne commence que le {format_date_long(starts_on)}. Attendez ce jour pour émettre l’état."
        )
    if not billing.owed(starts_on, ends_on):
        raise DomainError("Rien n’est dû pour cette période\u00a0: il n’y a pas d’état à émettre.")
    if convention.fee_statements.standing().filter(starts_on__lte=ends_on, ends_on__gte=starts_on).exists():
        raise ALREADY_BILLED
    _check_same_cutting(convention, StatementPeriod(period))
    _check_expected(billing.owed(starts_on, ends_on), expected_amount)
    content = statement_content(billing, kind=period, starts_on=starts_on, ends_on=ends_on, year=issued_on.year)
    return _create(billing, _Days(starts_on, ends_on), period=period, content=content, issued_on=issued_on, by=by)


@transaction.atomic
def correct_statement(
    *,
    statement: FeeStatement,
    reason: str,
    by: User,
    issued_on: date | None = None,
    expected_amount: Decimal | None = None,
) -> FeeStatement:
    """Issue a new statement in the place of `statement`, for what the convention says now, and mark the old corrected.

    The new one claims the whole amount of the period, 0 € where nothing is owed any more; the old keeps its number, its
    *titre* and its payment. Raises DomainError without a reason, when it is corrected already, or what
    `issue_statement` raises about the date, the period and the amount.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise DomainError("Dites pourquoi cet état est corrigé\u00a0: le motif figure sur le nouvel état.")
    if len(reason) > LONGEST_REASON:
        raise DomainError(f"Le motif ne peut pas dépasser {LONGEST_REASON} caractères.")
    convention = _locked(statement.convention, by)
    old = FeeStatement.objects.select_for_update(no_key=True).get(pk=statement.pk)
    if old.is_corrected:
        raise DomainError(f"L’état n° {old.label} est déjà corrigé par l’état n° {old.correction.label}.")
    issued_on = _checked_day_of_issue(convention, issued_on)
    billing = read_billing(convention)
    days = replaced_days(billing, old)
    _check_expected(billing.owed(days.starts_on, days.ends_on), expected_amount)
    content = statement_content(
        billing, kind=old.period, starts_on=days.starts_on, ends_on=days.ends_on, year=issued_on.year
    )
    FeeStatement.objects.filter(pk=old.pk).update(is_corrected=True)
    return _create(
        billing,
        days,
        period=StatementPeriod(old.period),
        content=corrected_content(content, corrected=old, reason=reason),
        issued_on=issued_on,
        by=by,
        corrects=old,
        correction_reason=reason,
    )


def replaced_days(billing: Billing, statement: FeeStatement) -> _Days:
    """The days that the correction of `statement` covers: its year as the term now cuts it, or its own days where
    nothing of that year is left in the term."""
    for starts_on, ends_on in billing.years(StatementPeriod(statement.period)):
        if starts_on <= statement.ends_on and ends_on >= statement.starts_on:
            return _Days(starts_on, ends_on)
    return _Days(statement.starts_on, statement.ends_on)


@transaction.atomic
def record_revenue_order(*, statement: FeeStatement, number: str, on: date, by: User) -> FeeStatement:
    """Write back the number and the date of the *titre* that the finance system issued. Raises DomainError."""
    found = _locked_statement(statement, by)
    number = " ".join(number.split())
    if not number:
        raise DomainError("Donnez le numéro du titre.")
    if found.is_corrected:
        raise DomainError(f"L’état n° {found.label} est corrigé\u00a0: le titre se note sur celui qui le remplace.")
    if on < found.issued_on:
        raise DomainError(
            f"Le titre ne peut pas précéder l’état, émis le {format_date_long(found.issued_on)}. Vérifiez sa date."
        )
    _check_not_future(found, on)
    if found.paid_on and on > found.paid_on:
        raise DomainError(
            f"Le paiement du {format_date_long(found.paid_on)} précéderait le titre. Corrigez d’abord le paiement."
        )
    found.revenue_order_number, found.revenue_order_on = number, on
    found.save(update_fields=["revenue_order_number", "revenue_order_on"])
    return found


@transaction.atomic
def clear_revenue_order(*, statement: FeeStatement, by: User) -> FeeStatement:
    """Take back a *titre* typed by mistake. Raises DomainError while a payment rests on it."""
    found = _locked_statement(statement, by)
    if found.paid_on:
        raise DomainError("Un paiement est noté sur ce titre. Retirez d’abord le paiement.")
    found.revenue_order_number, found.revenue_order_on = "", None
    found.save(update_fields=["revenue_order_number", "revenue_order_on"])
    return found


@transaction.atomic
def record_payment(*, statement: FeeStatement, on: date, amount: Decimal, by: User) -> FeeStatement:
    """Write back the day and the amount (euros) of the payment of the *titre*. Raises DomainError."""
    found = _locked_statement(statement, by)
    if not found.revenue_order_on:
        raise DomainError("Notez d’abord le titre\u00a0: c’est lui que le partenaire paie.")
    if on < found.revenue_order_on:
        raise DomainError(
            f"Le titre est du {format_date_long(found.revenue_order_on)}, le paiement ne peut pas le précéder."
        )
    _check_not_future(found, on)
    if amount <= 0:
        raise DomainError("Le montant payé doit être supérieur à 0.")
    if amount > found.amount:
        raise DomainError(f"L’état est de {format_euros(found.amount)}\u00a0: le paiement ne peut pas le dépasser.")
    found.paid_on, found.paid_amount = on, amount
    found.save(update_fields=["paid_on", "paid_amount"])
    return found


@transaction.atomic
def clear_payment(*, statement: FeeStatement, by: User) -> FeeStatement:
    """Take back a payment typed by mistake."""
    found = _locked_statement(statement, by)
    found.paid_on, found.paid_amount = None, None
    found.save(update_fields=["paid_on", "paid_amount"])
    return found


def _locked(convention: Convention, by: User) -> Convention:
    """The convention as it is now; its CCAS is held first, so that issues of one CCAS follow one another."""
    hold_numbers_of(Ccas.objects.get(sites__conventions=convention))
    # Then the convention: its avenants wait, and what is claimed is what its terms say until this transaction ends.
    list(Convention.objects.select_for_update(no_key=True).filter(pk=convention.pk))
    return Convention.objects.visible_to(by).with_parties().get(pk=convention.pk)


def _locked_statement(statement: FeeStatement, by: User) -> FeeStatement:
    return (
        FeeStatement.objects.visible_to(by)
        .select_for_update(no_key=True, of=["self"])
        .select_related("convention__site")
        .get(pk=statement.pk)
    )


def _checked_day_of_issue(convention: Convention, issued_on: date | None) -> date:
    """The day of issue: not to come, and not before a statement of its year that bears a smaller number."""
    today = convention.site.today()
    issued_on = issued_on or today
    if issued_on > today:
        raise DomainError("La date d’émission ne peut pas être à venir.")
    latest = latest_issue(FeeStatement, ccas_id=convention.ccas.pk, year=issued_on.year)
    if latest and issued_on < latest:
        raise DomainError(
            f"Un état de {issued_on.year} porte déjà la date du {format_date_long(latest)}. "
            "Les numéros suivent l’ordre des dates\u00a0: choisissez ce jour ou un jour suivant."
        )
    return issued_on


def _check_same_cutting(convention: Convention, period: StatementPeriod) -> None:
    """One convention is billed by civil years or between anniversaries: between the two, days would be left out."""
    other = convention.fee_statements.standing().exclude(period=period).first()
    if other is not None:
        raise DomainError(
            f"Les états de cette convention se font par {other.get_period_display().lower()}, depuis l’état "
            f"n° {other.label}. Continuez ainsi\u00a0: avec l’autre découpage, des jours resteraient sans état."
        )


def _check_expected(amount: Decimal, expected: Decimal | None) -> None:
    if expected is not None and amount != expected:
        raise DomainError(
            f"Le montant dû a changé depuis l’aperçu\u00a0: {format_euros(amount)}, non {format_euros(expected)}. "
            "Rien n’est émis\u00a0: relisez le calcul, puis confirmez."
        )


def _check_not_future(statement: FeeStatement, day: date) -> None:
    if day > statement.convention.site.today():
        raise DomainError("Cette date est à venir. Notez-la quand elle est passée.")


def _create(
    billing: Billing, days: _Days, *, period: StatementPeriod, content: dict, issued_on: date, by: User, **fields
) -> FeeStatement:
    convention = billing.convention
    with translate_violations({"statement_period_once": ALREADY_BILLED}):
        return FeeStatement.objects.create(
            ccas=convention.ccas,
            convention=convention,
            year=issued_on.year,
            number=next_number(FeeStatement, ccas_id=convention.ccas.pk, year=issued_on.year),
            period=period,
            starts_on=days.starts_on,
            ends_on=days.ends_on,
            amount=billing.owed(days.starts_on, days.ends_on),
            content=content,
            issued_on=issued_on,
            issued_by=by,
            **fields,
        )
