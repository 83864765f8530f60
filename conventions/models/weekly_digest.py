from django.conf import settings
from django.db import models
from django.utils import timezone

from partners.models import Site


class WeeklyDigest(models.Model):
    """The deadlines of one space, told to one person by e-mail in one week: the row is what keeps it to once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="destinataire", on_delete=models.CASCADE, related_name="+"
    )
    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.CASCADE, related_name="+")
    monday = models.DateField("semaine du")
    claimed_at = models.DateTimeField("pris en charge le", default=timezone.now)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)

    class Meta:
        verbose_name = "récapitulatif de la semaine"
        verbose_name_plural = "récapitulatifs de la semaine"
        ordering = ["-monday", "pk"]
        constraints = [models.UniqueConstraint(fields=["user", "site", "monday"], name="weekly_digest_once_a_week")]

    def __str__(self) -> str:
        return f"{self.user}, semaine du {self.monday:%d/%m/%Y}"


class DigestRefusal(models.Model):
    """A person who does not want the weekly e-mail; no row means that she gets it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name="personne", on_delete=models.CASCADE, related_name="digest_refusal"
    )
    since = models.DateTimeField("depuis le", default=timezone.now)

    class Meta:
        verbose_name = "refus du récapitulatif"
        verbose_name_plural = "refus du récapitulatif"

    def __str__(self) -> str:
        return str(self.user)
