"""What falls due under conventions, merged: what the parties owe, and the dates that the agreements themselves set.

The one source of the page « Échéances », of its iCalendar feed and of the weekly e-mail, so that they cannot differ.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from franceservices.dates import add_months, format_date_long, format_month
from franceservices.text import fold
from partners.models import Site

from .deadlines import anniversaries, notice_days
from .models import Convention, Document, DocumentKind, Frequency, NoticeReading, ObligationDue, ObligationKind, Party

# A convention over for longer than this says no more of itself; its own page still does.
REMEMBERED_MONTHS = 12
MONTHS_AHEAD = 3


class When(Enum):
    """Where a date stands beside today."""

    LATE = "En retard"
    THIS_MONTH = "Ce mois-ci"
    NEXT_MONTHS = "Les trois mois suivants"
    LATER = "Plus tard"


@dataclass(frozen=True)
class DueDate:
    """One line: `what` falls due on the civil date `due_on`, included.

    `key` stays the same as long as the thing does, whatever its words. `occurrence` is set for what somebody owes and
    has not given; the other dates are facts of the convention, late only where something has run out.
    """

    key: str
    due_on: date
    what: str
    detail: str
    owed_by: str
    article: str
    convention: Convention
    occurrence: ObligationDue | None = None
    asks_for: str = ""

    def when(self, today: date) -> When:
        if self.due_on < today:
            return When.LATE
        if self.due_on < _first_of_month(today, 1):
            return When.THIS_MONTH
        if self.due_on < _first_of_month(today, 1 + MONTHS_AHEAD):
            return When.NEXT_MONTHS
        return When.LATER

    @property
    def owed_by_words(self) -> str:
        """Who owes it, by name: « CCAS », « CPAM », « CCAS et CPAM »; empty for a date that nobody owes."""
        return owed_by_words(self.owed_by, self.convention)

    def matches(self, words: str) -> bool:
        """Whether each word of `words` occurs in the line, whatever the accents and case."""
        convention = self.convention
        said = f"{self.what} {self.detail} {convention.partner.name} {convention.partner.short_name} {self.article}"
        folded = fold(f"{said} {convention.reference}")
        return all(word in folded for word in fold(words).split())


def owed_by_words(owed_by: str, convention: Convention) -> str:
    """« CCAS », the partner's short name, or both; empty for nobody."""
    partner = convention.partner.short_name
    return {Party.CCAS: "CCAS", Party.PARTNER: partner, Party.BOTH: f"CCAS et {partner}"}.get(owed_by, "")


def conventions_followed(site: Site, today: date) -> list[Convention]:
    """The conventions of `site` that run, will run, or ended within `REMEMBERED_MONTHS` of the civil date `today`."""
    since = add_months(today, -REMEMBERED_MONTHS)
    return list(site.conventions.filter(ends_on__gte=since).select_related("partner", "site").order_by("pk"))


def due_dates(conventions: Iterable[Convention], *, today: date) -> list[DueDate]:
    """Everything that falls due under `conventions` and is not settled, by date; three queries, whatever their number.

    `today` is the civil date at their space: convention dates that are past are left out, what is owed is not.
    """
    by_id = {convention.pk: convention for convention in conventions}
    found = [
        _owed(due, by_id[due.obligation.convention_id])
        for due in ObligationDue.objects.open()
        .filter(obligation__convention__in=by_id)
        .select_related("obligation")
        .order_by("due_on", "pk")
    ]
    for convention in by_id.values():
        if convention.ends_on >= today:
            found += _own_dates(convention, today)
    # Where the next certificate is asked for and late, that the last one ran out says the same a second time.
    asked = {
        line.convention.pk
        for line in found
        if line.asks_for == ObligationKind.INSURANCE_CERTIFICATE and line.due_on < today
    }
    found += [line for line in _insurance_ends(by_id, today) if line.convention.pk not in asked]
    return sorted(found, key=lambda line: (line.due_on, line.convention.pk, line.key))


def period_words(due: ObligationDue) -> str:
    """« mars 2026 », or « du … au … » for a year of a convention."""
    if due.obligation.frequency == Frequency.MONTHLY:
        return format_month(due.period_ends_on)
    return f"du {format_date_long(due.period_starts_on)} au {format_date_long(due.period_ends_on)}"


def _owed(due: ObligationDue, convention: Convention) -> DueDate:
    return DueDate(
        key=f"echeance-{due.pk}",
        due_on=due.due_on,
        what=due.obligation.label,
        detail=period_words(due),
        owed_by=due.obligation.owed_by,
        article=due.obligation.article_number,
        convention=convention,
        occurrence=due,
        asks_for=due.obligation.kind,
    )


def _own_dates(convention: Convention, today: date) -> list[DueDate]:
    renewal = "tacite reconduction" if convention.tacit_renewal else "sans tacite reconduction"
    if convention.denounced_on:
        renewal = "avancé par la dénonciation"
    lines = [
        DueDate(
            key=f"convention-{convention.pk}-terme",
            due_on=convention.ends_on,
            what="Terme de la convention",
            detail=renewal,
            owed_by="",
            article="",
            convention=convention,
        )
    ]
    for years, day in enumerate(anniversaries(convention.starts_on, convention.ends_on), 1):
        if today <= day <= convention.ends_on:
            lines.append(
                DueDate(
                    key=f"convention-{convention.pk}-anniversaire-{years}",
                    due_on=day,
                    what="Anniversaire de la convention",
                    detail=f"{years} an{'s' if years > 1 else ''}",
                    owed_by="",
                    article="",
                    convention=convention,
                )
            )
    occasions = notice_days(
        starts_on=convention.starts_on,
        ends_on=convention.ends_on,
        months=None if convention.denounced_on else convention.notice_months,
        at_each_anniversary=convention.notice_reading == NoticeReading.ANNIVERSARY,
    )
    for occasion in occasions:
        if occasion.last_day >= today:
            lines.append(
                DueDate(
                    key=f"convention-{convention.pk}-preavis-{occasion.counted_from:%Y-%m-%d}",
                    due_on=occasion.last_day,
                    what="Dernier jour pour recevoir un préavis",
                    detail=(
                        f"fin au {format_date_long(occasion.ends_on)}\u00a0;"
                        f" envoi conseillé le {format_date_long(occasion.dispatch_on)}"
                    ),
                    owed_by="",
                    article=convention.notice_article,
                    convention=convention,
                )
            )
    return lines


def _insurance_ends(by_id: dict[int, Convention], today: date) -> list[DueDate]:
    """The day on which the latest certificate of each convention runs out, unless the convention does so first."""
    latest: dict[int, Document] = {}
    certificates = Document.objects.kept().filter(
        convention__in=by_id, kind=DocumentKind.INSURANCE_CERTIFICATE, valid_until__isnull=False
    )
    for document in certificates.order_by("valid_until", "pk"):
        latest[document.convention_id] = document
    lines = []
    for convention_id, document in latest.items():
        convention = by_id[convention_id]
        if convention.ends_on < today or document.valid_until >= convention.ends_on:
            continue
        is_over = document.valid_until < today
        lines.append(
            DueDate(
                key=f"document-{document.pk}-validite",
                due_on=document.valid_until,
                what="Attestation d’assurance périmée" if is_over else "Fin de validité de l’attestation d’assurance",
                detail=document.title,
                owed_by=Party.PARTNER,
                article="",
                convention=convention,
                asks_for=ObligationKind.INSURANCE_CERTIFICATE,
            )
        )
    return lines


def _first_of_month(today: date, months: int) -> date:
    return add_months(today.replace(day=1), months)
