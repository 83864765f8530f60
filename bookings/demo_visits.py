"""Fictional walk-ins of the demonstration: the reasons at the counter, and a year of visits written in bulk.

The same at each run for the same dates; a day that has visits already is left alone.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models.functions import TruncDate

from franceservices.dates import local_interval
from partners.calendars import civil_days, closed_days
from partners.demo import DEMO_ACCOUNTS
from partners.models import Partner, Role, Site, User

from .models import DeskReason, DeskVisit, DurationBand, VisitChannel, VisitNature
from .schedule_rows import opening_by_day
from .walk_ins import partners_of

PAST_DAYS = 365
FEWEST_A_DAY, MOST_A_DAY = 12, 25


@dataclass(frozen=True)
class DemoDeskReason:
    """A button of the counter; the first of `partners` is proposed with it, each site's own is noted in the visits."""

    slug: str
    label: str
    partners: tuple[str, ...] = ()
    at_computer: bool = False
    # How often it comes, beside the others.
    weight: int = 3


DESK_REASONS = [
    DemoDeskReason("information-generale", "Information générale", weight=9),
    DemoDeskReason("demarche-en-ligne", "Aide à une démarche en ligne", weight=8),
    DemoDeskReason("caf", "CAF", ("caf-doubs-fictive",), weight=8),
    DemoDeskReason("cpam", "CPAM", ("cpam-doubs", "cgss-guyane"), weight=9),
    DemoDeskReason("france-travail", "France Travail", weight=5),
    DemoDeskReason("impots", "Impôts", ("dgfip-doubs-fictive",), weight=5),
    DemoDeskReason("retraite", "Retraite", ("carsat-fictive", "cgss-guyane"), weight=4),
    DemoDeskReason("titre-ants", "Titres d’identité (ANTS)", weight=5),
    DemoDeskReason("adresse-electronique", "Créer une adresse électronique", at_computer=True, weight=2),
    DemoDeskReason("compte-ameli", "Ouvrir un compte ameli", ("cpam-doubs", "cgss-guyane"), at_computer=True),
    DemoDeskReason("compte-retraite", "Ouvrir un compte retraite", ("carsat-fictive", "cgss-guyane"), at_computer=True),
    DemoDeskReason("attestation", "Imprimer une attestation", ("cpam-doubs", "cgss-guyane"), at_computer=True),
    DemoDeskReason("remboursements", "Suivre ses remboursements", ("cpam-doubs", "cgss-guyane"), at_computer=True),
    DemoDeskReason(
        "releve-de-carriere", "Relevé de carrière", ("carsat-fictive", "cgss-guyane"), at_computer=True, weight=2
    ),
]


@transaction.atomic
def make_desk_reasons() -> None:
    """The buttons of the counter, in their order."""
    partners = {partner.slug: partner for partner in Partner.objects.all()}
    for position, row in enumerate(DESK_REASONS, start=1):
        DeskReason.objects.update_or_create(
            slug=row.slug,
            defaults={
                "label": row.label,
                "position": position,
                "partner": next((partners[slug] for slug in row.partners if slug in partners), None),
                "at_computer": row.at_computer,
                "is_active": True,
            },
        )


def make_desk_visits(site: Site) -> int:
    """A year of visits at `site`, up to the present moment; returns how many were added."""
    accounts = [account.email for account in DEMO_ACCOUNTS if account.role == Role.RECEPTION]
    by = User.objects.filter(sites=site, email__in=accounts).earliest("pk")
    now = site.now()
    first = now.date() - timedelta(days=PAST_DAYS)
    days = list(civil_days(first, now.date()))
    opening = opening_by_day(site, days)
    closed = closed_days([site], first, now.date())[site.pk]
    has_visits = set(
        DeskVisit.objects.filter(site=site)
        .annotate(day=TruncDate("occurred_at", tzinfo=site.zone))
        .order_by()
        .values_list("day", flat=True)
        .distinct()
    )
    reasons = {reason.slug: reason for reason in DeskReason.objects.all()}
    partners = {partner.slug: partner for partner in partners_of(site)}
    visits = [
        visit
        for day in days
        if opening[day] and closed.reason(day) is None and day not in has_visits
        for visit in _visits_of(site, day, opening[day], reasons, partners, by)
        if visit.occurred_at <= now
    ]
    return len(DeskVisit.objects.bulk_create(visits, batch_size=1000))


def _visits_of(
    site: Site,
    day: date,
    opening: list,
    reasons: dict[str, DeskReason],
    partners: dict[str, Partner],
    by: User,
) -> Iterator[DeskVisit]:
    """The visits of one open day, spread over its opening hours."""
    dice = random.Random(f"visits {site.slug} {day}")
    spans = [local_interval(day, start, end, site.zone) for start, end in opening]
    for _ in range(dice.randint(FEWEST_A_DAY, MOST_A_DAY)):
        row = dice.choices(DESK_REASONS, weights=[row.weight for row in DESK_REASONS])[0]
        starts_at, ends_at = dice.choices(spans, weights=[(end - start).total_seconds() for start, end in spans])[0]
        occurred_at = starts_at + dice.random() * (ends_at - starts_at)
        yield DeskVisit(
            site=site,
            occurred_at=occurred_at,
            reason=reasons[row.slug],
            partner=next((partners[slug] for slug in row.partners if slug in partners), None),
            people=dice.choices([1, 2, 3, 5], weights=[80, 14, 5, 1])[0],
            # At the computer one person in three needs nobody beside her.
            nature=dice.choices([*VisitNature], weights=[34, 66, 0] if row.at_computer else [60, 22, 18])[0],
            channel=VisitChannel.ON_SITE
            if row.at_computer
            else dice.choices([*VisitChannel], weights=[76, 18, 5, 1])[0],
            duration=dice.choices([*DurationBand], weights=[1, 5, 4, 1] if row.at_computer else [5, 4, 2, 1])[0],
            at_computer=row.at_computer,
            noted_at=occurred_at,
            noted_by=by,
        )
