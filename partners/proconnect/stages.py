"""The steps between an identity and a session: our second factor unless theirs was shown, then the link.

allauth runs them in order, stopping at the pages where somebody types a code; what must wait meanwhile travels in the
login's `signal_kwargs`, on the server.
"""

from allauth.account.adapter import get_adapter
from allauth.account.stages import LoginStage
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpResponse

from .accounts import link
from .refusals import Refusal
from .responses import refuse
from .session import remember_sign_in

CARRIED = "proconnect"


class SecondFactorStage(AuthenticateStage):
    """Ours is not asked for on top of the provider's."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        carried = (self.login.signal_kwargs or {}).get(CARRIED)
        if carried is not None and carried["has_two_factors"] is True:
            return None, True
        return super().handle()


class LinkStage(LoginStage):
    """The last one: the account is linked to the identity, and the session remembers where it came from."""

    key = "proconnect_link"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        carried = (self.login.signal_kwargs or {}).get(CARRIED)
        if carried is None:
            return None, True
        account = self.login.user
        try:
            is_new = link(account=account, issuer=carried["issuer"], sub=carried["sub"])
        except Refusal as refusal:
            return refuse(self.request, refusal, id_token=carried["id_token"]), False
        remember_sign_in(
            self.request,
            account_id=account.pk,
            id_token=carried["id_token"],
            has_two_factors=carried["has_two_factors"],
        )
        if is_new:
            get_adapter(self.request).send_notification_mail("account/email/proconnect_linked", account)
        return None, True
