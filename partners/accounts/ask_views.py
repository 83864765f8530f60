"""What is asked before it is done: an account suspended or opened again, an invitation withdrawn, a factor reset."""

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View

from franceservices.errors import DomainError
from partners.models import Role, User
from partners.permissions import OVERSEER_ROLES, RoleRequiredMixin

from . import services
from .forms import ReasonForm
from .letters import tell_of_second_factor_reset
from .perimeter import accounts_changed_by, accounts_whose_second_factor_is_reset_by


class AskView(RoleRequiredMixin, View):
    """Says what will follow, with what may be asked, and does it by POST."""

    roles = OVERSEER_ROLES
    question = sentence = label = ""
    is_danger = True
    # What the reason is for, where one is asked.
    hint = ""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.answer(self.account(), self.form(None))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        account, form = self.account(), self.form(request.POST)
        if not form.is_valid():
            return self.answer(account, form)
        try:
            self.carry_out(account, form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return self.answer(account, form)
        return redirect("accounts:account_detail", pk)

    def accounts(self) -> QuerySet[User]:
        return accounts_changed_by(self.request.user)

    def account(self) -> User:
        return get_object_or_404(self.accounts().select_related("ccas", "partner"), pk=self.kwargs["pk"])

    def form(self, data) -> forms.Form:
        return ReasonForm(data, hint=self.hint) if self.hint else forms.Form(data)

    def answer(self, account: User, form: forms.Form) -> HttpResponse:
        return render(self.request, "partners/account_ask.html", {"account": account, "form": form, "view": self})

    def carry_out(self, account: User, given: dict[str, str]) -> None:
        raise NotImplementedError


class SuspendView(AskView):
    question = "Suspendre ce compte"
    sentence = (
        "La personne ne pourra plus rien ouvrir\u00a0: ses pages ouvertes se ferment à son prochain geste et ses"
        " adresses d’agenda ne répondent plus. Ce qu’elle a fait reste à son nom, et vous pourrez rouvrir le compte."
    )
    label = "Suspendre le compte"
    hint = "Par exemple «\u00a0a quitté le service le 30 novembre\u00a0». Elle se lit sur la page du compte."

    def carry_out(self, account: User, given: dict[str, str]) -> None:
        services.suspend(user=account, reason=given["reason"], by=self.request.user)
        messages.success(self.request, f"Le compte de {account} est suspendu\u00a0: ses sessions sont fermées.")


class ReactivateView(AskView):
    question = "Rouvrir ce compte"
    sentence = "La personne retrouve son rôle, ses espaces et son mot de passe. Elle devra se connecter à nouveau."
    label = "Rouvrir le compte"
    is_danger = False

    def carry_out(self, account: User, given: dict[str, str]) -> None:
        services.reactivate(user=account, by=self.request.user)
        messages.success(self.request, f"Le compte de {account} est rouvert.")


class InvitationWithdrawView(AskView):
    question = "Retirer cette invitation"
    sentence = "Le lien déjà envoyé n’ouvrira plus rien. Vous pourrez renvoyer une invitation à la même adresse."
    label = "Retirer l’invitation"

    def carry_out(self, account: User, given: dict[str, str]) -> None:
        services.withdraw_invitation(user=account, by=self.request.user)
        messages.success(self.request, f"L’invitation de {account} est retirée.")


class SecondFactorResetView(AskView):
    """For somebody who lost her telephone or her key: an administrator's affair, told to the person by e-mail."""

    roles = frozenset({Role.ADMINISTRATOR})
    question = "Réinitialiser la double authentification"
    sentence = (
        "Ses applications, ses clés et ses codes de secours sont retirés, ses sessions fermées. À sa prochaine"
        " connexion, son mot de passe suffira, puis son rôle peut lui en demander une nouvelle. Elle en est prévenue"
        " par courriel. Assurez-vous d’abord que c’est bien elle qui vous le demande."
    )
    label = "Réinitialiser"
    hint = "Par exemple «\u00a0téléphone perdu, identité vérifiée à l’accueil\u00a0»."

    def accounts(self) -> QuerySet[User]:
        return accounts_whose_second_factor_is_reset_by(self.request.user)

    def carry_out(self, account: User, given: dict[str, str]) -> None:
        reset = services.reset_second_factor(user=account, reason=given["reason"], by=self.request.user)
        if tell_of_second_factor_reset(reset):
            messages.success(self.request, f"C’est fait, et {account} en est prévenu par courriel.")
        else:
            messages.warning(
                self.request,
                f"C’est fait, mais le courriel à {account.email} n’est pas parti\u00a0: prévenez la personne.",
            )
