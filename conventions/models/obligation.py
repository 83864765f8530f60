from django.db import models

from .convention import Convention
from .party import Party


class Frequency(models.TextChoices):
    """How often it is owed."""

    ONCE = "once", "Une fois"
    MONTHLY = "monthly", "Chaque mois"
    YEARLY = "yearly", "Chaque année"
    CONTINUOUS = "continuous", "En continu"


class DueMoment(models.TextChoices):
    """When, in each period, it is owed: an insurance certificate as the year begins, a committee before it ends."""

    START = "start", "Au début de chaque période"
    END = "end", "À la fin de chaque période"


class ObligationKind(models.TextChoices):
    """What is owed, so that a figure, a document or an act of the application can prove it."""

    INSURANCE_CERTIFICATE = "insurance_certificate", "Attestation d’assurance"
    MONTHLY_COUNT = "monthly_count", "Relevé mensuel"
    COMMITTEE = "committee", "Comité"
    YEARLY_REPORT = "yearly_report", "Bilan annuel"
    TRAINING = "training", "Formation"
    LEAFLETS = "leaflets", "Supports d’information"
    REFERENTS = "referents", "Référents désignés"
    EMERGENCY_LINE = "emergency_line", "Ligne d’urgence"
    SELF_SERVICE_COMPUTER = "self_service_computer", "Point numérique"
    CASE_FILES = "case_files", "Dossiers"
    ALERT = "alert", "Alerte"
    ESCORT = "escort", "Accueil des visiteurs"
    OTHER = "other", "Autre"


class Obligation(models.Model):
    """A duty (*obligation*) that an article lays on a party."""

    convention = models.ForeignKey(
        Convention,
        verbose_name="convention",
        on_delete=models.CASCADE,
        related_name="obligations",
    )
    kind = models.CharField("nature", max_length=30, choices=ObligationKind)
    label = models.CharField("obligation", max_length=300)
    owed_by = models.CharField("due par", max_length=10, choices=Party)
    frequency = models.CharField("fréquence", max_length=20, choices=Frequency)
    due_moment = models.CharField("moment", max_length=10, choices=DueMoment, default=DueMoment.END)
    article_number = models.CharField("article", max_length=10, blank=True)

    class Meta:
        verbose_name = "obligation"
        verbose_name_plural = "obligations"
        ordering = ["convention", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["convention", "kind", "label"],
                name="obligation_unique",
                violation_error_message="Cette obligation est déjà inscrite.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def has_history(self) -> bool:
        """Whether some of its occurrences are fulfilled or waived, so that deleting it would lose them; a query."""
        return self.occurrences.exclude(fulfilled_on=None, waived_at=None).exists()
