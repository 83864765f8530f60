"""What a yearly report says: what the agreements ask for (CGSS, article V) and what a committee wants to see.

Read from the rows by the definitions of `figures`; plain values, so that an established report holds them for good.
"""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import groupby

from django.conf import settings
from django.utils import timezone

from casefiles.models import CaseFile
from casefiles.statistics import CaseFigures, case_figures
from conventions.billing import read_billing
from conventions.models import Convention, FeeStatement, ObligationDue
from franceservices.dates import format_date_long, format_month
from franceservices.identifiers import format_siren
from franceservices.money import NO_BREAK_SPACE, format_euros, format_number

from . import figures
from .figures import Figure, appointments, case_files, desk_visits, hours, trainings
from .frozen_figures import kept_chart, kept_figure
from .overview import Section, sections
from .periods import Period
from .scopes import Scope

TEMPLATE = "reports/documents/annual_report.html"
"""Kept in each report: a later form of the document gets another template and leaves the old ones as they were."""

KEY_FIGURES = (
    appointments.HELD,
    appointments.DISTINCT_PEOPLE,
    appointments.ABSENCE_RATE,
    hours.DELIVERED,
    appointments.LEAD_MEAN,
    appointments.WAITING_MEAN,
    desk_visits.COMPUTER_PEOPLE,
    case_files.SENT,
    case_files.DELAY_MEAN,
    trainings.PEOPLE_TRAINED,
)
# What the months are told by; the sum of three that only differ by who gave up stands in one column.
MONTHLY = (
    (appointments.SOURCE, (appointments.BOOKED, appointments.HELD, appointments.ABSENT)),
    (hours.SOURCE, (hours.CONTRACTUAL, hours.DELIVERED)),
    (desk_visits.SOURCE, (desk_visits.COMPUTER_PEOPLE,)),
    (case_files.SOURCE, (case_files.SENT,)),
)
# The charts of a committee; those of a screen are more.
CHARTS = frozenset({"rdv-temps", "rdv-motif", "rdv-absence", "heures-temps", "passages-motif", "dossiers-temps"})
# Trainings have a table of their own; offices are the space's, not the partner's.
TOLD = (appointments.SOURCE, hours.SOURCE, desk_visits.SOURCE, case_files.SOURCE)
STEPS = 8
"""How many times `report_content` says that a part of it is read."""


def _unheard() -> None:
    """Nobody waits for the steps."""


def report_content(
    convention: Convention,
    period: Period,
    *,
    difficulties: str,
    comments: str,
    tell: Callable[[], None] = _unheard,
) -> dict[str, object]:
    """Everything that the report of `convention`, read `with_parties`, prints for `period`.

    `tell` is called `STEPS` times on the way. A number of queries that does not depend on the rows.
    """
    site, partner, ccas = convention.site, convention.partner, convention.ccas
    scope = Scope(period=period, sites=(site,), partner=partner)
    content: dict[str, object] = {
        "template": TEMPLATE,
        "is_demonstration": settings.DEMO,
        "organisation": ccas.name,
        "organisation_siren": format_siren(ccas.siren) if ccas.siren else "",
        "organisation_address": ccas.address,
        "city": ccas.city,
        "site": site.name,
        "partner": partner.name,
        "partner_short_name": partner.short_name,
        "convention": convention.title,
        "facts": _facts(convention),
        "period": period.label,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "counted_at": timezone.now().astimezone(site.zone).isoformat(timespec="seconds"),
        "difficulties": difficulties,
        "comments": comments,
        "signatories": _signatories(convention),
    }
    tell()
    content["key_figures"] = _key_figures(scope)
    tell()
    told = sections([group for group in figures.GROUPS if group.source in TOLD], scope, scope.over(period.year_before))
    content["before"] = period.year_before.label
    content["sections"] = [_section(section) for section in told if not section.is_empty]
    tell()
    content["months"] = _months(scope)
    tell()
    content["case_kinds"] = _case_kinds(scope)
    tell()
    content["trainings"], content["committees"] = _trainings(convention, period), _committees(convention, period)
    content["people_trained"] = format_number(trainings.PEOPLE_TRAINED.value(scope))
    tell()
    content["duties"] = list(_duties(convention, period, today=site.today()))
    tell()
    content["money"] = _money(convention, period)
    tell()
    return content


def _facts(convention: Convention) -> list[dict[str, str]]:
    """What the report is about: parties, term, deliberation."""
    found = [("Entre", f"{convention.ccas.name} et {convention.partner.name}"), ("Durée", convention.term_sentence)]
    if convention.signed_on:
        place = f" à {convention.signed_at}" if convention.signed_at else ""
        found.append(("Signature", f"{format_date_long(convention.signed_on)}{place}"))
    act = convention.deliberation
    if act:
        found.append(("Délibération", f"séance du {format_date_long(act.session_on)}"))
    found.append(("Espace", convention.site.name))
    return [{"label": label, "text": text} for label, text in found]


def _signatories(convention: Convention) -> list[dict[str, str]]:
    return [
        {
            "party": convention.ccas.name,
            "name": convention.ccas_signatory_name,
            "title": convention.ccas_signatory_title,
        },
        {
            "party": convention.partner.name,
            "name": convention.partner_signatory_name,
            "title": convention.partner_signatory_title,
        },
    ]


def _key_figures(scope: Scope) -> list[dict[str, object]]:
    """The figures of the first page; those of an activity that there was none of are left out, but for the first."""
    values = figures.values(KEY_FIGURES, scope)
    return [
        kept_figure(figure, values[figure.slug])
        for figure in KEY_FIGURES
        if figure is appointments.HELD or values.get(figure.slug)
    ]


