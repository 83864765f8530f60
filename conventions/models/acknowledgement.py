from django.conf import settings
from django.db import models
from django.utils import timezone

from franceservices.db import who_and_when
from partners.models import Ccas

from .convention import Convention


class FindingAcknowledgementQuerySet(models.QuerySet):
    def visible_to(self, user) -> "FindingAcknowledgementQuerySet":
        """Those of the conventions of the CCAS of `user`."""
        return self.filter(convention__site__ccas__in=Ccas.objects.visible_to(user))

    def standing(self) -> "FindingAcknowledgementQuerySet":
        """Those that nobody took back."""
        return self.filter(withdrawn_at=None)


class FindingAcknowledgement(models.Model):
    """Somebody has read a finding of a convention and says why it may stay.

    `fingerprint` is that of the facts (`Finding.fingerprint`): once they change, the finding is another one and comes
    back. `sentence` is what was read on that day, kept for whoever reads the reason later. One taken back stays.
    """

    convention = models.ForeignKey(
        Convention, verbose_name="convention", on_delete=models.CASCADE, related_name="finding_acknowledgements"
    )
    code = models.CharField("remarque", max_length=60)
    fingerprint = models.CharField("empreinte des faits", max_length=64)
    sentence = models.TextField("ce qui était remarqué")
    reason = models.CharField("motif", max_length=300)
    acknowledged_at = models.DateTimeField("acte pris le", default=timezone.now)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="acte pris par", on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField("reprise le", null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="reprise par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = FindingAcknowledgementQuerySet.as_manager()

    class Meta:
        verbose_name = "remarque actée"
        verbose_name_plural = "remarques actées"
        ordering = ["-acknowledged_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["convention", "code", "fingerprint"],
                condition=models.Q(withdrawn_at=None),
                name="finding_acknowledged_once",
                violation_error_message="Il est déjà pris acte de cette remarque.",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""),
                name="finding_acknowledged_with_reason",
                violation_error_message="Donnez le motif en quelques mots.",
            ),
            models.CheckConstraint(
                condition=who_and_when("withdrawn"), name="finding_acknowledgement_withdrawn_when_and_by"
            ),
        ]

    def __str__(self) -> str:
        return self.sentence
