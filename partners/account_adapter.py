"""What allauth asks of the house: nobody signs up, nothing greets, a key carries the name of the service."""

import base64
import hashlib
import logging
from smtplib import SMTPException

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest

from .models import User

logger = logging.getLogger(__name__)
# Ours in place of allauth's.
SECOND_FACTOR_STAGES = {"allauth.mfa.stages.AuthenticateStage": "partners.proconnect.stages.SecondFactorStage"}
# One knows that one has signed in or out: the page shows it.
SILENT_MESSAGES = frozenset({"account/messages/logged_in.txt", "account/messages/logged_out.txt"})


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": (
            "Cette adresse et ce mot de passe ne vont pas ensemble. Vérifiez-les, en respectant les majuscules du mot"
            " de passe, et recommencez."
        ),
        "too_many_login_attempts": (
            "Trop d’essais sans succès\u00a0: ce compte est fermé quelques minutes. Réessayez dans cinq minutes, ou"
            " choisissez un nouveau mot de passe."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        """allauth's, with those of ProConnect: see `partners.proconnect.stages`."""
        stages = [SECOND_FACTOR_STAGES.get(stage, stage) for stage in super().get_login_stages()]
        return [*stages, "partners.proconnect.stages.LinkStage"]

    def add_message(self, request: HttpRequest, level: int, message_template=None, *args, **kwargs) -> None:
        if message_template not in SILENT_MESSAGES:
            super().add_message(request, level, message_template, *args, **kwargs)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict | None = None, email: str | None = None
    ) -> None:
        """Tell the account's own address of what changed; addresses are kept on the account, not in allauth's table."""
        super().send_notification_mail(template_prefix, user, context, email or user.email)

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Send, or leave a line in the logs: what the person did is done, with or without a mail server."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException):
            logger.exception("message %s could not be sent", template_prefix)


class SecondFactorAdapter(DefaultMFAAdapter):
    """A key or an application shows whose account it opens, and where; secrets are encrypted at rest.

    Whoever reads the database, or a backup of it, cannot make the codes. The key comes from SECRET_KEY: when that one
    is replaced, keep the old one in SECRET_KEY_FALLBACKS, or everybody sets up the second factor anew.
    """

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Espace France Services"}

    def get_totp_label(self, user: User) -> str:
        return user.email


def _cipher() -> MultiFernet:
    """Encrypts with the current key, decrypts with that one or with one that it replaced."""
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"second factor:" + key.encode()).digest()))
            for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        ]
    )
