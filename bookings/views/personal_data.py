"""The register of processings, its texts, and how long each space keeps the data of people."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View

from bookings.models.retention_rule import DEFAULT_MONTHS, FEWEST_MONTHS, MOST_MONTHS
from bookings.personal_data.documents import register_pdf
from bookings.personal_data.elimination_lists import MOST_PEOPLE, propose_elimination
from bookings.personal_data.register import ADDED, SECURITY, register_of, write_register_text
from bookings.personal_data.retention import SiteTerm, choose_months, last_contacts, past_the_term, terms_of
from bookings.personal_data_forms import RegisterTextForm, RetentionForm
from franceservices.errors import DomainError
from franceservices.pdf import pdf_response
from partners.models import Site
from partners.permissions import CONVENTION_ROLES, DeskMixin

PEOPLE_A_PAGE = 25


class PersonalDataPage(DeskMixin, View):
    """A page of « Données personnelles »: for managers and administrators, about their whole CCAS."""

    roles = CONVENTION_ROLES


class RegisterView(PersonalDataPage):
    """Every processing of the application, and what the CCAS says of it in its own words."""

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {"register": register_of(self.site.ccas), "security": SECURITY, "added_label": ADDED}
        return render(request, "bookings/personal_data_register.html", context)


class RegisterDocumentView(PersonalDataPage):
    """The same on paper."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return pdf_response(register_pdf(register_of(self.site.ccas), site=self.site), "registre des traitements")


class RegisterTextView(PersonalDataPage):
    """One heading of the register: its text and all those before."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        written = self.written(key)
        return self.answer(key, RegisterTextForm(initial={"text": written.text}))

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        self.written(key)
        form = RegisterTextForm(request.POST)
        if not form.is_valid():
            return self.answer(key, form)
        added = write_register_text(ccas=self.site.ccas, key=key, text=form.cleaned_data["text"], by=request.user)
        messages.success(request, "Le registre est à jour." if added else "Le texte était déjà celui-là.")
        return redirect("bookings:personal_data")

    def written(self, key: str):
        register = register_of(self.site.ccas)
        every = [*register.general, *(entry.added for entry in register.entries), register.security]
        found = next((written for written in every if written.key == key), None)
        if found is None:
            raise Http404
        return found

    def answer(self, key: str, form: RegisterTextForm) -> HttpResponse:
        context = {"written": self.written(key), "form": form}
        return render(self.request, "bookings/personal_data_text.html", context)


class RetentionView(PersonalDataPage):
    """How long each space keeps, who is past it, and the proposal of a list."""

    def get(self, request: HttpRequest) -> HttpResponse:
        terms = terms_of(self.site.ccas)
        page = Paginator(past_the_term(self.site.ccas, terms).order_by("created_at", "pk"), PEOPLE_A_PAGE).get_page(
            request.GET.get("page")
        )
        latest = last_contacts(page.object_list)
        for person in page.object_list:
            person.last_contact_at = latest[person.pk]
        return render(
            request,
            "bookings/personal_data_retention.html",
            {
                "terms": terms,
                "default_months": DEFAULT_MONTHS,
                "bounds": (FEWEST_MONTHS, MOST_MONTHS),
                "page_obj": page,
                "proposed_count": min(page.paginator.count, MOST_PEOPLE),
            },
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Propose the list of those past the term."""
        try:
            elimination = propose_elimination(ccas=self.site.ccas, by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("bookings:retention")
        messages.success(
            request, f"Liste n°\u00a0{elimination.full_number} proposée. Une autre personne doit l’approuver."
        )
        return redirect("bookings:elimination", elimination.pk)


class RetentionRuleView(PersonalDataPage):
    """How long one space keeps."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        term = self.term(pk)
        return self.answer(term, RetentionForm(initial={"months": term.months}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        term, form = self.term(pk), RetentionForm(request.POST)
        if not form.is_valid():
            return self.answer(term, form)
        choose_months(site=term.site, months=form.cleaned_data["months"], by=request.user)
        messages.success(request, f"{term.site.short_name}\u00a0: {form.cleaned_data['months']} mois.")
        return redirect("bookings:retention")

    def term(self, pk: int) -> SiteTerm:
        site = get_object_or_404(Site.objects.visible_to(self.request.user).filter(ccas=self.site.ccas_id), pk=pk)
        return next(term for term in terms_of(site.ccas) if term.site.pk == site.pk)

    def answer(self, term: SiteTerm, form: RetentionForm) -> HttpResponse:
        context = {"term": term, "form": form, "bounds": (FEWEST_MONTHS, MOST_MONTHS)}
        return render(self.request, "bookings/personal_data_rule.html", context)
