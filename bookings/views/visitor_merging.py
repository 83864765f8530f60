"""Merging two cards of one person: choosing the other card, comparing them, and undoing."""

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from bookings.models import Appointment, Visitor, VisitorMerge
from bookings.visitor_merging import CHOSEN_FACTS, Side, merge_visitors, merged_facts, undo_merge
from franceservices.dates import format_date_long, join_fr
from franceservices.errors import DomainError
from franceservices.phones import format_phone
from partners.permissions import DESK_ROLES, for_roles

from .booking_choices import PEOPLE_SHOWN, parameter
from .visitors import VisitorPage

APPOINTMENTS_SHOWN = 10
CORRECTED_IN_WORDS = {"sms_consent": "accord pour les SMS", "email_consent": "accord pour les courriels"}


@dataclass(frozen=True, slots=True)
class ComparedFact:
    """A line of the comparison: one fact on both cards, as a reader would write it."""

    name: str
    label: str
    kept: str
    merged: str
    chosen: Side
    # What goes along with an address: « accepte les SMS ».
    kept_note: str = ""
    merged_note: str = ""

    @property
    def is_a_choice(self) -> bool:
        """Whether the two cards say different things; an empty one says nothing."""
        return bool(self.kept and self.merged and self.kept != self.merged)

    @property
    def result(self) -> str:
        return self.kept or self.merged


class MergeChoiceView(VisitorPage):
    """With which other card? Likely duplicates first, anybody by a search."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        visitor = self.visitor_or_404(pk)
        if visitor.merged_into_id is not None:
            return redirect("bookings:visitor_merge_choice", visitor.current_card().pk)
        words = parameter(request.GET, "q")
        others = self.visitors().current().exclude(pk=pk)
        found = list(others.matching(words)[: PEOPLE_SHOWN + 1]) if words else []
        are_nearest = bool(words) and not found
        if are_nearest:
            found = list(others.resembling(words)[:PEOPLE_SHOWN])
        return render(
            request,
            "bookings/visitor_merge_choice.html",
            {
                "visitor": visitor,
                "words": words,
                "are_nearest": are_nearest,
                "found": found[:PEOPLE_SHOWN],
                "has_more": len(found) > PEOPLE_SHOWN,
                "duplicates": [] if words else self.duplicates_of(visitor),
            },
        )


class VisitorMergeView(VisitorPage):
    """Two cards side by side, what each gives to the one that stays, what moves; then it is done."""

    http_method_names = ["get", "head", "options", "post"]

    def get(self, request: HttpRequest, pk: int, other_pk: int) -> HttpResponse:
        kept, merged = self.visitor_or_404(pk), self.visitor_or_404(other_pk)
        cards = [kept.current_card(), merged.current_card()]
        if cards[0] == cards[1]:
            messages.info(request, f"Ces deux fiches n’en font déjà qu’une\u00a0: {cards[0].full_name}.")
            return redirect("bookings:visitor_detail", cards[0].pk)
        if cards != [kept, merged]:
            return redirect("bookings:visitor_merge", cards[0].pk, cards[1].pk)
        return self.answer(kept, merged, {})

    def post(self, request: HttpRequest, pk: int, other_pk: int) -> HttpResponse:
        kept, merged = self.visitor_or_404(pk), self.visitor_or_404(other_pk)
        # Only what the page offers is read: a choice between two things, one of two words.
        facts = {name: Side(request.POST[name]) for name in CHOSEN_FACTS if request.POST.get(name) in list(Side)}
        try:
            merge = merge_visitors(kept=kept, merged=merged, facts=facts, by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("bookings:visitor_detail", pk)
        messages.success(
            request,
            f"Les deux fiches n’en font plus qu’une\u00a0: {merge.kept.full_name}.",
            extra_tags=reverse("bookings:visitor_merge_undo", args=[merge.pk]),
        )
        return redirect("bookings:visitor_detail", merge.kept_id)

    def answer(self, kept: Visitor, merged: Visitor, facts: dict[str, Side]) -> HttpResponse:
        appointments = Appointment.objects.filter(visitor=merged)
        counts = {
            card.pk: card.appointments.aggregate(
                every=Count("pk"), coming=Count("pk", filter=Q(during__startswith__gte=timezone.now()))
            )
            for card in (kept, merged)
        }
        result = merged_facts(kept, merged, facts)
        return render(
            self.request,
            "bookings/visitor_merge.html",
            {
                "kept": kept,
                "merged": merged,
                "facts": compared_facts(kept, merged, result),
                "result": Visitor(**result),
                "kept_counts": counts[kept.pk],
                "merged_counts": counts[merged.pk],
                "moving": self.moving(appointments),
                "moving_more": max(0, counts[merged.pk]["every"] - APPOINTMENTS_SHOWN),
            },
        )

    def moving(self, appointments: QuerySet[Appointment]) -> list[Appointment]:
        return list(appointments.with_parties().order_by("-during")[:APPOINTMENTS_SHOWN])


def compared_facts(kept: Visitor, merged: Visitor, result: dict[str, object]) -> list[ComparedFact]:
    """The facts of which one is chosen, where either card says something."""
    return [
        ComparedFact(
            name=name,
            label=_label(name),
            kept=_written(kept, name),
            merged=_written(merged, name),
            chosen=Side.KEPT if getattr(kept, name) == result[name] else Side.MERGED,
            kept_note=_consent(kept, name),
            merged_note=_consent(merged, name),
        )
        for name in CHOSEN_FACTS
        if getattr(kept, name) or getattr(merged, name)
    ]


def _label(name: str) -> str:
    return Visitor._meta.get_field(name).verbose_name


def _consent(card: Visitor, name: str) -> str:
    if name == "phone" and card.sms_consent:
        return "accepte les SMS"
    return "accepte les courriels" if name == "email" and card.email_consent else ""


def _written(card: Visitor, name: str) -> str:
    value = getattr(card, name)
    if not value:
        return ""
    if name == "birth_date":
        return format_date_long(value)
    return format_phone(value) if name == "phone" else str(value)


@require_POST
@for_roles(DESK_ROLES)
def visitor_merge_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Make two cards again; the message says what stayed because it is newer than the merge."""
    merge = get_object_or_404(VisitorMerge.objects.visible_to(request.user).select_related("kept", "merged"), pk=pk)
    try:
        undone = undo_merge(merge=merge, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("bookings:visitor_detail", merge.kept_id)
    kept, merged = undone.merge.kept, undone.merge.merged
    sentences = [f"Fusion défaite\u00a0: {kept.full_name} et {merged.full_name} ont de nouveau chacun leur fiche."]
    if undone.appointments:
        count = undone.appointments
        sentences.append(
            f"{count} rendez-vous pris depuis la fusion {'restent' if count > 1 else 'reste'} sur la fiche gardée."
        )
    if undone.corrected:
        labels = [CORRECTED_IN_WORDS.get(name, _label(name)) for name in undone.corrected]
        sentences.append(
            f"Corrigé depuis la fusion, donc laissé tel quel sur la fiche gardée\u00a0: {join_fr(labels)}."
        )
    messages.success(request, " ".join(sentences))
    return redirect("bookings:visitor_detail", merge.kept_id)
