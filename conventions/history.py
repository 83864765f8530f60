"""The facts of one convention in their usual order, each with what proves it; `timeline.py` puts them in date order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from franceservices.money import NO_BREAK_SPACE
from partners.calendars import public_holidays

from .deadlines import NoticeDay, anniversaries, appeal_deadline, enforceable_on, notice_days
from .models import Amendment, Convention, Document, DocumentKind, NoticeReading, Party
from .timeline import Source, Step

ENFORCEABILITY = Source("CGCT, article L2131-1")
APPEAL = Source("CJA, article R421-1")


@dataclass(frozen=True)
class ClauseReading:
    """One of the two ways to read the clause of notice, and the occasions that it gives, the earliest first.

    `next_day` is the first of them whose notice may still be received; None once the last has passed.
    """

    reading: NoticeReading
    is_chosen: bool
    days: tuple[NoticeDay, ...]
    next_day: NoticeDay | None


def clause_readings(convention: Convention, *, today: date) -> list[ClauseReading]:
    """Both readings of the clause of `convention`, the chosen one first; none where it has no notice.

    Over the term that was agreed: a denunciation does not change what could be denounced.
    """
    if convention.notice_months is None:
        return []
    readings = sorted(NoticeReading, key=lambda reading: reading != convention.notice_reading)
    return [_clause_reading(convention, reading, today) for reading in readings]


def _clause_reading(convention: Convention, reading: NoticeReading, today: date) -> ClauseReading:
    days = notice_days(
        starts_on=convention.starts_on,
        ends_on=convention.agreed_term_ends_on,
        months=convention.notice_months,
        at_each_anniversary=reading == NoticeReading.ANNIVERSARY,
    )
    return ClauseReading(
        reading=reading,
        is_chosen=reading == convention.notice_reading,
        days=days,
        next_day=next((found for found in days if found.last_day >= today), None),
    )


def steps_of(convention: Convention, *, today: date) -> list[Step]:
    """Every fact and deadline of `convention` with its source. Two queries: its documents and its avenants."""
    papers = _Papers(convention.documents.kept())
    amendments = convention.amendments.in_force().order_by("effective_on", "number")
    return [
        *_approval(convention, papers),
        _signature(convention, papers),
        Step("Effet", convention.starts_on, (Source("Durée de la convention"),)),
        *_appeal(convention),
        *(_amendment(amendment, papers) for amendment in amendments),
        *_denunciation(convention, papers),
        *_coming(convention, today),
        *_end(convention),
    ]


class _Papers:
    """The documents of a convention by kind, the latest first; no query a kind."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.by_kind: dict[str, list[Document]] = {}
        for document in documents:
            self.by_kind.setdefault(document.kind, []).append(document)

    def of(self, kind: DocumentKind) -> tuple[Source, ...]:
        return tuple(
            Source(document.title, reverse("conventions:document_download", args=[document.pk]))
            for document in self.by_kind.get(kind, ())
        )


def _approval(convention: Convention, papers: _Papers) -> list[Step]:
    act = convention.deliberation
    act_page = f"{reverse('conventions:convention_detail', args=[convention.pk])}#deliberation"
    if act is None:
        return [Step("Délibération", None, papers.of(DocumentKind.DELIBERATION)), Step("Transmission", None)]
    said = Source(f"{act.get_body_display()}, {act.number}", act_page)
    deliberated = papers.of(DocumentKind.DELIBERATION) or (said,)
    received = Source(act.transmission_id, act_page) if act.transmission_id else Source("Fiche de l’acte", act_page)
    return [
        Step("Délibération", act.session_on, deliberated),
        Step("Publication", act.published_on, deliberated if act.published_on else (), in_ribbon=False),
        Step("Transmission", act.transmitted_on, (received,) if act.transmitted_on else ()),
        Step(
            "Exécutoire",
            enforceable_on(published_on=act.published_on, transmitted_on=act.transmitted_on),
            (ENFORCEABILITY,),
        ),
    ]


def _appeal(convention: Convention) -> list[Step]:
    published_on = convention.deliberation.published_on if convention.deliberation else None
    if published_on is None:
        return []
    holidays = {
        day
        for year in (published_on.year, published_on.year + 1)
        for day in public_holidays(convention.site.holiday_calendar, year)
    }
    return [Step("Fin du délai de recours", appeal_deadline(published_on, holidays), (APPEAL,), in_ribbon=False)]


def _signature(convention: Convention, papers: _Papers) -> Step:
    signed = papers.of(DocumentKind.SIGNED_CONVENTION)
    if not signed and convention.signed_on and convention.signed_at:
        signed = (Source(f"Fait à {convention.signed_at}"),)
    return Step("Signature", convention.signed_on, signed)


def _amendment(amendment: Amendment, papers: _Papers) -> Step:
    signed = papers.of(DocumentKind.SIGNED_AMENDMENT)
    page = reverse("conventions:amendment_detail", args=[amendment.convention_id, amendment.number])
    said = Source(amendment.subject, page)
    return Step(f"Avenant n°{NO_BREAK_SPACE}{amendment.number}", amendment.effective_on, (said, *signed))


def _denunciation(convention: Convention, papers: _Papers) -> list[Step]:
    if convention.denounced_on is None:
        return []
    by = "Par le CCAS" if convention.denounced_by == Party.CCAS else f"Par {convention.partner.short_name}"
    return [Step("Préavis reçu", convention.denounced_on, (Source(by), *papers.of(DocumentKind.NOTICE_LETTER)))]


def _coming(convention: Convention, today: date) -> list[Step]:
    """What may still be done or awaited: the next anniversary and the next occasion to give notice."""
    steps = []
    days = anniversaries(convention.starts_on, convention.ends_on)
    # The last one may be the day after the term: the term itself says it.
    birthday = next((day for day in days if today < day <= convention.ends_on), None)
    if birthday is not None:
        years = birthday.year - convention.starts_on.year
        said = f"{years}{NO_BREAK_SPACE}an{'s' if years > 1 else ''} révolu{'s' if years > 1 else ''}"
        steps.append(Step("Anniversaire", birthday, (Source(said),)))
    readings = clause_readings(convention, today=today)
    if readings and readings[0].days and convention.denounced_on is None:
        chosen = readings[0].next_day or readings[0].days[-1]
        article = convention.notice_article
        clause = Source(f"Article {article}" if article else "Clause de préavis")
        steps.append(Step("Envoi conseillé", chosen.dispatch_on, (clause,), in_ribbon=False))
        steps.append(Step("Préavis, dernier jour", chosen.last_day, (clause,)))
    return steps


def _end(convention: Convention) -> list[Step]:
    if convention.agreed_ends_on and convention.agreed_ends_on != convention.ends_on:
        steps = [
            Step("Terme avancé", convention.ends_on, (Source("Dénonciation"),)),
            Step("Terme convenu", convention.agreed_ends_on, (Source("Durée de la convention"),), in_ribbon=False),
        ]
    else:
        steps = [Step("Terme", convention.ends_on, (Source("Durée de la convention"),))]
    successor = getattr(convention, "successor", None)
    if successor is not None:
        page = reverse("conventions:convention_detail", args=[successor.pk])
        steps.append(
            Step("Convention suivante", successor.starts_on, (Source(successor.reference, page),), in_ribbon=False)
        )
    return steps
