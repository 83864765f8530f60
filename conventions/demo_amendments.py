"""For the demonstration: one avenant in force and one draft, on a fictional convention, never on a real one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from decimal import Decimal

from partners.models import Role, User

from .agreed_terms import SlotTerms
from .amendments import AmendmentText, put_in_force, save_draft
from .models import Audience, BookingMode, Convention
from .terms import sorted_slots, terms_on

REFERENCE = "planoise-caf-fictive"
THURSDAY_FROM = date(2026, 1, 1)
SHORTER_FRIDAY_FROM = date(2027, 1, 1)
FRIDAY = 5


def make_amendments(tell: Callable[[str], None]) -> None:
    """Give the fictional CAF a Thursday morning in force since 2026 and a shorter Friday in draft; once only."""
    convention = Convention.objects.with_parties().filter(reference=REFERENCE, partner__is_fictional=True).first()
    if convention is None or convention.amendments.exists():
        return
    by = User.objects.filter(ccas=convention.site.ccas_id, role=Role.ADMINISTRATOR).order_by("pk").first()
    if by is None:
        return
    before = terms_on(convention, THURSDAY_FROM)
    office_id, office_label = before.slots[0].office_id, before.slots[0].office_label
    thursday = SlotTerms(
        office_label, office_id, 4, time(9), time(12), str(Audience.PUBLIC.value), str(BookingMode.APPOINTMENT.value)
    )
    first = save_draft(
        convention=convention,
        amendment=None,
        text=AmendmentText(
            number=1,
            subject="Ajout d’une permanence le jeudi matin (exemple fictif)",
            reason="les demandes de rendez-vous dépassent les places offertes le reste de la semaine",
            effective_on=THURSDAY_FROM,
            deliberation=None,
        ),
        terms=replace(
            before,
            slots=sorted_slots([*before.slots, thursday]),
            fee=replace(before.fee, annual_amount=Decimal("836.00")),
        ),
        by=by,
    )
    put_in_force(amendment=first, by=by)
    convention.refresh_from_db()
    after = terms_on(convention, SHORTER_FRIDAY_FROM)
    save_draft(
        convention=convention,
        amendment=None,
        text=AmendmentText(
            number=2,
            subject="Fin de la permanence du vendredi à 11h00 (exemple fictif)",
            reason="peu de rendez-vous sont pris le vendredi en fin de matinée",
            effective_on=SHORTER_FRIDAY_FROM,
            deliberation=None,
        ),
        terms=replace(
            after,
            slots=sorted_slots(
                replace(slot, end_time=time(11)) if slot.weekday == FRIDAY else slot for slot in after.slots
            ),
        ),
        by=by,
    )
    tell(f"{REFERENCE} : un avenant en vigueur, un projet d’avenant.")
