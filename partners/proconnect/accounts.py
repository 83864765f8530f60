"""Whose account an identity is, and whether it comes in: made beforehand, of the right place, and the same person.

The first sign-in finds the account by the address that the provider gives, and links it to the provider's `sub`; from
then on that alone counts, and the address may change on either side.
"""

import logging

from django.db import transaction
from django.utils import timezone

from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.accounts.perimeter import accounts_whose_second_factor_is_reset_by
from partners.closed_sessions import NO_LONGER_VALID, end_sessions
from partners.models import Establishment, ProConnectLink, User

from . import refusals
from .configuration import Configuration
from .refusals import Refusal
from .sign_in import Identity

logger = logging.getLogger(__name__)


def admitted_account(identity: Identity, *, configured: Configuration) -> User:
    """The account that `identity` opens; nothing is written. Raises Refusal."""
    _check_level(identity, configured)
    if not identity.siret:
        raise Refusal("siret_missing", refusals.NO_ESTABLISHMENT)
    places = Establishment.objects.filter(siret=identity.siret)
    if not places.exists():
        raise Refusal("siret_unknown", refusals.UNKNOWN_ESTABLISHMENT)
    account = _account(identity, configured)
    if not account.is_active:
        raise Refusal("account_suspended", refusals.SUSPENDED)
    if not places.of_account(account).exists():
        raise Refusal("siret_of_another", refusals.OTHER_ESTABLISHMENT)
    return account


def has_two_factors(identity: Identity, *, configured: Configuration) -> bool:
    """Whether the provider says that it asked for two factors."""
    return identity.acr in configured.two_factor_acr


def _check_level(identity: Identity, configured: Configuration) -> None:
    """The level that was reached, not the one that was asked: a provider may answer less than it was asked for."""
    if not identity.acr:
        raise Refusal("acr_missing", refusals.LEVEL_TOO_LOW)
    if identity.acr not in configured.accepted_acr:
        raise Refusal("acr_not_accepted", refusals.LEVEL_TOO_LOW)


def _account(identity: Identity, configured: Configuration) -> User:
    link = (
        ProConnectLink.objects.live()
        .filter(issuer=configured.issuer, sub=identity.sub)
        .select_related("user__partner")
        .first()
    )
    if link is not None:
        return link.user
    # Beyond ASCII, letters that look alike become the same in lower case (the Kelvin sign is a « k »).
    if not identity.email or identity.email_is_denied or not identity.email.isascii():
        raise Refusal("email_not_verified", refusals.NO_ADDRESS)
    account = User.objects.select_related("partner").filter(email=identity.email.lower()).first()
    if account is None:
        raise Refusal("account_unknown", refusals.NO_ACCOUNT)
    if account.proconnect_links.live().filter(issuer=configured.issuer).exists():
        raise Refusal("account_of_another_sub", refusals.OTHER_IDENTITY)
    return account


def link(*, account: User, issuer: str, sub: str) -> bool:
    """Make sure that `account` is the one of `sub` from now on; whether that is new. Raises Refusal.

    Called once everything is verified, the second factor included: whoever stops half-way binds nothing.
    """
    other_identity = Refusal("account_of_another_sub", refusals.OTHER_IDENTITY)
    taken = {
        "proconnectlink_one_identity_per_account": other_identity,
        "proconnectlink_one_account_per_identity": other_identity,
    }
    with transaction.atomic():
        locked = User.objects.select_for_update(no_key=True).get(pk=account.pk)
        if not locked.is_active:
            raise Refusal("account_suspended", refusals.SUSPENDED)
        live = locked.proconnect_links.live().filter(issuer=issuer).first()
        if live is not None:
            if live.sub != sub:
                raise other_identity
            return False
        with translate_violations(taken):
            ProConnectLink.objects.create(user=locked, issuer=issuer, sub=sub)
    logger.info("ProConnect: account %s is linked", account.pk)
    return True


@transaction.atomic
def release(*, account: User, by: User) -> None:
    """Let another identity take the account at its next sign-in, and end its sessions: the old one is no longer hers.

    For people who change employer, or whose employer changes its own sign-in: their `sub` is another one then. Raises
    DomainError when there is nothing to release, User.DoesNotExist out of the perimeter of `by`.
    """
    held = accounts_whose_second_factor_is_reset_by(by).filter(pk=account.pk).values("pk")
    locked = User.objects.select_for_update(no_key=True).get(pk__in=held)
    if not locked.proconnect_links.live().update(released_at=timezone.now(), released_by=by):
        raise DomainError(f"Le compte de {account} n’est lié à aucune identité ProConnect.")
    end_sessions(locked, sentence=NO_LONGER_VALID)
    logger.info("ProConnect: account %s is released by account %s", account.pk, by.pk)
