from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from partners.models import Site

DEFAULT_MONTHS = 24
"""Two years after the last contact: what is kept where no space chose otherwise."""
FEWEST_MONTHS, MOST_MONTHS = 6, 60


class RetentionRuleQuerySet(models.QuerySet):
    def visible_to(self, user) -> "RetentionRuleQuerySet":
        """Those of the desks of the CCAS's staff."""
        return self.filter(site__in=Site.objects.visible_to(user))


class RetentionRule(models.Model):
    """How long a site keeps the data of a person after her last contact with it, in months."""

    site = models.OneToOneField(Site, verbose_name="espace", on_delete=models.CASCADE, related_name="retention_rule")
    months = models.PositiveSmallIntegerField(
        "conservation après le dernier contact (mois)",
        default=DEFAULT_MONTHS,
        validators=[MinValueValidator(FEWEST_MONTHS), MaxValueValidator(MOST_MONTHS)],
    )
    changed_at = models.DateTimeField("changée le")
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="changée par", on_delete=models.PROTECT, related_name="+"
    )

    objects = RetentionRuleQuerySet.as_manager()

    class Meta:
        verbose_name = "durée de conservation"
        verbose_name_plural = "durées de conservation"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(months__gte=FEWEST_MONTHS, months__lte=MOST_MONTHS),
                name="retention_rule_within_bounds",
                violation_error_message=(
                    f"La durée de conservation est comprise entre {FEWEST_MONTHS} et {MOST_MONTHS} mois."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site} : {self.months} mois"
