"""The steps of an avenant that change something: put in force, revoked, deleted, its signature noted."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from conventions.amendment_forms import SignatureForm
from conventions.amendments import FROZEN, delete_draft, obstacle_to_revoking, put_in_force, record_signature, revoke
from conventions.models import Amendment
from franceservices.errors import DomainError
from franceservices.money import NO_BREAK_SPACE
from partners.permissions import CONVENTION_ROLES, RoleRequiredMixin

from .amendments import amendment_of, amendment_url, convention_of, tell_answers


class AmendmentStepView(RoleRequiredMixin, View):
    """A step that changes much: GET asks, POST does it; a refusal is said on the avenant's page."""

    roles = CONVENTION_ROLES
    template_name = "conventions/amendment_confirm.html"
    title = button = ""
    is_danger = False

    def get(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        amendment = amendment_of(convention_of(request, pk), number)
        obstacle = self.obstacle(amendment)
        if obstacle:
            messages.error(request, obstacle)
            return redirect(amendment_url("amendment_detail", amendment))
        context = {
            "convention": amendment.convention,
            "amendment": amendment,
            "title": f"{self.title} l’avenant n°{NO_BREAK_SPACE}{amendment.number}",
            "sentences": self.sentences(amendment),
            "button": self.button,
            "is_danger": self.is_danger,
        }
        return render(request, self.template_name, context)

    def post(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        amendment = amendment_of(convention_of(request, pk), number)
        try:
            return self.carry_out(amendment)
        except DomainError as refusal:
            messages.error(request, refusal.message)
            return redirect(amendment_url("amendment_detail", amendment))

    def obstacle(self, amendment: Amendment) -> str:
        return ""

    def sentences(self, amendment: Amendment) -> list[str]:
        raise NotImplementedError

    def carry_out(self, amendment: Amendment) -> HttpResponse:
        raise NotImplementedError


class AmendmentPutInForceView(AmendmentStepView):
    title, button = "Mettre en vigueur", "Mettre en vigueur"

    def obstacle(self, amendment: Amendment) -> str:
        return "" if amendment.is_draft else "Cet avenant est déjà en vigueur."

    def sentences(self, amendment: Amendment) -> list[str]:
        said = [
            f"La convention sera modifiée {amendment.effect_sentence}\u00a0: sa grille, sa redevance et son terme,"
            " comme la page de l’avenant le montre. Les permanences à venir suivront aussitôt.",
        ]
        if amendment.signed_on is None:
            said.append("La signature de l’avenant n’est pas notée.")
        if amendment.deliberation is None:
            said.append(
                "Aucune délibération n’y est rattachée\u00a0: vérifiez que celle de la convention autorise ses"
                " avenants."
            )
        if amendment.effective_on <= amendment.convention.site.today():
            said.append(
                "La date d’effet est passée\u00a0: les permanences déjà tenues ne changent pas, et l’avenant ne pourra"
                " pas être révoqué. Seul un nouvel avenant pourra revenir dessus."
            )
        else:
            said.append("Jusqu’à cette date, l’avenant peut être révoqué\u00a0: tout revient alors comme avant.")
        return said

    def carry_out(self, amendment: Amendment) -> HttpResponse:
        answers = put_in_force(amendment=amendment, by=self.request.user)
        messages.success(
            self.request, f"L’avenant n°{NO_BREAK_SPACE}{amendment.number} est en vigueur, {amendment.effect_sentence}."
        )
        tell_answers(self.request, answers)
        return redirect(amendment_url("amendment_detail", amendment))


class AmendmentRevokeView(AmendmentStepView):
    title, button, is_danger = "Révoquer", "Révoquer", True

    def obstacle(self, amendment: Amendment) -> str:
        return obstacle_to_revoking(amendment)

    def sentences(self, amendment: Amendment) -> list[str]:
        return [
            "La grille, les bureaux, la redevance et le terme redeviennent exactement ce qu’ils étaient avant"
            " l’avenant, et les permanences à venir suivent. L’avenant redevient un projet, que vous pourrez modifier"
            " ou supprimer.",
        ]

    def carry_out(self, amendment: Amendment) -> HttpResponse:
        answers = revoke(amendment=amendment, by=self.request.user)
        messages.success(
            self.request,
            f"L’avenant n°{NO_BREAK_SPACE}{amendment.number} est révoqué\u00a0: il redevient un projet.",
        )
        tell_answers(self.request, answers)
        return redirect(amendment_url("amendment_detail", amendment))


class AmendmentDeleteView(AmendmentStepView):
    title, button, is_danger = "Supprimer", "Supprimer le projet", True

    def obstacle(self, amendment: Amendment) -> str:
        return "" if amendment.is_draft else FROZEN

    def sentences(self, amendment: Amendment) -> list[str]:
        return ["Ce projet n’a jamais été en vigueur\u00a0: rien d’autre ne change. Il ne pourra pas être retrouvé."]

    def carry_out(self, amendment: Amendment) -> HttpResponse:
        delete_draft(amendment=amendment, by=self.request.user)
        messages.success(self.request, f"Le projet d’avenant n°{NO_BREAK_SPACE}{amendment.number} est supprimé.")
        return redirect("conventions:amendment_list", pk=amendment.convention_id)


class AmendmentSignatureView(RoleRequiredMixin, View):
    """When and where it was signed, and what approved it: known late, written when it is."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        amendment = amendment_of(convention_of(request, pk), number)
        initial = {
            "signed_on": amendment.signed_on,
            "signed_at": amendment.signed_at or amendment.convention.signed_at,
            "deliberation": amendment.deliberation_id,
        }
        return self.page(amendment, self.form(amendment, initial=initial))

    def post(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        amendment = amendment_of(convention_of(request, pk), number)
        form = self.form(amendment, request.POST)
        if not form.is_valid():
            return self.page(amendment, form)
        record_signature(amendment=amendment, by=request.user, **form.cleaned_data)
        messages.success(request, "La signature de l’avenant est enregistrée.")
        return redirect(amendment_url("amendment_detail", amendment))

    def form(self, amendment: Amendment, *args, **kwargs) -> SignatureForm:
        return SignatureForm(*args, convention=amendment.convention, user=self.request.user, **kwargs)

    def page(self, amendment: Amendment, form: SignatureForm) -> HttpResponse:
        context = {"convention": amendment.convention, "amendment": amendment, "form": form}
        return render(self.request, "conventions/amendment_signature.html", context)
