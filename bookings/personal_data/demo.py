"""The demonstration's part: cards that nobody touched for three years, a few requests, and the register's texts."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from bookings.models import DataRequestKind, RegisterText, Visitor
from bookings.services import create_visitor
from partners.models import Role, Site, User

from .data_requests import record_request
from .register import write_register_text

# Invented names; phones of the range that the ARCEP keeps for fiction.
_PEOPLE = (
    ("Ancelin", "Marthe"),
    ("Bouhired", "Salima"),
    ("Cazeneuve", "Hubert"),
    ("Delorme", "Huguette"),
    ("Esposito", "Carlo"),
    ("Fofana", "Aminata"),
    ("Grandclément", "Roger"),
    ("Haouari", "Nadia"),
    ("Ibarra", "Teresa"),
    ("Jacquemin", "Lucette"),
)
_TEXTS = {
    "delegue": "Déléguée à la protection des données mutualisée (fictive), dpd@besancon.example",
    "contact": "Par courrier au CCAS, à l’accueil de l’espace, ou à dpd@besancon.example",
}
_REQUESTS = (
    (DataRequestKind.ACCESS, 40, "Souhaite un exemplaire sur papier."),
    (DataRequestKind.RECTIFICATION, 12, "A changé de nom d’usage."),
    (DataRequestKind.NO_MESSAGES, 3, ""),
)


def make_personal_data(*, tell: Callable[[str], None]) -> None:
    """Once: a second run adds nothing."""
    site = Site.objects.select_related("ccas").filter(slug="planoise").first()
    manager = User.objects.filter(ccas=site.ccas, role=Role.MANAGER).order_by("pk").first() if site else None
    if manager is None or RegisterText.objects.filter(ccas=site.ccas).exists():
        return
    for key, text in _TEXTS.items():
        write_register_text(ccas=site.ccas, key=key, text=text, by=manager)
    for rank, (last_name, first_name) in enumerate(_PEOPLE):
        _old_card(site, last_name, first_name, rank, by=manager)
    people = Visitor.objects.current().filter(ccas=site.ccas, appointments__isnull=False).distinct().order_by("pk")
    for visitor, (kind, days, details) in zip(people[: len(_REQUESTS)], _REQUESTS, strict=False):
        record_request(
            site=site,
            visitor=visitor,
            kind=kind,
            received_on=site.today() - timedelta(days=days),
            details=details,
            by=manager,
        )
    tell(f"Données personnelles : {len(_PEOPLE)} fiches anciennes et {len(_REQUESTS)} demandes fictives ajoutées.")


def _old_card(site: Site, last_name: str, first_name: str, rank: int, *, by: User) -> None:
    card = create_visitor(
        ccas=site.ccas,
        last_name=last_name,
        first_name=first_name,
        phone=f"+3363998{rank:04d}",
        staff_notes="Venue pour une attestation, ne revient plus.",
        by=by,
    )
    made_at: datetime = timezone.now() - timedelta(days=3 * 365 + 17 * rank)
    Visitor.objects.filter(pk=card.pk).update(created_at=made_at)
