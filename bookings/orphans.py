"""Dates that the weekly grid no longer foresees, kept for the people in them; their office is freed with the last."""

from django.utils import timezone

from partners.models import User

from .models import Permanence, PermanenceStatus

LEFT_THE_GRID = "Hors de la grille hebdomadaire"


def lock_orphan(permanence_id: int) -> Permanence | None:
    """The permanence, held for this transaction, if it is out of the grid; taken before any of its appointments."""
    return (
        Permanence.objects.select_for_update(no_key=True)
        .filter(pk=permanence_id, orphaned_at__isnull=False, status=PermanenceStatus.PLANNED)
        .first()
    )


def release_if_empty(orphan: Permanence | None, *, by: User) -> None:
    """Cancel an `orphan` in which nobody has an appointment any more; None is nobody's date."""
    if orphan is None or orphan.appointments.standing().exists():
        return
    orphan.status = PermanenceStatus.CANCELLED
    orphan.cancelled_at, orphan.cancelled_by = timezone.now(), by
    orphan.cancellation_reason = LEFT_THE_GRID
    orphan.save(update_fields=["status", "cancelled_at", "cancelled_by", "cancellation_reason"])
