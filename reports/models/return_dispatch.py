from django.conf import settings
from django.db import models
from django.utils import timezone

from .monthly_return import MonthlyReturn


class DispatchState(models.TextChoices):
    """Where an e-mail stands. `SENDING` without a sender at work means that nobody knows whether it left."""

    QUEUED = "queued", "en attente"
    SENDING = "sending", "en cours d’envoi"
    SENT = "sent", "envoyé"
    FAILED = "failed", "en échec"


class ReturnDispatch(models.Model):
    """A return sent by e-mail to one person of the partner: asked by somebody, made by the worker, never twice."""

    monthly_return = models.ForeignKey(
        MonthlyReturn, verbose_name="relevé", on_delete=models.PROTECT, related_name="dispatches"
    )
    recipient = models.EmailField("destinataire")
    recipient_name = models.CharField("nom", max_length=150, blank=True)
    asked_at = models.DateTimeField("demandé le", default=timezone.now)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="demandé par", on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField("état", max_length=10, choices=DispatchState, default=DispatchState.QUEUED)
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    due_at = models.DateTimeField("à envoyer à partir de", default=timezone.now)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)
    outcome = models.CharField("résultat", max_length=300, blank=True)

    class Meta:
        verbose_name = "envoi d’un relevé"
        verbose_name_plural = "envois de relevés"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="sent", sent_at__isnull=False)
                | (~models.Q(state="sent") & models.Q(sent_at=None)),
                name="return_dispatch_sent_when",
            ),
            models.UniqueConstraint(
                fields=["monthly_return", "recipient"],
                condition=models.Q(state__in=["queued", "sending"]),
                name="return_dispatch_once_at_a_time",
                violation_error_message="Ce relevé est déjà en cours d’envoi à cette adresse.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.monthly_return}, à {self.recipient}"
