from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from conventions.models import Audience
from franceservices.db import Folded
from partners.models import Partner


class ReasonQuerySet(models.QuerySet):
    def bookable_by(self, user) -> "ReasonQuerySet":
        """The reasons that `user` may book: those for social workers are offered to them alone."""
        reasons = self.filter(is_active=True)
        if user.may_book_for_social_workers:
            return reasons
        return reasons.filter(audience=Audience.PUBLIC)


class Reason(models.Model):
    """Why somebody comes (*motif*), how long it takes, and which partners take it."""

    label = models.CharField("motif", max_length=120, unique=True)
    slug = models.SlugField("identifiant", max_length=80, unique=True)
    duration_minutes = models.PositiveSmallIntegerField(
        "durée (minutes)", validators=[MinValueValidator(5), MaxValueValidator(240)]
    )
    audience = models.CharField("public", max_length=20, choices=Audience, default=Audience.PUBLIC)
    partners = models.ManyToManyField(Partner, verbose_name="partenaires qui le traitent", related_name="reasons")
    what_to_bring = models.TextField("pièces à apporter", blank=True, help_text="Imprimé sur la convocation.")
    is_active = models.BooleanField("proposé", default=True)

    objects = ReasonQuerySet.as_manager()

    class Meta:
        verbose_name = "motif"
        verbose_name_plural = "motifs"
        ordering = [Folded("label")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(duration_minutes__gte=5, duration_minutes__lte=240),
                name="reason_duration_sensible",
                violation_error_message="Un rendez-vous dure entre 5 et 240 minutes.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def is_bookable_by(self, user) -> bool:
        """The same rule as `ReasonQuerySet.bookable_by`, for one reason at hand."""
        return self.is_active and (self.audience == Audience.PUBLIC or user.may_book_for_social_workers)
