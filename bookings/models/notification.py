from django.db import models
from django.utils import timezone

from partners.models import Site

from .appointment import Appointment


class NotificationKind(models.TextChoices):
    """What a message tells the visitor."""

    CONFIRMATION = "confirmation", "Confirmation"
    REMINDER = "reminder", "Rappel"
    MOVE = "move", "Changement"
    CANCELLATION = "cancellation", "Annulation"


class NotificationChannel(models.TextChoices):
    EMAIL = "email", "Courriel"
    SMS = "sms", "SMS"


class NotificationStatus(models.TextChoices):
    """What became of one send. `SENDING` is written before the gateway is called: see the decision on messages."""

    QUEUED = "queued", "En file"
    SENDING = "sending", "En cours d’envoi"
    SENT = "sent", "Envoyé"
    FAILED = "failed", "Échec"
    SKIPPED = "skipped", "Non envoyé"


class NotificationQuerySet(models.QuerySet):
    def visible_to(self, user) -> "NotificationQuerySet":
        """Those of the desks of the CCAS's staff."""
        return self.filter(site__in=Site.objects.visible_to(user))


class Notification(models.Model):
    """One message to one visitor about one appointment over one channel, and its result.

    `dedupe_key` makes a second message of the same kind about the same time impossible. `recipient` is the address at
    the moment of queueing.
    """

    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.PROTECT, related_name="notifications")
    appointment = models.ForeignKey(
        Appointment, verbose_name="rendez-vous", on_delete=models.PROTECT, related_name="notifications"
    )
    kind = models.CharField("nature", max_length=20, choices=NotificationKind)
    channel = models.CharField("canal", max_length=10, choices=NotificationChannel)
    recipient = models.CharField("destinataire", max_length=254)
    dedupe_key = models.CharField("clé d’unicité", max_length=120, unique=True)
    due_at = models.DateTimeField("à envoyer à partir de")
    status = models.CharField("état", max_length=10, choices=NotificationStatus, default=NotificationStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    queued_at = models.DateTimeField("mis en file le", default=timezone.now)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)
    outcome = models.CharField("résultat", max_length=300, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = "message"
        verbose_name_plural = "messages"
        ordering = ["-queued_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="sent", sent_at__isnull=False)
                | (~models.Q(status="sent") & models.Q(sent_at=None)),
                name="notification_sent_has_a_date",
            ),
        ]
        indexes = [
            models.Index(name="notification_due", fields=["due_at"], condition=models.Q(status="queued")),
            models.Index(name="notification_site_queued", fields=["site", "queued_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_channel_display()}) – {self.get_status_display()}"


class MessageSettingsQuerySet(models.QuerySet):
    def visible_to(self, user) -> "MessageSettingsQuerySet":
        """Those of the desks of the CCAS's staff."""
        return self.filter(site__in=Site.objects.visible_to(user))


class MessageSettings(models.Model):
    """How a site writes to its visitors: when, what is said of the reason, and until when one may cancel by link."""

    site = models.OneToOneField(Site, verbose_name="espace", on_delete=models.CASCADE, related_name="message_settings")
    reminder_hours = models.PositiveSmallIntegerField(
        "rappel (heures avant)", default=48, help_text="0 pour ne pas envoyer de rappel."
    )
    names_reason = models.BooleanField(
        "citer le motif", default=False, help_text="Un message peut être lu par d’autres : le motif est tu par défaut."
    )
    quiet_from = models.TimeField("silence à partir de", default="20:00")
    quiet_until = models.TimeField("silence jusqu’à", default="08:00")
    cancel_hours = models.PositiveSmallIntegerField("annulation par lien jusqu’à (heures avant)", default=24)
    signature = models.CharField("signature", max_length=200, blank=True)

    objects = MessageSettingsQuerySet.as_manager()

    class Meta:
        verbose_name = "réglage des messages"
        verbose_name_plural = "réglages des messages"

    def __str__(self) -> str:
        return f"Messages de {self.site}"
