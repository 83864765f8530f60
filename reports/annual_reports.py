"""The writers of yearly reports: a draft with words of people, then established for good."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from conventions.duties import convention_years
from conventions.fulfilment import fulfil
from conventions.models import Convention, ObligationDue, ObligationKind
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import User
from partners.numbering import hold_numbers_of, next_number

from .annual_content import report_content
from .day_of_issue import checked_day_of_issue
from .models import AnnualReport
from .periods import Period

LONGEST_TEXT = 10_000
ALREADY_ESTABLISHED = DomainError("Le bilan de cette période vient d’être établi. Rien n’est changé\u00a0: relisez-le.")


def report_periods(convention: Convention, *, today: date) -> list[Period]:
    """The periods that a report may be about, the last first: the years of the convention and the civil years of its
    term that have begun."""
    found = {Period(first, last) for first, last in convention_years(convention.starts_on, convention.ends_on)}
    found |= {Period.of_year(year) for year in range(convention.starts_on.year, convention.ends_on.year + 1)}
    return sorted((period for period in found if period.first <= today), key=lambda one: (one.last, one.first))[::-1]


@transaction.atomic
def begin_report(*, convention: Convention, period: Period, by: User) -> AnnualReport:
    """The draft of the report of `convention` for `period`: the one that there is, or a new one.

    One that follows an established report takes its words over, to be corrected. Raises DomainError for a period that
    is none of the convention's; Convention.DoesNotExist outside the perimeter of `by`.
    """
    convention = Convention.objects.visible_to(by).with_parties().get(pk=convention.pk)
    list(Convention.objects.select_for_update(no_key=True).filter(pk=convention.pk))
    if period not in report_periods(convention, today=convention.site.today()):
        raise DomainError("Choisissez une année de la convention ou une année civile qui a commencé.")
    same = AnnualReport.objects.filter(convention=convention, starts_on=period.first, ends_on=period.last)
    draft = same.drafts().first()
    if draft is not None:
        return draft
    standing = same.issued().filter(is_replaced=False).first()
    return AnnualReport.objects.create(
        ccas=convention.ccas,
        convention=convention,
        starts_on=period.first,
        ends_on=period.last,
        difficulties=standing.difficulties if standing else "",
        comments=standing.comments if standing else "",
        written_by=by,
    )


@transaction.atomic
def write_report(*, report: AnnualReport, difficulties: str, comments: str, by: User) -> AnnualReport:
    """Keep the words of a draft. Raises DomainError for an established one or a text that is too long."""
    report = _locked(report, by)
    if report.is_issued:
        raise DomainError("Ce bilan est établi\u00a0: ses textes ne changent plus. Préparez un nouveau bilan.")
    difficulties, comments = difficulties.strip(), comments.strip()
    if max(len(difficulties), len(comments)) > LONGEST_TEXT:
        raise DomainError(f"Un texte ne peut pas dépasser {LONGEST_TEXT} caractères.")
    report.difficulties, report.comments = difficulties, comments
    report.written_at, report.written_by = timezone.now(), by
    report.save(update_fields=["difficulties", "comments", "written_at", "written_by"])
    return report


@transaction.atomic
def discard_report(*, report: AnnualReport, by: User) -> None:
    """Delete a draft with its words. Raises DomainError for an established one."""
    report = _locked(report, by)
    if report.is_issued:
        raise DomainError("Ce bilan est établi\u00a0: il reste.")
    report.delete()


@transaction.atomic
def establish_report(*, report: AnnualReport, by: User, issued_on: date | None = None) -> AnnualReport:
    """Freeze a draft with the figures of now, give it a number, fulfil the duty that asks for it.

    An established report of the same period is replaced, and stays. Raises DomainError while the period runs, for one
    that is established, or a day that does not suit; AnnualReport.DoesNotExist outside the perimeter of `by`.
    """
    site = AnnualReport.objects.visible_to(by).with_parties().get(pk=report.pk).convention.site
    hold_numbers_of(site.ccas)
    report = _locked(report, by)
    if report.is_issued:
        raise DomainError(f"Ce bilan est déjà établi, sous le n° {report.label}.")
    issued_on = checked_day_of_issue(AnnualReport, site=site, issued_on=issued_on)
    if issued_on <= report.ends_on:
        raise DomainError("La période n’est pas terminée\u00a0: le bilan s’établit à partir du lendemain.")
    convention = Convention.objects.visible_to(by).with_parties().get(pk=report.convention_id)
    same = AnnualReport.objects.filter(convention=convention, starts_on=report.starts_on, ends_on=report.ends_on)
    standing = same.issued().filter(is_replaced=False).first()
    if standing is not None:
        AnnualReport.objects.filter(pk=standing.pk).update(is_replaced=True)
        report.replaces = standing
    report.year = issued_on.year
    report.number = next_number(AnnualReport, ccas_id=report.ccas_id, year=issued_on.year)
    duty = duty_of(report)
    if duty is not None:  # First of all: the table of duties of the report tells it.
        proof = f"Bilan annuel n° {report.year}-{report.number:03d}"
        fulfil(occurrence=duty, on=issued_on, by=by, proof_note=proof)
    report.content = report_content(
        convention, report.period, difficulties=report.difficulties, comments=report.comments
    )
    report.issued_on, report.issued_at, report.issued_by = issued_on, timezone.now(), by
    with translate_violations({"annual_report_one_standing": ALREADY_ESTABLISHED}):
        report.save()
    return report


def duty_of(report: AnnualReport) -> ObligationDue | None:
    """The open occurrence that the report fulfils: of a yearly report, whose year its period covers most of."""
    due = (
        ObligationDue.objects.open()
        .filter(
            obligation__convention=report.convention_id,
            obligation__kind=ObligationKind.YEARLY_REPORT,
            period_starts_on__lte=report.ends_on,
            period_ends_on__gte=report.starts_on,
        )
        .select_related("obligation")
    )
    return max(due, key=lambda found: _common_days(found, report), default=None)


def _common_days(due: ObligationDue, report: AnnualReport) -> int:
    return (min(due.period_ends_on, report.ends_on) - max(due.period_starts_on, report.starts_on)).days


def _locked(report: AnnualReport, by: User) -> AnnualReport:
    return (
        AnnualReport.objects.visible_to(by)
        .select_related("convention")
        .select_for_update(no_key=True, of=["self"])
        .get(pk=report.pk)
    )
