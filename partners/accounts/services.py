"""Accounts: invited, changed, suspended and opened again, each within the perimeter of whoever does it.

Out of the perimeter an account does not exist (`User.DoesNotExist`); what a rule of the field forbids is a
`DomainError` with its sentence. Letters are sent by the caller, once the transaction is over: see `letters.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from franceservices.db import translate_violations
from franceservices.errors import DomainError
from franceservices.secret_links import digest_of, new_secret
from partners.account_forms import DESK_BOUND_ROLES
from partners.closed_sessions import NO_LONGER_VALID, SUSPENDED, end_sessions
from partners.models import Ccas, Invitation, Partner, Role, SecondFactorReset, Site, Suspension, User

from .perimeter import (
    accounts_changed_by,
    accounts_whose_second_factor_is_reset_by,
    partners_to_invite_for,
    roles_given_by,
)
from .states import AccountState, in_state, state_of

LAST_ADMINISTRATOR = (
    "C’est le dernier compte d’administrateur en service de ce CCAS\u00a0: nommez d’abord un autre administrateur."
)


@dataclass(frozen=True)
class Belonging:
    """What an account may do and where: a role, then spaces for those who work at a desk, or a caisse for its agent."""

    role: Role
    sites: tuple[Site, ...] = ()
    partner: Partner | None = None


@transaction.atomic
def invite(
    *, email: str, first_name: str, last_name: str, belonging: Belonging, ccas: Ccas | None, by: User
) -> tuple[Invitation, str]:
    """Make the account of `email`, without a password, and the link by which its owner chooses one; both, link last.

    `ccas` is that of `by`, whatever is given, unless `by` is the technical account. Raises DomainError for a role, a
    space or a caisse that `by` may not give, and for an address that has an account.
    """
    if not by.is_superuser:
        ccas = by.ccas
    _check_belonging(belonging, ccas=ccas, by=by)
    if User.objects.filter(email__iexact=email).exists():
        raise DomainError("Un compte porte déjà ce courriel.")
    user = User(
        email=email.lower(),
        first_name=first_name,
        last_name=last_name,
        role=belonging.role,
        partner=belonging.partner,
        ccas=None if belonging.role == Role.PARTNER_AGENT else ccas,
    )
    user.set_unusable_password()
    # Two colleagues who invite the same person at once.
    with translate_violations({"partners_user_email_key": DomainError("Un compte porte déjà ce courriel.")}):
        user.save()
    user.sites.set(belonging.sites)
    token = new_secret()
    return Invitation.objects.create(user=user, **_sending(token, by)), token


@transaction.atomic
def send_again(*, user: User, by: User) -> tuple[Invitation, str]:
    """A new link for somebody who has not come in yet, also after a withdrawal; the one before opens nothing."""
    user = _held(user, by)
    if state_of(user, at=timezone.now()) not in (AccountState.INVITED, AccountState.EXPIRED, AccountState.WITHDRAWN):
        raise DomainError(f"{user} n’attend pas d’invitation\u00a0: son compte a déjà servi, ou il est suspendu.")
    invitation, token = user.invitation, new_secret()
    for field, value in {**_sending(token, by), "withdrawn_at": None, "withdrawn_by": None}.items():
        setattr(invitation, field, value)
    invitation.save()
    user.is_active = True
    user.save(update_fields=["is_active"])
    return invitation, token


@transaction.atomic
def withdraw_invitation(*, user: User, by: User) -> None:
    """Close the link of somebody who has not come in yet; sending it again opens a new one."""
    user = _held(user, by)
    if state_of(user, at=timezone.now()) not in (AccountState.INVITED, AccountState.EXPIRED):
        raise DomainError(f"{user} n’a plus d’invitation à retirer\u00a0: elle a servi, ou elle est déjà retirée.")
    invitation = user.invitation
    invitation.withdrawn_at, invitation.withdrawn_by = timezone.now(), by
    # Nobody knows this one: the column is unique and never empty.
    invitation.token_digest = digest_of(new_secret())
    invitation.save()
    user.is_active = False
    user.save(update_fields=["is_active"])


def invitations_open() -> QuerySet[Invitation]:
    """Those whose link still opens something now."""
    return Invitation.objects.filter(
        accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now(), user__is_active=True
    ).select_related("user")


@transaction.atomic
def accept_invitation(*, token: str, password: str) -> User:
    """Give the account of that secret its first password; Invitation.DoesNotExist when the link opens nothing."""
    invitation = invitations_open().select_for_update(of=["self", "user"]).get(token_digest=digest_of(token))
    user = invitation.user
    user.set_password(password)
    user.save(update_fields=["password"])
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    return user


@transaction.atomic
def change_account(*, user: User, first_name: str, last_name: str, belonging: Belonging, by: User) -> User:
    """Give the account another name, role or spaces. Staff stay staff, an agent stays one of her caisse."""
    user = _held(user, by)
    is_agent = user.role == Role.PARTNER_AGENT
    if is_agent != (belonging.role == Role.PARTNER_AGENT) or belonging.partner != user.partner:
        raise DomainError(
            "Un agent de caisse ne devient pas agent du CCAS, ni l’inverse\u00a0: suspendez ce compte, puis invitez la"
            " personne à une autre adresse."
        )
    if not is_agent:
        _check_belonging(belonging, ccas=user.ccas, by=by)
        if user.role == Role.ADMINISTRATOR and belonging.role != Role.ADMINISTRATOR:
            _check_administrator_remains(user)
    user.first_name, user.last_name, user.role = first_name, last_name, belonging.role
    user.save(update_fields=["first_name", "last_name", "role"])
    user.sites.set(belonging.sites)
    return user


@transaction.atomic
def suspend(*, user: User, reason: str, by: User) -> Suspension:
    """Close the account and end its sessions now; what the person did stays under her name."""
    user = _held(user, by)
    if state_of(user, at=timezone.now()) in (AccountState.SUSPENDED, AccountState.WITHDRAWN):
        raise DomainError(f"Le compte de {user} est déjà fermé.")
    if user.role == Role.ADMINISTRATOR:
        _check_administrator_remains(user)
    suspension = Suspension.objects.create(user=user, reason=reason, suspended_at=timezone.now(), suspended_by=by)
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_sessions(user, sentence=SUSPENDED)
    return suspension


@transaction.atomic
def reactivate(*, user: User, by: User) -> None:
    """Open the account again, with the role, spaces and password that it had; its old sessions stay ended."""
    user = _held(user, by)
    if state_of(user, at=timezone.now()) != AccountState.SUSPENDED:
        raise DomainError(f"Le compte de {user} n’est pas suspendu.")
    user.suspensions.filter(lifted_at=None).update(lifted_at=timezone.now(), lifted_by=by)
    user.is_active = True
    user.save(update_fields=["is_active"])
    end_sessions(user, sentence=NO_LONGER_VALID)


@transaction.atomic
def reset_second_factor(*, user: User, reason: str, by: User) -> SecondFactorReset:
    """Take the applications, keys and recovery codes off the account and end its sessions.

    The next sign-in asks for the password only, then, where the role demands it, for a new second factor at once.
    """
    accounts_whose_second_factor_is_reset_by(by).get(pk=user.pk)
    user = _held(user, by)
    taken, _ = Authenticator.objects.filter(user=user).delete()
    if not taken:
        raise DomainError(f"{user} n’a pas de double authentification à réinitialiser.")
    end_sessions(user, sentence=NO_LONGER_VALID)
    return SecondFactorReset.objects.create(user=user, reason=reason, reset_at=timezone.now(), reset_by=by)


def _held(user: User, by: User) -> User:
    """The account locked until the transaction ends, if `by` may change it; its CCAS first.

    All changes of accounts of one CCAS pass one after the other: two administrators cannot close each other's account.
    """
    Ccas.objects.select_for_update(no_key=True).filter(pk=user.ccas_id).first()
    if not User.objects.filter(pk=by.pk, is_active=True).exists():
        raise DomainError("Votre compte vient d’être suspendu\u00a0: rien n’a été changé.")
    changeable = accounts_changed_by(by).filter(pk=user.pk).values("pk")
    return User.objects.select_for_update(no_key=True).get(pk__in=changeable)


def _sending(token: str, by: User) -> dict[str, object]:
    now = timezone.now()
    return {
        "token_digest": digest_of(token),
        "sent_at": now,
        "sent_by": by,
        "expires_at": now + timedelta(days=settings.INVITATION_DAYS),
    }


def _check_belonging(belonging: Belonging, *, ccas: Ccas | None, by: User) -> None:
    if belonging.role not in roles_given_by(by):
        raise DomainError("Seul un administrateur nomme un administrateur.")
    if belonging.role == Role.PARTNER_AGENT:
        if belonging.partner is None or not partners_to_invite_for(by).filter(pk=belonging.partner.pk).exists():
            raise DomainError("Choisissez une caisse dont la convention est en vigueur dans un de vos espaces.")
        if belonging.sites:
            raise DomainError("Un agent de caisse n’a pas d’espace\u00a0: il voit ses permanences partout.")
        return
    if ccas is None:
        raise DomainError("Choisissez le CCAS de cette personne.")
    if belonging.partner is not None:
        raise DomainError("Seul un agent de caisse est rattaché à une caisse.")
    if belonging.role in DESK_BOUND_ROLES and not belonging.sites:
        raise DomainError("Choisissez au moins un espace\u00a0: cette personne n’y verrait rien.")
    _check_sites(belonging.sites, ccas=ccas, by=by)


def _check_sites(sites: Iterable[Site], *, ccas: Ccas, by: User) -> None:
    asked = {site.pk for site in sites}
    if asked - set(Site.objects.visible_to(by).filter(ccas=ccas, pk__in=asked).values_list("pk", flat=True)):
        raise DomainError("Un de ces espaces n’est pas des vôtres.")


def _check_administrator_remains(user: User) -> None:
    """Raise DomainError unless somebody else administers the CCAS and has already come in."""
    others = User.objects.filter(ccas=user.ccas_id, role=Role.ADMINISTRATOR, is_superuser=False).exclude(pk=user.pk)
    if not in_state(others, AccountState.ACTIVE, at=timezone.now()).exists():
        raise DomainError(LAST_ADMINISTRATOR)
