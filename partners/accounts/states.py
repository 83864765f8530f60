"""The state of an account: it works, waits for its first password, is suspended, or its invitation was taken back."""

from datetime import datetime

from django.db import models
from django.db.models import Q, QuerySet

from partners.models import User


class AccountState(models.TextChoices):
    """The value is the word of an address; the class of its mark is in `MARKS`."""

    ACTIVE = "actif", "actif"
    INVITED = "invite", "invité"
    EXPIRED = "expire", "invitation expirée"
    WITHDRAWN = "retire", "invitation retirée"
    SUSPENDED = "suspendu", "suspendu"


MARKS = {
    AccountState.ACTIVE: "success",
    AccountState.INVITED: "waiting",
    AccountState.EXPIRED: "warning",
    AccountState.WITHDRAWN: "neutral",
    AccountState.SUSPENDED: "danger",
}

# Nobody has come in yet, by the link or, where the account was made for it, by ProConnect.
WAITING = Q(invitation__isnull=False, invitation__accepted_at=None, last_login=None)


def state_of(user: User, *, at: datetime) -> AccountState:
    """The state of `user`, loaded with its `invitation`, at the moment `at`."""
    invitation = getattr(user, "invitation", None)
    is_waiting = invitation is not None and invitation.accepted_at is None and user.last_login is None
    if is_waiting and invitation.withdrawn_at is not None:
        return AccountState.WITHDRAWN
    if not user.is_active:
        return AccountState.SUSPENDED
    if not is_waiting:
        return AccountState.ACTIVE
    return AccountState.INVITED if invitation.expires_at > at else AccountState.EXPIRED


def in_state(accounts: QuerySet[User], state: AccountState, *, at: datetime) -> QuerySet[User]:
    """Those of `accounts` in `state` at the moment `at`: what `state_of` says, asked of the database."""
    withdrawn = WAITING & Q(invitation__withdrawn_at__isnull=False)
    not_withdrawn = Q(invitation__isnull=True) | ~withdrawn
    match state:
        case AccountState.WITHDRAWN:
            return accounts.filter(withdrawn)
        case AccountState.SUSPENDED:
            return accounts.filter(not_withdrawn, is_active=False)
        case AccountState.INVITED:
            return accounts.filter(WAITING, is_active=True, invitation__expires_at__gt=at)
        case AccountState.EXPIRED:
            return accounts.filter(WAITING, is_active=True, invitation__expires_at__lte=at)
    return accounts.filter(Q(invitation__isnull=True) | ~WAITING, is_active=True)
