from django.conf import settings
from django.db import models

from franceservices.db import who_and_when


class Invitation(models.Model):
    """The link by which somebody chooses the first password of an account that a colleague made for her.

    Only the digest of its secret is kept. Sending it again changes the secret: the link before it opens nothing.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name="compte", on_delete=models.CASCADE, related_name="invitation"
    )
    token_digest = models.CharField("empreinte du lien", max_length=64, unique=True, editable=False)
    sent_at = models.DateTimeField("envoyée le")
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="envoyée par", on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField("valable jusqu’au")
    accepted_at = models.DateTimeField("acceptée le", null=True, blank=True)
    withdrawn_at = models.DateTimeField("retirée le", null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="retirée par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = "invitation"
        verbose_name_plural = "invitations"
        ordering = ["-sent_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("sent_at")),
                name="invitation_expires_after_sending",
                violation_error_message="Une invitation expire après son envoi.",
            ),
            models.CheckConstraint(
                condition=who_and_when("withdrawn"),
                name="invitation_withdrawn_who_and_when",
                violation_error_message="Une invitation retirée a une date et un auteur.",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(withdrawn_at=None),
                name="invitation_accepted_or_withdrawn",
                violation_error_message="Une invitation acceptée ne se retire plus.",
            ),
        ]

    def __str__(self) -> str:
        return f"Invitation de {self.user}"
