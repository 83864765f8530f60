"""People received: the list, a record with its appointments, registering and correcting one."""

from collections.abc import Iterable

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views import View

from bookings.duplicates import likely_duplicates
from bookings.forms import VisitorForm, guess_identity
from bookings.models import Appointment, DataRequestKind, Visitor, VisitorMerge
from bookings.services import create_visitor
from partners.permissions import DeskMixin

from .booking_choices import COMPARED, PEOPLE_SHOWN, parameter

VISITORS_A_PAGE = APPOINTMENTS_A_PAGE = 25


class VisitorPage(DeskMixin, View):
    """A page about people of the CCAS that runs the space."""

    def visitors(self) -> QuerySet[Visitor]:
        """All cards, those that were merged into another too: their old addresses lead to it."""
        return Visitor.objects.visible_to(self.request.user).filter(ccas=self.site.ccas_id)

    def visitor_or_404(self, pk: int) -> Visitor:
        return get_object_or_404(self.visitors().select_related("created_by", "merged_into"), pk=pk)

    def duplicates_of(self, visitor: Visitor) -> list[Visitor]:
        compared = {name: getattr(visitor, name) for name in COMPARED}
        return list(likely_duplicates(ccas=self.site.ccas, apart_from=visitor, **compared)[:PEOPLE_SHOWN])


class VisitorListView(VisitorPage):
    """Everybody, or those who answer to the words of a search; with the next appointment of each."""

    def get(self, request: HttpRequest) -> HttpResponse:
        words = parameter(request.GET, "q")
        coming = (
            Appointment.objects.visible_to(request.user)
            .standing()
            .filter(during__startswith__gte=timezone.now())
            .select_related("site", "partner")
        )
        people = self.visitors().current().prefetch_related(Prefetch("appointments", queryset=coming, to_attr="coming"))
        paginator = Paginator(people.matching(words), VISITORS_A_PAGE)
        are_nearest = bool(words) and not paginator.count
        if are_nearest:
            # A handful: who is still not among the nearest is not spelt anything like it.
            paginator = Paginator(people.resembling(words)[:VISITORS_A_PAGE], VISITORS_A_PAGE)
        return render(
            request,
            "bookings/visitor_list.html",
            {"words": words, "are_nearest": are_nearest, "page_obj": paginator.get_page(request.GET.get("page"))},
        )


class VisitorDetailView(VisitorPage):
    """Who she is, and her appointments to come or past, in two tabs."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        visitor = self.visitor_or_404(pk)
        if visitor.merged_into_id is not None:
            return redirect("bookings:visitor_detail", visitor.current_card().pk)
        if visitor.anonymised_at is not None:
            return self.anonymised(visitor)
        hers = Appointment.objects.visible_to(request.user).filter(visitor=visitor)
        is_coming = Q(during__startswith__gte=timezone.now())
        coming, past = hers.filter(is_coming).order_by("during"), hers.exclude(is_coming).order_by("-during")
        shows_past = request.GET.get("liste") == "passes"
        coming_page = Paginator(coming.with_parties(), APPOINTMENTS_A_PAGE)
        past_page = Paginator(past.with_parties(), APPOINTMENTS_A_PAGE)
        return render(
            request,
            "bookings/visitor_detail.html",
            {
                "visitor": visitor,
                "age": visitor.age_on(self.site.today()),
                "duplicates": self.duplicates_of(visitor),
                "merges": self.merges_of(visitor),
                "data_requests": visitor.data_requests.standing(),
                "shows_past": shows_past,
                "coming_count": coming_page.count,
                "past_count": past_page.count,
                "page_obj": (past_page if shows_past else coming_page).get_page(request.GET.get("page")),
            },
        )

    def anonymised(self, visitor: Visitor) -> HttpResponse:
        """What is left of a card: since when, and by which list."""
        line = visitor.elimination_lines.exclude(done_at=None).select_related("list").first()
        context = {"visitor": visitor, "line": line, "appointment_count": visitor.appointments.count()}
        return render(self.request, "bookings/visitor_anonymised.html", context)

    def merges_of(self, visitor: Visitor) -> list[VisitorMerge]:
        """The merges into this card, the last first; of those that stand, only the last may be undone."""
        merges = list(visitor.merges.select_related("merged", "made_by", "undone_by"))
        last = next((merge for merge in merges if merge.undone_at is None), None)
        for merge in merges:
            merge.may_be_undone = merge is last
        return merges


class VisitorCreateView(VisitorPage):
    """Register a person; who may be her already is shown first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guess = guess_identity(parameter(request.GET, "q"))
        return self.answer(VisitorForm(initial=guess, today=self.site.today()))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = VisitorForm(request.POST, today=self.site.today())
        if not form.is_valid():
            return self.answer(form)
        typed = form.cleaned_data
        likely = list(
            likely_duplicates(
                ccas=self.site.ccas,
                **{name: typed[name] for name in COMPARED},
            )[:PEOPLE_SHOWN]
        )
        seen = request.POST.getlist("seen")
        if any(str(person.pk) not in seen for person in likely):
            return self.answer(form, likely)
        visitor = create_visitor(ccas=self.site.ccas, by=request.user, **typed)
        messages.success(request, f"Fiche créée pour {visitor.full_name}.")
        return redirect("bookings:visitor_detail", visitor.pk)

    def answer(self, form: VisitorForm, duplicates: Iterable[Visitor] = ()) -> HttpResponse:
        return render(
            self.request,
            "bookings/visitor_form.html",
            {"form": form, "duplicates": duplicates, "visitor": None, "objection": None},
        )


class VisitorUpdateView(VisitorPage):
    """Correct a record."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        visitor = self.visitor_or_404(pk)
        if visitor.merged_into_id is not None:
            return redirect("bookings:visitor_update", visitor.current_card().pk)
        if visitor.anonymised_at is not None:
            return redirect("bookings:visitor_detail", pk)
        return self.answer(visitor, VisitorForm(instance=visitor, today=self.site.today()))

    @transaction.atomic
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        # Locked: a colleague may be merging this very card.
        visitor = get_object_or_404(self.visitors().select_for_update(no_key=True, of=["self"]), pk=pk)
        if visitor.merged_into_id is not None:
            card = visitor.current_card()
            messages.error(
                request,
                f"Cette fiche a été fusionnée avec celle de {card.full_name}\u00a0: vos changements n’ont pas été"
                " enregistrés. Corrigez la fiche ci-dessous.",
            )
            return redirect("bookings:visitor_detail", card.pk)
        if visitor.anonymised_at is not None:
            messages.error(request, "Cette fiche vient d’être anonymisée\u00a0: elle ne change plus.")
            return redirect("bookings:visitor_detail", pk)
        form = VisitorForm(request.POST, instance=visitor, today=self.site.today())
        if not form.is_valid():
            # A fresh one: the form has already laid what was typed over its own.
            return self.answer(self.visitor_or_404(pk), form)
        form.instance.corrected_at = timezone.now()
        visitor = form.save()
        messages.success(request, f"Fiche mise à jour pour {visitor.full_name}.")
        return redirect("bookings:visitor_detail", visitor.pk)

    def answer(self, visitor: Visitor, form: VisitorForm) -> HttpResponse:
        objections = visitor.data_requests.standing().filter(kind=DataRequestKind.NO_MESSAGES, is_granted=True)
        context = {"form": form, "visitor": visitor, "duplicates": (), "objection": objections.first()}
        return render(self.request, "bookings/visitor_form.html", context)