def _section(section: Section) -> dict[str, object]:
    """One activity: its figures with those of the year before, and its charts."""
    return {
        "slug": section.group.source.slug,
        "label": section.group.label,
        "is_compared": section.is_compared,
        "figures": [
            kept_figure(answer.figure, answer.value)
            | {
                "before": answer.change.before if answer.change else "",
                "difference": answer.change.difference if answer.change else "",
            }
            for answer in [*section.main, *section.others]
            if answer in section.main or answer.value
        ],
        "charts": [kept_chart(chart) for chart in section.charts if chart.key in CHARTS],
    }


def _months(scope: Scope) -> dict[str, object]:
    """A line for each month, the columns of an activity that there was none of left out, and the sums."""
    columns: list[tuple[Figure, dict[date, object]]] = []
    for _source, wanted in MONTHLY:
        parts = figures.parts(wanted, "mois", scope)
        if any(part.values[figure.slug] for part in parts for figure in wanted) or wanted[0] is appointments.BOOKED:
            columns += [(figure, {part.key: part.values[figure.slug] for part in parts}) for figure in wanted]
    rows = [
        [format_month(month), *(figure.unit.short(found.get(month, 0)) for figure, found in columns)]
        for month in scope.period.months
    ]
    totals = ["Total", *(figure.unit.short(sum(value or 0 for value in found.values())) for figure, found in columns)]
    return {"head": ["Mois", *(figure.label for figure, _found in columns)], "rows": rows, "foot": totals}


def _case_kinds(scope: Scope) -> dict[str, object] | None:
    """Files first sent in the period, by kind: outcomes, returns for incompleteness, delays; None where none was."""
    told = case_figures(
        files=CaseFile.objects.all(),
        first=scope.period.first,
        last=scope.period.last,
        site=scope.sites[0],
        partner=scope.partner,
    )
    if not told.total.sent:
        return None
    return {
        "rows": [_case_row(label, found) for label, found in told.kinds.items()],
        "foot": _case_row("Ensemble", told.total),
    }


def _case_row(label: str, found: CaseFigures) -> list[str]:
    counts = (
        found.sent,
        found.accepted,
        found.refused,
        found.pending,
        found.being_completed,
        found.withdrawn,
        found.returned,
    )
    return [label, *(format_number(count) for count in counts), _days(found.mean_days), _days(found.median_days)]


def _days(count: Decimal | None) -> str:
    return "–" if count is None else f"{format_number(count)}{NO_BREAK_SPACE}j"


def _trainings(convention: Convention, period: Period) -> list[dict[str, str]]:
    held = convention.training_sessions.filter(held_on__range=(period.first, period.last)).order_by("held_on", "pk")
    return [
        {
            "held_on": format_date_long(session.held_on),
            "subject": session.subject,
            "trainer": session.trainer,
            "people": format_number(session.people_trained),
        }
        for session in held
    ]


def _committees(convention: Convention, period: Period) -> list[dict[str, str]]:
    held = convention.committee_meetings.filter(held_on__range=(period.first, period.last)).order_by("held_on", "pk")
    return [{"held_on": format_date_long(meeting.held_on), "decisions": meeting.decisions.strip()} for meeting in held]


def _duties(convention: Convention, period: Period, *, today: date) -> Iterator[dict[str, object]]:
    """What was owed for a period that ends in `period`, by duty: how often, fulfilled, waived, late, still to come."""
    owed = (
        ObligationDue.objects.filter(
            obligation__convention=convention, period_ends_on__range=(period.first, period.last)
        )
        .select_related("obligation", "document", "committee_meeting", "training_session")
        .order_by("obligation__pk", "due_on")
    )
    for obligation, found in groupby(owed, key=lambda due: due.obligation):
        dues = list(found)
        fulfilled = [due for due in dues if due.fulfilled_on is not None]
        yield {
            "label": obligation.label,
            "article": obligation.article_number,
            "owed_by": obligation.get_owed_by_display(),
            "owed": len(dues),
            "fulfilled": len(fulfilled),
            "waived": sum(due.waived_at is not None for due in dues),
            "late": sum(due.is_late_on(today) for due in dues),
            "proof": _proof(fulfilled[-1]) if fulfilled else "",
        }


def _proof(due: ObligationDue) -> str:
    """What shows that the last one was fulfilled, and when; meetings and trainings say their day themselves."""
    dated = due.committee_meeting or due.training_session
    if dated:
        return str(dated)
    return f"{due.document or due.proof_note} ({format_date_long(due.fulfilled_on)})"


def _money(convention: Convention, period: Period) -> dict[str, object] | None:
    """What the fee was for the days of the period, and what was claimed and received for it; None without a fee."""
    billing = read_billing(convention)
    claimed = list(
        FeeStatement.objects.filter(
            convention=convention, starts_on__lte=period.last, ends_on__gte=period.first
        ).order_by("year", "number")
    )
    if not billing.has_fee and not claimed:
        return None
    standing = [statement for statement in claimed if not statement.is_corrected]
    received = sum((statement.paid_amount or Decimal(0) for statement in claimed), Decimal(0))
    return {
        "contractual": format_euros(
            billing.owed(max(period.first, convention.starts_on), min(period.last, convention.ends_on))
        ),
        "issued": format_euros(sum((statement.amount for statement in standing), Decimal(0))),
        "received": format_euros(received),
        "statements": [
            {
                "label": statement.label,
                "period": f"du {format_date_long(statement.starts_on)} au {format_date_long(statement.ends_on)}",
                "amount": format_euros(statement.amount),
                "order": statement.revenue_order_number,
                "paid": _paid(statement),
            }
            for statement in standing
        ],
    }


def _paid(statement: FeeStatement) -> str:
    if statement.paid_on is None:
        return "non encaissé"
    return f"{format_euros(statement.paid_amount)}, le {format_date_long(statement.paid_on)}"
