"""How tests merge two cards, and what they look at."""

import datetime as dt
from html import unescape

from django.forms.models import model_to_dict
from django.urls import reverse

from bookings.models import Appointment, Visitor, VisitorDistinction, VisitorMerge
from bookings.services import book_appointment
from bookings.visitor_merging import Side, merge_visitors

THURSDAY, NEXT_THURSDAY = dt.date(2026, 3, 5), dt.date(2026, 3, 12)


def text(response) -> str:
    return unescape(response.content.decode())


def compare(kept: Visitor, merged: Visitor) -> str:
    return reverse("bookings:visitor_merge", args=[kept.pk, merged.pk])


def record(visitor: Visitor) -> str:
    return reverse("bookings:visitor_detail", args=[visitor.pk])


def undo_of(merge: VisitorMerge) -> str:
    return reverse("bookings:visitor_merge_undo", args=[merge.pk])


def booked(desk, visitor, clock="09:00", day=THURSDAY) -> Appointment:
    return book_appointment(
        permanence_id=desk.permanence_at(day, clock).pk,
        starts_at=desk.at(day, clock),
        reason=desk.reason,
        visitor=visitor,
        by=desk.receptionist,
    )


def snapshot() -> dict[str, object]:
    """Every card, whose each appointment is, and who is not whom; but not the trace of merges."""
    return {
        "cards": {card.pk: model_to_dict(card) for card in Visitor.objects.all()},
        "appointments": dict(Appointment.objects.values_list("pk", "visitor")),
        "distinctions": set(VisitorDistinction.objects.values_list("a", "b", "by")),
    }


def merge(desk, kept, merged, **facts) -> VisitorMerge:
    return merge_visitors(
        kept=kept, merged=merged, facts={name: Side(side) for name, side in facts.items()}, by=desk.receptionist
    )
