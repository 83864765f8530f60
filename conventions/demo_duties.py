"""What was given and what is missing, for the demonstration: certificates, committees, trainings, monthly returns.

All of it is fictitious, the papers say so. Run again, it adds what the calendar has brought since and nothing twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.core.files.base import ContentFile

from franceservices.dates import add_months, format_date_long
from franceservices.pdf import render_pdf
from partners.models import Role, User

from .document_store import add_document
from .duties import convention_years
from .fulfilment import fulfil, open_occurrences
from .meetings import record_committee, record_training
from .models import CommitteeMeeting, Convention, Document, DocumentKind, ObligationKind, TrainingSession
from .occurrences import refresh_occurrences

# Monthly returns that arrived late or not at all, by partner: how many of the last ones are missing.
MISSING_RETURNS = {"cpam-doubs": 0, "caf-doubs": 2}
USUAL_MISSING = 1
# An agreement that was over before the space existed in the demonstration keeps its gaps.
FOLLOWED_SINCE = date(2025, 1, 1)


@dataclass(frozen=True)
class Paper:
    """A fictitious paper: what it says, line by line."""

    title: str
    lines: tuple[str, ...]


def make_duties(tell: Callable[[str], None]) -> None:
    """Fulfil what a well-kept space would have, for every convention of the demonstration, and leave some gaps."""
    for convention in Convention.objects.select_related("site__ccas", "partner").order_by("pk"):
        refresh_occurrences(convention=convention)
        by = User.objects.filter(ccas=convention.site.ccas, role__in=[Role.MANAGER, Role.ADMINISTRATOR]).order_by("pk")
        keeper = by.first()
        if keeper is None or convention.ends_on < FOLLOWED_SINCE:
            continue
        _certificates(convention, keeper)
        _committees(convention, keeper)
        _training(convention, keeper)
        _returns(convention, keeper)
        tell(f"{convention}\u00a0: échéances et documents fictifs.")


def _certificates(convention: Convention, by: User) -> None:
    """The certificate of each year but the one under way, whose absence the pages then show."""
    today = convention.site.today()
    partner = convention.partner
    for due in open_occurrences(convention).filter(obligation__kind=ObligationKind.INSURANCE_CERTIFICATE):
        if due.period_ends_on >= today:
            continue
        title = f"Attestation d’assurance {due.period_starts_on.year}-{due.period_ends_on.year}"
        lines = (
            f"L’assureur certifie que {partner.name} est assurée pour ses activités à {convention.site.name}.",
            "Risques locatifs, incendie, dégâts des eaux, vol, responsabilité civile.",
            f"Valable du {format_date_long(due.period_starts_on)} au {format_date_long(due.period_ends_on)}.",
        )
        document = _document(
            convention,
            Paper(title, lines),
            kind=DocumentKind.INSURANCE_CERTIFICATE,
            valid_from=due.period_starts_on,
            valid_until=due.period_ends_on,
            by=by,
        )
        given_on = due.due_on + timedelta(days=6)
        fulfil(occurrence=due, on=given_on, document=document, by=by)


def _committees(convention: Convention, by: User) -> None:
    """One committee in the tenth month of each year of the convention that is over, with its minutes."""
    today = convention.site.today()
    partner = convention.partner.short_name
    for first, last in convention_years(convention.starts_on, convention.ends_on):
        held_on = _weekday(add_months(first, 9) + timedelta(days=10))
        if not held_on <= last < today or CommitteeMeeting.objects.filter(convention=convention, held_on=held_on):
            continue
        ccas_attendees = "Camille Roy, responsable de l’espace"
        partner_attendees = "Dominique Petit, relations extérieures"
        agenda = "Activité de l’année, délais, créneaux."
        decisions = "Les créneaux sont maintenus. L’affichage des permanences est revu avant l’été."
        lines = (
            f"Réunion du {format_date_long(held_on)}.",
            f"CCAS\u00a0: {ccas_attendees}.",
            f"{partner}\u00a0: {partner_attendees}.",
            f"Ordre du jour\u00a0: {agenda}",
            decisions,
        )
        minutes = _document(
            convention,
            Paper(f"Compte rendu du comité du {format_date_long(held_on)}", lines),
            kind=DocumentKind.MINUTES,
            valid_from=None,
            valid_until=None,
            by=by,
        )
        owed = open_occurrences(convention).filter(
            obligation__kind=ObligationKind.COMMITTEE, period_starts_on__lte=held_on, period_ends_on__gte=held_on
        )
        record_committee(
            convention=convention,
            held_on=held_on,
            ccas_attendees=ccas_attendees,
            partner_attendees=partner_attendees,
            agenda=agenda,
            decisions=decisions,
            minutes=minutes,
            fulfils=list(owed),
            by=by,
        )


def _training(convention: Convention, by: User) -> None:
    """One training, some months after the convention began."""
    held_on = _weekday(add_months(convention.starts_on, 4))
    if held_on >= convention.site.today() or TrainingSession.objects.filter(convention=convention):
        return
    record_training(
        convention=convention,
        held_on=held_on,
        subject=f"Les démarches en ligne, avec {convention.partner.short_name}",
        trainer=convention.partner.short_name,
        people_trained=None,
        names=["Camille Roy", "Alix Bernard", "Noor Benali", "Sacha Lopez"],
        duration_hours=Decimal("3.5"),
        by=by,
    )


def _returns(convention: Convention, by: User) -> None:
    """The monthly returns that came, each a few days before its day; the last ones are missing."""
    today = convention.site.today()
    owed = list(open_occurrences(convention).filter(obligation__kind=ObligationKind.MONTHLY_COUNT, due_on__lt=today))
    missing = MISSING_RETURNS.get(convention.partner.slug, USUAL_MISSING)
    for due in owed[: len(owed) - missing]:
        fulfil(occurrence=due, on=due.due_on - timedelta(days=4), proof_note="Relevé reçu par courriel.", by=by)


def _document(
    convention: Convention, paper: Paper, *, kind: str, valid_from: date | None, valid_until: date | None, by: User
) -> Document:
    found = Document.objects.kept().filter(convention=convention, title=paper.title).first()
    if found:
        return found
    return add_document(
        site=convention.site,
        convention=convention,
        kind=kind,
        title=paper.title,
        valid_from=valid_from,
        valid_until=valid_until,
        upload=ContentFile(_pdf(convention, paper), name=f"{paper.title}.pdf"),
        by=by,
    )


def _pdf(convention: Convention, paper: Paper) -> bytes:
    context = {
        "organisation": convention.partner.name,
        "footer_site": convention.site.name,
        "printed_on": convention.site.today(),
        "paper": paper,
    }
    return render_pdf("conventions/documents/demo_paper.html", context)


def _weekday(day: date) -> date:
    """`day`, or the Monday after it at a week-end."""
    return day + timedelta(days=max(0, 8 - day.isoweekday()) if day.isoweekday() > 5 else 0)
