from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from franceservices.dates import format_date_long
from partners.models import Ccas

from .convention import Convention
from .document import Document


class OfCcasQuerySet(models.QuerySet):
    def visible_to(self, user) -> "OfCcasQuerySet":
        """Those of the conventions of the CCAS of `user`."""
        return self.filter(convention__site__ccas__in=Ccas.objects.visible_to(user))


class CommitteeMeeting(models.Model):
    """A meeting of the committee (*comité de pilotage*, *comité de suivi*) of a convention."""

    convention = models.ForeignKey(
        Convention, verbose_name="convention", on_delete=models.PROTECT, related_name="committee_meetings"
    )
    held_on = models.DateField("réuni le")
    attendees = models.TextField("présents", help_text="Une personne par ligne, avec sa fonction.")
    decisions = models.TextField("décisions", blank=True)
    minutes = models.ForeignKey(
        Document, verbose_name="compte rendu", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField("saisi le", default=timezone.now)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="saisi par", on_delete=models.PROTECT, related_name="+"
    )

    objects = OfCcasQuerySet.as_manager()

    class Meta:
        verbose_name = "réunion du comité"
        verbose_name_plural = "réunions du comité"
        ordering = ["-held_on", "-pk"]

    def __str__(self) -> str:
        return f"Comité du {format_date_long(self.held_on)}"


class TrainingSession(models.Model):
    """A training that a partner gave to the staff of the CCAS; `people_trained` counts heads, once each."""

    convention = models.ForeignKey(
        Convention, verbose_name="convention", on_delete=models.PROTECT, related_name="training_sessions"
    )
    held_on = models.DateField("tenue le")
    subject = models.CharField("sujet", max_length=200)
    trainer = models.CharField("formateur", max_length=150, blank=True)
    people_trained = models.PositiveSmallIntegerField("personnes formées", validators=[MinValueValidator(1)])
    duration_hours = models.DecimalField(
        "durée (heures)",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    recorded_at = models.DateTimeField("saisie le", default=timezone.now)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="saisie par", on_delete=models.PROTECT, related_name="+"
    )

    objects = OfCcasQuerySet.as_manager()

    class Meta:
        verbose_name = "formation"
        verbose_name_plural = "formations"
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(people_trained__gt=0),
                name="training_has_people",
                violation_error_message="Une formation compte au moins une personne.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject}, {format_date_long(self.held_on)}"
