from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from conventions.people import by_organisation
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
    ccas_attendees = models.TextField("présents pour le CCAS", blank=True)
    partner_attendees = models.TextField("présents pour le partenaire", blank=True)
    attendees = models.TextField(
        "autres présents", blank=True, help_text="Une personne par ligne, après son organisme et deux-points."
    )
    agenda = models.TextField("ordre du jour", blank=True)
    minutes_text = models.TextField("compte rendu écrit ici", blank=True)
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
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(ccas_attendees="", partner_attendees="", attendees=""),
                name="committee_has_attendees",
                violation_error_message="Écrivez au moins une personne présente.",
            ),
        ]

    def __str__(self) -> str:
        return f"Comité du {format_date_long(self.held_on)}"

    @property
    def attendance(self) -> list[tuple[str, list[str]]]:
        """Who came, organisation by organisation; see `people.by_organisation`. `convention.partner` names one."""
        groups = [("CCAS", self.ccas_attendees), (self.convention.partner.short_name, self.partner_attendees)]
        return by_organisation(groups, self.attendees)


class TrainingSession(models.Model):
    """A training that a partner gave to the staff of the CCAS.

    `people_trained` counts heads, once each. Where they are named (`TrainedPerson`) it is the number of the names, and
    a report counts once who came twice; a headcount without names counts as it is.
    """

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


class TrainedPerson(models.Model):
    """Somebody who took part in a training, by name.

    `name_key` is what the same person gives however her name is typed: accents, case and the order of its words do
    not tell people apart (see `people.name_key`).
    """

    session = models.ForeignKey(
        TrainingSession, verbose_name="formation", on_delete=models.CASCADE, related_name="people"
    )
    name = models.CharField("nom", max_length=150)
    name_key = models.CharField(max_length=200, editable=False)

    class Meta:
        verbose_name = "personne formée"
        verbose_name_plural = "personnes formées"
        ordering = ["session", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "name_key"],
                name="trained_person_once",
                violation_error_message="Cette personne figure déjà dans la liste.",
            ),
            models.CheckConstraint(condition=~models.Q(name_key=""), name="trained_person_named"),
        ]

    def __str__(self) -> str:
        return self.name
