"""« Comptes »: the accounts of a CCAS and of the caisses that work there, for managers and administrators."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views import View
from django.views.decorators.http import require_POST, require_safe

from franceservices.db import Folded, Joined
from franceservices.errors import DomainError
from franceservices.secret_links import secret_address
from franceservices.text import fold
from partners.models import Invitation, User
from partners.permissions import OVERSEER_ROLES, RoleRequiredMixin, for_roles

from . import services
from .changes import recall, remember
from .forms import AccountFilterForm, AccountForm, InvitationForm
from .letters import send_invitation
from .perimeter import accounts_changed_by, accounts_seen_by, accounts_whose_second_factor_is_reset_by
from .states import MARKS, AccountState, in_state, state_of

ACCOUNTS_A_PAGE = 25
LONGEST_SEARCH = 100
WAITING_STATES = frozenset({AccountState.INVITED, AccountState.EXPIRED, AccountState.WITHDRAWN})


class AccountListView(RoleRequiredMixin, View):
    """Everybody's account, by name, searched and filtered by what the address says."""

    roles = OVERSEER_ROLES

    def get(self, request: HttpRequest) -> HttpResponse:
        query = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
        form = AccountFilterForm(request.GET)
        form.is_valid()
        wanted = form.cleaned_data
        rows = self.found(query, wanted).select_related("ccas", "partner", "invitation").prefetch_related("sites")
        page = Paginator(rows, ACCOUNTS_A_PAGE).get_page(request.GET.get("page"))
        for user in page.object_list:
            _say_state(user)
        context = {"form": form, "query": query, "page_obj": page, "is_filtered": bool(query or any(wanted.values()))}
        return render(request, "partners/account_list.html", context)

    def found(self, query: str, wanted: dict[str, str]) -> QuerySet[User]:
        """The accounts in whose name or address each word of `query` occurs."""
        rows = accounts_seen_by(self.request.user).order_by(Folded("last_name"), Folded("first_name"), "pk")
        if wanted.get("role"):
            rows = rows.filter(role=wanted["role"])
        if wanted.get("state"):
            rows = in_state(rows, AccountState(wanted["state"]), at=timezone.now())
        words = fold(query).split()
        if words:
            rows = rows.alias(folded=Folded(Joined("first_name", "last_name", "email")))
        for word in words:
            rows = rows.filter(folded__contains=word)
        return rows


@require_safe
@for_roles(OVERSEER_ROLES)
def account_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: what it opens, its state, and what may be done with it by whoever reads the page."""
    rows = accounts_seen_by(request.user).select_related("ccas", "partner", "invitation__sent_by")
    user = get_object_or_404(rows.select_related("invitation__withdrawn_by"), pk=pk)
    state = _say_state(user)
    may_change = accounts_changed_by(request.user).filter(pk=user.pk).exists()
    may_reset = accounts_whose_second_factor_is_reset_by(request.user).filter(pk=user.pk).exists()
    factors = user.authenticator_set.exclude(type="recovery_codes").count()
    context = {
        "account": user,
        "may_change": may_change,
        "is_waiting": state in WAITING_STATES,
        "is_withdrawn": state == AccountState.WITHDRAWN,
        "is_suspended": state == AccountState.SUSPENDED,
        "factors": factors,
        "may_reset": factors and may_reset,
        "proconnect_links": (links := list(user.proconnect_links.select_related("released_by"))),
        "may_release": may_reset and any(link.released_at is None for link in links),
        "why_not": "" if may_change else _why_not(user, request.user),
        "suspensions": user.suspensions.select_related("suspended_by", "lifted_by"),
        "resets": user.second_factor_resets.select_related("reset_by"),
    }
    return render(request, "partners/account_detail.html", context)


class InviteView(RoleRequiredMixin, View):
    """A new account; its link leaves by e-mail once the account is there."""

    roles = OVERSEER_ROLES

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(InvitationForm(by=request.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InvitationForm(request.POST, by=request.user)
        if not form.is_valid():
            return self.answer(form)
        given = form.cleaned_data
        try:
            invitation, token = services.invite(
                email=given["email"],
                first_name=given["first_name"],
                last_name=given["last_name"],
                belonging=form.belonging,
                ccas=given.get("ccas"),
                by=request.user,
            )
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return self.answer(form)
        _send(request, invitation, token)
        return redirect("accounts:account_detail", invitation.user_id)

    def answer(self, form: InvitationForm) -> HttpResponse:
        return render(self.request, "partners/account_invite.html", {"form": form, "days": settings.INVITATION_DAYS})


class AccountChangeView(RoleRequiredMixin, View):
    """Another name, role or spaces; the message after it takes the change back."""

    roles = OVERSEER_ROLES

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.answer(AccountForm(user=self.account(), by=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = self.account()
        form = AccountForm(request.POST, user=account, by=request.user)
        if not form.is_valid():
            return self.answer(form)
        remember(request.session, account)
        given = form.cleaned_data
        try:
            services.change_account(
                user=account,
                first_name=given["first_name"],
                last_name=given["last_name"],
                belonging=form.belonging,
                by=request.user,
            )
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return self.answer(form)
        undo = reverse("accounts:account_change_undo", args=[pk])
        messages.success(request, f"Le compte de {_name(given)} est modifié.", extra_tags=undo)
        return redirect("accounts:account_detail", pk)

    def account(self) -> User:
        rows = accounts_changed_by(self.request.user).select_related("ccas", "partner")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def answer(self, form: AccountForm) -> HttpResponse:
        return render(self.request, "partners/account_change.html", {"form": form, "account": form.user})


@require_POST
@for_roles(OVERSEER_ROLES)
def account_change_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the account back the name, role and spaces that it had, if whoever asks may give them."""
    user = get_object_or_404(accounts_changed_by(request.user).select_related("partner"), pk=pk)
    try:
        services.change_account(user=user, by=request.user, **recall(request.session, user=user))
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "La modification est annulée.")
    return redirect("accounts:account_detail", pk)


@require_POST
@for_roles(OVERSEER_ROLES)
def invitation_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the invitation again, with a new link."""
    user = get_object_or_404(accounts_changed_by(request.user), pk=pk)
    try:
        invitation, token = services.send_again(user=user, by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        _send(request, invitation, token)
    return redirect("accounts:account_detail", pk)


def _send(request: HttpRequest, invitation: Invitation, token: str) -> None:
    email = invitation.user.email
    if send_invitation(invitation, address=secret_address(request, "accounts:invitation", token)):
        messages.success(request, f"L’invitation est partie à {email}.")
    else:
        messages.warning(
            request,
            f"Le compte est prêt, mais le message à {email} n’est pas parti\u00a0: le serveur de courriel ne répond"
            " pas. Renvoyez l’invitation dans un moment.",
        )


def _say_state(user: User) -> AccountState:
    """Write the state on `user`, as templates show it."""
    state = state_of(user, at=timezone.now())
    user.state_label, user.state_mark = state.label, MARKS[state]
    return state


def _name(given: dict[str, str]) -> str:
    return f"{given['first_name']} {given['last_name']}"


def _why_not(user: User, reader: User) -> str:
    """Why `reader` sees this account without changing it."""
    if user == reader:
        return "C’est votre compte\u00a0: une autre personne change votre rôle ou vos espaces."
    if user.is_partner_agent:
        return (
            "Cette caisse travaille aussi avec un autre CCAS\u00a0: le compte technique de la plateforme tient les"
            " comptes de ses agents."
        )
    return "Seul un administrateur change le compte d’un administrateur."
