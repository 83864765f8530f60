from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from franceservices.db import who_and_when
from partners.models import Partner, Site


class VisitNature(models.TextChoices):
    """What the desk did, in the words of the national statistics."""

    INFORMATION = "information", "Information"
    SUPPORT = "support", "Accompagnement"
    REFERRAL = "referral", "Orientation"


class VisitChannel(models.TextChoices):
    ON_SITE = "on_site", "Sur place"
    PHONE = "phone", "Téléphone"
    EMAIL = "email", "Courriel"
    VIDEO = "video", "Visioconférence"


class DurationBand(models.TextChoices):
    """How long it took, in bands: nobody times a conversation."""

    UNDER_5 = "under_5", "moins de 5 min"
    FROM_5_TO_15 = "from_5_to_15", "5 à 15 min"
    FROM_15_TO_30 = "from_15_to_30", "15 à 30 min"
    OVER_30 = "over_30", "plus de 30 min"


class DeskReason(models.Model):
    """Why somebody comes to the counter without an appointment; one button each, in `position` order."""

    label = models.CharField("motif", max_length=80, unique=True)
    slug = models.SlugField("identifiant", max_length=80, unique=True)
    position = models.PositiveSmallIntegerField("ordre", default=0)
    partner = models.ForeignKey(
        Partner,
        verbose_name="partenaire concerné",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="desk_reasons",
        help_text="Proposé d’office pour ce motif.",
    )
    at_computer = models.BooleanField("au point numérique", default=False)
    is_active = models.BooleanField("proposé", default=True)

    class Meta:
        verbose_name = "motif de passage"
        verbose_name_plural = "motifs de passage"
        ordering = ["position", "label"]

    def __str__(self) -> str:
        return self.label


class DeskVisitQuerySet(models.QuerySet):
    def visible_to(self, user) -> "DeskVisitQuerySet":
        """Those at the desks of the CCAS's staff; a partner's agent sees none."""
        return self.filter(site__in=Site.objects.visible_to(user))

    def standing(self) -> "DeskVisitQuerySet":
        """Those that were not struck out."""
        return self.filter(struck_out_at=None)


class DeskVisit(models.Model):
    """Somebody, or a group of `people`, came to the counter (*passage*); no name is asked.

    A visit noted by mistake is struck out, not deleted, so that it can be put back.
    """

    # The index on (site, occurred_at) begins with it.
    site = models.ForeignKey(
        Site, verbose_name="espace", on_delete=models.PROTECT, related_name="desk_visits", db_index=False
    )
    occurred_at = models.DateTimeField("le", default=timezone.now)
    reason = models.ForeignKey(DeskReason, verbose_name="motif", on_delete=models.PROTECT, related_name="visits")
    partner = models.ForeignKey(
        Partner,
        verbose_name="partenaire concerné",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="desk_visits",
    )
    people = models.PositiveSmallIntegerField(
        "personnes", default=1, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    nature = models.CharField("nature", max_length=20, choices=VisitNature, default=VisitNature.INFORMATION)
    channel = models.CharField("canal", max_length=20, choices=VisitChannel, default=VisitChannel.ON_SITE)
    duration = models.CharField("durée", max_length=20, choices=DurationBand, default=DurationBand.UNDER_5)
    at_computer = models.BooleanField("au point numérique", default=False)
    noted_at = models.DateTimeField("noté le", default=timezone.now)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="noté par", on_delete=models.PROTECT, related_name="+"
    )
    corrected_at = models.DateTimeField("corrigé le", null=True, blank=True)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="corrigé par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    struck_out_at = models.DateTimeField("rayé le", null=True, blank=True)
    struck_out_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="rayé par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = DeskVisitQuerySet.as_manager()

    class Meta:
        verbose_name = "passage"
        verbose_name_plural = "passages"
        ordering = ["-occurred_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(people__gte=1, people__lte=99),
                name="desk_visit_people_sensible",
                violation_error_message="Un passage compte entre 1 et 99 personnes.",
            ),
            models.CheckConstraint(
                condition=who_and_when("struck_out"),
                name="desk_visit_struck_out_when_and_by",
            ),
            models.CheckConstraint(
                condition=who_and_when("corrected"),
                name="desk_visit_corrected_when_and_by",
            ),
        ]
        indexes = [models.Index(name="desk_visit_site_occurred", fields=["site", "occurred_at"])]

    def __str__(self) -> str:
        return f"{self.reason} ({self.people})"
