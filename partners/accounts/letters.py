"""Letters about somebody's account: the invitation, and the loss of a second factor."""

import logging
from datetime import tzinfo
from smtplib import SMTPException

from allauth.account.adapter import get_adapter
from django.utils import timezone

from partners.models import Invitation, SecondFactorReset, User

logger = logging.getLogger(__name__)


def send_invitation(invitation: Invitation, *, address: str) -> bool:
    """Send the link of `address` to whom it is for; False when no mail server takes it, and nothing is lost by it."""
    context = {"invitation": invitation, "address": address}
    return _send("partners/messages/invitation", invitation.user, context)


def tell_of_second_factor_reset(reset: SecondFactorReset) -> bool:
    """Tell the person, at the account's address, who took her second factor away and what to do if she did not ask."""
    return _send("partners/messages/second_factor_reset", reset.user, {"reset": reset})


def _send(prefix: str, person: User, context: dict[str, object]) -> bool:
    context = {**context, "person": person, "zone": _zone_of(person)}
    try:
        get_adapter().render_mail(prefix, person.email, context).send()
    except (OSError, SMTPException):
        logger.exception("message %s could not be sent", prefix)
        return False
    return True


def _zone_of(person: User) -> tzinfo:
    """The clock by which she reads a date: that of one of her spaces, or of her CCAS; ours for an agent."""
    site = person.sites.first() or (person.ccas.sites.first() if person.ccas else None)
    return site.zone if site else timezone.get_default_timezone()
